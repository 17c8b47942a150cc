use std::collections::BTreeMap;

use hefu_keys::Hash;
use serde_json::{Value, json};

use super::{
    Proof, What,
    build::{self, Archive},
};
use crate::{
    block::{Header, records_root},
    certificate::{Certificate, Precommit},
    entry::Entry,
    genesis::{FORMAT_VERSION, Genesis},
    height::Height,
    register::{Bucket, Buckets, Depth, Fault, Tree, plan},
    row::Row,
    state::Snapshot,
    tests::{Deed, World, event, genesis, key},
    votes::{self, VoteKind},
};

const BRAND: &str = "9528880100012";
const HUAXU: &str = "9528880200019";
const YUELING: &str = "9528880300016";
const AT: &str = "2026-09-21T10:00:00.000+08:00";
const LATER: &str = "2026-09-21T12:00:00.000+08:00";
const CASE: &str = "https://id.gs1.org/00/095288802000000019";
const PALLET: &str = "https://id.gs1.org/00/095288802000000026";

/// A world's chain as a node keeps it, certified by its one validator.
struct Kept {
    world: World,
    genesis: Genesis,
    buckets: BTreeMap<u32, Bucket>,
    tree: Tree,
}

impl Kept {
    fn new(world: World) -> Kept {
        let mut tree = Tree::empty(Depth::DEV);
        let changes = world.rows.iter().map(|(key, row)| (Hash::of(key.as_bytes()), row.hash())).collect();
        let mut buckets = BTreeMap::new();
        let patch = plan(&tree, &buckets, &changes, None).unwrap();
        buckets.extend(patch.buckets().clone());
        tree.apply(patch).unwrap();
        Kept { world, genesis: genesis(), buckets, tree }
    }

    fn prove(&self, subject: &str) -> Proof {
        build::build(self, &self.tree, subject).unwrap().unwrap()
    }

    fn chain(&self) -> Hash {
        self.world.chain
    }
}

impl Snapshot for Kept {
    fn row(&self, key: &str) -> Result<Option<Row>, Fault> {
        self.world.rows.row(key)
    }
}

impl Buckets for Kept {
    fn bucket(&self, index: u32) -> Result<Bucket, Fault> {
        self.buckets.bucket(index)
    }
}

impl Archive for Kept {
    fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    fn head(&self) -> Result<Option<(Header, Certificate)>, Fault> {
        let members = self.genesis.members.hash();
        let header = Header {
            builder: key("validator").address(),
            chain: self.chain(),
            height: self.world.height,
            members,
            members_since: Height::new(1).unwrap(),
            next_members: members,
            previous: Hash::of(b"the block before"),
            records: records_root(std::iter::empty()),
            register: self.tree.root(),
            time: self.world.time,
            version: FORMAT_VERSION,
        };
        let block = header.id();
        let text = votes::vote(&self.chain(), header.height, 0, VoteKind::Precommit, Some(&block));
        let signature = key("validator").sign(text.as_bytes());
        let signatures = vec![Precommit { signature, validator: key("validator").address() }];
        let certificate = Certificate { block, height: header.height, round: 0, signatures };
        Ok(Some((header, certificate)))
    }

    fn entries(&self, key: &str, after: u64, until: Option<u64>) -> Result<Vec<Entry>, Fault> {
        let range = (key.to_owned(), after + 1)..=(key.to_owned(), until.unwrap_or(u64::MAX));
        Ok(self.world.entries.range(range).map(|(_, text)| serde_json::from_str(text).unwrap()).collect())
    }

    fn record(&self, id: &Hash) -> Result<Option<build::Kept>, Fault> {
        let found = self.world.submissions.get(id);
        Ok(found.map(|found| build::Kept { text: found.record().text.clone(), lists: found.annex().lists.clone() }))
    }
}

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
        "Release container",
        "Unpack item",
        "Release container",
        "Observe item",
    ];
    assert_eq!(told, expected);
    assert!(
        !story.steps.iter().any(|step| kind(&step.key) == "container" && format!("{:?}", step.entry.role) == "Observe")
    );
    assert!(story.rows.contains_key("product/09528880010021"));
    assert!(story.rows.contains_key("party/yueling") && story.rows.contains_key("site/9528880300016"));
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
                leaves(value, format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1")), found);
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
