//! The shelf on the disk.

use std::path::Path;

use hefu_api::epcis::queries::{Changes, Shelf};
use hefu_contracts::state::Fault;
use rocksdb::{DB, IteratorMode, Options, WriteBatch, WriteOptions};

/// Bytes of memory for what was written last; more is never written at once.
const BUFFER_BYTES: usize = 1 << 20;

/// A shelf in a directory. One process at a time has it.
pub struct Kept(DB);

impl Kept {
    /// Opens it, or makes it.
    ///
    /// # Errors
    /// Where the disk fails, or another process has it.
    pub fn open(directory: &Path) -> Result<Kept, rocksdb::Error> {
        let mut options = Options::default();
        options.create_if_missing(true);
        options.set_paranoid_checks(true);
        options.set_keep_log_file_num(2);
        options.set_write_buffer_size(BUFFER_BYTES);
        Ok(Kept(DB::open(&options, directory)?))
    }
}

impl Shelf for Kept {
    fn all(&self) -> Result<Vec<(String, String)>, Fault> {
        let text = |bytes: Box<[u8]>| String::from_utf8(bytes.into_vec()).map_err(Fault::new);
        self.0
            .iterator(IteratorMode::Start)
            .map(|entry| {
                let (key, value) = entry.map_err(Fault::new)?;
                Ok((text(key)?, text(value)?))
            })
            .collect()
    }

    fn write(&self, changes: Changes) -> Result<(), Fault> {
        let mut batch = WriteBatch::default();
        for (key, value) in changes {
            match value {
                Some(value) => batch.put(key, value),
                None => batch.delete(key),
            }
        }
        let mut options = WriteOptions::default();
        options.set_sync(true);
        self.0.write_opt(batch, &options).map_err(Fault::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_there_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let entry = |key: &str, text: &str| (key.to_owned(), text.to_owned());
        let put = |key: &str, text: &str| (key.to_owned(), Some(text.to_owned()));
        {
            let shelf = Kept::open(folder.path()).unwrap();
            assert!(Kept::open(folder.path()).is_err(), "two processes would have it");
            shelf.write(vec![put("b", "2"), put("a", "1"), put("c", "3")]).unwrap();
            shelf.write(vec![("b".to_owned(), None), put("c", "4")]).unwrap();
        }
        let shelf = Kept::open(folder.path()).unwrap();
        assert_eq!(shelf.all().unwrap(), [entry("a", "1"), entry("c", "4")]);
    }
}
