//! What a machine has besides the engine's core, and what it does by itself: bodies, and catching up.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use hefu_engine::{
    Application, Guard, Member, Received, Verdict,
    inner::{
        Block, Heading, Hefu, Height, Statement, Validators, Voter, extended, logbook,
        malachite::app::{
            consensus::{Input, ProposedValue, SignedConsensusMsg},
            types::core::{LinearTimeouts, Round, ThresholdParam, ThresholdParams, Timeout, Validity, ValueOrigin},
        },
    },
};
use hefu_keys::{Address, Hash};

use super::{
    bugs::Bug,
    disk::{Log, Paper, Power},
    post::{Decision, Letter},
    signs::Judge,
};

/// Headings that are accepted for one round, and how far ahead; as in our loop.
const HEADINGS_PER_ROUND_MAX: usize = 2;
const ROUNDS_AHEAD_MAX: u32 = 10;

/// Heights served at once.
const SERVED_MAX: u64 = 8;

/// Milliseconds until another node is asked for the same height.
const PATIENCE: u64 = 1_000;

/// What a machine wants the world to do.
pub enum Act {
    /// To everybody.
    Send(Letter),
    /// To one machine.
    SendTo(usize, Letter),
    /// A timer, with its ticket and its milliseconds.
    Timer(Timeout, u64, u64),
    /// A block is decided and committed.
    Decided(u64, Hash),
    /// The next height may start.
    Next,
}

/// What a machine has besides the engine's core, which calls it.
pub struct Hands<A> {
    /// Its address as a validator.
    pub me: Address,
    pub(super) bug: Option<Bug>,
    pub(super) judge: Judge,
    /// Its power.
    pub power: Power,
    pub(super) paper: Paper,
    /// The engine's log.
    pub log: Log,
    /// The ledger; none while the machine is off.
    pub app: Option<A>,
    pub(super) guard: Option<Guard>,
    pub(super) guarded: bool,
    pub(super) least: ThresholdParams,
    pub(super) members: Vec<Member>,
    pub(super) set: Validators,
    pub(super) timeouts: LinearTimeouts,
    pub(super) timers: Vec<(Timeout, u64)>,
    pub(super) tickets: u64,
    pub(super) inbox: VecDeque<Input<Hefu>>,
    /// What it wants done.
    pub acts: Vec<Act>,
    pub(super) recovering: bool,
    /// The height that it works on.
    pub height: u64,
    pub(super) round: u32,
    /// Whether that height is decided, and the next not begun.
    pub held: bool,
    pub(super) headings: Vec<Heading>,
    pub(super) early: Vec<(Heading, Bytes)>,
    /// The last heights of others, and who was asked last.
    pub(super) heard: BTreeMap<usize, u64>,
    pub(super) asked: usize,
    pub(super) patient_until: u64,
    pub(super) stash: BTreeMap<u64, Decision>,
    pub(super) proposed: BTreeMap<u32, Hash>,
    pub(super) sound: Vec<Hash>,
    /// Why it cannot go on and must start again.
    pub failed: Option<String>,
    /// Whether that is more than the guard keeping it from saying something.
    pub broken: bool,
    /// What ended it the last time; nothing where that was its power.
    pub ended: Option<String>,
    /// Starts so far.
    pub boots: u64,
}

/// Who a machine is, and how it is made.
pub struct Seat {
    /// Its address.
    pub me: Address,
    /// Whether a guard stands between it and its key.
    pub guarded: bool,
    /// What is wrong with it.
    pub bug: Option<Bug>,
    /// How it verifies.
    pub judge: Judge,
    /// The validators.
    pub set: (Vec<Member>, Validators),
}

impl<A: Application> Hands<A> {
    /// Of a machine that was never on.
    pub fn new(seat: Seat, power: Power) -> Hands<A> {
        let Seat { me, guarded, bug, judge, set: (members, set) } = seat;
        let paper = Paper::new(&power, bug);
        if guarded {
            Guard::create_on(Box::new(paper.clone()), me).expect("an empty medium");
        }
        let honest = ThresholdParam::F_PLUS_ONE;
        let quorum = if bug == Some(Bug::QuorumTooSmall) { honest } else { ThresholdParam::TWO_F_PLUS_ONE };
        Hands {
            me,
            bug,
            judge,
            log: Log::new(&power, bug),
            power,
            paper,
            app: None,
            guard: None,
            guarded,
            least: ThresholdParams { quorum, honest },
            members,
            set,
            timeouts: LinearTimeouts::default(),
            timers: Vec::new(),
            tickets: 0,
            inbox: VecDeque::new(),
            acts: Vec::new(),
            recovering: false,
            height: 0,
            round: 0,
            held: true,
            headings: Vec::new(),
            early: Vec::new(),
            heard: BTreeMap::new(),
            asked: 0,
            patient_until: 0,
            stash: BTreeMap::new(),
            proposed: BTreeMap::new(),
            sound: Vec::new(),
            failed: None,
            broken: false,
            ended: None,
            boots: 0,
        }
    }

    pub(super) fn goes_on(&self) -> bool {
        self.failed.is_none() && !self.power.is_off() && self.app.is_some()
    }

    pub(super) fn fail(&mut self, why: &dyn std::fmt::Display) {
        self.broken = true;
        self.failed.get_or_insert(why.to_string());
    }

    /// Whether this validator proposes in a round of the height that it works on.
    pub fn proposes(&self, height: u64, round: u32) -> bool {
        self.set.proposer(height, round).address() == self.me
    }

    /// Tells the guard what the log holds of this validator's own.
    pub(super) fn compare(&self, entries: &[Input<Hefu>]) {
        let Some(guard) = &self.guard else { return };
        for entry in entries {
            if let Input::Vote(vote) = entry {
                logbook::read(guard, &SignedConsensusMsg::Vote(vote.clone()));
            } else if let Input::Proposal(proposal) = entry {
                logbook::read(guard, &SignedConsensusMsg::Proposal(proposal.clone()));
            }
        }
    }

    /// A body has come under this heading.
    pub(super) fn body(&mut self, heading: Heading, body: Bytes) {
        if heading.height == self.height + 1 && self.early.len() < HEADINGS_PER_ROUND_MAX * 2 {
            self.early.push((heading, body));
            return;
        }
        if heading.height != self.height || self.held || !self.admits(&heading) {
            return;
        }
        let Some(app) = &mut self.app else { return };
        let Heading { height, round, builder, .. } = heading;
        let verdict = app.received(Received { height, round, builder, body, fresh: true });
        match verdict {
            Ok(Verdict::Valid(block)) if block == heading.block => self.judged(round, block, Validity::Valid),
            Ok(Verdict::Invalid(block)) if block == heading.block => self.judged(round, block, Validity::Invalid),
            Ok(Verdict::Valid(_) | Verdict::Invalid(_) | Verdict::HeldBack | Verdict::Malformed) => {}
            Err(fault) => self.fail(&fault),
        }
    }

    fn admits(&mut self, heading: &Heading) -> bool {
        if self.headings.contains(heading) {
            return true;
        }
        let proposer = self.set.proposer(heading.height, heading.round).address();
        let admits = self.headings.iter().filter(|one| one.round == heading.round).count() < HEADINGS_PER_ROUND_MAX
            && heading.round <= self.round + ROUNDS_AHEAD_MAX
            && self.set.contains(&heading.builder)
            && self.judge.accepts(&Statement::Parts(heading), &heading.signature, &proposer);
        if admits {
            self.headings.push(*heading);
        }
        admits
    }

    fn judged(&mut self, round: u32, block: Hash, validity: Validity) {
        if validity.is_valid() {
            self.sound.push(block);
        }
        let value = self.value(round, block, validity);
        self.inbox.push_back(Input::ProposedValue(value, ValueOrigin::Consensus));
    }

    pub(super) fn value(&self, round: u32, block: Hash, validity: Validity) -> ProposedValue<Hefu> {
        ProposedValue {
            height: Height(self.height),
            round: Round::new(round),
            valid_round: Round::Nil,
            proposer: Voter(self.set.proposer(self.height, round).address()),
            value: Block(block),
            validity,
        }
    }

    /// Asks whoever is known to be ahead.
    pub fn catch_up(&mut self, now: u64) {
        if self.held || now < self.patient_until || self.stash.contains_key(&self.height) {
            return;
        }
        // Each in turn: some of them lie.
        let ahead = |(_, height): &(&usize, &u64)| **height >= self.height;
        let next = self.heard.range(self.asked + 1..).find(ahead).or_else(|| self.heard.iter().find(ahead));
        if let Some((peer, _)) = next {
            self.asked = *peer;
            self.patient_until = now + PATIENCE;
            self.acts.push(Act::SendTo(self.asked, Letter::Ask(self.height)));
        }
    }

    pub(super) fn serve(&mut self, to: usize, height: u64) {
        let Some(app) = &mut self.app else { return };
        match app.decided(height..=height + SERVED_MAX, 1 << 20) {
            Ok(decided) if decided.is_empty() => {}
            Ok(decided) => {
                let decided = decided.into_iter();
                let decisions = decided.map(|one| (one.body, extended(one.certificate)));
                self.acts.push(Act::SendTo(to, Letter::Served(decisions.collect())));
            }
            Err(fault) => self.fail(&fault),
        }
    }
}
