//! The loop between the engine and the application.
//!
//! It runs on a thread of its own, because the application's functions block. The engine waits for most answers before
//! it sends the next message; the one answer that may be late is the one that opens the next height, and that is how
//! blocks come on demand (see [`height`]).

mod catchup;
mod headings;
mod height;
mod proposals;

use hefu_keys::Address;
use malachite::app::consensus::VoteExtensionError;
use malachite::{AppMsg, Channels, NetworkMsg, NetworkRequest, Reply};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

use crate::application::{Application, Fault};
use crate::context::{Hefu, Height};
use crate::plain::certified;
use crate::sightings::{Sighting, Sightings};
use crate::signing::{Judge, Signatory};
use crate::streams::Streams;
use crate::wake::Wake;

use headings::Headings;
use height::{Held, Stage};

/// Certificates looked at before a message: more than come with one block.
const SIGHTINGS_AT_ONCE: usize = 32;

/// Everything the loop needs from outside.
pub(crate) struct Wiring {
    pub(crate) channels: Channels<Hefu>,
    pub(crate) sightings: mpsc::Receiver<Sighting>,
    pub(crate) wake: Wake,
    /// Turns true, or closes, when the engine is to be stopped.
    pub(crate) stop: watch::Receiver<bool>,
    pub(crate) judge: Judge,
    pub(crate) signatory: Option<Signatory>,
    /// This node's address: its validator key, or a name that no member has.
    pub(crate) me: Address,
    pub(crate) body_bytes_max: usize,
    pub(crate) answer_bodies_max: usize,
}

/// Why the loop ended, if not by a fault.
pub(crate) enum Ended {
    /// As asked.
    Stopped,
    /// The engine sends nothing more, whether it was asked to stop as well or not.
    Silent,
}

pub(crate) struct Glue<A> {
    application: A,
    network: mpsc::Sender<NetworkMsg<Hefu>>,
    net_requests: mpsc::Sender<NetworkRequest>,
    judge: Judge,
    signatory: Option<Signatory>,
    me: Address,
    answer_bodies_max: usize,
    streams: Streams,
    sightings: Sightings,
    /// The height being decided, or to be opened next; none before the engine is ready.
    stage: Option<Stage>,
    held: Option<Held>,
    headings: Headings,
}

/// Runs until the engine ends, is stopped, or the application faults.
pub(crate) async fn run<A: Application>(application: A, wiring: Wiring) -> Result<Ended, Fault> {
    let Wiring { channels, mut sightings, wake, mut stop, judge, signatory, me, .. } = wiring;
    let Channels { mut consensus, network, net_requests, events: _, requests: _requests } = channels;
    let mut glue = Glue {
        application,
        network,
        net_requests,
        judge,
        signatory,
        me,
        answer_bodies_max: wiring.answer_bodies_max,
        streams: Streams::new(wiring.body_bytes_max),
        sightings: Sightings::new(judge),
        stage: None,
        held: None,
        headings: Headings::new(judge),
    };
    let signs = glue.signatory.clone();
    loop {
        let due = glue.held.as_ref().map(|held| held.due);
        // In no fixed order: whatever came first could keep the rest waiting, and others decide how much of it comes.
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => {
                // Both may be so at once, and after some of what silences an engine no other may be started.
                glue.check_guard()?;
                return Ok(if consensus.is_closed() { Ended::Silent } else { Ended::Stopped });
            }
            words = silenced(signs.as_ref()) => return Err(unwritten(words)),
            Some(sighting) = sightings.recv() => glue.sighted(sighting).await?,
            message = consensus.recv() => match message {
                Some(message) => {
                    // Before it: a certificate that excuses a block from the clock comes ahead of the block. Not all, since
                    // others may send any number of them.
                    for _ in 0..SIGHTINGS_AT_ONCE {
                        let Ok(sighting) = sightings.try_recv() else { break };
                        glue.sighted(sighting).await?;
                    }
                    glue.check_guard()?;
                    glue.handle(message).await?;
                }
                None => {
                    // What cannot be signed ends the engine as well, which does not say why.
                    glue.check_guard()?;
                    return Ok(Ended::Silent);
                }
            },
            () = wake.called(), if glue.held.is_some() => glue.woken(),
            () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => glue.open("heartbeat"),
        }
    }
}

impl<A: Application> Glue<A> {
    /// The engine ends, or stands still, where a vote could not be written down, and says nothing of the reason.
    fn check_guard(&self) -> Result<(), Fault> {
        self.signatory.as_ref().and_then(Signatory::failure).map_or(Ok(()), |words| Err(unwritten(words)))
    }

    /// Whether the first proposal of a height is this node's, by the validators of the present one.
    fn proposes(&self, height: u64) -> bool {
        let stage = self.stage.as_ref().filter(|_| self.signatory.is_some());
        stage.is_some_and(|stage| stage.validators.proposer(height, 0).address() == self.me)
    }

    async fn handle(&mut self, message: AppMsg<Hefu>) -> Result<(), Fault> {
        match message {
            AppMsg::ConsensusReady { reply } => self.ready(reply).await,
            AppMsg::StartedRound { height, round, proposer, role: _, reply_value } => {
                tracing::debug!(block.height = height.0, block.round = round.as_i64(), %proposer, "round started");
                answer(reply_value, self.round_started(height, round)?);
                Ok(())
            }
            AppMsg::GetValue { height, round, timeout: _, reply } => self.propose(height, round, reply).await,
            AppMsg::ReceivedProposalPart { from, published_by, part, reply } => {
                let value = self.part_arrived(published_by.unwrap_or(from), part)?;
                answer(reply, value);
                Ok(())
            }
            AppMsg::RestreamProposal { height, round, valid_round: _, address, value_id } => {
                self.send_again(height, round, address.0, value_id).await
            }
            AppMsg::Decided { certificate, extensions: _, reply } => {
                let proposes_next = self.proposes(certificate.height.0.saturating_add(1));
                self.application.decide(certified(certificate), proposes_next)?;
                answer(reply, ());
                Ok(())
            }
            AppMsg::Finalized { certificate, extensions: _, evidence, reply } => {
                self.finalized(certificate.height.0, &evidence, reply).await
            }
            AppMsg::GetHistoryMinHeight { reply } => {
                answer(reply, Height(self.application.history_min()?));
                Ok(())
            }
            AppMsg::GetDecidedValues { range, reply } => {
                answer(reply, self.decided(&range)?);
                Ok(())
            }
            AppMsg::ProcessSyncedValue { height, round, proposer, value_bytes, reply } => {
                answer(reply, self.synced(height, round, proposer, value_bytes).await?);
                Ok(())
            }
            // No height asks for extensions, so neither of these comes.
            AppMsg::ExtendVote { reply, .. } => {
                answer(reply, None);
                Ok(())
            }
            AppMsg::VerifyVoteExtensions { extensions, reply, .. } => {
                let refused = Err(VoteExtensionError::InvalidVoteExtension);
                let voters = extensions.into_iter().map(|(voter, ())| (voter, refused.clone()));
                answer(reply, voters.collect());
                Ok(())
            }
        }
    }
}

/// Resolves once this validator can sign nothing any more. The engine may have nothing to say then, also not that it has
/// ended.
async fn silenced(signatory: Option<&Signatory>) -> String {
    match signatory {
        Some(signatory) => signatory.fails().await,
        None => std::future::pending().await,
    }
}

fn unwritten(words: String) -> Fault {
    Fault::new("writing down what is signed", words)
}

/// Answers the engine. An engine that no longer listens has stopped, which the loop learns from its channel.
fn answer<T>(reply: Reply<T>, value: T) {
    if reply.send(value).is_err() {
        tracing::debug!("the engine no longer waits for an answer");
    }
}
