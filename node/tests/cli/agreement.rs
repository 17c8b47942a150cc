//! From a term sheet to a statement that its party checks without trusting anybody.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
};

use serde_json::{Value, json};

use crate::{
    bench::{Bench, DevNode},
    books::read_by_its_program,
};

const ADDED: [(&str, &str); 3] = [("adu", "kol"), ("douyin", "platform"), ("wise", "lab")];

/// A bench with the keys of a brand, a creator, a platform and an arbiter, who have all joined.
fn joined(node: &DevNode) -> Bench {
    let bench = Bench::at(node);
    bench.demo_key("corenest", "//corenest");
    for (id, kind) in ADDED {
        bench.demo_key(id, &format!("//{id}"));
        let who = ["party", "add", "--id", id, "--kind", kind, "--admin", id, "--name-en", id, "--name-zh", id];
        bench.hefu(&[&who[..], &["--key", "corenest"]].concat()).check(0);
    }
    let feed = ["feed", "put", "douyin:shop1", "--signed-by", "douyin", "--key", "douyin"];
    bench.hefu(&feed).check(0);
    bench
}

/// A template, filled in: 10 % of each line to the creator, released as soon as it is received.
fn sheet(bench: &Bench) -> Value {
    let template = bench.hefu(&["agreement", "template", "waist", "performance"]);
    let mut sheet: Value = serde_json::from_str(&template.check(0).out).unwrap();
    for (name, value) in [
        ("contract_id", json!("C1")),
        ("obligor", json!("corenest")),
        ("arbiter", json!("wise")),
        ("required_signers", json!(["corenest", "adu"])),
        ("split", json!([["adu", "1"]])),
        ("feeds", json!(["douyin:shop1"])),
        ("components", json!([{"id": "comm", "kind": "per_line", "ppm": "100000"}])),
        ("hold_days", json!("0")),
    ] {
        sheet[name] = value;
    }
    sheet.as_object_mut().unwrap().remove("period");
    sheet
}

fn orders(rows: &[&str]) -> String {
    let heading = "type,at,order,line,created_at,product,currency,units,contracts,part:goods";
    format!("{heading}\n{}\n", rows.join("\n"))
}

const PAID: &str = "paid,2026-09-20T20:00:00+08:00,41,1,2026-09-20T19:59:00+08:00,09528880010021,CNY,1,C1,8900";
const RECEIVED: &str = "received,2026-09-22T20:00:00+08:00,41,1,2026-09-20T19:59:00+08:00,,,,,";

/// The URL of a door to the node that closes in the middle of every statement.
fn half_way(node: &str) -> String {
    let node = node.strip_prefix("http://").unwrap().to_owned();
    let door = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", door.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut client in door.incoming().map_while(Result::ok) {
            let mut lines = BufReader::new(client.try_clone().unwrap()).lines().map_while(Result::ok);
            let head: Vec<String> = lines.by_ref().take_while(|line| !line.is_empty()).collect();
            let mut behind = TcpStream::connect(&node).unwrap();
            write!(behind, "{}\r\nConnection: close\r\n\r\n", head.join("\r\n")).unwrap();
            let mut answer = Vec::new();
            behind.read_to_end(&mut answer).unwrap();
            let is_statement = head[0].contains("/statements/");
            if is_statement {
                answer.truncate(answer.len().saturating_sub(100));
            }
            client.write_all(&answer).unwrap();
        }
    });
    url
}

/// What the creator earns, and that every journal of an account is accepted by the program that reads it.
fn shows_and_exports(bench: &Bench) {
    let earnings = ["agreement", "show", "C1", "--account", "adu", "--earnings", "--key", "adu"];
    let earnings = bench.hefu(&earnings).check(0).json();
    let earning = &earnings["lines"][0]["earnings"][0];
    assert_eq!((&earning["formula"], &earning["reason"]), (&json!("89.00 × 10% = 8.90"), &json!("awaits-payout")));
    for party in ["adu", "corenest"] {
        for format in ["beancount", "hledger", "ledger"] {
            let export = ["agreement", "export", "C1", "--account", party, "--format", format, "--key", party];
            let file = format!("{party}.{format}");
            bench.hefu(&[&export[..], &["--out", &file]].concat()).check(0);
            let read = read_by_its_program(format, &bench.path(&file));
            assert!(read.is_ok(), "{party}, {format}: {}\n{}", read.unwrap_err(), bench.read(&file));
        }
    }
    bench.hefu(&["agreement", "export", "C1", "--account", "adu", "--format", "xls", "--key", "adu"]).check(2);
}

/// That files which are no bundle are told apart, and where.
fn refuses_what_is_no_bundle(bench: &Bench, verify: &[&str], bundle: &str) {
    let half: String = bundle.chars().take(bundle.len().div_euclid(2)).collect();
    for (text, words) in [
        ("{}", "/proof"),
        ("", "is no statement bundle"),
        (&half, "is cut off after"),
        (&bundle.replacen("\"type\":\"statement\"", "\"type\":\"proof\"", 1), "/type"),
        (&bundle.replacen("\"height\":", "\"height\": ", 1), "byte"),
    ] {
        bench.write("bundle.json", text);
        bench.hefu(verify).check_because(2, words);
    }
}

#[test]
fn a_creator_sees_what_she_is_owed_and_checks_her_statement_offline() {
    let data = tempfile::tempdir().unwrap();
    let node = DevNode::start(data.path(), &[]);
    let bench = joined(&node);
    bench.write("sheet.json", sheet(&bench).to_string());
    let checked = bench.hefu(&["agreement", "check", "sheet.json"]).check(0).json();
    assert_eq!(checked["signers"], json!(["corenest", "adu"]));
    let draft = ["agreement", "draft", "sheet.json", "--with", "adu", "--key", "corenest", "--out", "draft.json"];
    bench.hefu(&draft).check(0);
    bench.hefu(&["record", "submit", "draft.json", "--wait"]).check_because(1, "has yet to sign");
    bench.hefu(&["record", "sign", "draft.json", "--key", "adu", "--out", "signed.json"]).check(0);
    bench.hefu(&["record", "submit", "signed.json", "--wait"]).check(0);

    bench.write("orders.csv", orders(&[PAID, RECEIVED]));
    let import = ["facts", "import", "orders.csv", "--feed", "douyin:shop1", "--order-keys", "order-keys.json"];
    let import = [&import[..], &["--key", "douyin", "--json"]].concat();
    let dry = bench.hefu(&[&import[..], &["--dry-run"]].concat()).check(0).json();
    assert_eq!(dry, json!({"facts": {"paid": 1, "received": 1}}));
    assert!(!bench.path("order-keys.json").exists(), "a dry run makes nothing");
    let told = bench.hefu(&import).check(0).json();
    assert_eq!(told, json!({"known": 0, "refused": 0, "taken": 2}));
    let again = bench.hefu(&import).check(0).json();
    assert_eq!(again, json!({"known": 2, "refused": 0, "taken": 0}), "the same file again changes nothing");

    let lines = bench.hefu(&["agreement", "show", "C1", "--lines", "--key", "adu"]).check(0).json();
    let unit = lines["lines"][0]["units"].as_object().unwrap().keys().next().unwrap().clone();
    bench.hefu(&["hold", "release", "--contract", "C1", &unit, "--key", "wise"]).check(0);
    bench.hefu(&["statement", "issue", "--contract", "C1", "--key", "corenest"]).check(0);
    let account = bench.hefu(&["agreement", "show", "C1", "--account", "adu", "--key", "adu"]).check(0).json();
    assert_eq!((&account["balances"]["payable"], &account["n"]), (&json!("890"), &json!(3)));
    let other = ["agreement", "show", "C1", "--account", "adu", "--key", "douyin"];
    bench.hefu(&other).check_because(1, "E-AGREEMENT-UNREADABLE");

    shows_and_exports(&bench);

    let fetch = ["statement", "fetch", "--contract", "C1", "--party", "adu", "--number", "1", "--key", "adu"];
    bench.hefu(&[&fetch[..], &["--out", "bundle.json"]].concat()).check(0);
    bench.hefu(&[&fetch[..], &["--full", "--out", "full.json"]].concat()).check(0);
    let cut = half_way(&node.url);
    let origin = ["--node", &cut, "--origin", &node.url, "--out", "half.json"];
    bench.hefu(&[&fetch[..], &origin[..]].concat()).check_because(1, "broke off in the middle of its answer");
    assert!(!bench.path("half.json").exists(), "half a bundle is not kept");
    let genesis = node.genesis.clone();
    assert_eq!(node.stop(), Some(0));

    let verify = ["statement", "verify", "bundle.json", "--genesis", &genesis];
    let told = bench.hefu(&verify);
    told.check(0);
    assert!(told.out.contains("payable") && told.out.contains("8.90") && told.out.contains("proven: 3 entries"));
    let proven = bench.hefu(&[&verify[..], &["--json"]].concat()).check(0).json();
    assert_eq!(proven["statement"]["closing"]["balances"], json!({"payable": "890"}));
    let told = bench.hefu(&[&verify[..], &["--movements"]].concat()).check(0).out.clone();
    assert!(told.contains("89.00 × 10% = 8.90") && told.contains("received"), "{told}");
    let moved = bench.hefu(&[&verify[..], &["--movements", "--json"]].concat()).check(0).json();
    assert_eq!((&moved["movements"][0]["event"], &moved["movements"][0]["balance"]), (&json!("paid"), &json!("890")));
    let of_full = ["statement", "verify", "full.json", "--genesis", &genesis];
    let told = bench.hefu(&of_full);
    told.check(0);
    assert!(told.out.contains("every event as the platform's own key signed it"), "{}", told.out);
    let full = bench.read("full.json");
    assert!(!bench.read("bundle.json").contains("fact.report") && full.matches("fact.report").count() == 2);
    bench.write("full.json", full.replacen("\"goods\":\"8900\"", "\"goods\":\"8901\"", 2));
    bench.hefu(&of_full).check_because(4, "");
    let bundle = bench.read("bundle.json");
    bench.write("bundle.json", bundle.replacen("\"amount\":\"890\"", "\"amount\":\"891\"", 1));
    bench.hefu(&verify).check_because(4, "the entries do not lead to");
    refuses_what_is_no_bundle(&bench, &verify, &bundle);
    bench.hefu(&["statement", "verify", "nowhere.json", "--genesis", &genesis]).check_because(1, "cannot read nowhere");
    bench.hefu(&["statement", "verify", "bundle.json", "--genesis", "3f"]).check(2);
    bench.write("bundle.json", bundle);
    let zero = "0".repeat(64);
    bench.hefu(&["statement", "verify", "bundle.json", "--genesis", &zero]).check_because(4, "this is chain");
}

/// A pool's sheet, filled in: brand and creator put 300.00 in and share what is left by halves.
fn pool_sheet(bench: &Bench) -> Value {
    let mut sheet: Value = serde_json::from_str(&bench.hefu(&["agreement", "pool"]).check(0).out).unwrap();
    for (name, value) in [
        ("contract_id", json!("P1")),
        ("obligor", json!("corenest")),
        ("arbiter", json!("wise")),
        ("required_signers", json!(["corenest", "adu"])),
        ("feeds", json!(["douyin:shop1"])),
        ("period", Value::Null),
    ] {
        sheet[name] = value;
    }
    sheet["pool"] = json!({
        "borne_by": {"fixed": ["corenest", "adu"], "variable": ["corenest"]},
        "tiers": [
            {"kind": "return_capital", "contributions": [["corenest", "2000"], ["adu", "1000"]]},
            {"kind": "split", "to": [["corenest", "1"], ["adu", "1"]]},
            {"kind": "loss", "to": [["corenest", "2"], ["adu", "1"]]},
        ],
    });
    sheet
}

/// Signs a half-signed record by a second key and hands it in.
fn second(bench: &Bench, file: &str, key: &str) {
    let signed = format!("signed-{file}");
    bench.hefu(&["record", "sign", file, "--key", key, "--out", &signed]).check(0);
    bench.hefu(&["record", "submit", &signed, "--wait"]).check(0);
}

#[test]
fn a_pool_shares_sales_less_costs_and_what_is_agreed_on_beside_it() {
    let data = tempfile::tempdir().unwrap();
    let node = DevNode::start(data.path(), &[]);
    let bench = joined(&node);
    bench.write("pool.json", pool_sheet(&bench).to_string());
    bench
        .hefu(&["agreement", "draft", "pool.json", "--with", "adu", "--key", "corenest", "--out", "draft.json"])
        .check(0);
    second(&bench, "draft.json", "adu");
    bench.write("orders.csv", orders(&[&PAID.replace("C1", "P1"), RECEIVED]));
    let import = ["facts", "import", "orders.csv", "--feed", "douyin:shop1", "--order-keys", "order-keys.json"];
    bench.hefu(&[&import[..], &["--key", "douyin"]].concat()).check(0);

    let cost = |item: &'static str, amount: &'static str| {
        ["agreement", "cost", "P1", item, "--amount", amount, "--category", "fixed", "--key", "corenest"]
    };
    bench.hefu(&cost("press", "900")).check_because(3, "a cost is signed by everybody who bears it");
    bench.hefu(&[&cost("press", "900")[..], &["--with", "adu", "--out", "cost.json"]].concat()).check(0);
    second(&bench, "cost.json", "adu");
    bench
        .hefu(&["agreement", "cost", "P1", "parcel", "--amount=-1", "--category", "rent", "--key", "corenest"])
        .check(2);
    let costs = bench.hefu(&["agreement", "show", "P1", "--costs", "--key", "adu"]).check(0).json();
    assert_eq!((&costs["costs"][0]["item"], &costs["costs"][0]["amount"]), (&json!("press"), &json!("900")));

    let adjust =
        ["agreement", "adjust", "P1", "thanks", "--amount", "adu=50", "--reason", "goodwill", "--key", "corenest"];
    bench.hefu(&[&adjust[..], &["--with", "adu", "--out", "adjust.json"]].concat()).check(0);
    second(&bench, "adjust.json", "adu");
    let agreed = bench.hefu(&["agreement", "show", "P1", "--adjustments", "--key", "adu"]).check(0).json();
    assert_eq!(agreed["adjustments"][0]["amounts"], json!({"adu": "50"}));
    bench.hefu(&["agreement", "adjust", "P1", "x", "--amount", "adu:1", "--reason", "other", "--key", "adu"]).check(2);

    let earnings = ["agreement", "show", "P1", "--account", "adu", "--earnings", "--key", "adu"];
    let told = bench.hefu(&earnings).check(0).json();
    // 89.00 less 9.00 are 80.00: 10.00 come back to her, and half of the other 50.00 are hers.
    let pool = &told["periods"][0]["earnings"][0];
    assert_eq!(pool["formula"], "89.00 − 9.00 = 80.00; return_capital 10.00 + split 25.00 = 35.00");
    assert_eq!(told["balances"], json!({"accrued": "3500", "payable": "50"}));

    bench.hefu(&["statement", "issue", "--contract", "P1", "--key", "corenest"]).check(0);
    let fetch = ["statement", "fetch", "--contract", "P1", "--party", "adu", "--number", "1", "--key", "adu", "--full"];
    bench.hefu(&[&fetch[..], &["--out", "bundle.json"]].concat()).check(0);
    let genesis = node.genesis.clone();
    assert_eq!(node.stop(), Some(0));
    let verify = ["statement", "verify", "bundle.json", "--genesis", &genesis];
    bench.hefu(&verify).check(0);
    bench.write("bundle.json", bench.read("bundle.json").replacen("\"amount\":\"900\"", "\"amount\":\"901\"", 1));
    bench.hefu(&verify).check(4);
}

#[test]
fn what_cannot_be_read_is_told_before_anything_is_signed() {
    let bench = Bench::new();
    bench.write("sheet.json", json!({"obligor": "brand", "split": [["adu", "0"]], "components": []}).to_string());
    bench.hefu(&["agreement", "check", "sheet.json"]).check_because(2, "/split");
    bench.write("sheet.json", "{");
    bench.hefu(&["agreement", "check", "sheet.json"]).check(2);
    bench.write("orders.csv", orders(&[PAID, &PAID.replace("CNY", "ABC"), &PAID.replace("8900", "89.00")]));
    let import = ["facts", "import", "orders.csv", "--feed", "douyin:shop1", "--order-keys", "k.json", "--key", "x"];
    let ran = bench.hefu(&import);
    ran.check_because(2, "2 of 3 rows cannot be read");
    assert!(ran.err.contains("line 3: currency") && ran.err.contains("line 4: part:goods"), "{}", ran.err);
    assert!(!bench.path("k.json").exists());
}
