//! A node's own door: it takes events beside which their signed record stands, and signs nothing for anybody.

use std::{sync::Arc, time::Duration};

use actix_web::web;
use async_trait::async_trait;
use hefu_contracts::{audience::Reader, cbv, receipt::Status, state::Fault, submission::Unverified};
use serde_json::{Map, Value};
use tokio::time::sleep;

use super::{
    Behaviour, Capturing, EventResult, Incoming, Job, Verdict,
    job::new_id,
    jobs::{Jobs, Records},
};
use crate::{
    clock,
    epcis::shelf::Shelf,
    ledger::{Outcome, Wait},
    problem::{Door, Problem},
    records::hand_in,
    server::Api,
};

/// The extension in which an event's signed record stands with its annex: the canonical text that `/v1/records` takes.
pub(crate) const SUBMISSION: &str = "hefu:submission";

/// First and longest wait before records are handed in again that the node could take nothing of, or that are in no block yet.
const AGAIN_AFTER: Duration = Duration::from_secs(1);
const AGAIN_AFTER_MAX: Duration = Duration::from_secs(30);

/// A node's own door. Its jobs are on the shelf before anybody is answered.
#[derive(Clone)]
pub(crate) struct Signed {
    api: web::Data<Api>,
    jobs: Arc<Jobs>,
}

/// An event with its record.
struct Beside {
    result: EventResult,
    submission: String,
}

impl Signed {
    /// Goes on with what was on its way when the node stopped, or was killed: the same bytes are handed in again, and a record
    /// that is on the ledger is told to be.
    ///
    /// # Errors
    /// From the storage.
    pub(crate) fn open(api: web::Data<Api>, shelf: Arc<dyn Shelf>) -> Result<Signed, Fault> {
        let signed = Signed { api, jobs: Arc::new(Jobs::open(shelf)?) };
        let waiting = signed.jobs.waiting()?;
        if !waiting.is_empty() {
            tracing::info!(captures = waiting.len(), "documents that were on their way are handed in again");
            tokio::spawn(signed.clone().resume(waiting));
        }
        Ok(signed)
    }

    async fn resume(self, waiting: Vec<(Job, Records)>) {
        // In their order first, for one may need another; what is said of them is asked when each is waited for.
        for (job, records) in &waiting {
            let together = job.capture_error_behaviour == Behaviour::Rollback;
            if let Err(problem) = hand_in(&self.api, submissions(records), (Wait::Pending, together)).await {
                tracing::debug!(capture.id = job.id, %problem, "a document cannot be handed in yet");
            }
        }
        for (job, records) in waiting {
            tokio::spawn(self.clone().carry(job, records));
        }
    }

    /// Hands a job's records in until it is known what becomes of them.
    async fn carry(self, mut job: Job, records: Records) {
        let together = job.capture_error_behaviour == Behaviour::Rollback;
        let mut wait = AGAIN_AFTER;
        loop {
            match hand_in(&self.api, submissions(&records), (Wait::Final, together)).await {
                Ok(outcomes) if outcomes.iter().all(|outcome| !is_on_its_way(outcome)) => {
                    told(&mut job, &records, outcomes);
                    break;
                }
                // What is in the pool comes into a block; the same records are known then.
                Ok(_) => {}
                // The next start goes on with it.
                Err(problem) if problem.view().code == Door::NodeStopping.name() => return,
                Err(problem) => tracing::debug!(capture.id = job.id, %problem, "a document is handed in again later"),
            }
            sleep(wait).await;
            wait = wait.saturating_mul(2).min(AGAIN_AFTER_MAX);
        }
        job.settle(clock::now().unwrap_or(job.created_at));
        let id = job.id.clone();
        match web::block(move || self.jobs.finish(&job, &records)).await {
            Ok(Ok(())) => {}
            Ok(Err(fault)) => {
                tracing::error!(capture.id = id, fault = &fault as &dyn std::error::Error, "a job cannot be written");
            }
            Err(_) => tracing::debug!(capture.id = id, "the node stops before a job is written"),
        }
    }
}

fn submissions(records: &Records) -> Vec<Vec<u8>> {
    records.iter().map(|(_, submission)| submission.clone().into_bytes()).collect()
}

fn is_on_its_way(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Taken(receipt) | Outcome::Known(receipt) => receipt.status == Status::Pending,
        Outcome::Not { .. } => false,
    }
}

/// Whose jobs a reader's are.
fn owner(reader: &Reader) -> Option<String> {
    match reader {
        Reader::Public => None,
        Reader::Party { id, .. } => Some(id.clone()),
    }
}

/// The record beside an event, which must be the event's.
fn beside(event: &Incoming) -> Result<Beside, Problem> {
    let at = |problem: Problem, below: &str| problem.at(format!("{}{below}", event.pointer));
    let bad = |error: serde_json::Error| at(Problem::from(Door::Document).because(error), "");
    let mut members: Map<String, Value> = serde_json::from_str(&event.text).map_err(bad)?;
    let Some(Value::String(submission)) = members.remove(SUBMISSION) else {
        let detail = "a node signs for nobody: an EPCIS client that does not sign connects to `hefu gateway`, which \
            runs on its own side; one that does puts the submission into the event, as the text of `hefu:submission`";
        return Err(at(Problem::from(Door::EventUnsigned).because(detail), ""));
    };
    let below = format!("/{SUBMISSION}");
    let read = Unverified::read(submission.as_bytes());
    let read = read.map_err(|refusal| at(Problem::refused(refusal, None), &below))?;
    let contexts: Vec<&str> = event.contexts.iter().map(String::as_str).collect();
    let hash = cbv::event_hash(&serde_json::to_string(&members)?, &contexts);
    let hash = hash.map_err(|bad| at(Problem::from(Door::Document).because(&bad), bad.pointer()))?;
    let record = read.record();
    let Some(capture) = record.body.capture().filter(|capture| capture.cbv == hash) else {
        let detail = format!("the event's hash is {hash}, the record is of something else");
        return Err(at(Problem::from(Door::EventBeside).because(detail), &below));
    };
    let own = members.get("eventID").and_then(Value::as_str).map(str::to_owned);
    let id = own.unwrap_or_else(|| cbv::event_id(&capture.cbv));
    let result = EventResult::waiting(event.pointer.clone(), id, Some(record.id));
    Ok(Beside { result, submission })
}

/// Takes in what the ledger said of those that wait.
fn told(job: &mut Job, records: &Records, outcomes: Vec<Outcome>) {
    for ((place, _), outcome) in records.iter().zip(outcomes) {
        let Some(result) = job.results.get_mut(*place) else { continue };
        match outcome {
            Outcome::Taken(receipt) | Outcome::Known(receipt) => result.taken(receipt),
            Outcome::Not { id, refusal } => result.refused(Problem::refused(refusal, id).view().clone()),
        }
    }
}

#[async_trait]
impl Capturing for Signed {
    async fn capture(&self, events: Vec<Incoming>, behaviour: Behaviour, reader: &Reader) -> Result<String, Problem> {
        let now = clock::now()?;
        let id = new_id(now)?;
        let (mut results, mut records) = (Vec::new(), Records::new());
        for event in &events {
            match (beside(event), behaviour) {
                (Ok(beside), _) => {
                    records.push((results.len(), beside.submission));
                    results.push(beside.result);
                }
                (Err(problem), Behaviour::Rollback) => return Err(problem),
                (Err(problem), Behaviour::Proceed) => {
                    let mut result = EventResult::waiting(event.pointer.clone(), String::new(), None);
                    result.result = Verdict::Refused;
                    result.problem = Some(problem.view().clone());
                    results.push(result);
                }
            }
        }
        let job = Job::new(id.clone(), now, behaviour, results);
        let (jobs, owner) = (Arc::clone(&self.jobs), owner(reader));
        let added = web::block(move || jobs.add(owner.as_deref(), &job, &records).map(|()| (job, records))).await;
        let (job, records) = added.map_err(|_| Problem::from(Door::NodeStopping))??;
        if job.running {
            tokio::spawn(self.clone().carry(job, records));
        }
        Ok(id)
    }

    async fn single(&self, event: Incoming, _: &Reader) -> Result<(String, EventResult), Problem> {
        let Beside { mut result, submission } = beside(&event)?;
        match hand_in(&self.api, vec![submission.into_bytes()], (Wait::Final, false)).await?.pop() {
            Some(Outcome::Taken(receipt)) => result.taken(receipt),
            // The same record again is the same event again.
            Some(Outcome::Known(receipt)) => {
                result.record = Some(receipt.id);
                let refusal = hefu_contracts::refusal::Refusal::new(hefu_contracts::refusal::Code::EventDuplicate);
                result.refused(Problem::refused(refusal.against(receipt.id), Some(receipt.id)).view().clone());
            }
            Some(Outcome::Not { id, refusal }) => result.refused(Problem::refused(refusal, id).view().clone()),
            None => return Err(Door::NodeFault.into()),
        }
        Ok((String::new(), result))
    }

    fn job(&self, id: &str) -> Result<Option<Job>, Problem> {
        Ok(self.jobs.job(id)?)
    }

    fn jobs(&self, reader: &Reader, after: Option<&str>, most: usize) -> Result<Vec<Job>, Problem> {
        let Some(own) = owner(reader) else { return Ok(Vec::new()) };
        Ok(self.jobs.of(&own, after, most)?)
    }
}
