//! The tables of a node's store. Numbers and names are never reused.

/// Version of the tables. A store of another version is refused with advice.
pub const STORE_VERSION: u32 = 10;

/// One table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Table {
    /// `genesis` → the genesis document; `version` → the store's version; `engine` → the engine's.
    Genesis,
    /// Height, u64 big-endian → header and certificate, canonical JSON.
    Blocks,
    /// Height u64 ‖ index u32, big-endian → a record with its annex, as the block holds it.
    Records,
    /// Record id → height u64 ‖ index u32, big-endian.
    Ids,
    /// Block id → height u64 big-endian.
    Heights,
    /// Indices of events, see `provenance::listing`: a letter ‖ what they are found by ‖ height u64 ‖ index u32, big-endian →
    /// the listing under `l`, nothing elsewhere.
    Events,
    /// Record id ‖ JSON Pointer → a detached value with its salt. May be erased.
    Values,
    /// Row key → the row, canonical JSON.
    Rows,
    /// Row key ‖ 0x00 ‖ position u64 big-endian → the entry, canonical JSON.
    Entries,
    /// Row key ‖ 0x00 ‖ key of a row that it has led on to → nothing: an index, see `provenance::onward`.
    Onward,
    /// Row key of a source ‖ 0x00 ‖ a letter ‖ what is alike, or the key of a row that stands alone → how many, u64 big-endian:
    /// an index, see `provenance::alike`.
    Alike,
    /// Bucket index, u32 big-endian → key hashes and row hashes.
    Buckets,
    /// Block id → an undecided block's text, kept until its height is decided.
    Candidates,
    /// `height` → the last committed height, `records` → number of records up to it; u64 big-endian.
    Tip,
}

impl Table {
    /// Every table.
    pub const ALL: [Table; 14] = [
        Table::Genesis,
        Table::Blocks,
        Table::Records,
        Table::Ids,
        Table::Heights,
        Table::Events,
        Table::Values,
        Table::Rows,
        Table::Entries,
        Table::Onward,
        Table::Alike,
        Table::Buckets,
        Table::Candidates,
        Table::Tip,
    ];

    /// The name on disk.
    pub const fn name(self) -> &'static str {
        match self {
            Table::Genesis => "genesis",
            Table::Blocks => "blocks",
            Table::Records => "records",
            Table::Ids => "ids",
            Table::Heights => "heights",
            Table::Events => "events",
            Table::Values => "values",
            Table::Rows => "rows",
            Table::Entries => "entries",
            Table::Onward => "onward",
            Table::Alike => "alike",
            Table::Buckets => "buckets",
            Table::Candidates => "candidates",
            Table::Tip => "tip",
        }
    }
}
