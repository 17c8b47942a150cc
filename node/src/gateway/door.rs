//! The gateway's door: plain events become signed records in the outbox.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use hefu_api::{
    Door, Problem,
    epcis::capture::{Behaviour, Capturing, EventResult, Incoming, Job, Verdict, new_id},
};
use hefu_contracts::{audience::Reader, cbv, record::Visibility};
use hefu_keys::{Hash, SecretKey, parts::Salt};
use serde_json::Value;
use thiserror::Error;
use tokio::{
    sync::{Notify, watch},
    task,
};

use super::outbox::{Outbox, OutboxError};
use crate::{
    capture::{self, NotCaptured, Source},
    client::{self, Client, ClientError, Frame, Uncomposed},
};

/// A single event is waited for so long.
const SINGLE_WITHIN: Duration = Duration::from_secs(30);

/// Most bytes of records that are handed in together.
const TOGETHER_BYTES_MAX: usize = 8 << 20;

/// Milliseconds of a day.
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// A gateway.
pub struct Gateway {
    pub(super) client: Client,
    pub(super) key: SecretKey,
    pub(super) chain: Hash,
    pub(super) outbox: Outbox,
    visibility: Visibility,
    /// Milliseconds for which finished jobs are kept.
    pub(super) keeps: i64,
    /// The next sequence number; whoever holds it adds to the outbox.
    pub(super) seq: Mutex<u64>,
    /// Told when something is in the outbox.
    pub(super) work: Arc<Notify>,
    /// Told when something was settled.
    pub(super) settled: Notify,
    /// Whether nothing more is handed in.
    pub(super) ended: watch::Sender<bool>,
}

/// A gateway cannot begin.
#[derive(Debug, Error)]
pub enum NotOpened {
    /// Its outbox cannot be used.
    #[error(transparent)]
    Outbox(#[from] OutboxError),
    /// At its first start the node must be there.
    #[error("the node cannot be asked for its chain")]
    Node(#[from] ClientError),
    /// The key is none of the chain's.
    #[error("the key {0} is not registered on this chain")]
    Key(hefu_keys::Address),
    /// The outbox was made for another chain than the node serves.
    #[error("the outbox is for the chain {outbox}, the node serves {node}")]
    Chain {
        /// The outbox's.
        outbox: Hash,
        /// The node's.
        node: Hash,
    },
}

/// An event ready to be kept.
struct Ready {
    captured: capture::Captured,
    event_id: String,
}

impl Gateway {
    /// A gateway over an outbox, which forgets jobs some days after they were finished. Only the first start needs the node.
    ///
    /// # Errors
    /// [`NotOpened`].
    pub fn open(
        outbox: Outbox,
        client: Client,
        (key, visibility): (SecretKey, Visibility),
        keeps_days: u16,
    ) -> Result<Gateway, NotOpened> {
        let registered = || {
            let address = key.address();
            let found = client.key(&address)?.ok_or(NotOpened::Key(address))?;
            Ok::<u64, NotOpened>(found.next_seq)
        };
        let (chain, seq) = match (outbox.chain()?, outbox.seq()?) {
            (Some(chain), Some(seq)) => {
                match client.status() {
                    Ok(status) if status.chain != chain => {
                        return Err(NotOpened::Chain { outbox: chain, node: status.chain });
                    }
                    // The key may have signed elsewhere since.
                    Ok(_) => (chain, seq.max(registered()?)),
                    Err(error) => {
                        tracing::warn!(%error, "the node cannot be reached, events are kept until it can");
                        (chain, seq)
                    }
                }
            }
            (None, _) | (_, None) => {
                let chain = client.status()?.chain;
                let seq = registered()?;
                outbox.begin(&chain, seq)?;
                (chain, seq)
            }
        };
        let (work, settled, ended) = (Arc::new(Notify::new()), Notify::new(), watch::Sender::new(false));
        let keeps = i64::from(keeps_days).saturating_mul(DAY_MS);
        Ok(Gateway { client, key, chain, outbox, visibility, keeps, seq: Mutex::new(seq), work, settled, ended })
    }

    /// Hands nothing more in: what is on its way stays in the outbox, and whoever hands in lets go of it.
    pub fn end(&self) {
        self.ended.send_replace(true);
    }

    pub(super) fn next_seq(&self) -> MutexGuard<'_, u64> {
        self.seq.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Signs an event with a sequence number.
    pub(super) fn sign(&self, content: &client::Content, seq: u64) -> Result<(Hash, String), Problem> {
        let frame = Frame::new(self.chain, seq).map_err(fault)?;
        let frame = Frame { visibility: self.visibility, ..frame };
        let text = client::submission(content, &frame, &[&self.key]).map_err(|bad: Uncomposed| fault(bad))?;
        Ok((id_of(&text)?, text))
    }

    /// Keeps a job with its signed records.
    fn keep(&self, events: &[Incoming], behaviour: Behaviour) -> Result<Job, Problem> {
        let mut ready = Vec::with_capacity(events.len());
        for event in events {
            match (prepare(event), behaviour) {
                (Err(problem), Behaviour::Rollback) => return Err(problem),
                (prepared, _) => ready.push((event, prepared)),
            }
        }
        let now = client::now().map_err(fault)?;
        let id = new_id(now)?;
        let (mut results, mut records) = (Vec::new(), Vec::new());
        // Held until it is on the disk, so that no number is given out twice.
        let mut next = self.next_seq();
        let mut seq = *next;
        for (event, prepared) in ready {
            let mut result = EventResult::waiting(event.pointer.clone(), String::new(), None);
            match prepared {
                Ok(Ready { captured, event_id }) => {
                    let (record, text) = self.sign(&captured.content, seq)?;
                    seq = seq.saturating_add(1);
                    result.event_id = event_id;
                    result.record = Some(record);
                    records.push((results.len(), text));
                }
                Err(problem) => {
                    result.result = Verdict::Refused;
                    result.problem = Some(problem.view().clone());
                }
            }
            results.push(result);
        }
        let bytes: usize = records.iter().map(|(_, text)| text.len().saturating_add(1)).sum();
        if behaviour == Behaviour::Rollback && bytes > TOGETHER_BYTES_MAX {
            let detail = format!("signed they have {bytes} bytes, at most {TOGETHER_BYTES_MAX} are taken together");
            return Err(Problem::from(Door::EventsMany).because(detail));
        }
        let job = Job::new(id, now, behaviour, results);
        self.outbox.add(&job, &records, seq).map_err(fault)?;
        *next = seq;
        drop(next);
        self.work.notify_one();
        Ok(job)
    }
}

/// A fault of this machine: told to the operator, not to the client.
pub(super) fn fault(error: impl std::error::Error + 'static) -> Problem {
    tracing::error!(error = &error as &dyn std::error::Error, "the gateway failed");
    Door::NodeFault.into()
}

fn id_of(submission: &str) -> Result<Hash, Problem> {
    let record = hefu_keys::canonical::member(submission, "record").unwrap_or_default();
    Ok(hefu_keys::secured::read(record).map_err(fault)?.id())
}

/// An event as the content of a record, or what is wrong with it and where.
fn prepare(event: &Incoming) -> Result<Ready, Problem> {
    let bad = |error: serde_json::Error| Problem::from(Door::Document).because(error).at(event.pointer.clone());
    let contexts = event.contexts.iter().map(|context| serde_json::from_str(context));
    let contexts = contexts.collect::<Result<Vec<Value>, _>>().map_err(bad)?;
    let source = Source { contexts, event: serde_json::from_str(&event.text).map_err(bad)? };
    let captured = capture::convert(&source, &mut Salt::generate).map_err(|not| not_captured(&not, &event.pointer))?;
    let own = source.event.get("eventID").and_then(Value::as_str).map(str::to_owned);
    let event_id = own.unwrap_or_else(|| cbv::event_id(&captured.cbv));
    Ok(Ready { captured, event_id })
}

fn not_captured(not: &NotCaptured, event: &str) -> Problem {
    let at = format!("{event}{}", not.pointer());
    match not {
        NotCaptured::Form { refusal } => Problem::refused(refusal.clone(), None).at(at),
        NotCaptured::Randomness(none) => fault(*none),
        NotCaptured::Kind(_)
        | NotCaptured::List(_)
        | NotCaptured::Identifier { .. }
        | NotCaptured::Count { .. }
        | NotCaptured::Hash(_)
        | NotCaptured::Commit(_)
        | NotCaptured::Write(_) => {
            let cause = std::error::Error::source(not).map(|cause| format!(": {cause}")).unwrap_or_default();
            Problem::from(Door::Document).because(format!("{not}{cause}")).at(at)
        }
    }
}

/// The gateway as its server sees it.
pub struct GatewayDoor(pub Arc<Gateway>);

#[async_trait]
impl Capturing for GatewayDoor {
    async fn capture(&self, events: Vec<Incoming>, behaviour: Behaviour, _: &Reader) -> Result<String, Problem> {
        let gateway = Arc::clone(&self.0);
        let kept = task::spawn_blocking(move || gateway.keep(&events, behaviour)).await;
        Ok(kept.map_err(|_| Problem::from(Door::NodeStopping))??.id)
    }

    async fn single(&self, event: Incoming, reader: &Reader) -> Result<(String, EventResult), Problem> {
        let id = self.capture(vec![event], Behaviour::Rollback, reader).await?;
        let begun = Instant::now();
        loop {
            let told = self.0.settled.notified();
            let job = self.0.outbox.job(&id).map_err(fault)?.ok_or(Problem::from(Door::NodeFault))?;
            let left = SINGLE_WITHIN.saturating_sub(begun.elapsed());
            let Some(result) = job.results.into_iter().next() else { return Err(Door::NodeFault.into()) };
            if !job.running || left.is_zero() {
                return Ok((id, result));
            }
            // Whether it was told or is late, the job is looked at again.
            let waited = tokio::time::timeout(left.min(Duration::from_secs(1)), told).await;
            tracing::trace!(told = waited.is_ok(), "waited for an event");
        }
    }

    fn job(&self, id: &str) -> Result<Option<Job>, Problem> {
        self.0.outbox.job(id).map_err(fault)
    }

    fn jobs(&self, _: &Reader, after: Option<&str>, most: usize) -> Result<Vec<Job>, Problem> {
        self.0.outbox.jobs(after, most).map_err(fault)
    }
}
