//! Keys.

use hefu_contracts::{
    action::Action,
    parties::{Allowance, Quota},
};
use serde_json::json;

use crate::{
    client::get,
    demo::{Deed, Demo, key},
};

#[actix_web::test]
async fn a_key_is_shown_with_its_next_sequence_number() {
    let (demo, batch) = Demo::with_codes();
    let address = format!("/v1/keys/{}", key("corenest").address());
    get(demo.chain.clone(), &address).await.is_kept_as("key.json");
    assert_eq!(get(demo.chain.clone(), &address).await.json()["nextSeq"], 4);

    let of_maker = format!("/v1/keys/{}", key("yueling").address());
    assert_eq!(get(demo.chain.clone(), &of_maker).await.json()["nextSeq"], 1);
    let submission = demo.sign("yueling", &demo.commission(batch, 0, 1));
    crate::client::post(demo.chain.clone(), "/v1/records", "application/json", submission).await;
    let answer = get(demo.chain.clone(), &of_maker).await;
    assert_eq!(answer.json()["nextSeq"], 2, "a pending record uses its number");
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[actix_web::test]
async fn a_revoked_key_says_so() {
    let demo = Demo::new();
    let grants = json!([{"expires": "2026-12-31T00:00:00.000Z", "role": "capture"}]);
    let grant = Deed::new(Action::KeyGrant, json!({"grants": grants, "key": key("scanner").address()}));
    demo.take_with("yueling", &["scanner"], &grant);
    let address = format!("/v1/keys/{}", key("scanner").address());
    let granted = get(demo.chain.clone(), &address).await.json();
    assert_eq!((&granted["expires"], granted.get("revoked")), (&json!("2026-12-31T00:00:00.000Z"), None));
    let body = json!({"key": key("scanner").address(), "reason": "lost"});
    demo.take("yueling", &Deed::new(Action::KeyRevoke, body));
    get(demo.chain.clone(), &address).await.is_kept_as("key-revoked.json");
}

#[actix_web::test]
async fn an_unregistered_or_malformed_address_is_told_apart() {
    let demo = Demo::new();
    let stranger = get(demo.chain.clone(), &format!("/v1/keys/{}", key("mallory").address())).await;
    stranger.is_problem(404, "E-KEY-UNREGISTERED");
    for address in ["5FA9", "12bzRJfh7arnnfPPUZHeJUaE62QLEwhK48QnH9LXeK2m1iZU"] {
        get(demo.chain.clone(), &format!("/v1/keys/{address}")).await.is_problem(400, "E-PATH");
    }
}

#[actix_web::test]
async fn an_organisation_s_quota_is_shown_with_what_it_has_recorded() {
    let demo = Demo::new();
    let before = get(demo.chain.clone(), "/v1/quotas/yueling").await.json();
    assert_eq!((&before["own"], before.get("spent")), (&json!(false), None));
    assert_eq!(before["limits"], json!(Quota::default()));

    let few = |allowance: Allowance| Allowance { records_per_day: 1, ..allowance };
    let default = Quota::default();
    let limits = Quota { key: few(default.key), organisation: default.organisation };
    demo.take("corenest", &Deed::new(Action::QuotaSet, json!({"limits": limits, "party": "yueling"})));
    let deed = |name: &str| {
        let grants = json!([{"role": "capture"}]);
        Deed::new(Action::KeyGrant, json!({"grants": grants, "key": key(name).address()}))
    };
    demo.take_with("yueling", &["scanner"], &deed("scanner"));
    let answer = get(demo.chain.clone(), "/v1/quotas/yueling").await;
    let after = answer.json();
    assert_eq!((&after["own"], &after["limits"]), (&json!(true), &json!(limits)));
    assert_eq!(after["spent"]["records"], 1);
    assert_eq!(answer.header("cache-control"), "no-store");
    get(demo.chain.clone(), "/v1/quotas/mallory").await.is_problem(404, "E-PARTY-UNREGISTERED");

    let submission = demo.sign_with("yueling", &["belt"], &deed("belt"));
    let turned_away = crate::client::post(demo.chain.clone(), "/v1/records", "application/json", submission).await;
    turned_away.is_problem(429, "E-QUOTA-KEY");
    let seconds: u64 = turned_away.header("retry-after").parse().unwrap();
    assert!((1..=86_400).contains(&seconds), "{seconds}");
    assert!(turned_away.json()["detail"].as_str().unwrap().contains("again from "), "it says when");
}
