//! Codes: one per item, issued in batches that commit to every serial before the first is printed.
//!
//! The issuer keeps a seed and publishes the root of a perfect Merkle tree over serials and claim keys. A factory gets
//! the codes of aligned blocks of 1,024 indices with one path each, and commissions any ranges of them.

pub mod batch;
pub mod derive;

#[cfg(test)]
mod tests;

use hefu_keys::Hash;
use serde::{Deserialize, Serialize};

use crate::{
    catalogue::{ProductRow, require_own},
    entry::Role,
    execute::{Case, Checked},
    gs1::Gtin,
    parties::{KeyRole, PartyRow},
    refusal::{Code, Refusal},
    row,
    shared::Shared,
    state::Writes,
};

/// Most codes of one batch.
pub const CODES_MAX: u64 = 10_000_000;

/// Most index ranges of one commissioning.
pub const RANGES_MAX: usize = 64;

/// Body of `codes.issue`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodesIssue {
    /// Number of codes, 1 to 10^7.
    pub count: u64,
    /// The trade item.
    pub gtin: Gtin,
    /// The only organisation that may commission them; any with authority where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maker: Option<String>,
    /// Root of the perfect Merkle tree over the codes.
    pub root: Hash,
}

/// Row `batch/<record id>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchRow {
    /// Number of codes.
    pub count: u64,
    /// The trade item.
    pub gtin: Gtin,
    /// Who issued them.
    pub issuer: String,
    /// The only organisation that may commission them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maker: Option<String>,
    /// Root of the tree over the codes.
    pub root: Hash,
}

/// Which codes of which batch a commissioning event is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Commissioning {
    /// Id of the record that issued the batch.
    pub batch: Hash,
    /// Ranges of indices, each as first index and count, ascending and apart.
    pub ranges: Vec<(u64, u64)>,
}

impl Commissioning {
    /// Every index, ascending.
    ///
    /// # Errors
    /// `E-RECORD-SHAPE` where the ranges are empty, overlap, are out of order or leave a batch of `count` codes.
    pub fn indices(&self, count: u64) -> Result<Vec<u64>, Refusal> {
        let wrong = |detail: String| Refusal::new(Code::RecordShape).at("/body/commissioning/ranges").because(detail);
        if self.ranges.is_empty() || self.ranges.len() > RANGES_MAX {
            return Err(wrong(format!("has {} ranges, 1 to {RANGES_MAX} are accepted", self.ranges.len())));
        }
        let mut indices = Vec::new();
        let mut free = 0;
        for (first, length) in &self.ranges {
            let end = first.checked_add(*length).filter(|end| *end <= count);
            let end = end.ok_or_else(|| wrong(format!("{first} and {length} more exceed {count} codes")))?;
            if *first < free || *length == 0 {
                return Err(wrong("ranges must be ascending, apart and not empty".to_owned()));
            }
            if length.saturating_add(indices.len() as u64) > crate::annex::ELEMENTS_MAX as u64 {
                return Err(wrong(format!("more than {} codes", crate::annex::ELEMENTS_MAX)));
            }
            indices.extend(*first..end);
            free = end;
        }
        Ok(indices)
    }
}

pub(crate) fn issue(case: &Case<'_>, body: &CodesIssue) -> Checked<Writes> {
    case.require(KeyRole::Issue)?;
    if body.count == 0 || body.count > CODES_MAX {
        let detail = format!("is {}, 1 to {CODES_MAX} are accepted", body.count);
        return Err(Refusal::new(Code::RecordShape).at("/body/count").because(detail).into());
    }
    require_own(case, &body.gtin)?;
    if case.get::<ProductRow>(&row::key_of_product(&body.gtin))?.is_none() {
        return Err(Refusal::new(Code::ProductUnknown).at("/body/gtin").because(body.gtin.to_string()).into());
    }
    if let Some(maker) = &body.maker
        && case.get::<PartyRow>(&row::key_of_party(maker))?.is_none()
    {
        return Err(Refusal::new(Code::PartyUnknown).at("/body/maker").because(maker.clone()).into());
    }

    let row = BatchRow {
        count: body.count,
        gtin: body.gtin,
        issuer: case.party().to_owned(),
        maker: body.maker.clone(),
        root: body.root,
    };
    let mut writes = Writes::default();
    writes.note(row::key_of_batch(&case.record().id), row, Role::Issue);
    Ok(writes)
}

/// One commissioned code as its batch proves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// Public half of the key that the hidden claim code seeds.
    pub claim_key: [u8; 32],
    /// Position in the batch.
    pub index: u64,
    /// The serial number.
    pub serial: String,
}

/// The codes that a commissioning names, proven to be in their batch.
///
/// # Errors
/// `E-BATCH-UNKNOWN`, `E-BATCH-MAKER`, `E-CODE-NOT-ISSUED`, or `E-RECORD-SHAPE` for impossible ranges.
pub(crate) fn prove_issued(case: &Case<'_>, commissioning: &Commissioning) -> Checked<(Shared<BatchRow>, Vec<Issued>)> {
    let unknown = || Refusal::new(Code::BatchUnknown).at("/body/commissioning/batch");
    let batch: Shared<BatchRow> = case.get(&row::key_of_batch(&commissioning.batch))?.ok_or_else(unknown)?;
    if let Some(maker) = batch.maker.as_deref().filter(|maker| *maker != case.party()) {
        let refusal = Refusal::new(Code::BatchMaker).at("/body/commissioning/batch").against(commissioning.batch);
        return Err(refusal.because(maker).into());
    }
    let not_issued = |detail: String| {
        Refusal::new(Code::CodeNotIssued).at("/body/commissioning").against(commissioning.batch).because(detail)
    };
    let indices = commissioning.indices(batch.count)?;
    let issuance = case.annex().commissioning.as_ref();
    let issuance = issuance.ok_or_else(|| not_issued("the annex holds no proof of issuance".to_owned()))?;
    let issued = batch::check(&batch, &indices, issuance).map_err(|bad| not_issued(bad.to_string()))?;
    Ok((batch, issued))
}
