use super::*;

#[test]
fn numbers_keep_their_spelling() {
    let json = read(r#" {"b":1.50,"a":[1e3,true,null,"\u00e9"]} "#).unwrap();
    let list = [Json::Word("1e3".into()), Json::Word("true".into()), Json::Null, Json::Text("é".into())];
    assert_eq!(
        json,
        Json::Object(vec![("a".into(), Json::List(list.into())), ("b".into(), Json::Word("1.50".into()))])
    );
}

#[test]
fn nesting_has_a_limit() {
    let nested = |depth: usize| read(&format!("{}{}", "[".repeat(depth), "]".repeat(depth)));
    assert!(nested(DEPTH_MAX).is_ok());
    assert!(matches!(nested(DEPTH_MAX + 1), Err(NotHashable::TooDeep)));
    assert!(matches!(nested(50_000), Err(NotHashable::TooDeep)));
}

#[test]
fn a_member_given_twice_counts_as_it_stands_last() {
    assert_eq!(read(r#"{"a":1,"a":2}"#).unwrap(), Json::Object(vec![("a".into(), Json::Word("2".into()))]));
}

#[test]
fn what_is_no_json_is_refused() {
    for text in ["", "{", "[1,]", "01", "nul", "\"\\ud800\"", "{\"a\":1} {}", "'a'"] {
        assert!(matches!(read(text), Err(NotHashable::Json(_))), "{text:?}");
    }
}
