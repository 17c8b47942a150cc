//! What provenance costs through a node's blocks on this machine, in one run: events of each type, a record with 5,000
//! codes, moving a full pallet and a single item, tracing an item, finding what came of an input, and how all that grows.
//!
//! `HEFU_ITEMS` says how many items, 1,000,000 otherwise. Times on a shared machine are noisy; the ratios within one run
//! are what to compare. Nothing is extrapolated.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::cast_precision_loss,
    clippy::indexing_slicing,
    reason = "a measurement of small known numbers may stop at any fault"
)]

mod alone;

use std::{path::Path, time::Instant};

use alone::{Alone, Cost};
use anyhow::{Context, Result, ensure};
use hefu_api::{
    items,
    trace::{self, Direction},
};
use hefu_contracts::{
    audience::Reader,
    gs1::{Epc, check_digit},
    parties::PartyKind,
};
use hefu_keys::Hash;
use hefu_node::{
    NodeLedger,
    world::{Codes, Deed, REFILL, World},
};
use hefu_tests::{machine::verification, process::Hefu};
use serde_json::{Value, json};

const ITEMS: u64 = 1_000_000;

/// Items of one record.
const AT_ONCE: u64 = 5_000;

/// Items of one batch.
const BATCH: u64 = 100_000;

/// Events of each type.
const EVENTS: usize = 2_000;

/// Times that a pallet, and an item, change hands.
const MOVES: usize = 400;

/// Times that something is read.
const READS: usize = 200;

const RAW: &str = "https://id.gs1.org/01/04012345123456/10/HP-2609B";
const MAKER: &str = "9528880300016";
const OTHER: &str = "9528880200019";

fn main() -> Result<()> {
    let items = match std::env::var("HEFU_ITEMS") {
        Ok(items) => items.parse().context("HEFU_ITEMS is no number")?,
        Err(_) => ITEMS,
    };
    let signature = verification()? * 1e6;
    println!("signature    {signature:>9.1} µs per strict verification");
    let data = tempfile::tempdir()?;
    let mut run = Run::open(data.path(), signature)?;
    run.set_up()?;
    run.make(items.min(BATCH))?;
    types(&mut run)?;
    moves(&mut run)?;
    let few = run.observe("events at first")?;
    for number in 0..20 {
        let seen = run.object("OBSERVE", "storing", &[run.epc(0)], EVENTS + number);
        run.hand_in(vec![("yueling", seen)])?;
    }
    while run.made < items {
        run.make(BATCH.min(items - run.made))?;
    }
    let many = run.observe("events in the end")?;
    println!(
        "growth       {:>9.2} times as long per event with {items} items as with {}",
        many / few,
        items.min(BATCH)
    );
    read(run)?;
    over_http()
}

/// A node with items, all of one input.
struct Run {
    node: Alone,
    codes: Vec<Codes>,
    made: u64,
    signature: f64,
}

impl Run {
    fn open(data: &Path, signature: f64) -> Result<Run> {
        Ok(Run { node: Alone::open(World::new(1), data)?, codes: Vec::new(), made: 0, signature })
    }

    fn set_up(&mut self) -> Result<()> {
        let authority = ["huaxu", "yueling", "puyan"].map(|party| ("corenest", Deed::authority(party)));
        self.hand_in(vec![("corenest", Deed::product(REFILL, 1))])?;
        self.hand_in(authority.into()).map(drop)
    }

    fn epc(&self, index: u64) -> String {
        let batch = usize::try_from(index / BATCH).unwrap_or(usize::MAX);
        self.codes.get(batch).map_or_else(String::new, |codes| codes.epc(index % BATCH))
    }

    /// So many more items, all of one input, 5,000 in a record.
    fn make(&mut self, count: u64) -> Result<()> {
        let (codes, issue) = Codes::issue(&mut self.node.world, REFILL, count, self.made);
        self.node.take(vec![issue])?;
        let mut cost = Cost::default();
        for first in (0..count).step_by(AT_ONCE.try_into()?) {
            let mut deed = codes.commission(&self.node.world, first, AT_ONCE.min(count - first));
            let event = deed.body["event"].as_object_mut().context("an event")?;
            event.remove("action");
            event.insert("type".to_owned(), json!("TransformationEvent"));
            event.insert("readPoint".to_owned(), place(MAKER));
            event.insert("inputQuantityList".to_owned(), json!([{"epcClass": RAW, "quantity": AT_ONCE}]));
            let things = deed.lists.remove("/body/event/epcList").context("a list")?;
            deed.lists.insert("/body/event/outputEPCList".to_owned(), things);
            deed.body["cbv"] = json!(Hash::of(format!("{}/{first}", self.made).as_bytes()));
            cost = cost.plus(self.hand_in(vec![("yueling", deed)])?);
        }
        if self.made == 0 {
            cost.print("5,000 codes", self.signature);
            println!("a code            {:>9.1} µs", cost.each() / AT_ONCE as f64);
        }
        self.codes.push(codes);
        self.made += count;
        Ok(())
    }

    fn object(&self, action: &str, step: &str, things: &[String], number: usize) -> Deed {
        let mut deed = Deed::event(&self.node.world, action, step, things);
        deed.body["event"]["readPoint"] = place(MAKER);
        deed.body["cbv"] = json!(Hash::of(format!("{action}{step}{things:?}{number}").as_bytes()));
        deed
    }

    /// Sightings of items from all over.
    fn observe(&mut self, what: &str) -> Result<f64> {
        let step = (self.made / EVENTS as u64).max(1);
        let deeds = (0..EVENTS).map(|number| {
            let thing = self.epc(number as u64 * step % self.made);
            ("yueling", self.object("OBSERVE", "inspecting", &[thing], self.codes.len()))
        });
        let cost = self.hand_in(deeds.collect())?;
        cost.print(what, self.signature);
        Ok(cost.each())
    }

    /// Signs, which is not measured; reads and verifies, and takes into blocks, which is.
    fn hand_in(&mut self, deeds: Vec<(&str, Deed)>) -> Result<Cost> {
        let world = &mut self.node.world;
        world.wait(1_000);
        let texts = deeds.into_iter().map(|(author, deed)| world.sign(author, &deed)).collect();
        self.node.take(texts)
    }
}

fn place(gln: &str) -> Value {
    json!({"id": format!("https://id.gs1.org/414/{gln}")})
}

/// A pallet of the maker's.
fn pallet(number: usize) -> String {
    let body = format!("0952888030{number:07}");
    format!("https://id.gs1.org/00/{body}{}", check_digit(&body).unwrap_or_default())
}

/// The same event with other fields and its things in another list.
fn changed(mut deed: Deed, list: &str, fields: &Value) -> Result<Deed> {
    let event = deed.body["event"].as_object_mut().context("an event")?;
    for (name, value) in fields.as_object().context("fields")? {
        if value.is_null() {
            event.remove(name);
        } else {
            event.insert(name.clone(), value.clone());
        }
    }
    let things = deed.lists.remove("/body/event/epcList").unwrap_or_default();
    if !things.is_empty() {
        deed.lists.insert(format!("/body/event/{list}"), things);
    }
    deed.body["cbv"] = json!(Hash::of(format!("{} {:?}", deed.body["event"], deed.lists).as_bytes()));
    Ok(deed)
}

/// Events of each type, about one thing each but for the packing of 24.
fn types(run: &mut Run) -> Result<()> {
    let things = |run: &Run, first: usize, count: usize| -> Vec<String> {
        (first..first + count).map(|index| run.epc(index as u64)).collect()
    };
    let mut all: Vec<(&str, Vec<(&str, Deed)>)> = Vec::new();
    let mut seen = Vec::new();
    let (mut packed, mut unpacked, mut fixed, mut linked, mut made) = (vec![], vec![], vec![], vec![], vec![]);
    for number in 0..EVENTS {
        seen.push(("yueling", run.object("OBSERVE", "storing", &things(run, number, 1), number)));
        let children = things(run, 10_000 + number * 24, 24);
        let pack = |action: &str, step: &str| {
            let fields = json!({"type": "AggregationEvent", "parentID": pallet(number)});
            changed(run.object(action, step, &children, number), "childEPCs", &fields)
        };
        packed.push(("yueling", pack("ADD", "packing")?));
        unpacked.push(("yueling", pack("DELETE", "unpacking")?));
        let fields = json!({"type": "AssociationEvent", "parentID": run.epc(number as u64)});
        let part = things(run, 60_000 + number, 1);
        fixed.push(("yueling", changed(run.object("ADD", "assembling", &part, number), "childEPCs", &fields)?));
        let fields = json!({"type": "TransactionEvent"});
        let order = things(run, 64_000 + number, 1);
        let order = changed(run.object("ADD", "accepting", &order, number).with_transactions(), "epcList", &fields)?;
        linked.push(("yueling", order));
        let product = format!("https://id.gs1.org/01/09528880300016/10/P{number}");
        let fields = json!({
            "type": "TransformationEvent", "action": null, "inputQuantityList": [{"epcClass": RAW, "quantity": 1}],
            "outputQuantityList": [{"epcClass": product, "quantity": 100}],
        });
        let mut making = run.object("ADD", "commissioning", &[], number);
        making.lists.clear();
        made.push(("yueling", changed(making, "", &fields)?));
    }
    all.extend([("object", seen), ("aggregation, 24", packed), ("and out again", unpacked)]);
    all.extend([("association", fixed), ("transaction", linked), ("transformation", made)]);
    for (what, deeds) in all {
        run.hand_in(deeds)?.print(what, run.signature);
    }
    Ok(())
}

/// A pallet of 10,000 items against one item, from hand to hand.
fn moves(run: &mut Run) -> Result<()> {
    let (full, single) = (pallet(9_999_999), run.epc(70_000));
    for half in 0..2 {
        let children: Vec<String> = (0..AT_ONCE).map(|index| run.epc(80_000 + half * AT_ONCE + index)).collect();
        let fields = json!({"type": "AggregationEvent", "parentID": full});
        let pack = changed(run.object("ADD", "packing", &children, 0), "childEPCs", &fields)?;
        run.hand_in(vec![("yueling", pack)])?.print("packing 5,000", run.signature);
    }
    let mut times = Vec::new();
    for (what, thing) in [("an item moves", single), ("10,000 move", full)] {
        let mut deeds = Vec::new();
        for number in 0..MOVES {
            let (from, at, to) = match number % 4 {
                0 => ("yueling", MAKER, Some(OTHER)),
                1 => ("huaxu", OTHER, None),
                2 => ("huaxu", OTHER, Some(MAKER)),
                _ => ("yueling", MAKER, None),
            };
            let step = if to.is_some() { "shipping" } else { "receiving" };
            let mut deed = run.object("OBSERVE", step, std::slice::from_ref(&thing), number);
            deed.body["event"]["readPoint"] = place(at);
            if let Some(to) = to {
                let pgln = format!("https://id.gs1.org/417/{to}");
                deed.body["event"]["destinationList"] = json!([{"type": "possessing_party", "destination": pgln}]);
            }
            deeds.push((from, deed));
        }
        let cost = run.hand_in(deeds)?;
        cost.print(what, run.signature);
        times.push(cost.each());
    }
    let [item, pallet] = times.as_slice() else { anyhow::bail!("two are measured") };
    println!("move         {:>9.2} times as long for a pallet of 10,000 as for one item", pallet / item);
    Ok(())
}

/// Traces and impacts as the servers make them, in process.
fn read(run: Run) -> Result<()> {
    let item = Epc::parse(&run.epc(0))?;
    let source = Epc::parse(RAW)?;
    let items = run.made;
    let ledger = NodeLedger::of_core(run.node.core);
    let median = |what: &mut dyn FnMut() -> Result<()>| -> Result<f64> {
        let mut times = Vec::new();
        for _ in 0..READS {
            let start = Instant::now();
            what()?;
            times.push(start.elapsed().as_secs_f64() * 1e6);
        }
        times.sort_by(f64::total_cmp);
        times.get(READS / 2).copied().context("no times")
    };
    let events = items::proof(&ledger, &item)?.histories.first().map_or(0, |history| history.entries.len());
    let took = median(&mut || items::proof(&ledger, &item).map(drop).map_err(|no| anyhow::anyhow!("{no:?}")))?;
    println!("proof        {took:>9.1} µs for an item with {events} events, in process");
    let back = (&item, Direction::Back, None);
    let took = median(&mut || {
        let found = trace::trace(&ledger, &Reader::Public, back).map_err(|no| anyhow::anyhow!("{no:?}"))?;
        ensure!(found.is_some_and(|found| found.things.len() > 2), "no trace");
        Ok(())
    })?;
    println!("trace back   {took:>9.1} µs for the same item, in process");
    let auditor = Reader::Party { id: "audits".to_owned(), kind: PartyKind::Auditor };
    for (reader, who) in [(&Reader::Public, "anybody"), (&auditor, "an auditor")] {
        let start = Instant::now();
        let found = trace::impact(&ledger, reader, &source, None).map_err(|no| anyhow::anyhow!("{no:?}"))?;
        let took = start.elapsed().as_secs_f64();
        let found = found.context("no impact")?;
        let more = if found.truncated { ", and there are more" } else { "" };
        println!("impact       {took:>9.2} s for {who}: {} of {items} items of one input{more}", found.things);
    }
    Ok(())
}

/// The demo's item over HTTP on loopback, one request at a time.
fn over_http() -> Result<()> {
    let data = tempfile::tempdir()?;
    let node = Hefu::start(data.path(), &["--demo"])?;
    let item = node.ready.items.first().and_then(|item| item.strip_prefix(&node.ready.url)).context("no item")?;
    let code = item.trim_start_matches('/').to_owned();
    let parts: Vec<&str> = code.split('/').collect();
    let ["01", gtin, "21", serial] = parts.as_slice() else { anyhow::bail!("{code} is no item") };
    let item = format!("/v1/items/{gtin}/{serial}");
    let events = node.get(&item)?.1["history"].as_array().map_or(0, Vec::len);
    for (what, address) in [("item", item), ("trace", format!("/v1/trace/{}", code.replace('/', "%2F")))] {
        let mut times = Vec::new();
        for _ in 0..READS {
            let start = Instant::now();
            let (status, _) = node.get(&address)?;
            ensure!(status == 200, "{address}: {status}");
            times.push(start.elapsed().as_secs_f64() * 1e6);
        }
        times.sort_by(f64::total_cmp);
        let took = times.get(READS / 2).context("no times")?;
        println!("{what:<12} {took:>9.1} µs over HTTP on loopback, of the demo's item with {events} events");
    }
    Ok(())
}
