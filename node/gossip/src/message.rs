//! What nodes say to each other about records, and about snapshots of the state.

use bytes::Bytes;
use codec::{Decode, Encode};

/// Most records in one message.
pub const RECORDS_MAX: usize = 1_000;

/// Most records offered in one message.
pub const SEALS_MAX: usize = 1_000;

/// Longest key of a row that is asked about.
pub const ROW_KEY_BYTES_MAX: usize = 4 << 10;

/// What a node sends.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Message {
    /// Records, each as it was handed in.
    #[codec(index = 0)]
    Records(Vec<Bytes>),
    /// The names of records that the sender has.
    #[codec(index = 1)]
    Offer(Vec<[u8; 32]>),
    /// A question of a node that has no state yet.
    #[codec(index = 2)]
    Ask(Ask),
}

/// What a node without a state asks for.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Ask {
    /// The newest snapshot: header, certificate, and the ranges that the register is cut into.
    #[codec(index = 0)]
    Snapshot,
    /// Rows of one range of a snapshot.
    #[codec(index = 1)]
    Rows {
        /// The snapshot's height.
        height: u64,
        /// The register is cut into 2 to the power of this many ranges.
        cut: u8,
        /// The range, from 0.
        range: u32,
        /// Rows of it that are there already.
        skip: u32,
    },
    /// Entries of rows in the order of the rows' keys, of blocks up to a height.
    #[codec(index = 2)]
    Entries {
        /// Of no block after this one.
        height: u64,
        /// Key of the first row.
        row: Bytes,
        /// Position of the first entry in that row, from 1.
        n: u64,
    },
    /// Decided blocks, each a certificate and a body.
    #[codec(index = 3)]
    Blocks {
        /// The first height.
        first: u64,
        /// The last, unless an answer is full before.
        last: u64,
    },
}

/// What is answered to a message.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Answer {
    /// How each record of the message stands with the receiver, in the order of the message.
    #[codec(index = 0)]
    Standings(Vec<Standing>),
    /// What was asked for, as far as it goes into one answer; nothing where the receiver does not have it.
    #[codec(index = 1)]
    Pieces(Vec<Bytes>),
}

impl Answer {
    /// Most pieces of one answer.
    pub const PIECES_MAX: usize = 10_000;

    /// How many things an answer of this kind may list, by the kind's number on the wire.
    pub(crate) fn listed_max(kind: u8) -> usize {
        match kind {
            // As many as the message that is answered.
            0 => RECORDS_MAX.max(SEALS_MAX),
            1 => Answer::PIECES_MAX,
            _ => usize::MAX,
        }
    }
}

impl Ask {
    /// Keys of rows are short, and a register has fewer levels than an index has bits.
    fn is_bounded(&self) -> bool {
        match self {
            Ask::Snapshot | Ask::Blocks { .. } => true,
            Ask::Rows { cut, .. } => *cut < 32,
            Ask::Entries { row, .. } => row.len() <= ROW_KEY_BYTES_MAX,
        }
    }
}

/// How a record stands with the receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Standing {
    /// It waits there too, or is final.
    #[codec(index = 0)]
    Held,
    /// It cannot be taken at present: something that it depends on is missing, or there is no room.
    #[codec(index = 1)]
    Later,
    /// It is not known there. Only answered to an offer.
    #[codec(index = 2)]
    Wanted,
    /// It is no record, or not by whom it says. No honest node passes it on.
    #[codec(index = 3)]
    Forged,
}

impl Message {
    /// How many records it is about; a question is about none.
    pub fn len(&self) -> usize {
        match self {
            Message::Records(records) => records.len(),
            Message::Offer(seals) => seals.len(),
            Message::Ask(_) => 0,
        }
    }

    /// Whether it is about nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many things a message of this kind may list, by the kind's number on the wire.
    pub(crate) fn listed_max(kind: u8) -> usize {
        match kind {
            0 => RECORDS_MAX,
            1 => SEALS_MAX,
            // A question is no list.
            _ => usize::MAX,
        }
    }

    /// Whether it keeps within what one message may hold.
    pub(crate) fn is_bounded(&self) -> bool {
        match self {
            Message::Records(records) => records.len() <= RECORDS_MAX,
            Message::Offer(seals) => seals.len() <= SEALS_MAX,
            Message::Ask(ask) => ask.is_bounded(),
        }
    }
}
