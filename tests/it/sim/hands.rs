//! What a machine has besides the engine's core, and what it does by itself: bodies, and catching up.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bytes::Bytes;
use hefu_engine::{
    Guard, GuardError, Member, Received, Verdict,
    inner::{
        Block, Heading, Hefu, Height, Statement, Validators, Voter, extended, logbook,
        malachite::app::{
            consensus::{Input, ProposedValue, SignedConsensusMsg},
            types::core::{
                LinearTimeouts, PolkaCertificate, Round, ThresholdParam, ThresholdParams, Timeout, Validity,
                ValueOrigin,
            },
        },
    },
};
use hefu_keys::{Address, Hash};
use hefu_node::node::{Standing, Voice};

use super::{
    bugs::Bug,
    disk::{Log, Paper, Power},
    post::{Decision, Letter},
    signs::Judge,
    stage::Chronicle,
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
    /// Whether it votes, where that depends on a guard.
    pub(super) voice: Option<Voice>,
    pub(super) guarded: bool,
    /// Whether it has lost its disk, and does not vote again yet.
    pub lost: bool,
    /// Whether it gets a new guard when it starts.
    pub(super) renews: bool,
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
    /// Blocks of this height that two thirds are known to have voted for.
    pub(super) polkas: BTreeSet<Hash>,
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

impl<A: Chronicle> Hands<A> {
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
            voice: None,
            guarded,
            lost: false,
            renews: false,
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
            polkas: BTreeSet::new(),
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

    /// What stands between it and its key, where it votes.
    pub(super) fn guard(&self) -> Option<&Guard> {
        self.voice.as_ref().and_then(Voice::guard)
    }

    /// Whether it only follows.
    pub(super) fn is_silent(&self) -> bool {
        self.guarded && self.guard().is_none()
    }

    /// Everything on its disk is gone.
    pub fn wipe(&mut self) {
        self.log.wipe();
        self.paper.wipe();
        (self.lost, self.renews) = (true, false);
    }

    /// It is started with a new guard the next time.
    pub fn renew(&mut self) {
        self.renews = true;
    }

    /// How it stands with its guard and its last height, for whoever looks into it.
    pub fn standing(&self) -> &'static str {
        match &self.voice {
            None => "without a guard",
            Some(Voice::Votes(_)) => "voting",
            Some(Voice::Waits { .. }) => "waiting",
            Some(Voice::Sleeps { .. }) => "asleep",
            Some(Voice::Silent(_)) => "silent",
            Some(Voice::Follows) => "following",
        }
    }

    pub(super) fn goes_on(&self) -> bool {
        self.failed.is_none() && !self.power.is_off() && self.app.is_some()
    }

    pub(super) fn fail(&mut self, why: &dyn std::fmt::Display) {
        self.broken = true;
        self.failed.get_or_insert(why.to_string());
    }

    /// Looks for its guard at a start, as a node does.
    pub(super) fn look_for_guard(&mut self, ledger: &A) {
        match self.voice_at_start(ledger) {
            Ok(Voice::Silent(why)) if !self.lost => self.fail(&why),
            Ok(voice) => {
                self.lost &= voice.guard().is_none();
                self.voice = Some(voice);
            }
            Err(error) => self.fail(&error),
        }
    }

    fn voice_at_start(&mut self, ledger: &A) -> Result<Voice, GuardError> {
        if self.renews {
            self.paper.wipe();
            Guard::renew_on(Box::new(self.paper.clone()), self.me)?;
            self.renews = false;
        }
        let opened = Guard::open_on(Box::new(self.paper.clone()), self.me);
        let next = ledger.height() + 1;
        if let (Some(Bug::RenewedAtOnce), Ok(guard)) = (self.bug, &opened)
            && guard.is_asleep()
        {
            guard.wake(next)?;
        }
        let standing = Standing { next, signed: ledger.signed_last(), alone: self.members.len() == 1 };
        Voice::of(opened, standing, ledger.time())
    }

    /// Whether the last height lets it vote again. It is started anew then, as a node starts its engine anew.
    pub(super) fn comes_back(&mut self) -> bool {
        let (Some(voice), Some(ledger)) = (&mut self.voice, &self.app) else { return false };
        let height = hefu_contracts::height::Height::new(ledger.height()).expect("a small height");
        match voice.reaches(height, ledger.made(height.get())) {
            Ok(back) => back,
            Err(error) => {
                self.fail(&error);
                false
            }
        }
    }

    /// Whether this validator proposes in a round of the height that it works on.
    pub fn proposes(&self, height: u64, round: u32) -> bool {
        self.set.proposer(height, round).address() == self.me
    }

    /// Tells the guard what the log holds of this validator's own.
    pub(super) fn compare(&self, entries: &[Input<Hefu>]) {
        let Some(guard) = self.guard() else { return };
        for entry in entries {
            if let Input::Vote(vote) = entry {
                logbook::read(guard, &SignedConsensusMsg::Vote(vote.clone()));
            } else if let Input::Proposal(proposal) = entry {
                logbook::read(guard, &SignedConsensusMsg::Proposal(proposal.clone()));
            }
        }
    }

    /// The prevotes of two thirds have come. No clock need judge the block of that name any more.
    pub(super) fn polka(&mut self, polka: &PolkaCertificate<Hefu>) {
        if polka.height.0 == self.height && self.judge.polka(polka, &self.set, self.least).is_ok() {
            self.polkas.insert(polka.value_id);
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
        let Heading { height, round, block, builder, .. } = heading;
        let fresh = !self.polkas.contains(&block);
        let verdict = app.received(Received { height, round, block, builder, body, fresh });
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
