//! What went wrong in schedules, counted by kind: one of which nothing goes wrong proves nothing.

use std::ops::AddAssign;

/// How often things of each kind went wrong.
#[derive(Clone, Copy, Debug, Default)]
pub struct Faults {
    /// Validators that lied.
    pub liars: u64,
    /// Letters lost and doubled.
    pub lost: u64,
    pub doubled: u64,
    /// Times that a machine lost its power, and that a log lost its end by it.
    pub crashes: u64,
    pub damaged: u64,
    /// Disks lost.
    pub wipes: u64,
    /// Times that a machine did nothing, and that nothing passed between some.
    pub pauses: u64,
    pub cuts: u64,
}

impl Faults {
    /// All that happened at some time; liars lie all the time.
    pub fn sum(&self) -> u64 {
        let Faults { liars: _, lost, doubled, crashes, damaged, wipes, pauses, cuts } = self;
        lost + doubled + crashes + damaged + wipes + pauses + cuts
    }
}

impl AddAssign for Faults {
    fn add_assign(&mut self, more: Faults) {
        let Faults { liars, lost, doubled, crashes, damaged, wipes, pauses, cuts } = more;
        self.liars += liars;
        self.lost += lost;
        self.doubled += doubled;
        self.crashes += crashes;
        self.damaged += damaged;
        self.wipes += wipes;
        self.pauses += pauses;
        self.cuts += cuts;
    }
}
