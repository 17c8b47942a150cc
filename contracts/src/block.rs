//! Blocks: a header that is certified, and a body of records in the order in which they took effect.

mod inflow;

use hefu_keys::{Address, Hash, merkle};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use thiserror::Error;

use crate::{
    canonical_text, exact,
    execute::{BLOCK_ROWS_MAX, Effects, Moment, check},
    height::Height,
    parties::Shares,
    refusal::Refusal,
    state::{Changes, Fault, Overlay, Snapshot, Stop},
    submission::Submission,
    time::Time,
};

/// Largest body in bytes.
pub const BODY_BYTES_MAX: usize = 4 << 20;

/// Fewer bytes than any record has: chain, keys and one signature take more. It bounds how many records a body can pretend to
/// hold, and with that what it costs to look at it.
const RECORD_BYTES_MIN: usize = 256;

/// What the validators certify.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Header {
    /// The validator that built the block; a later round may propose it again.
    pub builder: Address,
    /// The chain.
    pub chain: Hash,
    /// The height, from 1.
    pub height: Height,
    /// Hash of the set of validators that signs this block.
    pub members: Hash,
    /// Height from which that set holds.
    pub members_since: Height,
    /// Hash of the set that signs the next block.
    pub next_members: Hash,
    /// Id of the block before; the chain's hash for the first.
    pub previous: Hash,
    /// Merkle root of the records' seals, in the order executed.
    pub records: Hash,
    /// Root of the register after this block.
    pub register: Hash,
    /// The block's time, later than the one before.
    pub time: Time,
    /// Format version.
    pub version: u32,
}

impl Header {
    /// The canonical text that is hashed.
    pub fn text(&self) -> String {
        canonical_text(self)
    }

    /// The block's id.
    pub fn id(&self) -> Hash {
        Hash::of(self.text().as_bytes())
    }
}

pub use inflow::Inflow;

/// A block's text cut into its parts, as proposed and as sent. None of its records has been looked at.
#[derive(Clone, Debug)]
pub struct Block<'a> {
    /// The header.
    pub header: Header,
    /// The submissions' texts, in the order executed.
    pub records: Vec<&'a str>,
}

/// Bytes that are not a block.
#[derive(Clone, Debug, Error)]
pub enum BadBlock {
    /// Too large.
    #[error("the body has {0} bytes, at most {BODY_BYTES_MAX} are accepted")]
    Size(usize),
    /// Not canonical JSON of a block's shape.
    #[error("the bytes are not a block: {0}")]
    Shape(String),
    /// Too short for a record with its signature.
    #[error("record {0} of the block is shorter than any record")]
    Short(usize),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire<'a> {
    header: Header,
    #[serde(borrow)]
    records: Vec<&'a RawValue>,
}

/// Root of the records' seals.
pub fn records_root<'a>(seals: impl Iterator<Item = &'a Hash>) -> Hash {
    let leaves: Vec<Hash> = seals.map(|seal| merkle::leaf(seal.as_bytes())).collect();
    merkle::root(&leaves)
}

impl<'a> Block<'a> {
    /// The canonical text that is sent, `{"header":…,"records":[…]}`, from a header and the records' texts.
    pub fn write<T: AsRef<str>>(header: &Header, records: impl Iterator<Item = T>) -> String {
        let records: Vec<T> = records.collect();
        let header = header.text();
        // Megabytes: they are copied once.
        let bytes = records.iter().map(|record| record.as_ref().len().saturating_add(1));
        let mut text = String::with_capacity(bytes.fold(header.len().saturating_add(32), usize::saturating_add));
        text.push_str("{\"header\":");
        text.push_str(&header);
        text.push_str(",\"records\":[");
        for (index, record) in records.iter().enumerate() {
            if index > 0 {
                text.push(',');
            }
            text.push_str(record.as_ref());
        }
        text.push_str("]}");
        text
    }

    /// Cuts a block. Its bytes must be exactly what its header and its records are written as, so that a block has one
    /// form; the records' own texts are for [`Unverified::read`](crate::submission::Unverified::read) to judge.
    ///
    /// # Errors
    /// [`BadBlock`].
    pub fn cut(bytes: &'a [u8]) -> Result<Block<'a>, BadBlock> {
        if bytes.len() > BODY_BYTES_MAX {
            return Err(BadBlock::Size(bytes.len()));
        }
        let wire: Wire<'a> = serde_json::from_slice(bytes).map_err(|error| BadBlock::Shape(error.to_string()))?;
        let block = Block { header: wire.header, records: wire.records.into_iter().map(RawValue::get).collect() };
        if let Some(at) = block.records.iter().position(|record| record.len() < RECORD_BYTES_MIN) {
            return Err(BadBlock::Short(at));
        }
        if block.is_written_as(bytes) { Ok(block) } else { Err(BadBlock::Shape("it is not canonical".to_owned())) }
    }

    fn is_written_as(&self, bytes: &[u8]) -> bool {
        let rest =
            bytes.strip_prefix(b"{\"header\":").and_then(|rest| rest.strip_prefix(self.header.text().as_bytes()));
        let Some(mut rest) = rest.and_then(|rest| rest.strip_prefix(b",\"records\":[")) else { return false };
        for (index, record) in self.records.iter().enumerate() {
            let separator: &[u8] = if index == 0 { b"" } else { b"," };
            let after = rest.strip_prefix(separator).and_then(|rest| rest.strip_prefix(record.as_bytes()));
            let Some(after) = after else { return false };
            rest = after;
        }
        rest == b"]}"
    }
}

/// Why a block is not valid.
#[derive(Debug, Error)]
pub enum Invalid {
    /// It does not follow from its parent.
    #[error("{0} is not what the parent leads to")]
    Header(&'static str),
    /// The records' root differs.
    #[error("the records are not those of the header")]
    Records,
    /// A record in it is refused.
    #[error("record {index} is refused: {refusal}")]
    Refused {
        /// Position in the block.
        index: usize,
        /// The rule against it.
        refusal: Refusal,
    },
    /// More of one organisation or key than its quota allows.
    #[error("record {index} is more than its author may have of a block")]
    Quota {
        /// Position in the block.
        index: usize,
    },
    /// More rows than a block may change.
    #[error("the block changes more than {BLOCK_ROWS_MAX} rows")]
    Rows,
    /// Our own machine failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// Executes records in order and returns what they change. Valid blocks hold only records that take effect.
///
/// # Errors
/// [`Invalid::Refused`], [`Invalid::Quota`], [`Invalid::Rows`] or [`Invalid::Fault`].
pub fn execute_all(base: &dyn Snapshot, moment: &Moment, records: &[Submission]) -> Result<Changes, Invalid> {
    let mut overlay = Overlay::new(base);
    let mut shares = Shares::default();
    for (index, record) in records.iter().enumerate() {
        let Effects { charge, stamp, writes } = check(&overlay, moment, record).map_err(|stop| match stop {
            Stop::Refused(refusal) => Invalid::Refused { index, refusal },
            Stop::Fault(fault) => Invalid::Fault(fault),
        })?;
        if charge.as_ref().is_some_and(|charge| !shares.allow(charge)) {
            return Err(Invalid::Quota { index });
        }
        if !overlay.has_room_for(&writes, BLOCK_ROWS_MAX) {
            return Err(Invalid::Rows);
        }
        overlay.apply(writes, stamp)?;
        if let Some(charge) = charge {
            shares.add(charge);
        }
    }
    Ok(overlay.into_changes())
}

/// The seals of records, in their order.
pub fn seals(records: &[Submission]) -> impl Iterator<Item = &Hash> {
    records.iter().map(|record| &record.record().seal)
}

/// Reads a header that stands alone.
///
/// # Errors
/// [`BadBlock::Shape`].
pub fn read_header(text: &str) -> Result<Header, BadBlock> {
    exact::read(text).map_err(|error| BadBlock::Shape(error.to_string()))
}
