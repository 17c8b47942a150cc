//! One validator: the engine's synchronous core between a ledger, a guard and a log, without sockets and clocks. It does
//! what the engine's actors and our loop around them do, one input at a time.

use hefu_engine::inner::{
    Hefu, Height, Validators, Voter, linear,
    logbook::NOBODY,
    malachite::app::{
        consensus::{Error, Input, LivenessMsg, Params, SignedConsensusMsg, State, process},
        metrics::Metrics,
        types::{
            PeerId, ValuePayload,
            core::{Timeout, ValueResponse},
        },
    },
    number,
};

use super::{
    disk::Power,
    hands::{Hands, Seat},
    post::Letter,
    stage::Chronicle,
};

/// As in the engine's settings.
const QUEUE_HEIGHTS: usize = 10;
const QUEUE_INPUTS: usize = 500;

/// One validator.
pub struct Machine<A> {
    state: Option<Box<State<Hefu>>>,
    /// Everything but the engine's core.
    pub hands: Hands<A>,
}

fn peer(number: usize) -> PeerId {
    let mut bytes = vec![0, 32];
    bytes.extend([u8::try_from(number).unwrap_or(u8::MAX); 32]);
    PeerId::from_bytes(&bytes).expect("a name of 32 bytes")
}

impl<A: Chronicle> Machine<A> {
    /// A machine that was never on.
    pub fn new(seat: Seat, power: Power) -> Machine<A> {
        Machine { state: None, hands: Hands::new(seat, power) }
    }

    /// Whether it is on.
    pub fn is_on(&self) -> bool {
        self.hands.app.is_some()
    }

    /// Ends at once; what was not durable is lost.
    pub fn stop(&mut self, dice: &mut fastrand::Rng) {
        let hands = &mut self.hands;
        hands.power.cut();
        self.state = None;
        hands.app = None;
        hands.voice = None;
        hands.timers.clear();
        hands.inbox.clear();
        hands.acts.clear();
        hands.early.clear();
        hands.stash.clear();
        hands.headings.clear();
        hands.polkas.clear();
        hands.failed = None;
        hands.broken = false;
        hands.recovering = false;
        hands.held = true;
        hands.log.reboot(dice);
    }

    /// Starts with a ledger that was opened on its disk.
    pub fn start(&mut self, now: u64, app: A, metrics: &Metrics) {
        let hands = &mut self.hands;
        hands.paper.reboot();
        if hands.guarded {
            hands.look_for_guard(&app);
        }
        hands.app = Some(app);
        hands.boots += 1;
        hands.heard.clear();
        hands.patient_until = 0;
        self.begin(now, metrics);
    }

    /// Starts the next height.
    pub fn begin(&mut self, now: u64, metrics: &Metrics) {
        let hands = &mut self.hands;
        if hands.comes_back() {
            hands.failed.get_or_insert("it votes again".to_owned());
            return;
        }
        let silent = hands.is_silent();
        let Some(app) = &mut hands.app else { return };
        let upcoming = match app.next() {
            Ok(upcoming) => upcoming,
            Err(fault) => return hands.fail(&fault),
        };
        if upcoming.terms.members != hands.members {
            hands.set = Validators::new(&upcoming.terms.members).expect("sound members");
            hands.members = upcoming.terms.members;
        }
        hands.timeouts = linear(&upcoming.terms.timeouts);
        (hands.height, hands.round, hands.held) = (upcoming.height, 0, false);
        hands.headings.clear();
        hands.polkas.clear();
        hands.proposed.clear();
        hands.sound.clear();
        let height = Height(upcoming.height);
        let state = self.state.get_or_insert_with(|| {
            let params = Params {
                address: Voter(if silent { NOBODY } else { hands.me }),
                threshold_params: hands.least,
                value_payload: ValuePayload::ProposalAndParts,
                enabled: true,
            };
            Box::new(State::new(Hefu, height, hands.set.clone(), params, QUEUE_HEIGHTS, QUEUE_INPUTS))
        });
        let entries = hands.log.fetch(upcoming.height);
        hands.compare(&entries);
        let start = Input::StartHeight(height, hands.set.clone(), false, None, Default::default());
        run(state, hands, start, metrics);
        if !entries.is_empty() {
            hands.recovering = true;
            state.record_recovered_own_precommit_extensions(&entries);
            state.index_wal_entries(&entries);
            for entry in entries {
                run(state, hands, entry, metrics);
            }
            state.reset_entries_index();
            hands.recovering = false;
        }
        for (heading, body) in std::mem::take(&mut self.hands.early) {
            self.hands.body(heading, body);
        }
        self.drain(metrics);
        self.hands.catch_up(now);
        self.feed(metrics);
    }

    /// A letter has come.
    pub fn receive(&mut self, now: u64, from: usize, letter: Letter, metrics: &Metrics) {
        match letter {
            Letter::Consensus(SignedConsensusMsg::Vote(vote)) | Letter::Liveness(LivenessMsg::Vote(vote)) => {
                self.input(Input::Vote(vote), metrics);
            }
            Letter::Consensus(SignedConsensusMsg::Proposal(proposal)) => {
                if proposal.message.height.0 == self.hands.height {
                    self.hands.proposed.insert(number(proposal.message.round), proposal.message.block.0);
                }
                self.input(Input::Proposal(proposal), metrics);
            }
            Letter::Liveness(LivenessMsg::PolkaCertificate(polka)) => {
                self.hands.polka(&polka);
                self.input(Input::PolkaCertificate(polka), metrics);
            }
            Letter::Liveness(LivenessMsg::SkipRoundCertificate(skip)) => {
                self.input(Input::RoundCertificate(skip), metrics);
            }
            Letter::Body(heading, body) => self.hands.body(heading, body),
            Letter::Status(height) => {
                self.hands.heard.insert(from, height);
                self.hands.catch_up(now);
            }
            Letter::Ask(height) => self.hands.serve(from, height),
            Letter::Served(decisions) => {
                // Whoever has answered can be asked again.
                self.hands.patient_until = now;
                for (body, certificate) in decisions {
                    self.hands.stash.insert(certificate.height.0, (body, certificate));
                }
                self.feed(metrics);
            }
            Letter::Passed(..) | Letter::Answered(..) => {}
        }
        self.drain(metrics);
    }

    /// A timer has run out.
    pub fn elapsed(&mut self, timeout: Timeout, ticket: u64, metrics: &Metrics) {
        let timers = &mut self.hands.timers;
        let Some(at) = timers.iter().position(|timer| *timer == (timeout, ticket)) else { return };
        timers.remove(at);
        self.input(Input::TimeoutElapsed(timeout), metrics);
        self.drain(metrics);
    }

    /// Gives the engine a block of this height that somebody has served.
    fn feed(&mut self, metrics: &Metrics) {
        let hands = &mut self.hands;
        hands.stash = hands.stash.split_off(&hands.height);
        if hands.held {
            return;
        }
        let Some((value_bytes, certificate)) = hands.stash.remove(&hands.height) else { return };
        let from = peer(hands.asked);
        self.input(Input::SyncValueResponse(ValueResponse::new(from, value_bytes, certificate)), metrics);
        self.drain(metrics);
    }

    fn input(&mut self, input: Input<Hefu>, metrics: &Metrics) {
        if let Some(state) = &mut self.state {
            run(state, &mut self.hands, input, metrics);
        }
    }

    fn drain(&mut self, metrics: &Metrics) {
        while let Some(input) = self.hands.inbox.pop_front() {
            self.input(input, metrics);
        }
    }
}

fn run<A: Chronicle>(state: &mut State<Hefu>, hands: &mut Hands<A>, input: Input<Hefu>, metrics: &Metrics) {
    if !hands.goes_on() {
        return;
    }
    let done: Result<(), Error<Hefu>> = process!(
        input: input,
        state: state,
        metrics: metrics,
        with: effect => hands.effect(effect)
    );
    if let Err(error) = done {
        hands.failed.get_or_insert(error.to_string());
    }
}
