//! What the organisations of the stories have laid down: which devices record what, and what things are made of.

use serde_json::{Value, json};

use super::{BEGIN, cast::PARTIES};
use crate::{
    action::Action,
    tests::{Deed, NOW, World, time},
    time::Millis,
};

/// What a key of somebody's device may record; an empty list is no limit.
pub(super) struct Limit {
    pub steps: &'static [&'static str],
    pub prefixes: &'static [&'static str],
    /// Whose site it must be read at.
    pub at: Option<usize>,
    pub until: Option<u64>,
}

const EVERYTHING: Limit = Limit { steps: &[], prefixes: &[], at: None, until: None };

/// Of each organisation's device.
pub(super) const DEVICES: [&[Limit]; 4] = [
    &[Limit { steps: &["inspecting", "receiving", "shipping", "packing"], ..EVERYTHING }],
    &[
        Limit { prefixes: &["952888020"], at: Some(1), ..EVERYTHING },
        Limit { steps: &["commissioning"], prefixes: &["952888001"], ..EVERYTHING },
    ],
    &[Limit { until: Some(BEGIN + 20 * 60_000), ..EVERYTHING }],
    &[
        Limit { steps: &["inspecting"], ..EVERYTHING },
        Limit { at: Some(0), ..EVERYTHING },
        Limit { until: Some(BEGIN + 20 * 60_000), ..EVERYTHING },
    ],
];

/// What one of a trade item is made of.
pub(super) struct Bill {
    pub of: &'static str,
    /// From when on; of two, the later counts.
    pub from: u64,
    /// Least and most of what is asked for in millionths of what is used.
    pub bounds: Option<(u64, u64)>,
    pub lines: &'static [Line],
}

pub(super) struct Line {
    pub item: &'static str,
    /// What may stand for it.
    pub or: &'static [&'static str],
    pub amount: u64,
    /// Whether what it is made of may stand for it.
    pub module: bool,
}

pub(super) const REFILL: &str = "09528880010021";
const MATERIAL: &str = "09528880200019";
const PART: &str = "09528880300016";
const RAW: &str = "04012345123456";

pub(super) const BILLS: [Bill; 3] = [
    Bill {
        of: REFILL,
        from: BEGIN + 5 * 60_000,
        bounds: Some((600_000, 1_000_000)),
        lines: &[Line { item: MATERIAL, or: &[PART], amount: 2, module: true }],
    },
    Bill { of: MATERIAL, from: BEGIN, bounds: None, lines: &[Line { item: RAW, or: &[], amount: 1, module: false }] },
    Bill {
        of: REFILL,
        from: BEGIN + 40 * 60_000,
        bounds: Some((500_000, 2_000_000)),
        lines: &[Line { item: RAW, or: &[MATERIAL, PART], amount: 2, module: false }],
    },
];

/// Enters all of it.
pub(super) fn enact(world: &mut World) {
    catalogue(world);
    devices(world);
}

/// Lets each organisation's device record what it may.
fn devices(world: &mut World) {
    for ((party, _), limits) in PARTIES.iter().zip(DEVICES) {
        let grant = |limit: &Limit| {
            let sites: Vec<&str> = limit.at.iter().map(|at| PARTIES[*at].1).collect();
            let mut grant = json!({"role": "capture"});
            let mut scope = serde_json::Map::new();
            for (name, list) in [("bizSteps", limit.steps), ("prefixes", limit.prefixes), ("sites", &sites)] {
                if !list.is_empty() {
                    scope.insert(name.to_owned(), json!(list));
                }
            }
            if !scope.is_empty() {
                grant["scope"] = Value::Object(scope);
            }
            if let Some(until) = limit.until {
                grant["expires"] = json!(time(NOW).plus(Millis(until)).to_string());
            }
            grant
        };
        let grants: Vec<Value> = limits.iter().map(grant).collect();
        let key = crate::tests::key(&device(party)).address();
        let deed = Deed::new(Action::KeyGrant, json!({"grants": grants, "key": key})).with(&device(party));
        world.take(party, &deed).unwrap();
    }
}

/// The key of an organisation's device.
pub(super) fn device(party: &str) -> String {
    format!("{party} device")
}

/// What the bills are of, and the bills.
fn catalogue(world: &mut World) {
    let material = json!({"gtin": MATERIAL, "kind": "semi", "name": {"en": "base", "zh": "料体"}, "version": 1});
    world.take("huaxu", &Deed::new(Action::ProductPut, material)).unwrap();
    for (at, Bill { of, from, bounds, lines }) in BILLS.iter().enumerate() {
        let line = |line: &Line| {
            let mut told = json!({"amount": line.amount.to_string(), "component": line.item});
            if !line.or.is_empty() {
                told["alternates"] = json!(line.or);
            }
            if line.module {
                told["kind"] = json!("module");
            }
            told
        };
        let mut bill = json!({"from": time(NOW).plus(Millis(*from)).to_string()});
        bill["lines"] = lines.iter().map(line).collect();
        if let Some((min, max)) = bounds {
            bill["yield"] = json!({"max": max, "min": min});
        }
        let version = 1 + BILLS[..at].iter().filter(|before| before.of == *of).count();
        let author = if *of == MATERIAL { "huaxu" } else { "corenest" };
        world.take(author, &Deed::new(Action::BomPut, json!({"bill": bill, "gtin": of, "version": version}))).unwrap();
    }
}
