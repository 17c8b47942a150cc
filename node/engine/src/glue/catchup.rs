//! Serving nodes that are behind, and catching up ourselves.

use std::ops::RangeInclusive;

use bytes::Bytes;
use malachite::app::engine::host::SyncedValueOutcome;
use malachite::app::types::ProposedValue;
use malachite::app::types::core::{Round, Validity};
use malachite::app::types::sync::RawDecidedValue;

use super::Glue;
use crate::application::{Application, Fault, Synced, Verdict};
use crate::context::{Block, Hefu, Height, Voter};
use crate::plain::{extended, number};

/// Heights looked at for one answer, whatever was asked for.
const HEIGHTS_MAX: u64 = 64;

impl<A: Application> Glue<A> {
    /// Decided blocks for another node. The engine passes on whatever range a peer asked for.
    pub(super) fn decided(&mut self, range: &RangeInclusive<Height>) -> Result<Vec<RawDecidedValue<Hefu>>, Fault> {
        let (first, last) = (range.start().0, range.end().0);
        if first > last {
            return Ok(Vec::new());
        }
        let last = last.min(first.saturating_add(HEIGHTS_MAX.saturating_sub(1)));
        let blocks = self.application.decided(first..=last, self.answer_bodies_max)?;
        let values = blocks.into_iter();
        Ok(values.map(|one| RawDecidedValue::new(one.body, extended(one.certificate))).collect())
    }

    /// A decided body from another node, its certificate already verified. The engine does not say of which block, so the
    /// certificates that were seen are asked.
    pub(super) async fn synced(
        &mut self,
        height: Height,
        round: Round,
        proposer: Voter,
        body: Bytes,
    ) -> Result<SyncedValueOutcome<Hefu>, Fault> {
        let block = match self.stage.as_ref().filter(|stage| stage.height == height.0) {
            Some(stage) => self.sightings.decided(stage.height, &stage.validators).await,
            None => None,
        };
        let verdict = self.application.synced(Synced {
            height: height.0,
            round: number(round),
            block,
            proposer: proposer.0,
            body,
        })?;
        let (block, validity) = match verdict {
            Verdict::Valid(block) => (block, Validity::Valid),
            Verdict::Invalid(block) => {
                tracing::error!(
                    block.height = height.0,
                    block.id = %block,
                    "the others decided a block that breaks a rule here: this node follows other rules than they do"
                );
                (block, Validity::Invalid)
            }
            Verdict::HeldBack => return Ok(SyncedValueOutcome::LocalTransientError),
            Verdict::Malformed => return Ok(SyncedValueOutcome::PeerFault),
        };
        let value = Block(block);
        let valid_round = Round::Nil;
        Ok(SyncedValueOutcome::Verdict(ProposedValue { height, round, valid_round, proposer, value, validity }))
    }
}
