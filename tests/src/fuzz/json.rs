//! Canonical JSON: the scanner, and the cuts of what it has accepted.

use hefu_keys::canonical::{self, Reason};
use serde_json::Value;

use super::{Verdict, golden, text};

/// The scanner accepts exactly what another reader and writer give back as it was. Nested too deep is the scanner's own
/// reason: the other reader has no such limit.
pub(super) fn scan(bytes: &[u8]) -> Verdict {
    let value = serde_json::from_slice::<Value>(bytes).ok();
    let written_again = value.and_then(|value| canonical::to_string(&value).ok());
    match canonical::check(bytes) {
        Ok(text) => {
            assert_eq!(written_again.as_deref(), Some(text), "accepted, but written otherwise");
            Verdict::Accepted
        }
        Err(bad) => {
            assert!(bad.offset <= bytes.len(), "refused at {} of {} bytes", bad.offset, bytes.len());
            let same = written_again.is_some_and(|again| again.as_bytes() == bytes);
            assert!(!same || bad.reason == Reason::Depth, "refused, but canonical: {bad}");
            Verdict::Refused
        }
    }
}

/// The slices of an accepted document are what another reader takes it apart into. On any other text they mean nothing,
/// but come to an end.
pub(super) fn cut(bytes: &[u8]) -> Verdict {
    let Some(any) = text(bytes) else { return Verdict::Refused };
    assert!(canonical::members(any).count() <= any.len(), "more members than bytes");
    assert!(canonical::elements(any).count() <= any.len(), "more elements than bytes");
    assert!(joined(any, "proof").len() <= any.len(), "longer without a member");
    let Ok(text) = canonical::check(bytes) else { return Verdict::Refused };
    let value: Value = serde_json::from_str(text).expect("the scanner has accepted it");
    let members = value.as_object().cloned().unwrap_or_default();
    assert_eq!(canonical::members(text).count(), members.len(), "another number of members");
    for (name, value) in &members {
        let found: Vec<_> = canonical::members(text).filter(|member| canonical::same_text(member.key, name)).collect();
        assert_eq!(found.len(), 1, "{name:?} was found {} times", found.len());
        assert_eq!(canonical::member(text, name), Some(written(value).as_str()), "{name:?} is another value");
        let mut rest = members.clone();
        rest.remove(name);
        assert_eq!(joined(text, name), written(&Value::Object(rest)), "without {name:?} it is another document");
    }
    let elements: Vec<String> = value.as_array().into_iter().flatten().map(written).collect();
    assert!(canonical::elements(text).eq(elements.iter().map(String::as_str)), "other elements");
    Verdict::Accepted
}

fn joined(text: &str, name: &str) -> String {
    let (before, after) = canonical::without(text, name);
    format!("{before}{after}")
}

fn written(value: &Value) -> String {
    canonical::to_string(value).expect("a JSON value")
}

/// Documents of all kinds, and single values.
pub(super) fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = golden::files("keys", "", ".json");
    for folder in ["", "records", "rows", "votes"] {
        seeds.extend(golden::files("contracts", folder, ".json"));
    }
    let values =
        ["null", "-1.5e-7", r#""\u001f\\合""#, "[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]", r#"{"":{},"\n":[1,2],"é":"😀"}"#];
    seeds.extend(values.map(|value| value.as_bytes().to_vec()));
    seeds
}
