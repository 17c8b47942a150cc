//! What stands in a guard's files: slots of one size, each with its own sum.

use codec::{Decode, Encode};
use hefu_keys::{Address, Hash, Signature};

/// Bytes of a slot.
pub(super) const SLOT_BYTES: usize = 256;

/// Bytes of a slot before its sum.
const BODY_BYTES: usize = SLOT_BYTES - 32;

/// What the first slot begins with; the digit is the format.
const MAGIC: [u8; 8] = *b"HEFUSG1\0";

/// What a validator can do once in a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub enum Step {
    /// Announces a body.
    #[codec(index = 0)]
    Parts,
    /// Proposes a block.
    #[codec(index = 1)]
    Proposal,
    /// Votes for the first time.
    #[codec(index = 2)]
    Prevote,
    /// Votes for the second time.
    #[codec(index = 3)]
    Precommit,
}

impl Step {
    pub(super) fn is_vote(self) -> bool {
        match self {
            Step::Prevote | Step::Precommit => true,
            Step::Parts | Step::Proposal => false,
        }
    }
}

/// What is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    pub height: u64,
    pub round: u32,
    pub step: Step,
    pub block: Option<Hash>,
    /// Of a proposal.
    pub pol_round: Option<u32>,
    /// Of an announcement: who built the block, and how long its body is.
    pub body: Option<(Address, u64)>,
}

impl Claim {
    /// Whether it binds this validator in later rounds: a precommit for a block does.
    pub fn binds(&self) -> bool {
        self.step == Step::Precommit && self.block.is_some()
    }
}

/// The first slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// Whose guard it is.
    pub(super) validator: Address,
    /// Which files these are; each rewriting counts up.
    pub(super) generation: u64,
    /// The height below which nothing is signed any more: whatever these files do not hold was signed below it.
    pub(super) floor: u64,
    /// Whether it was made for a key that may have voted.
    pub(super) asleep: bool,
}

/// Every further slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    /// Something was signed.
    Signed { claim: Claim, signature: Signature },
    /// A guard that was asleep may sign from this height on.
    Woken { from: u64 },
}

impl Entry {
    /// Whether this is that statement.
    pub(super) fn says(&self, claim: &Claim) -> bool {
        match self {
            Entry::Signed { claim: own, .. } => own == claim,
            Entry::Woken { .. } => false,
        }
    }
}

/// A slot as it is written.
#[derive(Encode, Decode)]
enum Slot {
    #[codec(index = 1)]
    Header { magic: [u8; 8], validator: [u8; 32], generation: u64, floor: u64, asleep: bool },
    #[codec(index = 2)]
    Signed { position: u64, claim: WireClaim, signature: [u8; 64] },
    #[codec(index = 3)]
    Woken { position: u64, from: u64 },
}

#[derive(Encode, Decode)]
struct WireClaim {
    height: u64,
    round: u32,
    step: Step,
    block: Option<[u8; 32]>,
    pol_round: Option<u32>,
    body: Option<([u8; 32], u64)>,
}

impl Slot {
    fn write(&self) -> [u8; SLOT_BYTES] {
        let mut body = self.encode();
        debug_assert!(body.len() <= BODY_BYTES);
        body.resize(BODY_BYTES, 0);
        let sum = Hash::of(&body);
        let mut slot = [0; SLOT_BYTES];
        let (left, right) = slot.split_at_mut(BODY_BYTES);
        left.copy_from_slice(&body);
        right.copy_from_slice(sum.as_bytes());
        slot
    }

    fn read(bytes: &[u8]) -> Option<Slot> {
        let (body, sum) = bytes.split_at_checked(BODY_BYTES)?;
        if Hash::of(body).as_bytes() != sum {
            return None;
        }
        Slot::decode(&mut &*body).ok()
    }
}

/// Writes the first slot.
pub(super) fn write_header(header: &Header) -> [u8; SLOT_BYTES] {
    let Header { validator, generation, floor, asleep } = *header;
    Slot::Header { magic: MAGIC, validator: *validator.as_bytes(), generation, floor, asleep }.write()
}

/// Reads the first slot.
pub(super) fn read_header(bytes: &[u8]) -> Option<Header> {
    match Slot::read(bytes)? {
        Slot::Header { magic: MAGIC, validator, generation, floor, asleep } => {
            Some(Header { validator: Address::from_bytes(validator), generation, floor, asleep })
        }
        Slot::Header { .. } | Slot::Signed { .. } | Slot::Woken { .. } => None,
    }
}

/// Writes the slot at a position, counted from 1.
pub(super) fn write_entry(position: u64, entry: &Entry) -> [u8; SLOT_BYTES] {
    let slot = match entry {
        Entry::Woken { from } => Slot::Woken { position, from: *from },
        Entry::Signed { claim, signature } => {
            let Claim { height, round, step, block, pol_round, body } = claim;
            let claim = WireClaim {
                height: *height,
                round: *round,
                step: *step,
                block: block.map(|block| *block.as_bytes()),
                pol_round: *pol_round,
                body: body.map(|(builder, bytes)| (*builder.as_bytes(), bytes)),
            };
            Slot::Signed { position, claim, signature: *signature.as_bytes() }
        }
    };
    slot.write()
}

/// Reads the slot at a position.
pub(super) fn read_entry(expected: u64, bytes: &[u8]) -> Option<Entry> {
    match Slot::read(bytes)? {
        Slot::Signed { position, claim, signature } if position == expected => {
            let WireClaim { height, round, step, block, pol_round, body } = claim;
            let block = block.map(Hash::from_bytes);
            let body = body.map(|(builder, bytes)| (Address::from_bytes(builder), bytes));
            let claim = Claim { height, round, step, block, pol_round, body };
            Some(Entry::Signed { claim, signature: Signature::from_bytes(signature) })
        }
        Slot::Woken { position, from } if position == expected => Some(Entry::Woken { from }),
        Slot::Header { .. } | Slot::Signed { .. } | Slot::Woken { .. } => None,
    }
}
