//! The tiny story: how twelve things are made, tested, put together, brought to the warehouse and sold.

use std::collections::BTreeSet;

use hefu_contracts::{
    action::Action,
    codes::{CodesIssue, batch::BLOCK_CODES},
    gs1::Epc,
};
use hefu_keys::Hash;
use serde_json::json;

use super::{
    calendar::Month,
    cast::{self, CORENEST, Cast, HUAXU, SWIFTBOAT, YUELING},
    events::{at, event, from_to, place, with},
    founding::{BOTTLE, Founding, ITEMS, RDC, REFILL},
    sales,
    teller::Teller,
};
use crate::client::{Handover, Selection, tree};

/// The box: extension digit 0, the core factory's prefix, serial reference, check digit.
const CONTAINER: &str = "urn:epc:id:sscc:95288802.000000017";

/// Which refill goes into which bottle, by their positions; refills 2 and 7 stay loose.
const PAIRS: [(usize, usize); 5] = [(0, 0), (1, 2), (2, 3), (3, 4), (4, 5)];

const LOOSE: [usize; 2] = [1, 6];

/// The day on which the box arrives, in the month of the sales.
pub(super) const ARRIVAL: (u8, u8, u8) = (12, 20, 0);

/// The items, and the box that they came in; `months` are that of the sales and the one after it.
pub(super) fn tell(cast: &Cast, teller: &mut Teller, months: (Month, Month)) -> anyhow::Result<(Vec<Epc>, Epc)> {
    let founding = Founding {
        newcomers: vec![&cast.huaxu, &cast.yueling, &cast.puyan, &cast.swiftboat],
        steps: &[("huaxu", "commissioning"), ("yueling", "commissioning"), ("puyan", "inspecting")],
        hauls: &[(&cast.huaxu, "95288802")],
        items: &ITEMS,
    };
    founding.tell(cast, teller)?;
    let bottles = issue(cast, teller, (BOTTLE, 5, "huaxu"))?;
    let refills = issue(cast, teller, (REFILL, 7, "yueling"))?;
    let (bottle_items, refill_items) = (bottles.items.clone(), refills.items.clone());
    commission(cast, teller, bottles, refills)?;
    inspect(cast, teller, &bottle_items, &refill_items)?;
    deliver_refills(cast, teller, &refill_items)?;
    let container = assemble(cast, teller, &bottle_items, &refill_items)?;
    deliver(cast, teller, &container)?;
    sales::tell(cast, teller, (&bottle_items, &refill_items, &container), months)?;
    Ok((bottle_items.into_iter().chain(refill_items).collect(), container))
}

/// One batch for all codes of a trade item, its seed derived like a key.
fn issue(cast: &Cast, teller: &mut Teller, (gtin, count, maker): (&str, u64, &str)) -> anyhow::Result<Selection> {
    teller.chapter("codes are issued");
    Ok(hand_over(cast, teller, (gtin, count, maker), &format!("//codes//{gtin}"))?.select(&[(0, count)])?)
}

/// A batch of codes in the hands of its maker; `path` is that of its seed.
pub(super) fn hand_over(
    cast: &Cast,
    teller: &mut Teller,
    (gtin, count, maker): (&str, u64, &str),
    path: &str,
) -> anyhow::Result<Handover> {
    let seed = cast::key(path)?.expose_seed();
    let root = tree(&seed, count, &BTreeSet::new(), |_| {}).root();
    let body = CodesIssue { count, gtin: gtin.parse()?, maker: Some(maker.to_owned()), root };
    let batch = teller.tell(&[&cast.corenest.admin], Action::CodesIssue, &body)?;
    let blocks = (0..count.div_ceil(BLOCK_CODES)).collect();
    Ok(Handover::make(&seed, (Hash::ZERO, batch, &body), &blocks, |_| {})?)
}

fn commission(cast: &Cast, teller: &mut Teller, bottles: Selection, refills: Selection) -> anyhow::Result<()> {
    teller.chapter("things are made");
    for (actor, gln, minutes, lot, codes) in
        [(&cast.huaxu, HUAXU, 4_320, "HX-2609A", bottles), (&cast.yueling, YUELING, 4_200, "YL-2609C", refills)]
    {
        let event = with(event(teller, minutes, ("ADD", "commissioning", "active")), at(gln));
        let event = with(event, json!({"epcList": codes.items, "ilmd": {"cbvmda:lotNumber": lot}}));
        teller.commission(&actor.device, event, codes)?;
    }
    Ok(())
}

/// The laboratory's inspectors come to the factories: the things stay where they are, and the read point, which is not
/// the laboratory's, is left out.
fn inspect(cast: &Cast, teller: &mut Teller, bottles: &[Epc], refills: &[Epc]) -> anyhow::Result<()> {
    teller.chapter("things are inspected");
    for (items, gln, minutes) in [(bottles, HUAXU, 3_600), (refills, YUELING, 3_540)] {
        let event = event(teller, minutes, ("OBSERVE", "inspecting", "conformant"));
        teller.event(&cast.puyan.device, with(event, json!({"bizLocation": place(gln), "epcList": items})))?;
    }
    Ok(())
}

fn deliver_refills(cast: &Cast, teller: &mut Teller, refills: &[Epc]) -> anyhow::Result<()> {
    teller.chapter("refills go to the core factory");
    let way = from_to(YUELING, HUAXU, "urn:epcglobal:cbv:bt:9528880300016:DN-0917");
    let shipping = with(event(teller, 2_880, ("OBSERVE", "shipping", "in_transit")), way.clone());
    let place = json!({"epcList": refills, "readPoint": place(YUELING)});
    teller.event(&cast.yueling.device, with(shipping, place))?;
    let receiving = with(event(teller, 2_400, ("OBSERVE", "receiving", "in_progress")), way);
    teller.event(&cast.huaxu.device, with(with(receiving, at(HUAXU)), json!({"epcList": refills})))?;
    Ok(())
}

fn assemble(cast: &Cast, teller: &mut Teller, bottles: &[Epc], refills: &[Epc]) -> anyhow::Result<Epc> {
    teller.chapter("refills are put into bottles");
    for (place, (bottle, refill)) in (0_i64..).zip(PAIRS) {
        let (Some(bottle), Some(refill)) = (bottles.get(bottle), refills.get(refill)) else { continue };
        let minutes = 1_980_i64.saturating_sub(place);
        let installing = with(event(teller, minutes, ("ADD", "installing", "in_progress")), at(HUAXU));
        let parts = json!({"childEPCs": [refill], "parentID": bottle, "type": "AssociationEvent"});
        teller.event(&cast.huaxu.device, with(installing, parts))?;
    }
    teller.chapter("bottles and loose refills are packed");
    let container = Epc::parse(CONTAINER)?;
    let loose = LOOSE.iter().filter_map(|position| refills.get(*position));
    let children: Vec<&Epc> = bottles.iter().chain(loose).collect();
    let packing = with(event(teller, 1_920, ("ADD", "packing", "in_progress")), at(HUAXU));
    let parts = json!({"childEPCs": children, "parentID": container, "type": "AggregationEvent"});
    teller.event(&cast.huaxu.device, with(packing, parts))?;
    Ok(container)
}

/// The carrier sees the box at its own hub; it never becomes the holder, the named receiver does.
fn deliver(cast: &Cast, teller: &mut Teller, container: &Epc) -> anyhow::Result<()> {
    teller.chapter("the box goes to the brand's warehouse");
    let way = from_to(HUAXU, CORENEST, "urn:epcglobal:cbv:bt:9528880200019:DN-0918");
    let box_at = |gln: &str| with(at(gln), json!({"epcList": [container]}));
    let place = json!({"epcList": [container], "readPoint": place(HUAXU)});
    let shipping = with(event(teller, 1_440, ("OBSERVE", "shipping", "in_transit")), way.clone());
    teller.event(&cast.huaxu.device, with(shipping, place))?;
    for (step, minutes) in [("arriving", 1_080), ("departing", 960)] {
        let seen = with(event(teller, minutes, ("OBSERVE", step, "in_transit")), box_at(SWIFTBOAT));
        teller.event(&cast.swiftboat.device, seen)?;
    }
    let receiving = with(event(teller, 300, ("OBSERVE", "receiving", "in_progress")), way);
    teller.event(&cast.corenest.device, with(receiving, box_at(RDC)))?;
    Ok(())
}
