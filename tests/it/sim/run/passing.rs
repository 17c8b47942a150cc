//! Records on their way from machine to machine.

use hefu_gossip::{Answer, Message};

use super::{Event, Stage, World};
use crate::sim::{gossip::ANSWER_WITHIN, post::Letter};

impl<S: Stage> World<'_, S> {
    /// Sends what a machine has to send, and comes back when it has more.
    pub(super) fn pass_on(&mut self, machine: usize) {
        let hands = &mut self.machines[machine].hands;
        let (boot, Some(app)) = (hands.boots, &mut hands.app) else { return };
        let (due, wakes) = (self.stage.due(app), self.stage.wakes(app));
        for (to, ticket, message) in due {
            self.send(machine, to, Letter::Passed(ticket, message));
            self.later(ANSWER_WITHIN, Event::Unanswered { machine, boot, ticket });
        }
        let asleep = self.wakes[machine].is_none_or(|at| at <= self.now);
        if let Some(at) = wakes.filter(|at| asleep || self.wakes[machine] > Some(*at)) {
            let at = at.max(self.now + 1);
            self.wakes[machine] = Some(at);
            self.later(at - self.now, Event::Passing { machine });
        }
    }

    /// Something that another machine passes on has come.
    pub(super) fn passed(&mut self, (from, to): (usize, usize), ticket: u64, message: Message) {
        let Some(app) = &mut self.machines[to].hands.app else { return };
        if let Some(answer) = self.stage.take(app, from, message) {
            self.send(to, from, Letter::Answered(ticket, answer));
        }
    }

    /// An answer has come, or none.
    pub(super) fn answered(&mut self, machine: usize, ticket: u64, answer: Option<Answer>) {
        if let Some(app) = &mut self.machines[machine].hands.app {
            self.stage.answered(app, ticket, answer);
        }
    }

    /// A machine has started: it and the others hear of each other.
    pub(super) fn joined(&mut self, machine: usize) {
        for other in (0..self.machines.len()).filter(|other| *other != machine) {
            for (one, who) in [(machine, other), (other, machine)] {
                let both = self.machines[other].is_on();
                if let Some(app) = self.machines[one].hands.app.as_mut().filter(|_| both) {
                    self.stage.joined(app, who);
                }
            }
        }
    }
}
