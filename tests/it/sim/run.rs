//! The world of a schedule: one thread, one clock, one queue of what happens next.

mod mishaps;
mod passing;

use hefu_engine::inner::{Heading, malachite::app::metrics::Metrics};
use hefu_keys::Hash;

use super::{
    bugs::Bug,
    disk::Power,
    faults::Faults,
    hands::{Act, Seat},
    liar::{Liar, Lie},
    machine::Machine,
    post::Letter,
    queue::{Event, Queue},
    schedule::Schedule,
    signs::Judge,
    stage::{Boot, Stage},
    toy,
    watch::{Broken, Watch},
};

/// From one statement of its height to the next.
const STATUS_EVERY: u64 = 1_000;

/// Milliseconds from the healing in which everybody must have gone on.
const PROGRESS_WITHIN: u64 = 600_000;

/// Heights that everybody must have decided after the healing.
const HEIGHTS_AFTER: u64 = 3;

/// Until a machine that failed starts again.
const RESTART: u64 = 1_000;

/// Things that happen in a schedule before it is given up as one that never ends.
const EVENTS_MAX: u64 = 2_000_000;

/// What came of a schedule.
#[derive(Clone, Debug)]
pub struct Report {
    /// What happened that must not.
    pub broken: Vec<Broken>,
    /// Heights decided.
    pub heights: u64,
    /// Things that happened.
    pub events: u64,
    /// What went wrong.
    pub faults: Faults,
    /// Simulated milliseconds.
    pub millis: u64,
    /// The same for the same seed.
    pub trace: u64,
}

struct World<'a, S: Stage> {
    stage: &'a mut S,
    schedule: &'a Schedule,
    dice: fastrand::Rng,
    metrics: Metrics,
    machines: Vec<Machine<S::Ledger>>,
    liars: Vec<Option<Liar>>,
    /// Until when a machine is paused, and how long it will be off.
    paused: Vec<u64>,
    down: Vec<u64>,
    /// When a machine has to say more of records.
    wakes: Vec<Option<u64>>,
    cuts: Vec<(u64, Vec<(usize, usize)>)>,
    queue: Queue,
    now: u64,
    watch: Watch,
    report: Report,
}

/// Runs a schedule to its end, or to the first thing that must not happen.
pub fn run<S: Stage>(stage: &mut S, schedule: &Schedule, bug: Option<Bug>) -> Report {
    let mut world = World::new(stage, schedule, bug);
    world.play();
    let mut report = world.report;
    report.heights = world.watch.height();
    report.millis = world.now;
    report.broken = world.watch.broken;
    if report.broken.is_empty() {
        report.broken = stage.finish(&schedule.honest()).into_iter().map(Broken::Ledger).collect();
    }
    report
}

impl<'a, S: Stage> World<'a, S> {
    fn new(stage: &'a mut S, schedule: &'a Schedule, bug: Option<Bug>) -> World<'a, S> {
        let texts = stage.texts();
        let set = toy::members(schedule.validators);
        let seats: Vec<_> = set.0.iter().map(|member| member.address).collect();
        let machine = |machine: usize| {
            let lie = schedule.lie(machine);
            let bug = bug.filter(|_| lie.is_none());
            let seat = Seat {
                me: seats[schedule.seat(machine)],
                guarded: lie.is_none() && !bug.is_some_and(Bug::is_unguarded),
                bug,
                judge: Judge { texts, looks: bug != Some(Bug::SignaturesUnchecked) },
                set: set.clone(),
            };
            Machine::new(seat, Power::default())
        };
        let liar = |machine: usize| {
            let lie = schedule.lie(machine)?;
            Some(Liar::new(lie, seats[schedule.seat(machine)], texts, seats.clone()))
        };
        let count = schedule.machines();
        let faults = Faults { liars: schedule.liars.len() as u64, ..Faults::default() };
        World {
            machines: (0..count).map(machine).collect(),
            liars: (0..count).map(liar).collect(),
            stage,
            schedule,
            dice: fastrand::Rng::with_seed(schedule.seed),
            metrics: Metrics::new(),
            paused: vec![0; count],
            down: vec![RESTART; count],
            wakes: vec![None; count],
            cuts: Vec::new(),
            queue: Queue::default(),
            now: 0,
            watch: Watch::default(),
            report: Report { broken: Vec::new(), heights: 0, events: 0, faults, millis: 0, trace: 0 },
        }
    }

    fn play(&mut self) {
        for machine in 0..self.machines.len() {
            self.machines[machine].hands.power.cut();
            self.later(machine as u64 * 7, Event::Boot { machine });
            self.later(STATUS_EVERY + machine as u64 * 13, Event::Status { machine });
        }
        for (at, mishap) in &self.schedule.mishaps {
            self.later(*at, Event::Mishap(mishap.clone()));
        }
        self.later(300, Event::Client);
        let (mut target, mut honest) = (None, self.schedule.honest());
        while let Some((at, event)) = self.queue.take() {
            self.now = at;
            self.stage.clock(at);
            self.report.events += 1;
            self.happens(event);
            if !self.watch.broken.is_empty() {
                return;
            }
            if at < self.schedule.heals {
                continue;
            }
            let target = *target.get_or_insert_with(|| self.watch.height() + HEIGHTS_AFTER);
            let votes = |machine: &usize| !self.machines[*machine].hands.lost;
            honest.retain(|machine| self.watch.height_of(*machine) < target || !votes(machine));
            if honest.is_empty() {
                return;
            }
            if at > self.schedule.heals + PROGRESS_WITHIN || self.report.events > EVENTS_MAX {
                return self.watch.broken.push(Broken::Stuck(self.standing()));
            }
        }
    }

    /// Where everybody stands, for whoever looks into it.
    fn standing(&self) -> Vec<String> {
        let told = self.machines.iter().enumerate().map(|(number, machine)| {
            let hands = &machine.hands;
            let state = if machine.is_on() { hands.standing() } else { "off" };
            let lie = self.schedule.lie(number).map_or(String::new(), |lie| format!(", {lie:?}"));
            let ended = hands.ended.as_deref().map_or(String::new(), |why| format!(", ended last by: {why}"));
            format!("{number} is {state} at height {} after {} starts{lie}{ended}", hands.height, hands.boots)
        });
        told.collect()
    }

    fn later(&mut self, after: u64, event: Event) {
        self.queue.add(self.now + after, event);
    }

    fn healed(&self) -> bool {
        self.now >= self.schedule.heals
    }

    fn happens(&mut self, event: Event) {
        let (machine, kind) = event.marks();
        let word = self.now << 16 | (machine as u64) << 8 | kind;
        self.report.trace = (self.report.trace ^ word).wrapping_mul(0x0100_0000_01b3);
        if event.waits() && self.paused[machine] > self.now && !self.healed() {
            return self.later(self.paused[machine] - self.now, event);
        }
        match event {
            Event::Letter { to, from, letter } => self.deliver(to, from, letter),
            Event::Timer { machine, boot, timeout, ticket } => {
                if self.machines[machine].hands.boots == boot {
                    self.machines[machine].elapsed(timeout, ticket, &self.metrics);
                }
            }
            Event::Next { machine, boot } => {
                if self.machines[machine].hands.boots == boot {
                    self.machines[machine].begin(self.now, &self.metrics);
                }
            }
            Event::Boot { machine } => self.boot(machine),
            Event::Renew { machine } => self.renew(machine),
            Event::Passing { .. } => {}
            Event::Unanswered { machine, boot, ticket } => {
                if self.machines[machine].hands.boots == boot {
                    self.answered(machine, ticket, None);
                }
            }
            Event::Status { machine } => {
                self.later(STATUS_EVERY, Event::Status { machine });
                if self.machines[machine].is_on() {
                    let height = self.watch_height(machine);
                    self.machines[machine].hands.catch_up(self.now);
                    self.broadcast(machine, &Letter::Status(height));
                }
            }
            Event::Client => self.client(),
            Event::Mishap(mishap) => return self.befalls(mishap),
        }
        self.settle(machine);
        self.pass_on(machine);
    }

    /// The last height that a machine has decided.
    fn watch_height(&self, machine: usize) -> u64 {
        let hands = &self.machines[machine].hands;
        if hands.held { hands.height } else { hands.height.saturating_sub(1) }
    }

    fn deliver(&mut self, to: usize, from: usize, letter: Letter) {
        if !self.machines[to].is_on() {
            return;
        }
        match letter {
            Letter::Passed(ticket, message) => self.passed((from, to), ticket, message),
            Letter::Answered(ticket, answer) => self.answered(to, ticket, Some(answer)),
            letter @ (Letter::Consensus(_)
            | Letter::Liveness(_)
            | Letter::Body(..)
            | Letter::Status(_)
            | Letter::Ask(_)
            | Letter::Served(_)) => self.machines[to].receive(self.now, from, letter, &self.metrics),
        }
    }

    fn client(&mut self) {
        let wait = self.dice.u64(50..500);
        self.later(wait, Event::Client);
        let machine = self.dice.usize(..self.schedule.validators);
        let Some(app) = &mut self.machines[machine].hands.app else { return };
        self.stage.submit(app);
        self.pass_on(machine);
    }

    fn boot(&mut self, machine: usize) {
        let hands = &self.machines[machine].hands;
        hands.power.restore();
        let power = hands.power.clone();
        let (others, lost) = (self.reached_by(machine), if self.healed() { 0 } else { self.schedule.lost });
        let seat = self.schedule.seat(machine);
        match self.stage.boot(&Boot { machine, seat, power: &power, boots: hands.boots, others, lost }) {
            Ok(app) => {
                self.machines[machine].start(self.now, app, &self.metrics);
                self.joined(machine);
            }
            Err(_) if power.is_off() => return self.later(RESTART, Event::Boot { machine }),
            Err(fault) => return self.watch.broken.push(Broken::Fault(machine, fault.to_string())),
        }
        if self.liars[machine].is_none() {
            self.watch.starts(machine, self.machines[machine].hands.height);
        }
    }

    /// Does what a machine wants, and sees whether it still runs.
    fn settle(&mut self, machine: usize) {
        let honest = self.liars[machine].is_none();
        for act in std::mem::take(&mut self.machines[machine].hands.acts) {
            match act {
                Act::Send(letter) => self.broadcast(machine, &letter),
                Act::SendTo(to, letter) => self.send(machine, to, letter),
                Act::Timer(timeout, ticket, millis) => {
                    let drift = if self.healed() { 1_000 } else { self.schedule.drift[machine] };
                    let boot = self.machines[machine].hands.boots;
                    self.later((millis * drift / 1_000).max(1), Event::Timer { machine, boot, timeout, ticket });
                }
                Act::Decided(height, block) => self.decided(machine, honest, height, block),
                Act::Next => {
                    let boot = self.machines[machine].hands.boots;
                    let behind = self.watch.height() > self.machines[machine].hands.height;
                    let pace = if behind { 1 } else { self.schedule.pace };
                    self.later(pace, Event::Next { machine, boot });
                }
            }
        }
        let hands = &self.machines[machine].hands;
        let dark = hands.power.is_off();
        if !self.machines[machine].is_on() || !(dark || hands.failed.is_some()) {
            return;
        }
        let why = if dark { None } else { hands.failed.clone() };
        if let (true, Some(why)) = (honest && hands.broken, &why) {
            self.watch.broken.push(Broken::Fault(machine, why.clone()));
        }
        self.machines[machine].hands.ended = why;
        self.report.faults.crashes += u64::from(dark);
        let wait = if dark { self.down[machine] } else { RESTART };
        self.stop(machine, wait);
    }

    fn stop(&mut self, machine: usize, down: u64) {
        let stopped = &mut self.machines[machine];
        stopped.stop(&mut self.dice);
        let amnesia = self.liars[machine].as_ref().is_some_and(|liar| liar.lie() == Lie::Amnesia);
        if amnesia {
            stopped.hands.log.wipe();
        } else if self.schedule.forgetful.contains(&machine) && self.dice.u8(0..3) == 0 {
            stopped.hands.log.damage(&mut self.dice);
            self.report.faults.damaged += 1;
        }
        self.later(down, Event::Boot { machine });
    }

    fn decided(&mut self, machine: usize, honest: bool, height: u64, block: Hash) {
        if honest {
            self.watch.decides(machine, height, block);
        }
        self.broadcast(machine, &Letter::Status(height));
    }

    fn broadcast(&mut self, machine: usize, letter: &Letter) {
        if self.liars[machine].is_none() {
            let hands = &self.machines[machine].hands;
            let own = |heading: &Heading| hands.proposes(heading.height, heading.round);
            self.watch.says(machine, letter, own);
        }
        for to in (0..self.machines.len()).filter(|to| *to != machine) {
            self.send(machine, to, letter.clone());
        }
    }

    fn send(&mut self, from: usize, to: usize, letter: Letter) {
        let letters = match &mut self.liars[from] {
            Some(liar) => {
                let stage = &mut *self.stage;
                liar.twist(letter, to % 2 == 1, &mut |body, sound| stage.other(body, sound))
            }
            None => vec![letter],
        };
        for letter in letters {
            self.dispatch(from, to, letter);
        }
    }

    fn dispatch(&mut self, from: usize, to: usize, letter: Letter) {
        if self.healed() {
            let delay = self.dice.u64(1..20);
            return self.later(delay, Event::Letter { to, from, letter });
        }
        let now = self.now;
        self.cuts.retain(|(until, _)| *until > now);
        if self.cuts.iter().any(|(_, pairs)| pairs.contains(&(from, to))) {
            return;
        }
        if self.dice.u64(0..1_000) < self.schedule.lost {
            self.report.faults.lost += 1;
            return;
        }
        if self.dice.u64(0..1_000) < self.schedule.doubled {
            self.report.faults.doubled += 1;
            let delay = self.delay();
            self.later(delay, Event::Letter { to, from, letter: letter.clone() });
        }
        let delay = self.delay();
        self.later(delay, Event::Letter { to, from, letter });
    }

    fn delay(&mut self) -> u64 {
        let late = self.dice.u64(0..1_000) < self.schedule.late;
        if late { self.dice.u64(1..4_000) } else { self.dice.u64(1..40) }
    }
}
