//! `hefu verify`, on proofs of the demo.

use serde_json::json;

use crate::bench::{Bench, DevNode};

#[test]
fn every_item_of_the_demo_is_proven_and_a_changed_proof_is_not() {
    let data = tempfile::tempdir().unwrap();
    let node = DevNode::start(data.path(), &["--demo"]);
    let bench = Bench::at(&node);
    let verify = |what: &str| bench.hefu(&["verify", what, "--genesis", &node.genesis, "--json"]);
    assert_eq!(node.items.len(), 12);
    let bottle = ["commissioning", "inspecting", "installing", "packing"];
    let refill = ["commissioning", "inspecting", "shipping", "receiving", "installing", "packing"];
    let loose_refill = ["commissioning", "inspecting", "shipping", "receiving", "packing"];
    let to_the_warehouse = ["shipping", "arriving", "departing", "receiving"];
    let to_a_customer = ["unpacking", "retail_selling"];
    let (bottles, refills) = node.items.split_at(5);
    // The last set and the last refill were sent back.
    let returned = [&node.items[4], &node.items[10], &node.items[11]];
    let refills = refills.iter().enumerate().map(|(index, item)| match index {
        1 | 6 => (item, &loose_refill[..]),
        _ => (item, &refill[..]),
    });
    for (item, made) in bottles.iter().map(|item| (item, &bottle[..])).chain(refills) {
        let story = verify(item).check(0).json();
        let steps = story["steps"].as_array().unwrap().iter();
        let deeds: Vec<&str> = steps.map(|step| step["deed"].as_str().unwrap()).collect();
        // What came back is told once, also of the refill in a bottle that came back with it.
        let back = if returned.contains(&item) { &["accepting"][..] } else { &[] };
        assert_eq!(deeds, [made, &to_the_warehouse, &to_a_customer, back].concat(), "{item}");
    }

    let proof = fetch(&node.items[0]);
    bench.write("proof.json", &proof);
    let human = bench.hefu(&["verify", "proof.json", "--genesis", &node.genesis]);
    human.check(0);
    assert!(human.out.contains("Huaxu Daily Chemical") && human.out.contains("proven: 10 steps"), "{}", human.out);

    bench.write("changed.json", proof.replace("\"conformant\"", "\"damaged\""));
    verify("changed.json").check_because(4, "record: the record is missing or altered");
    bench.write("cut.json", proof.get(..proof.len() / 2).unwrap());
    verify("cut.json").check_because(4, "form: ");
    let other = bench.hefu(&["verify", "proof.json", "--genesis", &"0".repeat(64)]);
    other.check_because(4, "genesis: this is chain");
    verify("nowhere.json").check_because(1, "cannot read nowhere.json");
    bench.hefu(&["verify", "proof.json", "--genesis", &node.genesis, "--max-age", "600"]).check(0);
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    let old = bench.hefu(&["verify", "proof.json", "--genesis", &node.genesis, "--max-age", "1"]);
    old.check_because(4, "seconds old, at most 1 are accepted");

    // Whoever was here before knows a block, and is shown nothing from before it or beside it.
    let story = verify(&node.items[0]).json();
    let pin = |height: u64, hash: &str| format!("{height}:{hash}");
    let trusted =
        |what: &str, pin: &str| bench.hefu(&["verify", what, "--genesis", &node.genesis, "--json", "--trust", pin]);
    let (height, block) = (story["height"].as_u64().unwrap(), story["block"].as_str().unwrap());
    trusted(&node.items[0], &pin(height, block)).check(0);
    let first = first_block(&node.url);
    trusted(&node.items[0], &pin(1, &first)).check(0);
    trusted(&node.items[0], &pin(1, block)).check_because(4, "trust: it holds block 1:");
    trusted("proof.json", &pin(1, &first)).check_because(4, "trust: it does not hold the header of block 1");
    trusted("proof.json", &pin(height + 1, block)).check_because(4, "trust: it is as of block");
    trusted("proof.json", "1").check_because(2, "a block is written HEIGHT:HASH");

    let (known, _) = node.items[0].rsplit_once('/').unwrap();
    let absent = verify(&format!("{known}/NOSUCH")).check(0).json();
    assert_eq!((&absent["known"], &absent["steps"]), (&false.into(), &json!([])));
}

/// A part from elsewhere, the lot that it came of, and what it is fixed to.
const PART: &str = "https://id.gs1.org/01/04012345123456/21/P1";
const LOT: &str = "https://id.gs1.org/01/04012345123456/10/HP-2609B";
const WHOLE: &str = "https://id.gs1.org/01/04012345123456/21/W1";

#[test]
fn a_saved_proof_tells_every_recall_that_held_when_it_was_saved() {
    let data = tempfile::tempdir().unwrap();
    let node = DevNode::start(data.path(), &[]);
    let (bench, genesis) = (Bench::at(&node), node.genesis.clone());
    bench.demo_key("corenest", "//corenest");
    let (time, zone) = ("2026-09-18T10:00:00+08:00", "+08:00");
    let made = json!({
        "type": "TransformationEvent", "eventTime": time, "eventTimeZoneOffset": zone,
        "inputQuantityList": [{"epcClass": LOT, "quantity": 1}], "outputEPCList": [PART],
    });
    let fixed = json!({
        "type": "AssociationEvent", "action": "ADD", "eventTime": time, "eventTimeZoneOffset": zone,
        "parentID": WHOLE, "childEPCs": [PART],
    });
    bench.write("events.json", json!([made, fixed]).to_string());
    bench.hefu(&["capture", "events.json", "--key", "corenest"]).check(0);

    let save = |name: &str| bench.write(name, fetch(&PART.replace("https://id.gs1.org", &node.url)));
    let verify = |name: &str| bench.hefu(&["verify", name, "--genesis", &genesis]);
    let as_json = |name: &str| bench.hefu(&["verify", name, "--genesis", &genesis, "--json"]).check(0).json();
    save("before.json");
    // By what it is, by what it came of, and by what is around it.
    let recalls = [("item", PART, "safety"), ("lot", LOT, "quality"), ("item", WHOLE, "labelling")];
    let recalls = recalls.map(|(kind, source, reason)| {
        let opened = bench.hefu(&["recall", "open", source, "--reason", reason, "--key", "corenest"]);
        (source.replace("https://id.gs1.org", kind), reason, opened.check(0).line().to_owned())
    });
    save("after.json");
    assert_eq!(node.stop(), Some(0));

    // A recall is no flaw of a proof: it holds, and says so.
    let after = verify("after.json");
    after.check(0);
    for (source, reason, record) in &recalls {
        let line = format!("  recalled ({reason}) by CoreNest: {source}, record {record}");
        assert_eq!(after.out.lines().filter(|told| *told == line).count(), 1, "{line} is not once in\n{}", after.out);
    }
    assert!(after.out.contains("proven: ") && !after.out.contains("only a part was searched"), "{}", after.out);
    let story = as_json("after.json");
    let mut told: Vec<(&str, &str, &str)> = Vec::new();
    for recall in story["recalls"].as_array().unwrap() {
        assert_eq!((&recall["by"], &story["recallsInPart"]), (&json!("corenest"), &json!(false)));
        told.push(["source", "reason", "record"].map(|name| recall[name].as_str().unwrap()).into());
    }
    told.sort_unstable();
    let mut opened: Vec<_> =
        recalls.iter().map(|(source, reason, record)| (source.as_str(), *reason, record.as_str())).collect();
    opened.sort_unstable();
    assert_eq!(told, opened);

    let before = verify("before.json");
    before.check(0);
    assert!(!before.out.contains("recalled"), "{}", before.out);
    assert_eq!(as_json("before.json")["recalls"], json!([]));

    // Who takes a recall out of the file has a file that proves nothing.
    let (_, _, record) = &recalls[1];
    bench.write("cut.json", bench.read("after.json").replace(record, &"0".repeat(64)));
    verify("cut.json").check(4);
}

/// The proof that a page of the item links to.
fn fetch(item: &str) -> String {
    let (origin, rest) = item.split_once("/01/").unwrap();
    let (gtin, serial) = rest.split_once("/21/").unwrap();
    let url = format!("{origin}/v1/items/{gtin}/{serial}/proof");
    ureq::get(&url).call().unwrap().body_mut().read_to_string().unwrap()
}

/// Id of the first block.
fn first_block(origin: &str) -> String {
    let block = ureq::get(format!("{origin}/v1/blocks/1")).call().unwrap().body_mut().read_to_string().unwrap();
    let block: serde_json::Value = serde_json::from_str(&block).unwrap();
    block["block"].as_str().unwrap().to_owned()
}

#[test]
fn a_stopped_node_leaves_a_store_that_holds_and_goes_on_where_it_was() {
    let data = tempfile::tempdir().unwrap();
    let node = DevNode::start(data.path(), &["--demo"]);
    let paths = |node: &DevNode| -> Vec<String> { node.items.iter().map(|item| item.replace(&node.url, "")).collect() };
    let (genesis, items) = (node.genesis.clone(), paths(&node));
    assert_eq!(node.stop(), Some(0));

    let bench = Bench::new();
    let store = data.path().join("data");
    let report = bench.hefu(&["verify", "--store", store.to_str().unwrap(), "--json"]).check(0).json();
    assert_eq!((&report["chain"], &report["records"]), (&genesis.as_str().into(), &95.into()));
    bench.hefu(&["verify", "--store", "nowhere"]).check_because(1, "there is no store in");

    let again = DevNode::start(data.path(), &["--demo"]);
    assert_eq!((&again.genesis, paths(&again)), (&genesis, items));
    // A block of the heartbeat may come before it says that it is ready.
    let more = again.height.checked_sub(report["height"].as_u64().unwrap());
    assert!(more.is_some_and(|more| more <= 1), "{more:?}");
    assert_eq!(again.stop(), Some(0));
}
