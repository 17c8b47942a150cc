//! What the engine's core asks of the machine around it.

use hefu_engine::{
    Synced, Verdict,
    inner::{
        Autograph, Block, Claim, Heading, Hefu, Proposal, Refused, Statement, Vote, certified, claim_of_heading,
        claim_of_proposal, claim_of_vote, equivocations, logbook,
        malachite::app::{
            consensus::{
                ConsensusMsg, Effect, Input, LivenessMsg, Resumable as _, Resume, SignedConsensusMsg,
                VoteExtensionError,
            },
            types::{
                LocallyProposedValue,
                core::{
                    NilOrVal, Round, SignedProposal, SignedVote, Timeout, Validity, ValueOrigin, ValueResponse,
                    VoteType,
                },
            },
        },
        number,
    },
};
use hefu_keys::{Address, Hash, Signature};

use super::{
    bugs::Bug,
    hands::{Act, Hands},
    post::Letter,
    signs::sign,
    stage::Chronicle,
};

/// Why an effect has no answer: the machine stops.
#[derive(Debug)]
pub struct Over;

type Answer = Result<Resume<Hefu>, Over>;

impl<A: Chronicle> Hands<A> {
    /// Does what the engine's core asks for.
    #[expect(clippy::too_many_lines, reason = "one arm for each thing that it asks for")]
    pub(super) fn effect(&mut self, effect: Effect<Hefu>) -> Answer {
        if !self.goes_on() {
            return Err(Over);
        }
        match effect {
            Effect::CancelAllTimeouts(resume) => {
                self.timers.clear();
                Ok(resume.resume_with(()))
            }
            Effect::CancelTimeout(timeout, resume) => {
                self.timers.retain(|(other, _)| *other != timeout);
                Ok(resume.resume_with(()))
            }
            Effect::ScheduleTimeout(timeout, resume) => {
                self.schedule(timeout);
                Ok(resume.resume_with(()))
            }
            Effect::StartRound(height, round, _, _, resume) => {
                self.flush()?;
                self.round = number(round);
                self.hand_back(height.0)?;
                Ok(resume.resume_with(()))
            }
            Effect::PublishConsensusMsg(message, resume) => {
                self.flush()?;
                if let SignedConsensusMsg::Proposal(proposal) = &message {
                    self.proposed.insert(number(proposal.message.round), proposal.message.block.0);
                }
                self.acts.push(Act::Send(Letter::Consensus(message)));
                Ok(resume.resume_with(()))
            }
            Effect::PublishLivenessMsg(message, resume) => {
                self.acts.push(Act::Send(Letter::Liveness(message)));
                Ok(resume.resume_with(()))
            }
            Effect::RepublishVote(vote, resume) => {
                self.acts.push(Act::Send(Letter::Liveness(LivenessMsg::Vote(vote))));
                Ok(resume.resume_with(()))
            }
            Effect::RepublishRoundCertificate(certificate, resume) => {
                self.acts.push(Act::Send(Letter::Liveness(LivenessMsg::SkipRoundCertificate(certificate))));
                Ok(resume.resume_with(()))
            }
            Effect::GetValue(height, round, _, resume) => {
                self.propose(height.0, number(round))?;
                Ok(resume.resume_with(()))
            }
            Effect::RestreamProposal(height, round, _, proposer, block, resume) => {
                self.send_again((height.0, number(round)), &proposer.0, block)?;
                Ok(resume.resume_with(()))
            }
            Effect::Decide(certificate, _, resume) => {
                self.flush()?;
                let (height, block) = (certificate.height.0, certificate.value_id);
                let proposes_next = self.proposes(height + 1, 0);
                self.asked(|app| app.decide(certified(certificate), proposes_next))?;
                self.acts.push(Act::Decided(height, block));
                Ok(resume.resume_with(()))
            }
            Effect::Finalize(_, _, evidence, resume) => {
                if !evidence.is_empty() {
                    let evidence = equivocations(&evidence, &self.judge.texts);
                    self.asked(|app| app.misbehaved(evidence))?;
                }
                self.held = true;
                self.acts.push(Act::Next);
                Ok(resume.resume_with(()))
            }
            Effect::SignVote(vote, resume) => Ok(resume.resume_with(self.sign_vote(vote)?)),
            Effect::SignProposal(proposal, resume) => Ok(resume.resume_with(self.sign_proposal(&proposal)?)),
            Effect::VerifySignature(message, key, resume) => {
                let signer = key.address();
                let valid = match &message.message {
                    ConsensusMsg::Vote(vote) => {
                        self.judge.accepts(&Statement::Vote(vote), &message.signature.0, &signer)
                    }
                    ConsensusMsg::Proposal(proposal) => {
                        self.judge.accepts(&Statement::Proposal(proposal), &message.signature.0, &signer)
                    }
                };
                Ok(resume.resume_with(valid))
            }
            Effect::VerifyCommitCertificate(certificate, set, least, resume) => {
                Ok(resume.resume_with(self.judge.commit(&certificate, &set, least)))
            }
            Effect::VerifyExtendedCommitCertificate(certificate, set, least, policy, resume) => {
                let unchecked = self.bug == Some(Bug::SyncUnchecked);
                let verdict = self.judge.extended(&certificate, &set, (least, policy));
                Ok(resume.resume_with(if unchecked { Ok(()) } else { verdict }))
            }
            Effect::VerifyPolkaCertificate(certificate, set, least, resume) => {
                Ok(resume.resume_with(self.judge.polka(&certificate, &set, least)))
            }
            Effect::VerifyRoundCertificate(certificate, set, least, resume) => {
                Ok(resume.resume_with(self.judge.round(&certificate, &set, least)))
            }
            Effect::WalAppend(height, entry, resume) => {
                if !self.recovering {
                    let entry = self.as_logged(entry);
                    self.log.append(height.0, entry);
                }
                Ok(resume.resume_with(()))
            }
            Effect::CertVerifiedSyncValue(served, proposer, resume) => {
                self.synced(served, proposer.0)?;
                Ok(resume.resume_with(()))
            }
            Effect::CertRejectedSyncValue(_, _, _, resume) => Ok(resume.resume_with(())),
            // No height asks for extensions.
            Effect::ExtendVote(_, _, _, _, resume) => Ok(resume.resume_with(None)),
            Effect::VerifyVoteExtension(_, _, _, _, _, _, resume) => {
                Ok(resume.resume_with(Err(VoteExtensionError::InvalidVoteExtension)))
            }
        }
    }

    fn asked<T>(&mut self, ask: impl FnOnce(&mut A) -> Result<T, hefu_engine::Fault>) -> Result<T, Over> {
        let answer = ask(self.app.as_mut().ok_or(Over)?);
        answer.map_err(|fault| {
            self.fail(&fault);
            Over
        })
    }

    /// An entry as our codec writes it.
    fn as_logged(&self, entry: Input<Hefu>) -> Input<Hefu> {
        let guard = self.guard().filter(|_| self.bug != Some(Bug::OverruledLogged));
        let Some(guard) = guard else { return entry };
        let message = match entry {
            Input::Vote(vote) => SignedConsensusMsg::Vote(vote),
            Input::Proposal(proposal) => SignedConsensusMsg::Proposal(proposal),
            other @ (Input::StartHeight(..)
            | Input::Propose(_)
            | Input::TimeoutElapsed(_)
            | Input::ProposedValue(..)
            | Input::SyncValueResponse(_)
            | Input::PolkaCertificate(_)
            | Input::RoundCertificate(_)) => return other,
        };
        match logbook::written(guard, &message) {
            SignedConsensusMsg::Vote(vote) => Input::Vote(vote),
            SignedConsensusMsg::Proposal(proposal) => Input::Proposal(proposal),
        }
    }

    fn flush(&mut self) -> Result<(), Over> {
        if self.recovering || self.log.flush() { Ok(()) } else { Err(Over) }
    }

    fn schedule(&mut self, timeout: Timeout) {
        if self.bug == Some(Bug::TimersLost) && self.boots > 1 {
            return;
        }
        self.tickets += 1;
        self.timers.retain(|(other, _)| *other != timeout);
        self.timers.push((timeout, self.tickets));
        let wait = self.timeouts.duration_for(timeout).as_millis();
        self.acts.push(Act::Timer(timeout, self.tickets, u64::try_from(wait).unwrap_or(u64::MAX)));
    }

    /// The bodies that the ledger holds, at the start of a round.
    fn hand_back(&mut self, height: u64) -> Result<(), Over> {
        let stored = self.asked(|app| app.undecided(height))?;
        for one in stored {
            if one.valid {
                self.sound.push(one.block);
            }
            let value = self.value(one.round, one.block, Validity::from_bool(one.valid));
            self.inbox.push_back(Input::ProposedValue(value, ValueOrigin::Consensus));
        }
        Ok(())
    }

    fn propose(&mut self, height: u64, round: u32) -> Result<(), Over> {
        let proposed = self.asked(|app| app.propose(height, round))?;
        self.sound.push(proposed.block);
        let heading = self.heading((height, round), proposed.block, (self.me, proposed.body.len()))?;
        let value = self.value(round, proposed.block, Validity::Valid);
        let (height, round, value) = (value.height, value.round, value.value);
        let local = LocallyProposedValue::new(height, round, value);
        self.inbox.push_back(Input::Propose(local));
        if let Some(heading) = heading {
            self.headings.push(heading);
            self.acts.push(Act::Send(Letter::Body(heading, proposed.body)));
        }
        Ok(())
    }

    /// A heading of this machine's own; none where its guard knows of another.
    fn heading(
        &mut self,
        (height, round): (u64, u32),
        block: Hash,
        (builder, bytes): (Address, usize),
    ) -> Result<Option<Heading>, Over> {
        let (bytes, signature) = (u64::try_from(bytes).unwrap_or(u64::MAX), Signature::from_bytes([0; 64]));
        let mut heading = Heading { height, round, block, builder, bytes, signature };
        match self.sign(claim_of_heading(&heading)) {
            Ok((_, signature)) => {
                heading.signature = signature;
                Ok(Some(heading))
            }
            Err(Refused::Unwritten(_)) => Err(Over),
            Err(Refused::Past { .. } | Refused::Announced(..) | Refused::Asleep | Refused::Behind | Refused::Over) => {
                Ok(None)
            }
        }
    }

    fn send_again(&mut self, (height, round): (u64, u32), proposer: &Address, block: Hash) -> Result<(), Over> {
        let Some(kept) = self.asked(|app| app.body(height, &block))? else { return Ok(()) };
        let own = if *proposer == self.me {
            self.heading((height, round), block, (kept.builder, kept.body.len()))?
        } else {
            None
        };
        let heading = own.or_else(|| self.headings.iter().rev().find(|heading| heading.block == block).copied());
        if let Some(heading) = heading {
            self.acts.push(Act::Send(Letter::Body(heading, kept.body)));
        }
        Ok(())
    }

    /// Signs as the validator's hand does: what the guard knows of comes back instead, and what binds comes after what
    /// led to it is durable.
    fn sign(&mut self, claim: Claim) -> Result<(Claim, Signature), Refused> {
        let (texts, me) = (self.judge.texts, self.me);
        let by_hand = |claim: &Claim| Some(sign(&me, &texts.of_claim(claim)?));
        if claim.binds() && !self.recovering && !self.log.flush() {
            return Err(Refused::Unwritten("the power is off".to_owned()));
        }
        let Some(guard) = self.guard() else {
            if self.guarded {
                return Err(Refused::Asleep);
            }
            let signature = by_hand(&claim).expect("a claim with a round");
            return Ok((claim, signature));
        };
        Ok(guard.sign(claim, by_hand)?.expect("a claim with a round"))
    }

    fn sign_vote(&mut self, mut vote: Vote) -> Result<SignedVote<Hefu>, Over> {
        if self.bug == Some(Bug::LockForgotten) && vote.kind == VoteType::Prevote && vote.block.is_nil() {
            let proposed = self.proposed.get(&number(vote.round)).filter(|block| self.sound.contains(block));
            vote.block = proposed.map_or(NilOrVal::Nil, |block| NilOrVal::Val(*block));
        }
        let claim = claim_of_vote(&vote).ok_or(Over)?;
        let (said, signature) = self.sign(claim).map_err(|refused| self.refused(&refused))?;
        let block = said.block.map_or(NilOrVal::Nil, NilOrVal::Val);
        Ok(SignedVote::new(Vote { block, ..vote }, Autograph(signature)))
    }

    fn sign_proposal(&mut self, proposal: &Proposal) -> Result<SignedProposal<Hefu>, Over> {
        let claim = claim_of_proposal(proposal).ok_or(Over)?;
        let (said, signature) = self.sign(claim).map_err(|refused| self.refused(&refused))?;
        let block = said.block.map_or(proposal.block, Block);
        let pol_round = said.pol_round.map_or(Round::Nil, Round::new);
        Ok(SignedProposal::new(Proposal { block, pol_round, ..proposal.clone() }, Autograph(signature)))
    }

    fn refused(&mut self, refused: &Refused) -> Over {
        self.failed.get_or_insert(refused.to_string());
        Over
    }

    fn synced(&mut self, served: ValueResponse<Hefu>, proposer: Address) -> Result<(), Over> {
        let (height, round) = (served.certificate.height.0, number(served.certificate.round));
        let (block, body) = (Some(served.certificate.value_id), served.value_bytes);
        let verdict = self.asked(|app| app.synced(Synced { height, round, block, proposer, body }))?;
        let (block, valid) = match verdict {
            Verdict::Valid(block) => (block, true),
            Verdict::Invalid(block) => (block, false),
            Verdict::HeldBack | Verdict::Malformed => return Ok(()),
        };
        if block == served.certificate.value_id {
            let value = self.value(round, block, Validity::from_bool(valid));
            self.inbox.push_back(Input::ProposedValue(value, ValueOrigin::Sync));
        }
        Ok(())
    }
}
