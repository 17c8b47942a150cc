//! Random stories of a lot against a model of the rules that is written without them: whole numbers in maps.

use std::collections::{BTreeMap, VecDeque};

use hefu_keys::Hash;
use proptest::prelude::*;
use serde_json::json;

use super::{AT, LATER, SSCC, made};
use crate::{
    row::Data,
    tests::{Deed, World, event, transform},
};

const PLACES: [(&str, &str); 3] =
    [("corenest", "9528880100012"), ("huaxu", "9528880200019"), ("yueling", "9528880300016")];
const LOT: &str = "https://id.gs1.org/01/09528880200019/10/L1";
const PRODUCT: &str = "https://id.gs1.org/01/09528880200019/10/P1";
const OWNER: usize = 1;

#[derive(Clone, Copy, Debug)]
enum Try {
    Make { who: usize, amount: u64 },
    End { who: usize, amount: u64 },
    Ship { who: usize, to: usize, amount: u64 },
    Void { who: usize, to: usize, amount: u64 },
    Receive { who: usize, amount: u64, how: usize },
    Use { who: usize, amount: u64 },
    Pack { who: usize, amount: u64 },
    Unpack { who: usize, amount: u64 },
}

fn tries() -> impl Strategy<Value = Try> {
    let (who, to, amount) = (0..PLACES.len(), 0..PLACES.len(), 1..9_u64);
    let base = (who, to, amount, 0..3_usize, 0..9_usize);
    base.prop_map(|(who, to, amount, how, kind)| match kind {
        0 => Try::Make { who: OWNER, amount },
        1 => Try::Make { who, amount },
        2 => Try::End { who, amount },
        3 => Try::Ship { who, to, amount },
        4 => Try::Void { who, to, amount },
        5 => Try::Receive { who, amount, how },
        6 => Try::Use { who, amount },
        7 => Try::Pack { who, amount },
        _ => Try::Unpack { who, amount },
    })
}

/// The naive model.
#[derive(Default)]
struct Model {
    has: BTreeMap<usize, u64>,
    packed: u64,
    pallet: bool,
    moving: BTreeMap<usize, VecDeque<(usize, u64)>>,
}

impl Model {
    fn lose(&mut self, who: usize, amount: u64) -> bool {
        let has = self.has.entry(who).or_default();
        let enough = *has >= amount;
        if enough {
            *has -= amount;
        }
        enough
    }

    /// Whether it happens; if so it has.
    fn take(&mut self, attempt: Try) -> bool {
        match attempt {
            Try::Make { who, amount } => {
                let may = who == OWNER;
                *self.has.entry(who).or_default() += if may { amount } else { 0 };
                may
            }
            Try::End { who, amount } => self.lose(who, amount),
            // What comes of it bears a prefix of the owner's.
            Try::Use { who, amount } => who == OWNER && self.lose(who, amount),
            Try::Ship { who, to, amount } => {
                let done = self.lose(who, amount);
                if done {
                    self.moving.entry(to).or_default().push_back((who, amount));
                }
                done
            }
            Try::Void { who, to, amount } => {
                let moving = self.moving.entry(to).or_default();
                if moving.iter().filter(|(from, _)| *from == who).map(|(_, some)| some).sum::<u64>() < amount {
                    return false;
                }
                let mut left = amount;
                for (_, some) in moving.iter_mut().rev().filter(|(from, _)| *from == who) {
                    let part = left.min(*some);
                    *some -= part;
                    left -= part;
                }
                moving.retain(|(_, some)| *some > 0);
                *self.has.entry(who).or_default() += amount;
                true
            }
            Try::Receive { who, amount, how } => {
                let moving = self.moving.remove(&who).unwrap_or_default();
                let (mut left, mut rest) = (amount, VecDeque::new());
                for (from, some) in &moving {
                    let part = left.min(*some);
                    left -= part;
                    *self.has.entry(if how == 1 { *from } else { who }).or_default() += part;
                    match (how, some - part) {
                        (_, 0) => {}
                        (2, more) => *self.has.entry(*from).or_default() += more,
                        (_, more) => rest.push_back((*from, more)),
                    }
                }
                self.moving.insert(who, rest);
                !moving.is_empty()
            }
            Try::Pack { who, amount } => {
                let done = who == OWNER && self.lose(who, amount);
                if done {
                    self.packed += amount;
                    self.pallet = true;
                }
                done
            }
            Try::Unpack { who, amount } => {
                let done = who == OWNER && self.pallet && self.packed >= amount;
                if done {
                    self.packed -= amount;
                    *self.has.entry(who).or_default() += amount;
                }
                done
            }
        }
    }
}

fn deed(number: usize, attempt: Try) -> (&'static str, Deed) {
    let some = |amount: u64| json!([{"epcClass": LOT, "quantity": amount}]);
    let object = |who: usize, action: &str, step: &str, amount: u64| {
        let mut deed = event("ObjectEvent", action, step, PLACES[who].1, AT, &[]);
        deed.body["event"]["quantityList"] = some(amount);
        (who, deed)
    };
    let to = |(who, mut deed): (usize, Deed), to: usize| {
        let pgln = format!("https://id.gs1.org/417/{}", PLACES[to].1);
        deed.body["event"]["destinationList"] = json!([{"type": "possessing_party", "destination": pgln}]);
        (who, deed)
    };
    let nest = |who: usize, action: &str, amount: u64| {
        let mut deed = event("AggregationEvent", action, "packing", PLACES[who].1, LATER, &[]);
        deed.body["event"]["parentID"] = json!(SSCC);
        deed.body["event"]["childQuantityList"] = some(amount);
        (who, deed)
    };
    let (who, mut deed) = match attempt {
        Try::Make { who, amount } => object(who, "ADD", "commissioning", amount),
        Try::End { who, amount } => object(who, "DELETE", "destroying", amount),
        Try::Ship { who, to: receiver, amount } => to(object(who, "OBSERVE", "shipping", amount), receiver),
        Try::Void { who, to: receiver, amount } => to(object(who, "OBSERVE", "void_shipping", amount), receiver),
        Try::Receive { who, amount, how } => {
            let (who, mut deed) = object(who, "OBSERVE", "receiving", amount);
            if let Some(disposition) = [None, Some("returned"), Some("mismatch_quantity")][how] {
                deed.body["event"]["disposition"] = json!(disposition);
            }
            (who, deed)
        }
        Try::Use { who, amount } => {
            let lists = json!({"inputQuantityList": some(amount), "outputQuantityList": [{"epcClass": PRODUCT, "quantity": 1}]});
            (who, transform(PLACES[who].1, AT, &[], &[], &lists))
        }
        Try::Pack { who, amount } => nest(who, "ADD", amount),
        Try::Unpack { who, amount } => nest(who, "DELETE", amount),
    };
    deed.body["cbv"] = json!(Hash::of(&number.to_be_bytes()));
    (PLACES[who].0, deed)
}

fn balance(world: &World, who: &str) -> String {
    match world.rows.get(&format!("balance/EA/01/09528880200019/10/L1@{who}")).map(|row| &row.data) {
        Some(Data::Balance(balance)) => balance.amount.to_string(),
        _ => "0".to_owned(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn the_rules_of_lots_say_what_a_naive_model_says(attempts in proptest::collection::vec(tries(), 1..40)) {
        let (mut world, ..) = made();
        let mut model = Model::default();
        for (number, attempt) in attempts.iter().enumerate() {
            let (author, deed) = deed(number, *attempt);
            let taken = world.take(author, &deed);
            prop_assert_eq!(taken.is_ok(), model.take(*attempt), "{:?}: {:?}", attempt, taken);
            for (who, (party, _)) in PLACES.iter().enumerate() {
                let has = model.has.get(&who).copied().unwrap_or_default();
                prop_assert_eq!(balance(&world, party), has.to_string(), "{} after {:?}", party, attempt);
            }
            prop_assert_eq!(balance(&world, "container/00/095288802000000019"), model.packed.to_string());
        }
    }
}
