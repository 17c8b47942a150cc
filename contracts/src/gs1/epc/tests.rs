use proptest::prelude::*;

use super::*;
use crate::gs1::fixtures;

fn text_of(text: &str) -> Result<String, String> {
    Epc::parse(text).map(|epc| epc.to_string()).map_err(|bad| bad.to_string())
}

#[test]
fn every_spelling_of_a_thing_has_one_canonical_text() {
    for (text, canonical) in [
        ("urn:epc:id:sgtin:9521234.054321.7K3X", "https://id.gs1.org/01/09521234543213/21/7K3X"),
        ("https://t.example/01/09521234543213/10/L7/21/7K3X?17=261231", "https://id.gs1.org/01/09521234543213/21/7K3X"),
        ("HTTPS://T.EXAMPLE/01/09521234543213/21/7K3X", "https://id.gs1.org/01/09521234543213/21/7K3X"),
        ("https://t.example/gtin/9521234543213/cpv/2A/ser/7K3X", "https://id.gs1.org/01/09521234543213/21/7K3X"),
        ("https://t.example/01/09521234543213/21/7K3X?10=L7&89=1", "https://id.gs1.org/01/09521234543213/21/7K3X"),
        ("https://t.example/01/09521234543213/22/2A/10/L7", "https://id.gs1.org/01/09521234543213/10/L7"),
        ("https://t.example/01/09521234543213/22/2A", "https://id.gs1.org/01/09521234543213"),
        ("https://t.example/414/9521234500001/254/D4", "https://id.gs1.org/414/9521234500001/254/D4"),
        ("https://t.example/8004/9521234T/7040/1ABC", "https://id.gs1.org/8004/9521234T"),
        ("https://t.example/8017/952123400000000017/8019/3", "https://id.gs1.org/8017/952123400000000017"),
        ("https://t.example/8010/9521234A/8011/7", "https://id.gs1.org/8010/9521234A/8011/7"),
        ("urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8", "urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8"),
        ("https://example.com/cow/4711?herd=2", "https://example.com/cow/4711?herd=2"),
        ("https://example.com/01/09521234543214/21/7", "https://example.com/01/09521234543214/21/7"),
        ("urn:epc:id:gid:95100000.12345.400", "urn:epc:id:gid:95100000.12345.400"),
        ("geo:47.506694,11.104301", "geo:47.506694,11.104301"),
    ] {
        assert_eq!(text_of(text).as_deref(), Ok(canonical), "{text}");
        assert_eq!(Epc::from_canonical(canonical).unwrap().as_str(), canonical);
        assert_eq!(Epc::from_canonical(text).is_ok(), text == canonical, "{text}");
    }
}

#[test]
fn what_names_nothing_is_refused() {
    for (text, reason) in [
        ("", "\"\" is no absolute URI"),
        ("Hello World!", "\"Hello World!\" is no absolute URI"),
        ("7K3X", "\"7K3X\" is no absolute URI"),
        ("urn:", "\"urn:\" is no absolute URI"),
        ("urn:甲", "\"urn:甲\" is no absolute URI"),
        ("1a:b", "\"1a:b\" is no absolute URI"),
        (
            "https://id.gs1.org/01/09521234543214/21/7",
            "the value \"09521234543214\" of AI 01 ends in another check digit than the rest calls for",
        ),
        ("https://ID.GS1.ORG/shoes", "\"shoes\" has no GS1 key in its path"),
        ("https://id.gs1.org:443/shoes", "\"shoes\" has no GS1 key in its path"),
        (
            "urn:epc:id:sgtin:9521234.1.7",
            "\"urn:epc:id:sgtin:9521234.1.7\" does not have the form urn:epc:id:sgtin:Prefix.IndicatorItem.Serial",
        ),
    ] {
        assert_eq!(text_of(text).unwrap_err(), reason, "{text}");
    }
    let long = format!("urn:x:{}", "y".repeat(EPC_BYTES_MAX));
    assert_eq!(text_of(&long).unwrap_err(), "an identifier of 1030 bytes, at most 1024 are accepted");
    assert_eq!(
        Epc::from_canonical("urn:epc:id:sgtin:9521234.054321.7").unwrap_err().to_string(),
        "\"urn:epc:id:sgtin:9521234.054321.7\" is not canonical, https://id.gs1.org/01/09521234543213/21/7 is"
    );
}

#[test]
fn kind_path_and_company_digits_follow_from_the_key() {
    let gtin: Gtin = "09521234543213".parse().unwrap();
    let item = EpcKind::Item { gtin, serial: "7/3".to_owned() };
    let lot = EpcKind::Class { gtin, lot: Some("L7".to_owned()) };
    for (text, kind, path, company) in [
        ("urn:epc:id:sgtin:9521234.054321.7%2F3", item, "01/09521234543213/21/7%2F3", "9521234543213"),
        ("urn:epc:class:lgtin:9521234.054321.L7", lot, "01/09521234543213/10/L7", "9521234543213"),
        (
            "urn:epc:idpat:sgtin:9521234.054321.*",
            EpcKind::Class { gtin, lot: None },
            "01/09521234543213",
            "9521234543213",
        ),
        ("urn:epc:id:sscc:9521234.3000000001", EpcKind::Container, "00/395212340000000014", "95212340000000014"),
        ("urn:epc:id:grai:9521234.00001.A", EpcKind::Container, "8003/09521234000013A", "9521234000013"),
        ("urn:epc:idpat:grai:9521234.00001.*", EpcKind::Other, "8003/09521234000013", "9521234000013"),
        ("urn:epc:id:giai:9521234.TRUCK1", EpcKind::Container, "8004/9521234TRUCK1", "9521234"),
        ("urn:epc:id:upui:9521234.054321.X", EpcKind::Other, "01/09521234543213/235/X", "9521234543213"),
        ("urn:epc:id:itip:9521234.054321.01.02.9", EpcKind::Other, "8006/095212345432130102/21/9", "9521234543213"),
        ("urn:epc:id:sgln:9521234.50000.D4", EpcKind::Other, "414/9521234500001/254/D4", "9521234500001"),
        ("urn:epc:id:gdti:9521234.00001.PO", EpcKind::Other, "253/9521234000013PO", "9521234000013"),
        ("urn:epc:id:gsrn:9521234.0000000001", EpcKind::Other, "8018/952123400000000017", "952123400000000017"),
        ("urn:epc:id:cpi:9521234.AB.7", EpcKind::Other, "8010/9521234AB/8011/7", "9521234"),
    ] {
        let epc = Epc::parse(text).unwrap();
        assert_eq!((epc.kind(), epc.path(), epc.company_digits()), (kind, path, Some(company)), "{text}");
    }
}

#[test]
fn a_uri_that_gs1_did_not_shape_has_no_company_and_is_its_own_path() {
    for text in ["urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8", "https://example.com/01/shoes"] {
        let epc = Epc::parse(text).unwrap();
        assert_eq!((epc.kind(), epc.path(), epc.company_digits(), epc.gln()), (EpcKind::Other, text, None, None));
    }
}

#[test]
fn places_and_parties_have_their_number() {
    for text in ["urn:epc:id:sgln:9521234.50000.D4", "https://t.example/417/9521234500001"] {
        assert_eq!(Epc::parse(text).unwrap().gln().unwrap().as_str(), "9521234500001");
    }
    assert_eq!(Epc::parse("urn:epc:id:sscc:9521234.3000000001").unwrap().gln(), None);
}

#[test]
fn an_item_is_named_by_its_gtin_and_serial() {
    let gtin: Gtin = "9521234543213".parse().unwrap();
    assert_eq!(Epc::item(&gtin, "7/3").unwrap().path(), "01/09521234543213/21/7%2F3");
    assert!(Epc::item(&gtin, "").is_err());
    assert!(Epc::item(&gtin, "x".repeat(21).as_str()).is_err());
}

#[test]
fn json_has_one_spelling() {
    let epc: Epc = serde_json::from_str("\"https://id.gs1.org/01/09521234543213\"").unwrap();
    assert_eq!(serde_json::to_string(&epc).unwrap(), "\"https://id.gs1.org/01/09521234543213\"");
    assert!(serde_json::from_str::<Epc>("\"https://t.example/01/09521234543213\"").is_err());
}

#[test]
fn the_constrained_form_does_not_mind_a_wrong_check_digit() {
    for (text, constrained_text) in [
        ("https://t.example/01/9521234543214/21/7", Some("https://id.gs1.org/01/09521234543214/21/7")),
        ("https://t.example/01/09521234543213/21/7?10=L&21=8", Some("https://id.gs1.org/01/09521234543213/21/7")),
        ("https://t.example/8013/1987654Ad4X4bL5ttr2310c2K", None),
        ("https://t.example/415/9521234500001/8020/X", None),
        ("urn:epc:id:sgtin:9521234.1.7", None),
        ("https://example.com/shoes", None),
    ] {
        assert_eq!(constrained(text).as_deref(), constrained_text, "{text}");
    }
}

#[test]
fn the_normaliser_vectors_agree() {
    let vectors = fixtures::json("event-hash/dl_normaliser_vectors.fixture.json");
    for vector in vectors.iter().flat_map(|all| all.as_array().unwrap()) {
        let text = vector["in"].as_str().unwrap();
        assert_eq!(constrained(text).as_deref(), vector["out"].as_str(), "{text}");
    }
}

fn strange_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,60}",
        "urn:epc:(id|class|idpat):(sgtin|sscc|sgln|grai|gdti|cpi|itip|giai):[0-9]{5,13}\\.[0-9A-Z%.*]{0,20}",
        "https?://[a-z.]{1,5}/(01|00|414|8003|8004|gtin)/[0-9]{8,18}(/(10|21|254)/[!-~]{1,12})?",
    ]
}

proptest! {
    #[test]
    fn canonicalising_twice_changes_nothing(text in strange_text()) {
        if let Ok(epc) = Epc::parse(&text) {
            prop_assert_eq!(&Epc::from_canonical(epc.as_str()).unwrap(), &epc);
            prop_assert!(epc.company_digits().is_none_or(|digits| digits.bytes().all(|byte| byte.is_ascii_digit())));
            prop_assert!(epc.kind() == EpcKind::Other || epc.path() != epc.as_str());
        }
        if let Some(link) = constrained(&text) {
            prop_assert_eq!(constrained(&link), Some(link));
        }
    }

    #[test]
    fn hash_and_ledger_know_a_thing_under_the_same_text(text in strange_text()) {
        if let Ok(epc) = Epc::parse(&text)
            && epc.as_str().starts_with("https://id.gs1.org/")
            && !["415/", "8013/"].iter().any(|key| epc.path().starts_with(key))
        {
            prop_assert_eq!(constrained(&text), Some(epc.to_string()));
        }
    }
}
