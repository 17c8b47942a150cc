//! Opening heights, and holding them.
//!
//! There are no empty blocks: after a decision the answer that opens the next height is held until somebody wants it.
//! That is the application, because something waits; another proposer, whose signed heading arrives; the others, who are
//! known to have decided this height already; or the heartbeat. A node that does not vote holds nothing: it proposes
//! nothing either, and can follow at once.

use malachite::Reply;
use malachite::app::engine::host::{HeightParams, Next};
use malachite::app::types::{MisbehaviorEvidence, PeerId};
use tokio::time::Instant;

use super::{Glue, answer};
use crate::application::{Application, Fault, Terms, Upcoming};
use crate::context::{Hefu, Height};
use crate::evidence::equivocations;
use crate::peers;
use crate::plain::linear;
use crate::sightings::Sighting;
use crate::streams::Arrival;
use crate::validators::Validators;

/// The height that is decided next.
pub(super) struct Stage {
    pub(super) height: u64,
    /// The round that runs, 0 before the first.
    pub(super) round: u32,
    pub(super) validators: Validators,
    terms: Terms,
}

/// A height that waits for somebody to want it.
pub(super) struct Held {
    reply: Reply<Next<Hefu>>,
    /// When the heartbeat opens it.
    pub(super) due: Instant,
}

#[derive(Debug, thiserror::Error)]
#[error("the ledger's next height is {found} after block {decided} was decided")]
struct OutOfStep {
    found: u64,
    decided: u64,
}

impl Stage {
    pub(super) fn new(upcoming: Upcoming) -> Result<Stage, Fault> {
        let validators = Validators::new(&upcoming.terms.members)
            .map_err(|reason| Fault::new("reading the members of the next height", reason))?;
        Ok(Stage { height: upcoming.height, round: 0, validators, terms: upcoming.terms })
    }

    fn params(&self) -> HeightParams<Hefu> {
        let timeouts = linear(&self.terms.timeouts);
        HeightParams::new(self.validators.clone(), timeouts, self.terms.block_time)
    }
}

impl<A: Application> Glue<A> {
    /// The engine is ready: its first height opens at once, as soon as the others are there to see it.
    pub(super) async fn ready(&mut self, reply: Reply<(Height, HeightParams<Hefu>)>) -> Result<(), Fault> {
        let stage = Stage::new(self.application.next()?)?;
        let voters = stage.validators.len();
        tracing::info!(block.height = stage.height, members = voters, "waiting for validators");
        peers::gather(&self.net_requests, &stage.validators, &self.me).await;
        answer(reply, (Height(stage.height), stage.params()));
        self.stage = Some(stage);
        Ok(())
    }

    /// A height is over. The next one is opened at once if it is wanted, else held.
    pub(super) async fn finalized(
        &mut self,
        height: u64,
        evidence: &MisbehaviorEvidence<Hefu>,
        reply: Reply<Next<Hefu>>,
    ) -> Result<(), Fault> {
        if !evidence.is_empty() {
            let evidence = equivocations(evidence, &self.judge.texts);
            tracing::warn!(block.height = height, count = evidence.len(), "validators contradicted themselves");
            self.application.misbehaved(evidence)?;
        }
        let stage = Stage::new(self.application.next()?)?;
        if height.checked_add(1) != Some(stage.height) {
            let reason = OutOfStep { found: stage.height, decided: height };
            return Err(Fault::new("going on to the next height", reason));
        }
        let due = Instant::now().checked_add(stage.terms.heartbeat);
        self.headings.clear();
        self.sightings.advance(stage.height);
        let votes = stage.validators.contains(&self.me);
        let headings = &mut self.headings;
        let arrivals =
            self.streams.advance(stage.height, |peer, heading| headings.standing(peer, heading, Some(&stage)));
        self.stage = Some(stage);
        self.held = Some(Held { reply, due: due.unwrap_or_else(Instant::now) });
        let proposed = !arrivals.is_empty();
        self.take_in(arrivals)?;
        if !votes {
            self.open("this node follows");
        } else if proposed {
            self.open("a proposal");
        } else if self.decided_elsewhere().await {
            self.open("others have decided it");
        } else {
            self.woken();
        }
        Ok(())
    }

    /// Opens the held height if something waits.
    pub(super) fn woken(&mut self) {
        if self.held.is_some() && self.application.wanted() {
            self.open("records wait");
        }
    }

    /// A certificate passed.
    pub(super) async fn sighted(&mut self, sighting: Sighting) -> Result<(), Fault> {
        if let Some(stage) = &self.stage {
            self.sightings.note(sighting, stage.height, &stage.validators).await;
        }
        if self.held.is_some() && self.decided_elsewhere().await {
            self.open("others have decided it");
        }
        Ok(())
    }

    /// Opens the held height, if one is held.
    pub(super) fn open(&mut self, why: &'static str) {
        if let (Some(held), Some(stage)) = (self.held.take(), &self.stage) {
            tracing::debug!(block.height = stage.height, why, "height opened");
            answer(held.reply, Next::Start(Height(stage.height), stage.params()));
        }
    }

    async fn decided_elsewhere(&mut self) -> bool {
        match &self.stage {
            Some(stage) => self.sightings.decided(stage.height, &stage.validators).await.is_some(),
            None => false,
        }
    }

    /// Hands bodies on that came before their height. The engine gets them back when the height starts.
    fn take_in(&mut self, arrivals: Vec<(PeerId, Arrival)>) -> Result<(), Fault> {
        for (peer, arrival) in arrivals {
            let sent = tracing::error_span!("parts", peer.id = %peer);
            let _sent = sent.enter();
            self.arrived(arrival)?;
        }
        Ok(())
    }
}
