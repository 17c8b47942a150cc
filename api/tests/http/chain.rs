//! A ledger in memory: the real rules, register, proofs and certificates, with one validator, no disk and no network.
//!
//! Its clock moves one minute a block and its keys are made from names, so every run gives the same bytes.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard},
};

use hefu_api::ledger::{BlockFound, Found, Ledger, Outcome, Place, Status, Unavailable, Wait};
use hefu_contracts::{
    agreements::bundle::{self, Bundle, Extent, Which},
    annex::Annex,
    block::{Header, execute_all, records_root, seals},
    certificate::{Certificate, Precommit},
    entry::Entry,
    execute::{Moment, execute},
    genesis::{FORMAT_VERSION, Genesis},
    height::Height,
    parties::KeyRow,
    proof::{
        Proof,
        build::{self, Archive, Kept},
    },
    receipt::{self, Receipt, ReceiptKind},
    record::Visibility,
    refusal::Refusal,
    register::{Bucket, Buckets, Tree, plan},
    row::{self, Row},
    shared::Shared,
    state::{Changes, Fault, Overlay, Rows, Snapshot, Stop},
    submission::{Submission, Unverified},
    time::{Millis, Time},
    votes::{self, VoteKind},
};
use hefu_keys::{Address, Hash, SecretKey, secured};
use serde_json::Value;
use tokio::sync::watch;

/// Time between two blocks.
const BLOCK_MS: u64 = 60_000;

/// What a node would keep on disk.
struct Books {
    blocks: Vec<(Header, Certificate, Vec<Hash>)>,
    buckets: BTreeMap<u32, Bucket>,
    entries: BTreeMap<(String, u64), Entry>,
    genesis: Genesis,
    places: BTreeMap<Hash, (Submission, Place)>,
    rows: Rows,
}

impl Snapshot for Books {
    fn row(&self, key: &str) -> Result<Option<Shared<Row>>, Fault> {
        self.rows.row(key)
    }
}

impl Buckets for Books {
    fn bucket(&self, index: u32) -> Result<Bucket, Fault> {
        self.buckets.bucket(index)
    }
}

impl Archive for Books {
    fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    fn head(&self) -> Result<Option<(Header, Certificate)>, Fault> {
        Ok(self.blocks.last().map(|(header, certificate, _)| (header.clone(), certificate.clone())))
    }

    fn entries(&self, key: &str, after: u64, until: Option<u64>) -> Result<Vec<Entry>, Fault> {
        let range = (key.to_owned(), after + 1)..=(key.to_owned(), until.unwrap_or(u64::MAX));
        Ok(self.entries.range(range).map(|(_, entry)| entry.clone()).collect())
    }

    fn record(&self, id: &Hash) -> Result<Option<Kept>, Fault> {
        let found = self.places.get(id).map(|(submission, _)| submission);
        Ok(found.map(|found| Kept { text: found.record().text.clone(), lists: found.annex().lists.clone() }))
    }
}

struct State {
    books: Books,
    /// Taken, but in no block yet, with what they will change.
    pool: Vec<Submission>,
    pooled: Changes,
    tree: Tree,
}

/// What became of a submission at the door.
enum Taken {
    Now(Hash),
    Before(Hash),
    Not(Option<Hash>, Refusal),
}

/// The ledger.
pub struct Chain {
    genesis: Genesis,
    heights: watch::Sender<Height>,
    id: Hash,
    key: SecretKey,
    state: Mutex<State>,
}

impl Chain {
    /// A chain of which `key` is the only validator and the node's own.
    pub fn new(genesis: Genesis, key: SecretKey) -> Chain {
        let rows = genesis.rows().unwrap();
        let books = Books {
            blocks: Vec::new(),
            buckets: BTreeMap::new(),
            entries: BTreeMap::new(),
            genesis: genesis.clone(),
            places: BTreeMap::new(),
            rows: Rows::new(),
        };
        let tree = Tree::empty(genesis.register_depth);
        let mut state = State { books, pool: Vec::new(), pooled: Changes::default(), tree };
        state.write(Changes { rows, entries: Vec::new() });
        Chain {
            id: genesis.chain(),
            genesis,
            heights: watch::Sender::new(Height::GENESIS),
            key,
            state: Mutex::new(state),
        }
    }

    /// The time that the next block will have.
    pub fn now(&self) -> Time {
        self.state().moment(self.id).time
    }

    /// Puts what waits into a block.
    pub fn decide(&self) -> Height {
        let mut state = self.state();
        let moment = state.moment(self.id);
        let records = std::mem::take(&mut state.pool);
        state.pooled = Changes::default();
        let changes = execute_all(&state.books, &moment, &records).unwrap();
        state.write(changes);
        let header = self.header(&state, &moment, &records);
        let certificate = self.certify(&header);
        let ids = records.iter().map(Submission::id).collect();
        for (index, record) in (0..).zip(records) {
            state.books.places.insert(record.id(), (record, Place { height: moment.height, index }));
        }
        state.books.blocks.push((header, certificate, ids));
        drop(state);
        self.heights.send_replace(moment.height);
        moment.height
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn header(&self, state: &State, moment: &Moment, records: &[Submission]) -> Header {
        let previous = state.books.blocks.last().map_or(self.id, |(header, _, _)| header.id());
        let members = self.genesis.members.hash();
        Header {
            builder: self.key.address(),
            chain: self.id,
            height: moment.height,
            members,
            members_since: Height::GENESIS.next(),
            next_members: members,
            previous,
            records: records_root(seals(records)),
            register: state.tree.root(),
            time: moment.time,
            version: FORMAT_VERSION,
        }
    }

    fn certify(&self, header: &Header) -> Certificate {
        let block = header.id();
        let vote = votes::vote(&self.id, header.height, 0, VoteKind::Precommit, Some(&block));
        let signature = self.key.sign(vote.as_bytes());
        let signatures = vec![Precommit { signature, validator: self.key.address() }];
        Certificate { block, height: header.height, round: 0, signatures }
    }

    /// Takes one submission into the pool.
    fn take(&self, bytes: &[u8]) -> Taken {
        match Unverified::read(bytes) {
            Ok(unverified) => self.admit(unverified),
            Err(refusal) => Taken::Not(None, refusal),
        }
    }

    fn admit(&self, unverified: Unverified) -> Taken {
        let id = unverified.record().id;
        let mut state = self.state();
        if state.books.places.contains_key(&id) || state.pool.iter().any(|known| known.id() == id) {
            return Taken::Before(id);
        }
        let submission = match unverified.verify() {
            Ok(submission) => submission,
            Err(refusal) => return Taken::Not(Some(id), refusal),
        };
        let moment = state.moment(self.id);
        let pooled = state.pooled.clone();
        let mut overlay = Overlay::resume(&state.books, pooled);
        match execute(&mut overlay, &moment, &submission) {
            Ok(()) => {}
            Err(Stop::Refused(refusal)) => return Taken::Not(Some(id), refusal),
            Err(Stop::Fault(fault)) => panic!("{fault}"),
        }
        state.pooled = overlay.into_changes();
        state.pool.push(submission);
        Taken::Now(id)
    }

    /// What is said of a record that is here.
    fn told(&self, id: Hash) -> Receipt {
        let state = self.state();
        let place = state.books.places.get(&id).map(|(_, place)| *place);
        let time = place.and_then(|place| state.books.block(place.height)).map(|(header, _, _)| header.time);
        Receipt {
            chain: self.id,
            code: None,
            conflict: None,
            height: place.map(|place| place.height),
            id,
            index: place.map(|place| place.index),
            node: self.key.address(),
            status: if place.is_some() { receipt::Status::Final } else { receipt::Status::Pending },
            time: time.unwrap_or_else(|| state.moment(self.id).time),
            kind: ReceiptKind::Receipt,
        }
    }
}

impl Books {
    fn block(&self, height: Height) -> Option<&(Header, Certificate, Vec<Hash>)> {
        self.blocks.get(usize::try_from(height.get()).unwrap().checked_sub(1)?)
    }
}

impl State {
    fn moment(&self, chain: Hash) -> Moment {
        let before = self.books.blocks.last().map(|(header, _, _)| (header.height, header.time));
        let (height, time) = before.unwrap_or((Height::GENESIS, self.books.genesis.time));
        Moment { chain, height: height.next(), time: time.plus(Millis(BLOCK_MS)) }
    }

    fn write(&mut self, changes: Changes) {
        let hashes = changes.rows.values().map(|row| (Hash::of(row.key.as_bytes()), row.hash())).collect();
        let patch = plan(&self.tree, &self.books, &hashes, None).unwrap();
        self.books.buckets.extend(patch.buckets().clone());
        self.tree.apply(patch).unwrap();
        self.books.rows.extend(changes.rows);
        let entries = changes.entries.into_iter().map(|(key, text)| (key, serde_json::from_str(&text).unwrap()));
        self.books.entries.extend(entries);
    }
}

#[async_trait::async_trait]
impl Ledger for Chain {
    async fn submit(&self, submissions: Vec<Vec<u8>>, wait: Wait) -> Result<Vec<Outcome>, Unavailable> {
        let taken: Vec<_> = submissions.iter().map(|bytes| self.take(bytes)).collect();
        if wait == Wait::Final && !self.state().pool.is_empty() {
            self.decide();
        }
        let outcomes = taken.into_iter().map(|taken| match taken {
            Taken::Now(id) => Outcome::Taken(self.told(id)),
            Taken::Before(id) => Outcome::Known(self.told(id)),
            Taken::Not(id, refusal) => Outcome::Not { id, refusal },
        });
        Ok(outcomes.collect())
    }

    fn record(&self, id: &Hash) -> Result<Option<Found>, Fault> {
        let state = self.state();
        let placed = state.books.places.get(id).map(|(found, place)| (found, Some(*place)));
        let waiting = state.pool.iter().find(|found| found.id() == *id).map(|found| (found, None));
        Ok(placed.or(waiting).map(|(found, place)| Found { text: found.record().text.clone(), place }))
    }

    fn receipt(&self, id: &Hash) -> Result<Option<Receipt>, Fault> {
        Ok(self.record(id)?.map(|_| self.told(*id)))
    }

    fn annex(&self, id: &Hash) -> Result<Annex, Fault> {
        let state = self.state();
        let placed = state.books.places.get(id).map(|(found, _)| found);
        let found = placed.or_else(|| state.pool.iter().find(|found| found.id() == *id));
        Ok(found.map(|found| found.annex().clone()).unwrap_or_default())
    }

    fn key(&self, address: &Address) -> Result<Option<KeyRow>, Fault> {
        let state = self.state();
        let rows = Overlay::resume(&state.books, state.pooled.clone());
        Ok(row::get(&rows, &row::key_of_key(address))?.map(Shared::into_owned))
    }

    fn rows(&self, prefix: &str, after: Option<&str>, limit: usize) -> Result<Vec<Row>, Fault> {
        let state = self.state();
        let from = after.unwrap_or(prefix).to_owned();
        let rows = state.books.rows.range(from..).map(|(_, row)| &**row);
        let rows = rows.take_while(|row| row.key.starts_with(prefix)).filter(|row| Some(row.key.as_str()) != after);
        Ok(rows.take(limit).cloned().collect())
    }

    fn entries(&self, key: &str, after: u64, until: u64) -> Result<Vec<Entry>, Fault> {
        self.state().books.entries(key, after, Some(until))
    }

    fn statement(&self, contract: &str, party: &str, number: u64, extent: Extent) -> Result<Option<Bundle>, Fault> {
        let state = self.state();
        bundle::build(&state.books, &state.tree, Which { contract, party, number }, extent)
    }

    fn proof(&self, subject: &str) -> Result<Option<Proof>, Fault> {
        let state = self.state();
        build::build(&state.books, &state.tree, subject)
    }

    fn block(&self, height: Height) -> Result<Option<BlockFound>, Fault> {
        let state = self.state();
        Ok(state.books.block(height).map(|(header, certificate, ids)| {
            let public = |id: &Hash| state.books.places[id].0.record().visibility == Visibility::Public;
            BlockFound {
                certificate: certificate.clone(),
                header: header.clone(),
                records: ids.iter().map(|id| (*id, public(id))).collect(),
            }
        }))
    }

    fn status(&self) -> Result<Status, Fault> {
        let pending = self.state().pool.len();
        Ok(Status { height: *self.heights.borrow(), node: self.key.address(), pending, unready: None })
    }

    fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    fn heights(&self) -> watch::Receiver<Height> {
        self.heights.subscribe()
    }

    fn sign(&self, document: &Value) -> Result<String, Fault> {
        secured::sign(document, &[&self.key], None).map_err(Fault::new)
    }
}
