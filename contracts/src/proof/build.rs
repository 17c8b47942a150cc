//! Building proofs from a node's archive.

use std::collections::{BTreeMap, BTreeSet};

use hefu_keys::{Hash, parts};

use super::{History, PROOF_VERSION, Proof, ProofKind, ProvenRecord, history, origins};
use crate::{
    annex::ListAnnex,
    block::Header,
    certificate::Certificate,
    entry::Entry,
    genesis::Genesis,
    gs1::Epc,
    record::Record,
    register::{Buckets, Fault, Tree, prove},
    row::{self, Data},
    state::{Rows, Snapshot},
};

/// Of a transformation, how many of its inputs' trade items a proof names.
const INPUTS_NAMED_MAX: usize = 32;

/// What a node keeps beside the rows.
pub trait Archive: Snapshot + Buckets {
    /// The genesis document.
    fn genesis(&self) -> &Genesis;

    /// The newest certified header, whose register the rows are under.
    ///
    /// # Errors
    /// [`Fault`] from the storage.
    fn head(&self) -> Result<Option<(Header, Certificate)>, Fault>;

    /// Entries of a row after the first `after`, at most up to position `until`.
    ///
    /// # Errors
    /// [`Fault`] from the storage.
    fn entries(&self, key: &str, after: u64, until: Option<u64>) -> Result<Vec<Entry>, Fault>;

    /// A final record.
    ///
    /// # Errors
    /// [`Fault`] from the storage.
    fn record(&self, id: &Hash) -> Result<Option<Kept>, Fault>;
}

/// A record as an archive keeps it.
#[derive(Clone, Debug)]
pub struct Kept {
    /// The signed document.
    pub text: String,
    /// Its lists, by JSON Pointer.
    pub lists: BTreeMap<String, ListAnnex>,
}

/// Something that the archive should hold and does not.
#[derive(Debug, thiserror::Error)]
#[error("the archive does not hold {0}")]
struct Missing(String);

fn missing(what: impl Into<String>) -> Fault {
    Fault::new(Missing(what.into()))
}

/// Builds the proof of a row, or of its absence, that may be shown to everybody: of records that are not public it holds
/// the entries alone. `None` before the first block.
///
/// # Errors
/// [`Fault`] where the archive fails or misses what it must hold.
pub fn build(archive: &dyn Archive, tree: &Tree, subject: &str) -> Result<Option<Proof>, Fault> {
    let Some((header, certificate)) = archive.head()? else { return Ok(None) };
    let mut histories: Vec<History> = Vec::new();
    if archive.row(subject)?.is_some() {
        history::visit(subject, &mut |wanted| {
            let entries = archive.entries(&wanted.key, wanted.after, wanted.until.map(|(n, _)| n))?;
            let found =
                History { after: wanted.after, entries: entries.clone(), head: wanted.head, key: wanted.key.clone() };
            keep_longest(&mut histories, found);
            Ok::<_, Fault>(entries)
        })?;
    }
    let records = records(archive, &histories)?;
    let mut rows = rows(archive, subject, &histories, &records)?;
    let mut asked = asked(archive, subject, &mut rows)?;
    asked.insert(subject.to_owned());
    asked.extend(rows.keys().cloned());
    let register = prove(tree, archive, &asked.iter().map(String::as_str).collect::<Vec<_>>())?;
    let texts = rows.values().map(|row| serde_json::value::RawValue::from_string(row.text()));
    Ok(Some(Proof {
        certificate,
        genesis: archive.genesis().clone(),
        header,
        histories,
        records: records.into_values().map(|(_, proven)| proven).collect(),
        register,
        rows: texts.collect::<Result<_, _>>().map_err(Fault::new)?,
        since: None,
        subject: subject.to_owned(),
        kind: ProofKind::Proof,
        version: PROOF_VERSION,
    }))
}

fn keep_longest(histories: &mut Vec<History>, found: History) {
    match histories.iter_mut().find(|known| known.key == found.key && known.after == found.after) {
        Some(known) if known.entries.len() < found.entries.len() => *known = found,
        Some(_) => {}
        None => histories.push(found),
    }
}

type Records = BTreeMap<Hash, (Record, ProvenRecord)>;

/// Every public record of the histories, with the elements disclosed whose rows they are about.
fn records(archive: &dyn Archive, histories: &[History]) -> Result<Records, Fault> {
    let mut about: BTreeMap<Hash, BTreeSet<Epc>> = BTreeMap::new();
    for history in histories {
        let thing = row::thing_of_key(&history.key);
        for entry in history.entries.iter().filter(|entry| entry.visibility.is_public()) {
            about.entry(entry.record).or_default().extend(thing.clone());
        }
    }
    let mut records = BTreeMap::new();
    for (id, things) in about {
        let Kept { text, lists } = archive.record(&id)?.ok_or_else(|| missing(format!("record {id}")))?;
        let record = Record::read(&text).map_err(Fault::new)?;
        let mut disclosed = BTreeMap::new();
        for (pointer, list) in &lists {
            // Elements are canonical and sorted, so a thing is looked for among thousands without reading them.
            let place =
                |thing: &Epc| list.elements.binary_search_by(|element| element.as_str().cmp(thing.as_str())).ok();
            let found = things.iter().filter_map(place);
            let found = found.map(|index| parts::disclose(&list.salt, &list.elements, index).map_err(Fault::new));
            let found: Vec<_> = found.collect::<Result<_, _>>()?;
            if !found.is_empty() {
                disclosed.insert(pointer.clone(), found);
            }
        }
        let raw = serde_json::value::RawValue::from_string(text).map_err(Fault::new)?;
        records.insert(id, (record, ProvenRecord { disclosed, record: raw }));
    }
    Ok(records)
}

/// The subject, everything whose history is shown, and what explains them: trade item, batch, organisations, sites.
fn rows(archive: &dyn Archive, subject: &str, histories: &[History], records: &Records) -> Result<Rows, Fault> {
    let mut keys: BTreeSet<String> = histories.iter().map(|history| history.key.clone()).collect();
    keys.insert(subject.to_owned());
    if let Some(gtin) = gtin_of(subject) {
        keys.insert(format!("product/{gtin}"));
    }
    let entries = histories.iter().flat_map(|history| &history.entries);
    keys.extend(entries.flat_map(|entry| &entry.by).map(|party| row::key_of_party(party)));
    for (record, _) in records.values() {
        if let Some(capture) = record.body.capture() {
            let event = &capture.event;
            let places = event.read_point.iter().chain(&event.biz_location);
            keys.extend(places.filter_map(Epc::gln).map(|gln| row::key_of_site(&gln)));
        }
    }
    let mut rows = Rows::new();
    while let Some(key) = keys.pop_first() {
        let Some(row) = archive.row(&key)? else { continue };
        keys.extend(named_by(&row.data).filter(|key| !rows.contains_key(key)));
        rows.insert(key, row);
    }
    Ok(rows)
}

/// Adds what tells the recalls that hold for the subject, and what is shown beside it: who opened them, what was recalled,
/// and what the subject was made of. Gives the keys that were asked for.
fn asked(archive: &dyn Archive, subject: &str, rows: &mut Rows) -> Result<BTreeSet<String>, Fault> {
    let (origins, asked) = origins::find(archive, subject)?;
    let mut names: BTreeSet<String> = BTreeSet::new();
    for found in origins.recalls.values() {
        names.insert(row::key_of_party(&found.recall.by));
        names.extend(gtin_of(&found.recall.source).map(|gtin| format!("product/{gtin}")));
    }
    if let Some(Data::Thing(thing)) = rows.get(subject).map(|row| &row.data) {
        for source in &thing.sources {
            let Some(Data::Transformation(made)) = rows.get(source).map(|row| &row.data) else { continue };
            let gtins = made.inputs.iter().take(INPUTS_NAMED_MAX).filter_map(|input| gtin_of(input));
            names.extend(gtins.map(|gtin| format!("product/{gtin}")));
        }
    }
    for key in asked.iter().chain(&names).filter(|key| !rows.contains_key(*key)).cloned().collect::<Vec<_>>() {
        if let Some(row) = archive.row(&key)? {
            rows.insert(key, row);
        }
    }
    Ok(asked)
}

/// The GTIN of an item or lot row's key.
pub(super) fn gtin_of(key: &str) -> Option<&str> {
    let mut parts = key.split('/');
    match (parts.next(), parts.next()) {
        (Some("item" | "lot"), Some("01")) => parts.next(),
        _ => None,
    }
}

/// Rows that a row names and that a page will want to show: organisations, the batch of a code, the site of a place.
fn named_by(data: &Data) -> impl Iterator<Item = String> {
    let (parties, others): (Vec<&String>, Vec<String>) = match data {
        Data::Thing(thing) => {
            let marks =
                [&thing.commissioned, &thing.consumed, &thing.destroyed, &thing.holder, &thing.last, &thing.owner];
            let marked = marks.into_iter().flatten().map(|mark| &mark.by);
            let moving = thing.transfer.iter().flat_map(|transfer| [&transfer.from, &transfer.to]);
            let site = thing.place.as_deref().and_then(|place| Epc::parse(place).ok()).and_then(|place| place.gln());
            let batch = thing.batch.as_ref().map(row::key_of_batch);
            let others = batch.into_iter().chain(site.map(|gln| row::key_of_site(&gln)));
            (marked.chain(moving).collect(), others.chain(thing.sources.iter().cloned()).collect())
        }
        Data::Product(product) => (vec![&product.owner], Vec::new()),
        Data::Batch(batch) => (std::iter::once(&batch.issuer).chain(&batch.maker).collect(), Vec::new()),
        Data::Site(site) => (vec![&site.party], Vec::new()),
        Data::Transformation(made) => (vec![&made.by], Vec::new()),
        Data::Members(row) => (row.members.0.iter().map(|member| &member.party).collect(), Vec::new()),
        Data::Party(_)
        | Data::Prefix(_)
        | Data::Key(_)
        | Data::Authority(_)
        | Data::Event(_)
        | Data::Feed(_)
        | Data::Agreement(_)
        | Data::Terms(_)
        | Data::Account(_)
        | Data::Sale(_)
        | Data::Segment(_)
        | Data::Order(_)
        | Data::Payout(_)
        | Data::Cost(_)
        | Data::Adjustment(_)
        | Data::Dispute(_)
        | Data::Statement(_)
        | Data::Line(_)
        | Data::Sold(_)
        | Data::Balance(_)
        | Data::Transit(_)
        | Data::Recall(_)
        | Data::Bom(_)
        | Data::Quota(_)
        | Data::Evidence(_) => Default::default(),
    };
    let keys: Vec<String> = parties.into_iter().map(|party| row::key_of_party(party)).chain(others).collect();
    keys.into_iter()
}
