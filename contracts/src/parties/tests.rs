use serde_json::{Value, json};

use crate::{
    action::Action,
    refusal::Code,
    row::Data,
    tests::{Deed, World, key, name},
    time::Millis,
};

fn newcomer(id: &str, prefixes: &[&str]) -> Deed {
    let mut party = json!({"admin": key(id).address(), "id": id, "kind": "workshop", "name": name("Guixiu", "桂绣坊")});
    if !prefixes.is_empty() {
        party["prefixes"] = json!(prefixes);
    }
    Deed::new(Action::PartyAdd, party).with(id)
}

fn grant(to: &str, roles: &[&str]) -> Deed {
    let grants: Vec<Value> = roles.iter().map(|role| json!({"role": role})).collect();
    Deed::new(Action::KeyGrant, json!({"grants": grants, "key": key(to).address()})).with(to)
}

fn revoke(of: &str) -> Deed {
    Deed::new(Action::KeyRevoke, json!({"key": key(of).address(), "reason": "lost"}))
}

fn product(version: u64) -> Deed {
    let name = name("Refill", "内芯");
    Deed::new(
        Action::ProductPut,
        json!({"gtin": "09528880010021", "kind": "finished", "name": name, "version": version}),
    )
}

#[test]
fn an_organisation_joins_by_a_registrar_and_its_own_key() {
    let mut world = World::new();
    world.take("corenest", &newcomer("guixiu", &["952888040"])).unwrap();
    let site = json!({"gln": "9528880400013", "name": name("Atelier", "绣坊")});
    world.take("guixiu", &Deed::new(Action::SitePut, site)).unwrap();
    assert!(
        matches!(&world.rows["party/guixiu"].data, Data::Party(party) if party.admins == [key("guixiu").address()])
    );
}

#[test]
fn joining_is_refused_for_what_is_taken() {
    let mut world = World::new();
    let mut unsigned = newcomer("guixiu", &[]);
    unsigned.also.clear();
    world.refuses("corenest", &unsigned, Code::KeyPossession, None);
    let joined = world.take("corenest", &newcomer("guixiu", &["952888040"])).unwrap();
    world.refuses("guixiu", &newcomer("other", &[]), Code::KeyRole, None);
    let mut twice = newcomer("guixiu", &[]);
    twice.body["admin"] = json!(key("second").address());
    twice.also = vec!["second".to_owned()];
    world.refuses("corenest", &twice, Code::PartyExists, Some(joined));
    let taken = [("952888040", Some(joined)), ("9528880401", Some(joined)), ("9528", None), ("952888001", None)];
    for (prefix, conflict) in taken {
        world.refuses("corenest", &newcomer("other", &[prefix]), Code::PrefixTaken, conflict);
    }
    let mut gln = newcomer("other", &[]);
    gln.body["gln"] = json!("9528880200019");
    world.refuses("corenest", &gln, Code::GlnTaken, None);
}

#[test]
fn a_key_signs_once_it_is_granted_and_never_after_it_is_revoked() {
    let mut world = World::new();
    world.refuses("desk", &product(1), Code::KeyUnknown, None);
    world.take("corenest", &grant("desk", &["catalogue"])).unwrap();
    world.take("desk", &product(1)).unwrap();
    world.refuses("desk", &revoke("corenest"), Code::KeyRole, None);
    let revoked = world.take("corenest", &revoke("desk")).unwrap();
    world.refuses("desk", &product(2), Code::KeyRevoked, Some(revoked));
    world.refuses("corenest", &revoke("desk"), Code::KeyRevoked, Some(revoked));
    world.take("corenest", &grant("desk", &["catalogue"])).unwrap();
    world.take("desk", &product(2)).unwrap();
}

#[test]
fn a_key_granted_again_continues_its_window() {
    let mut world = World::new();
    world.take("corenest", &grant("desk", &["catalogue"])).unwrap();
    let deed = product(1);
    let submission = world.sign("desk", &deed);
    world.execute(&submission).unwrap();
    world.take("corenest", &revoke("desk")).unwrap();
    world.take("corenest", &grant("desk", &["catalogue"])).unwrap();
    assert_eq!(world.execute(&submission).unwrap_err().code, Code::SeqUsed);
}

#[test]
fn a_key_revokes_itself_but_the_last_admin_stays() {
    let mut world = World::new();
    world.refuses("corenest", &revoke("corenest"), Code::KeyLastAdmin, None);
    world.refuses("corenest", &grant("corenest", &["capture"]), Code::KeyLastAdmin, None);
    world.take("corenest", &grant("desk", &["admin"])).unwrap();
    world.take("corenest", &revoke("corenest")).unwrap();
    world.refuses("desk", &revoke("desk"), Code::KeyLastAdmin, None);
    world.refuses("desk", &revoke("huaxu"), Code::KeyOfOther, None);
    world.refuses("desk", &grant("huaxu", &["admin"]), Code::KeyOfOther, None);
    world.refuses("desk", &revoke("nobody"), Code::KeyUnknown, None);
}

#[test]
fn possession_is_proven_and_weak_keys_are_refused() {
    let mut world = World::new();
    let mut unsigned = grant("desk", &["capture"]);
    unsigned.also.clear();
    world.refuses("corenest", &unsigned, Code::KeyPossession, None);
    // The identity point, of order one: every message has a signature under it.
    let mut identity = [0; 32];
    identity[0] = 1;
    let mut weak = unsigned;
    weak.body["key"] = json!(hefu_keys::Address::from_bytes(identity));
    world.refuses("corenest", &weak, Code::KeyWeak, None);
}

#[test]
fn grants_end_at_their_time() {
    let mut world = World::new();
    let grants = json!([{"expires": world.time, "role": "catalogue"}]);
    let deed = Deed::new(Action::KeyGrant, json!({"grants": grants, "key": key("desk").address()})).with("desk");
    let granted = world.take("corenest", &deed).unwrap();
    world.take("desk", &product(1)).unwrap();
    world.time = world.time.plus(Millis(1));
    world.refuses("desk", &product(2), Code::KeyExpired, Some(granted));
}

#[test]
fn authority_is_given_by_the_prefix_s_owner() {
    let mut world = World::new();
    let deed = |prefix: &str, to: &str| Deed::new(Action::AuthorityGrant, json!({"prefix": prefix, "to": to}));
    world.refuses("huaxu", &deed("952888001", "huaxu"), Code::PrefixForeign, None);
    world.refuses("corenest", &deed("9528", "huaxu"), Code::PrefixForeign, None);
    world.refuses("corenest", &deed("952888001", "nobody"), Code::PartyUnknown, None);
    let revoke = Deed::new(Action::AuthorityRevoke, json!({"prefix": "952888001", "to": "huaxu"}));
    world.refuses("corenest", &revoke, Code::AuthorityNone, None);
    world.take("corenest", &deed("952888001", "huaxu")).unwrap();
    world.take("corenest", &revoke).unwrap();
    assert!(matches!(&world.rows["authority/952888001/huaxu"].data, Data::Authority(row) if row.revoked));
}

#[test]
fn a_trade_item_is_its_owner_s_and_its_versions_follow_each_other() {
    let mut world = World::new();
    world.refuses("huaxu", &product(1), Code::PrefixForeign, None);
    world.refuses("corenest", &product(2), Code::ProductVersion, None);
    let first = world.take("corenest", &product(1)).unwrap();
    world.refuses("corenest", &product(1), Code::ProductVersion, Some(first));
    world.take("corenest", &product(2)).unwrap();
    assert_eq!(world.rows["product/09528880010021"].n, 2);
}

#[test]
fn frames_that_do_not_fit_are_refused() {
    let mut world = World::new();
    let deed = product(1);
    let change = |world: &mut World, change: &dyn Fn(&mut crate::record::draft::Draft)| {
        let mut draft = world.draft(&deed, 1);
        change(&mut draft);
        let submission = world.seal("corenest", &deed, &mut draft);
        world.execute(&submission).map_err(|refusal| (refusal.code, refusal.pointer))
    };
    let now = world.time;
    let day = 24 * 3_600_000;
    for (expected, pointer, edit) in [
        (
            Code::RecordChain,
            "/chain",
            Box::new(|draft: &mut crate::record::draft::Draft| {
                draft.chain = hefu_keys::Hash::of(b"another");
            }) as Box<dyn Fn(&mut crate::record::draft::Draft)>,
        ),
        (
            Code::RecordExpired,
            "/expires",
            Box::new(move |draft| {
                draft.expires = crate::time::Time::from_millis(now.millis() - 1).unwrap();
            }),
        ),
        (Code::RecordExpiresLate, "/expires", Box::new(move |draft| draft.expires = now.plus(Millis(30 * day + 1)))),
        (Code::SeqWindow, "/seq", Box::new(|draft| draft.seq = 4_097)),
    ] {
        assert_eq!(change(&mut world, &*edit), Err((expected, pointer.to_owned())));
    }
    change(&mut world, &|draft| draft.expires = now.plus(Millis(30 * day))).unwrap();
    let used = change(&mut world, &|draft| draft.nonce = [7; 16]);
    assert_eq!(used, Err((Code::SeqUsed, "/seq".to_owned())));
}

#[test]
fn only_a_registrar_makes_a_registrar() {
    let mut world = World::new();
    world.take("corenest", &newcomer("guixiu", &[])).unwrap();
    world.refuses("guixiu", &grant("desk", &["registrar"]), Code::KeyRole, None);
    world.take("corenest", &grant("desk", &["registrar"])).unwrap();
    world.take("desk", &newcomer("second", &[])).unwrap();
}

#[test]
fn an_admin_key_that_expires_cannot_be_the_last() {
    let mut world = World::new();
    let mut passing = grant("desk", &["admin"]);
    passing.body["grants"][0]["expires"] = json!("2026-12-01T00:00:00.000Z");
    world.take("corenest", &passing).unwrap();
    world.refuses("corenest", &revoke("corenest"), Code::KeyLastAdmin, None);
    world.take("corenest", &grant("second", &["admin"])).unwrap();
    world.take("second", &revoke("corenest")).unwrap();
}

#[test]
fn a_number_under_the_prefix_of_another_is_not_given_away() {
    let mut world = World::new();
    let site = |gln: &str| Deed::new(Action::SitePut, json!({"gln": gln, "name": name("Hall", "厂房")}));
    world.refuses("puyan", &site("9528880200026"), Code::GlnTaken, None);
    world.take("huaxu", &site("9528880200026")).unwrap();
    world.take("puyan", &site("9528880700021")).unwrap();
    let mut joining = newcomer("guixiu", &[]);
    joining.body["gln"] = json!("9528880200033");
    world.refuses("corenest", &joining, Code::GlnTaken, None);
}
