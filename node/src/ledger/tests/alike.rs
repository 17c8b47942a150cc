//! What is counted by the index is what somebody counts who looks at every thing.

use std::{collections::BTreeMap, sync::Arc};

use hefu_api::{
    ledger::Ledger,
    trace::{self, ImpactView},
};
use hefu_contracts::{audience::Reader, gs1::Epc, parties::PartyKind};
use hefu_keys::Hash;
use serde_json::{Value, json};

use super::{finding::Plain, world::REFILL};
use crate::{
    core::tests::{Scene, dice::Dice},
    ledger::NodeLedger,
    store::Memory,
    world::{Codes, Deed, World},
};

const ITEMS: u64 = 40;
const STORIES: u64 = 48;
const STEPS: usize = 60;

const LOTS: [&str; 2] =
    ["https://id.gs1.org/01/04012345123456/10/HP-2609B", "https://id.gs1.org/01/09528880010021/10/MADE"];
const CONTAINERS: [&str; 2] = ["https://id.gs1.org/00/095288803000000016", "https://id.gs1.org/00/095288802000000019"];
/// Makers, and their sites.
const MAKERS: [(&str, &str); 2] = [("yueling", "9528880300016"), ("huaxu", "9528880200019")];
const DISPOSITIONS: [&str; 3] = ["retail_sold", "returned", "sellable_accessible"];

/// A random history of one batch.
struct Story {
    dice: Dice,
    scene: Scene,
    codes: Codes,
    /// Who has each item that was made, as far as the story knows.
    holders: Vec<usize>,
    /// What was handed over and by whom.
    shipped: Vec<(usize, Vec<String>)>,
    /// Who tells the next event.
    maker: usize,
    told: Vec<(usize, Deed)>,
    taken: BTreeMap<usize, usize>,
}

/// Fields of an event, and its things in another list.
fn shaped(mut deed: Deed, list: &str, fields: &Value) -> Deed {
    let event = deed.body["event"].as_object_mut().expect("an event");
    for (name, value) in fields.as_object().expect("fields") {
        event.insert(name.clone(), value.clone());
    }
    if event["type"] == "TransformationEvent" {
        event.remove("action");
    }
    if let Some(things) = deed.lists.remove("/body/event/epcList").filter(|things| !things.is_empty()) {
        deed.lists.insert(format!("/body/event/{list}"), things);
    }
    deed.body["cbv"] = json!(Hash::of(format!("{} {:?}", deed.body["event"], deed.lists).as_bytes()));
    deed
}

fn is_packing((_, deed): &(usize, Deed)) -> bool {
    deed.body["event"]["bizStep"] == "packing" && deed.body["event"].get("errorDeclaration").is_none()
}

impl Story {
    fn begin(seed: u64) -> Story {
        let mut scene = Scene::on(Arc::new(Memory::new()), World::new(1));
        let codes = scene.prepare(ITEMS);
        Story {
            dice: Dice::new(seed),
            scene,
            codes,
            holders: Vec::new(),
            shipped: Vec::new(),
            maker: 0,
            told: Vec::new(),
            taken: BTreeMap::new(),
        }
    }

    /// Items of who tells, or now and then any.
    fn some_items(&mut self, most: usize) -> Vec<String> {
        let any = self.dice.index(8) == 0;
        let own: Vec<usize> = (0..self.holders.len()).filter(|item| any || self.holders[*item] == self.maker).collect();
        let count = 1 + self.dice.index(most);
        let picked = (0..count).map(|_| own.get(self.dice.index(own.len().max(1))).copied().unwrap_or_default());
        let mut items: Vec<_> = picked.map(|item| self.codes.epc(item as u64)).collect();
        items.sort();
        items.dedup();
        items
    }

    fn event(&mut self, action: &str, step: &str, things: &[String]) -> Deed {
        let mut deed = Deed::event(&self.scene.world, action, step, things);
        deed.body["event"]["readPoint"] = json!({"id": format!("https://id.gs1.org/414/{}", MAKERS[self.maker].1)});
        deed
    }

    fn make(&mut self) -> Deed {
        let first = self.holders.len() as u64;
        let count = (1 + self.dice.index(8) as u64).min(ITEMS - first);
        let deed = self.codes.commission(&self.scene.world, first, count);
        if self.dice.index(4) == 0 {
            return deed;
        }
        // What the maker has made itself is there once it was.
        let lot = LOTS[usize::from(self.dice.index(8) == 0)];
        let input = json!([{"epcClass": lot, "quantity": 1}]);
        shaped(deed, "outputEPCList", &json!({"type": "TransformationEvent", "inputQuantityList": input}))
    }

    fn deed(&mut self, kind: usize) -> Deed {
        let receiver = format!("https://id.gs1.org/417/{}", MAKERS[1 - self.maker].1);
        let gives = json!({"destinationList": [{"type": "possessing_party", "destination": receiver}]});
        match kind {
            0 | 1 if (self.holders.len() as u64) < ITEMS => self.make(),
            2 => {
                let items = self.some_items(6);
                let fields = json!({"type": "AggregationEvent", "parentID": CONTAINERS[self.maker]});
                shaped(self.event("ADD", "packing", &items), "childEPCs", &fields)
            }
            3 if self.told.iter().any(is_packing) => {
                // Some of what was packed last comes out again.
                let (maker, packed) = self.told.iter().rfind(|told| is_packing(told)).expect("there is one").clone();
                self.maker = maker;
                let items: Vec<String> = packed.lists["/body/event/childEPCs"].iter().take(2).cloned().collect();
                let fields = json!({"type": "AggregationEvent", "parentID": CONTAINERS[maker]});
                shaped(self.event("DELETE", "unpacking", &items), "childEPCs", &fields)
            }
            4 => {
                let pallet = vec![CONTAINERS[self.maker].to_owned()];
                let things = if self.dice.index(2) == 0 { self.some_items(3) } else { pallet };
                self.shipped.push((self.maker, things.clone()));
                shaped(self.event("OBSERVE", "shipping", &things), "epcList", &gives)
            }
            5 if !self.shipped.is_empty() => {
                let (from, things) = self.shipped.swap_remove(self.dice.index(self.shipped.len()));
                self.maker = 1 - from;
                self.event("OBSERVE", "receiving", &things)
            }
            6 => {
                let items = self.some_items(2);
                self.event("DELETE", "destroying", &items)
            }
            7 => {
                let items = self.some_items(4);
                let fields = json!({"disposition": self.dice.pick(&DISPOSITIONS)});
                shaped(self.event("OBSERVE", "inspecting", &items), "epcList", &fields)
            }
            8 => {
                let items = self.some_items(2);
                let parent = self.some_items(1).remove(0);
                let action = self.dice.pick(&["ADD", "ADD", "DELETE"]);
                let fields = json!({"type": "AssociationEvent", "parentID": parent});
                shaped(self.event(action, "assembling", &items), "childEPCs", &fields)
            }
            9 => {
                let items = self.some_items(2);
                let output = json!([{"epcClass": LOTS[1], "quantity": 5}]);
                let fields = json!({"type": "TransformationEvent", "outputQuantityList": output});
                shaped(self.event("ADD", "commissioning", &items), "inputEPCList", &fields)
            }
            10 if !self.told.is_empty() => {
                // One's own word is taken back, the last ones most often.
                let back = self.dice.index(self.told.len().min(4));
                let (maker, mut deed) = self.told[self.told.len() - 1 - back].clone();
                self.maker = maker;
                deed.body["event"]["errorDeclaration"] = json!({"declarationTime": self.scene.world.now});
                deed
            }
            _ => {
                let items = self.some_items(3);
                self.event("OBSERVE", "storing", &items)
            }
        }
    }

    /// Who has what now.
    fn note(&mut self, deed: &Deed) {
        let first = self.holders.len() as u64;
        if deed.commissioning.is_some() {
            let made = deed.body["commissioning"]["ranges"][0][1].as_u64().expect("a number");
            self.holders.extend((0..made).map(|_| self.maker));
        } else if deed.body["event"]["bizStep"] == "receiving" {
            let received = &deed.lists["/body/event/epcList"];
            for item in (0..first).filter(|item| received.contains(&self.codes.epc(*item))) {
                self.holders[usize::try_from(item).expect("small")] = self.maker;
            }
        }
    }

    fn step(&mut self) {
        self.scene.world.wait(600_000);
        let kind = self.dice.index(12);
        // Most is told by who makes most, so that there is something to have and to hand over.
        self.maker = usize::from(self.dice.index(3) == 0);
        let deed = self.deed(kind);
        let maker = self.maker;
        let submission = self.scene.world.sign(MAKERS[maker].0, &deed);
        if self.scene.admit(submission).is_ok() {
            *self.taken.entry(kind).or_default() += 1;
            self.note(&deed);
            self.told.push((maker, deed));
        }
        if self.dice.index(3) == 0 {
            self.scene.block();
        }
    }
}

fn impact(ledger: &dyn Ledger, reader: &Reader, source: &str) -> Option<ImpactView> {
    let source = Epc::parse(source).expect("an identifier");
    trace::impact(ledger, reader, &source, None).expect("no fault")
}

#[test]
fn an_impact_by_numbers_is_that_of_a_walk_over_everything() {
    let (mut counted, mut alone, mut taken) = (0_u64, 0, BTreeMap::new());
    for seed in 0..STORIES {
        let mut story = Story::begin(seed);
        for _ in 0..STEPS {
            story.step();
        }
        story.scene.block();
        story.scene.verify();
        for (kind, count) in &story.taken {
            *taken.entry(*kind).or_insert(0) += count;
        }
        let items = (0..3).map(|index| story.codes.epc(index * 5));
        let class = format!("https://id.gs1.org/01/{REFILL}");
        let site = format!("https://id.gs1.org/414/{}", MAKERS[0].1);
        let sources: Vec<String> = LOTS
            .iter()
            .chain(&CONTAINERS)
            .map(|id| (*id).to_owned())
            .chain(items)
            .chain([class.clone(), site])
            .collect();
        let ledger = NodeLedger::of_core(story.scene.core);
        let plain = Plain(ledger.clone());
        let party = |id: &str, kind| Reader::Party { id: id.to_owned(), kind };
        let readers = [
            Reader::Public,
            party("audits", PartyKind::Auditor),
            party("corenest", PartyKind::Brand),
            party("huaxu", PartyKind::Factory),
            party("puyan", PartyKind::Lab),
        ];
        for source in &sources {
            for reader in &readers {
                let told = |view: Option<ImpactView>| serde_json::to_value(view).expect("a view");
                let (by_number, by_walk) =
                    (told(impact(&ledger, reader, source)), told(impact(&plain, reader, source)));
                assert_eq!(by_number, by_walk, "story {seed}, {source}, {reader:?}");
            }
        }
        let under = format!("lot/01/{REFILL}");
        let kinds = ledger.alike(&under, None, 1_000).expect("no fault").expect("an index");
        counted += kinds.iter().map(|(_, count)| count).sum::<u64>();
        alone += ledger.alone(&under, None, 1_000).expect("no fault").len();
        // Page by page they are the same.
        let mut paged = Vec::new();
        while let Some(more) = ledger.alike(&under, paged.last().map(|(alike, _)| alike), 2).expect("no fault")
            && !more.is_empty()
        {
            paged.extend(more);
        }
        assert_eq!(paged, kinds);
    }
    // Of every kind of event some took effect, and neither part of the index was empty.
    assert!(taken.len() == 12 && taken.values().all(|count| *count > 4), "{taken:?}");
    assert!(counted > 300 && alone > 30, "{counted} alike, {alone} alone");
}
