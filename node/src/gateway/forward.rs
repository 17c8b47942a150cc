//! Handing in what the outbox holds: the oldest job first, so that what one event needs comes before it. Jobs behind it are
//! handed in ahead of its answer as long as nothing speaks against any, so that none waits for the block of another.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use hefu_api::{
    ProblemView,
    epcis::capture::{Behaviour, Job},
};
use hefu_contracts::{receipt::Status, time::Time};
use hefu_keys::canonical;
use tokio::time::sleep;

use super::{door::Gateway, outbox::OutboxError};
use crate::client::{self, Answer, ClientError};

/// First and longest wait after the node could not be reached, or had no room.
const AGAIN_AFTER: Duration = Duration::from_millis(500);
const AGAIN_AFTER_MAX: Duration = Duration::from_secs(30);

/// Most jobs that are on their way at once, and most bytes that are handed in ahead in one round.
const JOBS_AHEAD: usize = 32;
const BYTES_AHEAD: usize = 8 << 20;

/// Finished jobs are looked through so often, and so many are forgotten at a time.
const FORGETS_EVERY: Duration = Duration::from_secs(60 * 60);
const FORGOTTEN_AT_ONCE: usize = 1_000;

/// Which jobs were handed in ahead of the oldest's answer.
#[derive(Debug, Default)]
struct Ahead {
    last: Option<String>,
    /// Whether something spoke against the last one: it must be the oldest before others follow.
    is_blocked: bool,
}

/// How a round ended.
enum Round {
    /// Nothing is on its way.
    Idle,
    /// Something was settled.
    Moved,
    /// Nothing could be: it is tried again later.
    Stuck,
}

impl Gateway {
    /// Hands in until the gateway ends, on the thread that calls it.
    pub fn forward(self: &Arc<Gateway>, runtime: &tokio::runtime::Handle) {
        let (mut wait, mut ahead) = (AGAIN_AFTER, Ahead::default());
        let mut forgotten: Option<Instant> = None;
        while !*self.ended.borrow() {
            if forgotten.is_none_or(|last| last.elapsed() >= FORGETS_EVERY) {
                self.forget();
                forgotten = Some(Instant::now());
            }
            match self.round(&mut ahead) {
                Ok(Round::Idle) => {
                    wait = AGAIN_AFTER;
                    self.rest(runtime, FORGETS_EVERY, true);
                }
                Ok(Round::Moved) => wait = AGAIN_AFTER,
                Ok(Round::Stuck) => {
                    self.rest(runtime, wait, false);
                    wait = wait.saturating_mul(2).min(AGAIN_AFTER_MAX);
                }
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "the outbox cannot be worked off");
                    self.rest(runtime, wait, false);
                    wait = wait.saturating_mul(2).min(AGAIN_AFTER_MAX);
                }
            }
        }
    }

    /// Waits until the gateway ends, or there is work where that is waited for, at most so long.
    fn rest(&self, runtime: &tokio::runtime::Handle, most: Duration, for_work: bool) {
        let mut ended = self.ended.subscribe();
        runtime.block_on(async {
            tokio::select! {
                changed = ended.wait_for(|ended| *ended) => tracing::trace!(ended = changed.is_ok(), "the gateway ends"),
                () = self.work.notified(), if for_work => tracing::trace!("there are events"),
                () = sleep(most) => tracing::trace!("waited for events"),
            }
        });
    }

    /// Forgets jobs that were finished long ago.
    fn forget(&self) {
        let Some(before) =
            client::now().ok().and_then(|now| Time::from_millis(now.millis().saturating_sub(self.keeps)))
        else {
            return;
        };
        loop {
            match self.outbox.forget(before, FORGOTTEN_AT_ONCE) {
                Ok(FORGOTTEN_AT_ONCE) => {}
                Ok(_) => return,
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "finished jobs cannot be forgotten");
                    return;
                }
            }
        }
    }

    /// Hands in the jobs that are open without waiting for their block. What is said of them is asked again when it is
    /// their turn; a record that is handed in twice is taken once.
    fn announce(&self, open: &[String], ahead: &mut Ahead) -> Result<(), OutboxError> {
        let Some(oldest) = open.first() else { return Ok(()) };
        if ahead.last.as_ref().is_some_and(|last| last <= oldest) {
            *ahead = Ahead::default();
        }
        if ahead.is_blocked || open.len() < 2 {
            return Ok(());
        }
        let mut bytes = 0_usize;
        for id in open {
            if ahead.last.as_ref().is_some_and(|last| id <= last) {
                continue;
            }
            let Some((job, records)) = self.outbox.waiting(id)? else { continue };
            let submissions: Vec<String> = records.into_iter().map(|(_, submission)| submission).collect();
            bytes = bytes.saturating_add(submissions.iter().map(String::len).sum());
            if bytes > BYTES_AHEAD {
                return Ok(());
            }
            let answers = self.hand_in(job.capture_error_behaviour, &submissions, false);
            let is_fine = answers.is_ok_and(|answers| answers.iter().all(|answer| matches!(answer, Answer::Taken(_))));
            *ahead = Ahead { last: Some(id.clone()), is_blocked: !is_fine };
            if !is_fine {
                return Ok(());
            }
        }
        Ok(())
    }

    /// One job, as far as it goes now.
    fn round(&self, ahead: &mut Ahead) -> Result<Round, OutboxError> {
        let open = self.outbox.open_jobs(JOBS_AHEAD)?;
        self.announce(&open, ahead)?;
        let Some(oldest) = open.first() else { return Ok(Round::Idle) };
        let Some((mut job, records)) = self.outbox.waiting(oldest)? else { return Ok(Round::Idle) };
        let (places, submissions): (Vec<usize>, Vec<String>) = records.into_iter().unzip();
        let answers = match self.hand_in(job.capture_error_behaviour, &submissions, true) {
            Ok(answers) => answers,
            Err(error) => {
                tracing::warn!(
                    error = client_words(&error),
                    capture.id = job.id,
                    "events are kept and handed in later"
                );
                return Ok(Round::Stuck);
            }
        };
        // Of those that go together, none is given up while another may still be taken.
        let waits = answers.iter().any(|answer| match answer {
            Answer::Taken(_) => false,
            Answer::Not(problem) => !matches!(next_of(problem), Next::Told),
        });
        let (mut told, mut again) = (Vec::new(), Vec::new());
        for ((place, submission), answer) in places.into_iter().zip(submissions).zip(answers) {
            match take(&mut job, place, (answer, waits)) {
                Next::Told => told.push(place),
                Next::Waits => {}
                Next::SignAgain => again.push((place, submission)),
            }
        }
        let mut moved = !told.is_empty();
        let mut next = self.next_seq();
        let (again, seq) = match self.sign_again(&mut job, again, *next) {
            Some(signed) => signed,
            None => (Vec::new(), *next),
        };
        moved |= !again.is_empty();
        job.settle(client::now().unwrap_or(job.created_at));
        self.outbox.settle(&job, &told, &again, seq)?;
        *next = seq;
        drop(next);
        self.settled.notify_waiters();
        Ok(if moved { Round::Moved } else { Round::Stuck })
    }

    fn hand_in(&self, behaviour: Behaviour, submissions: &[String], wait: bool) -> Result<Vec<Answer>, ClientError> {
        if behaviour == Behaviour::Rollback {
            return self.client.submit_together(submissions, wait);
        }
        let mut answers = Vec::with_capacity(submissions.len());
        self.client.submit_all(submissions, wait, |_, answer| answers.push(answer))?;
        Ok(answers)
    }

    /// Signs records anew whose sequence number was taken by another, or whose time was over: neither can ever take
    /// effect any more. `None` where the node does not tell the next number.
    fn sign_again(
        &self,
        job: &mut Job,
        records: Vec<(usize, String)>,
        next: u64,
    ) -> Option<(Vec<(usize, String)>, u64)> {
        if records.is_empty() {
            return Some((Vec::new(), next));
        }
        let known = self.client.key(&self.key.address()).ok()??.next_seq;
        let mut seq = known;
        let mut signed = Vec::with_capacity(records.len());
        for (place, submission) in records {
            let content = content_of(&submission)?;
            let (record, text) = self.sign(&content, seq).ok()?;
            seq = seq.saturating_add(1);
            if let Some(result) = job.results.get_mut(place) {
                result.record = Some(record);
            }
            signed.push((place, text));
        }
        Some((signed, next.max(seq)))
    }
}

/// What follows from an answer.
enum Next {
    Told,
    Waits,
    SignAgain,
}

fn take(job: &mut Job, place: usize, (answer, waits): (Answer, bool)) -> Next {
    let Some(result) = job.results.get_mut(place) else { return Next::Told };
    match answer {
        Answer::Taken(receipt) => {
            let last = receipt.status == Status::Final;
            result.taken(receipt);
            if last { Next::Told } else { Next::Waits }
        }
        Answer::Not(problem) if waits && problem.code == "E-RECORD-TOGETHER" => Next::Waits,
        Answer::Not(problem) => match next_of(&problem) {
            Next::Told => {
                result.refused(*problem);
                Next::Told
            }
            other @ (Next::Waits | Next::SignAgain) => other,
        },
    }
}

/// What is said of a record speaks against it, unless it is about this moment or the number alone.
fn next_of(problem: &ProblemView) -> Next {
    match (problem.code.as_ref(), problem.status) {
        ("E-SEQ-USED" | "E-SEQ-WINDOW" | "E-RECORD-EXPIRED", _) => Next::SignAgain,
        (_, 429 | 500..) => Next::Waits,
        _ => Next::Told,
    }
}

fn client_words(error: &ClientError) -> String {
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
    format!("{error}{cause}")
}

/// What a submission says, to be signed anew.
fn content_of(submission: &str) -> Option<client::Content> {
    let annex = canonical::member(submission, "annex");
    let record = canonical::member(submission, "record")?;
    let parts = canonical::member(record, "parts");
    Some(client::Content {
        action: hefu_contracts::action::Action::EventCapture,
        body: serde_json::from_str(canonical::member(record, "body")?).ok()?,
        parts: parts.map_or_else(|| Some(Default::default()), |parts| serde_json::from_str(parts).ok())?,
        annex: annex.map_or_else(|| Some(Default::default()), |annex| serde_json::from_str(annex).ok())?,
    })
}
