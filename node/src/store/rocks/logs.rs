//! A look at RocksDB's logs before RocksDB reads them.
//!
//! The MANIFEST lists the files of a store, and the write-ahead logs hold what no table file holds yet. Both have RocksDB's
//! own format: blocks of 32 KiB, in them records, each behind a header of four bytes checksum, two of length and one of
//! type. RocksDB finds a changed record by its checksum, with one exception: a type of a recycled log, which ours never
//! are, is believed before the checksum is looked at, and sends its reader round in circles for ever.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::Path,
};

const BLOCK_BYTES: usize = 32 << 10;
const HEADER_BYTES: usize = 7;

/// What fills a block's rest and space that was asked for ahead; nothing of its block comes after it.
const TYPE_NONE: u8 = 0;

/// Whole records and their first, middle and last pieces.
const TYPE_MAX: u8 = 4;

/// A byte of a log that no program of ours has written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Damage {
    /// Name of the file.
    pub file: String,
    /// Where in it.
    pub at: usize,
}

/// Looks through the MANIFEST that is in use and the write-ahead logs. Everything else that can be wrong with them RocksDB
/// finds itself.
///
/// # Errors
/// From the file system.
pub(super) fn damage(tables: &Path) -> io::Result<Option<Damage>> {
    let current = fs::read_to_string(tables.join("CURRENT"))?;
    let current = current.trim_end();
    let mut names = Vec::new();
    for entry in fs::read_dir(tables)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name == current && name.starts_with("MANIFEST-") || name.ends_with(".log") {
            names.push(name);
        }
    }
    names.sort_unstable();
    for file in names {
        if let Some(at) = strange_type(File::open(tables.join(&file))?)? {
            return Ok(Some(Damage { file, at }));
        }
    }
    Ok(None)
}

/// Where the first record begins whose type is none of ours.
fn strange_type(mut file: impl Read) -> io::Result<Option<usize>> {
    let mut block = Vec::with_capacity(BLOCK_BYTES);
    let mut begin = 0_usize;
    loop {
        block.clear();
        file.by_ref().take(BLOCK_BYTES as u64).read_to_end(&mut block)?;
        if let Some(at) = strange_type_in(&block) {
            return Ok(Some(begin.saturating_add(at)));
        }
        if block.len() < BLOCK_BYTES {
            return Ok(None);
        }
        begin = begin.saturating_add(BLOCK_BYTES);
    }
}

fn strange_type_in(block: &[u8]) -> Option<usize> {
    let mut at = 0_usize;
    while let Some([_, _, _, _, low, high, kind]) = block.get(at..at.saturating_add(HEADER_BYTES)) {
        match *kind {
            TYPE_NONE => return None,
            1..=TYPE_MAX => {}
            _ => return Some(at),
        }
        let length = usize::from(u16::from_le_bytes([*low, *high]));
        at = at.saturating_add(HEADER_BYTES).saturating_add(length);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strange(bytes: &[u8]) -> Option<usize> {
        strange_type(bytes).unwrap()
    }

    fn record(kind: u8, length: usize) -> Vec<u8> {
        let mut bytes = vec![1, 2, 3, 4];
        bytes.extend(u16::try_from(length).unwrap().to_le_bytes());
        bytes.push(kind);
        bytes.extend(std::iter::repeat_n(9, length));
        bytes
    }

    #[test]
    fn only_types_of_our_logs_are_taken() {
        let sound = [record(1, 10), record(2, 40), record(3, 5), record(4, 0)].concat();
        assert_eq!(strange(&sound), None);
        assert_eq!(strange(&[]), None);
        for kind in [5, 6, 7, 8, 130, 255] {
            assert_eq!(strange(&[sound.clone(), record(kind, 3)].concat()), Some(sound.len()));
        }
    }

    #[test]
    fn a_block_ends_before_a_header_that_would_not_fit() {
        let mut bytes = record(2, BLOCK_BYTES - HEADER_BYTES - 3);
        bytes.extend([0, 0, 0]);
        assert_eq!(bytes.len(), BLOCK_BYTES);
        bytes.extend(record(4, 20));
        assert_eq!(strange(&bytes), None);
        let second = bytes.len();
        bytes.extend(record(6, 20));
        assert_eq!(strange(&bytes), Some(second));
    }

    /// As a power cut leaves a log whose space was asked for ahead: nothing where the last header should be.
    #[test]
    fn what_comes_after_nothing_is_left_to_rocksdb() {
        let torn = [record(1, 10), vec![0; 40], record(200, 8)].concat();
        assert_eq!(strange(&torn), None);
    }

    #[test]
    fn a_cut_or_absent_end_is_left_to_rocksdb() {
        let bytes = record(1, 50);
        assert!((0..bytes.len()).all(|end| strange(&bytes[..end]).is_none()));
    }
}
