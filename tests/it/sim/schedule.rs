//! What goes wrong, and when; all of it follows from a seed.

use super::{bugs::Bug, liar::Lie, stage::VALIDATORS_MAX};

/// What a schedule is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// At most a third of the validators lie or lose what their disks held; everything else fails now and then.
    Faults,
    /// More than a third are there twice: this must fork, or the simulation sees nothing.
    TooManyTwins,
    /// All honest validators are to have this mistake. Where none has it, this is the mistake's control.
    Bug(Bug),
}

/// Something that happens at a time.
#[derive(Clone, Debug)]
pub enum Mishap {
    /// A machine loses its power: at once, or at a write from then on. It is back after so many milliseconds.
    Crash { machine: usize, write: Option<u32>, down: u64 },
    /// It loses its whole disk and is back after so many milliseconds, with nothing on it: it follows. After that many more
    /// it is started with a new guard. Where as many validators lie or have lost something as may, this does not happen.
    Wipe { machine: usize, down: u64, renews: u64 },
    /// It does nothing for so long.
    Pause { machine: usize, millis: u64 },
    /// Nothing passes between these pairs, from the first to the second, for so long.
    Cut { pairs: Vec<(usize, usize)>, millis: u64 },
}

/// A schedule. Machines beyond the number of validators are the second ones of twins.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// From which it follows.
    pub seed: u64,
    /// Number of validators.
    pub validators: usize,
    /// Who lies, and how.
    pub liars: Vec<(usize, Lie)>,
    /// The seat of each further machine.
    pub twins: Vec<usize>,
    /// Whose disk forgets the end of the engine's log when it crashes.
    pub forgetful: Vec<usize>,
    /// Letters lost and doubled, in a thousand.
    pub lost: u64,
    pub doubled: u64,
    /// Letters that take up to four seconds, in a thousand.
    pub late: u64,
    /// From one height to the next, in milliseconds.
    pub pace: u64,
    /// How fast each machine's timers run, in a thousandth.
    pub drift: Vec<u64>,
    /// What happens, in order.
    pub mishaps: Vec<(u64, Mishap)>,
    /// When everything heals.
    pub heals: u64,
}

impl Schedule {
    /// The schedule of a seed, that long before it heals.
    pub fn draw(seed: u64, kind: Kind, millis: u64) -> Schedule {
        let mut dice = fastrand::Rng::with_seed(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let validators = if dice.u8(0..4) == 0 { VALIDATORS_MAX } else { 4 };
        let mut seats: Vec<usize> = (0..validators).collect();
        dice.shuffle(&mut seats);
        let mut schedule = Schedule {
            seed,
            validators,
            liars: Vec::new(),
            twins: Vec::new(),
            forgetful: Vec::new(),
            lost: dice.u64(0..300) * dice.u64(0..2),
            doubled: dice.u64(0..300) * dice.u64(0..2),
            late: dice.u64(0..50),
            pace: dice.u64(50..1_000),
            drift: Vec::new(),
            mishaps: Vec::new(),
            heals: millis,
        };
        let faulty = schedule.faulty();
        match kind {
            Kind::TooManyTwins => schedule.split_twins(&mut dice, &seats[..=faulty]),
            Kind::Faults => schedule.disturb(&mut dice, &seats[..faulty], None),
            Kind::Bug(bug) => schedule.disturb(&mut dice, &seats[..faulty], Some(bug)),
        }
        let machines = validators + schedule.twins.len();
        schedule.drift = (0..machines).map(|_| dice.u64(600..1_600)).collect();
        schedule.mishaps.sort_by_key(|(at, _)| *at);
        schedule
    }

    /// How many validators may be faulty.
    pub fn faulty(&self) -> usize {
        (self.validators - 1) / 3
    }

    /// Number of machines.
    pub fn machines(&self) -> usize {
        self.validators + self.twins.len()
    }

    /// Whose seat a machine has.
    pub fn seat(&self, machine: usize) -> usize {
        machine.checked_sub(self.validators).map_or(machine, |twin| self.twins[twin])
    }

    /// How a machine lies.
    pub fn lie(&self, machine: usize) -> Option<Lie> {
        let seat = self.seat(machine);
        self.liars.iter().find(|(liar, _)| *liar == seat).map(|(_, lie)| *lie)
    }

    /// Machines that follow the protocol.
    pub fn honest(&self) -> Vec<usize> {
        (0..self.validators).filter(|machine| self.lie(*machine).is_none()).collect()
    }

    fn liar(&mut self, seat: usize, lie: Lie) {
        self.liars.push((seat, lie));
        if lie == Lie::Twins {
            self.twins.push(seat);
        }
    }

    /// Two halves, each with one of every pair of twins, and nothing between them; again and again.
    fn split_twins(&mut self, dice: &mut fastrand::Rng, seats: &[usize]) {
        for seat in seats {
            self.liar(*seat, Lie::Twins);
        }
        (self.lost, self.doubled) = (0, 0);
        let mut at = dice.u64(0..2_000);
        while at < self.heals {
            let millis = dice.u64(6_000..12_000);
            let mut single = self.honest();
            dice.shuffle(&mut single);
            let half = single.len() / 2 + dice.usize(0..=single.len() % 2);
            let mut sides = vec![false; self.machines()];
            single[..half].iter().for_each(|machine| sides[*machine] = true);
            for twin in 0..self.twins.len() {
                let (one, other) = (self.twins[twin], self.validators + twin);
                let first = dice.bool();
                (sides[one], sides[other]) = (first, !first);
            }
            self.mishaps.push((at, Mishap::Cut { pairs: between(&sides, None), millis }));
            at += millis + dice.u64(0..1_000);
        }
    }

    fn disturb(&mut self, dice: &mut fastrand::Rng, faulty: &[usize], bug: Option<Bug>) {
        for seat in faulty {
            let lie = match bug {
                Some(Bug::SyncUnchecked) => Some(Lie::FalseHistory),
                Some(Bug::SignaturesUnchecked) => Some(Lie::Forgery),
                Some(Bug::BlocksUnjudged) => Some(Lie::Spoiling),
                Some(Bug::NameUnchecked) => Some(Lie::Misnaming),
                Some(_) => None,
                None => dice.bool().then(|| Lie::ALL[dice.usize(..Lie::ALL.len())]),
            };
            match lie {
                Some(lie) => self.liar(*seat, lie),
                None if bug.is_some_and(Bug::wants_whole_logs) || (bug.is_none() && dice.bool()) => {}
                None => self.forgetful.push(*seat),
            }
        }
        if bug.is_some_and(Bug::wants_damage) {
            self.forgetful = (0..self.validators).collect();
        }
        for machine in 0..self.machines() {
            let often = if self.lie(machine) == Some(Lie::Amnesia) { 12 } else { 5 };
            for _ in 0..dice.u64(0..often) {
                let write = dice.bool().then(|| dice.u32(0..24));
                let crash = Mishap::Crash { machine, write, down: dice.u64(100..5_000) };
                self.mishaps.push((dice.u64(0..self.heals), crash));
            }
            let loses = bug.is_none_or(|bug| bug == Bug::RenewedAtOnce) && dice.bool();
            if loses && self.lie(machine).is_none() {
                let (down, renews) = (dice.u64(100..5_000), dice.u64(0..2) * dice.u64(0..10_000));
                self.mishaps.push((dice.u64(0..self.heals), Mishap::Wipe { machine, down, renews }));
            }
            if dice.u8(0..3) == 0 {
                let pause = Mishap::Pause { machine, millis: dice.u64(100..10_000) };
                self.mishaps.push((dice.u64(0..self.heals), pause));
            }
        }
        for _ in 0..dice.u64(0..6) {
            let sides: Vec<bool> = (0..self.machines()).map(|_| dice.bool()).collect();
            let way = (dice.u8(0..3) == 0).then(|| dice.bool());
            let cut = Mishap::Cut { pairs: between(&sides, way), millis: dice.u64(500..15_000) };
            self.mishaps.push((dice.u64(0..self.heals), cut));
        }
    }
}

/// The pairs of machines on different sides: all of them, or only those from one side.
fn between(sides: &[bool], way: Option<bool>) -> Vec<(usize, usize)> {
    let machines = 0..sides.len();
    let pairs = machines.clone().flat_map(|from| machines.clone().map(move |to| (from, to)));
    pairs.filter(|(from, to)| sides[*from] != sides[*to] && way.is_none_or(|way| sides[*from] == way)).collect()
}
