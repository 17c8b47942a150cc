//! How much of which lot is where.

use super::{Broken, DAY, Load, Model, Whose};
use crate::{
    provenance::{
        Flag,
        tests::histories::cast::{CAST, Told, What},
    },
    refusal::Code,
};

impl Model {
    fn gain(&mut self, lot: usize, whose: Whose, amount: u64) {
        *self.has.entry((lot, whose)).or_default() += amount;
    }

    fn lose(&mut self, lot: usize, whose: Whose, amount: u64, no: &mut Broken) {
        let has = self.has.entry((lot, whose)).or_default();
        match has.checked_sub(amount) {
            Some(left) => *has = left,
            None => {
                no.insert(Code::BalanceShort);
            }
        }
    }

    /// Counts what an event moves of lots that the rules bind; whether it moves any.
    pub(super) fn move_lots(&mut self, told: &Told, record: usize, no: &mut Broken) -> bool {
        let (own, mut any) = (Whose::Party(told.who), false);
        let inside = told.parent.filter(|parent| CAST[*parent].owner.is_some()).map(Whose::Container);
        for (lot, amount) in told.lots.iter().copied().filter(|lot| CAST[lot.0].owner.is_some()) {
            any |= !matches!(told.what, What::See | What::SeePacked | What::Link);
            match (told.what, inside) {
                (What::Make, _) => self.gain(lot, own, amount),
                (What::End | What::Transform, _) => self.lose(lot, own, amount, no),
                (What::Pack | What::Fix, Some(inside)) => {
                    self.lose(lot, own, amount, no);
                    self.gain(lot, inside, amount);
                }
                (What::Unpack | What::Unfix, Some(inside)) => {
                    self.lose(lot, inside, amount, no);
                    self.gain(lot, own, amount);
                }
                (What::Pack | What::Fix | What::Unpack | What::Unfix, None) => any = false,
                (What::Ship, _) => self.send(told, (lot, amount), record, no),
                (What::Void, _) => self.call_back(told, (lot, amount), no),
                (What::Receive, _) => self.take_in(told, (lot, amount), no),
                (What::See | What::SeePacked | What::Link, _) => {}
            }
        }
        for (lot, amount) in told.lots_out.iter().copied().filter(|lot| CAST[lot.0].owner.is_some()) {
            any = true;
            self.gain(lot, own, amount);
        }
        any
    }

    /// What is on its way to a party; what nobody took in time goes back.
    fn on_the_way(&mut self, lot: usize, to: usize) -> Vec<Load> {
        let now = self.now;
        let loads = self.moving.remove(&(lot, to)).unwrap_or_default();
        let (open, expired): (Vec<Load>, Vec<Load>) = loads.into_iter().partition(|load| now <= load.expires);
        for load in expired {
            self.gain(lot, Whose::Party(load.from), load.amount);
        }
        open
    }

    fn keep(&mut self, lot: usize, to: usize, mut loads: Vec<Load>) {
        loads.retain(|load| load.amount > 0);
        self.moving.insert((lot, to), loads);
    }

    fn send(&mut self, told: &Told, (lot, amount): (usize, u64), record: usize, no: &mut Broken) {
        let Some(to) = told.to else { return };
        let mut loads = self.on_the_way(lot, to);
        self.lose(lot, Whose::Party(told.who), amount, no);
        loads.push(Load { from: told.who, amount, expires: self.now + 90 * DAY, record });
        self.keep(lot, to, loads);
    }

    fn call_back(&mut self, told: &Told, (lot, amount): (usize, u64), no: &mut Broken) {
        let Some(to) = told.to else {
            no.insert(Code::TransferNoReceiver);
            return;
        };
        let mut loads = self.on_the_way(lot, to);
        let mut left = amount;
        for load in loads.iter_mut().rev().filter(|load| load.from == told.who) {
            let part = left.min(load.amount);
            load.amount -= part;
            left -= part;
        }
        if left > 0 {
            no.insert(Code::TransferNone);
        }
        self.gain(lot, Whose::Party(told.who), amount);
        self.keep(lot, to, loads);
    }

    fn take_in(&mut self, told: &Told, (lot, amount): (usize, u64), no: &mut Broken) {
        let mut loads = self.on_the_way(lot, told.who);
        if loads.is_empty() {
            no.insert(Code::TransferNone);
        }
        let (mut left, mut short) = (amount, false);
        for load in &mut loads {
            let part = left.min(load.amount);
            load.amount -= part;
            left -= part;
            let taker = if told.how == Some("returned") { load.from } else { told.who };
            self.gain(lot, Whose::Party(taker), part);
            if told.how == Some("mismatch_quantity") && load.amount > 0 {
                short = true;
                self.gain(lot, Whose::Party(load.from), load.amount);
                load.amount = 0;
            }
        }
        self.keep(lot, told.who, loads);
        if short {
            self.things[lot].flags.insert(Flag::ShortReceived);
        } else if left > 0 {
            self.things[lot].flags.insert(Flag::OverReceived);
        }
    }

    /// Counts back what an event moved; `false` where that is no longer possible.
    pub(super) fn move_lots_back(&mut self, told: &Told, record: usize) -> bool {
        let (own, mut no) = (Whose::Party(told.who), Broken::new());
        let inside = told.parent.filter(|parent| CAST[*parent].owner.is_some()).map(Whose::Container);
        for (lot, amount) in told.lots.iter().copied().filter(|lot| CAST[lot.0].owner.is_some()) {
            match (told.what, inside) {
                (What::Make, _) => self.lose(lot, own, amount, &mut no),
                (What::End | What::Transform, _) => self.gain(lot, own, amount),
                (What::Pack | What::Fix, Some(inside)) => {
                    self.lose(lot, inside, amount, &mut no);
                    self.gain(lot, own, amount);
                }
                (What::Unpack | What::Unfix, Some(inside)) => {
                    self.lose(lot, own, amount, &mut no);
                    self.gain(lot, inside, amount);
                }
                (What::Ship, _) => {
                    let Some(to) = told.to else { return false };
                    let mut loads = self.on_the_way(lot, to);
                    let whole = |load: &Load| load.record == record && load.amount == amount;
                    let Some(at) = loads.iter().position(whole) else { return false };
                    loads.remove(at);
                    self.gain(lot, own, amount);
                    self.keep(lot, to, loads);
                }
                // Who took which part of it cannot be told any more.
                (What::Void | What::Receive, _) => return false,
                (What::Pack | What::Fix | What::Unpack | What::Unfix, None)
                | (What::See | What::SeePacked | What::Link, _) => {}
            }
        }
        for (lot, amount) in told.lots_out.iter().copied().filter(|lot| CAST[lot.0].owner.is_some()) {
            self.lose(lot, own, amount, &mut no);
        }
        no.is_empty()
    }
}
