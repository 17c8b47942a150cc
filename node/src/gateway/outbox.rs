//! The outbox: jobs and the signed records that are still on their way, on the disk before anybody is answered.

use std::path::Path;

use hefu_api::epcis::capture::Job;
use hefu_contracts::time::Time;
use hefu_keys::Hash;
use rocksdb::{DB, Direction, IteratorMode, Options, WriteBatch, WriteOptions};
use serde::{Serialize, de::DeserializeOwned};
use thiserror::Error;

/// For which chain the gateway signs.
const CHAIN: &[u8] = b"meta/chain";
/// The next sequence number of the key.
const SEQ: &[u8] = b"meta/seq";

/// The outbox cannot be used.
#[derive(Debug, Error)]
pub enum OutboxError {
    /// The disk, or another gateway that uses the directory.
    #[error("the outbox cannot be read or written")]
    Store(#[from] rocksdb::Error),
    /// What stands in it is not what was written.
    #[error("the outbox is damaged")]
    Damaged(#[from] serde_json::Error),
}

/// Signed records, by the places of their events in their job.
pub type Records = Vec<(usize, String)>;

/// A key and its value, or why they cannot be read.
type Kept = Result<(Box<[u8]>, Box<[u8]>), rocksdb::Error>;

/// The outbox in a directory. One process at a time has it.
pub struct Outbox(DB);

fn job_key(id: &str) -> Vec<u8> {
    format!("job/{id}").into_bytes()
}

fn open_key(id: &str) -> Vec<u8> {
    format!("open/{id}").into_bytes()
}

fn out_key(id: &str, index: usize) -> Vec<u8> {
    format!("out/{id}/{index:05}").into_bytes()
}

impl Outbox {
    /// Opens it, or makes it.
    ///
    /// # Errors
    /// [`OutboxError`].
    pub fn open(directory: &Path) -> Result<Outbox, OutboxError> {
        let mut options = Options::default();
        options.create_if_missing(true);
        options.set_paranoid_checks(true);
        options.set_keep_log_file_num(4);
        Ok(Outbox(DB::open(&options, directory)?))
    }

    /// The chain that it was made for.
    ///
    /// # Errors
    /// [`OutboxError`].
    pub fn chain(&self) -> Result<Option<Hash>, OutboxError> {
        self.get(CHAIN)
    }

    /// The next sequence number; `None` before the first start.
    ///
    /// # Errors
    /// [`OutboxError`].
    pub fn seq(&self) -> Result<Option<u64>, OutboxError> {
        self.get(SEQ)
    }

    /// Notes chain and next sequence number.
    ///
    /// # Errors
    /// [`OutboxError`].
    pub fn begin(&self, chain: &Hash, seq: u64) -> Result<(), OutboxError> {
        let mut batch = WriteBatch::default();
        put(&mut batch, CHAIN, chain)?;
        put(&mut batch, SEQ, &seq)?;
        self.write(batch)
    }

    /// Takes a job in with its signed records, by the places of their events.
    ///
    /// # Errors
    /// [`OutboxError`]; nothing was taken in then.
    pub fn add(&self, job: &Job, records: &[(usize, String)], seq: u64) -> Result<(), OutboxError> {
        let mut batch = WriteBatch::default();
        put(&mut batch, SEQ, &seq)?;
        put(&mut batch, job_key(&job.id), job)?;
        for (index, submission) in records {
            batch.put(out_key(&job.id, *index), submission);
        }
        if job.running {
            batch.put(open_key(&job.id), []);
        }
        self.write(batch)
    }

    /// Notes what became of a job's events: those that were told leave the outbox.
    ///
    /// # Errors
    /// [`OutboxError`].
    pub fn settle(&self, job: &Job, told: &[usize], again: &[(usize, String)], seq: u64) -> Result<(), OutboxError> {
        let mut batch = WriteBatch::default();
        put(&mut batch, SEQ, &seq)?;
        put(&mut batch, job_key(&job.id), job)?;
        for index in told {
            batch.delete(out_key(&job.id, *index));
        }
        for (index, submission) in again {
            batch.put(out_key(&job.id, *index), submission);
        }
        if !job.running {
            batch.delete(open_key(&job.id));
        }
        self.write(batch)
    }

    /// Ids of jobs with records on their way, the oldest first, at most so many.
    ///
    /// # Errors
    /// [`OutboxError`].
    pub fn open_jobs(&self, most: usize) -> Result<Vec<String>, OutboxError> {
        let id = |key: Box<[u8]>| String::from_utf8_lossy(key.strip_prefix(b"open/").unwrap_or_default()).into_owned();
        self.from(b"open/", b"open/").take(most).map(|one| Ok(id(one?.0))).collect()
    }

    /// A job with its records on their way.
    ///
    /// # Errors
    /// [`OutboxError`].
    pub fn waiting(&self, id: &str) -> Result<Option<(Job, Records)>, OutboxError> {
        let Some(job) = self.job(id)? else { return Ok(None) };
        let prefix = format!("out/{id}/").into_bytes();
        let mut records = Vec::new();
        for one in self.from(&prefix, &prefix) {
            let (key, submission) = one?;
            let index =
                key.strip_prefix(prefix.as_slice()).and_then(|index| std::str::from_utf8(index).ok()?.parse().ok());
            if let (Some(index), Ok(submission)) = (index, String::from_utf8(submission.to_vec())) {
                records.push((index, submission));
            }
        }
        Ok(Some((job, records)))
    }

    /// Forgets jobs that were finished before a time, at most so many; how many there were.
    ///
    /// # Errors
    /// [`OutboxError`].
    pub fn forget(&self, before: Time, most: usize) -> Result<usize, OutboxError> {
        let mut batch = WriteBatch::default();
        let mut count = 0_usize;
        for one in self.from(b"job/", b"job/") {
            let (key, job) = one?;
            let job: Job = serde_json::from_slice(&job)?;
            // Ids grow with time: what follows is younger.
            if job.created_at >= before || count >= most {
                break;
            }
            if job.finished_at.is_some_and(|finished| finished < before) {
                batch.delete(key);
                count = count.saturating_add(1);
            }
        }
        if count > 0 {
            self.write(batch)?;
        }
        Ok(count)
    }

    /// A job.
    ///
    /// # Errors
    /// [`OutboxError`].
    pub fn job(&self, id: &str) -> Result<Option<Job>, OutboxError> {
        self.get(&job_key(id))
    }

    /// Jobs behind one, in the order of their ids.
    ///
    /// # Errors
    /// [`OutboxError`].
    pub fn jobs(&self, after: Option<&str>, most: usize) -> Result<Vec<Job>, OutboxError> {
        let start = after.map_or_else(|| b"job/".to_vec(), |id| [job_key(id), vec![0]].concat());
        let jobs = self.from(&start, b"job/").take(most);
        jobs.map(|one| Ok(serde_json::from_slice(&one?.1)?)).collect()
    }

    fn from<'a>(&'a self, start: &[u8], prefix: &'a [u8]) -> impl Iterator<Item = Kept> + 'a {
        let found = self.0.iterator(IteratorMode::From(start, Direction::Forward));
        found.take_while(move |one| one.as_ref().map_or(true, |(key, _)| key.starts_with(prefix)))
    }

    fn get<T: DeserializeOwned>(&self, key: &[u8]) -> Result<Option<T>, OutboxError> {
        let found = self.0.get(key)?;
        Ok(found.map(|value| serde_json::from_slice(&value)).transpose()?)
    }

    /// What was written is on the disk.
    fn write(&self, batch: WriteBatch) -> Result<(), OutboxError> {
        let mut options = WriteOptions::default();
        options.set_sync(true);
        Ok(self.0.write_opt(batch, &options)?)
    }
}

fn put<T: Serialize>(batch: &mut WriteBatch, key: impl AsRef<[u8]>, value: &T) -> Result<(), OutboxError> {
    batch.put(key, serde_json::to_vec(value)?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use hefu_api::epcis::capture::{Behaviour, EventResult, Verdict, new_id};
    use hefu_contracts::time::Millis;

    use super::*;

    #[test]
    fn only_jobs_that_are_finished_long_enough_are_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let outbox = Outbox::open(folder.path()).unwrap();
        let begun = Time::from_rfc3339("2026-11-28T00:00:00Z").unwrap();
        let mut ids = Vec::new();
        for (minute, is_finished) in [(0, true), (1, false), (2, true), (3, true)] {
            let time = begun.plus(Millis(minute * 60_000));
            let mut result = EventResult::waiting("/0".to_owned(), String::new(), None);
            if is_finished {
                result.result = Verdict::Accepted;
            }
            let job = Job::new(new_id(time).unwrap(), time, Behaviour::Rollback, vec![result]);
            outbox.add(&job, &[(0, "{}".to_owned())], 1).unwrap();
            ids.push(job.id);
        }
        let kept = || outbox.jobs(None, 10).unwrap().into_iter().map(|job| job.id).collect::<Vec<_>>();
        assert_eq!(outbox.forget(begun, 10).unwrap(), 0);
        assert_eq!(outbox.forget(begun.plus(Millis(180_000)), 1).unwrap(), 1);
        assert_eq!(kept(), ids[1..]);
        assert_eq!(outbox.forget(begun.plus(Millis(180_000)), 10).unwrap(), 1);
        assert_eq!(kept(), [ids[1].clone(), ids[3].clone()]);
        assert_eq!(outbox.open_jobs(10).unwrap(), [ids[1].clone()]);
        assert_eq!(outbox.waiting(&ids[1]).unwrap().unwrap().1.len(), 1);
    }
}
