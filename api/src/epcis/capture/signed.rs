//! A node's own door: it takes events beside which their signed record stands, and signs nothing for anybody.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use actix_web::web;
use async_trait::async_trait;
use hefu_contracts::{audience::Reader, cbv, submission::Unverified};
use serde_json::{Map, Value};

use super::{Behaviour, Capturing, EventResult, Incoming, Job, Verdict, job::new_id};
use crate::{
    clock,
    ledger::{Outcome, Wait},
    problem::{Door, Problem},
    records::hand_in,
    server::Api,
};

/// The extension in which an event's signed record stands with its annex: the canonical text that `/v1/records` takes.
pub(crate) const SUBMISSION: &str = "hefu:submission";

/// Most jobs that are remembered.
const JOBS_MAX: usize = 10_000;

/// The jobs of a node, in its memory. What they tell is about records, which the ledger keeps.
pub(crate) struct Signed {
    api: web::Data<Api>,
    jobs: Arc<Mutex<Jobs>>,
}

/// Jobs with whose they are, by id.
type Jobs = BTreeMap<String, (Option<String>, Job)>;

/// An event with its record.
struct Beside {
    result: EventResult,
    submission: Vec<u8>,
}

impl Signed {
    pub(crate) fn new(api: web::Data<Api>) -> Signed {
        Signed { api, jobs: Arc::default() }
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
    Ok(Beside { result, submission: submission.into_bytes() })
}

/// Takes in what the ledger said of those that wait.
fn told(job: &mut Job, places: &[usize], outcomes: Vec<Outcome>) {
    for (place, outcome) in places.iter().zip(outcomes) {
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
        let (mut results, mut submissions, mut places) = (Vec::new(), Vec::new(), Vec::new());
        for event in &events {
            match (beside(event), behaviour) {
                (Ok(beside), _) => {
                    places.push(results.len());
                    results.push(beside.result);
                    submissions.push(beside.submission);
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
        {
            let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
            jobs.insert(id.clone(), (owner(reader), job));
            while jobs.len() > JOBS_MAX {
                jobs.pop_first();
            }
        }
        let (api, jobs, own) = (self.api.clone(), Arc::clone(&self.jobs), id.clone());
        actix_web::rt::spawn(async move {
            let outcomes = hand_in(&api, submissions, (Wait::Final, behaviour == Behaviour::Rollback)).await;
            let mut jobs = jobs.lock().unwrap_or_else(PoisonError::into_inner);
            let Some((_, job)) = jobs.get_mut(&own) else { return };
            match outcomes {
                Ok(outcomes) => told(job, &places, outcomes),
                Err(problem) => {
                    for place in &places {
                        if let Some(result) = job.results.get_mut(*place) {
                            result.refused(problem.view().clone());
                        }
                    }
                }
            }
            job.settle(clock::now().unwrap_or(now));
        });
        Ok(id)
    }

    async fn single(&self, event: Incoming, _: &Reader) -> Result<(String, EventResult), Problem> {
        let Beside { mut result, submission } = beside(&event)?;
        match hand_in(&self.api, vec![submission], (Wait::Final, false)).await?.pop() {
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
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(jobs.get(id).map(|(_, job)| job.clone()))
    }

    fn jobs(&self, reader: &Reader, after: Option<&str>, most: usize) -> Result<Vec<Job>, Problem> {
        let Some(own) = owner(reader) else { return Ok(Vec::new()) };
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        let behind = jobs.iter().filter(|(id, _)| after.is_none_or(|after| id.as_str() > after));
        let own = behind.filter(|(_, (owner, _))| owner.as_ref() == Some(&own));
        Ok(own.take(most).map(|(_, (_, job))| job.clone()).collect())
    }
}
