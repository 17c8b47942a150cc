use super::*;
use crate::cbv::json::read;

fn with(context: &str) -> Namespaces {
    let mut namespaces = Namespaces::default();
    namespaces.declare(&read(context).unwrap());
    namespaces
}

#[test]
fn declared_prefixes_are_written_in_full() {
    for (context, name, written) in [
        ("{}", "cbvmda:lotNumber", "{urn:epcglobal:cbv:mda:}lotNumber"),
        (r#"{"ex":"https://a.example/"}"#, "ex:b", "{https://a.example/}b"),
        (
            r#"["https://c.example",{"ex":{"@id":"https://a.example#","@prefix":true}}]"#,
            "ex:b",
            "{https://a.example#}b",
        ),
        (r#"[{"ex":"https://a.example/"},{"ex":"https://b.example/"}]"#, "ex:b:c", "{https://b.example/}b:c"),
        (r#"{"gs1":"https://ours.example/"}"#, "gs1:b", "{https://ours.example/}b"),
    ] {
        assert_eq!(with(context).name(name), written, "{context}");
    }
    assert_eq!(with(r#"{"ex":"https://a.example/"}"#).value("ex:b"), "https://a.example/b");
}

#[test]
fn everything_else_stays() {
    for (context, text) in [
        ("{}", "ex:b"),
        ("{}", "plain"),
        (r#"{"ex":null,"ey":1}"#, "ex:b"),
        (r#"{"https":"https://a.example/"}"#, "https://b.example/"),
        ("\"https://a.example\"", "urn:uuid:1"),
        ("null", "a:b"),
    ] {
        assert_eq!(with(context).name(text), text, "{context}");
        assert_eq!(with(context).value(text), text, "{context}");
    }
}
