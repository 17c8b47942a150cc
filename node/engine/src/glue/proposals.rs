//! Bodies: proposing them, receiving them, sending them again.

use hefu_keys::{Address, Hash};
use malachite::app::types::core::{Round, Validity};
use malachite::app::types::streaming::StreamMessage;
use malachite::app::types::{LocallyProposedValue, PeerId, ProposedValue};
use malachite::{NetworkMsg, Reply};

use super::{Glue, answer};
use crate::application::{Application, Fault, Portion, Received, Verdict};
use crate::context::{Block, Heading, Hefu, Height, Part, Voter};
use crate::parts::cut;
use crate::plain::number;
use crate::signing::{NotSigned, Signatory};
use crate::streams::{Arrival, Growth, Whole};

#[derive(Debug, thiserror::Error)]
enum Unable {
    #[error("the engine asks a node without a validator key for a block")]
    Keyless,
    #[error(transparent)]
    Unsigned(#[from] NotSigned),
}

/// A heading of this validator's own.
fn headed(
    signatory: &Signatory,
    (height, round): (Height, Round),
    block: Hash,
    (builder, length): (Address, usize),
) -> Result<Heading, NotSigned> {
    let bytes = u64::try_from(length).unwrap_or(u64::MAX);
    let unsigned = hefu_keys::Signature::from_bytes([0; 64]);
    let mut heading = Heading { height: height.0, round: number(round), block, builder, bytes, signature: unsigned };
    heading.signature = signatory.announce(&heading)?;
    Ok(heading)
}

impl<A: Application> Glue<A> {
    /// Has the application build a block, tells the engine its id, then sends the body.
    pub(super) async fn propose(
        &mut self,
        height: Height,
        round: Round,
        reply: Reply<LocallyProposedValue<Hefu>>,
    ) -> Result<(), Fault> {
        let fault = |reason: Unable| Fault::new("proposing a block", reason);
        let proposed = self.application.propose(height.0, number(round))?;
        let signatory = self.signatory.as_ref().ok_or(Unable::Keyless).map_err(fault)?;
        let written_by = (self.me, proposed.body.len());
        let heading = match headed(signatory, (height, round), proposed.block, written_by) {
            Ok(heading) => Some(heading),
            Err(NotSigned::Refused(refused)) => {
                tracing::warn!(block.height = height.0, block.id = %proposed.block, %refused, "no body is sent");
                None
            }
            Err(reason) => return Err(fault(reason.into())),
        };
        answer(reply, LocallyProposedValue::new(height, round, Block(proposed.block)));
        if let Some(heading) = heading {
            self.headings.own(heading);
            self.send(heading, &proposed.body).await;
        }
        Ok(())
    }

    /// Adds a part; a value once its body is complete and judged.
    pub(super) fn part_arrived(
        &mut self,
        peer: PeerId,
        part: StreamMessage<Part>,
    ) -> Result<Option<ProposedValue<Hefu>>, Fault> {
        // Whatever is said of it names who sent it, however little is logged.
        let sent = tracing::error_span!("parts", peer.id = %peer);
        let _sent = sent.enter();
        let stage = self.stage.as_ref();
        let running = stage.map(|stage| (stage.height, stage.round)).unwrap_or_default();
        let headings = &mut self.headings;
        let judge = |heading: &Heading| headings.standing(&peer, heading, stage);
        let arrival = self.streams.add(peer, part, running, judge);
        self.arrived(arrival)
    }

    /// A proposer's heading opens a held height, a complete body is judged.
    pub(super) fn arrived(&mut self, arrival: Arrival) -> Result<Option<ProposedValue<Hefu>>, Fault> {
        match arrival {
            Arrival::Nothing => Ok(None),
            Arrival::Grown(Growth { heading: Heading { height, round, block, .. }, from, chunks }) => {
                self.application.arriving(Portion { height, round, block, from, chunks })?;
                Ok(None)
            }
            Arrival::Announced(heading) => {
                tracing::debug!(block.height = heading.height, block.id = %heading.block, "proposal announced");
                self.open("a proposal");
                Ok(None)
            }
            Arrival::Complete(whole) => {
                let value = self.judged(whole);
                self.open("a proposal");
                value
            }
        }
    }

    fn judged(&mut self, whole: Whole) -> Result<Option<ProposedValue<Hefu>>, Fault> {
        let Whole { heading, body } = whole;
        let verdict = self.application.received(Received {
            height: heading.height,
            round: heading.round,
            block: heading.block,
            builder: heading.builder,
            body,
            fresh: !self.sightings.prevoted(&heading.block),
        })?;
        let (block, validity) = match verdict {
            Verdict::Valid(block) => (block, Validity::Valid),
            Verdict::Invalid(block) => (block, Validity::Invalid),
            Verdict::HeldBack => {
                tracing::info!(block.height = heading.height, block.id = %heading.block, "proposal held back");
                return Ok(None);
            }
            // Whoever judged it has said why. The genuine body may still come.
            Verdict::Malformed => return Ok(None),
        };
        if block != heading.block {
            return Ok(misnamed(&heading));
        }
        if validity.is_invalid() {
            tracing::warn!(block.height = heading.height, block.id = %block, builder = %heading.builder, "proposal breaks a rule");
        }
        let height = Height(heading.height);
        Ok(self.value(height, Round::new(heading.round), block, validity))
    }

    /// A round begins: the engine wants what the application holds for this height.
    pub(super) fn round_started(&mut self, height: Height, round: Round) -> Result<Vec<ProposedValue<Hefu>>, Fault> {
        if let Some(stage) = self.stage.as_mut().filter(|stage| stage.height == height.0) {
            stage.round = number(round);
        }
        let stored = self.application.undecided(height.0)?;
        let values = stored.into_iter().filter_map(|one| {
            let validity = Validity::from_bool(one.valid);
            self.value(height, Round::new(one.round), one.block, validity)
        });
        Ok(values.collect())
    }

    fn value(&self, height: Height, round: Round, block: Hash, validity: Validity) -> Option<ProposedValue<Hefu>> {
        let stage = self.stage.as_ref().filter(|stage| stage.height == height.0)?;
        let proposer = Voter(stage.validators.proposer(height.0, number(round)).address());
        let value = Block(block);
        Some(ProposedValue { height, round, valid_round: Round::Nil, proposer, value, validity })
    }

    /// Sends a body again: in our own name if the round is ours, else under the heading its proposer signed. Without
    /// one (after a restart) there is nothing that others would accept, and other validators do the same.
    pub(super) async fn send_again(
        &mut self,
        height: Height,
        round: Round,
        proposer: Address,
        block: Hash,
    ) -> Result<(), Fault> {
        let Some(kept) = self.application.body(height.0, &block)? else {
            tracing::warn!(block.height = height.0, block.id = %block, "no body to send again");
            return Ok(());
        };
        let own = self.signatory.as_ref().filter(|_| proposer == self.me);
        let written_by = (kept.builder, kept.body.len());
        let heading = match own.map(|signatory| headed(signatory, (height, round), block, written_by)) {
            Some(Ok(heading)) => Some(heading),
            Some(Err(NotSigned::Refused(_))) | None => self.headings.of(&block, kept.body.len()),
            Some(Err(reason)) => return Err(Fault::new("sending a proposal again", reason)),
        };
        if let Some(heading) = heading {
            self.send(heading, &kept.body).await;
        }
        Ok(())
    }

    async fn send(&self, heading: Heading, body: &bytes::Bytes) {
        for part in cut(heading, body) {
            if self.network.send(NetworkMsg::PublishProposalPart(part)).await.is_err() {
                tracing::debug!("the engine's network has stopped, the body is not sent");
                return;
            }
        }
    }
}

/// A verdict about another block than the one that was announced, of which nothing can be said: its body may still come. No
/// ledger says so that keeps to what [`Received`] asks.
fn misnamed(heading: &Heading) -> Option<ProposedValue<Hefu>> {
    tracing::warn!(
        block.height = heading.height,
        block.id = %heading.block,
        block.round = heading.round,
        "a proposer sent something else than the block it announced"
    );
    None
}
