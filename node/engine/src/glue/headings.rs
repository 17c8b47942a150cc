//! Which headings count.

use std::collections::BTreeSet;

use malachite::app::types::PeerId;

use super::height::Stage;
use crate::context::Heading;
use crate::signing::{Judge, Statement};
use crate::streams::Standing;

/// Headings accepted for one round: the engine keeps two values for each, enough to convict a proposer that sends two.
const PER_ROUND_MAX: usize = 2;

/// How many rounds ahead of the current one a heading may be. The engine drops proposals beyond that too.
const ROUNDS_AHEAD_MAX: u32 = 10;

/// The headings that proposers of this height signed, this node among them.
///
/// Every body that is put together is stored, so what a proposer can make others store must be bounded: a member may
/// sign headings for each of its rounds, of which there is no end.
pub(super) struct Headings {
    judge: Judge,
    accepted: Vec<Heading>,
    /// Who has sent a refused one at this height, which was logged: whoever sends one can send a thousand.
    told: BTreeSet<PeerId>,
}

impl Headings {
    pub(super) fn new(judge: Judge) -> Headings {
        Headings { judge, accepted: Vec::new(), told: BTreeSet::new() }
    }

    /// What a heading that `peer` has sent is worth at `stage`.
    pub(super) fn standing(&mut self, peer: &PeerId, heading: &Heading, stage: Option<&Stage>) -> Standing {
        let Some(stage) = stage else {
            return Standing::Refused;
        };
        if stage.height.checked_add(1) == Some(heading.height) {
            return Standing::Early;
        }
        if stage.height != heading.height {
            return Standing::Refused;
        }
        if self.accepted.contains(heading) {
            return Standing::Genuine;
        }
        let of_round = self.accepted.iter().filter(|accepted| accepted.round == heading.round);
        let acceptable = of_round.count() < PER_ROUND_MAX
            && heading.round <= stage.round.saturating_add(ROUNDS_AHEAD_MAX)
            && stage.validators.contains(&heading.builder)
            && self.signed_by_proposer(heading, stage);
        if !acceptable {
            if self.told.insert(*peer) {
                let Heading { height, round, builder, .. } = heading;
                tracing::warn!(
                    peer.id = %peer,
                    block.height = height,
                    block.round = round,
                    block.builder = %builder,
                    "parts are refused that the proposer of the round has not announced"
                );
            }
            return Standing::Refused;
        }
        self.accepted.push(*heading);
        Standing::Genuine
    }

    /// Remembers a heading that this node signed.
    pub(super) fn own(&mut self, heading: Heading) {
        self.accepted.push(heading);
    }

    /// The newest heading of a block whose body has so many bytes. A proposer that lies about the length names the block too.
    pub(super) fn of(&self, block: &hefu_keys::Hash, length: usize) -> Option<Heading> {
        let fits = |heading: &&Heading| heading.block == *block && usize::try_from(heading.bytes) == Ok(length);
        self.accepted.iter().rev().find(fits).copied()
    }

    /// A new height begins.
    pub(super) fn clear(&mut self) {
        self.accepted.clear();
        self.told.clear();
    }

    fn signed_by_proposer(&self, heading: &Heading, stage: &Stage) -> bool {
        let proposer = stage.validators.proposer(heading.height, heading.round);
        self.judge.accepts(&Statement::Parts(heading), &heading.signature, proposer.key())
    }
}

#[cfg(test)]
mod tests;
