//! Codes and materials; bottles of pump heads, refills of cream and extract; refills in bottles.

use hefu_contracts::gs1::Epc;
use serde_json::{Value, json};

use super::{
    BASE, BOTTLE, EXTRACT, HUAXU_REFILLS, PUMP, PUMPS, REFILL, SLEEVE, Stage, YUELING_REFILLS, ago, lot_of,
    plan::{ASSEMBLED, BEFORE_LEAKY, REFILLS_IN_CASE, Refills, SAMPLE, SETS_IN_CASE, SLEEVED, SLEEVES},
};
use crate::{
    client::{Handover, Selection},
    demo::{
        cast::{Actor, GUIXIU, GUIYUAN, HENGSU, HUAXU, YUELING},
        events::{at, event, from_to, place, with},
        tiny::hand_over,
    },
};

/// Lots of the materials of which there is one.
const EXTRACT_LOT: &str = "GY-0917";
const BASE_LOT: &str = "JT-0917";
const SLEEVE_LOT: &str = "GX-0924";

/// The makers' codes.
pub(super) struct Codes {
    pub bottles: Handover,
    pub yueling: Handover,
    pub huaxu: Handover,
}

/// So many pieces of a lot.
fn pieces(gtin: &str, lot: &str, count: u64) -> Value {
    json!({"epcClass": lot_of(gtin, lot), "quantity": count})
}

/// So many tenths of a gram of a lot.
fn tenths(gtin: &str, lot: &str, amount: u64) -> anyhow::Result<Value> {
    let (whole, rest) = (amount.checked_div(10).unwrap_or(0), amount.checked_rem(10).unwrap_or(0));
    let grams: Value = serde_json::from_str(&format!("{whole}.{rest}"))?;
    Ok(json!({"epcClass": lot_of(gtin, lot), "quantity": grams, "uom": "GRM"}))
}

/// Of each refill begun: 48.5 g of cream and 1.5 g of extract, in tenths of a gram.
fn materials(begun: u64) -> anyhow::Result<[Value; 2]> {
    let of_each = |tenths: u64| begun.saturating_mul(tenths);
    Ok([tenths(BASE, BASE_LOT, of_each(485))?, tenths(EXTRACT, EXTRACT_LOT, of_each(15))?])
}

impl Stage<'_> {
    /// A batch for the bottles, and one for each maker of refills.
    pub(super) fn issue(&mut self) -> anyhow::Result<Codes> {
        self.teller.chapter("codes are issued");
        let good = |refills: &[Refills]| refills.iter().map(|refills| refills.good).sum::<u64>();
        let bottles = PUMPS.iter().map(|pumps| pumps.bottles.1).sum::<u64>();
        let mut batch = |gtin: &str, count: u64, maker: &str| {
            let path = format!("//full//{gtin}//{maker}");
            hand_over(self.cast, self.teller, (gtin, count, maker), &path)
        };
        Ok(Codes {
            bottles: batch(BOTTLE, bottles, "huaxu")?,
            yueling: batch(REFILL, good(&YUELING_REFILLS), "yueling")?,
            huaxu: batch(REFILL, good(&HUAXU_REFILLS), "huaxu")?,
        })
    }

    /// Suppliers make pump heads, extract and cream, and deliver them.
    pub(super) fn supply(&mut self) -> anyhow::Result<()> {
        self.teller.chapter("materials are made and delivered");
        let (cast, guests) = (self.cast, self.guests);
        for pumps in &PUMPS {
            let made = [pieces(PUMP, pumps.lot, pumps.count)];
            self.make_lot((&guests.hengsu, HENGSU), ago(pumps.day, 9, 0), &made)?;
            let note = format!("DN-{}", pumps.lot);
            let from = (&guests.hengsu, HENGSU);
            self.bring(from, (&cast.huaxu, HUAXU), ago(pumps.day, 12, 0), (&note, json!({"quantityList": made})))?;
        }
        let begun = |refills: &[Refills]| refills.iter().map(|refills| refills.begun).sum::<u64>();
        let (yueling, huaxu) = (begun(&YUELING_REFILLS), begun(&HUAXU_REFILLS));
        let [base, extract] = materials(yueling.saturating_add(huaxu))?;
        self.make_lot((&cast.huaxu, HUAXU), ago(-1, 9, 0), &[base])?;
        self.make_lot((&guests.guiyuan, GUIYUAN), ago(-1, 9, 30), &[extract])?;
        let [base, extract] = materials(yueling)?;
        let to = (&cast.yueling, YUELING);
        let cream = ("DN-JT", json!({"quantityList": [base]}));
        self.bring((&cast.huaxu, HUAXU), to, ago(-1, 18, 0), cream)?;
        let some = ("DN-GY-1", json!({"quantityList": [extract]}));
        self.bring((&guests.guiyuan, GUIYUAN), to, ago(-1, 18, 5), some)?;
        let [_, extract] = materials(huaxu)?;
        let rest = ("DN-GY-2", json!({"quantityList": [extract]}));
        self.bring((&guests.guiyuan, GUIYUAN), (&cast.huaxu, HUAXU), ago(-1, 18, 10), rest)
    }

    fn make_lot(&mut self, (maker, gln): (&Actor, &str), minutes: i64, made: &[Value]) -> anyhow::Result<()> {
        let what = with(at(gln), json!({"quantityList": made}));
        self.event(&maker.device, minutes, ("ADD", "commissioning", "active"), what)
    }

    /// Shipped by one and received by another twelve hours later.
    pub(super) fn bring(
        &mut self,
        (from, start): (&Actor, &str),
        (to, end): (&Actor, &str),
        minutes: i64,
        (note, what): (&str, Value),
    ) -> anyhow::Result<()> {
        let way = from_to(start, end, &format!("urn:epcglobal:cbv:bt:{start}:{note}"));
        let shipped = with(with(way.clone(), what.clone()), json!({"readPoint": place(start)}));
        self.event(&from.device, minutes, ("OBSERVE", "shipping", "in_transit"), shipped)?;
        let received = with(with(way, what), at(end));
        self.event(&to.device, minutes.saturating_sub(720), ("OBSERVE", "receiving", "in_progress"), received)
    }

    /// The core factory makes bottles, and puts them into the order in which it uses them.
    pub(super) fn make_bottles(&mut self, codes: &Handover) -> anyhow::Result<()> {
        self.teller.chapter("bottles are made");
        let (mut first, mut runs) = (0, Vec::new());
        for pumps in &PUMPS {
            let (lot, good, day) = pumps.bottles;
            let selection = codes.select(&[(first, good)])?;
            first = first.saturating_add(good);
            runs.push(selection.items.clone());
            let inputs = [pieces(PUMP, pumps.lot, pumps.count)];
            self.transform((&self.cast.huaxu, HUAXU), ago(day, 20, 0), &inputs, (lot, selection))?;
        }
        let [stock, on_hand, leaky, last] =
            <[_; 4]>::try_from(runs).map_err(|_| anyhow::anyhow!("there are four lots of pump heads"))?;
        let (before, after) = stock.split_at_checked(BEFORE_LEAKY).unwrap_or_default();
        self.warehouse.leaky = leaky.clone();
        let order = [before, &leaky, after, &on_hand, &last];
        self.bottles = order.into_iter().flatten().cloned().collect();
        Ok(())
    }

    fn transform(
        &mut self,
        (maker, gln): (&Actor, &str),
        minutes: i64,
        inputs: &[Value],
        (lot, made): (&str, Selection),
    ) -> anyhow::Result<()> {
        let said = json!({
            "ilmd": {"cbvmda:lotNumber": lot},
            "inputQuantityList": inputs,
            "outputEPCList": made.items,
            "type": "TransformationEvent",
        });
        let mut event = with(with(event(self.teller, minutes, ("", "commissioning", "active")), at(gln)), said);
        if let Value::Object(members) = &mut event {
            members.remove("action");
        }
        self.teller.commission(&maker.device, event, made)?;
        Ok(())
    }

    /// A day's refills at both factories, and where they go from the flexible one.
    pub(super) fn make_refills(&mut self, day: i64, codes: &Codes) -> anyhow::Result<()> {
        let cast = self.cast;
        if let Some((refills, made)) = self.make_day(day, &HUAXU_REFILLS, (&cast.huaxu, HUAXU), &codes.huaxu)? {
            let inward = made.into_iter().skip(refills.kept);
            self.refills.extend(inward);
        }
        let Some((refills, made)) = self.make_day(day, &YUELING_REFILLS, (&cast.yueling, YUELING), &codes.yueling)?
        else {
            return Ok(());
        };
        let sent = made.get(refills.kept..).unwrap_or_default();
        if refills.lot == "YL-0921" {
            self.teller.chapter("the firm tranche is inspected");
            let sample = json!({"bizLocation": place(YUELING), "epcList": sent.get(..SAMPLE)});
            self.event(&cast.puyan.device, ago(day, 16, 40), ("OBSERVE", "inspecting", "conformant"), sample)?;
        }
        let (inward, outward) = sent.split_at_checked(refills.inward).unwrap_or_default();
        if !inward.is_empty() {
            self.teller.chapter("refills go to the core factory");
            let (from, to) = ((&cast.yueling, YUELING), (&cast.huaxu, HUAXU));
            let note = format!("DN-{}", refills.lot);
            self.bring(from, to, ago(day, 18, 0), (&note, json!({"epcList": inward})))?;
            self.inward = inward.to_vec();
        }
        if !outward.is_empty() {
            self.teller.chapter("loose refills go to the warehouse");
            let packer = (&cast.yueling, YUELING, "95288803");
            let cases = self.pack(packer, ago(day, 17, 0), (outward, REFILLS_IN_CASE))?;
            self.send(packer, (day, refills.lot), cases)?;
        }
        Ok(())
    }

    fn make_day<'r>(
        &mut self,
        day: i64,
        lots: &'r [Refills],
        (maker, gln): (&Actor, &str),
        codes: &Handover,
    ) -> anyhow::Result<Option<(&'r Refills, Vec<Epc>)>> {
        let Some(refills) = lots.iter().find(|refills| refills.day == day) else { return Ok(None) };
        self.teller.chapter("refills are made");
        let first = lots.iter().take_while(|before| before.day < day).map(|before| before.good).sum();
        let made = codes.select(&[(first, refills.good)])?;
        let items = made.items.clone();
        // The core factory's night shift has them ready in the morning.
        let hour = if gln == HUAXU { 7 } else { 9 };
        self.transform((maker, gln), ago(day, hour, 40), &materials(refills.begun)?, (refills.lot, made))?;
        if let Some(kept) = items.get(..refills.kept).filter(|kept| !kept.is_empty()) {
            let what = with(at(gln), json!({"epcList": kept}));
            self.event(&maker.device, ago(day, hour, 50), ("OBSERVE", "sampling", "reserved"), what)?;
        }
        Ok(Some((refills, items)))
    }

    /// A day's sets: a refill into each bottle, a sleeve around some, into cases, onto pallets, to the warehouse.
    pub(super) fn assemble(&mut self, day: i64) -> anyhow::Result<()> {
        let Some((_, sets)) = ASSEMBLED.iter().find(|(on, _)| *on == day) else { return Ok(()) };
        let sleeves = if day == SLEEVED.0 { SLEEVED.1 } else { 0 };
        let (cast, guests) = (self.cast, self.guests);
        if sleeves > 0 {
            self.teller.chapter("sleeves are made and delivered");
            let made = [pieces(SLEEVE, SLEEVE_LOT, SLEEVES)];
            let before = day.saturating_sub(1);
            self.make_lot((&guests.guixiu, GUIXIU), ago(before, 15, 0), &made)?;
            let what = ("DN-GX", json!({"quantityList": made}));
            self.bring((&guests.guixiu, GUIXIU), (&cast.huaxu, HUAXU), ago(before, 18, 0), what)?;
        }
        self.teller.chapter("refills are put into bottles");
        let mut made = Vec::with_capacity(*sets);
        for (place, minute) in (0..*sets).zip(0_i64..) {
            let (Some(bottle), Some(refill)) = (self.bottles.pop_front(), self.refills.pop_front()) else {
                anyhow::bail!("there are too few bottles or refills on day {day}");
            };
            let mut parts =
                with(at(HUAXU), json!({"childEPCs": [refill], "parentID": bottle, "type": "AssociationEvent"}));
            if place < sleeves {
                parts = with(parts, json!({"childQuantityList": [pieces(SLEEVE, SLEEVE_LOT, 1)]}));
            }
            // Three in two minutes.
            let minute = minute.saturating_mul(2).checked_div(3).unwrap_or(0);
            self.event(&cast.huaxu.device, ago(day, 8, minute), ("ADD", "installing", "in_progress"), parts)?;
            made.push(bottle);
        }
        self.teller.chapter("sets are packed and go to the warehouse");
        let packer = (&cast.huaxu, HUAXU, "95288802");
        let cases = self.pack(packer, ago(day, 18, 10), (&made, SETS_IN_CASE))?;
        self.send(packer, (day, "SET"), cases)
    }
}
