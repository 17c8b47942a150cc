//! What the indices find is what somebody finds who reads every block.

use std::sync::Arc;

use async_trait::async_trait;
use hefu_api::ledger::{
    BlockFound, Found, Ledger, Line, Outcome, Place, Position, Status, Unavailable, Wait, Walk, Way,
};
use hefu_contracts::{
    agreements::bundle::{Bundle, Extent},
    entry::Entry,
    genesis::Genesis,
    height::Height,
    parties::KeyRow,
    proof::Proof,
    provenance::listing::Field,
    receipt::Receipt,
    row::Row,
    state::Fault,
    time::Time,
};
use hefu_keys::{Address, Hash};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::{
    core::tests::Scene,
    ledger::NodeLedger,
    store::{Memory, Rocks, Store, create_store, found},
    world::{Deed, World},
};

/// A ledger that has no indices.
pub(super) struct Plain(pub NodeLedger);

#[async_trait]
impl Ledger for Plain {
    async fn submit(&self, submissions: Vec<Vec<u8>>, wait: Wait) -> Result<Vec<Outcome>, Unavailable> {
        self.0.submit(submissions, wait).await
    }

    fn record(&self, id: &Hash) -> Result<Option<Found>, Fault> {
        self.0.record(id)
    }

    fn receipt(&self, id: &Hash) -> Result<Option<Receipt>, Fault> {
        self.0.receipt(id)
    }

    fn key(&self, address: &Address) -> Result<Option<KeyRow>, Fault> {
        self.0.key(address)
    }

    fn row(&self, key: &str) -> Result<Option<Row>, Fault> {
        self.0.row(key)
    }

    fn rows(&self, prefix: &str, after: Option<&str>, limit: usize) -> Result<Vec<Row>, Fault> {
        self.0.rows(prefix, after, limit)
    }

    fn entries(&self, key: &str, after: u64, until: u64) -> Result<Vec<Entry>, Fault> {
        self.0.entries(key, after, until)
    }

    fn statement(&self, contract: &str, party: &str, number: u64, extent: Extent) -> Result<Option<Bundle>, Fault> {
        self.0.statement(contract, party, number, extent)
    }

    fn proof(&self, subject: &str) -> Result<Option<Proof>, Fault> {
        self.0.proof(subject)
    }

    fn block(&self, height: Height) -> Result<Option<BlockFound>, Fault> {
        self.0.block(height)
    }

    fn status(&self) -> Result<Status, Fault> {
        self.0.status()
    }

    fn genesis(&self) -> &Genesis {
        self.0.genesis()
    }

    fn heights(&self) -> watch::Receiver<Height> {
        self.0.heights()
    }

    fn sign(&self, document: &Value) -> Result<String, Fault> {
        self.0.sign(document)
    }
}

/// Events of several kinds, times, places and readers; some blocks have several, one has none.
fn filled(store: Arc<dyn Store>, world: World) -> NodeLedger {
    let core = crate::core::tests::open(&world, &store);
    let mut scene = Scene { world, store, core };
    let codes = scene.prepare(8);
    let commission = codes.commission(&scene.world, 0, 6);
    scene.takes("huaxu", &commission);
    scene.block();
    let early = scene.world.now.millis();
    scene.world.wait(60_000);
    for number in 0_i64..9 {
        let step = ["inspecting", "storing", "holding"][usize::try_from(number % 3).expect("small")];
        let mut seen = Deed::event(&scene.world, "OBSERVE", step, &[codes.epc(number.unsigned_abs() % 6)]);
        seen.body["event"]["eventID"] = json!(format!("urn:uuid:{}", number / 2));
        if number % 2 == 0 {
            seen.body["event"]["readPoint"] = json!({"id": "https://id.gs1.org/414/9528880200019"});
        }
        if number % 4 == 1 {
            // Told later than it happened.
            seen.body["event"]["eventTime"] = json!(Time::from_millis(early + number));
        }
        if number == 7 {
            // The id that follows from what it says.
            let cbv = seen.body["cbv"].as_str().expect("a hash").to_owned();
            seen.body["event"]["eventID"] = json!(format!("ni:///sha-256;{cbv}?ver=CBV2.0"));
        }
        if number % 3 == 2 {
            seen = seen.kept_private();
        }
        scene.takes("huaxu", &seen);
        if number % 2 == 1 {
            scene.block();
        }
    }
    scene.block();
    scene.block();
    scene.verify();
    let Scene { core, .. } = scene;
    NodeLedger::of_core(core)
}

fn check(ledger: &NodeLedger) {
    let plain = Plain(ledger.clone());
    let walked = |ledger: &dyn Ledger, walk: &Walk<'_>, limit| ledger.events(walk, limit).expect("no fault");
    let place = "https://id.gs1.org/414/9528880200019";
    let ways = [
        (Way::Recorded, 10),
        (Way::Happened, 10),
        (Way::With(Field::Step, "storing"), 3),
        (Way::With(Field::Step, "stor"), 0),
        (Way::With(Field::Kind, "ObjectEvent"), 10),
        (Way::With(Field::Action, "OBSERVE"), 9),
        (Way::With(Field::ReadPoint, place), 5),
        (Way::With(Field::Location, place), 0),
        (Way::Id("urn:uuid:2"), 2),
        (Way::Id("urn:uuid:9"), 0),
    ];
    for (way, count) in ways {
        for descending in [false, true] {
            let walk = Walk { way, descending, after: None };
            let all = walked(&plain, &walk, usize::MAX);
            assert_eq!(all.len(), count, "{way:?}");
            assert_eq!(walked(ledger, &walk, 100), all, "{way:?}, descending {descending}");
            for (at, line) in all.iter().enumerate() {
                let on = Walk { after: Some(way.position(line)), ..walk };
                let expected: Vec<Line> = all.iter().skip(at + 1).take(2).cloned().collect();
                assert_eq!(walked(ledger, &on, 2), expected, "{way:?} after {at}, descending {descending}");
                assert_eq!(ledger.event(line.place).expect("no fault").as_ref(), Some(line));
            }
        }
    }
    let middle = Some(Position(0, Place::end_of(Height::new(3).expect("small"))));
    let walk = Walk { way: Way::Recorded, descending: false, after: middle };
    assert_eq!(walked(ledger, &walk, 100), walked(&plain, &walk, 100));
    assert_eq!(ledger.event(Place { height: Height::new(1).expect("small"), index: 0 }).expect("no fault"), None);
    for field in Field::ALL {
        for public in [false, true] {
            let values = |ledger: &dyn Ledger| ledger.event_values(field, public).expect("no fault");
            assert_eq!(values(ledger), values(&plain), "{field:?}, public {public}");
        }
    }
    assert_eq!(ledger.event_values(Field::Step, true).expect("no fault"), ["commissioning", "inspecting", "storing"]);
    assert_eq!(ledger.count().expect("no fault"), plain.count().expect("no fault"));
    assert!(ledger.count().expect("no fault") > 10);
}

#[test]
fn indices_on_disk_find_what_the_blocks_hold() {
    let directory = tempfile::tempdir().expect("a directory");
    let world = World::new(4);
    create_store(directory.path(), world.genesis()).expect("created");
    let store: Arc<dyn Store> = Arc::new(Rocks::open(directory.path(), world.genesis()).expect("opened"));
    check(&filled(store, world));
}

#[test]
fn indices_in_memory_find_the_same() {
    let world = World::new(4);
    let store: Arc<dyn Store> = Arc::new(Memory::new());
    found(&*store, world.genesis()).expect("founded");
    check(&filled(store, world));
}

#[test]
fn blocks_and_records_are_found_by_the_first_digits_of_their_ids() {
    let world = World::new(4);
    let store: Arc<dyn Store> = Arc::new(Memory::new());
    found(&*store, world.genesis()).expect("founded");
    let ledger = filled(store, world);
    let plain = Plain(ledger.clone());
    let sorted = |ledger: &dyn Ledger, digits: &str| {
        let mut found = ledger.beginning(digits, 100).expect("no fault");
        found.blocks.sort_unstable();
        found.records.sort_unstable();
        found
    };
    let all = sorted(&plain, "");
    assert!(all.blocks.len() > 5 && all.records.len() > 10);
    assert_eq!(sorted(&ledger, ""), all);
    for digits in ('0'..='9').chain('a'..='f').map(String::from) {
        assert_eq!(sorted(&ledger, &digits), sorted(&plain, &digits), "{digits}");
    }
    let id = all.records[3].to_string();
    for length in [8, 15, 63, 64] {
        assert_eq!(sorted(&ledger, &id[..length]).records, [all.records[3]]);
    }
    assert_eq!(ledger.beginning("", 2).expect("no fault").records.len(), 2);
    for none in ["xyz", &"0".repeat(65)] {
        assert_eq!(ledger.beginning(none, 2).expect("no fault"), hefu_api::ledger::Beginning::default());
    }
}
