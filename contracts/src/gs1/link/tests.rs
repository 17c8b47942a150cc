use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::gs1::fixtures;

fn stem(text: &str) -> Stem {
    text.parse().unwrap()
}

fn path_of_link(uri: &str) -> Result<String, String> {
    DigitalLink::parse(uri).map(|link| link.path()).map_err(|bad| bad.to_string())
}

#[test]
fn a_link_of_any_domain_says_the_same() {
    for uri in [
        "https://id.gs1.org/01/09521234543213/21/7K3X",
        "https://t.example/01/09521234543213/21/7K3X",
        "http://t.example:8080/some/shop/01/09521234543213/21/7K3X?linkType=gs1:pip",
        "https://192.0.2.1/01/09521234543213/21/7K3X#top",
        "https://t.example/01/09521234543213/21/7K3X?utm_source=x&y",
        "https://t.example/01/09521234543213/21/%37%4B3%58",
        "HTTPS://T.EXAMPLE/01/09521234543213/21/7K3X",
    ] {
        assert_eq!(
            DigitalLink::parse(uri).unwrap().canonical(),
            "https://id.gs1.org/01/09521234543213/21/7K3X",
            "{uri}"
        );
    }
}

#[test]
fn a_link_has_key_qualifiers_and_attributes() {
    let link =
        DigitalLink::parse("https://t.example/01/09521234543213/10/L%2F7/21/7K3X?17=261231&3103=000195").unwrap();
    assert_eq!(link.gtin().unwrap().as_str(), "09521234543213");
    assert_eq!(link.get("10"), Some("L/7"));
    assert_eq!(link.get("21"), Some("7K3X"));
    assert_eq!(link.get("17"), Some("261231"));
    assert_eq!(link.get("22"), None);
    assert_eq!(link.path(), "01/09521234543213/10/L%2F7/21/7K3X");
    assert_eq!(link.attributes().len(), 2);
    assert_eq!(
        link.uri(&stem("https://t.example/")),
        "https://t.example/01/09521234543213/10/L%2F7/21/7K3X?17=261231&3103=000195"
    );
    assert_eq!(link.element_string(), "^010952123454321310L/7^217K3X^172612313103000195");
}

#[test]
fn what_is_no_link_is_refused_with_its_reason() {
    for (uri, reason) in [
        ("", "\"\" begins with neither https:// nor http://"),
        (
            "ftp://t.example/01/09521234543213",
            "\"ftp://t.example/01/09521234543213\" begins with neither https:// nor http://",
        ),
        ("https://t.example", "\"https://t.example\" has no GS1 key in its path"),
        ("https:///01/09521234543213", "\"\" is no domain"),
        ("https://u@t.example/01/09521234543213", "\"u@t.example\" is no domain"),
        ("https://t.example/about", "\"about\" has no GS1 key in its path"),
        ("https://t.example/01/09521234543213/about", "\"01/09521234543213/about\" has no GS1 key in its path"),
        ("https://t.example/21/7K3X", "\"21/7K3X\" has no GS1 key in its path"),
        ("https://t.example/gtin/09521234543213", "\"gtin/09521234543213\" has no GS1 key in its path"),
        (
            "https://t.example/01/09521234543213/21/a b",
            "\"https://t.example/01/09521234543213/21/a…\" has ' ' as character 41, which cannot stand in a URI",
        ),
        ("https://t.example/01/09521234543213/21/a%2", "\"a%2\" is no percent-encoded text"),
        ("https://t.example/01/09521234543213/21/a%FF", "\"a%FF\" is no percent-encoded text"),
        (
            "https://t.example/01/09521234543213/21/a%20b",
            "the value \"a b\" of AI 21 has ' ' as character 2, which cannot stand there",
        ),
        (
            "https://t.example/01/09521234543213/21/7/10/L",
            "the qualifiers [\"21\", \"10\"] cannot follow AI 01 in this order",
        ),
        (
            "https://t.example/01/09521234543213/235/X/21/7",
            "the qualifiers [\"235\", \"21\"] cannot follow AI 01 in this order",
        ),
        ("https://t.example/01/09521234543213?21=7", "AI 21 cannot be an attribute of this link"),
        ("https://t.example/01/09521234543213?10=L", "AI 10 cannot be an attribute of this link"),
        ("https://t.example/01/09521234543213?8200=x", "AI 8200 cannot be an attribute of this link"),
        ("https://t.example/01/09521234543213?89=x", "\"89\" is no GS1 application identifier"),
        ("https://t.example/01/09521234543213?17=261231&17=261231", "AI 17 occurs twice"),
    ] {
        assert_eq!(path_of_link(uri).unwrap_err(), reason, "{uri}");
    }
    let long = format!("https://t.example/01/09521234543213?x={}", "y".repeat(LINK_BYTES_MAX));
    assert_eq!(path_of_link(&long).unwrap_err(), "a link of 2086 bytes, at most 2048 are accepted");
}

#[test]
fn words_and_short_gtins_are_read_as_older_versions_wrote_them() {
    for (uri, path) in [
        ("https://t.example/gtin/9521234543213/lot/L7/ser/7K3X", "01/09521234543213/10/L7/21/7K3X"),
        ("https://t.example/01/614141000012", "01/00614141000012"),
        ("https://t.example/sscc/395212340000000014", "00/395212340000000014"),
        ("https://t.example/gln/9521234500001/glnx/D4", "414/9521234500001/254/D4"),
    ] {
        assert_eq!(DigitalLink::parse_older(uri).unwrap().path(), path, "{uri}");
        assert!(DigitalLink::parse(uri).is_err() || uri.contains("/00/"), "{uri}");
    }
}

#[test]
fn elements_become_a_link_in_the_order_of_the_standard() {
    let link = DigitalLink::of(&[("21", "7K3X"), ("17", "261231"), ("10", "L7"), ("01", "09521234543213")]).unwrap();
    assert_eq!(link.uri(&stem("https://t.example")), "https://t.example/01/09521234543213/10/L7/21/7K3X?17=261231");
    assert_eq!(DigitalLink::parse(&link.uri(&stem("https://t.example"))).unwrap(), link);
    assert!(DigitalLink::of(&[("21", "7K3X")]).is_err());
    assert!(DigitalLink::of(&[("01", "09521234543213"), ("21", "7"), ("21", "8")]).is_err());
}

/// A flag of the syntax engine that lets it read what older versions wrote.
fn is_older(vector: &Value) -> bool {
    ["permitConvenienceAlphas", "PermitZeroSuppressedGTINinDLuris"].iter().any(|flag| !vector["flags"][flag].is_null())
}

#[test]
fn the_parsing_vectors_of_the_syntax_engine_agree() {
    for vector in fixtures::json("digital-link/dl_parse.fixture.json").iter().flat_map(|all| all.as_array().unwrap()) {
        let uri = vector["uri"].as_str().unwrap();
        let link = if is_older(vector) { DigitalLink::parse_older(uri) } else { DigitalLink::parse(uri) };
        let expected =
            vector["valid"].as_bool().unwrap().then(|| vector["element_string"].as_str().unwrap().to_owned());
        assert_eq!(link.as_ref().ok().map(DigitalLink::element_string), expected, "{uri} {link:?}");
    }
}

#[test]
fn the_generating_vectors_of_the_syntax_engine_agree() {
    for vector in fixtures::json("digital-link/dl_generate.fixture.json").iter().flat_map(|all| all.as_array().unwrap())
    {
        let text = vector["element_string"].as_str().unwrap();
        let stem = vector["stem"].as_str().map(stem).unwrap_or_default();
        let uri = DigitalLink::of_element_string(text).map(|link| link.uri(&stem));
        let expected = vector["ok"].as_bool().unwrap().then(|| vector["uri"].as_str().unwrap().to_owned());
        assert_eq!(uri.clone().ok(), expected, "{text} {uri:?}");
    }
}

/// A value that every identifier of the vectors allows.
fn sample(ai: &str) -> &'static str {
    match ai {
        "00" => "395212340000000014",
        "01" => "09521234543213",
        "253" | "255" | "414" | "417" => "9521234500001",
        "402" => "95212340000000013",
        "8003" => "09521234000013",
        "8006" => "095212345432130102",
        "8013" => "1987654Ad4X4bL5ttr2310c2K",
        "8017" | "8018" => "952123400000000017",
        "7040" => "1ABC",
        "22" | "10" | "21" | "235" | "254" | "8011" | "8019" => "1",
        _ => "9521234A",
    }
}

#[test]
fn exactly_the_valid_path_sequences_are_accepted() {
    let Some(valid) = fixtures::json("digital-link/valid_path_sequences.json") else { return };
    let valid: Vec<Vec<&str>> = valid
        .as_array()
        .unwrap()
        .iter()
        .map(|sequence| sequence.as_array().unwrap().iter().map(|ai| ai.as_str().unwrap()).collect())
        .collect();
    let mut codes: Vec<&str> = valid.iter().flatten().copied().collect();
    codes.sort_unstable();
    codes.dedup();
    let mut sequences: Vec<Vec<&str>> = vec![Vec::new()];
    for _ in 0..3 {
        let longer = sequences.iter().flat_map(|start| {
            codes.iter().filter(|code| !start.contains(code)).map(|code| [start.as_slice(), &[*code]].concat())
        });
        sequences = sequences.iter().cloned().chain(longer.collect::<Vec<_>>()).collect();
    }
    sequences.push(vec!["01", "22", "10", "21"]);
    sequences.push(vec!["8006", "22", "10", "21"]);
    let accepted = |sequence: &[&str]| {
        let path: String = sequence.iter().map(|ai| format!("/{ai}/{}", sample(ai))).collect();
        // A key in the middle would begin the path, what stands before it being the stem.
        DigitalLink::parse(&format!("https://t.example{path}"))
            .is_ok_and(|link| link.path_elements().len() == sequence.len())
    };
    for sequence in sequences.iter().filter(|sequence| !sequence.is_empty()) {
        assert_eq!(accepted(sequence), valid.contains(sequence), "{sequence:?}");
    }
}

fn element_value() -> impl Strategy<Value = String> {
    "[!\"%&'()*+,./0-9:;<=>?A-Z_a-z-]{1,20}"
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,60}|https?://[a-z.]{0,5}(/[0-9a-z%]{0,14}){0,6}(\\?[0-9a-z=&%]{0,20})?") {
        for link in [DigitalLink::parse(&text), DigitalLink::parse_older(&text)].into_iter().flatten() {
            prop_assert_eq!(DigitalLink::parse(&link.canonical()).unwrap().canonical(), link.canonical());
        }
    }

    #[test]
    fn every_value_survives_its_encoding(serial in element_value(), lot in element_value(), internal in element_value()) {
        let link = DigitalLink::of(&[("01", "09521234543213"), ("21", &serial), ("10", &lot), ("99", &internal)]).unwrap();
        prop_assert_eq!(DigitalLink::parse(&link.uri(&stem("https://t.example"))).unwrap(), link);
    }
}
