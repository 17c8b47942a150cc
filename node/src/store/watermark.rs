//! A file beside the tables that remembers how far they reached.
//!
//! RocksDB drops a damaged tail of its log when it opens, which is right after a crash and silently loses blocks after
//! a disk has lied. The node has promised those blocks to others, so it must notice: after each block its height and id
//! are written here, in one of two slots by turns, each with a checksum. A write torn by a crash spoils one slot; the
//! other still says the height before.

use std::{
    fs::{File, OpenOptions},
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use hefu_contracts::height::Height;
use hefu_keys::Hash;

use super::{Mark, StoreError};

/// A slot is written as one sector.
const SLOT_BYTES: usize = 512;
const SLOTS: u64 = 2;

/// What a slot begins with; the digit is the format.
const MAGIC: &[u8; 8] = b"HEFU-WM1";

/// magic ‖ height ‖ block id, followed by their SHA-256.
const BODY_BYTES: usize = 48;

/// The open file.
pub(super) struct Watermark {
    file: File,
    path: PathBuf,
}

/// The tables are not what the node had when it was last seen.
#[derive(Debug, thiserror::Error)]
pub enum WatermarkError {
    /// Blocks are gone.
    #[error(
        "the store in {path} reaches height {tip}, but the node had committed {mark}: the disk has lost what it had \
         confirmed. Move the directory away and let the node catch up from others, or restore a backup; look at the disk"
    )]
    Lost {
        /// The watermark file.
        path: PathBuf,
        /// Height of the tables.
        tip: Height,
        /// Height of the watermark.
        mark: Height,
    },
    /// Another block stands at the height.
    #[error(
        "the store in {path} holds block {tip} at height {height}, but the node had committed {mark}: the tables are not \
         those of this node. Restore both from one backup, or move the directory away and let the node catch up"
    )]
    Other {
        /// The watermark file.
        path: PathBuf,
        /// The height.
        height: Height,
        /// Id in the tables.
        tip: Hash,
        /// Id in the watermark.
        mark: Hash,
    },
    /// No slot can be read.
    #[error(
        "{path} is damaged or missing, so it cannot be known whether the store has lost blocks. Restore it from a \
         backup together with the store, or move the directory away and let the node catch up from others"
    )]
    Unreadable {
        /// The watermark file.
        path: PathBuf,
        /// The system's words, where it has any.
        source: Option<io::Error>,
    },
    /// It cannot be written.
    #[error(transparent)]
    Write(#[from] StoreError),
}

impl Watermark {
    /// Writes the file of a chain without blocks.
    pub(super) fn create(path: &Path) -> Result<Watermark, WatermarkError> {
        let opened = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(path);
        let failed = |source| StoreError::Watermark { path: path.to_owned(), source };
        let file = opened.map_err(failed)?;
        let mut watermark = Watermark { file, path: path.to_owned() };
        watermark.note(Mark { height: Height::GENESIS, block: Hash::ZERO })?;
        Ok(watermark)
    }

    /// Opens the file and compares it with the last block of the tables, which may be one ahead: a crash between the
    /// two writes.
    pub(super) fn open(path: &Path, tip: Mark) -> Result<Watermark, WatermarkError> {
        Watermark::compare(path, tip)?;
        let unreadable = |source| WatermarkError::Unreadable { path: path.to_owned(), source: Some(source) };
        let file = OpenOptions::new().read(true).write(true).open(path).map_err(unreadable)?;
        Ok(Watermark { file, path: path.to_owned() })
    }

    /// Only the comparison.
    pub(super) fn compare(path: &Path, tip: Mark) -> Result<(), WatermarkError> {
        let mark = read(path)?;
        if tip.height < mark.height {
            let path = path.to_owned();
            return Err(WatermarkError::Lost { path, tip: tip.height, mark: mark.height });
        }
        if tip.height == mark.height && tip.height > Height::GENESIS && tip.block != mark.block {
            let path = path.to_owned();
            return Err(WatermarkError::Other { path, height: tip.height, tip: tip.block, mark: mark.block });
        }
        Ok(())
    }

    /// Remembers a block; on the disk before the answer.
    pub(super) fn note(&mut self, mark: Mark) -> Result<(), StoreError> {
        let slot = mark.height.get().checked_rem(SLOTS).unwrap_or(0);
        let offset = slot.saturating_mul(SLOT_BYTES as u64);
        let written = self.file.write_all_at(&write(mark), offset).and_then(|()| self.file.sync_data());
        written.map_err(|source| StoreError::Watermark { path: self.path.clone(), source })
    }
}

fn write(mark: Mark) -> Vec<u8> {
    let mut slot = Vec::with_capacity(SLOT_BYTES);
    slot.extend_from_slice(MAGIC);
    slot.extend_from_slice(&mark.height.get().to_be_bytes());
    slot.extend_from_slice(mark.block.as_bytes());
    let sum = Hash::of(&slot);
    slot.extend_from_slice(sum.as_bytes());
    slot.resize(SLOT_BYTES, 0);
    slot
}

/// The highest mark of the slots that can be read.
pub(super) fn read(path: &Path) -> Result<Mark, WatermarkError> {
    let unreadable = |source| WatermarkError::Unreadable { path: path.to_owned(), source };
    let bytes = std::fs::read(path).map_err(|source| unreadable(Some(source)))?;
    let marks = bytes.chunks(SLOT_BYTES).filter_map(read_slot);
    marks.max_by_key(|mark| mark.height).ok_or_else(|| unreadable(None))
}

fn read_slot(slot: &[u8]) -> Option<Mark> {
    let (body, rest) = slot.split_at_checked(BODY_BYTES)?;
    let sum: &[u8; 32] = rest.first_chunk()?;
    if Hash::of(body).as_bytes() != sum {
        return None;
    }
    let (height, block) = body.strip_prefix(MAGIC)?.split_first_chunk::<8>()?;
    let block = Hash::from_bytes(block.try_into().ok()?);
    Some(Mark { height: Height::new(u64::from_be_bytes(*height))?, block })
}

#[cfg(test)]
mod tests;
