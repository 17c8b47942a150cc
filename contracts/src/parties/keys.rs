//! Keys: which key signs for which organisation, with which grants, until when.

use hefu_keys::{Address, Hash, PublicKey};
use serde::{Deserialize, Serialize};

use super::{Grant, KeyRole, Party, PartyRow, Spent, Window};
use crate::{
    certificate::Member,
    entry::Role,
    execute::{Case, Checked, Moment},
    record::{Body, Record},
    refusal::{Code, Refusal},
    row,
    shared::Shared,
    state::{Fault, Overlay, Writes},
    time::Time,
    validators,
};

/// Most grants of one key.
pub const GRANTS_MAX: usize = 16;

/// Most admin keys of one organisation.
pub const ADMINS_MAX: usize = 32;

/// Why a key was revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reason {
    /// Somebody else may have it.
    Compromised,
    /// The device is gone.
    Lost,
    /// It is no longer needed.
    Retired,
}

/// That and when a key was revoked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revoked {
    /// Block time of the revocation.
    pub at: Time,
    /// Why.
    pub reason: Reason,
    /// The record that revoked it.
    pub record: Hash,
}

/// Row `key/<address>`. It is never deleted or reset: a key granted again continues its window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyRow {
    /// What the key may do.
    pub grants: Vec<Grant>,
    /// The organisation it signs for.
    pub party: String,
    /// The record that granted it last; absent for those of genesis.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<Hash>,
    /// Set while the key is revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<Revoked>,
    /// What it has recorded on the last day on which it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spent: Option<Spent>,
    /// Which sequence numbers were used.
    pub window: Window,
}

impl KeyRow {
    /// Whether some grant of this role holds at `time`.
    pub fn has(&self, role: KeyRole, time: Time) -> bool {
        self.grants.iter().any(|grant| grant.role == role && grant.holds(time))
    }

    /// Whether the key may sign at all at `time`.
    ///
    /// # Errors
    /// `E-KEY-REVOKED`, naming the record that revoked it, or `E-KEY-EXPIRED`.
    pub fn usable(&self, time: Time) -> Result<(), Refusal> {
        if let Some(revoked) = &self.revoked {
            return Err(Refusal::new(Code::KeyRevoked).against(revoked.record));
        }
        if !self.grants.iter().any(|grant| grant.holds(time)) {
            return Err(Refusal { conflict: self.record, ..Refusal::new(Code::KeyExpired) });
        }
        Ok(())
    }
}

/// Body of `key.grant`: an admin lets a key sign for its organisation. The key itself signs too, which proves that
/// whoever asks for it has it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyGrant {
    /// What the key may do from now on; replaces earlier grants.
    pub grants: Vec<Grant>,
    /// The key.
    pub key: Address,
}

/// Body of `key.revoke`: by an admin of the organisation or the key itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyRevoke {
    /// The key.
    pub key: Address,
    /// Why.
    pub reason: Reason,
}

/// A signer whose key is registered and usable.
#[derive(Clone, Debug)]
pub struct Signer {
    /// The key's address.
    pub address: Address,
    /// What its row says.
    pub key: Shared<KeyRow>,
    /// The row's key, which takes a hash to spell.
    pub row: String,
}

/// Resolves the keys of a record's signers at block time. A key that the record itself registers, and that has signed
/// it to prove possession, need not be known yet.
///
/// # Errors
/// `E-KEY-UNKNOWN`, `E-KEY-REVOKED`, `E-KEY-EXPIRED`, or a fault of the storage.
pub fn signers(overlay: &Overlay<'_>, record: &Record, moment: &Moment) -> Checked<Vec<Signer>> {
    let newcomer = match &record.body {
        Body::PartyAdd(body) => Some(body.party.admin),
        Body::KeyGrant(body) => Some(body.key),
        Body::SitePut(_)
        | Body::KeyRevoke(_)
        | Body::AuthorityGrant(_)
        | Body::AuthorityRevoke(_)
        | Body::ProductPut(_)
        | Body::CodesIssue(_)
        | Body::EventCapture(_)
        | Body::Agreement(_)
        | Body::RecallOpen(_)
        | Body::RecallLift(_)
        | Body::BomPut(_)
        | Body::QuotaSet(_)
        | Body::Evidence(_) => None,
    };
    let mut known = Vec::with_capacity(record.signers.len());
    for (index, (address, row)) in record.signers.iter().zip(&record.signer_rows).enumerate() {
        if index > 0 && Some(*address) == newcomer {
            continue;
        }
        let of_signer = |refusal: Refusal| refusal.at(format!("/signers/{index}")).because(address.to_string());
        let key: Option<Shared<KeyRow>> = row::get(overlay, row)?;
        let key = key.ok_or_else(|| of_signer(Refusal::new(Code::KeyUnknown)))?;
        key.usable(moment.time).map_err(of_signer)?;
        known.push(Signer { address: *address, key, row: row.clone() });
    }
    Ok(known)
}

pub(super) fn check_grants(grants: &[Grant], pointer: &str) -> Result<(), Refusal> {
    let limits = |scope: &super::Scope| scope.biz_steps.len().max(scope.prefixes.len()).max(scope.sites.len());
    if grants.is_empty() || grants.len() > GRANTS_MAX || grants.iter().any(|grant| limits(&grant.scope) > GRANTS_MAX) {
        let detail = format!("a key has 1 to {GRANTS_MAX} grants with at most {GRANTS_MAX} limits of each kind");
        return Err(Refusal::new(Code::RecordShape).at(pointer).because(detail));
    }
    Ok(())
}

/// What it takes for a key to be registered: of full order, and its signature on the record.
pub(super) fn check_possession(record: &Record, key: &Address, pointer: &str) -> Result<(), Refusal> {
    PublicKey::try_from(key).map_err(|weak| Refusal::new(Code::KeyWeak).at(pointer).because(weak.to_string()))?;
    if !record.signers.contains(key) {
        return Err(Refusal::new(Code::KeyPossession).at(pointer).because(key.to_string()));
    }
    Ok(())
}

pub(crate) fn grant(case: &Case<'_>, body: &KeyGrant) -> Checked<Writes> {
    case.require(KeyRole::Admin)?;
    check_grants(&body.grants, "/body/grants")?;
    // Who may let organisations in is settled at genesis: only a registrar makes another.
    if body.grants.iter().any(|grant| grant.role == KeyRole::Registrar) {
        case.require(KeyRole::Registrar)?;
    }
    if body.grants.iter().any(|grant| grant.role == KeyRole::Validate) && validators::find(case, &body.key)?.is_none() {
        return Err(Refusal::new(Code::ValidatorUnknown).at("/body/grants").because(body.key.to_string()).into());
    }
    check_possession(case.record(), &body.key, "/body/key")?;
    let row_key = row::key_of_key(&body.key);
    let before: Option<Shared<KeyRow>> = case.get(&row_key)?;
    if let Some(before) = before.as_ref().filter(|before| before.party != case.party()) {
        return Err(of_other(before).into());
    }
    let mut party = case.own_party()?;
    party.admins.retain(|admin| *admin != body.key);
    // One that expires cannot be the last: the organisation would lock itself out.
    if body.grants.iter().any(|grant| grant.role == KeyRole::Admin && grant.expires.is_none()) {
        party.admins.push(body.key);
        party.admins.sort_by_key(ToString::to_string);
    }
    check_admins(&party)?;

    let (spent, window) = before.map(|before| (before.spent, before.window.clone())).unwrap_or_default();
    let key = KeyRow {
        grants: body.grants.clone(),
        party: case.party().to_owned(),
        record: Some(case.record().id),
        revoked: None,
        spent,
        window,
    };
    let mut writes = Writes::default();
    writes.set(row_key, key);
    writes.note(row::key_of_party(case.party()), party, Role::Update);
    Ok(writes)
}

fn of_other(key: &KeyRow) -> Refusal {
    let refusal = Refusal::new(Code::KeyOfOther).at("/body/key").because(key.party.clone());
    Refusal { conflict: key.record, ..refusal }
}

fn check_admins(party: &PartyRow) -> Result<(), Refusal> {
    if party.admins.is_empty() {
        return Err(Refusal::new(Code::KeyLastAdmin).at("/body/key"));
    }
    if party.admins.len() > ADMINS_MAX {
        let detail = format!("an organisation has at most {ADMINS_MAX} admin keys");
        return Err(Refusal::new(Code::RecordShape).at("/body/grants").because(detail));
    }
    Ok(())
}

pub(crate) fn revoke(case: &Case<'_>, body: &KeyRevoke) -> Checked<Writes> {
    let row_key = row::key_of_key(&body.key);
    let unknown = || Refusal::new(Code::KeyUnknown).at("/body/key").because(body.key.to_string());
    let mut key: Shared<KeyRow> = case.get(&row_key)?.ok_or_else(unknown)?;
    if case.author().address != body.key {
        case.require(KeyRole::Admin)?;
    }
    if key.party != case.party() {
        return Err(of_other(&key).into());
    }
    if let Some(revoked) = &key.revoked {
        return Err(Refusal::new(Code::KeyRevoked).at("/body/key").against(revoked.record).into());
    }
    let mut party = case.own_party()?;
    party.admins.retain(|admin| *admin != body.key);
    check_admins(&party)?;

    key.revoked = Some(Revoked { at: case.moment().time, reason: body.reason, record: case.record().id });
    let mut writes = Writes::default();
    writes.set(row_key, key);
    writes.note(row::key_of_party(case.party()), party, Role::Update);
    Ok(writes)
}

/// The first key of an organisation: it administers, and may do everything an organisation does by itself.
pub(crate) fn add_key(writes: &mut Writes, party: &Party, record: Option<Hash>, roles: &[KeyRole]) {
    let grants = roles.iter().map(|role| Grant::of(*role)).collect();
    let row = KeyRow { grants, party: party.id.clone(), record, revoked: None, spent: None, window: Window::default() };
    writes.set(row::key_of_key(&party.admin), row);
}

/// The key of a validator, which signs what validators record; one that is an organisation's first key too goes on being
/// that. It belongs to genesis.
pub(crate) fn add_validator(overlay: &Overlay<'_>, member: &Member) -> Result<Writes, Fault> {
    let key = row::key_of_key(&member.address);
    let before: Option<Shared<KeyRow>> = row::get(overlay, &key)?;
    let new = || KeyRow {
        grants: Vec::new(),
        party: member.party.clone(),
        record: None,
        revoked: None,
        spent: None,
        window: Window::default(),
    };
    let mut row = before.unwrap_or_else(|| new().into());
    row.grants.push(Grant::of(KeyRole::Validate));
    let mut writes = Writes::default();
    writes.set(key, row);
    Ok(writes)
}
