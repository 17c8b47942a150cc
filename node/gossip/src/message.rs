//! What nodes say to each other about records.

use bytes::Bytes;
use codec::{Decode, Encode};

/// Most records in one message.
pub const RECORDS_MAX: usize = 1_000;

/// Most records offered in one message.
pub const SEALS_MAX: usize = 1_000;

/// What a node sends.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Message {
    /// Records, each as it was handed in.
    #[codec(index = 0)]
    Records(Vec<Bytes>),
    /// The names of records that the sender has.
    #[codec(index = 1)]
    Offer(Vec<[u8; 32]>),
}

/// How each record of a message stands with the receiver, in the order of the message.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Answer(pub Vec<Standing>);

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
    /// How many records it is about.
    pub fn len(&self) -> usize {
        match self {
            Message::Records(records) => records.len(),
            Message::Offer(seals) => seals.len(),
        }
    }

    /// Whether it is about nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether it keeps within what one message may hold.
    pub(crate) fn is_bounded(&self) -> bool {
        match self {
            Message::Records(records) => records.len() <= RECORDS_MAX,
            Message::Offer(seals) => seals.len() <= SEALS_MAX,
        }
    }
}
