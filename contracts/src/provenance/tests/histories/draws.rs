//! What a story's steps are drawn from, and what they mean in the world as it is then.

use std::ops::Range;

use proptest::prelude::*;

use super::{
    cast::{BOTTLES, CAST, CONTAINERS, LOTS, PARTIES, REFILLS, THINGS, Told, What},
    naive::{Model, Whose},
};

/// What a step is made of; what comes of it depends on what happened before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Draw {
    pub kind: u8,
    pub who: usize,
    /// Whether whoever can is to do it.
    pub apt: bool,
    pub pick: [usize; 3],
    amount: u64,
    pub other: usize,
    pub chance: u8,
    /// Whether the key of a device signs.
    pub device: bool,
}

pub(super) fn draws() -> impl Strategy<Value = Vec<Draw>> {
    let apt = prop::bool::weighted(0.85);
    let picks = [0..100_usize, 0..100_usize, 0..100_usize];
    let device = prop::bool::weighted(0.15);
    let draw = (0..35_u8, 0..PARTIES.len(), apt, picks, 1..9_u64, 0..PARTIES.len(), any::<u8>(), device);
    let draw = draw.prop_map(|(kind, who, apt, pick, amount, other, chance, device)| Draw {
        kind,
        who,
        apt,
        pick,
        amount,
        other,
        chance,
        device,
    });
    prop::collection::vec(draw, 30..90)
}

/// A draw before the world as it is.
pub(super) struct Drawn<'a> {
    pub draw: &'a Draw,
    pub model: &'a Model,
}

impl Drawn<'_> {
    pub(super) fn event(&self) -> Told {
        let mut event = match self.draw.kind {
            0..=8 => self.life(),
            9..=18 => self.custody(),
            19..=24 => self.nesting(),
            _ => self.transformation(),
        };
        event.how = match (event.what, self.draw.chance % 8) {
            (What::Receive, 0) => Some("returned"),
            (What::Receive, 1) => Some("mismatch_quantity"),
            (What::Ship | What::Pack, 2) => Some("recalled"),
            _ => None,
        };
        event.device = self.draw.device;
        match self.draw.chance % 32 {
            7 => event.read_at = self.draw.other,
            15 => event.stays_at = Some(self.draw.other),
            _ => {}
        }
        event
    }

    fn life(&self) -> Told {
        let (any, lot) = (self.any(), self.lot());
        let lots = vec![(lot, self.draw.amount)];
        match self.draw.kind {
            0 | 1 => Told { outputs: self.codes(REFILLS), ..self.told(What::Make, Some(2)) },
            2 => Told { outputs: self.codes(BOTTLES), ..self.told(What::Make, Some(1)) },
            3 => self.transformation(),
            4 => Told { lots, ..self.told(What::Make, CAST[lot].owner) },
            5 => Told { things: vec![any], ..self.told(What::Make, CAST[any].owner) },
            6 => Told { things: self.several(any), ..self.told(What::End, self.holder(any)) },
            7 => Told { lots, ..self.told(What::End, self.owner_of_some(lot)) },
            // The laboratory looks at what others have packed.
            8 if self.draw.chance.is_multiple_of(2) => {
                let coded = REFILLS.chain(BOTTLES);
                let packed: Vec<usize> = coded.filter(|thing| self.model.things[*thing].parent.is_some()).collect();
                let inside = packed.get(self.draw.pick[1] % packed.len().max(1)).copied().unwrap_or(any);
                Told { things: vec![inside], ..self.told(What::See, Some(3)) }
            }
            _ => {
                let gone = THINGS.filter(|thing| self.model.things[*thing].consumed).collect::<Vec<_>>();
                let seen = gone.get(self.draw.pick[1] % gone.len().max(1)).copied().unwrap_or(any);
                Told { things: self.several(seen), ..self.told(What::See, self.holder(seen)) }
            }
        }
    }

    fn custody(&self) -> Told {
        let (any, lot) = (self.any(), self.lot());
        let lots = vec![(lot, self.draw.amount)];
        let to = Some(self.draw.other);
        match self.draw.kind {
            9..=11 => {
                let things = self.several(any);
                Told { things, to, buyer: self.buyer(), ..self.told(What::Ship, self.holder(any)) }
            }
            12 => Told { lots, to, ..self.told(What::Ship, self.owner_of_some(lot)) },
            13..=15 => {
                let moving = THINGS.filter(|thing| self.model.things[*thing].handover.is_some()).collect::<Vec<_>>();
                let any = moving.get(self.draw.pick[0] % moving.len().max(1)).copied().unwrap_or(any);
                let to = self.model.things[any].handover.map(|handover| handover.to);
                Told { things: vec![any], ..self.told(What::Receive, to) }
            }
            16 => Told { lots, ..self.told(What::Receive, self.model.receiver_of(lot)) },
            17 => Told { things: vec![any], ..self.told(What::Void, self.holder(any)) },
            _ => Told { lots, to, ..self.told(What::Void, None) },
        }
    }

    fn nesting(&self) -> Told {
        let [first, second, _] = self.draw.pick;
        let any = self.any();
        let container = CONTAINERS[second % CONTAINERS.len()];
        match self.draw.kind {
            19 | 20 => {
                let what = if self.draw.chance.is_multiple_of(4) { What::Fix } else { What::Pack };
                let lots = self.draw.chance.is_multiple_of(5).then_some((self.lot(), self.draw.amount));
                let (things, lots) = (self.several(any), Vec::from_iter(lots));
                Told { things, lots, parent: Some(container), ..self.told(what, self.holder(any)) }
            }
            21 => {
                // A refill goes into a bottle.
                let (refill, bottle) = (REFILLS.start + first % REFILLS.len(), BOTTLES.start + second % BOTTLES.len());
                Told { things: vec![refill], parent: Some(bottle), ..self.told(What::Fix, self.holder(bottle)) }
            }
            22 | 23 => {
                let packed = THINGS.filter(|thing| self.model.things[*thing].parent.is_some()).collect::<Vec<_>>();
                let any = packed.get(first % packed.len().max(1)).copied().unwrap_or(any);
                let parent = self.model.things[any].parent.filter(|_| self.draw.apt).unwrap_or(container);
                let what = match self.draw.chance % 4 {
                    0 => What::Unfix,
                    1 => What::SeePacked,
                    _ => What::Unpack,
                };
                Told { things: vec![any], parent: Some(parent), ..self.told(what, self.holder(any)) }
            }
            _ => Told { things: self.several(any), buyer: self.buyer(), ..self.told(What::Link, self.holder(any)) },
        }
    }

    fn transformation(&self) -> Told {
        let [first, second, third] = self.draw.pick;
        // Refills come of what their bill asks for, or of something else.
        let refills = self.draw.chance.is_multiple_of(4);
        let output = if refills && self.draw.apt { LOTS[2] } else { LOTS[third % LOTS.len()] };
        let lot = if first.is_multiple_of(2) { LOTS[3] } else { self.lot() };
        let told = self.told(What::Transform, CAST[output].owner);
        let own: Vec<usize> = self.alive().filter(|thing| self.holder(*thing) == Some(told.who)).collect();
        let used = own.get(second % own.len().max(1)).copied().filter(|_| matches!(self.draw.chance % 8, 2 | 4 | 6));
        let outputs = if refills { self.codes(REFILLS) } else { Vec::new() };
        let (lots, lots_out) = (vec![(lot, self.draw.amount)], vec![(output, self.draw.amount)]);
        Told { things: Vec::from_iter(used), lots, outputs, lots_out, ..told }
    }

    fn told(&self, what: What, apt: Option<usize>) -> Told {
        let at = match self.draw.chance {
            0..=19 => self.model.now - 600_000,
            20..=24 => self.model.now + 5_000 + u64::from(self.draw.chance % 2),
            _ => self.model.now,
        };
        Told::new(apt.filter(|_| self.draw.apt).unwrap_or(self.draw.who), what, at)
    }

    fn holder(&self, thing: usize) -> Option<usize> {
        self.model.things[self.model.outermost(thing)].holder
    }

    fn alive(&self) -> impl Iterator<Item = usize> {
        THINGS.filter(|thing| {
            let row = &self.model.things[*thing];
            row.made.is_some() && !row.destroyed && !row.consumed
        })
    }

    fn any(&self) -> usize {
        let fit: Vec<usize> = self.alive().collect();
        let from = if self.draw.apt && !fit.is_empty() { fit } else { THINGS.collect() };
        from[self.draw.pick[0] % from.len()]
    }

    fn lot(&self) -> usize {
        LOTS[self.draw.pick[0] % LOTS.len()]
    }

    /// A thing, at times with another that is with the same party.
    fn several(&self, thing: usize) -> Vec<usize> {
        let second = self.draw.pick[1];
        let alike: Vec<usize> = THINGS.filter(|other| self.holder(*other) == self.holder(thing)).collect();
        let mut some = vec![thing];
        some.extend(alike.get(second % alike.len()).filter(|_| second.is_multiple_of(3)));
        some.sort_unstable();
        some.dedup();
        some
    }

    fn codes(&self, all: Range<usize>) -> Vec<usize> {
        let from = all.start + self.draw.pick[1] % all.len();
        (from..(from + 1 + self.draw.pick[2] % 2).min(all.end)).collect()
    }

    fn buyer(&self) -> Option<usize> {
        (self.draw.chance >= 160).then_some((self.draw.other + self.draw.pick[0]) % PARTIES.len())
    }

    fn owner_of_some(&self, lot: usize) -> Option<usize> {
        self.model.has.iter().find_map(|((known, whose), amount)| match whose {
            Whose::Party(party) if *known == lot && *amount > 0 => Some(*party),
            Whose::Party(_) | Whose::Container(_) => None,
        })
    }
}
