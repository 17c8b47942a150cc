use std::collections::BTreeMap;

use hefu_keys::Hash;
use serde_json::{Value, json};

use super::{Proof, ProvenRecord, What, build::Archive};
use crate::{
    action::Action,
    entry::Role,
    tests::{Deed, World, event, golden::golden, kept::Kept, key, name, transform},
};

const BRAND: &str = "9528880100012";
const HUAXU: &str = "9528880200019";
const LAB: &str = "9528880700014";
const YUELING: &str = "9528880300016";
const AT: &str = "2026-09-21T10:00:00.000+08:00";
const LATER: &str = "2026-09-21T12:00:00.000+08:00";
const CASE: &str = "https://id.gs1.org/00/095288802000000019";
const PALLET: &str = "https://id.gs1.org/00/095288802000000026";

fn nest(action: &str, parent: &str, place: &str, things: &[&str]) -> Deed {
    let step = if action == "ADD" { "packing" } else { "unpacking" };
    let things: Vec<String> = things.iter().map(|thing| (*thing).to_owned()).collect();
    let mut deed = event("AggregationEvent", action, step, place, LATER, &things);
    deed.body["event"]["parentID"] = json!(parent);
    deed
}

fn object(step: &str, place: &str, at: &str, things: &[&str], to: Option<&str>) -> Deed {
    let things: Vec<String> = things.iter().map(|thing| (*thing).to_owned()).collect();
    let mut deed = event("ObjectEvent", "OBSERVE", step, place, at, &things);
    if let Some(to) = to {
        let pgln = format!("https://id.gs1.org/417/{to}");
        deed.body["event"]["destinationList"] = json!([{"type": "possessing_party", "destination": pgln}]);
    }
    deed
}

/// One refill's way: made, shipped, put into a bottle, the bottle into a case, the case onto a pallet; the pallet is
/// shipped, received and unloaded, goes on being used, and the case is opened.
fn travelled() -> (Kept, String, String) {
    let (mut world, refills, bottles) = World::with_codes();
    let (refill, bottle) = (refills.epc(0), bottles.epc(0));
    let (refill, bottle) = (refill.as_str(), bottle.as_str());
    let steps = [
        ("yueling", refills.commission(0, 3, YUELING, AT)),
        ("huaxu", bottles.commission(0, 3, HUAXU, AT)),
        ("yueling", object("shipping", YUELING, AT, &[refill], Some(HUAXU))),
        ("huaxu", object("receiving", HUAXU, LATER, &[refill], None)),
        ("huaxu", nest("ADD", bottle, HUAXU, &[refill])),
        ("huaxu", nest("ADD", CASE, HUAXU, &[bottle])),
        ("huaxu", nest("ADD", PALLET, HUAXU, &[CASE])),
        ("huaxu", object("shipping", HUAXU, LATER, &[PALLET], Some(BRAND))),
        ("corenest", object("receiving", BRAND, LATER, &[PALLET], None)),
        ("corenest", nest("DELETE", PALLET, BRAND, &[CASE])),
        ("corenest", object("storing", BRAND, LATER, &[PALLET], None)),
        ("corenest", nest("DELETE", CASE, BRAND, &[bottle])),
        ("corenest", object("storing", BRAND, LATER, &[CASE], None)),
        ("corenest", object("retail_selling", BRAND, LATER, &[bottle], None)),
    ];
    for (author, deed) in &steps {
        world.take(author, deed).unwrap();
    }
    let keys = (crate::row::key_of_thing(&crate::gs1::Epc::parse(refill).unwrap()), bottle.to_owned());
    (Kept::new(world), keys.0, keys.1)
}

#[test]
fn a_proof_tells_the_whole_way_and_nothing_of_what_came_after() {
    let (kept, subject, _) = travelled();
    let story = kept.prove(&subject).check(&kept.chain()).unwrap();
    let told: Vec<String> =
        story.steps.iter().map(|step| format!("{:?} {}", step.entry.role, kind(&step.key))).collect();
    let expected = [
        "Commission item",
        "Ship item",
        "Receive item",
        "Pack item",
        "Pack item",
        "Pack container",
        "Ship container",
        "Receive container",
        "Unpack container",
        "Unpack item",
        "Observe item",
    ];
    assert_eq!(told, expected);
    assert!(
        !story.steps.iter().any(|step| kind(&step.key) == "container" && format!("{:?}", step.entry.role) == "Observe")
    );
    assert!(story.rows.contains_key("product/09528880010021"));
    assert!(story.rows.contains_key("party/yueling") && story.rows.contains_key("site/9528880300016"));
}

#[test]
fn a_record_that_names_a_thing_and_what_it_is_in_is_told_once_and_of_the_thing() {
    let (mut world, refills, bottles) = World::with_codes();
    let (refill, bottle) = (refills.epc(0), bottles.epc(0));
    let both = object("inspecting", HUAXU, LATER, &[&refill, &bottle], None);
    let steps = [
        ("yueling", refills.commission(0, 1, YUELING, AT)),
        ("huaxu", bottles.commission(0, 1, HUAXU, AT)),
        ("yueling", object("shipping", YUELING, AT, &[&refill], Some(HUAXU))),
        ("huaxu", object("receiving", HUAXU, LATER, &[&refill], None)),
        ("huaxu", nest("ADD", &bottle, HUAXU, &[&refill])),
        ("huaxu", object("storing", HUAXU, LATER, &[&bottle], None)),
        ("huaxu", both),
    ];
    for (author, deed) in &steps {
        world.take(author, deed).unwrap();
    }
    let kept = Kept::new(world);
    for (subject, expected) in [
        (
            refill,
            ["Commission item", "Ship item", "Receive item", "Pack item", "Observe item", "Inspect item"].as_slice(),
        ),
        (bottle, &["Commission item", "Contain item", "Observe item", "Inspect item"]),
    ] {
        let subject = crate::row::key_of_thing(&crate::gs1::Epc::parse(&subject).unwrap());
        let story = kept.prove(&subject).check(&kept.chain()).unwrap();
        let told = story.steps.iter().map(|step| format!("{:?} {}", step.entry.role, kind(&step.key)));
        assert_eq!(told.collect::<Vec<_>>(), expected);
        assert_eq!(story.steps.last().unwrap().key, subject);
    }
}

fn kind(key: &str) -> &str {
    key.split('/').next().unwrap()
}

#[test]
fn a_proof_survives_its_text_and_says_nothing_of_siblings() {
    let (kept, subject, _) = travelled();
    let text = kept.prove(&subject).text().unwrap();
    hefu_keys::canonical::check(text.as_bytes()).unwrap();
    Proof::read(text.as_bytes()).unwrap().check(&kept.chain()).unwrap();
    let (_, refills, bottles) = World::with_codes();
    for sibling in [refills.epc(1), refills.epc(2), bottles.epc(1)] {
        let serial = sibling.rsplit('/').next().unwrap();
        assert!(!text.contains(serial), "{serial}");
    }
}

#[test]
fn absence_is_proven() {
    let (kept, ..) = travelled();
    let subject = "item/01/09528880010021/21/NEVERISSUED";
    let proof = kept.prove(subject);
    assert!(proof.check(&kept.chain()).unwrap().steps.is_empty());
    let mut present = kept.prove("product/09528880010021");
    present.subject = subject.to_owned();
    assert_eq!(present.check(&kept.chain()).unwrap_err().what, What::Register);
}

/// A refill that was made for everybody to see and inspected for its parties alone.
fn inspected_in_private() -> (Kept, String, Hash) {
    let (mut world, refills, _) = World::with_codes();
    let refill = refills.epc(0);
    world.take("yueling", &refills.commission(0, 3, YUELING, AT)).unwrap();
    let inspection = object("inspecting", LAB, LATER, &[&refill], None).private();
    let inspection = world.take("puyan", &inspection).unwrap();
    let subject = crate::row::key_of_thing(&crate::gs1::Epc::parse(&refill).unwrap());
    (Kept::new(world), subject, inspection)
}

#[test]
fn a_record_of_parties_is_proven_to_exist_and_not_shown() {
    let (kept, subject, inspection) = inspected_in_private();
    let proof = kept.prove(&subject);
    let story = proof.check(&kept.chain()).unwrap();
    let told: Vec<_> = story.steps.iter().map(|step| (step.entry.role, step.record.is_some())).collect();
    assert_eq!(told, [(Role::Commission, true), (Role::Inspect, false)]);
    assert_eq!(story.steps[1].entry.by, ["puyan"]);
    assert_eq!(story.steps[1].entry.record, inspection);
    assert_eq!(proof.records.len(), 1);
    assert!(!proof.text().unwrap().contains("inspecting\","), "the proof tells what it withholds");
}

/// Whoever is shown the record can check it against the same proof.
#[test]
fn a_withheld_record_fits_its_entry() {
    let (kept, subject, inspection) = inspected_in_private();
    let withheld = kept.record(&inspection).unwrap().unwrap();
    let mut proof = kept.prove(&subject);
    let (pointer, list) = withheld.lists.first_key_value().unwrap();
    let element = hefu_keys::parts::disclose(&list.salt, &list.elements, 0).unwrap();
    let shown = |disclosed| ProvenRecord {
        disclosed,
        record: serde_json::value::RawValue::from_string(withheld.text.clone()).unwrap(),
    };
    proof.records.push(shown(BTreeMap::from([(pointer.clone(), vec![element])])));
    let story = proof.check(&kept.chain()).unwrap();
    assert!(story.steps.iter().all(|step| step.record.is_some()));
    *proof.records.last_mut().unwrap() = shown(BTreeMap::new());
    assert_eq!(proof.check(&kept.chain()).unwrap_err().what, What::Element);
}

/// An organisation that joined, one that granted and revoked a key, and a batch of codes.
fn organised() -> (Kept, String) {
    let (mut world, refills, _) = World::with_codes();
    let newcomer = json!({
        "admin": key("newcomer").address(), "id": "newcomer", "kind": "workshop", "name": name("Newcomer", "新人"),
    });
    let second = key("second").address();
    let grant = json!({"grants": [{"role": "capture"}], "key": second});
    let revoke = json!({"key": second, "reason": "lost"});
    for (author, deed) in [
        ("corenest", Deed::new(Action::PartyAdd, newcomer).with("newcomer")),
        ("huaxu", Deed::new(Action::KeyGrant, grant).with("second")),
        ("huaxu", Deed::new(Action::KeyRevoke, revoke)),
    ] {
        world.take(author, &deed).unwrap();
    }
    (Kept::new(world), crate::row::key_of_batch(&refills.batch))
}

/// The rows whose entries come of other actions than events.
#[test]
fn rows_of_every_kind_with_entries_are_proven() {
    let (kept, batch) = organised();
    let expected = [
        ("party/newcomer", vec![Role::Register]),
        ("party/huaxu", vec![Role::Update, Role::Update]),
        ("party/corenest", vec![]),
        ("product/09528880010021", vec![Role::Register]),
        (&batch, vec![Role::Issue]),
    ];
    for (subject, roles) in expected {
        let story = kept.prove(subject).check(&kept.chain()).unwrap_or_else(|broken| panic!("{subject}: {broken}"));
        assert_eq!(story.steps.iter().map(|step| step.entry.role).collect::<Vec<_>>(), roles, "{subject}");
    }
}

type Change = Box<dyn Fn(&mut Value)>;

#[test]
fn what_is_broken_is_named() {
    let (kept, subject, _) = travelled();
    let proof = serde_json::to_value(kept.prove(&subject)).unwrap();
    let checked = |change: &dyn Fn(&mut Value)| {
        let mut changed = proof.clone();
        change(&mut changed);
        let text = hefu_keys::canonical::to_string(&changed).unwrap();
        match Proof::read(text.as_bytes()) {
            Ok(proof) => proof.check(&kept.chain()).map(|_| ()).map_err(|broken| broken.what),
            Err(broken) => Err(broken.what),
        }
    };
    assert_eq!(checked(&|_| {}), Ok(()));
    let cases: Vec<(What, Change)> = vec![
        (What::Form, Box::new(|proof| proof["version"] = json!(2))),
        (What::Form, Box::new(|proof| proof["extra"] = json!(2))),
        (What::Genesis, Box::new(|proof| proof["genesis"]["name"] = json!("other"))),
        (What::Header, Box::new(|proof| proof["header"]["members"] = json!(Hash::ZERO))),
        (What::Certificate, Box::new(|proof| proof["header"]["register"] = json!(Hash::ZERO))),
        (What::Certificate, Box::new(|proof| proof["certificate"]["round"] = json!(1))),
        (What::Certificate, Box::new(|proof| proof["certificate"]["signatures"] = json!([]))),
        (What::Register, Box::new(|proof| drop(proof["rows"].as_array_mut().unwrap().remove(0)))),
        (What::Register, Box::new(|proof| proof["rows"][0]["n"] = json!(77))),
        (What::History, Box::new(|proof| drop(proof["histories"].as_array_mut().unwrap().pop()))),
        (What::History, Box::new(|proof| drop(proof["histories"][0]["entries"].as_array_mut().unwrap().pop()))),
        (What::History, Box::new(|proof| proof["histories"][0]["entries"][0]["by"] = json!(["huaxu"]))),
        (What::Record, Box::new(|proof| drop(proof["records"].as_array_mut().unwrap().pop()))),
        (What::Record, Box::new(|proof| proof["records"][0]["record"]["body"]["event"]["eventTime"] = json!(LATER))),
        (
            What::Element,
            Box::new(|proof| {
                for record in proof["records"].as_array_mut().unwrap() {
                    record.as_object_mut().unwrap().remove("disclosed");
                }
            }),
        ),
    ];
    for (number, (what, change)) in cases.iter().enumerate() {
        assert_eq!(checked(change), Err(*what), "case {number}");
    }
}

/// Frozen, and checked by the browser's verifier as well.
#[test]
fn proofs_are_frozen() {
    let (kept, item, _) = travelled();
    let product = "product/09528880010021".to_owned();
    let proofs = [("item", item), ("absent", "item/01/09528880010021/21/NEVERISSUED".to_owned()), ("product", product)];
    let freeze = |name: &str, kept: &Kept, subject: &str| {
        let file = golden(&format!("proofs/{name}.json"), &kept.prove(subject).text().unwrap());
        Proof::read(file.as_bytes()).unwrap().check(&kept.chain()).unwrap();
    };
    for (name, subject) in proofs {
        freeze(name, &kept, &subject);
    }
    let (kept, subject, _) = inspected_in_private();
    freeze("withheld", &kept, &subject);
    let (kept, refill, bottle, _) = made_of_recalled();
    freeze("inherited", &kept, &refill);
    freeze("assembly", &kept, &bottle);
    let (kept, batch) = organised();
    for (name, subject) in [("batch", batch.as_str()), ("newcomer", "party/newcomer"), ("keys", "party/huaxu")] {
        freeze(name, &kept, subject);
    }
}

/// It could say anything of the thing, and nothing would bind it to the history.
#[test]
fn a_record_without_an_entry_is_refused() {
    let (kept, subject, bottle) = travelled();
    let bottle = crate::row::key_of_thing(&crate::gs1::Epc::parse(&bottle).unwrap());
    let mut proof = kept.prove(&subject);
    let known = proof.records.len();
    let others = kept.prove(&bottle).records;
    let foreign = others.into_iter().find(|other| !proof.text().unwrap().contains(other.record.get()));
    proof.records.push(foreign.unwrap());
    assert_eq!(proof.check(&kept.chain()).unwrap_err().what, What::Record);
    proof.records.truncate(known);
    proof.check(&kept.chain()).unwrap();
}

/// What nothing asks for could say anything.
#[test]
fn a_history_that_nothing_asks_for_is_refused() {
    let (kept, subject, bottle) = travelled();
    let bottle = crate::row::key_of_thing(&crate::gs1::Epc::parse(&bottle).unwrap());
    let honest = kept.prove(&subject);
    let mut twice = honest.clone();
    twice.histories.push(honest.histories[0].clone());
    assert_eq!(twice.check(&kept.chain()).unwrap_err().what, What::History);
    let mut stranger = honest.clone();
    stranger
        .histories
        .push(crate::proof::History { key: "container/00/999".to_owned(), ..honest.histories[0].clone() });
    assert_eq!(stranger.check(&kept.chain()).unwrap_err().what, What::History);
    let mut absent = kept.prove("item/01/09528880010021/21/NEVERISSUED");
    absent.check(&kept.chain()).unwrap();
    absent.histories = kept.prove(&bottle).histories;
    assert_eq!(absent.check(&kept.chain()).unwrap_err().what, What::History);
}

/// Deeper than any stack: what encloses what is followed without recursion, and each stretch once.
#[test]
fn however_deep_things_are_nested_they_are_proven() {
    let (mut world, ..) = World::with_codes();
    let box_of = |number: u64| format!("https://id.gs1.org/01/04012345123456/21/N{number}");
    for number in 0..3_000 {
        world.take("puyan", &nest("ADD", &box_of(number + 1), LAB, &[&box_of(number)])).unwrap();
    }
    let kept = Kept::new(world);
    let subject = crate::row::key_of_thing(&crate::gs1::Epc::parse(&box_of(0)).unwrap());
    assert_eq!(kept.prove(&subject).check(&kept.chain()).unwrap().steps.len(), 3_000);
}

#[test]
fn another_chain_is_not_trusted() {
    let (kept, subject, _) = travelled();
    let broken = kept.prove(&subject).check(&Hash::of(b"another")).unwrap_err();
    assert_eq!(broken.what, What::Genesis);
}

/// Every text and number of a proof counts: a change of any is noticed.
#[test]
fn no_value_of_a_proof_can_be_changed() {
    let (kept, subject, _) = travelled();
    let proof = serde_json::to_value(kept.prove(&subject)).unwrap();
    let mut pointers = Vec::new();
    leaves(&proof, String::new(), &mut pointers);
    assert!(pointers.len() > 500, "only {} values", pointers.len());
    for pointer in pointers {
        let mut changed = proof.clone();
        let value = changed.pointer_mut(&pointer).unwrap();
        *value = match value.clone() {
            Value::String(text) => json!(format!("{}{text}", if text.starts_with('0') { "1" } else { "0" })),
            Value::Number(number) => json!(number.as_u64().unwrap() + 1),
            other => json!(!other.as_bool().unwrap_or_default()),
        };
        let text = hefu_keys::canonical::to_string(&changed).unwrap();
        let held = Proof::read(text.as_bytes()).and_then(|proof| proof.check(&kept.chain()));
        assert!(held.is_err(), "{pointer} can be changed");
    }
}

fn leaves(value: &Value, pointer: String, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                leaves(value, format!("{pointer}/{}", crate::pointer::escape(name)), found);
            }
        }
        Value::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                leaves(value, format!("{pointer}/{index}"), found);
            }
        }
        _ => found.push(pointer),
    }
}

const RAW: &str = "https://id.gs1.org/01/04012345123456/10/HP-2609B";

/// A bottle into which a refill went that was made of a lot from elsewhere, which its maker's customer recalls afterwards.
fn made_of_recalled() -> (Kept, String, String, Hash) {
    let (mut world, refills, bottles) = World::with_codes();
    let (refill, bottle) = (refills.epc(0), bottles.epc(0));
    let used = json!({"inputQuantityList": [{"epcClass": RAW, "quantity": 480}]});
    let mut making = transform(YUELING, AT, &[], std::slice::from_ref(&refill), &used);
    let commissioning = refills.commission(0, 1, YUELING, AT);
    making.body["commissioning"] = commissioning.body["commissioning"].clone();
    making.commissioning = commissioning.commissioning;
    let steps = [
        ("yueling", making),
        ("huaxu", bottles.commission(0, 1, HUAXU, AT)),
        ("yueling", object("shipping", YUELING, AT, &[&refill], Some(HUAXU))),
        ("huaxu", object("receiving", HUAXU, LATER, &[&refill], None)),
        ("huaxu", nest("ADD", &bottle, HUAXU, &[&refill])),
    ];
    for (author, deed) in &steps {
        world.take(author, deed).unwrap();
    }
    let recall = Deed::new(Action::RecallOpen, json!({"reason": "safety", "source": RAW}));
    let recall = world.take("corenest", &recall).unwrap();
    let row = |epc: &str| crate::row::key_of_thing(&crate::gs1::Epc::parse(epc).unwrap());
    (Kept::new(world), row(&refill), row(&bottle), recall)
}

/// Of what a thing came of, and of what is inside it; and nobody can leave out a row that says so.
#[test]
fn a_proof_shows_the_recalls_that_a_thing_inherits() {
    let (kept, refill, bottle, recall) = made_of_recalled();
    for subject in [&refill, &bottle] {
        let proof = kept.prove(subject);
        let story = proof.check(&kept.chain()).unwrap();
        assert_eq!(story.origins.recalls.keys().collect::<Vec<_>>(), [&recall], "{subject}");
        assert!(!story.origins.recalls[&recall].binds_everybody && !story.origins.cut);
        let proof = serde_json::to_value(&proof).unwrap();
        for row in ["lot/01/04012345123456/10/HP-2609B", &crate::row::key_of_recall(&recall)] {
            let mut without = proof.clone();
            without["rows"].as_array_mut().unwrap().retain(|shown| shown["key"] != *row);
            let text = hefu_keys::canonical::to_string(&without).unwrap();
            let broken = Proof::read(text.as_bytes()).unwrap().check(&kept.chain()).unwrap_err();
            assert_eq!(broken.what, What::Register, "{row}");
        }
    }
}
