//! The warehouse: what comes, what goes to customers, what comes back, and what is held once the lot is recalled.

use std::collections::{BTreeSet, VecDeque};

use hefu_contracts::{
    action::Action,
    gs1::Epc,
    provenance::{RecallOpen, RecallReason},
};
use serde_json::json;

use super::{
    BOTTLE, LEAKY, PUMP, Sight, Stage, ago, lot_of,
    moving::Case,
    plan::{LEAKY_IN_STOCK, RETURNED, SOLD},
};
use crate::demo::{
    events::{at, place, with},
    founding::RDC,
};

/// One of four that were sold is sent back.
const RETURN_EACH: usize = 4;

/// What the warehouse has.
#[derive(Default)]
pub(super) struct Warehouse {
    /// Bottles with a leaky pump, in the order in which they came.
    pub leaky: Vec<Epc>,
    cases: Vec<Case>,
    opened: BTreeSet<usize>,
    /// What can be sold, with the number of its case.
    sets: VecDeque<(Epc, usize)>,
    refills: VecDeque<(Epc, usize)>,
    returned: usize,
}

impl Warehouse {
    /// The last of the leaky ones stand at the back of the shelf.
    fn left(&self) -> &[Epc] {
        self.leaky.get(self.leaky.len().saturating_sub(LEAKY_IN_STOCK)..).unwrap_or_default()
    }

    pub(super) fn arrive(&mut self, cases: Vec<Case>) {
        let left: BTreeSet<Epc> = self.left().iter().cloned().collect();
        for case in cases {
            let number = self.cases.len();
            for thing in case.things.iter().filter(|thing| !left.contains(*thing)) {
                let shelf = if is_bottle(thing) { &mut self.sets } else { &mut self.refills };
                shelf.push_back((thing.clone(), number));
            }
            self.cases.push(case);
        }
    }

    /// The first things of a shelf, and the cases that are opened for them.
    fn take(&mut self, sets: usize, refills: usize) -> anyhow::Result<(Vec<Epc>, Vec<Case>)> {
        anyhow::ensure!(sets <= self.sets.len() && refills <= self.refills.len(), "the warehouse has too little");
        let taken: Vec<_> = self.sets.drain(..sets).chain(self.refills.drain(..refills)).collect();
        let mut opened = Vec::new();
        for (_, number) in &taken {
            if self.opened.insert(*number) {
                opened.extend(self.cases.get(*number).cloned());
            }
        }
        Ok((taken.into_iter().map(|(thing, _)| thing).collect(), opened))
    }
}

fn is_bottle(thing: &Epc) -> bool {
    thing.path().strip_prefix("01/").is_some_and(|path| path.starts_with(BOTTLE))
}

impl Stage<'_> {
    /// A day's orders, and what comes back on it.
    pub(super) fn sell(&mut self, day: i64) -> anyhow::Result<()> {
        let key = &self.cast.corenest.device;
        if let Some((_, sets, refills)) = SOLD.iter().find(|(on, ..)| *on == day) {
            let (things, opened) = self.warehouse.take(*sets, *refills)?;
            self.teller.chapter("cases are opened");
            for case in &opened {
                self.open(ago(day, 9, 0), &case.id, &case.things.iter().collect::<Vec<_>>())?;
            }
            self.teller.chapter("customers get their parcels");
            let what = json!({"epcList": things, "readPoint": place(RDC)});
            self.event(key, ago(day, 10, 0), ("OBSERVE", "retail_selling", "retail_sold"), what)?;
        }
        if let Some((_, count)) = RETURNED.iter().find(|(on, _)| *on == day) {
            self.teller.chapter("customers send sets back");
            let before = self.warehouse.returned;
            let back: Vec<&Epc> = self.warehouse.leaky.iter().step_by(RETURN_EACH).skip(before).take(*count).collect();
            let what = with(at(RDC), json!({"epcList": back}));
            self.event(key, ago(day, 11, 30), ("OBSERVE", "accepting", "returned"), what)?;
            self.warehouse.returned = before.saturating_add(*count);
        }
        Ok(())
    }

    /// Complaints lead to a lot of pump heads: it is recalled, and what is in stock of it is held.
    pub(super) fn recall(self) -> anyhow::Result<(Vec<Epc>, Vec<Sight>)> {
        let mut stage = self;
        stage.teller.chapter("the lot of leaky pump heads is recalled");
        let source = Epc::parse(&lot_of(PUMP, LEAKY))?;
        let body = RecallOpen { made: None, reason: RecallReason::Quality, source: source.clone() };
        stage.teller.tell(&[&stage.cast.corenest.admin], Action::RecallOpen, &body)?;
        let held = json!({"epcList": stage.warehouse.left(), "readPoint": place(RDC)});
        let said = ("OBSERVE", "holding", "non_sellable_other");
        stage.event(&stage.cast.corenest.device, ago(9, 12, 40), said, held)?;

        let Warehouse { leaky, cases, sets, .. } = &stage.warehouse;
        let seen = [
            ("A set with a leaky pump that a customer has", leaky.get(1)),
            ("One that a customer sent back", leaky.first()),
            ("One that the warehouse holds", stage.warehouse.left().last()),
            ("A set of another lot", sets.back().map(|(set, _)| set)),
            ("A refill that was sold by itself", cases.first().and_then(|case| case.things.first())),
        ];
        let seen = seen.into_iter().filter_map(|(title, thing)| Some((title, thing?)));
        let (items, mut sights): (Vec<Epc>, Vec<Sight>) =
            seen.map(|(title, thing)| (thing.clone(), Sight { title, path: thing.path().to_owned() })).unzip();
        let id = source.path().replace('/', "%2F");
        sights.push(Sight { title: "Who has what came of the recalled lot", path: format!("x/impact?id={id}") });
        Ok((items, sights))
    }
}
