//! Executing the chain again, block by block, on a state in memory.

use std::collections::{BTreeMap, BTreeSet};

use hefu_contracts::{
    block::{Header, execute_all, records_root, seals},
    certificate::Certificate,
    execute::Moment,
    genesis::{FORMAT_VERSION, Genesis},
    height::Height,
    provenance::onward,
    register::{Bucket, Tree, plan},
    row::Row,
    schema::Table,
    state::Rows,
    submission::Submission,
    time::Time,
};
use hefu_keys::Hash;

use super::{Chain, VerifyError};
use crate::{
    core::sealed,
    store::{
        Listed,
        finding::{height_of, in_words},
        head,
        listed::is_shared,
        onward_key,
    },
};

/// The state after some of the blocks.
pub(super) struct Replay {
    chain: Hash,
    members: Hash,
    previous: Hash,
    time: Time,
    height: Height,
    pub rows: Rows,
    /// Keys of the index of what has ever led on to what.
    pub onward: BTreeSet<Vec<u8>>,
    /// Number of keys in the index of events that are one block's.
    events: u64,
    /// Those that several blocks have in common.
    shared: BTreeSet<Vec<u8>>,
    tree: Tree,
    pub buckets: BTreeMap<u32, Bucket>,
    records: u64,
    precommits: u64,
}

impl Replay {
    /// The state that genesis describes.
    pub(super) fn new(genesis: &Genesis) -> Result<Replay, VerifyError> {
        let rows = genesis.rows().map_err(VerifyError::Fault)?;
        let patch = head::first(genesis.register_depth, &rows).map_err(VerifyError::Fault)?;
        let buckets = patch.buckets().clone();
        let mut tree = Tree::empty(genesis.register_depth);
        tree.apply(patch).map_err(VerifyError::Fault)?;
        let chain = genesis.chain();
        Ok(Replay {
            chain,
            members: genesis.members.hash(),
            previous: chain,
            time: genesis.time,
            height: Height::GENESIS,
            rows,
            onward: BTreeSet::new(),
            events: 0,
            shared: BTreeSet::new(),
            tree,
            buckets,
            records: 0,
            precommits: 0,
        })
    }

    pub(super) fn height(&self) -> Height {
        self.height
    }

    pub(super) fn root(&self) -> Hash {
        self.tree.root()
    }

    pub(super) fn records(&self) -> u64 {
        self.records
    }

    /// Number of keys in the index of events.
    pub(super) fn events(&self) -> u64 {
        self.events.saturating_add(self.shared.len() as u64)
    }

    pub(super) fn precommits(&self) -> u64 {
        self.precommits
    }

    /// Checks the next block and executes it.
    pub(super) fn next(&mut self, chain: &Chain) -> Result<(), VerifyError> {
        let height = self.height.next();
        let block = chain.block(height)?;
        let wrong = |what: &str| VerifyError::differs(height, Table::Blocks, format!("block {height}"), what);
        let (header, certificate) = block.ok_or_else(|| wrong("it is not there"))?;
        self.check_header(&header, height).map_err(wrong)?;
        let id = header.id();
        self.check_certificate(chain, &certificate, &id, height)?;
        let records = self.read_records(chain, height)?;
        if records_root(seals(&records)) != header.records {
            let what = format!("their seals do not lead to the root {} of the header", header.records);
            return Err(VerifyError::differs(height, Table::Records, format!("block {height}"), what));
        }
        match height_of(chain, &id)? {
            Some(found) if found == height => {}
            found => {
                let what = format!("leads to {found:?}, the block is that of height {height}");
                return Err(VerifyError::differs(height, Table::Heights, id.to_string(), what));
            }
        }
        self.check_listed(chain, Listed::of(&header, records.iter().map(|one| &**one.record())), height)?;
        self.execute(&header, &records)?;
        self.height = height;
        self.previous = id;
        self.time = header.time;
        Ok(())
    }

    /// What a header must say, whatever the records are. Written again here on purpose: the judge of proposals is one
    /// of the things that this program checks.
    fn check_header(&self, header: &Header, height: Height) -> Result<(), &'static str> {
        let first = Height::GENESIS.next();
        let rules = [
            (header.version == FORMAT_VERSION, "its format version is unknown"),
            (header.chain == self.chain, "it belongs to another chain"),
            (header.height == height, "it names another height"),
            (header.previous == self.previous, "it does not follow the block before"),
            (header.members == self.members, "it names other members than genesis"),
            (header.next_members == self.members, "it names other members for the next block than genesis"),
            (header.members_since == first, "its members hold since another height"),
            (header.time > self.time, "its time is not later than that of the block before"),
        ];
        rules.iter().find(|(holds, _)| !holds).map_or(Ok(()), |(_, what)| Err(what))
    }

    fn check_certificate(
        &mut self,
        chain: &Chain,
        certificate: &Certificate,
        id: &Hash,
        height: Height,
    ) -> Result<(), VerifyError> {
        let key = || format!("certificate of block {height}");
        let wrong = |what: String| VerifyError::differs(height, Table::Blocks, key(), what);
        if certificate.block != *id || certificate.height != height {
            let found = format!("{} at height {}", certificate.block, certificate.height);
            return Err(wrong(format!("it is for {found}, the block is {id}")));
        }
        certificate.check(&self.chain, &chain.genesis().members).map_err(|bad| wrong(bad.to_string()))?;
        self.precommits = self.precommits.saturating_add(certificate.signatures.len() as u64);
        Ok(())
    }

    /// The records with their signatures verified, each found under its id.
    fn read_records(&mut self, chain: &Chain, height: Height) -> Result<Vec<Submission>, VerifyError> {
        let texts: Vec<_> = chain.records(height)?.iter().map(|held| held.text().as_bytes().to_vec()).collect();
        let mut records = Vec::with_capacity(texts.len());
        for (index, read) in (0_u32..).zip(sealed::read_all(texts)) {
            let key = || format!("record {index} of block {height}");
            let wrong = |what: String| VerifyError::differs(height, Table::Records, key(), what);
            let submission = read.map_err(|rejected| wrong(rejected.refusal.to_string()))?.into_submission();
            if !submission.annex().values.is_empty() {
                return Err(wrong("it carries detached values".to_owned()));
            }
            let id = submission.id();
            match chain.place(&id)? {
                Some(place) if place == (height, index) => {}
                found => {
                    let what = format!("leads to {found:?}, the record is number {index} of block {height}");
                    return Err(VerifyError::differs(height, Table::Ids, id.to_string(), what));
                }
            }
            records.push(submission);
        }
        self.records = self.records.saturating_add(records.len() as u64);
        Ok(records)
    }

    /// What a block adds to the index of events is there.
    fn check_listed(&mut self, chain: &Chain, listed: Listed, height: Height) -> Result<(), VerifyError> {
        for (key, value) in listed {
            let found = chain.view().get(Table::Events, &key)?;
            if found.as_ref() != Some(&value) {
                let what = if found.is_none() { "it is missing from the index" } else { "it is not that of the block" };
                return Err(VerifyError::differs(height, Table::Events, in_words(&key), what));
            }
            if is_shared(&key) {
                self.shared.insert(key);
            } else {
                self.events = self.events.saturating_add(1);
            }
        }
        Ok(())
    }

    fn execute(&mut self, header: &Header, records: &[Submission]) -> Result<(), VerifyError> {
        let height = header.height;
        let moment = Moment { chain: self.chain, height, time: header.time };
        let changes = execute_all(&self.rows, &moment, records).map_err(|invalid| {
            VerifyError::differs(height, Table::Records, format!("block {height}"), invalid.to_string())
        })?;
        let hashes = changes.rows.iter().map(|(key, row)| (Hash::of(key.as_bytes()), row.hash())).collect();
        let patch = plan(&self.tree, &self.buckets, &hashes, None).map_err(VerifyError::Fault)?;
        if patch.root() != header.register {
            let what = format!("execution leads to the register {}, the header says {}", patch.root(), header.register);
            return Err(VerifyError::differs(height, Table::Blocks, format!("block {height}"), what));
        }
        self.onward.extend(changes.rows.values().flat_map(|row| links(row)));
        self.rows.extend(changes.rows);
        self.buckets.extend(patch.buckets().clone());
        self.tree.apply(patch).map_err(VerifyError::Fault)
    }
}

/// Keys of the index of what leads on to a row.
pub(super) fn links(row: &Row) -> Vec<Vec<u8>> {
    onward::behind(row).into_iter().map(|from| onward_key(&from, &row.key)).collect()
}
