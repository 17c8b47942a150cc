use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::golden::{assert_golden, golden, read, vectors};

#[test]
fn published_triples_are_reproduced() {
    let Some(triples) = vectors("jcs") else {
        return;
    };
    for name in ["arrays", "structures"] {
        let input = read(&triples.join(format!("input/{name}.json")));
        let output = read(&triples.join(format!("output/{name}.json")));
        let hex: String = read(&triples.join(format!("outhex/{name}.txt"))).split_whitespace().collect();
        assert_eq!(hex::encode(&output), hex, "{name}");

        let value: Value = serde_json::from_str(&input).unwrap();
        assert_eq!(to_string(&value).unwrap(), output, "{name}");
        assert_eq!(check(output.as_bytes()), Ok(output.as_str()), "{name}");
        assert_eq!(reason(&input), Reason::WhiteSpace, "{name}");
    }
}

#[test]
fn the_golden_document_does_not_change() {
    let value = json!({
        "😀": "a surrogate pair sorts before U+E000",
        "\u{e000}": "\u{ffff}\u{7f}\u{2028}",
        "escapes": "\u{0}\u{8}\t\n\u{b}\u{c}\r\u{1f}\"\\/",
        "numbers": [0, -0.0, -1, 1e21, 1e-7, 0.000001, 4.35, 5e-324, 9007199254740991_u64, 1.7976931348623157e308],
        "é": {"b": [], "a": {}, "aa": [true, false, null], "": "合符"},
        "\n": 1,
        "A": 2,
    });
    assert_golden("canonical.json", &to_string(&value).unwrap());
    let text = golden("canonical.json");
    assert_eq!(check(text.as_bytes()), Ok(text.as_str()));
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), read_back(&value));
}

#[test]
fn canonical_texts_are_accepted() {
    for text in [
        "null",
        "true",
        "false",
        "0",
        "-1",
        "\"\"",
        "{}",
        "[]",
        "[[],{},\"\",0]",
        "{\"a\":1,\"b\":[true,false,null]}",
        "{\"\":0,\"A\":1,\"a\":2,\"aa\":3}",
        // The five short escapes, the two that must be, and control characters without a letter.
        r#"["\b\t\n\f\r\"\\","\u0000\u0007\u000b\u000e\u000f\u0010\u001f"]"#,
        // Everything else stands for itself: the solidus, DEL, line separators, characters outside the BMP.
        "[\"/\",\"\u{7f}\",\"\u{2028}\",\"合符\",\"😀\"]",
        // UTF-16 order: the escape sorts as the character it stands for, a surrogate pair before U+E000.
        "{\"\\n\":0,\" \":1,\"\\\\\":2,\"é\":3,\"퟿\":4,\"😀\":5,\"\u{e000}\":6,\"\u{ffff}\":7}",
    ] {
        assert_eq!(check(text.as_bytes()), Ok(text));
    }
}

#[test]
fn everything_else_is_refused_where_it_stands() {
    use Reason::*;
    assert_refused(&[
        ("", 0, End),
        ("{", 1, End),
        ("{\"a\"", 4, End),
        ("{\"a\":", 5, End),
        ("{\"a\":1", 6, End),
        ("[1", 2, End),
        ("[1,", 3, End),
        ("\"a", 2, End),
        ("\"a\\", 2, End),
        ("tru", 3, End),
        (" 1", 0, WhiteSpace),
        ("1\n", 1, WhiteSpace),
        ("{ }", 1, WhiteSpace),
        ("{\"a\" :1}", 4, WhiteSpace),
        ("{\"a\": 1}", 5, WhiteSpace),
        ("{\"a\":1 }", 6, WhiteSpace),
        ("{\"a\":1, \"b\":2}", 7, WhiteSpace),
        ("[1,\t2]", 3, WhiteSpace),
        ("1 2", 1, WhiteSpace),
        ("{}{}", 2, Trailing),
        ("nullx", 4, Trailing),
        ("truE", 3, Unexpected),
        ("True", 0, Unexpected),
        ("NaN", 0, Unexpected),
        ("nan", 1, Unexpected),
        ("Infinity", 0, Unexpected),
        ("'a'", 0, Unexpected),
        ("{a:1}", 1, Unexpected),
        ("{1:1}", 1, Unexpected),
        ("{\"a\"1}", 4, Unexpected),
        ("{\"a\":1,}", 7, Unexpected),
        ("[1,]", 3, Unexpected),
        ("[,1]", 1, Unexpected),
        ("[1}", 2, Unexpected),
        ("{\"a\":1]", 6, Unexpected),
        ("]", 0, Unexpected),
        ("/**/1", 0, Unexpected),
        ("\u{feff}1", 0, Unexpected),
        ("{\"b\":1,\"a\":2}", 7, KeyOrder),
        ("{\"aa\":1,\"a\":2}", 8, KeyOrder),
        ("{\"a\":1,\"A\":2}", 7, KeyOrder),
        ("{\"\u{e000}\":1,\"😀\":2}", 9, KeyOrder),
        ("{\"\u{ffff}\":1,\"😀\":2}", 9, KeyOrder),
        ("{\" \":1,\"\\n\":2}", 7, KeyOrder),
        ("{\"a\":1,\"a\":2}", 7, KeyTwice),
        ("{\"\\n\":1,\"\\n\":2}", 8, KeyTwice),
        ("[{\"a\":{\"b\":1,\"b\":1}}]", 13, KeyTwice),
    ]);
}

#[test]
fn characters_have_one_spelling() {
    use Reason::*;
    assert_refused(&[
        ("\"a\nb\"", 2, ControlCharacter),
        ("\"\u{0}\"", 1, ControlCharacter),
        ("\"\u{1f}\"", 1, ControlCharacter),
        (r#""\/""#, 1, Escape),
        (r#""\a""#, 1, Escape),
        (r#""\u0041""#, 1, Escape),
        (r#""\u000A""#, 1, Escape),
        (r#""\u000a""#, 1, Escape),
        (r#""\u0008""#, 1, Escape),
        (r#""\u0009""#, 1, Escape),
        (r#""\u000c""#, 1, Escape),
        (r#""\u000d""#, 1, Escape),
        (r#""\u001F""#, 1, Escape),
        (r#""\u0022""#, 1, Escape),
        (r#""\u005c""#, 1, Escape),
        (r#""\u007f""#, 1, Escape),
        (r#""\U0000""#, 1, Escape),
        (r#""\u00""#, 1, Escape),
        (r#""\ud83d\ude00""#, 1, Surrogate),
        (r#""\uD83D\uDE00""#, 1, Surrogate),
        (r#""\ud800""#, 1, Surrogate),
        (r#""\udfff""#, 1, Surrogate),
    ]);
}

fn assert_refused(table: &[(&str, usize, Reason)]) {
    for (text, offset, reason) in table {
        let refusal = NotCanonical { offset: *offset, reason: *reason };
        assert_eq!(check(text.as_bytes()), Err(refusal), "{text}");
    }
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    for (bytes, offset) in [
        (&b"\"\xff\""[..], 1),
        (b"\"\xc0\x80\"", 1),         // an overlong zero
        (b"\"ab\xed\xa0\x80\"", 3),   // a surrogate in UTF-8
        (b"\"\xf4\x90\x80\x80\"", 1), // above U+10FFFF
        (b"\"\xe5\x90", 1),           // cut in the middle of a character
    ] {
        assert_eq!(check(bytes), Err(NotCanonical { offset, reason: Reason::NotUtf8 }));
    }
}

#[test]
fn numbers_have_the_spelling_of_ecmascript() {
    // The second half is appendix B of RFC 8785.
    for number in [
        "0",
        "1",
        "-1",
        "9007199254740991",
        "999999999999999",
        "1000000000000000",
        "0.5",
        "1e+21",
        "1e-7",
        "0.0000012345678901234567",
        "-0.0000012345678901234567",
        "5e-324",
        "-5e-324",
        "1.7976931348623157e+308",
        "-1.7976931348623157e+308",
        "9007199254740992",
        "-9007199254740992",
        "295147905179352830000",
        "9.999999999999997e+22",
        "1e+23",
        "1.0000000000000001e+23",
        "999999999999999700000",
        "999999999999999900000",
        "9.999999999999997e-7",
        "0.000001",
        "333333333.3333332",
        "333333333.33333325",
        "333333333.3333333",
        "333333333.3333334",
        "333333333.33333343",
        "-0.0000033333333333333333",
        "1424953923781206.2",
    ] {
        assert_eq!(check(number.as_bytes()), Ok(number));
    }
}

#[test]
fn numbers_have_no_other_spelling() {
    for number in [
        "-0",
        "00",
        "01",
        "-01",
        "1.0",
        "1.",
        "-",
        "-.5",
        "1e2",
        "1E2",
        "1e+2",
        "1e+021",
        "1e21",
        "1E+21",
        "0.10",
        "0e0",
        "0.0",
        "-0.0",
        "1e-6",
        "0.0000001",
        "1_0",
        "1e",
        "1e+",
        "1+1",
        "1-1",
        "--1",
        "1..2",
        "0x1",
        "1,0",
        // 2^64 and 2^53 + 1 as integers: doubles are spelt otherwise, or are other numbers.
        "18446744073709551616",
        "9007199254740993",
        "295147905179352825856",
        "10000000000000000000000",
        "0.1000000000000000055511151231257827",
        "333333333.33333332999",
    ] {
        assert!(check(number.as_bytes()).is_err(), "{number}");
    }
    for number in ["1e400", "-1e400", "1e+309"] {
        assert_eq!(reason(number), Reason::NumberRange, "{number}");
    }
    assert_eq!(reason(&"1".repeat(400)), Reason::NumberSpelling);
}

#[test]
fn sixteen_levels_may_be_open_and_no_more() {
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    let deep = nested(DEPTH_MAX);
    assert_eq!(check(deep.as_bytes()), Ok(deep.as_str()));
    assert_eq!(check(nested(17).as_bytes()), Err(NotCanonical { offset: 16, reason: Reason::Depth }));
    assert_eq!(reason(&"{\"a\":".repeat(17)), Reason::Depth);
    // Siblings do not add up.
    let siblings = format!("[{0},{0},{0}]", nested(15));
    assert_eq!(check(siblings.as_bytes()), Ok(siblings.as_str()));
}

#[test]
fn long_hostile_texts_are_refused_early() {
    for text in ["[".repeat(1 << 18), "9".repeat(1 << 18), "-".repeat(1 << 18), "\\".repeat(1 << 18)] {
        assert!(check(text.as_bytes()).unwrap_err().offset <= 32);
    }
}

#[test]
fn members_are_found_and_cut_out_as_they_stand() {
    let text = r#"{"a":[1,{"proof":"}"}],"proof":{"x":"\"},"},"z":"proof"}"#;
    check(text.as_bytes()).unwrap();
    for (name, value, rest) in [
        ("a", Some(r#"[1,{"proof":"}"}]"#), r#"{"proof":{"x":"\"},"},"z":"proof"}"#),
        ("proof", Some(r#"{"x":"\"},"}"#), r#"{"a":[1,{"proof":"}"}],"z":"proof"}"#),
        ("z", Some(r#""proof""#), r#"{"a":[1,{"proof":"}"}],"proof":{"x":"\"},"}}"#),
        ("x", None, text),
        ("", None, text),
    ] {
        assert_eq!(member(text, name), value, "{name}");
        assert_eq!(joined(text, name), rest, "{name}");
    }
    assert_eq!(joined(r#"{"proof":1}"#, "proof"), "{}");
    assert_eq!(joined("{}", "proof"), "{}");
    assert_eq!(joined("[]", "proof"), "[]");
    assert_eq!(joined("\"proof\"", "proof"), "\"proof\"");
    // A key with escapes is compared as the text it spells.
    assert_eq!(member(r#"{"\n\"\\\u0001":7}"#, "\n\"\\\u{1}"), Some("7"));
}

#[test]
fn elements_are_handed_out_as_they_stand() {
    for (text, expected) in [
        ("[]", &[][..]),
        ("[1]", &["1"]),
        ("[\"a,b\",[1,2],{\"c\":[]},null]", &["\"a,b\"", "[1,2]", "{\"c\":[]}", "null"]),
        ("{}", &[]),
        ("1", &[]),
    ] {
        assert_eq!(elements(text).collect::<Vec<_>>(), expected, "{text}");
    }
}

#[test]
fn values_that_json_cannot_hold_are_not_written() {
    assert!(to_string(&f64::NAN).is_err());
    assert!(to_string(&f64::INFINITY).is_err());
    assert_eq!(to_string(&-0.0).unwrap(), "0");
    assert_eq!(to_string("unsized text").unwrap(), "\"unsized text\"");
    assert_eq!(to_string(&json!({"b": 1, "a": 1e21})).unwrap(), r#"{"a":1e+21,"b":1}"#);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_is_written_is_canonical(value in document()) {
        let text = to_string(&value).unwrap();
        prop_assert_eq!(check(text.as_bytes()), Ok(text.as_str()));
        prop_assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), read_back(&value));
    }

    /// The model parses, writes again and compares, and shares nothing with the scanner.
    #[test]
    fn the_scanner_agrees_with_writing_again(value in document(), edits in edits()) {
        let bytes = mutated(to_string(&value).unwrap().into_bytes(), &edits);
        prop_assert_eq!(check(&bytes).is_ok(), model(&bytes), "{}", String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn the_scanner_agrees_on_texts_that_look_like_json(text in r#"[\[\]{}",:\\u0bnd8a-f1e+. -]{0,24}"#) {
        prop_assert_eq!(check(text.as_bytes()).is_ok(), model(text.as_bytes()), "{}", text);
    }

    #[test]
    fn eight_bytes_at_a_time_find_what_one_at_a_time_finds(bytes in prop::collection::vec(prop_oneof![9 => b'#'..=b'[', 1 => any::<u8>()], 0..40)) {
        let naive = bytes.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20)).unwrap_or(bytes.len());
        prop_assert_eq!(plain::length(&bytes), naive);
    }

    #[test]
    fn every_double_passes_in_its_one_spelling(bits: u64) {
        let number = f64::from_bits(bits);
        prop_assume!(number.is_finite());
        let text = to_string(&number).unwrap();
        prop_assert_eq!(check(text.as_bytes()), Ok(text.as_str()));
    }

    #[test]
    fn a_number_passes_only_in_its_one_spelling(text in "-?[0-9]{1,22}(\\.[0-9]{0,20})?(e[+-]?[0-9]{1,3})?") {
        let number: f64 = text.parse().unwrap();
        let canonical = number.is_finite() && to_string(&number).unwrap() == text;
        prop_assert_eq!(check(text.as_bytes()).is_ok(), canonical, "{}", text);
    }

    #[test]
    fn keys_are_ordered_by_their_utf16_units(first in key(), second in key()) {
        let spelt = |key: &str| to_string(key).unwrap();
        let text = format!("{{{}:0,{}:0}}", spelt(&first), spelt(&second));
        let ascending = first.encode_utf16().lt(second.encode_utf16());
        prop_assert_eq!(check(text.as_bytes()).is_ok(), ascending, "{}", text);
    }

    #[test]
    fn a_cut_equals_writing_without_the_member(members in prop::collection::btree_map(key(), document(), 0..6), other in key()) {
        let object = Value::Object(members.clone().into_iter().collect());
        let text = to_string(&object).unwrap();
        for name in members.keys().chain([&other]) {
            let mut rest = members.clone();
            let removed = rest.remove(name);
            prop_assert_eq!(joined(&text, name), to_string(&rest).unwrap());
            prop_assert_eq!(member(&text, name).map(str::to_owned), removed.map(|value| to_string(&value).unwrap()));
        }
    }

    #[test]
    fn cuts_of_any_text_come_to_an_end(text in r#"[\[\]{}",:\\ap]{0,40}"#) {
        prop_assert!(members(&text).count() <= text.len());
        prop_assert!(elements(&text).count() <= text.len());
        prop_assert!(joined(&text, "p").len() <= text.len());
    }
}

fn reason(text: &str) -> Reason {
    check(text.as_bytes()).unwrap_err().reason
}

fn joined(text: &str, name: &str) -> String {
    let (before, after) = without(text, name);
    format!("{before}{after}")
}

/// Canonical by definition: parsed and written again, nothing changes.
fn model(bytes: &[u8]) -> bool {
    let Ok(value) = serde_json::from_slice::<Value>(bytes) else {
        return false;
    };
    to_string(&value).is_ok_and(|text| text.as_bytes() == bytes) && depth(&value) <= DEPTH_MAX
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(elements) => 1 + elements.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

/// The value with every number as the double it is written as.
fn read_back(value: &Value) -> Value {
    match value {
        Value::Number(number) => serde_json::from_str(&to_string(number).unwrap()).unwrap(),
        Value::Array(elements) => elements.iter().map(read_back).collect(),
        Value::Object(members) => members.iter().map(|(key, value)| (key.clone(), read_back(value))).collect(),
        Value::Null | Value::Bool(_) | Value::String(_) => value.clone(),
    }
}

/// Short texts with many of the characters that need care.
fn key() -> impl Strategy<Value = String> {
    let careful = prop::sample::select(vec![
        '\u{0}',
        '\u{8}',
        '\t',
        '\n',
        '\u{b}',
        '\r',
        '\u{1f}',
        ' ',
        '"',
        '\\',
        '/',
        '\u{7f}',
        'é',
        '合',
        '\u{d7ff}',
        '\u{e000}',
        '\u{fffd}',
        '\u{ffff}',
        '😀',
        '\u{10ffff}',
    ]);
    prop::collection::vec(prop_oneof![careful, prop::char::range('a', 'c'), any::<char>()], 0..5)
        .prop_map(|characters| characters.into_iter().collect())
}

fn document() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1000..1000_i64).prop_map(Value::from),
        any::<f64>().prop_filter("finite", |number| number.is_finite()).prop_map(Value::from),
        key().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(key(), inner, 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Where, how and with which byte a text is changed.
fn edits() -> impl Strategy<Value = Vec<(prop::sample::Index, u8, u8)>> {
    let byte = prop_oneof![prop::sample::select(br#"{}[]",:\/bfnrtu0123456789-+.eE "#.to_vec()), any::<u8>(),];
    prop::collection::vec((any::<prop::sample::Index>(), 0..4_u8, byte), 0..3)
}

fn mutated(mut bytes: Vec<u8>, edits: &[(prop::sample::Index, u8, u8)]) -> Vec<u8> {
    for (index, kind, byte) in edits {
        let at = index.index(bytes.len() + 1);
        match kind {
            0 => bytes.insert(at, *byte),
            1 if at < bytes.len() => drop(bytes.remove(at)),
            2 if at < bytes.len() => bytes[at] = *byte,
            3 if at + 1 < bytes.len() => bytes.swap(at, at + 1),
            _ => {}
        }
    }
    bytes
}
