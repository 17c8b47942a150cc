//! The full story: “Autumn's first osmanthus hand cream”, from the materials to the evening on which a lot of leaky pump
//! heads was recalled.
//!
//! 10,374 codes of three factories and their suppliers, in cases and on pallets. Of everything that can be told of many
//! things at once there is one record; only putting a refill into its bottle takes one each.

mod making;
mod moving;
mod plan;
mod selling;

use std::collections::VecDeque;

use hefu_contracts::{
    action::Action,
    catalogue::{BomLine, BomPut, BomVersion, LineKind, ProductKind, YieldBounds},
    gs1::Epc,
};
use hefu_keys::SecretKey;
use serde_json::Value;

use super::{
    Sight,
    cast::{Cast, Guests},
    events::{event, with},
    founding::{BOTTLE, Founding, GIFT_SET, ITEMS, REFILL, SET, TradeItem},
    teller::Teller,
};
use plan::{HUAXU_REFILLS, LAST_DAY, LEAKY, PUMPS, YUELING_REFILLS, ago};

const SLEEVE: &str = "09528880010113";
const PUMP: &str = "09528880010120";
const EXTRACT: &str = "09528880010137";
const BASE: &str = "09528880010144";

/// The catalogue besides the bottle, the refill and the set.
const MORE_ITEMS: [TradeItem; 7] = [
    (GIFT_SET, ProductKind::Kit, "Moon rabbit gift set", "月兔联名套装"),
    ("09528880010045", ProductKind::Finished, "Lavender refill 50 g", "薰衣草内芯 50 g"),
    ("09528880010052", ProductKind::Finished, "Travel size 30 g", "旅行装 30 g"),
    (SLEEVE, ProductKind::Component, "Embroidered sleeve", "桂绣瓶套"),
    (PUMP, ProductKind::Component, "Pump head PUMP-24", "泵头 PUMP-24"),
    (EXTRACT, ProductKind::Raw, "Osmanthus extract", "桂花萃取"),
    (BASE, ProductKind::Semi, "Cream base", "基础膏体"),
];

/// Everybody, and where everything is.
struct Stage<'a> {
    cast: &'a Cast,
    guests: &'a Guests,
    teller: &'a mut Teller,
    /// Bottles in the order in which they are put together with refills.
    bottles: VecDeque<Epc>,
    /// Refills at the core factory.
    refills: VecDeque<Epc>,
    /// Refills on their way there.
    inward: Vec<Epc>,
    /// Cases and pallets numbered so far.
    containers: u64,
    warehouse: selling::Warehouse,
}

/// What is to be seen afterwards.
pub(super) fn tell(cast: &Cast, teller: &mut Teller) -> anyhow::Result<(Vec<Epc>, Vec<Sight>)> {
    let guests = &Guests::new()?;
    found(cast, guests, teller)?;
    let (bottles, refills, inward) = (VecDeque::new(), VecDeque::new(), Vec::new());
    let warehouse = selling::Warehouse::default();
    let mut stage = Stage { cast, guests, teller, bottles, refills, inward, containers: 0, warehouse };
    let codes = stage.issue()?;
    stage.supply()?;
    stage.make_bottles(&codes.bottles)?;
    for day in 1..=LAST_DAY {
        stage.refills.extend(std::mem::take(&mut stage.inward));
        stage.make_refills(day, &codes)?;
        stage.assemble(day)?;
        stage.sell(day)?;
    }
    stage.recall()
}

fn found(cast: &Cast, guests: &Guests, teller: &mut Teller) -> anyhow::Result<()> {
    let items: Vec<TradeItem> = ITEMS.into_iter().chain(MORE_ITEMS).collect();
    let newcomers = [&cast.huaxu, &cast.yueling, &cast.puyan, &cast.swiftboat].into_iter().chain(guests.all());
    let makers = ["huaxu", "yueling", "guixiu", "guiyuan", "hengsu"].map(|maker| (maker, "commissioning"));
    let steps: Vec<_> = makers.into_iter().chain([("puyan", "inspecting")]).collect();
    let founding = Founding {
        newcomers: newcomers.collect(),
        steps: &steps,
        hauls: &[(&cast.huaxu, "95288802"), (&cast.yueling, "95288803")],
        items: &items,
    };
    founding.tell(cast, teller)?;
    teller.chapter("bills of material come into force");
    let from = teller.ago(ago(-40, 8, 0));
    let bounds = Some(YieldBounds { max: 1_000_000, min: 950_000 });
    let grams = Some("GRM");
    for (gtin, lines) in [
        (BOTTLE, &[(PUMP, "1", None)][..]),
        (REFILL, &[(BASE, "48.5", grams), (EXTRACT, "1.5", grams)]),
        (SET, &[(BOTTLE, "1", None), (REFILL, "1", None)]),
        (GIFT_SET, &[(BOTTLE, "1", None), (REFILL, "1", None), (SLEEVE, "1", None)]),
    ] {
        let lines = lines.iter().map(|(component, amount, unit)| {
            let (alternates, kind) = (Vec::new(), LineKind::Item);
            let (amount, component) = (serde_json::from_value(Value::from(*amount))?, component.parse()?);
            Ok(BomLine { alternates, amount, component, kind, unit: unit.map(str::to_owned) })
        });
        let lines = lines.collect::<anyhow::Result<_>>()?;
        let bill = BomVersion { from, lines, until: None, bounds };
        let body = BomPut { bill, gtin: gtin.parse()?, version: 1 };
        teller.tell(&[&cast.corenest.admin], Action::BomPut, &body)?;
    }
    Ok(())
}

impl Stage<'_> {
    /// An event of a device, so many minutes before the chain begins.
    fn event(&mut self, key: &SecretKey, minutes: i64, said: (&str, &str, &str), more: Value) -> anyhow::Result<()> {
        let event = with(event(self.teller, minutes, said), more);
        self.teller.event(key, event)?;
        Ok(())
    }
}

/// A lot or class of a trade item.
fn lot_of(gtin: &str, lot: &str) -> String {
    format!("https://id.gs1.org/01/{gtin}/10/{lot}")
}
