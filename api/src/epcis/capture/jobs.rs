//! A node's jobs on its shelf: what was handed in, what became of it, and the records that are still on their way. They are
//! there before anybody is answered, so that a node that was killed goes on where it was.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hefu_contracts::{
    state::Fault,
    time::{Millis, Time},
};
use serde::{Serialize, de::DeserializeOwned};

use super::Job;
use crate::{
    epcis::shelf::{Changes, Shelf},
    problem::{Door, Problem},
};

/// Most jobs that are remembered.
pub const JOBS_MAX: usize = 10_000;

/// How long a job is remembered after its document came.
pub const JOBS_LAST: Millis = Millis(30 * 24 * 60 * 60 * 1_000);

/// Most documents that are on their way at once, and most bytes of their records.
pub const OPEN_MAX: usize = 1_000;
const OPEN_BYTES_MAX: usize = 256 << 20;

/// Jobs that are forgotten at a time, at most: those that came since the last time are few.
const FORGOTTEN_AT_ONCE: usize = 16;

/// Every job, the oldest first → whose it is; nothing for anybody's.
const TIMES: &str = "capture/time/";
/// Jobs by whose they are.
const OWNERS: &str = "capture/owner/";
/// Jobs.
const JOBS: &str = "capture/job/";
/// Jobs with records on their way → these, by the places of their events.
const OPEN: &str = "capture/open/";

/// Records on their way: the place of the event in its document, and the submission.
pub(super) type Records = Vec<(usize, String)>;

/// How much there is.
#[derive(Clone, Copy, Debug, Default)]
struct Sizes {
    jobs: usize,
    open: usize,
    open_bytes: usize,
}

/// The jobs of a node.
pub(super) struct Jobs {
    shelf: Arc<dyn Shelf>,
    sizes: Mutex<Sizes>,
}

fn text<T: Serialize>(entry: &T) -> Result<Option<String>, Fault> {
    serde_json::to_string(entry).map(Some).map_err(Fault::new)
}

fn read<T: DeserializeOwned>(text: &str) -> Result<T, Fault> {
    serde_json::from_str(text).map_err(Fault::new)
}

fn bytes(records: &Records) -> usize {
    records.iter().map(|(_, submission)| submission.len()).sum()
}

/// When the document of a job came, by its id.
fn came(id: &str) -> Option<Time> {
    Time::from_millis(id.split('-').next()?.parse().ok()?)
}

impl Jobs {
    /// The jobs on a shelf.
    ///
    /// # Errors
    /// From the storage.
    pub(super) fn open(shelf: Arc<dyn Shelf>) -> Result<Jobs, Fault> {
        let mut sizes = Sizes { jobs: shelf.under(TIMES, None, usize::MAX)?.len(), ..Sizes::default() };
        for (_, written) in shelf.under(OPEN, None, usize::MAX)? {
            sizes.open = sizes.open.saturating_add(1);
            sizes.open_bytes = sizes.open_bytes.saturating_add(bytes(&read(&written)?));
        }
        Ok(Jobs { shelf, sizes: Mutex::new(sizes) })
    }

    fn sizes(&self) -> MutexGuard<'_, Sizes> {
        self.sizes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a job in, with its records on their way. Jobs that are too many, or too old, are forgotten.
    ///
    /// # Errors
    /// `E-NODE-UNREADY` where as many are on their way as may be, or from the storage; nothing was taken in then.
    pub(super) fn add(&self, owner: Option<&str>, job: &Job, records: &Records) -> Result<(), Problem> {
        let mut sizes = self.sizes();
        let mut next = sizes.jobs.saturating_add(1);
        let id = &job.id;
        let mut changes: Changes = vec![
            (format!("{TIMES}{id}"), Some(owner.unwrap_or_default().to_owned())),
            (format!("{JOBS}{id}"), text(job)?),
        ];
        changes.extend(owner.map(|owner| (format!("{OWNERS}{owner}/{id}"), Some(String::new()))));
        let (mut open, mut open_bytes) = (sizes.open, sizes.open_bytes);
        if job.running {
            (open, open_bytes) = (open.saturating_add(1), open_bytes.saturating_add(bytes(records)));
            if open > OPEN_MAX || open_bytes > OPEN_BYTES_MAX {
                let detail = format!("{} documents are on their way here already", sizes.open);
                return Err(Problem::from(Door::NodeUnready).because(detail));
            }
            changes.push((format!("{OPEN}{id}"), text(records)?));
        }
        for (time, owner) in self.shelf.under(TIMES, None, FORGOTTEN_AT_ONCE)? {
            let old = time.strip_prefix(TIMES).unwrap_or_default().to_owned();
            let is_over = came(&old).is_some_and(|came| job.created_at.since(came) > JOBS_LAST);
            if (next <= JOBS_MAX && !is_over) || self.shelf.get(&format!("{OPEN}{old}"))?.is_some() {
                continue;
            }
            changes.extend([(format!("{JOBS}{old}"), None), (format!("{OWNERS}{owner}/{old}"), None), (time, None)]);
            next = next.saturating_sub(1);
        }
        self.shelf.write(changes)?;
        *sizes = Sizes { jobs: next, open, open_bytes };
        Ok(())
    }

    /// Notes what became of a job's records, none of which is on its way any more.
    ///
    /// # Errors
    /// From the storage.
    pub(super) fn finish(&self, job: &Job, records: &Records) -> Result<(), Fault> {
        let mut sizes = self.sizes();
        self.shelf.write(vec![(format!("{JOBS}{}", job.id), text(job)?), (format!("{OPEN}{}", job.id), None)])?;
        sizes.open = sizes.open.saturating_sub(1);
        sizes.open_bytes = sizes.open_bytes.saturating_sub(bytes(records));
        Ok(())
    }

    /// Jobs with records on their way, the oldest first.
    ///
    /// # Errors
    /// From the storage.
    pub(super) fn waiting(&self) -> Result<Vec<(Job, Records)>, Fault> {
        let mut found = Vec::new();
        for (key, records) in self.shelf.under(OPEN, None, usize::MAX)? {
            let id = key.strip_prefix(OPEN).unwrap_or_default();
            if let Some(job) = self.job(id)? {
                found.push((job, read(&records)?));
            }
        }
        Ok(found)
    }

    /// A job.
    ///
    /// # Errors
    /// From the storage.
    pub(super) fn job(&self, id: &str) -> Result<Option<Job>, Fault> {
        self.shelf.get(&format!("{JOBS}{id}"))?.map(|written| read(&written)).transpose()
    }

    /// Jobs of an organisation behind one, in the order of their ids, at most so many.
    ///
    /// # Errors
    /// From the storage.
    pub(super) fn of(&self, owner: &str, after: Option<&str>, most: usize) -> Result<Vec<Job>, Fault> {
        let own = format!("{OWNERS}{owner}/");
        let after = after.map(|id| format!("{own}{id}"));
        let mut jobs = Vec::new();
        for (key, _) in self.shelf.under(&own, after.as_deref(), most)? {
            jobs.extend(self.job(key.strip_prefix(&own).unwrap_or_default())?);
        }
        Ok(jobs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::epcis::{
        capture::{Behaviour, EventResult, Verdict, new_id},
        shelf::InMemory,
    };

    fn job(minute: u64) -> Job {
        let time = "2026-11-29T00:00:00.000Z".parse::<Time>().unwrap().plus(Millis(minute.saturating_mul(60_000)));
        let result = EventResult::waiting("/0".to_owned(), String::new(), None);
        Job::new(new_id(time).unwrap(), time, Behaviour::Rollback, vec![result])
    }

    fn over(mut job: Job) -> Job {
        job.results[0].result = Verdict::Accepted;
        job.settle(job.created_at);
        job
    }

    fn records() -> Records {
        vec![(0, "{}".to_owned())]
    }

    #[test]
    fn what_is_on_its_way_is_there_when_the_shelf_is_opened_again() {
        let shelf = Arc::new(InMemory::default());
        let (first, second, third) = (job(0), job(1), over(job(2)));
        {
            let jobs = Jobs::open(shelf.clone()).unwrap();
            jobs.add(Some("store"), &first, &records()).unwrap();
            jobs.add(None, &second, &records()).unwrap();
            jobs.add(Some("store"), &third, &Records::new()).unwrap();
            jobs.finish(&over(first.clone()), &records()).unwrap();
        }
        let jobs = Jobs::open(shelf).unwrap();
        let waiting: Vec<String> = jobs.waiting().unwrap().into_iter().map(|(job, _)| job.id).collect();
        assert_eq!(waiting, [second.id]);
        let Sizes { jobs: all, open, open_bytes } = *jobs.sizes();
        assert_eq!((all, open, open_bytes), (3, 1, 2));
        let own = |after: Option<&str>, most| {
            jobs.of("store", after, most).unwrap().into_iter().map(|job| job.id).collect::<Vec<_>>()
        };
        assert_eq!(own(None, 9), [first.id.clone(), third.id.clone()]);
        assert_eq!((own(None, 1), own(Some(&first.id), 9)), (vec![first.id.clone()], vec![third.id]));
        assert!(!jobs.job(&first.id).unwrap().unwrap().running && jobs.job("nothing").unwrap().is_none());
    }

    #[test]
    fn jobs_that_are_too_many_or_too_old_are_forgotten_and_none_that_is_on_its_way() {
        let jobs = Jobs::open(Arc::new(InMemory::default())).unwrap();
        let (open, first, second) = (job(0), over(job(1)), over(job(2)));
        jobs.add(None, &open, &records()).unwrap();
        jobs.add(Some("store"), &first, &Records::new()).unwrap();
        jobs.add(Some("store"), &second, &Records::new()).unwrap();
        let is_there = |id: &str| jobs.job(id).unwrap().is_some();
        // By their number.
        jobs.sizes().jobs = JOBS_MAX;
        jobs.add(None, &over(job(3)), &Records::new()).unwrap();
        assert_eq!((is_there(&open.id), is_there(&first.id), is_there(&second.id)), (true, false, true));
        assert_eq!(jobs.sizes().jobs, JOBS_MAX);
        // By their age.
        jobs.sizes().jobs = 3;
        jobs.add(None, &over(job(2 + 30 * 24 * 60)), &Records::new()).unwrap();
        assert!(is_there(&second.id));
        jobs.add(None, &over(job(3 + 30 * 24 * 60)), &Records::new()).unwrap();
        assert_eq!((is_there(&open.id), is_there(&second.id)), (true, false));
        assert_eq!(jobs.of("store", None, 9).unwrap().len(), 0);
        assert_eq!(jobs.sizes().jobs, 4);
    }

    #[test]
    fn no_more_documents_are_on_their_way_than_may_be() {
        let jobs = Jobs::open(Arc::new(InMemory::default())).unwrap();
        jobs.sizes().open = OPEN_MAX;
        let refused = jobs.add(None, &job(0), &records()).unwrap_err();
        assert_eq!(refused.view().code, Door::NodeUnready.name());
        assert_eq!(jobs.sizes().jobs, 0);
        // One of which nothing has to be handed in is none of them.
        jobs.add(None, &over(job(1)), &Records::new()).unwrap();
        *jobs.sizes() = Sizes { open_bytes: OPEN_BYTES_MAX - 1, ..Sizes::default() };
        assert!(jobs.add(None, &job(2), &records()).is_err());
    }
}
