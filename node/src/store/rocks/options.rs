//! How RocksDB is set up.

use hefu_contracts::schema::Table;
use rocksdb::{
    BlockBasedIndexType, BlockBasedOptions, Cache, DBCompressionType, LogLevel, Options, WriteBufferManager,
    WriteOptions,
};

/// What the store keeps in memory, of all tables: blocks that were read, and writes that are in no file yet.
const CACHE_BYTES: usize = 128 << 20;

/// Of that, writes of all tables before the largest of them goes into a file. Without this limit tables that are seldom
/// written to would hold theirs until the log is full, and memory would grow for as long.
const WRITES_BYTES: usize = 64 << 20;

/// Writes kept in memory before they go into a file, for one table.
const MEMORY_BYTES: usize = 32 << 20;

/// Log written before all tables that it covers are flushed: what a restart has to read.
const LOG_BYTES_MAX: u64 = 256 << 20;

/// Values from this size on are kept apart from their keys, so that compaction does not copy them again and again.
const BLOB_BYTES_MIN: u64 = 1_024;

/// One in a hundred lookups of an absent key reads the disk.
const BLOOM_BITS: f64 = 10.0;

/// The part of [`MEMORY_BYTES`] that the same filter takes for what is not in a file yet.
const MEMORY_BLOOM_RATIO: f64 = 0.02;

/// What is read at once. Half of it was not measurably faster among a million items, and has twice as many pieces of indices.
const BLOCK_BYTES: usize = 8 << 10;

/// RocksDB's own log files, for a human after a failure.
const INFO_LOGS_MAX: usize = 4;
const INFO_LOG_BYTES_MAX: usize = 4 << 20;

/// Files open at once.
const FILES_MAX: i32 = 512;

/// Settings of the whole database.
pub(super) fn database() -> Options {
    let mut options = Options::default();
    // Every read checks its checksum; the default recovery drops a torn tail of the log, which the watermark notices.
    options.set_paranoid_checks(true);
    options.set_max_total_wal_size(LOG_BYTES_MAX);
    options.set_max_open_files(FILES_MAX);
    options.set_max_background_jobs(2);
    options.set_log_level(LogLevel::Warn);
    options.set_keep_log_file_num(INFO_LOGS_MAX);
    options.set_max_log_file_size(INFO_LOG_BYTES_MAX);
    options
}

/// Settings of the whole database once it is opened: its writes take their memory from the cache.
pub(super) fn opened(cache: &Cache) -> Options {
    let mut options = database();
    let writes = WriteBufferManager::new_write_buffer_manager_with_cache(WRITES_BYTES, false, cache.clone());
    options.set_write_buffer_manager(&writes);
    options
}

/// The cache of all tables.
pub(super) fn cache() -> Cache {
    Cache::new_lru_cache(CACHE_BYTES)
}

/// Settings of one table.
pub(super) fn table(table: Table, cache: &Cache) -> Options {
    let mut blocks = BlockBasedOptions::default();
    blocks.set_block_cache(cache);
    blocks.set_block_size(BLOCK_BYTES);
    blocks.set_bloom_filter(BLOOM_BITS, false);
    // Indices and filters of large files are cut into pieces: whole they are as large as what a shard of the cache holds, and
    // push each other out of it.
    blocks.set_index_type(BlockBasedIndexType::TwoLevelIndexSearch);
    blocks.set_partition_filters(true);
    blocks.set_metadata_block_size(BLOCK_BYTES);
    blocks.set_pin_top_level_index_and_filter(true);
    blocks.set_cache_index_and_filter_blocks(true);
    blocks.set_pin_l0_filter_and_index_blocks_in_cache(true);
    let mut options = Options::default();
    options.set_write_buffer_size(MEMORY_BYTES);
    options.set_paranoid_checks(true);
    if let Table::Rows | Table::Buckets | Table::Ids = table {
        // Rules ask for many keys that are absent; a filter answers without looking through what is not in a file yet.
        options.set_memtable_whole_key_filtering(true);
        options.set_memtable_prefix_bloom_ratio(MEMORY_BLOOM_RATIO);
    }
    match table {
        // Hashes cannot be made smaller.
        Table::Buckets | Table::Ids => {
            options.set_compression_type(DBCompressionType::None);
        }
        // State is read all over the place for every record: unpacking Zstandard would cost more than executing it.
        Table::Rows
        | Table::Entries
        | Table::Onward
        | Table::Alike
        | Table::Events
        | Table::Heights
        | Table::Genesis
        | Table::Tip => {
            options.set_compression_type(DBCompressionType::Lz4);
        }
        Table::Records | Table::Candidates | Table::Blocks | Table::Values => {
            options.set_compression_type(DBCompressionType::Lz4);
            options.set_bottommost_compression_type(DBCompressionType::Zstd);
        }
    }
    options.set_block_based_table_factory(&blocks);
    match table {
        Table::Records => {
            options.set_enable_blob_files(true);
            options.set_min_blob_size(BLOB_BYTES_MIN);
            options.set_blob_compression_type(DBCompressionType::Lz4);
        }
        Table::Candidates => {
            options.set_enable_blob_files(true);
            options.set_min_blob_size(BLOB_BYTES_MIN);
            // They live for seconds: what is flushed at all is garbage soon after.
            options.set_enable_blob_gc(true);
        }
        Table::Genesis
        | Table::Blocks
        | Table::Ids
        | Table::Heights
        | Table::Events
        | Table::Values
        | Table::Rows
        | Table::Entries
        | Table::Onward
        | Table::Alike
        | Table::Buckets
        | Table::Tip => {}
    }
    options
}

/// A write that is on the disk before it is answered.
pub(super) fn synced() -> WriteOptions {
    let mut options = WriteOptions::default();
    options.set_sync(true);
    options
}
