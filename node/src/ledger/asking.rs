//! Handing records in, and waiting for what becomes of them.

use std::sync::Arc;

use hefu_api::ledger::{Outcome, Unavailable, Wait};
use hefu_contracts::{
    receipt::{Receipt, Status},
    refusal::{Code, Refusal},
    state::Fault,
};
use hefu_keys::Hash;
use tokio::{sync::oneshot, task, time};

use super::{Desk, FINAL_WITHIN, now, waiting::Ending};
use crate::{
    core::{Admission, Rejected, Sealed, read_all},
    space::Room,
};

/// What is known of one submission at once.
enum Answer {
    Known(Outcome),
    /// It waits; the receiver tells what becomes of it.
    Waits(Hash, Novelty, oneshot::Receiver<Ending>),
}

/// Whether a record was taken just now or was here before.
#[derive(Clone, Copy)]
enum Novelty {
    New,
    Known,
}

impl Novelty {
    fn outcome(self, receipt: Receipt) -> Outcome {
        match self {
            Novelty::New => Outcome::Taken(receipt),
            Novelty::Known => Outcome::Known(receipt),
        }
    }
}

/// Whether records are taken one by one, or all or none of them.
#[derive(Clone, Copy)]
pub(super) enum Company {
    Alone,
    Together,
}

pub(super) async fn submit(
    desk: &Arc<Desk>,
    submissions: Vec<Vec<u8>>,
    (wait, company): (Wait, Company),
) -> Result<Vec<Outcome>, Unavailable> {
    let verified_by = desk.clone();
    // Signatures take time, and the core may be executing a block: neither belongs on a thread that serves others.
    let taken = task::spawn_blocking(move || take(&verified_by, submissions, (wait, company)));
    let answers = taken.await.map_err(|_| Unavailable::Stopping)??;
    let until = time::Instant::now().checked_add(FINAL_WITHIN).unwrap_or_else(time::Instant::now);
    let mut outcomes = Vec::with_capacity(answers.len());
    for answer in answers {
        outcomes.push(match answer {
            Answer::Known(outcome) => outcome,
            Answer::Waits(id, novelty, told) => match time::timeout_at(until, told).await {
                Ok(Ok(Ok(receipt))) => novelty.outcome(receipt),
                Ok(Ok(Err(refusal))) => Outcome::Not { id: Some(id), refusal },
                Ok(Err(_)) => return Err(Unavailable::Stopping),
                Err(_) => return Err(Unavailable::NotFinalYet),
            },
        });
    }
    Ok(outcomes)
}

fn take(desk: &Desk, submissions: Vec<Vec<u8>>, (wait, company): (Wait, Company)) -> Result<Vec<Answer>, Unavailable> {
    if desk.ended.borrow().is_some() {
        return Err(Unavailable::Stopping);
    }
    if desk.space().room < Room::Ample {
        return Err(Unavailable::DiskFull);
    }
    let read = read_all(submissions);
    Ok(desk.watched(|desk| match company {
        Company::Alone => admit(desk, read, wait),
        Company::Together => admit_together(desk, read, wait),
    })?)
}

/// Takes all records, or none where one would be refused as the ledger stands now. A record that loses a race afterwards
/// leaves the pool by itself, as always.
fn admit_together(desk: &Desk, read: Vec<Result<Sealed, Box<Rejected>>>, wait: Wait) -> Result<Vec<Answer>, Fault> {
    let alone = |read: &Result<Sealed, Box<Rejected>>| {
        read.as_ref().map_or_else(|rejected| rejected.id, |sealed| Some(sealed.id()))
    };
    let ids: Vec<Option<Hash>> = read.iter().map(alone).collect();
    let nobody = |at: usize, refusal: &Refusal| {
        let others = ids.iter().enumerate().map(|(place, id)| {
            not(*id, if place == at { refusal.clone() } else { Refusal::new(Code::RecordTogether) })
        });
        others.collect::<Vec<Answer>>()
    };
    let mut together = Vec::with_capacity(read.len());
    for (at, read) in read.into_iter().enumerate() {
        match read {
            Ok(sealed) => together.push(Arc::new(sealed)),
            Err(rejected) => return Ok(nobody(at, &rejected.refusal)),
        }
    }
    let mut core = desk.core()?;
    if let Some((at, refusal)) = core.check_together(now(), &together)? {
        return Ok(nobody(at, &refusal));
    }
    let mut answers = Vec::with_capacity(together.len());
    for sealed in together {
        let id = sealed.id();
        answers.push(match core.admit(now(), sealed)? {
            Admission::Refused(refusal) => not(Some(id), refusal),
            Admission::Known(receipt) => standing(desk, receipt, Novelty::Known, wait)?,
            Admission::Taken(receipt, sealed) => {
                desk.waiting()?.begin(sealed, None);
                standing(desk, receipt, Novelty::New, wait)?
            }
        });
    }
    drop(core);
    desk.wake.wake();
    Ok(answers)
}

fn admit(desk: &Desk, read: Vec<Result<Sealed, Box<Rejected>>>, wait: Wait) -> Result<Vec<Answer>, Fault> {
    let mut answers = Vec::with_capacity(read.len());
    let mut taken = false;
    for read in read {
        answers.push(match read {
            Err(rejected) => not(rejected.id, rejected.refusal),
            Ok(sealed) => {
                let id = sealed.id();
                // For each anew: a long batch must not keep the engine waiting.
                let mut core = desk.core()?;
                match core.admit(now(), sealed)? {
                    Admission::Refused(refusal) => not(Some(id), refusal),
                    Admission::Known(receipt) => standing(desk, receipt, Novelty::Known, wait)?,
                    Admission::Taken(receipt, sealed) => {
                        taken = true;
                        // Before the core is let go: otherwise a block could take the record in between.
                        desk.waiting()?.begin(sealed, None);
                        standing(desk, receipt, Novelty::New, wait)?
                    }
                }
            }
        });
    }
    if taken {
        desk.wake.wake();
    }
    Ok(answers)
}

fn not(id: Option<Hash>, refusal: Refusal) -> Answer {
    Answer::Known(Outcome::Not { id, refusal })
}

fn standing(desk: &Desk, receipt: Receipt, novelty: Novelty, wait: Wait) -> Result<Answer, Fault> {
    Ok(match (wait, receipt.status) {
        (Wait::Final, Status::Pending) => {
            let told = desk.waiting()?.ask(receipt.id);
            Answer::Waits(receipt.id, novelty, told)
        }
        (Wait::Final | Wait::Pending, _) => Answer::Known(novelty.outcome(receipt)),
    })
}
