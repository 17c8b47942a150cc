//! The shelf on the disk.

use std::path::Path;

use hefu_api::epcis::{Changes, Shelf};
use hefu_contracts::state::Fault;
use rocksdb::{DB, Direction, IteratorMode, Options, WriteBatch, WriteOptions};

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

fn text(bytes: Vec<u8>) -> Result<String, Fault> {
    String::from_utf8(bytes).map_err(Fault::new)
}

impl Shelf for Kept {
    fn get(&self, key: &str) -> Result<Option<String>, Fault> {
        self.0.get(key).map_err(Fault::new)?.map(text).transpose()
    }

    fn under(&self, prefix: &str, after: Option<&str>, most: usize) -> Result<Vec<(String, String)>, Fault> {
        let from = IteratorMode::From(after.unwrap_or(prefix).as_bytes(), Direction::Forward);
        let mut found = Vec::new();
        for entry in self.0.iterator(from) {
            let (key, value) = entry.map_err(Fault::new)?;
            if found.len() >= most || !key.starts_with(prefix.as_bytes()) {
                break;
            }
            if after.is_none_or(|after| *key != *after.as_bytes()) {
                found.push((text(key.into_vec())?, text(value.into_vec())?));
            }
        }
        Ok(found)
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
            shelf.write(vec![put("a/2", "2"), put("a/1", "1"), put("a/3", "3"), put("b", "5")]).unwrap();
            shelf.write(vec![("a/2".to_owned(), None), put("a/3", "4")]).unwrap();
        }
        let shelf = Kept::open(folder.path()).unwrap();
        let all = [entry("a/1", "1"), entry("a/3", "4"), entry("b", "5")];
        assert_eq!(shelf.under("", None, 9).unwrap(), all);
        assert_eq!(shelf.under("a/", None, 9).unwrap(), all[..2]);
        assert_eq!(shelf.under("a/", None, 1).unwrap(), all[..1]);
        assert_eq!(shelf.under("a/", Some("a/1"), 9).unwrap(), all[1..2]);
        // What it follows need not be there.
        assert_eq!(shelf.under("a/", Some("a/2"), 9).unwrap(), all[1..2]);
        let of = |key: &str| shelf.get(key).unwrap();
        assert_eq!((of("a/3").as_deref(), of("a/2"), of("a")), (Some("4"), None, None));
    }
}
