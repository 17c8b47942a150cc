//! A look at RocksDB's MANIFEST before RocksDB reads it.
//!
//! The MANIFEST lists the files of a store. It is a log in RocksDB's own format: blocks of 32 KiB, in them records, each
//! behind a header of four bytes checksum, two of length and one of type. RocksDB finds a changed record by its
//! checksum, with one exception: a type of a recycled log, which a MANIFEST never is, is believed before the checksum is
//! looked at, and sends its reader round in circles for ever.

use std::{fs, io, path::Path};

const BLOCK_BYTES: usize = 32 << 10;
const HEADER_BYTES: usize = 7;

/// Whole records and their first, middle and last pieces; 0 fills what is left of a block.
const TYPE_MAX: u8 = 4;

/// A byte of a MANIFEST that no program of ours has written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Damage {
    /// Name of the file.
    pub file: String,
    /// Where in it.
    pub at: usize,
}

/// Looks through the MANIFEST that is in use. Everything else that can be wrong with it RocksDB finds itself.
///
/// # Errors
/// From the file system.
pub(super) fn damage(tables: &Path) -> io::Result<Option<Damage>> {
    let current = fs::read_to_string(tables.join("CURRENT"))?;
    let file = current.trim_end().to_owned();
    if !file.starts_with("MANIFEST-") || file.contains('/') {
        return Ok(None);
    }
    let bytes = fs::read(tables.join(&file))?;
    Ok(strange_type(&bytes).map(|at| Damage { file, at }))
}

/// Where the first record begins whose type is none of a MANIFEST's.
fn strange_type(bytes: &[u8]) -> Option<usize> {
    bytes.chunks(BLOCK_BYTES).zip(0_usize..).find_map(|(block, number)| {
        let mut at = 0_usize;
        while let Some([_, _, _, _, low, high, kind]) = block.get(at..at.saturating_add(HEADER_BYTES)) {
            if *kind > TYPE_MAX {
                return Some(number.saturating_mul(BLOCK_BYTES).saturating_add(at));
            }
            let length = usize::from(u16::from_le_bytes([*low, *high]));
            at = at.saturating_add(HEADER_BYTES).saturating_add(length);
        }
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(kind: u8, length: usize) -> Vec<u8> {
        let mut bytes = vec![1, 2, 3, 4];
        bytes.extend(u16::try_from(length).unwrap().to_le_bytes());
        bytes.push(kind);
        bytes.extend(std::iter::repeat_n(9, length));
        bytes
    }

    #[test]
    fn only_types_of_a_manifest_are_taken() {
        let sound = [record(1, 10), record(2, 40), record(3, 5), record(4, 0)].concat();
        assert_eq!(strange_type(&sound), None);
        assert_eq!(strange_type(&[]), None);
        for kind in [5, 6, 7, 8, 130, 255] {
            assert_eq!(strange_type(&[sound.clone(), record(kind, 3)].concat()), Some(sound.len()));
        }
    }

    #[test]
    fn a_block_ends_before_a_header_that_would_not_fit() {
        let mut bytes = record(2, BLOCK_BYTES - HEADER_BYTES - 3);
        bytes.extend([0, 0, 0]);
        assert_eq!(bytes.len(), BLOCK_BYTES);
        bytes.extend(record(4, 20));
        assert_eq!(strange_type(&bytes), None);
        let second = bytes.len();
        bytes.extend(record(6, 20));
        assert_eq!(strange_type(&bytes), Some(second));
    }

    #[test]
    fn a_cut_or_absent_end_is_left_to_rocksdb() {
        let bytes = record(1, 50);
        assert!((0..bytes.len()).all(|end| strange_type(&bytes[..end]).is_none()));
    }
}
