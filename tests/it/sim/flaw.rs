//! Blocks that no honest validator may vote for: one for each thing that can be wrong with them.

use std::{
    collections::{BTreeMap, BTreeSet},
    iter,
};

use bytes::Bytes;
use hefu_contracts::{
    block::{BODY_BYTES_MAX, Block, Header, records_root},
    submission::Unverified,
    time::Millis,
};
use hefu_keys::Hash;
use hefu_node::{
    core::Judged,
    world::{Deed, REFILL, World},
};

/// How far ahead of all clocks a time is that no schedule lives to see, in milliseconds.
const FAR_AHEAD: u64 = 1_200_000;

/// What is wrong with a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flaw {
    /// Its time is far ahead.
    Ahead,
    /// It holds a record that the rules refuse.
    Refused,
    /// It holds a record with the signature of another.
    Forged,
    /// It leads to another register than it says.
    Register,
    /// It follows another block than the last.
    Previous,
    /// It is of another chain.
    Chain,
    /// It is larger than any block may be.
    Oversized,
}

impl Flaw {
    /// All of them.
    pub const ALL: [Flaw; 7] =
        [Flaw::Ahead, Flaw::Refused, Flaw::Forged, Flaw::Register, Flaw::Previous, Flaw::Chain, Flaw::Oversized];

    /// What an honest validator says of it.
    fn words(self) -> &'static str {
        match self {
            Flaw::Ahead => "ahead of the clock",
            Flaw::Refused => "is refused",
            Flaw::Forged => "signature",
            Flaw::Register => "it leads to the register",
            Flaw::Previous => "it does not follow the last block",
            Flaw::Chain => "it belongs to another chain",
            Flaw::Oversized => "are accepted",
        }
    }

    /// A block of which this is wrong, in place of a sound one; its name and its text.
    pub fn put_into(self, body: &Bytes, world: &mut World) -> Option<(Hash, Bytes)> {
        let block = Block::cut(body).ok()?;
        let mut header = block.header.clone();
        let mut records: Vec<String> = block.records.iter().map(|record| (*record).to_owned()).collect();
        match self {
            Flaw::Ahead => header.time = header.time.plus(Millis(FAR_AHEAD)),
            Flaw::Refused => records.push(strangers(world)),
            Flaw::Forged => records.push(forged(world)),
            Flaw::Register => header.register = Hash::of(b"another register"),
            Flaw::Previous => header.previous = Hash::of(b"another block"),
            Flaw::Chain => header.chain = Hash::of(b"another chain"),
            Flaw::Oversized => {
                let record = strangers(world);
                let times = BODY_BYTES_MAX / record.len() + 1;
                records.extend(iter::repeat_n(record, times));
            }
        }
        let mut seals: Vec<Hash> = Vec::with_capacity(records.len());
        for (at, record) in records.iter().enumerate() {
            // A record that is there thousands of times is read once.
            let again = at > 0 && records[at - 1] == *record;
            seals.push(if again { seals[at - 1] } else { seal(record) });
        }
        header.records = records_root(seals.iter());
        Some(written(&header, &records))
    }
}

/// A block's name and its text.
pub fn written(header: &Header, records: &[String]) -> (Hash, Bytes) {
    (header.id(), Bytes::from(Block::write(header, records.iter())))
}

fn seal(record: &str) -> Hash {
    Unverified::read(record.as_bytes()).expect("a record").record().seal
}

/// A record by a key that nobody has registered.
fn strangers(world: &mut World) -> String {
    String::from_utf8(world.sign_as("a stranger", &Deed::product(REFILL, 9), 1)).expect("text")
}

/// In front of a signature.
const PROOF_VALUE: &str = "\"proofValue\":\"";

/// A record under the signature of another one.
fn forged(world: &mut World) -> String {
    let [one, other] = [(); 2].map(|()| strangers(world));
    let (before, signed) = one.split_once(PROOF_VALUE).expect("a proof");
    let (_, after) = signed.split_once('"').expect("its end");
    let (_, signed) = other.split_once(PROOF_VALUE).expect("a proof");
    let (signature, _) = signed.split_once('"').expect("its end");
    format!("{before}{PROOF_VALUE}{signature}\"{after}")
}

/// What became of blocks with flaws.
#[derive(Default)]
pub struct Flawed {
    made: BTreeMap<Hash, Flaw>,
    names: BTreeSet<Hash>,
    /// How many were proposed with each.
    pub proposed: BTreeMap<Flaw, u64>,
    /// How often honest validators refused each, and why.
    pub refused: BTreeMap<Flaw, u64>,
    /// How often honest validators refused a block that came under the name of another.
    pub misnamed: u64,
    /// Bodies that came to honest validators when a quorum was known to have voted for their block.
    pub backed: u64,
    /// What an honest validator said of one that is not what is wrong with it.
    pub wrong: Vec<String>,
}

impl Flawed {
    /// One is proposed.
    pub fn add(&mut self, flaw: Flaw, (name, body): &(Hash, Bytes)) {
        *self.proposed.entry(flaw).or_default() += 1;
        self.made.insert(Hash::of(body), flaw);
        self.names.insert(*name);
    }

    /// What is wrong with a block, where something is.
    pub fn flaw(&self, body: &Bytes) -> Option<Flaw> {
        // Most schedules have none, and hashing blocks takes time.
        if self.made.is_empty() { None } else { self.made.get(&Hash::of(body)).copied() }
    }

    /// Whether a block of this name has a flaw.
    pub fn has(&self, name: &Hash) -> bool {
        self.names.contains(name)
    }

    /// What an honest validator thinks of a block that came under the name of another.
    pub fn judged_misnamed(&mut self, named: &Hash, judged: Judged) {
        match judged {
            Judged::Malformed => self.misnamed += 1,
            // It was for another height.
            Judged::HeldBack => {}
            Judged::Valid(block) | Judged::Invalid(block) => {
                self.wrong.push(format!("{block} is taken for {named}, as which it was announced"));
            }
        }
    }

    /// What an honest validator thinks of one, and why.
    pub fn judged(&mut self, flaw: Flaw, judged: Judged, why: &str) {
        match judged {
            Judged::Valid(block) => self.wrong.push(format!("{flaw:?}: {block} is thought to be valid")),
            // Something else spoke against looking at it.
            Judged::HeldBack if flaw != Flaw::Ahead => {}
            Judged::HeldBack | Judged::Invalid(_) | Judged::Malformed if why.contains(flaw.words()) => {
                *self.refused.entry(flaw).or_default() += 1;
            }
            Judged::HeldBack | Judged::Invalid(_) | Judged::Malformed => {
                self.wrong.push(format!("{flaw:?}: {judged:?} since {why}"));
            }
        }
    }
}
