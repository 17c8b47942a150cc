//! The engine's side of the node: what the engine asks, answered by the core.

mod ahead;
mod arrivals;

use std::{ops::RangeInclusive, sync::Arc, time::Duration};

use hefu_contracts::{
    certificate::{Certificate, Precommit},
    genesis::Genesis,
    height::Height,
    state::Fault,
    validators::{Evidence, Signed},
    votes::{self, Statement},
};
use hefu_engine::{
    Ahead, Application, Certificate as Precommits, Decided, Equivocation, Fault as EngineFault, Kept, Member,
    PartsText, Portion, ProposalText, Proposed, Received, SignedText, Synced, Terms, Timeouts, Undecided, Upcoming,
    Verdict, VoteKind, VoteText, Wording,
};
use hefu_keys::Hash;

use crate::{
    core::{Core, Judged, Next, Prepared, Proposal},
    ledger::{Desk, describe, now},
};
use arrivals::Arrivals;

/// Each further round waits this much longer, as a part of the first round's wait.
const ROUND_GROWTH_DIVISOR: u32 = 2;

/// Votes are sent again after this long in a round that does not end.
const REBROADCAST: Duration = Duration::from_secs(5);

/// No wait of a round grows beyond this.
const WAIT_MAX: Duration = Duration::from_secs(60);

/// What validators sign, in the ledger's own words.
pub const WORDING: Wording = Wording { vote, proposal, parts };

fn height_of(number: u64) -> Height {
    // The engine accepts no height of 2^53 and above from others, and counts its own up from 1.
    Height::new(number).unwrap_or_default()
}

fn vote(text: &VoteText) -> String {
    let kind = match text.kind {
        VoteKind::Prevote => votes::VoteKind::Prevote,
        VoteKind::Precommit => votes::VoteKind::Precommit,
    };
    votes::vote(&text.chain, height_of(text.height), text.round, kind, text.block.as_ref())
}

fn proposal(text: &ProposalText) -> String {
    votes::proposal(&text.chain, height_of(text.height), text.round, text.pol_round, &text.block)
}

fn parts(text: &PartsText) -> String {
    let PartsText { chain, height, round, block, builder, bytes } = text;
    let heading = votes::PartsHeading { block, builder, bytes: *bytes, height: height_of(*height), round: *round };
    votes::parts(chain, &heading)
}

/// The node as the engine sees it.
pub(crate) struct Participant {
    desk: Arc<Desk>,
    arrivals: Arrivals,
}

impl Participant {
    pub(crate) fn new(desk: Arc<Desk>) -> Participant {
        Participant { desk, arrivals: Arrivals::default() }
    }

    /// Does something in the ledger; a fault ends the engine and the node.
    fn doing<T>(&self, what: &'static str, work: impl FnOnce(&Desk) -> Result<T, Fault>) -> Result<T, EngineFault> {
        self.desk.watched(work).map_err(|fault| EngineFault::new(what, describe(&fault)))
    }

    fn judge(&self, proposal: &Proposal, prepare: impl FnOnce(&mut Core) -> Prepared) -> Result<Verdict, EngineFault> {
        let judged = self.doing("judging a block", |desk| {
            let prepared = prepare(&mut *desk.core()?);
            // The largest part of what others may send in vain is found out while the core serves others.
            let bound = prepared.bind();
            desk.core()?.validate(now(), proposal, bound)
        })?;
        Ok(match judged {
            Judged::Valid(block) => Verdict::Valid(block),
            Judged::Invalid(block) => Verdict::Invalid(block),
            Judged::HeldBack => Verdict::HeldBack,
            Judged::Malformed => Verdict::Malformed,
        })
    }
}

impl Application for Participant {
    fn next(&mut self) -> Result<Upcoming, EngineFault> {
        self.doing("going on to the next height", |desk| {
            let height = desk.core()?.height().next().get();
            Ok(Upcoming { height, terms: terms(desk.genesis()) })
        })
    }

    fn wanted(&mut self) -> bool {
        self.desk.waiting().is_ok_and(|waiting| waiting.len() > 0)
    }

    fn propose(&mut self, height: u64, round: u32) -> Result<Proposed, EngineFault> {
        self.doing("building a block", |desk| {
            let built = {
                let mut core = desk.core()?;
                let built = core.build(now(), height, round)?;
                // Before the core is let go: a refused record may be handed in anew.
                desk.left(&built.left)?;
                built
            };
            Ok(Proposed { block: built.block, body: built.body })
        })
    }

    fn undecided(&mut self, height: u64) -> Result<Vec<Undecided>, EngineFault> {
        self.doing("reading the undecided blocks", |desk| {
            let undecided = desk.core()?.undecided(now(), height).into_iter();
            let undecided = undecided.map(|one| Undecided { round: one.round, block: one.block, valid: one.valid });
            Ok(undecided.collect())
        })
    }

    fn arriving(&mut self, portion: Portion) -> Result<(), EngineFault> {
        let Portion { height, round, block, from, chunks } = portion;
        let Some(mut arriving) = self.arrivals.resume((round, block), from) else { return Ok(()) };
        self.doing("verifying a block that is arriving", |desk| {
            // Its height may be final by now.
            if desk.core()?.height().next().get() != height {
                return Ok(());
            }
            for chunk in chunks {
                let arrived = arriving.take(&chunk);
                let arrived = desk.core()?.find_known(arrived);
                let verified = arriving.verify(arrived);
                desk.core()?.remember_all(verified);
            }
            Ok(())
        })?;
        self.arrivals.keep((round, block), arriving);
        Ok(())
    }

    fn received(&mut self, proposal: Received) -> Result<Verdict, EngineFault> {
        let Received { height, round, block, builder: _, body, fresh } = proposal;
        let proposal = Proposal { height, round, block: Some(block), fresh };
        let judged = self.judge(&proposal, |core| core.prepare(&proposal, body));
        // Not before: the core recognises what somebody keeps.
        self.arrivals.take((round, block));
        judged
    }

    fn body(&mut self, height: u64, block: &Hash) -> Result<Option<Kept>, EngineFault> {
        self.doing("reading an undecided block", |desk| {
            let candidate = desk.core()?.candidate(height, block);
            Ok(candidate.map(|(header, body)| Kept { builder: header.builder, body }))
        })
    }

    fn decide(&mut self, certificate: Precommits, proposes_next: bool) -> Result<(), EngineFault> {
        self.arrivals.clear();
        self.doing("committing a block", |desk| {
            let next = if proposes_next { Next::Full } else { Next::Elsewhere };
            let mut core = desk.core()?;
            let committed = core.commit(now(), of_engine(certificate), next)?;
            desk.committed(&committed)
        })
    }

    fn misbehaved(&mut self, evidence: Vec<Equivocation>) -> Result<(), EngineFault> {
        for Equivocation { validator, first, second } in evidence {
            tracing::error!(
                validator.address = %validator,
                first.text = first.text,
                first.signature = first.signature.to_base64url(),
                second.text = second.text,
                second.signature = second.signature.to_base64url(),
                "a validator has contradicted itself"
            );
            let equivocation = Equivocation { validator, first, second };
            match evidence_of(&equivocation) {
                Some(evidence) => self.doing("recording a contradiction", |desk| desk.accuse(&evidence))?,
                None => {
                    tracing::error!(validator.address = %validator, "it is not of the kind that the ledger records")
                }
            }
        }
        Ok(())
    }

    fn decided(&mut self, heights: RangeInclusive<u64>, bytes_max: usize) -> Result<Vec<Decided>, EngineFault> {
        self.doing("reading decided blocks", |desk| {
            let served = desk.core()?.decided(heights, bytes_max)?.into_iter();
            let served = served.map(|one| Decided { certificate: to_engine(one.certificate), body: one.body });
            Ok(served.collect())
        })
    }

    fn history_min(&mut self) -> Result<u64, EngineFault> {
        self.doing("reading decided blocks", |desk| Ok(desk.core()?.history_min().get()))
    }

    fn ahead(&self) -> Option<Ahead> {
        match ahead::start(&self.desk) {
            Ok(hears) => Some(Arc::new(hears)),
            Err(error) => {
                tracing::warn!(%error, "blocks are verified when their turn comes");
                None
            }
        }
    }

    fn synced(&mut self, decided: Synced) -> Result<Verdict, EngineFault> {
        let Synced { height, round, block, proposer: _, body } = decided;
        let proposal = Proposal { height, round, block, fresh: block.is_none() };
        self.judge(&proposal, |core| core.prepare_served(&proposal, body))
    }
}

/// What genesis says about every height.
pub fn terms(genesis: &Genesis) -> Terms {
    let members = genesis.members.0.iter();
    let parameters = &genesis.parameters;
    let millis = Duration::from_millis;
    let (propose, vote) = (millis(parameters.propose_timeout_ms), millis(parameters.vote_timeout_ms));
    let growth = |wait: Duration| wait.checked_div(ROUND_GROWTH_DIVISOR).unwrap_or(wait);
    Terms {
        members: members.map(|member| Member { address: member.address, power: member.power }).collect(),
        timeouts: Timeouts {
            propose,
            propose_delta: growth(propose),
            prevote: vote,
            prevote_delta: growth(vote),
            precommit: vote,
            precommit_delta: growth(vote),
            rebroadcast: REBROADCAST,
            longest: WAIT_MAX,
        },
        block_time: (parameters.block_interval_ms > 0).then(|| millis(parameters.block_interval_ms)),
        heartbeat: millis(parameters.heartbeat_ms),
    }
}

/// A contradiction as the ledger records it; none where the texts are not of statements that it knows.
pub fn evidence_of(equivocation: &Equivocation) -> Option<Evidence> {
    let signed = |one: &SignedText| {
        let statement: Statement = serde_json::from_str(&one.text).ok()?;
        (statement.text() == one.text).then_some(Signed { signature: one.signature, statement })
    };
    let Equivocation { validator, first, second } = equivocation;
    Some(Evidence::new(*validator, signed(first)?, signed(second)?))
}

/// A certificate as the ledger writes it: its signatures in the order of the addresses' texts.
pub fn of_engine(certificate: Precommits) -> Certificate {
    let signatures = certificate.signatures.into_iter();
    let mut signatures: Vec<Precommit> =
        signatures.map(|(validator, signature)| Precommit { signature, validator }).collect();
    signatures.sort_by_cached_key(|precommit| precommit.validator.to_string());
    Certificate {
        block: certificate.block,
        height: height_of(certificate.height),
        round: certificate.round,
        signatures,
    }
}

/// A certificate as the engine reads it: in the order of the addresses' bytes.
pub fn to_engine(certificate: Certificate) -> Precommits {
    let signatures = certificate.signatures.into_iter();
    let mut signatures: Vec<_> = signatures.map(|one| (one.validator, one.signature)).collect();
    signatures.sort_by_key(|(validator, _)| *validator);
    Precommits { height: certificate.height.get(), round: certificate.round, block: certificate.block, signatures }
}

#[cfg(test)]
mod tests;
