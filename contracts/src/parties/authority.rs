//! Authority: whose identifiers they are, and who else may record events for them.
//!
//! An identifier belongs to the organisation that registered its GS1 company prefix. The owner may let others record
//! business steps for it; a maker, for one, needs authority to commission.

use hefu_keys::Hash;
use serde::{Deserialize, Serialize};

use super::{KeyRole, PREFIX_DIGITS, PartyRow, PrefixRow};
use crate::{
    execute::{Case, Checked},
    refusal::{Code, Refusal},
    row,
    shared::Shared,
    state::Writes,
    time::Time,
};

/// Most business steps of one authority.
pub const STEPS_MAX: usize = 32;

/// Body of `authority.grant`: by an admin of the prefix's owner. Replaces an earlier one.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct AuthorityGrant {
    /// CBV business steps as bare words; none means all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub biz_steps: Vec<String>,
    /// The last moment at which it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Time>,
    /// The owner's company prefix.
    pub prefix: String,
    /// Who is given authority.
    pub to: String,
}

/// Body of `authority.revoke`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthorityRevoke {
    /// The owner's company prefix.
    pub prefix: String,
    /// Who loses authority.
    pub to: String,
}

/// Row `authority/<prefix>/<party>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct AuthorityRow {
    /// CBV business steps; none means all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub biz_steps: Vec<String>,
    /// The last moment at which it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Time>,
    /// The record that set it.
    pub record: Hash,
    /// Whether the owner has taken it back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub revoked: bool,
}

fn own_prefix(case: &Case<'_>, prefix: &str) -> Checked<()> {
    match case.get::<PrefixRow>(&row::key_of_prefix(prefix))? {
        Some(owner) if owner.party.as_deref() == Some(case.party()) => Ok(()),
        Some(_) | None => Err(Refusal::new(Code::PrefixForeign).at("/body/prefix").because(prefix).into()),
    }
}

pub(crate) fn grant(case: &Case<'_>, body: &AuthorityGrant) -> Checked<Writes> {
    case.require(KeyRole::Admin)?;
    if body.biz_steps.len() > STEPS_MAX {
        let detail = format!("has {} steps, at most {STEPS_MAX} are accepted", body.biz_steps.len());
        return Err(Refusal::new(Code::RecordShape).at("/body/bizSteps").because(detail).into());
    }
    own_prefix(case, &body.prefix)?;
    if case.get::<PartyRow>(&row::key_of_party(&body.to))?.is_none() {
        return Err(Refusal::new(Code::PartyUnknown).at("/body/to").because(body.to.clone()).into());
    }

    let row = AuthorityRow {
        biz_steps: body.biz_steps.clone(),
        expires: body.expires,
        record: case.record().id,
        revoked: false,
    };
    let mut writes = Writes::default();
    writes.set(row::key_of_authority(&body.prefix, &body.to), row);
    Ok(writes)
}

pub(crate) fn revoke(case: &Case<'_>, body: &AuthorityRevoke) -> Checked<Writes> {
    case.require(KeyRole::Admin)?;
    own_prefix(case, &body.prefix)?;
    let key = row::key_of_authority(&body.prefix, &body.to);
    let none = || Refusal::new(Code::AuthorityNone).at("/body/to").because(body.to.clone());
    let mut authority: Shared<AuthorityRow> = case.get(&key)?.ok_or_else(none)?;

    authority.revoked = true;
    authority.record = case.record().id;
    let mut writes = Writes::default();
    writes.set(key, authority);
    Ok(writes)
}

/// The registered company prefix at the beginning of an identifier's digits, and its owner. There is at most one:
/// registered prefixes do not overlap.
///
/// # Errors
/// From the storage.
pub fn find_owner(case: &Case<'_>, digits: &str) -> Checked<Option<(String, String)>> {
    for length in PREFIX_DIGITS {
        let Some(prefix) = digits.get(..length) else { break };
        // Where no registered prefix begins with these digits, none longer does either.
        let Some(row) = case.get::<PrefixRow>(&row::key_of_prefix(prefix))? else { break };
        if let Some(owner) = &row.party {
            return Ok(Some((prefix.to_owned(), owner.clone())));
        }
    }
    Ok(None)
}

/// Whether `party` may record this business step for identifiers under `prefix` of `owner`.
///
/// # Errors
/// From the storage.
pub fn may_record(case: &Case<'_>, prefix: &str, owner: &str, step: Option<&str>) -> Checked<bool> {
    if owner == case.party() {
        return Ok(true);
    }
    let Some(authority) = case.get::<AuthorityRow>(&row::key_of_authority(prefix, case.party()))? else {
        return Ok(false);
    };
    let holds = authority.expires.is_none_or(|expires| case.moment().time <= expires);
    let covers = authority.biz_steps.is_empty()
        || step.is_some_and(|step| authority.biz_steps.iter().any(|known| known == step));
    Ok(!authority.revoked && holds && covers)
}
