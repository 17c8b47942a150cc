//! Checking proofs, offline and without trust in whoever served them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use hefu_keys::{Hash, parts, parts::ListPart};

use super::{History, PROOF_BYTES_MAX, PROOF_VERSION, Proof, ProvenRecord, history, origins};
use crate::{
    annex::Part,
    entry::{Entry, Role},
    exact,
    genesis::FORMAT_VERSION,
    gs1::Epc,
    provenance::Origins,
    record::{Body, Record, Verified},
    row::{self, Row},
    shared::Shared,
    state::Rows,
};

/// Which part of a proof does not hold, in the order of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// The file is not a proof of this version.
    Form,
    /// The genesis document is not the trusted one.
    Genesis,
    /// The header is of another chain or names another set of validators.
    Header,
    /// The certificate does not prove the header.
    Certificate,
    /// It does not follow the block that the reader knows.
    Trust,
    /// A row is not under the header's register.
    Register,
    /// A chain of entries does not lead to its row.
    History,
    /// A record is missing, altered or wrongly signed, or of no entry.
    Record,
    /// A disclosed element does not belong to its record.
    Element,
    /// A statement does not begin where the one before ended, or is not the one that was asked for.
    Statement,
    /// A term sheet is missing, altered, or not what was signed.
    Terms,
    /// A signed fact is of another feed, by another key, or says something else than the entry made of it.
    Fact,
    /// What was posted is not what the terms make of the events.
    Arithmetic,
}

impl What {
    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            What::Form => "form",
            What::Genesis => "genesis",
            What::Header => "header",
            What::Certificate => "certificate",
            What::Trust => "trust",
            What::Register => "register",
            What::History => "history",
            What::Record => "record",
            What::Element => "element",
            What::Statement => "statement",
            What::Terms => "terms",
            What::Fact => "fact",
            What::Arithmetic => "arithmetic",
        }
    }
}

/// The first thing of a proof that does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {reason}", what.name())]
pub struct Broken {
    /// Which part.
    pub what: What,
    /// The record or row it is about.
    pub subject: Option<String>,
    /// What is wrong.
    pub reason: String,
}

impl Broken {
    pub(crate) fn new(what: What, reason: impl fmt::Display) -> Broken {
        Broken { what, subject: None, reason: reason.to_string() }
    }

    pub(crate) fn about(mut self, subject: impl fmt::Display) -> Broken {
        self.subject = Some(subject.to_string());
        self
    }
}

/// One step of a proven history.
#[derive(Clone, Debug)]
pub struct Step {
    /// What the ledger noted.
    pub entry: Entry,
    /// The row it was noted on: the subject's, or that of something that enclosed it.
    pub key: String,
    /// The record; `None` of one that is not public, whose entry says so and proves that it exists.
    pub record: Option<Verified>,
}

/// What a proof proves.
#[derive(Clone, Debug)]
pub struct Story {
    /// The recalls that hold for the subject, where it is a thing.
    pub origins: Origins,
    /// Every row, by key. An absent subject is not among them.
    pub rows: Rows,
    /// Every step, oldest first; within a block in the order of each row's chain, the subject's first.
    pub steps: Vec<Step>,
}

impl Proof {
    /// Reads a proof file, byte by byte as it was served.
    ///
    /// # Errors
    /// [`Broken`] with [`What::Form`].
    pub fn read(text: &[u8]) -> Result<Proof, Broken> {
        if text.len() > PROOF_BYTES_MAX {
            let reason = format!("the file has {} bytes, at most {PROOF_BYTES_MAX} are read", text.len());
            return Err(Broken::new(What::Form, reason));
        }
        let text = str::from_utf8(text).map_err(|error| Broken::new(What::Form, error))?;
        exact::read(text).map_err(|error| Broken::new(What::Form, error))
    }

    /// Checks everything against the genesis hash that the reader trusts.
    ///
    /// # Errors
    /// The first thing that does not hold.
    pub fn check(&self, trusted: &Hash) -> Result<Story, Broken> {
        let (rows, origins) = self.check_frame(trusted)?;
        let steps = self.check_histories(trusted, &rows)?;
        Ok(Story { origins, rows, steps })
    }

    /// Checks everything up to the rows: what they say is under the register of a certified header of the trusted chain, and
    /// none is missing that tells of a recall.
    ///
    /// # Errors
    /// The first thing that does not hold.
    pub(crate) fn check_frame(&self, trusted: &Hash) -> Result<(Rows, Origins), Broken> {
        if self.version != PROOF_VERSION {
            let reason = format!("version {}, this program knows {PROOF_VERSION}", self.version);
            return Err(Broken::new(What::Form, reason));
        }
        self.check_header(trusted)?;
        self.check_rows()
    }

    fn check_header(&self, trusted: &Hash) -> Result<(), Broken> {
        let chain = self.genesis.chain();
        if chain != *trusted {
            return Err(Broken::new(What::Genesis, format!("this is chain {chain}, not {trusted}")));
        }
        let members = &self.genesis.members;
        members.check().map_err(|bad| Broken::new(What::Genesis, bad))?;
        if self.header.version != FORMAT_VERSION {
            let reason = format!("format version {}, this program knows {FORMAT_VERSION}", self.header.version);
            return Err(Broken::new(What::Header, reason));
        }
        if self.header.chain != chain {
            return Err(Broken::new(What::Header, format!("it is of chain {}", self.header.chain)));
        }
        if self.header.members != members.hash() {
            return Err(Broken::new(What::Header, "it names another set of validators than genesis"));
        }
        let certificate = &self.certificate;
        if certificate.block != self.header.id() || certificate.height != self.header.height {
            return Err(Broken::new(What::Certificate, "it is of another block"));
        }
        certificate.check(&chain, members).map_err(|bad| Broken::new(What::Certificate, bad))
    }

    fn check_rows(&self) -> Result<(Rows, Origins), Broken> {
        let mut rows = Rows::new();
        let mut present = Vec::with_capacity(self.rows.len());
        for raw in &self.rows {
            let bad = |error: &dyn fmt::Display| Broken::new(What::Register, error);
            let row = Row::read(raw.get()).map_err(|error| bad(&error))?;
            present.push((row.key.clone(), Row::hash_of(raw.get())));
            // A proof has one spelling, as everything in it has.
            if rows.last_key_value().is_some_and(|(before, _)| *before >= row.key) {
                return Err(Broken::new(What::Register, "a row appears twice, or behind its place").about(row.key));
            }
            rows.insert(row.key.clone(), Shared::from(row));
        }
        let present: Vec<(&str, Hash)> = present.iter().map(|(key, hash)| (key.as_str(), *hash)).collect();
        let (origins, mut asked) =
            origins::find(&rows, &self.subject).map_err(|bad| Broken::new(What::Register, bad))?;
        asked.insert(self.subject.clone());
        let absent: Vec<&str> = asked.iter().map(String::as_str).filter(|key| !rows.contains_key(*key)).collect();
        self.register
            .check(self.genesis.register_depth, self.header.register, &present, &absent)
            .map_err(|bad| Broken::new(What::Register, bad))?;
        Ok((rows, origins))
    }

    fn check_histories(&self, chain: &Hash, rows: &Rows) -> Result<Vec<Step>, Broken> {
        let mut records = Records::read(&self.records, chain)?;
        let mut used = vec![0; self.histories.len()];
        let mut steps = Vec::new();
        let mut told = BTreeSet::new();
        if !rows.contains_key(&self.subject) {
            self.demand_used(&used)?;
            records.demand_used()?;
            return Ok(steps);
        }
        history::visit(&self.subject, &mut |wanted| {
            let entries = self.stretch(wanted, rows, &mut used)?;
            for entry in &entries {
                let record = records.about(entry, &wanted.key)?;
                // What else went into a container, or came out of it, is not the subject's story.
                if wanted.key != self.subject && matches!(entry.role, Role::Contain | Role::Release) {
                    continue;
                }
                // A record that names the subject and what it was inside of is told once, and first of the subject.
                if !told.insert(entry.record) {
                    continue;
                }
                steps.push(Step { entry: entry.clone(), key: wanted.key.clone(), record });
            }
            Ok::<_, Broken>(entries)
        })?;
        self.demand_used(&used)?;
        records.demand_used()?;
        steps.sort_by_key(|step| step.entry.height);
        Ok(steps)
    }

    /// That every history is asked for to its end: what nothing binds could say anything.
    fn demand_used(&self, used: &[usize]) -> Result<(), Broken> {
        let surplus = self.histories.iter().zip(used).find(|(history, used)| history.entries.len() != **used);
        match surplus {
            None => Ok(()),
            Some((history, _)) => {
                Err(Broken::new(What::History, "it holds more than the subject's history").about(&history.key))
            }
        }
    }

    /// The entries of a stretch, with the chain of heads checked from its beginning to its end.
    fn stretch(&self, wanted: &history::Wanted, rows: &Rows, used: &mut [usize]) -> Result<Vec<Entry>, Broken> {
        let broken = |reason: &str| Broken::new(What::History, reason).about(&wanted.key);
        let starts = |history: &History| history.key == wanted.key && history.after == wanted.after;
        let (history, used) = self
            .histories
            .iter()
            .zip(used)
            .find(|(history, _)| starts(history))
            .ok_or_else(|| broken("a stretch of the history is missing"))?;
        let (until, end) = match wanted.until {
            Some(until) => until,
            None => {
                let row = rows.get(&wanted.key).ok_or_else(|| broken("the row is missing"))?;
                (row.n, row.head)
            }
        };
        let length = until.checked_sub(wanted.after).and_then(|length| usize::try_from(length).ok());
        let entries = length.and_then(|length| history.entries.get(..length));
        let entries = entries.ok_or_else(|| broken("entries are missing"))?;
        let head = entries.iter().fold(wanted.head, |head, entry| entry.extend(&head));
        if head != end {
            return Err(broken("the entries do not lead to the row's head"));
        }
        *used = entries.len().max(*used);
        Ok(entries.to_vec())
    }
}

/// The records of a proof: signatures are checked when an entry first asks for one.
struct Records<'a> {
    unchecked: BTreeMap<Hash, (Record, &'a ProvenRecord)>,
    checked: BTreeMap<Hash, (Verified, Vec<String>)>,
}

impl<'a> Records<'a> {
    fn read(records: &'a [ProvenRecord], chain: &Hash) -> Result<Records<'a>, Broken> {
        let mut unchecked = BTreeMap::new();
        for proven in records {
            let record = Record::read(proven.record.get()).map_err(|bad| Broken::new(What::Record, bad))?;
            if record.chain != *chain {
                return Err(Broken::new(What::Record, "it was made for another chain").about(record.id));
            }
            unchecked.insert(record.id, (record, proven));
        }
        Ok(Records { unchecked, checked: BTreeMap::new() })
    }

    /// The record of an entry, signatures and elements checked, and that it is about the entry's row. `None` where the
    /// entry says that it is not public and the proof, made for everybody, does not show it.
    fn about(&mut self, entry: &Entry, key: &str) -> Result<Option<Verified>, Broken> {
        let id = entry.record;
        if let Some((record, proven)) = self.unchecked.remove(&id) {
            let keys = named_rows(&record, proven)?;
            let record = record.verify().map_err(|bad| Broken::new(What::Record, bad).about(id))?;
            self.checked.insert(id, (record, keys));
        }
        let Some((record, keys)) = self.checked.get(&id) else {
            let missing = || Broken::new(What::Record, "the record is missing or altered").about(id);
            return if entry.visibility.is_public() { Err(missing()) } else { Ok(None) };
        };
        if record.visibility != entry.visibility {
            let reason = "the record and its entry differ in who may read it";
            return Err(Broken::new(What::Record, reason).about(id));
        }
        if !keys.iter().any(|named| named == key) && !is_of_own_party(record, entry, key) {
            return Err(Broken::new(What::Element, format!("the record does not name {key}")).about(id));
        }
        Ok(Some(record.clone()))
    }

    /// That every record was asked for: one without an entry could say anything.
    fn demand_used(&self) -> Result<(), Broken> {
        match self.unchecked.keys().next() {
            None => Ok(()),
            Some(id) => Err(Broken::new(What::Record, "the record has no entry").about(id)),
        }
    }
}

/// Whether a record changes a key of the organisation that signed it, which the record names by its signature alone.
fn is_of_own_party(record: &Record, entry: &Entry, key: &str) -> bool {
    matches!(record.body, Body::KeyGrant(_) | Body::KeyRevoke(_))
        && entry.by.iter().any(|party| row::key_of_party(party) == key)
}

/// Keys of the rows that a record is shown to be about.
fn named_rows(record: &Record, proven: &ProvenRecord) -> Result<Vec<String>, Broken> {
    let mut keys = disclosed_rows(record, proven)?;
    match &record.body {
        Body::EventCapture(capture) => {
            keys.extend(capture.event.parent.iter().chain(capture.event.classes()).map(row::key_of_thing));
        }
        Body::PartyAdd(body) => keys.push(row::key_of_party(&body.party.id)),
        Body::ProductPut(body) => keys.push(row::key_of_product(&body.gtin)),
        Body::CodesIssue(_) => keys.push(row::key_of_batch(&record.id)),
        Body::Evidence(_) => keys.push(row::KEY_OF_MEMBERS.to_owned()),
        Body::RecallOpen(body) => keys.push(row::key_of_thing(&body.source)),
        Body::RecallLift(body) => keys.push(row::key_of_thing(&body.source)),
        Body::SitePut(_)
        | Body::BomPut(_)
        | Body::KeyGrant(_)
        | Body::KeyRevoke(_)
        | Body::AuthorityGrant(_)
        | Body::AuthorityRevoke(_)
        | Body::QuotaSet(_) => {}
        Body::Agreement(act) => {
            keys.extend(act.contract().map(row::key_of_agreement));
            keys.extend(act.feed().map(row::key_of_feed));
        }
    }
    Ok(keys)
}

/// Keys of the things that the disclosed elements of a record's lists name.
fn disclosed_rows(record: &Record, proven: &ProvenRecord) -> Result<Vec<String>, Broken> {
    let broken = |reason: &str| Broken::new(What::Element, reason).about(record.id);
    let mut keys = Vec::new();
    for (pointer, elements) in &proven.disclosed {
        let Some(Part::List { count, root }) = record.parts.get(pointer) else {
            return Err(broken("an element is disclosed of a list that the record does not have"));
        };
        let part = ListPart { count: *count, root: *root };
        for element in elements {
            parts::check(&part, element).map_err(|bad| broken(&bad.to_string()))?;
            let epc = Epc::parse(&element.element).map_err(|bad| broken(&bad.to_string()))?;
            keys.push(row::key_of_thing(&epc));
        }
    }
    Ok(keys)
}
