//! A small trade for rule tests: a brand, a creator with her agency, a platform with a feed, an arbiter and an auditor.

mod audience;
mod bad_input;
mod campaign;
mod disputes;
pub(super) mod earnings;
mod export;
pub(super) mod golden;
mod lines;
mod money;
mod pools;
mod signing;
mod story;
pub(super) mod written;

use std::collections::BTreeMap;

use hefu_keys::Hash;
use serde_json::{Value, json};

use super::{ATTRIBUTION, CODES};
use crate::{
    action::Action,
    refusal::{Code, Refusal},
    row::Data,
    tests::{BOTTLE, Deed, REFILL, World, key, name, time},
    time::Millis,
};

pub(super) const DAY: i64 = 86_400_000;
pub(super) const FEED: &str = "douyin:shop1";

/// The world, and what the platform knows.
pub(super) struct Trade {
    pub world: World,
}

impl Trade {
    pub(super) fn new() -> Trade {
        Trade::over(World::new())
    }

    /// In a world in which something happened before.
    pub(super) fn over(world: World) -> Trade {
        let mut trade = Trade { world };
        for (id, kind) in [
            ("adu", "kol"),
            ("mcn", "mcn"),
            ("douyin", "platform"),
            ("wise", "lab"),
            ("shen", "auditor"),
            ("may", "kol"),
        ] {
            let party = json!({"admin": key(id).address(), "id": id, "kind": kind, "name": name(id, id)});
            trade.world.take("corenest", &Deed::new(Action::PartyAdd, party).with(id)).unwrap();
        }
        trade.take("douyin", Action::FeedPut, json!({"feed": FEED, "key": key("douyin").address()})).unwrap();
        trade
    }

    /// A trade in which the agreement `C1` was signed.
    pub(super) fn signed() -> Trade {
        let mut trade = Trade::new();
        trade.sign(&sheet("C1")).unwrap();
        trade
    }

    pub(super) fn deed(action: Action, body: Value) -> Deed {
        let deed = Deed::new(action, body);
        if action == Action::FeedPut { deed } else { deed.private() }
    }

    pub(super) fn take(&mut self, author: &str, action: Action, body: Value) -> Result<Hash, Refusal> {
        self.world.take(author, &Trade::deed(action, body))
    }

    #[track_caller]
    pub(super) fn refuses(&mut self, author: &str, action: Action, body: Value, code: Code) {
        let refusal = self.take(author, action, body).expect_err("was accepted");
        assert_eq!(refusal.code, code, "{refusal}");
    }

    /// Signs a sheet by everybody it requires.
    pub(super) fn sign(&mut self, sheet: &Value) -> Result<Hash, Refusal> {
        let deed = Trade::deed(Action::AgreementSign, json!({"terms": sheet}));
        let deed = deed.with("corenest").with("adu").with("mcn");
        self.world.take("corenest", &deed)
    }

    pub(super) fn wait(&mut self, days: i64) {
        self.world.time = self.world.time.plus(Millis(u64::try_from(days * DAY).unwrap()));
    }

    /// A line of one piece, paid now.
    pub(super) fn paid(&mut self, order: &str, amount: i128, shares: &[(&str, u32)]) -> Result<Hash, Refusal> {
        let deed = self.paid_deed(order, amount, 1, shares);
        self.world.take("douyin", &deed)
    }

    pub(super) fn paid_deed(&self, order: &str, amount: i128, units: u32, shares: &[(&str, u32)]) -> Deed {
        let now = self.world.time;
        let body = json!({"at": now, "feed": FEED, "fact": {"paid": {
            "createdAt": now, "currency": "CNY", "line": "1", "order": order_of(order, now.to_string().get(..7).unwrap()),
            "parts": {"goods": amount.to_string()}, "product": REFILL, "units": units.to_string(),
        }}});
        let mut deed = Trade::deed(Action::FactReport, body);
        let mut elements: Vec<String> =
            shares.iter().map(|(contract, share)| json!([contract, share.to_string()]).to_string()).collect();
        elements.sort();
        if !elements.is_empty() {
            deed.lists.insert(ATTRIBUTION.to_owned(), elements);
        }
        deed
    }

    /// A further fact about a line of September.
    pub(super) fn fact(&self, fact: &str, order: &str, more: &Value) -> Deed {
        let mut body = json!({"line": "1", "order": order_of(order, "2026-09")});
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        Trade::deed(Action::FactReport, json!({"at": self.world.time, "feed": FEED, "fact": {fact: body}}))
    }

    pub(super) fn received(&mut self, order: &str) -> Result<Hash, Refusal> {
        let deed = self.fact("received", order, &json!({}));
        self.world.take("douyin", &deed)
    }

    pub(super) fn refunded(&mut self, order: &str, amount: i128, units: u32) -> Result<Hash, Refusal> {
        let more = json!({"parts": {"goods": amount.to_string()}, "units": units.to_string()});
        let deed = self.fact("refunded", order, &more);
        self.world.take("douyin", &deed)
    }

    pub(super) fn release(&mut self, contract: &str, units: &[String]) -> Result<Hash, Refusal> {
        self.take("may", Action::HoldRelease, json!({"contract": contract, "units": units}))
    }

    /// What stands in a party's bucket.
    pub(super) fn holds(&self, contract: &str, party: &str, bucket: &str) -> i128 {
        let row = self.world.rows.get(&format!("account/{contract}/{party}"));
        let Some(Data::Account(account)) = row.map(|row| &row.data) else { return 0 };
        account.balances.get(bucket).map_or(0, |amount| amount.get())
    }

    /// What all accounts of a contract hold together: nothing.
    pub(super) fn total(&self, contract: &str) -> i128 {
        let prefix = format!("account/{contract}/");
        let rows = self.world.rows.iter().filter(|(key, _)| key.starts_with(&prefix));
        let sums = rows.map(|(_, row)| match &row.data {
            Data::Account(account) => account.balances.values().map(|amount| amount.get()).sum::<i128>(),
            _ => unreachable!("an account's row"),
        });
        sums.sum()
    }
}

/// The key of an order's commitment, as a platform would make it.
pub(super) fn order_of(order: &str, month: &str) -> String {
    format!("{month}/{}", Hash::of(order.as_bytes()))
}

/// Name of the unit that a line earns.
pub(super) fn unit(order: &str) -> String {
    format!("line:douyin/{}/1:comm", order_of(order, "2026-09"))
}

/// A sheet: 20 % per line less 10 % fee, shared 7 to 3.
pub(super) fn sheet(contract: &str) -> Value {
    json!({
        "arbiter": "wise", "contract_id": contract, "version": "1", "currency": "CNY", "tz_offset_min": "480",
        "effective_from": "2026-09-01T00:00:00+08:00", "required_signers": ["corenest", "adu", "mcn"],
        "obligor": "corenest", "fee_to": "douyin", "feeds": [FEED],
        "scope": {"products": [REFILL, BOTTLE], "contents": "any"}, "base": {"goods": "1"},
        "components": [{"id": "comm", "kind": "per_line", "ppm": "200000", "fee_ppm": "100000"}],
        "split": [["adu", "7"], ["mcn", "3"]], "hold_days": "15", "period": "month", "dispute_days": "30",
        "min_payout": "100", "clawback_limit": "5000000", "decrease_notice_days": "30",
    })
}

/// A sheet's next version with some fields changed.
pub(super) fn amended(before: &Value, prev: Hash, from: &str, changes: &Value) -> Value {
    let mut sheet = before.clone();
    let version: u32 = before["version"].as_str().unwrap().parse().unwrap();
    sheet["version"] = json!((version + 1).to_string());
    sheet["prev"] = json!(prev.to_string());
    sheet["effective_from"] = json!(from);
    for (name, value) in changes.as_object().unwrap() {
        sheet[name] = value.clone();
    }
    sheet
}
