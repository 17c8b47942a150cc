mod corrections;
mod examples;
mod histories;
mod lots;
mod model;
mod nesting;
mod recalls;
mod reports;
mod transforming;
mod travel;

use serde_json::json;

use crate::{
    refusal::Code,
    row::Data,
    tests::{BOTTLE, Codes, Deed, REFILL, World, event},
};

const BRAND: &str = "9528880100012";
const HUAXU: &str = "9528880200019";
const YUELING: &str = "9528880300016";
const LAB: &str = "9528880700014";
const AT: &str = "2026-09-21T10:00:00.000+08:00";
const LATER: &str = "2026-09-21T12:00:00.000+08:00";
const SSCC: &str = "https://id.gs1.org/00/095288802000000019";

fn see(step: &str, place: &str, at: &str, things: &[String]) -> Deed {
    event("ObjectEvent", "OBSERVE", step, place, at, things)
}

fn ship(to: &str, place: &str, at: &str, things: &[String]) -> Deed {
    let mut deed = see("shipping", place, at, things);
    let pgln = format!("https://id.gs1.org/417/{to}");
    deed.body["event"]["destinationList"] = json!([{"type": "possessing_party", "destination": pgln}]);
    deed
}

/// A world with three refills commissioned at Yueling and two bottles at Huaxu.
fn made() -> (World, Vec<String>, Vec<String>) {
    let (mut world, refills, bottles) = World::with_codes();
    world.take("yueling", &refills.commission(0, 3, YUELING, AT)).unwrap();
    world.take("huaxu", &bottles.commission(0, 2, HUAXU, AT)).unwrap();
    let epcs = |codes: &Codes, count| (0..count).map(|index| codes.epc(index)).collect();
    (world, epcs(&refills, 3), epcs(&bottles, 2))
}

fn thing(world: &World, epc: &str) -> super::ThingRow {
    let key = crate::row::key_of_thing(&epc.parse_epc());
    match &world.rows[&key].data {
        Data::Thing(thing) => (**thing).clone(),
        other => panic!("{other:?}"),
    }
}

trait ParseEpc {
    fn parse_epc(&self) -> crate::gs1::Epc;
}

impl ParseEpc for str {
    fn parse_epc(&self) -> crate::gs1::Epc {
        crate::gs1::Epc::parse(self).unwrap()
    }
}

#[test]
fn a_commissioned_item_has_a_maker_a_place_and_a_claim_key() {
    let (world, refills, _) = made();
    let item = thing(&world, &refills[0]);
    assert_eq!(item.commissioned.unwrap().by, "yueling");
    assert_eq!(item.holder.unwrap().by, "yueling");
    assert_eq!(item.place.as_deref(), Some("https://id.gs1.org/414/9528880300016"));
    assert_eq!(item.claim_key.unwrap().len(), 43);
}

#[test]
fn a_second_commissioning_of_the_same_serial_is_refused() {
    let (mut world, refills, _) = World::with_codes();
    let first = world.take("yueling", &refills.commission(0, 3, YUELING, AT)).unwrap();
    world.refuses("yueling", &refills.commission(2, 2, YUELING, LATER), Code::ItemCommissioned, Some(first));
}

#[test]
fn a_serial_that_was_never_issued_is_refused() {
    let (mut world, refills, _) = World::with_codes();
    let forged = format!("https://id.gs1.org/01/{REFILL}/21/00000000000000000000");
    let mut plain = event("ObjectEvent", "ADD", "commissioning", YUELING, AT, std::slice::from_ref(&forged));
    world.refuses("yueling", &plain, Code::CodeNotIssued, None);
    plain.body["commissioning"] = json!({"batch": refills.batch, "ranges": [[0, 1]]});
    plain.commissioning = refills.commission(0, 1, YUELING, AT).commissioning;
    world.refuses("yueling", &plain, Code::CodeNotIssued, Some(refills.batch));
    plain.commissioning.as_mut().unwrap().serials = vec!["00000000000000000000".to_owned()];
    world.refuses("yueling", &plain, Code::CodeNotIssued, Some(refills.batch));
}

#[test]
fn codes_of_one_item_do_not_commission_another() {
    let (mut world, refills, _) = World::with_codes();
    let mut deed = refills.commission(0, 1, YUELING, AT);
    let other = refills.epc(0).replace(REFILL, BOTTLE);
    deed.lists.insert("/body/event/epcList".to_owned(), vec![other]);
    world.refuses("yueling", &deed, Code::CodeNotIssued, Some(refills.batch));
}

#[test]
fn only_the_batch_s_maker_commissions_its_codes() {
    let (mut world, refills, _) = World::with_codes();
    world.refuses("huaxu", &refills.commission(0, 1, HUAXU, AT), Code::BatchMaker, Some(refills.batch));
}

#[test]
fn nobody_commissions_without_authority_of_the_owner() {
    let (mut world, _, bottles) = World::with_codes();
    world.refuses("puyan", &bottles.commission(0, 1, LAB, AT), Code::AuthorityNone, None);
}

#[test]
fn an_event_before_commissioning_is_refused() {
    let (mut world, refills, _) = World::with_codes();
    let seen = see("inspecting", LAB, LATER, &[refills.epc(0)]);
    world.refuses("puyan", &seen, Code::ItemNotCommissioned, None);
    let made = world.take("yueling", &refills.commission(0, 1, YUELING, AT)).unwrap();
    let early = see("inspecting", LAB, "2026-09-21T09:59:59.999+08:00", &[refills.epc(0)]);
    world.refuses("puyan", &early, Code::EventBeforeCommissioning, Some(made));
}

#[test]
fn an_event_in_the_future_is_refused() {
    let (mut world, refills, _) = made();
    // The world's time is 16:00 in +08:00; five seconds are tolerated.
    let soon = see("inspecting", LAB, "2026-09-21T16:00:05.000+08:00", &refills[..1]);
    world.take("puyan", &soon).unwrap();
    let future = see("inspecting", LAB, "2026-09-21T16:00:05.001+08:00", &refills[..1]);
    world.refuses("puyan", &future, Code::EventFuture, None);
}

#[test]
fn nothing_happens_to_a_destroyed_item() {
    let (mut world, refills, _) = made();
    let destroy = event("ObjectEvent", "DELETE", "destroying", YUELING, LATER, &refills[..1]);
    let destroyed = world.take("yueling", &destroy).unwrap();
    for deed in [
        see("inspecting", LAB, LATER, &refills[..1]),
        ship(HUAXU, YUELING, LATER, &refills[..1]),
        event("ObjectEvent", "DELETE", "decommissioning", YUELING, LATER, &refills[..1]),
    ] {
        let author = if deed.body["event"]["bizStep"] == "inspecting" { "puyan" } else { "yueling" };
        world.refuses(author, &deed, Code::ItemDestroyed, Some(destroyed));
    }
}

#[test]
fn only_the_holder_destroys() {
    let (mut world, refills, _) = made();
    let made_by = thing(&world, &refills[0]).holder.unwrap().record;
    let destroy = event("ObjectEvent", "DELETE", "destroying", BRAND, LATER, &refills[..1]);
    world.refuses("corenest", &destroy, Code::ItemNotHolder, Some(made_by));
}

#[test]
fn a_handover_is_closed_by_the_named_receiver_alone() {
    let (mut world, refills, _) = made();
    let held = thing(&world, &refills[0]).holder.unwrap().record;
    world.refuses("corenest", &see("receiving", BRAND, LATER, &refills[..1]), Code::TransferNone, Some(held));
    let shipped = world.take("yueling", &ship(HUAXU, YUELING, AT, &refills)).unwrap();
    world.refuses("corenest", &see("receiving", BRAND, LATER, &refills), Code::TransferOther, Some(shipped));
    world.refuses("yueling", &ship(BRAND, YUELING, LATER, &refills), Code::ItemInTransit, Some(shipped));
    world.take("huaxu", &see("receiving", HUAXU, LATER, &refills)).unwrap();
    let item = thing(&world, &refills[0]);
    assert_eq!((item.holder.unwrap().by.as_str(), item.transfer), ("huaxu", None));
}

#[test]
fn a_handover_may_be_refused_taken_back_or_run_out() {
    let (mut world, refills, _) = made();
    let shipped = world.take("yueling", &ship(HUAXU, YUELING, AT, &refills)).unwrap();
    let mut refused = see("receiving", HUAXU, LATER, &refills[..1]);
    refused.body["event"]["disposition"] = json!("returned");
    world.take("huaxu", &refused).unwrap();
    let item = thing(&world, &refills[0]);
    assert_eq!((item.holder.unwrap().by.as_str(), item.transfer), ("yueling", None));
    assert_eq!(item.place.as_deref(), Some("https://id.gs1.org/414/9528880300016"));

    let void = see("void_shipping", YUELING, LATER, &refills[1..2]);
    let by_receiver = see("void_shipping", HUAXU, LATER, &refills[1..2]);
    world.refuses("huaxu", &by_receiver, Code::TransferOther, Some(shipped));
    world.take("yueling", &void).unwrap();
    let holder = thing(&world, &refills[1]).holder.unwrap().record;
    world.refuses("huaxu", &see("receiving", HUAXU, LATER, &refills[1..2]), Code::AuthorityNone, Some(holder));

    world.time = world.time.plus(super::TRANSFER_OPEN);
    let late = see("receiving", HUAXU, LATER, &refills[2..]);
    world.time = world.time.plus(crate::time::Millis(1));
    world.refuses("huaxu", &late, Code::TransferExpired, Some(shipped));
    world.take("yueling", &ship(BRAND, YUELING, LATER, &refills[2..])).unwrap();
    assert_eq!(thing(&world, &refills[2]).transfer.unwrap().to, "corenest");
}

#[test]
fn an_event_that_is_recorded_a_day_later_is_late() {
    let (mut world, refills, _) = made();
    let late = |world: &World, deed: &Deed| match &world.rows
        [&format!("event/puyan/{}", deed.body["cbv"].as_str().unwrap())]
        .data
    {
        Data::Event(event) => event.late,
        other => panic!("{other:?}"),
    };
    let seen = see("inspecting", LAB, LATER, &refills[..1]);
    world.take("puyan", &seen).unwrap();
    assert!(!late(&world, &seen));
    world.time = crate::tests::time("2026-09-22T04:00:00.001Z");
    let seen = see("inspecting", LAB, LATER, &refills[1..2]);
    world.take("puyan", &seen).unwrap();
    assert!(late(&world, &seen));
}

#[test]
fn shipping_names_a_receiver_on_the_ledger() {
    let (mut world, refills, _) = made();
    world.refuses("yueling", &see("shipping", YUELING, AT, &refills), Code::TransferNoReceiver, None);
    world.refuses("yueling", &ship("4012345000016", YUELING, AT, &refills), Code::TransferNoReceiver, None);
}

#[test]
fn a_change_of_state_does_not_come_before_the_last_one() {
    let (mut world, refills, _) = made();
    world.take("yueling", &ship(HUAXU, YUELING, LATER, &refills)).unwrap();
    let shipped = thing(&world, &refills[0]).last.unwrap().record;
    let early = see("receiving", HUAXU, "2026-09-21T11:00:00.000+08:00", &refills);
    world.refuses("huaxu", &early, Code::EventOutOfOrder, Some(shipped));
    let late_look = see("inspecting", LAB, "2026-09-21T11:00:00.000+08:00", &refills[..1]);
    world.take("puyan", &late_look).unwrap();
}

#[test]
fn a_read_point_is_the_author_s_own() {
    let (mut world, refills, _) = made();
    world.refuses("puyan", &see("inspecting", HUAXU, LATER, &refills[..1]), Code::SiteForeign, None);
}

#[test]
fn the_same_event_twice_is_a_duplicate_but_not_of_another_s() {
    let (mut world, refills, _) = made();
    let look = see("inspecting", "9528880700991", LATER, &refills[..1]);
    let first = world.take("puyan", &look).unwrap();
    world.refuses("puyan", &look, Code::EventDuplicate, Some(first));
    world.take("yueling", &look).unwrap();
}

#[test]
fn foreign_identifiers_are_recorded_and_flagged() {
    let mut world = World::new();
    let foreign = "https://id.gs1.org/01/10614141073464/21/2017".to_owned();
    for (action, step) in [("OBSERVE", "shipping"), ("ADD", "commissioning"), ("ADD", "commissioning")] {
        let mut deed = event("ObjectEvent", action, step, LAB, AT, std::slice::from_ref(&foreign));
        deed.body["cbv"] = json!(hefu_keys::Hash::of(format!("{step}{}", world.height).as_bytes()));
        world.take("puyan", &deed).unwrap();
    }
    let row = &world.rows["item/01/10614141073464/21/2017"];
    assert_eq!(row.n, 3);
    assert_eq!(thing(&world, &foreign).flags, [super::Flag::OriginNotOnLedger]);
}

#[test]
fn an_error_declaration_is_noted_and_flagged_with_and_without_its_original() {
    let (mut world, refills, _) = made();
    let look = see("inspecting", LAB, LATER, &refills[..1]);
    let mut declaration = look.clone();
    declaration.body["event"]["errorDeclaration"] = json!({"declarationTime": LATER, "reason": "did_not_occur"});
    world.take("puyan", &declaration).unwrap();
    assert_eq!(thing(&world, &refills[0]).flags, [super::Flag::ErrorWithoutOriginal]);

    let (mut world, refills, _) = made();
    world.take("puyan", &look).unwrap();
    let declared = world.take("puyan", &declaration).unwrap();
    assert_eq!(thing(&world, &refills[0]).flags, [super::Flag::ErrorDeclared]);
    world.refuses("puyan", &declaration, Code::EventDuplicate, Some(declared));
}

#[test]
fn a_key_captures_within_its_scope_only() {
    let (mut world, refills, _) = made();
    let grants = json!([{"role": "capture", "scope": {"bizSteps": ["inspecting"], "sites": [LAB]}}]);
    let body = json!({"grants": grants, "key": crate::tests::key("gate").address()});
    world.take("puyan", &Deed::new(crate::action::Action::KeyGrant, body).with("gate")).unwrap();
    world.refuses("gate", &see("storing", LAB, LATER, &refills[..1]), Code::KeyRole, None);
    world.refuses("gate", &see("inspecting", "4012345000016", LATER, &refills[..1]), Code::KeyRole, None);
    world.take("gate", &see("inspecting", LAB, LATER, &refills[..1])).unwrap();
}

#[test]
fn fields_that_are_not_epcis_or_not_detached_are_malformed() {
    use crate::record::Record;
    let mut world = World::new();
    for (field, value, code) in [
        ("epcList", json!(["urn:x:1"]), Code::FieldUnknown),
        ("colour", json!("green"), Code::FieldUnknown),
        ("eventTimeZoneOffset", json!("8:00"), Code::RecordShape),
        ("eventTime", json!("yesterday"), Code::RecordShape),
        ("type", json!("LotEvent"), Code::RecordShape),
        ("parentID", json!(SSCC), Code::FieldUnknown),
        ("ilmd", json!({"ex:lot": "L7"}), Code::RecordShape),
        ("transformationID", json!("urn:x:1"), Code::FieldUnknown),
    ] {
        let mut deed = see("inspecting", LAB, AT, &[]);
        deed.body["event"][field] = value;
        let draft = world.draft(&deed, 1);
        let text = draft.sign(&[&crate::tests::key("puyan")]).unwrap();
        let refusal = Record::read(&text).expect_err(field);
        assert_eq!((refusal.code, refusal.pointer), (code, format!("/body/event/{field}")));
    }
}

#[test]
fn transactions_of_a_public_event_stay_out_of_its_text() {
    let mut world = World::new();
    let mut deed = see("inspecting", LAB, AT, &["https://id.gs1.org/01/10614141073464/21/1".to_owned()]);
    deed.body["event"]["bizTransactionList"] = json!([{"type": "po", "bizTransaction": "urn:x:1"}]);
    world.refuses("puyan", &deed, Code::RecordPart, None);
}

const LOT: &str = "https://id.gs1.org/01/09528880010106/10/L1";

#[test]
fn a_lot_is_made_only_with_authority_of_its_owner_and_seen_by_anybody() {
    let (mut world, ..) = made();
    let quantity = json!([{"epcClass": LOT, "quantity": 10}]);
    let mut make = event("ObjectEvent", "ADD", "commissioning", LAB, AT, &[]);
    make.body["event"]["quantityList"] = quantity.clone();
    world.refuses("puyan", &make, Code::AuthorityNone, None);
    let mut see = see("inspecting", LAB, AT, &[]);
    see.body["event"]["quantityList"] = quantity;
    world.take("puyan", &see).unwrap();
    assert_eq!(thing(&world, LOT).commissioned, None, "who sees it has not made it");
    make.body["event"]["readPoint"]["id"] = json!(format!("https://id.gs1.org/414/{HUAXU}"));
    world.take("huaxu", &make).unwrap();
    assert_eq!(thing(&world, LOT).commissioned.unwrap().by, "huaxu");

    let listed = event("ObjectEvent", "OBSERVE", "inspecting", LAB, AT, &[LOT.to_owned()]);
    let refusal = world.take("puyan", &listed).unwrap_err();
    assert_eq!((refusal.code, refusal.pointer.as_str()), (Code::RecordShape, "/body/event/epcList"));
}

#[test]
fn things_are_at_a_place_of_the_author_or_of_whoever_has_them() {
    let (mut world, refills, _) = made();
    let at = |place: &str| {
        let mut seen = see("inspecting", LAB, LATER, &refills[..1]);
        seen.body["event"]["bizLocation"] = json!({"id": format!("https://id.gs1.org/414/{place}")});
        seen
    };
    let refusal = world.take("puyan", &at(HUAXU)).unwrap_err();
    assert_eq!((refusal.code, refusal.pointer.as_str()), (Code::SiteForeign, "/body/event/bizLocation/id"));
    world.take("puyan", &at(YUELING)).unwrap();
}

#[test]
fn a_limited_key_does_not_record_what_names_nothing_elsewhere() {
    let (mut world, ..) = made();
    let desk = crate::tests::key("desk").address();
    let scope = json!({"bizSteps": ["inspecting"]});
    let grants = json!({"grants": [{"role": "capture", "scope": scope}], "key": desk});
    world.take("puyan", &Deed::new(crate::action::Action::KeyGrant, grants).with("desk")).unwrap();
    world.take("desk", &see("inspecting", LAB, AT, &[])).unwrap();
    world.refuses("desk", &see("shipping", LAB, AT, &[]), Code::KeyRole, None);
}

#[test]
fn a_declaration_speaks_of_what_its_event_spoke_of() {
    let (mut world, refills, _) = made();
    let seen = see("inspecting", LAB, LATER, &refills[..2]);
    let recorded = world.take("puyan", &seen).unwrap();
    let mut declared = seen.clone();
    declared.body["event"]["errorDeclaration"] = json!({"declarationTime": LATER});
    declared.lists.insert("/body/event/epcList".to_owned(), refills[..1].to_vec());
    world.refuses("puyan", &declared, Code::EventOtherThings, Some(recorded));
    declared.lists.clone_from(&seen.lists);
    world.take("puyan", &declared).unwrap();
}

#[test]
fn a_declaration_brings_nothing_into_being() {
    let (mut world, refills, _) = World::with_codes();
    let mut declared = see("inspecting", LAB, LATER, &[refills.epc(0)]);
    declared.body["event"]["errorDeclaration"] = json!({"declarationTime": LATER});
    world.refuses("puyan", &declared, Code::ItemNotCommissioned, None);
}
