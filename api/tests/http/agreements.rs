//! Agreements: for their parties, each account for its owner and who pays it.

use std::collections::BTreeSet;

use actix_web::{http::StatusCode, test::TestRequest};
use hefu_api::Ledger;
use hefu_contracts::{action::Action, agreements::bundle::Bundle};
use serde_json::json;

use crate::{
    client::{Answer, ask, get},
    demo::Deed,
    secrets::{CONTRACT, OWED, VISITORS, World, tells},
};

async fn read(world: &World, visitor: &str, address: &str) -> Answer {
    let visitor = VISITORS.iter().find(|known| known.name == visitor).unwrap();
    ask(world.demo.chain.clone(), visitor.asks(world, TestRequest::get().uri(address))).await
}

fn account(party: &str) -> String {
    format!("/v1/agreements/{CONTRACT}/accounts/{party}")
}

#[actix_web::test]
async fn every_amount_is_shown_to_its_owner_its_payer_and_auditors_by_every_route() {
    let world = World::new();
    let document = get(world.demo.chain.clone(), "/v1/openapi.json").await.json();
    let routes = document["paths"].as_object().unwrap().keys().filter(|path| path.starts_with("/v1/agreements"));
    let mut addresses: Vec<String> = routes
        .flat_map(|route| {
            let filled = route.replace("{contract}", CONTRACT).replace("{number}", "1");
            OWED.map(|(party, _)| filled.replace("{party}", party))
        })
        .collect();
    let full: Vec<_> = addresses.iter().filter(|address| address.contains("/statements/")).cloned().collect();
    addresses.extend(full.iter().map(|address| format!("{address}?full=true")));
    assert!(addresses.len() >= 18);
    for visitor in VISITORS.iter().filter(|visitor| visitor.refused.is_none()) {
        let mut seen = BTreeSet::new();
        for address in &addresses {
            let text = read(&world, visitor.name, address).await.text();
            seen.extend(OWED.iter().filter(|(_, owed)| tells(&text, owed)).map(|(party, _)| *party));
        }
        let expected: &[&str] = match visitor.name {
            "creator" => &["creator"],
            "yueling" => &["yueling"],
            "corenest" | "audits" => &["creator", "yueling"],
            _ => &[],
        };
        assert_eq!(seen, expected.iter().copied().collect(), "{}", visitor.name);
    }
}

#[actix_web::test]
async fn for_everybody_else_a_contract_does_not_exist() {
    let world = World::new();
    for stranger in ["nobody", "store"] {
        for address in
            [format!("/v1/agreements/{CONTRACT}"), account("creator"), format!("/v1/agreements/{CONTRACT}/lines")]
        {
            read(&world, stranger, &address).await.is_problem(404, "E-AGREEMENT-UNREADABLE");
            let unsigned = address.replace(CONTRACT, "NEVER");
            read(&world, stranger, &unsigned).await.is_problem(404, "E-AGREEMENT-UNREADABLE");
        }
        assert_eq!(read(&world, stranger, "/v1/agreements").await.json()["agreements"], serde_json::json!([]));
    }
    read(&world, "creator", &account("yueling")).await.is_problem(404, "E-ACCOUNT-UNKNOWN");
    read(&world, "creator", &account("store")).await.is_problem(404, "E-ACCOUNT-UNKNOWN");
    read(&world, "creator", &format!("{}/statements/2", account("creator")))
        .await
        .is_problem(404, "E-STATEMENT-UNISSUED");
    read(&world, "creator", &format!("{}/statements/x", account("creator"))).await.is_problem(400, "E-PATH");
    read(&world, "creator", &format!("{}?after=x", account("creator"))).await.is_problem(400, "E-QUERY");
}

#[actix_web::test]
async fn an_account_leads_to_the_bundle_that_proves_it() {
    let world = World::new();
    let list = read(&world, "creator", "/v1/agreements").await.json();
    let agreement = read(&world, "creator", list["agreements"][0]["link"].as_str().unwrap()).await.json();
    assert_eq!(agreement["accounts"]["creator"]["accrued"], OWED[0].1);
    assert!(agreement["accounts"]["yueling"].is_null());
    assert_eq!(agreement["versions"][0]["terms"]["contract_id"], CONTRACT);
    let account = read(&world, "creator", &account("creator")).await.json();
    assert_eq!((&account["n"], &account["entries"][0]["n"]), (&1.into(), &1.into()));
    assert_eq!(account["entries"][0]["data"][0]["postings"][0]["unit"], "comp:fee");
    let address = account["statements"][0]["bundle"].as_str().unwrap();
    let answer = read(&world, "creator", address).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("content-type"), "application/vnd.hefu.statement+json");
    let bundle = Bundle::read(answer.text().as_bytes()).unwrap();
    let proven = bundle.check(&world.demo.chain.genesis().chain()).unwrap();
    assert_eq!((proven.party.as_str(), proven.number, proven.entries.len()), ("creator", 1, 1));
    assert!(!proven.has_facts);
    let full = read(&world, "creator", &format!("{address}?full=true")).await;
    let full = Bundle::read(full.text().as_bytes()).unwrap();
    assert!(full.check(&world.demo.chain.genesis().chain()).unwrap().has_facts);
    let moved = read(&world, "creator", &format!("{address}/movements")).await.json();
    assert_eq!(
        (&moved["movements"][0]["amount"], &moved["movements"][0]["formula"], &moved["movements"][0]["event"]),
        (&json!(OWED[0].1), &json!("11100.01; × 7/10 = 7770.01"), &json!("milestone"))
    );
    let beyond = read(&world, "creator", &format!("{address}/movements?after=1")).await.json();
    assert_eq!((&beyond["movements"], &beyond["next"]), (&json!([]), &json!(null)));
    read(&world, "yueling", &format!("{address}/movements")).await.is_problem(404, "E-ACCOUNT-UNKNOWN");
    read(&world, "creator", &format!("{address}?full=perhaps")).await.is_problem(400, "E-QUERY");
    read(&world, "store", &format!("{address}?full=true")).await.is_problem(404, "E-AGREEMENT-UNREADABLE");
}

#[actix_web::test]
async fn earnings_say_what_comes_of_which_term_and_what_it_waits_for() {
    let world = World::new();
    let earnings = read(&world, "creator", &format!("{}/earnings", account("creator"))).await.json();
    assert_eq!((&earnings["party"], &earnings["lines"]), (&"creator".into(), &serde_json::json!([])));
    assert_eq!(earnings["balances"]["accrued"], OWED[0].1);
    let period = &earnings["periods"][0];
    assert_eq!((&period["version"], &period["period"]), (&"1".into(), &serde_json::Value::Null));
    assert_eq!(
        period["earnings"][0],
        serde_json::json!({
            "amount": OWED[0].1, "component": "fee", "formula": "11100.01; × 7/10 = 7770.01", "reason": "awaits-close",
            "reversed": "0", "state": "pending", "unit": "comp:fee", "version": 1,
        })
    );
    // The payer may read what everybody earns; the other party may not.
    let payer = read(&world, "corenest", &format!("{}/earnings", account("yueling"))).await.json();
    assert_eq!(payer["periods"][0]["earnings"][0]["amount"], OWED[1].1);
    read(&world, "yueling", &format!("{}/earnings", account("creator"))).await.is_problem(404, "E-ACCOUNT-UNKNOWN");
    let payouts = read(&world, "creator", &format!("{}/payouts", account("creator"))).await.json();
    assert_eq!(payouts, serde_json::json!({"payouts": []}));
    let disputes = read(&world, "creator", &format!("/v1/agreements/{CONTRACT}/disputes")).await.json();
    assert_eq!(disputes, serde_json::json!({"disputes": []}));
}

#[actix_web::test]
async fn costs_of_a_pool_and_adjustments_are_listed_with_what_was_signed() {
    let world = World::new();
    for list in ["costs", "adjustments"] {
        let none = read(&world, "creator", &format!("/v1/agreements/{CONTRACT}/{list}")).await.json();
        assert_eq!(none, json!({list: []}));
    }
    let all = ["creator", "yueling"];
    let terms = json!({
        "contract_id": "P1", "effective_from": "2026-01-01T00:00:00Z", "obligor": "corenest",
        "required_signers": ["corenest", "creator", "yueling"], "pool": {
            "borne_by": {"fixed": ["corenest", "creator"]},
            "tiers": [{"kind": "split", "to": [["creator", "7"], ["yueling", "3"]]},
                      {"kind": "loss", "to": [["corenest", "1"]]}],
        },
    });
    world.demo.take_with("corenest", &all, &Deed::new(Action::AgreementSign, json!({"terms": terms})).private());
    let at = world.demo.chain.now();
    let cost = json!({"amount": "4200", "category": "fixed", "contract": "P1", "item": "press"});
    let report = Deed::new(Action::FactReport, json!({"at": at, "fact": {"cost": cost}})).private();
    let reported = world.demo.take_with("corenest", &["creator"], &report);
    let body = json!({"about": "pool:creator", "amounts": {"creator": "55"}, "contract": "P1", "name": "thanks",
        "reason": "goodwill"});
    let agreed = world.demo.take_with("corenest", &all, &Deed::new(Action::AgreementAdjust, body).private());

    let costs = read(&world, "yueling", "/v1/agreements/P1/costs").await.json();
    let told = json!({"amount": "4200", "at": at, "category": "fixed", "item": "press", "record": reported.id});
    assert_eq!(costs, json!({"costs": [told]}));
    let adjustments = read(&world, "yueling", "/v1/agreements/P1/adjustments").await.json();
    let adjustment = &adjustments["adjustments"][0];
    assert_eq!((&adjustment["amounts"], &adjustment["record"]), (&json!({"creator": "55"}), &json!(agreed.id)));
    let earnings = read(&world, "creator", "/v1/agreements/P1/accounts/creator/earnings").await.json();
    assert_eq!(earnings["adjustments"][0]["unit"], "adjustment:thanks");
    assert_eq!(
        (&earnings["balances"]["payable"], &earnings["periods"][0]["earnings"][0]["component"]),
        (&json!("55"), &json!("pool"))
    );
    for list in ["costs", "adjustments"] {
        read(&world, "store", &format!("/v1/agreements/P1/{list}")).await.is_problem(404, "E-AGREEMENT-UNREADABLE");
    }
}

#[actix_web::test]
async fn an_account_is_written_in_every_format() {
    let world = World::new();
    let export = format!("{}/export", account("creator"));
    let csv = read(&world, "creator", &export).await;
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8; header=present");
    assert_eq!(csv.header("content-disposition"), "attachment; filename=\"M1-creator.csv\"");
    assert_eq!(csv.header("cache-control"), "private, no-store");
    let csv = csv.text();
    let lines: Vec<&str> = csv.lines().collect();
    assert!(lines[0].starts_with("n,time,height,record,event,"), "{csv}");
    assert!(lines[1].starts_with("1,") && lines[1].ends_with(",comp:fee,1,accrued,7770.01,7770.01,CNY"), "{csv}");
    let beancount = read(&world, "creator", &format!("{export}?format=beancount")).await.text();
    assert!(beancount.contains(" balance Assets:M1:Accrued 7770.01 CNY\n"), "{beancount}");
    for format in ["hledger", "ledger"] {
        let journal = read(&world, "creator", &format!("{export}?format={format}")).await.text();
        assert!(journal.contains("  CNY 7770.01 = CNY 7770.01\n"), "{journal}");
    }
    read(&world, "creator", &format!("{export}?format=xlsx")).await.is_problem(400, "E-QUERY");
    read(&world, "yueling", &export).await.is_problem(404, "E-ACCOUNT-UNKNOWN");
}
