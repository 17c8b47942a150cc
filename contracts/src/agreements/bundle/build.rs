//! Building bundles from a node's archive.

use hefu_keys::Hash;
use serde_json::value::RawValue;

use super::{BUNDLE_VERSION, Bundle, BundleKind};
use crate::{
    agreements::{AgreementRow, StatementRow, TermsRow},
    proof::{History, PROOF_VERSION, Proof, ProofKind, ProvenRecord, build::Archive},
    register::{Fault, Tree, prove},
    row::{self, Data, Row},
};

/// Something that the archive should hold and does not.
#[derive(Debug, thiserror::Error)]
#[error("the archive does not hold {0}")]
struct Missing(String);

/// Builds the bundle of a statement, for its party and auditors alone. `None` where there is no such statement.
///
/// # Errors
/// [`Fault`] where the archive fails or misses what it must hold.
pub fn build(
    archive: &dyn Archive,
    tree: &Tree,
    contract: &str,
    party: &str,
    number: u64,
) -> Result<Option<Bundle>, Fault> {
    let Some((header, certificate)) = archive.head()? else { return Ok(None) };
    let subject = row::key_of_statement(contract, party, number);
    let Some(statement) = archive.row(&subject)? else { return Ok(None) };
    let Data::Statement(row) = &statement.data else { return Err(missing(&subject)) };
    let StatementRow { closing, .. } = row.as_ref();
    let account = row::key_of_account(contract, party);
    let entries = archive.entries(&account, 0, Some(closing.n))?;
    let agreement = wanted(archive, &row::key_of_agreement(contract))?;
    let Data::Agreement(terms) = &agreement.data else { return Err(missing(&agreement.key)) };
    let AgreementRow { version, .. } = **terms;
    let mut rows = vec![statement, agreement];
    if let Some(before) = number.checked_sub(1).filter(|before| *before > 0) {
        rows.push(wanted(archive, &row::key_of_statement(contract, party, before))?);
    }
    let mut records = Vec::new();
    for version in 1..=version {
        let terms = wanted(archive, &row::key_of_terms(contract, version))?;
        if let Data::Terms(terms) = &terms.data {
            records.push(sheet(archive, terms)?);
        }
        rows.push(terms);
    }
    rows.sort_by(|a, b| a.key.cmp(&b.key));
    let keys: Vec<&str> = rows.iter().map(|row| row.key.as_str()).collect();
    let proof = Proof {
        certificate,
        genesis: archive.genesis().clone(),
        header,
        histories: vec![History { after: 0, entries, head: Hash::ZERO, key: account }],
        records,
        register: prove(tree, archive, &keys)?,
        rows: rows.iter().map(|row| RawValue::from_string(row.text())).collect::<Result<_, _>>().map_err(Fault::new)?,
        subject,
        kind: ProofKind::Proof,
        version: PROOF_VERSION,
    };
    Ok(Some(Bundle { proof, kind: BundleKind::Statement, version: BUNDLE_VERSION }))
}

fn wanted(archive: &dyn Archive, key: &str) -> Result<Row, Fault> {
    archive.row(key)?.ok_or_else(|| missing(key))
}

/// The record in which a version of the terms was signed.
fn sheet(archive: &dyn Archive, terms: &TermsRow) -> Result<ProvenRecord, Fault> {
    let kept = archive.record(&terms.record)?.ok_or_else(|| missing(&terms.record.to_string()))?;
    let record = RawValue::from_string(kept.text).map_err(Fault::new)?;
    Ok(ProvenRecord { disclosed: std::collections::BTreeMap::new(), record })
}

fn missing(what: &str) -> Fault {
    Fault::new(Missing(what.to_owned()))
}
