//! Grants: what a key may do, where, and until when.

use serde::{Deserialize, Serialize};

use crate::{gs1::Gln, time::Time};

/// What a key may do for its organisation. A closed list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyRole {
    /// Grant and revoke the organisation's keys, declare its sites, give authority.
    Admin,
    /// Record events.
    Capture,
    /// Put trade items into the catalogue.
    Catalogue,
    /// Sign agreements, statements and disputes.
    Contract,
    /// Issue codes.
    Issue,
    /// Instruct payouts and attest what became of them.
    Pay,
    /// Read what is not public.
    Read,
    /// Admit new organisations.
    Registrar,
    /// Report facts about order lines.
    Report,
    /// Record what validators have done wrong; for keys of validators alone.
    Validate,
}

impl KeyRole {
    /// What an organisation's first key may do: everything that concerns itself.
    pub const OF_ADMINS: [KeyRole; 8] = [
        KeyRole::Admin,
        KeyRole::Capture,
        KeyRole::Catalogue,
        KeyRole::Contract,
        KeyRole::Issue,
        KeyRole::Pay,
        KeyRole::Read,
        KeyRole::Report,
    ];
}

/// Limits of a capture grant. An empty list means no limit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Scope {
    /// CBV business steps, as bare words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub biz_steps: Vec<String>,
    /// GS1 company prefixes of the identifiers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prefixes: Vec<String>,
    /// Sites where the events are read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sites: Vec<Gln>,
}

impl Scope {
    fn is_unlimited(&self) -> bool {
        *self == Scope::default()
    }
}

/// One thing a key may do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// The last moment at which it holds; none where it ends only by revocation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Time>,
    /// What the key may do.
    pub role: KeyRole,
    /// Limits, for role `capture`.
    #[serde(default, skip_serializing_if = "Scope::is_unlimited")]
    pub scope: Scope,
}

impl Grant {
    /// An unlimited grant.
    pub fn of(role: KeyRole) -> Grant {
        Grant { expires: None, role, scope: Scope::default() }
    }

    /// Whether the grant holds at `time`.
    pub fn holds(&self, time: Time) -> bool {
        self.expires.is_none_or(|expires| time <= expires)
    }

    /// Whether the grant covers an event: its step, the site where it was read, and a company prefix it concerns.
    pub fn covers(&self, biz_step: Option<&str>, site: Option<&Gln>, prefix: Option<&str>) -> bool {
        let Scope { biz_steps, prefixes, sites } = &self.scope;
        (biz_steps.is_empty() || biz_step.is_some_and(|step| biz_steps.iter().any(|known| known == step)))
            && (sites.is_empty() || site.is_some_and(|site| sites.contains(site)))
            && (prefixes.is_empty() || prefix.is_some_and(|prefix| prefixes.iter().any(|known| known == prefix)))
    }
}
