//! Keys and values as bytes. Numbers are big-endian, so that the order of keys is the order of numbers.

use hefu_contracts::{block::Header, certificate::Certificate, height::Height};
use hefu_keys::Hash;
use serde::Deserialize;

/// Separates a row's key from an entry's position: no row key holds a zero byte.
const SEPARATOR: u8 = 0;

/// Where a record stands: height of its block and position in it, from 0.
pub type Place = (Height, u32);

/// Key of a block.
pub fn height_key(height: Height) -> [u8; 8] {
    height.get().to_be_bytes()
}

/// Key of a record: height ‖ position.
pub fn record_key((height, index): Place) -> [u8; 12] {
    let mut key = [0; 12];
    let (head, tail) = key.split_at_mut(8);
    head.copy_from_slice(&height.get().to_be_bytes());
    tail.copy_from_slice(&index.to_be_bytes());
    key
}

/// What a record's id leads to: the key of the record.
pub fn id_value(place: Place) -> [u8; 12] {
    record_key(place)
}

/// The place that [`id_value`] wrote.
pub(super) fn read_place(bytes: &[u8]) -> Option<Place> {
    let (height, index) = bytes.split_at_checked(8)?;
    let height = Height::new(u64::from_be_bytes(height.try_into().ok()?))?;
    Some((height, u32::from_be_bytes(index.try_into().ok()?)))
}

/// The height that [`height_key`] wrote.
pub(super) fn read_height(bytes: &[u8]) -> Option<Height> {
    Height::new(u64::from_be_bytes(bytes.try_into().ok()?))
}

/// A number of records.
pub fn count_value(count: u64) -> [u8; 8] {
    count.to_be_bytes()
}

/// The number that [`count_value`] wrote.
pub(super) fn read_count(bytes: &[u8]) -> Option<u64> {
    bytes.try_into().ok().map(u64::from_be_bytes)
}

/// Key of an entry: row key ‖ 0 ‖ position, from 1.
pub fn entry_key(row: &str, n: u64) -> Vec<u8> {
    let mut key = Vec::with_capacity(row.len().saturating_add(9));
    key.extend_from_slice(row.as_bytes());
    key.push(SEPARATOR);
    key.extend_from_slice(&n.to_be_bytes());
    key
}

/// Row key and position of an entry.
pub(super) fn read_entry_key(bytes: &[u8]) -> Option<(&str, u64)> {
    let (row, n) = bytes.split_last_chunk::<8>()?;
    let row = row.strip_suffix(&[SEPARATOR])?;
    Some((std::str::from_utf8(row).ok()?, u64::from_be_bytes(*n)))
}

/// Key of what a row leads on to: its key ‖ 0 ‖ the other's.
pub fn onward_key(from: &str, to: &str) -> Vec<u8> {
    let mut key = Vec::with_capacity(from.len().saturating_add(to.len()).saturating_add(1));
    key.extend_from_slice(from.as_bytes());
    key.push(SEPARATOR);
    key.extend_from_slice(to.as_bytes());
    key
}

/// The key that [`onward_key`] was given last.
pub(super) fn read_onward_key(bytes: &[u8]) -> Option<&str> {
    let at = bytes.iter().position(|byte| *byte == SEPARATOR)?;
    std::str::from_utf8(bytes.get(at.saturating_add(1)..)?).ok()
}

/// Key of a detached value: record id ‖ JSON Pointer.
pub fn value_key(record: &Hash, pointer: &str) -> Vec<u8> {
    let mut key = record.as_bytes().to_vec();
    key.extend_from_slice(pointer.as_bytes());
    key
}

/// Record id and pointer of a detached value.
pub(super) fn read_value_key(bytes: &[u8]) -> Option<(Hash, &str)> {
    let (record, pointer) = bytes.split_first_chunk::<32>()?;
    Some((Hash::from_bytes(*record), std::str::from_utf8(pointer).ok()?))
}

/// Key of a bucket.
pub fn bucket_key(index: u32) -> [u8; 4] {
    index.to_be_bytes()
}

/// A header with its certificate, as the table of blocks holds them.
pub fn block_text(header: &Header, certificate: &Certificate) -> String {
    format!("{{\"certificate\":{},\"header\":{}}}", certificate.text(), header.text())
}

/// What [`block_text`] wrote.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BlockIn {
    pub certificate: Certificate,
    pub header: Header,
}
