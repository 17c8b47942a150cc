use serde_json::{Value, json};

use super::*;
use crate::{
    block::{Invalid, execute_all},
    execute::Moment,
    height::Height,
    row::{Data, Row},
    tests::{Deed, World, genesis, golden::golden, key, name, time},
};

fn allowance(block: (u64, u64), day: (u64, u64)) -> Value {
    json!({
        "bytesPerBlock": block.1, "bytesPerDay": day.1, "recordsPerBlock": block.0, "recordsPerDay": day.0,
    })
}

/// Records and bytes, each with room for everything where it is not named.
const ROOM: (u64, u64) = (1_000, 4_000_000);

fn limits(of_key: (u64, u64), of_all: (u64, u64)) -> Value {
    json!({"key": allowance(ROOM, of_key), "organisation": allowance(ROOM, of_all)})
}

fn set(party: Option<&str>, limits: Option<Value>) -> Deed {
    let mut body = json!({});
    if let Some(party) = party {
        body["party"] = json!(party);
    }
    if let Some(limits) = limits {
        body["limits"] = limits;
    }
    Deed::new(Action::QuotaSet, body)
}

fn site(number: u32) -> Deed {
    // Places of a prefix that nobody has registered, with their check digits.
    let body = format!("40123450{number:04}");
    let sum: u32 =
        body.bytes().rev().zip([3, 1].into_iter().cycle()).map(|(digit, by)| u32::from(digit - b'0') * by).sum();
    Deed::new(Action::SitePut, json!({"gln": format!("{body}{}", (10 - sum % 10) % 10), "name": name("Yard", "场地")}))
}

fn spent(world: &World, party: &str) -> Option<Spent> {
    match &world.rows.get(&row::key_of_quota(party))?.data {
        Data::Quota(row) => row.spent,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_recorded_counts_for_key_and_organisation_and_begins_anew_each_day() {
    let mut world = World::new();
    world.take("huaxu", &site(1)).unwrap();
    let first = spent(&world, "huaxu").unwrap();
    assert_eq!((first.records, first.since), (1, time("2026-09-21T00:00:00.000Z")));
    assert!(first.bytes > 500, "{first:?}");
    world.take("huaxu", &site(2)).unwrap();
    assert_eq!(spent(&world, "huaxu").unwrap(), Spent { records: 2, bytes: 2 * first.bytes, ..first });
    let row = &world.rows[&row::key_of_key(&key("huaxu").address())];
    assert!(matches!(&row.data, Data::Key(key) if key.spent == spent(&world, "huaxu")), "{row}");
    assert_eq!(spent(&world, "yueling"), None, "others have spent nothing");

    world.time = time("2026-09-22T00:00:00.000Z");
    world.take("huaxu", &site(3)).unwrap();
    assert_eq!(spent(&world, "huaxu").unwrap(), Spent { records: 1, bytes: first.bytes, since: world.time });
}

#[test]
fn a_key_has_its_own_quota_and_the_organisation_one_for_all_of_them() {
    let mut world = World::new();
    let grant = json!({"grants": [{"role": "admin"}], "key": key("desk").address()});
    world.take("huaxu", &Deed::new(Action::KeyGrant, grant).with("desk")).unwrap();
    world.take("corenest", &set(Some("huaxu"), Some(limits((3, 4_000_000), (4, 4_000_000))))).unwrap();
    world.take("huaxu", &site(1)).unwrap();
    world.take("huaxu", &site(2)).unwrap();
    world.refuses("huaxu", &site(3), Code::QuotaKey, None);
    world.take("desk", &site(3)).unwrap();
    world.refuses("desk", &site(4), Code::QuotaOrganisation, None);
    let refusal = world.take("desk", &site(4)).unwrap_err();
    assert!(refusal.detail.contains("again from 2026-09-22T00:00:00.000Z"), "{refusal}");
    world.take("yueling", &site(5)).unwrap();

    // A key that may be in the wrong hands is taken back all the same, and by a key that has spent everything.
    let revoke = json!({"key": key("desk").address(), "reason": "lost"});
    world.take("huaxu", &Deed::new(Action::KeyRevoke, revoke)).unwrap();
    world.time = time("2026-09-22T08:00:00.000Z");
    world.take("huaxu", &site(4)).unwrap();
}

#[test]
fn bytes_count_as_well_with_the_lists_of_a_record() {
    let mut world = World::new();
    world.take("huaxu", &site(1)).unwrap();
    let bytes = spent(&world, "huaxu").unwrap().bytes;
    world.take("corenest", &set(Some("huaxu"), Some(limits((100, 4_000_000), (100, 2 * bytes))))).unwrap();
    world.take("huaxu", &site(2)).unwrap();
    world.refuses("huaxu", &site(3), Code::QuotaOrganisation, None);

    let (mut world, codes, _) = World::with_codes();
    let deed = codes.commission(0, 4, "9528880300016", "2026-09-21T07:00:00.000Z");
    let before = spent(&world, "yueling").map_or(0, |spent| spent.bytes);
    let submission = world.sign("yueling", &deed);
    world.execute(&submission).unwrap();
    let listed: usize = deed.lists.values().flatten().map(String::len).sum();
    assert!(listed > 0);
    let expected = before + (submission.record().text.len() + listed) as u64;
    assert_eq!(spent(&world, "yueling").unwrap().bytes, expected);
}

#[test]
fn a_record_that_no_block_could_hold_is_turned_away() {
    let mut world = World::new();
    let narrow = json!({"key": allowance((10, 600), ROOM), "organisation": allowance((10, 100_000), ROOM)});
    world.take("corenest", &set(Some("huaxu"), Some(narrow))).unwrap();
    world.refuses("huaxu", &site(1), Code::QuotaBlock, None);
    world.take("yueling", &site(1)).unwrap();
}

#[test]
fn an_organisation_s_quota_comes_before_everybody_s_and_that_before_the_default() {
    let mut world = World::new();
    world.take("corenest", &set(None, Some(limits((1, 4_000_000), (1, 4_000_000))))).unwrap();
    world.take("corenest", &set(Some("huaxu"), Some(limits((2, 4_000_000), (2, 4_000_000))))).unwrap();
    world.take("huaxu", &site(1)).unwrap();
    world.take("huaxu", &site(2)).unwrap();
    world.refuses("huaxu", &site(3), Code::QuotaKey, None);
    world.take("yueling", &site(3)).unwrap();
    world.refuses("yueling", &site(4), Code::QuotaKey, None);
    // What was spent is remembered over every change.
    world.take("corenest", &set(Some("huaxu"), None)).unwrap();
    world.refuses("huaxu", &site(4), Code::QuotaKey, None);
    world.take("corenest", &set(None, None)).unwrap();
    world.take("huaxu", &site(4)).unwrap();
    assert_eq!(spent(&world, "huaxu").unwrap().records, 3);
}

#[test]
fn quotas_are_set_by_registrars_for_organisations_that_exist_and_are_never_nothing() {
    let mut world = World::new();
    let grant = json!({"grants": [{"role": "admin"}, {"role": "capture"}], "key": key("desk").address()});
    world.take("corenest", &Deed::new(Action::KeyGrant, grant).with("desk")).unwrap();
    world.refuses("desk", &set(None, None), Code::KeyRole, None);
    world.refuses("corenest", &set(Some("nobody"), None), Code::PartyUnknown, None);
    for place in ["key", "organisation"] {
        let mut of = limits((1, 1), (1, 1));
        of[place]["recordsPerDay"] = json!(0);
        let refusal = world.take("corenest", &set(None, Some(of))).unwrap_err();
        assert_eq!((refusal.code, refusal.pointer), (Code::RecordShape, format!("/body/limits/{place}/recordsPerDay")));
    }
}

#[test]
fn a_block_holds_of_nobody_more_than_the_quota_allows() {
    let mut world = World::new();
    let two = json!({"key": allowance((2, 4_000_000), ROOM), "organisation": allowance((3, 4_000_000), ROOM)});
    world.take("corenest", &set(Some("huaxu"), Some(two))).unwrap();
    let grant = json!({"grants": [{"role": "admin"}], "key": key("desk").address()});
    world.take("huaxu", &Deed::new(Action::KeyGrant, grant).with("desk")).unwrap();
    let moment = Moment { chain: world.chain, height: Height::new(9).unwrap(), time: world.time };
    let mut signed = |who: &str, seq: u64, number: u32| {
        let deed = site(number);
        let mut draft = world.draft(&deed, seq);
        world.seal(who, &deed, &mut draft)
    };
    let (a, b, c) = (signed("huaxu", 50, 1), signed("huaxu", 51, 2), signed("huaxu", 52, 3));
    let (d, e) = (signed("desk", 50, 4), signed("desk", 51, 5));
    let other = signed("yueling", 50, 6);
    let executed = |records: &[&Submission]| {
        let records: Vec<Submission> = records.iter().map(|record| (*record).clone()).collect();
        execute_all(&world.rows, &moment, &records)
    };
    assert!(executed(&[&a, &b, &d, &other]).is_ok());
    assert!(matches!(executed(&[&a, &b, &c]), Err(Invalid::Quota { index: 2 })), "the key");
    assert!(matches!(executed(&[&a, &d, &b, &other, &e]), Err(Invalid::Quota { index: 4 })), "the organisation");
}

#[test]
fn genesis_may_say_what_everybody_may_record() {
    let quota: Quota = serde_json::from_value(limits((5, 4_000_000), (9, 4_000_000))).unwrap();
    let mut genesis = genesis();
    let before = genesis.rows().unwrap();
    assert!(!before.contains_key(KEY_OF_QUOTA), "the default needs no row");
    genesis.parameters.quota = Some(quota);
    let rows = genesis.rows().unwrap();
    assert!(matches!(&rows[KEY_OF_QUOTA].data, Data::Quota(row) if row.limits == Some(quota)));
    assert_eq!(crate::genesis::Genesis::read(&genesis.text()).unwrap(), genesis);
    genesis.parameters.quota = Some(Quota { key: Allowance { bytes_per_day: 0, ..quota.key }, ..quota });
    assert!(crate::genesis::Genesis::read(&genesis.text()).is_err());
}

#[test]
fn golden_rows_and_record() {
    let mut world = World::new();
    let deed = set(Some("huaxu"), Some(limits((3, 4_000_000), (4, 4_000_000))));
    world.take("corenest", &deed).unwrap();
    world.take("huaxu", &site(1)).unwrap();
    let row = &world.rows[&row::key_of_quota("huaxu")];
    let file = golden("rows/quota.json", &row.text());
    assert_eq!(Row::read(&file).unwrap(), **row);
    let submission = world.sign("corenest", &deed);
    golden("records/quota.set.json", &submission.text());
}
