//! Capture jobs (EPCIS 2.0 §12.4): what became of each event that was handed in.

use std::{
    fmt,
    sync::{Mutex, PoisonError},
};

use actix_web::http::header::HeaderMap;
use hefu_contracts::{
    receipt::{Receipt, Status},
    time::Time,
};
use hefu_keys::Hash;
use serde::{Deserialize, Serialize};

use crate::problem::{Door, Problem, ProblemView};

/// What is done with a document of which an event is refused (`GS1-Capture-Error-Behaviour`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Behaviour {
    /// None of its events is recorded.
    #[default]
    Rollback,
    /// Its other events are.
    Proceed,
}

impl Behaviour {
    /// As a request has it.
    ///
    /// # Errors
    /// `E-DOCUMENT` where it is neither.
    pub(super) fn of(headers: &HeaderMap) -> Result<Behaviour, Problem> {
        match headers.get("GS1-Capture-Error-Behaviour").map(|value| value.to_str().unwrap_or("?")) {
            None | Some("rollback") => Ok(Behaviour::Rollback),
            Some("proceed") => Ok(Behaviour::Proceed),
            Some(other) => {
                let detail = format!("GS1-Capture-Error-Behaviour is {other:?}, accepted are rollback and proceed");
                Err(Problem::from(Door::Document).because(detail))
            }
        }
    }
}

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It is on its way.
    Waiting,
    /// It stands in a block.
    Accepted,
    /// The organisation has recorded it before.
    Duplicate,
    /// Something speaks against it.
    Refused,
    /// Nothing speaks against it, but against another event of its document.
    Withdrawn,
}

/// One event of a job.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EventResult {
    /// Its id: its own, or the one that follows from what it says; empty where it has none.
    #[serde(rename = "eventID")]
    pub event_id: String,
    /// Where it stands in the document.
    pub pointer: String,
    /// What speaks against it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<ProblemView>,
    /// What the node said of its record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<Receipt>,
    /// Its record; that of the event recorded before, where it is a duplicate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<Hash>,
    /// What became of it.
    pub result: Verdict,
}

impl EventResult {
    /// An event that is on its way.
    pub fn waiting(pointer: String, event_id: String, record: Option<Hash>) -> EventResult {
        EventResult { event_id, pointer, problem: None, receipt: None, record, result: Verdict::Waiting }
    }

    /// Takes in what a node said of its record.
    pub fn taken(&mut self, receipt: Receipt) {
        self.record = Some(receipt.id);
        if receipt.status == Status::Final {
            self.result = Verdict::Accepted;
        }
        self.receipt = Some(receipt);
    }

    /// Takes in what speaks against it. Pointers into the record's event become pointers into the document.
    pub fn refused(&mut self, mut problem: ProblemView) {
        let there = problem.pointer.as_deref().unwrap_or_default();
        let inside = there.strip_prefix("/body/event").unwrap_or_default();
        problem.pointer = Some(format!("{}{inside}", self.pointer));
        self.result = match problem.code.as_ref() {
            "E-EVENT-DUPLICATE" => Verdict::Duplicate,
            "E-RECORD-TOGETHER" => Verdict::Withdrawn,
            _ => Verdict::Refused,
        };
        self.record = if self.result == Verdict::Duplicate { problem.conflict } else { None };
        self.problem = Some(problem);
    }
}

/// A job.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    /// Its id; later ones are greater.
    #[serde(rename = "captureID")]
    pub id: String,
    /// When its document came.
    pub created_at: Time,
    /// When nothing of it was on its way any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Time>,
    /// Whether anything is on its way.
    pub running: bool,
    /// Whether nothing speaks against any of its events so far. That one was recorded before does not.
    pub success: bool,
    /// What is done where something does.
    pub capture_error_behaviour: Behaviour,
    /// What speaks against its events.
    pub errors: Vec<ProblemView>,
    /// What became of each event.
    #[serde(rename = "hefu:results")]
    pub results: Vec<EventResult>,
}

impl Job {
    /// A job that begins.
    pub fn new(id: String, now: Time, behaviour: Behaviour, results: Vec<EventResult>) -> Job {
        let mut job = Job {
            id,
            created_at: now,
            finished_at: None,
            running: true,
            success: true,
            capture_error_behaviour: behaviour,
            errors: Vec::new(),
            results,
        };
        job.settle(now);
        job
    }

    /// Sums up what became of its events.
    pub fn settle(&mut self, now: Time) {
        let refused = self.results.iter().filter(|result| result.result == Verdict::Refused);
        self.errors = refused.filter_map(|result| result.problem.clone()).collect();
        self.success = self.errors.is_empty();
        self.running = self.results.iter().any(|result| result.result == Verdict::Waiting);
        if !self.running {
            self.finished_at.get_or_insert(now);
        }
    }
}

/// The millisecond of the last id, and how many were made in it before.
static LAST: Mutex<(i64, u16)> = Mutex::new((0, 0));

/// An id that nobody guesses. Of two that a process makes the later is greater, also within one millisecond: jobs are worked off in the
/// order of their ids.
///
/// # Errors
/// `E-NODE-FAULT` where there is no randomness.
pub fn new_id(now: Time) -> Result<String, Problem> {
    let (millis, number) = {
        let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
        // Where the clock was set back, or another thread has a later moment, ids go on from there.
        *last = match (now.millis() > last.0, last.1.checked_add(1)) {
            (true, _) => (now.millis(), 0),
            (false, Some(next)) => (last.0, next),
            (false, None) => (last.0.saturating_add(1), 0),
        };
        *last
    };
    let mut random = [0_u8; 14];
    getrandom::fill(&mut random).map_err(|_| {
        tracing::error!("the operating system gave no random bytes");
        Problem::from(Door::NodeFault)
    })?;
    let random: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("{millis:014}-{number:04x}{random}"))
}

impl fmt::Display for Behaviour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Behaviour::Rollback => "rollback",
            Behaviour::Proceed => "proceed",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_one_millisecond_are_in_the_order_in_which_they_were_made() {
        let now = Time::from_millis(1_700_000_000_000).unwrap();
        let ids: Vec<String> = (0..1_000).map(|_| new_id(now).unwrap()).collect();
        assert!(ids.is_sorted());
        assert!(new_id(Time::from_millis(1_600_000_000_000).unwrap()).unwrap() > ids[999], "the clock was set back");
        let different: std::collections::BTreeSet<&str> = ids.iter().filter_map(|id| id.get(19..)).collect();
        assert_eq!(different.len(), ids.len(), "what is not counted is random");
        assert!(ids.iter().all(|id| id.len() == 14 + 1 + 32));
    }
}
