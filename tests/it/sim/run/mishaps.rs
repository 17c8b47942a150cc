//! What befalls machines.

use super::{Event, Stage, World};
use crate::sim::{liar::Lie, schedule::Mishap};

/// Until somebody who renews a guard tries again, where the machine is off.
const AGAIN: u64 = 500;

/// How long a machine is off that is started with a new guard.
const RENEWAL: u64 = 200;

impl<S: Stage> World<'_, S> {
    pub(super) fn befalls(&mut self, mishap: Mishap) {
        match mishap {
            Mishap::Crash { machine, write, down } if self.machines[machine].is_on() => {
                self.down[machine] = down;
                match write {
                    Some(write) => self.machines[machine].hands.power.fail_at(write),
                    None => self.machines[machine].hands.power.cut(),
                }
                self.settle(machine);
            }
            Mishap::Crash { .. } => {}
            Mishap::Wipe { machine, down, renews } if self.may_lose_all(machine) => {
                self.stop(machine, down);
                self.machines[machine].hands.wipe();
                self.stage.wipe(machine);
                self.watch.forgets(machine);
                self.report.faults.wipes += 1;
                self.later(down + renews, Event::Renew { machine });
            }
            Mishap::Wipe { .. } => {}
            Mishap::Pause { machine, millis } => {
                self.paused[machine] = self.now + millis;
                self.report.faults.pauses += 1;
            }
            Mishap::Cut { pairs, millis } => {
                self.cuts.push((self.now + millis, pairs));
                self.report.faults.cuts += 1;
            }
        }
    }

    /// Whether a machine can lose its disk without more being faulty at once than may be.
    fn may_lose_all(&self, machine: usize) -> bool {
        let lost = self.machines.iter().filter(|machine| machine.hands.lost).count();
        let faulty = self.schedule.liars.len() + self.schedule.forgetful.len() + lost;
        self.machines[machine].is_on() && self.liars[machine].is_none() && faulty < self.schedule.faulty()
    }

    /// Somebody starts a machine that has lost its disk with a new guard.
    pub(super) fn renew(&mut self, machine: usize) {
        if !self.machines[machine].is_on() {
            return self.later(AGAIN, Event::Renew { machine });
        }
        self.machines[machine].hands.renew();
        self.stop(machine, RENEWAL);
    }

    /// Who answers a machine that starts.
    pub(super) fn reached_by(&self, machine: usize) -> Vec<usize> {
        let cut =
            |one, other| self.cuts.iter().any(|(until, pairs)| *until > self.now && pairs.contains(&(one, other)));
        let answers = |other: &usize| {
            let silent = self.schedule.lie(*other) == Some(Lie::Silence);
            let idle =
                !self.healed() && (self.paused[*other] > self.now || cut(machine, *other) || cut(*other, machine));
            *other != machine && self.machines[*other].is_on() && !silent && !idle
        };
        (0..self.machines.len()).filter(answers).collect()
    }
}
