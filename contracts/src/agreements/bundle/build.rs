//! Building bundles from a node's archive.

use std::collections::{BTreeMap, BTreeSet};

use hefu_keys::{Hash, parts};
use serde_json::value::RawValue;

use super::{BUNDLE_VERSION, Bundle, BundleKind, Extent, Facts, facts::is_of_fact};
use crate::{
    agreements::ATTRIBUTION,
    entry::Entry,
    proof::{
        History, PROOF_VERSION, Proof, ProofKind, ProvenRecord,
        build::{Archive, Kept},
    },
    record::Record,
    register::{Fault, Tree, prove},
    row::{self, Data, Row},
    shared::Shared,
    submission,
};

/// Something that the archive should hold and does not.
#[derive(Debug, thiserror::Error)]
#[error("the archive does not hold {0}")]
struct Missing(String);

/// Which statement.
#[derive(Clone, Copy, Debug)]
pub struct Which<'a> {
    /// The contract.
    pub contract: &'a str,
    /// Whose it is.
    pub party: &'a str,
    /// Its number, from 1.
    pub number: u64,
}

/// Builds the bundle of a statement, for its party and auditors alone. `None` where there is no such statement.
///
/// # Errors
/// [`Fault`] where the archive fails or misses what it must hold.
pub fn build(archive: &dyn Archive, tree: &Tree, which: Which<'_>, extent: Extent) -> Result<Option<Bundle>, Fault> {
    let Which { contract, party, number } = which;
    let Some((header, certificate)) = archive.head()? else { return Ok(None) };
    let subject = row::key_of_statement(contract, party, number);
    let Some(statement) = archive.row(&subject)? else { return Ok(None) };
    let Data::Statement(row) = &statement.data else { return Err(missing(&subject)) };
    let closing = &row.closing;
    let account = row::key_of_account(contract, party);
    let entries = archive.entries(&account, 0, Some(closing.n))?;
    let agreement = wanted(archive, &row::key_of_agreement(contract))?;
    let Data::Agreement(terms) = &agreement.data else { return Err(missing(&agreement.key)) };
    let version = terms.version;
    let mut rows = vec![statement, agreement];
    if let Some(before) = number.checked_sub(1).filter(|before| *before > 0) {
        rows.push(wanted(archive, &row::key_of_statement(contract, party, before))?);
    }
    let mut records = Vec::new();
    for version in 1..=version {
        let terms = wanted(archive, &row::key_of_terms(contract, version))?;
        if let Data::Terms(terms) = &terms.data {
            records.push(whole(archive, &terms.record)?);
        }
        rows.push(terms);
    }
    let facts = match extent {
        Extent::Plain => None,
        Extent::Full => Some(facts(archive, contract, &entries, &mut rows)?),
    };
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
        since: None,
        subject,
        kind: ProofKind::Proof,
        version: PROOF_VERSION,
    };
    Ok(Some(Bundle { facts, proof, kind: BundleKind::Statement, version: BUNDLE_VERSION }))
}

/// The facts behind the entries; the rows that prove whose keys signed them join the others.
fn facts(
    archive: &dyn Archive,
    contract: &str,
    entries: &[Entry],
    rows: &mut Vec<Shared<Row>>,
) -> Result<Facts, Fault> {
    let mut records = Vec::new();
    let mut provers = BTreeSet::new();
    for entry in entries.iter().filter(|entry| is_of_fact(entry)) {
        let kept = kept(archive, &entry.record)?;
        let record = Record::read(&kept.text).map_err(Fault::new)?;
        let act = record.body.agreement().ok_or_else(|| missing("a fact's record"))?;
        match act.fact().and_then(|report| report.feed.as_ref()) {
            Some(feed) => provers.extend([row::key_of_feed(feed)]),
            None => provers.extend(record.signers.iter().map(row::key_of_key)),
        }
        let shares = kept.lists.get(ATTRIBUTION);
        let mine = |element: &String| submission::share(element).is_ok_and(|(of, _)| of == contract);
        let found = shares.and_then(|list| Some((list, list.elements.iter().position(mine)?)));
        let mut disclosed = BTreeMap::new();
        if let Some((list, place)) = found {
            let share = parts::disclose(&list.salt, &list.elements, place).map_err(Fault::new)?;
            disclosed.insert(ATTRIBUTION.to_owned(), vec![share]);
        }
        records.push(ProvenRecord { disclosed, record: RawValue::from_string(kept.text).map_err(Fault::new)? });
    }
    let mut feeds = Vec::new();
    for key in provers {
        let row = wanted(archive, &key)?;
        if let Data::Feed(_) = row.data {
            let entries = archive.entries(&key, 0, Some(row.n))?;
            for entry in &entries {
                records.push(whole(archive, &entry.record)?);
            }
            feeds.push(History { after: 0, entries, head: Hash::ZERO, key });
        }
        rows.push(row);
    }
    Ok(Facts { feeds, records })
}

fn wanted(archive: &dyn Archive, key: &str) -> Result<Shared<Row>, Fault> {
    archive.row(key)?.ok_or_else(|| missing(key))
}

/// A record of which nothing is in lists, such as one in which terms were signed.
fn whole(archive: &dyn Archive, id: &Hash) -> Result<ProvenRecord, Fault> {
    let record = RawValue::from_string(kept(archive, id)?.text).map_err(Fault::new)?;
    Ok(ProvenRecord { disclosed: BTreeMap::new(), record })
}

fn kept(archive: &dyn Archive, id: &Hash) -> Result<Kept, Fault> {
    archive.record(id)?.ok_or_else(|| missing(&id.to_string()))
}

fn missing(what: &str) -> Fault {
    Fault::new(Missing(what.to_owned()))
}
