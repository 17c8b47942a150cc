//! Quotas: how much an organisation, and each of its keys, may record in a block and in a day.
//!
//! There are no fees, so without a limit one member, or whoever has one of its keys, could fill the disks of all. A
//! registrar sets what everybody may, or what one organisation may; until then [`Quota::default`] holds. What was recorded
//! today stands in the rows of key and organisation. How much of a block is somebody's follows from the block alone
//! ([`Shares`]).
//!
//! What takes a key back, shows that a validator has contradicted itself or sets a quota is never kept waiting and costs
//! nothing.

use std::collections::BTreeMap;

use hefu_keys::Hash;
use serde::{Deserialize, Serialize};

use super::{KeyRole, KeyRow, PartyRow};
use crate::{
    action::Action,
    block::BODY_BYTES_MAX,
    execute::{BLOCK_ROWS_MAX, Case, Checked},
    height::JSON_INTEGER_MAX,
    refusal::{Code, Refusal},
    row::{self, KEY_OF_QUOTA},
    shared::Shared,
    state::{Fault, Overlay, Writes},
    submission::Submission,
    time::{Millis, Time},
};

/// Milliseconds of a day; leap seconds are not counted in UTC as computers keep it.
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// What may be recorded in a block and in a day of UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Allowance {
    /// Bytes in one block.
    pub bytes_per_block: u64,
    /// Bytes in one day.
    pub bytes_per_day: u64,
    /// Records in one block.
    pub records_per_block: u64,
    /// Records in one day.
    pub records_per_day: u64,
}

/// What an organisation may record, and each of its keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// Each key.
    pub key: Allowance,
    /// All its keys together.
    pub organisation: Allowance,
}

/// As much as a block holds; in a day 5,000,000 records of 8 GiB by a key and twice that by an organisation, which is some
/// hundred a second all day.
impl Default for Quota {
    fn default() -> Quota {
        let of = |records_per_day, bytes_per_day| Allowance {
            bytes_per_block: BODY_BYTES_MAX as u64,
            bytes_per_day,
            records_per_block: BLOCK_ROWS_MAX as u64,
            records_per_day,
        };
        Quota { key: of(5_000_000, 8 << 30), organisation: of(10_000_000, 16 << 30) }
    }
}

/// What was recorded on one day of UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spent {
    /// Their bytes, as [`Charge::bytes`] counts them.
    pub bytes: u64,
    /// Records.
    pub records: u64,
    /// When the day began.
    pub since: Time,
}

/// Row `quota` of everybody, and `quota/<party>` of an organisation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuotaRow {
    /// What may be recorded; absent where nothing was set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<Quota>,
    /// The record that set or took back the limits last; absent for those of genesis.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<Hash>,
    /// What the organisation has recorded on the last day on which it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spent: Option<Spent>,
}

/// Body of `quota.set`: by a registrar.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuotaSet {
    /// From the next record on; absent where what holds for everybody, or the default, is to hold again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<Quota>,
    /// For whom; absent for everybody who has no quota of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub party: Option<String>,
}

/// What a record takes of the quotas of its author.
#[derive(Clone, Debug)]
pub struct Charge {
    /// Bytes of the signed document and of the elements of its lists: all that it binds and that every node keeps.
    pub bytes: u64,
    /// Row of the key.
    pub key: String,
    /// The organisation.
    pub party: String,
    /// What both may.
    pub limits: Quota,
}

impl Allowance {
    fn check(&self, pointer: &str) -> Result<(), Refusal> {
        let Allowance { bytes_per_block, bytes_per_day, records_per_block, records_per_day } = *self;
        let all = [
            ("bytesPerBlock", bytes_per_block),
            ("bytesPerDay", bytes_per_day),
            ("recordsPerBlock", records_per_block),
            ("recordsPerDay", records_per_day),
        ];
        match all.iter().find(|(_, limit)| *limit == 0 || *limit > JSON_INTEGER_MAX) {
            None => Ok(()),
            Some((name, limit)) => {
                let detail =
                    format!("is {limit}, must be 1 to {JSON_INTEGER_MAX}; to keep somebody out, revoke its keys");
                Err(Refusal::new(Code::RecordShape).at(format!("{pointer}/{name}")).because(detail))
            }
        }
    }

    const fn holds_in_day(&self, spent: &Spent) -> bool {
        spent.records <= self.records_per_day && spent.bytes <= self.bytes_per_day
    }

    const fn holds_in_block(&self, share: Share) -> bool {
        share.records <= self.records_per_block && share.bytes <= self.bytes_per_block
    }
}

impl Quota {
    /// Checks the form of limits; `pointer` is where they stand.
    ///
    /// # Errors
    /// `E-RECORD-SHAPE`.
    pub fn check(&self, pointer: &str) -> Result<(), Refusal> {
        self.key.check(&format!("{pointer}/key"))?;
        self.organisation.check(&format!("{pointer}/organisation"))
    }

    /// What holds for an organisation, by its own row and that of everybody.
    pub fn in_force(own: Option<&QuotaRow>, everybody: Option<&QuotaRow>) -> Quota {
        let set = |row: Option<&QuotaRow>| row.and_then(|row| row.limits);
        set(own).or_else(|| set(everybody)).unwrap_or_default()
    }
}

impl Spent {
    /// What is spent after one more record; what was spent on another day is forgotten.
    #[must_use]
    pub fn and(before: Option<Spent>, bytes: u64, now: Time) -> Spent {
        let since = day_of(now);
        let Spent { bytes: spent, records, .. } =
            before.filter(|spent| spent.since == since).unwrap_or(Spent { bytes: 0, records: 0, since });
        Spent { bytes: spent.saturating_add(bytes), records: records.saturating_add(1), since }
    }
}

/// When the day of UTC began in which a moment lies.
pub fn day_of(time: Time) -> Time {
    let into = time.millis().rem_euclid(DAY_MS);
    Time::from_millis(time.millis().saturating_sub(into)).unwrap_or(time)
}

/// When the quotas of a moment's day are whole again.
pub fn renewed_after(time: Time) -> Time {
    day_of(time).plus(Millis(DAY_MS.unsigned_abs()))
}

impl Charge {
    /// What a record takes; none where it may not be kept waiting.
    ///
    /// # Errors
    /// From the storage.
    pub fn of(overlay: &Overlay<'_>, submission: &Submission, author: (&str, &str)) -> Result<Option<Charge>, Fault> {
        if is_free(submission.record().action) {
            return Ok(None);
        }
        let (key, party) = author;
        let own: Option<Shared<QuotaRow>> = row::get(overlay, &row::key_of_quota(party))?;
        let everybody: Option<Shared<QuotaRow>> = row::get(overlay, KEY_OF_QUOTA)?;
        let limits = Quota::in_force(own.as_deref(), everybody.as_deref());
        let (key, party) = (key.to_owned(), party.to_owned());
        Ok(Some(Charge { bytes: bytes_of(submission), key, party, limits }))
    }

    /// What key and organisation have spent with it.
    ///
    /// # Errors
    /// `E-QUOTA-BLOCK`, `E-QUOTA-KEY` or `E-QUOTA-ORGANISATION`.
    pub fn spend(&self, key: &mut KeyRow, organisation: &mut QuotaRow, now: Time) -> Result<(), Refusal> {
        let Quota { key: of_key, organisation: of_all } = &self.limits;
        let alone = Share::default().with(self.bytes);
        if !of_key.holds_in_block(alone) || !of_all.holds_in_block(alone) {
            let most = of_key.bytes_per_block.min(of_all.bytes_per_block);
            return Err(Refusal::new(Code::QuotaBlock).because(format!("it has {} bytes of {most}", self.bytes)));
        }
        let again = renewed_after(now);
        let by_key = Spent::and(key.spent, self.bytes, now);
        if !of_key.holds_in_day(&by_key) {
            let Allowance { records_per_day: records, bytes_per_day: bytes, .. } = of_key;
            let detail = format!("{records} records with {bytes} bytes a day, again from {again}");
            return Err(Refusal::new(Code::QuotaKey).at("/signers/0").because(detail));
        }
        let by_all = Spent::and(organisation.spent, self.bytes, now);
        if !of_all.holds_in_day(&by_all) {
            let Allowance { records_per_day: records, bytes_per_day: bytes, .. } = of_all;
            let detail = format!("{}: {records} records with {bytes} bytes a day, again from {again}", self.party);
            return Err(Refusal::new(Code::QuotaOrganisation).at("/signers/0").because(detail));
        }
        key.spent = Some(by_key);
        organisation.spent = Some(by_all);
        Ok(())
    }
}

/// Whether a record is not kept waiting for any quota.
pub const fn is_free(action: Action) -> bool {
    matches!(action, Action::KeyRevoke | Action::QuotaSet | Action::SystemEvidence)
}

fn bytes_of(submission: &Submission) -> u64 {
    let lists = submission.annex().lists.values().flat_map(|list| &list.elements);
    let elements = lists.fold(0_usize, |sum, element| sum.saturating_add(element.len()));
    u64::try_from(submission.record().text.len().saturating_add(elements)).unwrap_or(u64::MAX)
}

/// How much of a block is somebody's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Share {
    records: u64,
    bytes: u64,
}

impl Share {
    const fn with(self, bytes: u64) -> Share {
        Share { records: self.records.saturating_add(1), bytes: self.bytes.saturating_add(bytes) }
    }
}

/// Whose share of a block has no room for a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exceeded {
    /// The organisation's.
    Organisation,
    /// The key's alone.
    Key,
}

/// Whose a block is so far, by organisation and by key.
#[derive(Clone, Debug, Default)]
pub struct Shares {
    organisations: BTreeMap<String, Share>,
    keys: BTreeMap<String, Share>,
}

impl Shares {
    /// Whether a record still fits into what its author may have of the block.
    pub fn allow(&self, charge: &Charge) -> bool {
        self.exceeded(charge).is_none()
    }

    /// Which of the two does not allow it; none where both do.
    pub fn exceeded(&self, charge: &Charge) -> Option<Exceeded> {
        let with =
            |shares: &BTreeMap<String, Share>, of: &str| shares.get(of).copied().unwrap_or_default().with(charge.bytes);
        if !charge.limits.organisation.holds_in_block(with(&self.organisations, &charge.party)) {
            return Some(Exceeded::Organisation);
        }
        (!charge.limits.key.holds_in_block(with(&self.keys, &charge.key))).then_some(Exceeded::Key)
    }

    /// A record stands in the block.
    pub fn add(&mut self, charge: Charge) {
        let Charge { bytes, key, party, .. } = charge;
        for (shares, of) in [(&mut self.keys, key), (&mut self.organisations, party)] {
            let share = shares.entry(of).or_default();
            *share = share.with(bytes);
        }
    }
}

pub(crate) fn set(case: &Case<'_>, body: &QuotaSet) -> Checked<Writes> {
    case.require(KeyRole::Registrar)?;
    if let Some(limits) = &body.limits {
        limits.check("/body/limits")?;
    }
    let key = match &body.party {
        None => KEY_OF_QUOTA.to_owned(),
        Some(party) => {
            let known: Option<Shared<PartyRow>> = case.get(&row::key_of_party(party))?;
            known.ok_or_else(|| Refusal::new(Code::PartyUnknown).at("/body/party").because(party.clone()))?;
            row::key_of_quota(party)
        }
    };
    let before: Shared<QuotaRow> = case.get(&key)?.unwrap_or_default();
    let mut writes = Writes::default();
    let row = QuotaRow { limits: body.limits, record: Some(case.record().id), spent: before.spent };
    writes.set(key, row);
    Ok(writes)
}

#[cfg(test)]
mod tests;
