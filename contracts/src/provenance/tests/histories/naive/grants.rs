//! Who may record what: authority over a prefix, and the limits of devices' keys.

use std::collections::BTreeMap;

use super::{Broken, Model};
use crate::{
    provenance::tests::histories::{
        cast::{CAST, Told, prefix},
        law::{DEVICES, Limit},
    },
    refusal::Code,
};

/// For which steps, all where none is named, and until when.
#[derive(Clone, Debug)]
pub(super) struct Given {
    steps: &'static [&'static str],
    until: Option<u64>,
    over: bool,
}

/// As the world begins.
pub(super) fn at_first() -> BTreeMap<usize, Given> {
    let given = |steps| Given { steps, until: None, over: false };
    [(2, given(&["commissioning", "shipping"])), (1, given(&["commissioning"])), (3, given(&["inspecting"]))].into()
}

impl Model {
    /// Whether a party may record a step for what bears the prefix of a thing.
    pub(super) fn may(&self, who: usize, thing: usize, step: &str) -> bool {
        let given = self.given.get(&who).is_some_and(|given| {
            let in_time = given.until.is_none_or(|until| self.now <= until);
            !given.over && in_time && (given.steps.is_empty() || given.steps.contains(&step))
        });
        CAST[thing].owner.is_none_or(|owner| owner == who) || (CAST[thing].delegated && given)
    }

    pub(in super::super) fn give(
        &mut self,
        who: usize,
        to: usize,
        (steps, until): (&'static [&'static str], Option<u64>),
    ) -> Broken {
        if who != 0 {
            return Broken::from([Code::PrefixForeign]);
        }
        self.given.insert(to, Given { steps, until, over: false });
        Broken::new()
    }

    pub(in super::super) fn take_back(&mut self, who: usize, from: usize) -> Broken {
        if who != 0 {
            return Broken::from([Code::PrefixForeign]);
        }
        match self.given.get_mut(&from) {
            Some(given) => {
                given.over = true;
                Broken::new()
            }
            None => Broken::from([Code::AuthorityNone]),
        }
    }

    /// That the key which signs may say this: one of what it may do, and which holds now, must allow all of it for each thing.
    pub(super) fn signed(&self, told: &Told, no: &mut Broken) {
        if !told.device {
            return;
        }
        let holds = |limit: &&Limit| limit.until.is_none_or(|until| self.now <= until);
        let limits: Vec<&Limit> = DEVICES[told.who].iter().filter(holds).collect();
        if limits.is_empty() {
            no.insert(Code::KeyExpired);
        }
        let allows = |limit: &Limit, thing: usize| {
            let bears = |prefixes: &[&str]| prefix(thing).is_some_and(|prefix| prefixes.contains(&prefix));
            (limit.steps.is_empty() || limit.steps.contains(&told.step))
                && (limit.prefixes.is_empty() || bears(limit.prefixes))
                && limit.at.is_none_or(|at| at == told.read_at)
        };
        if told.named().iter().any(|thing| !limits.iter().any(|limit| allows(limit, *thing))) {
            no.insert(Code::KeyRole);
        }
    }
}
