//! Golden files: the bytes of every format, frozen. `HEFU_BLESS=1 cargo test -p hefu-contracts golden` writes them anew,
//! which is a change of format and needs a line in CHANGELOG.md.

use std::{fs, path::PathBuf};

use hefu_keys::{Hash, canonical};
use serde_json::json;

use super::{BOTTLE, Deed, REFILL, World, event, genesis, key, time, transform};
use crate::{
    action::Action,
    block::{BadBlock, Block, Header, read_header},
    certificate::{Certificate, Precommit},
    entry::{Enclosing, Entry, Role},
    exact,
    genesis::Genesis,
    gs1::Epc,
    height::Height,
    receipt::{Receipt, ReceiptKind, Status},
    record::{Record, Visibility},
    refusal::Code,
    row::{self, Row},
    submission::Unverified,
    votes::{self, PartsHeading, VoteKind},
};

const HUAXU: &str = "9528880200019";
const LAB: &str = "9528880700014";
const AT: &str = "2026-09-21T10:00:00.000+08:00";

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/golden").join(name)
}

/// That `text` is canonical and is what the file holds.
#[track_caller]
pub(crate) fn golden(name: &str, text: &str) -> String {
    canonical::check(text.as_bytes()).unwrap();
    if std::env::var_os("HEFU_BLESS").is_some() {
        fs::create_dir_all(path(name).parent().unwrap()).unwrap();
        fs::write(path(name), text).unwrap();
    }
    let file = fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(text, file, "{name} has changed");
    file
}

fn header() -> Header {
    let members = genesis().members.hash();
    Header {
        builder: key("validator").address(),
        chain: genesis().chain(),
        height: Height::new(7).unwrap(),
        members,
        members_since: Height::new(1).unwrap(),
        next_members: members,
        previous: Hash::of(b"previous"),
        records: Hash::of(b"records"),
        register: Hash::of(b"register"),
        time: time("2026-09-21T08:00:00.000Z"),
        version: 1,
    }
}

#[test]
fn genesis_is_frozen() {
    let file = golden("genesis.json", &genesis().text());
    assert_eq!(Genesis::read(&file).unwrap(), genesis());
    assert!(Genesis::read(&format!("{file} ")).is_err());
    assert!(Genesis::read(&file.replacen("\"version\":1", "\"version\":2", 1)).is_err());
    assert!(Genesis::read(&file.replacen("\"name\":\"test\"", "\"name\":\"test\",\"other\":1", 1)).is_err());
}

#[test]
fn a_block_has_one_form() {
    // As long as the shortest records there may be.
    let records = ["a", "b"].map(|name| format!(r#"{{"{name}":"{}"}}"#, "0".repeat(248)));
    let text = golden("block.json", &Block::write(&header(), records.iter()));
    let block = Block::cut(text.as_bytes()).unwrap();
    assert_eq!((block.header, block.records), (header(), records.iter().map(String::as_str).collect()));
    let short = Block::write(&header(), [records[0].as_str(), "{}"].iter());
    assert!(matches!(Block::cut(short.as_bytes()), Err(BadBlock::Short(1))));
    let empty = Block::write(&header(), std::iter::empty::<&str>());
    assert!(Block::cut(empty.as_bytes()).unwrap().records.is_empty());
    // The same value and the same length, so that only a comparison of bytes tells them apart.
    let swapped = format!(r#"{{"records":[{}],"header":{}}}"#, records.join(","), header().text());
    assert_eq!(swapped.len(), text.len());
    for other in
        [swapped, format!("{text} "), text.replacen(",{", ", {", 1), text.replacen("\"records\":[", "\"other\":[", 1)]
    {
        assert!(Block::cut(other.as_bytes()).is_err(), "{other}");
    }
}

#[test]
fn headers_and_certificates_are_frozen() {
    let file = golden("header.json", &header().text());
    assert_eq!(read_header(&file).unwrap(), header());
    assert!(read_header(&format!("{file}{file}")).is_err());
    let block = header().id();
    let text = votes::vote(&header().chain, header().height, 0, VoteKind::Precommit, Some(&block));
    let signature = key("validator").sign(text.as_bytes());
    let signatures = vec![Precommit { signature, validator: key("validator").address() }];
    let certificate = Certificate { block, height: header().height, round: 0, signatures };
    let file = golden("certificate.json", &certificate.text());
    assert_eq!(serde_json::from_str::<Certificate>(&file).unwrap(), certificate);
    certificate.check(&header().chain, &genesis().members).unwrap();
}

#[test]
fn what_validators_sign_is_frozen() {
    let (chain, block) = (genesis().chain(), Hash::of(b"block"));
    let (height, builder) = (Height::new(7).unwrap(), key("validator").address());
    golden("votes/prevote.json", &votes::vote(&chain, height, 2, VoteKind::Prevote, Some(&block)));
    golden("votes/precommit-nil.json", &votes::vote(&chain, height, 2, VoteKind::Precommit, None));
    golden("votes/proposal.json", &votes::proposal(&chain, height, 2, None, &block));
    golden("votes/proposal-again.json", &votes::proposal(&chain, height, 2, Some(1), &block));
    let heading = PartsHeading { block: &block, builder: &builder, bytes: 4_096, height, round: 2 };
    golden("votes/parts.json", &votes::parts(&chain, &heading));
}

#[test]
fn rows_are_frozen() {
    let (mut world, refills, bottles) = World::with_codes();
    let container = "https://id.gs1.org/00/095288802000000019".to_owned();
    let lot = |quantity| json!([{"epcClass": format!("https://id.gs1.org/01/{BOTTLE}/10/L7"), "quantity": quantity}]);
    let mut made = bottles.commission(0, 2, HUAXU, AT);
    made.body["event"]["quantityList"] = lot(5);
    let mut packed = event("AggregationEvent", "ADD", "packing", HUAXU, AT, &[bottles.epc(0)]);
    packed.body["event"]["parentID"] = json!(container);
    let mut shipped = event("ObjectEvent", "OBSERVE", "shipping", HUAXU, AT, &[container]);
    let to = json!([{"type": "possessing_party", "destination": "https://id.gs1.org/417/9528880100012"}]);
    shipped.body["event"]["destinationList"] = to;
    shipped.body["event"]["quantityList"] = lot(2);
    let used = json!({
        "inputQuantityList": lot(1), "outputQuantityList": [{"epcClass": "https://id.gs1.org/01/09528880200019/10/L1", "quantity": 1}],
        "transformationID": "urn:x:run:1",
    });
    let used = transform(HUAXU, AT, &[], &[], &used);
    for deed in [&made, &packed, &shipped, &used] {
        world.take("huaxu", deed).unwrap();
    }
    world.take("corenest", &Deed::new(Action::BomPut, bom())).unwrap();
    let recall = json!({"reason": "safety", "source": format!("https://id.gs1.org/01/{BOTTLE}/10/L7")});
    let recall = world.take("corenest", &Deed::new(Action::RecallOpen, recall)).unwrap();
    let cbv = shipped.body["cbv"].as_str().unwrap();
    for (name, key) in [
        ("batch", format!("batch/{}", refills.batch)),
        ("item", row::key_of_thing(&Epc::parse(&bottles.epc(0)).unwrap())),
        ("container", "container/00/095288802000000019".to_owned()),
        ("lot", format!("lot/01/{BOTTLE}/10/L7")),
        ("event", format!("event/huaxu/{cbv}")),
        ("bom", format!("bom/{BOTTLE}")),
        ("recall", row::key_of_recall(&recall)),
        ("balance", format!("balance/EA/01/{BOTTLE}/10/L7@huaxu")),
        ("transit", format!("transit/EA/01/{BOTTLE}/10/L7@corenest")),
        ("transformation", row::key_of_transformation("huaxu", &Hash::of(b"urn:x:run:1"))),
        ("party", "party/corenest".to_owned()),
        ("prefix", "prefix/952888001".to_owned()),
        ("site", "site/9528880100012".to_owned()),
        ("authority", "authority/952888001/puyan".to_owned()),
        ("product", format!("product/{REFILL}")),
        ("key", format!("key/{}", key("corenest").address())),
    ] {
        let file = golden(&format!("rows/{name}.json"), &world.rows[&key].text());
        assert_eq!(Row::read(&file).unwrap(), *world.rows[&key]);
        assert!(Row::read(&format!("{file}1")).is_err());
    }
}

#[test]
fn entries_and_receipts_are_frozen() {
    let entry = Entry {
        by: vec!["huaxu".to_owned()],
        containers: vec![Enclosing { head: Hash::of(b"head"), key: "container/00/1".to_owned(), n: 3 }],
        data: Vec::new(),
        height: Height::new(7).unwrap(),
        record: Hash::of(b"record"),
        role: Role::Pack,
        time: time("2026-09-21T08:00:00.000Z"),
        visibility: Visibility::Public,
    };
    let file = golden("entry.json", &entry.text());
    assert_eq!(serde_json::from_str::<Entry>(&file).unwrap(), entry);
    let withheld = Entry { containers: Vec::new(), visibility: Visibility::Parties, ..entry };
    let file = golden("entry-of-parties.json", &withheld.text());
    assert_eq!(serde_json::from_str::<Entry>(&file).unwrap(), withheld);
    let default = file.replace(r#""parties""#, r#""public""#);
    assert!(exact::read::<Entry>(&default).is_err(), "a default value is written");
    let receipt = Receipt {
        chain: genesis().chain(),
        code: Some(Code::ItemCommissioned),
        conflict: Some(Hash::of(b"conflict")),
        height: None,
        id: Hash::of(b"record"),
        index: None,
        node: key("validator").address(),
        status: Status::Refused,
        time: time("2026-09-21T08:00:00.000Z"),
        kind: ReceiptKind::Receipt,
    };
    let file = golden("receipt.json", &crate::canonical_text(&receipt));
    assert_eq!(serde_json::from_str::<Receipt>(&file).unwrap(), receipt);
}

/// A bill of the bottle with every field of one.
fn bom() -> serde_json::Value {
    let line = json!({"alternates": ["09528880010137"], "amount": "1.5", "component": "09528880010144", "kind": "module", "unit": "GRM"});
    let bill = json!({
        "from": "2026-09-21T06:00:00.000Z", "lines": [line], "until": "2027-01-01T00:00:00.000Z",
        "yield": {"max": 1_020_000, "min": 950_000},
    });
    json!({"bill": bill, "gtin": BOTTLE, "version": 1})
}

/// A record of every action, and an event of every type that is captured: as signed and, where it detaches lists, with
/// its annex.
#[test]
fn records_of_every_action_are_frozen() {
    let mut world = World::new();
    let admin = key("guixiu").address();
    let name = json!({"en": "Guixiu Atelier", "zh": "桂绣坊"});
    let one = ["https://id.gs1.org/01/10614141073464/21/2017".to_owned()];
    let mut packed = event("AggregationEvent", "ADD", "packing", LAB, AT, &one);
    packed.body["event"]["parentID"] = json!("https://id.gs1.org/00/106141411234567897");
    let mut fixed = event("AssociationEvent", "ADD", "assembling", LAB, AT, &one);
    fixed.body["event"]["parentID"] = json!("https://id.gs1.org/01/10614141073464/21/2018");
    let mut transacted = event("TransactionEvent", "ADD", "accepting", LAB, AT, &one);
    transacted.body["event"]["bizTransactionList"] = json!([{"type": "po", "bizTransaction": "urn:x:po:1"}]);
    let lots = json!({
        "inputQuantityList": [{"epcClass": "https://id.gs1.org/01/10614141073464/10/L7", "quantity": 1.5, "uom": "KGM"}],
    });
    let transformed = transform(LAB, AT, &one, &one.clone().map(|input| input.replace("2017", "2019")), &lots);
    let (_, codes, _) = World::with_codes();
    let source = format!("https://id.gs1.org/01/{REFILL}/10/L7");
    let grants = json!([{"role": "capture", "scope": {"bizSteps": ["inspecting"]}}]);
    let deeds = [
        (
            "party.add",
            Deed::new(
                Action::PartyAdd,
                json!({"admin": admin, "id": "guixiu", "kind": "workshop", "name": name, "prefixes": ["952888040"]}),
            )
            .with("guixiu"),
        ),
        ("site.put", Deed::new(Action::SitePut, json!({"gln": LAB, "name": name}))),
        ("key.grant", Deed::new(Action::KeyGrant, json!({"grants": grants, "key": admin})).with("guixiu")),
        ("key.revoke", Deed::new(Action::KeyRevoke, json!({"key": admin, "reason": "lost"}))),
        ("authority.grant", Deed::new(Action::AuthorityGrant, json!({"prefix": "952888001", "to": "puyan"}))),
        ("authority.revoke", Deed::new(Action::AuthorityRevoke, json!({"prefix": "952888001", "to": "puyan"}))),
        (
            "product.put",
            Deed::new(Action::ProductPut, json!({"gtin": REFILL, "kind": "finished", "name": name, "version": 1})),
        ),
        ("codes.issue", Deed::new(Action::CodesIssue, json!({"count": 12, "gtin": REFILL, "root": Hash::of(b"root")}))),
        ("event.commission", codes.commission(0, 2, "9528880300016", AT)),
        ("event.object", event("ObjectEvent", "OBSERVE", "inspecting", LAB, AT, &one)),
        ("event.aggregation", packed),
        ("event.association", fixed),
        ("bom.put", Deed::new(Action::BomPut, bom())),
        ("recall.open", Deed::new(Action::RecallOpen, json!({"reason": "safety", "source": source}))),
        ("recall.lift", Deed::new(Action::RecallLift, json!({"recall": Hash::of(b"recall"), "source": source}))),
        ("event.transaction", transacted.private()),
        ("event.transformation", transformed),
    ];
    for (name, deed) in deeds {
        let submission = world.sign("puyan", &deed);
        let file = golden(&format!("records/{name}.json"), &submission.text());
        let read = Unverified::read(file.as_bytes()).unwrap().verify().unwrap();
        assert_eq!((read.id(), read.text()), (submission.id(), file.clone()), "{name}");
        assert!(Unverified::read(format!("{file} ").as_bytes()).is_err());
        let record = &submission.record().text;
        assert_eq!(Record::read(record).unwrap().id, submission.id());
        assert!(Record::read(&record.replacen("\"seq\":1", "\"seq\":1,\"sequel\":2", 1)).is_err(), "{name}");
    }
}
