//! `hefu link`.

use serde_json::{Value, json};

use crate::bench::{Bench, fixture};

#[test]
fn a_link_is_read_whatever_its_domain() {
    let bench = Bench::new();
    let uri = "https://t.example/shop/01/09528880010021/10/L%2F7/21/7K3M?17=270101&linkType=all";
    let found = bench.hefu(&["link", "parse", uri]).check(0).json();
    assert_eq!(
        found,
        json!({
            "attributes": [{"ai": "17", "value": "270101"}],
            "canonical": "https://id.gs1.org/01/09528880010021/10/L%2F7/21/7K3M",
            "elementString": "^010952888001002110L/7^217K3M^17270101",
            "epc": "https://id.gs1.org/01/09528880010021/21/7K3M",
            "key": {"ai": "01", "value": "09528880010021"},
            "qualifiers": [{"ai": "10", "value": "L/7"}, {"ai": "21", "value": "7K3M"}],
            "uri": "https://id.gs1.org/01/09528880010021/10/L%2F7/21/7K3M?17=270101",
        })
    );
}

#[test]
fn elements_become_a_link_under_any_stem() {
    let bench = Bench::new();
    let uri = "https://t.example/a/01/09528880010021/10/L7/21/7K3M?17=270101";
    for elements in ["(21)7K3M(17)270101(01)09528880010021(10)L7", "^0109528880010021^10L7^217K3M^17270101"] {
        let made = bench.hefu(&["link", "generate", elements, "--stem", "https://t.example/a/"]).check(0).json();
        assert_eq!(
            (&made["uri"], &made),
            (&json!(uri), &bench.hefu(&["link", "parse", uri, "--stem", "https://t.example/a"]).json())
        );
    }
}

#[test]
fn a_link_and_its_urn_are_translated_both_ways() {
    let bench = Bench::new();
    let (uri, urn) = ("https://id.gs1.org/01/09528880010021/21/7K3M", "urn:epc:id:sgtin:9528880.001002.7K3M");
    for prefix in [["--prefix-length", "7"], ["--prefix", "9528880"]] {
        let found = bench.hefu(&["link", "parse", uri, prefix[0], prefix[1]]).check(0).json();
        assert_eq!(found["urn"], urn);
    }
    assert_eq!(bench.hefu(&["link", "parse", urn]).check(0).json()["uri"], uri);
    let other = bench.hefu(&["link", "parse", uri, "--prefix", "9528881"]);
    other.check_because(2, "does not begin with the company prefix 9528881");
    bench.hefu(&["link", "parse", uri, "--prefix-length", "5"]).check_because(2, "a company prefix has 6 to 12 digits");
    bench.hefu(&["link", "parse", uri, "--prefix-length", "7", "--prefix", "9528880"]).check(2);
}

#[test]
fn what_is_no_link_ends_with_2_and_its_reason() {
    let bench = Bench::new();
    for (args, why) in [
        (&["parse", "https://t.example/01/09528880010022"][..], "ends in another check digit than the rest calls for"),
        (&["parse", "https://t.example/01/09528880010021/21/a%20b"], "has ' ' as character 2"),
        (&["parse", "https://t.example/01/09528880010021/21/7/10/L"], "cannot follow AI 01 in this order"),
        (&["parse", "https://id.gs1.org/AQnYUc1gmg"], "looks like a compressed Digital Link"),
        (&["parse", "https://t.example/gtin/9528880010021"], "--older reads it"),
        (&["parse", "urn:epc:id:gid:95100000.12345.400"], "is no EPC URN of a thing with a GS1 key"),
        (&["generate", "(01)09528880010021(ser)7"], "the bracket at character 19"),
        (&["generate", "(01)09528880010021", "--stem", "https://t.example/?a=b"], "has a query or a fragment"),
    ] {
        let ran = bench.hefu(&[&["link"], args].concat());
        ran.check_because(2, why);
        assert_eq!(ran.out, "", "{args:?}");
    }
    bench.hefu(&["link", "parse", "https://t.example/gtin/9528880010021", "--older"]).check(0);
}

/// Vectors of GS1's syntax engine.
fn vectors(name: &str) -> Vec<Value> {
    fixture(&format!("digital-link/{name}")).map_or_else(Vec::new, |text| serde_json::from_str(&text).unwrap())
}

#[test]
fn the_parsing_vectors_of_the_syntax_engine_agree() {
    let bench = Bench::new();
    for vector in vectors("dl_parse.fixture.json") {
        let flags = ["permitConvenienceAlphas", "PermitZeroSuppressedGTINinDLuris"];
        let older = flags.iter().any(|flag| !vector["flags"][flag].is_null());
        let args = ["link", "parse", vector["uri"].as_str().unwrap(), "--older"];
        let ran = bench.hefu(args.get(..if older { 4 } else { 3 }).unwrap());
        if vector["valid"] == true {
            assert_eq!(ran.check(0).json()["elementString"], vector["element_string"]);
        } else {
            ran.check(2);
        }
    }
}

#[test]
fn the_generating_vectors_of_the_syntax_engine_agree() {
    let bench = Bench::new();
    for vector in vectors("dl_generate.fixture.json") {
        let stem = vector["stem"].as_str().unwrap_or("https://id.gs1.org");
        let ran = bench.hefu(&["link", "generate", vector["element_string"].as_str().unwrap(), "--stem", stem]);
        if vector["ok"] == true {
            assert_eq!(ran.check(0).json()["uri"], vector["uri"]);
        } else {
            ran.check(2);
        }
    }
}
