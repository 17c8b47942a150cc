//! A single value in its one spelling (CBV 2.0, EPCIS Event Hash ID).

use super::{decimal, namespaces::Namespaces, words::Words};
use crate::gs1;

/// Vocabulary as EPCIS 1 wrote it, and as the hash does.
const OLDER_WORDS: [(&str, &str); 5] = [
    ("urn:epcglobal:cbv:bizstep:", "https://ref.gs1.org/cbv/BizStep-"),
    ("urn:epcglobal:cbv:btt:", "https://ref.gs1.org/cbv/BTT-"),
    ("urn:epcglobal:cbv:disp:", "https://ref.gs1.org/cbv/Disp-"),
    ("urn:epcglobal:cbv:er:", "https://ref.gs1.org/cbv/ER-"),
    ("urn:epcglobal:cbv:sdt:", "https://ref.gs1.org/cbv/SDT-"),
];

/// The value in its one spelling, empty where it says nothing.
///
/// White space around it is cut off. A word of the field's vocabulary, an older word and a compact URI are written in
/// full, a number without superfluous digits, an EPC URN or Digital Link of any domain as constrained canonical link.
pub(super) fn canonical(text: &str, words: Words, namespaces: &Namespaces) -> String {
    let text = trimmed(text);
    if let Some(full) = words.full(text) {
        return full;
    }
    let full = namespaces.value(text);
    for (older, newer) in OLDER_WORDS {
        if let Some(word) = full.strip_prefix(older) {
            return format!("{newer}{word}");
        }
    }
    decimal::canonical(&full).or_else(|| gs1::constrained(&full)).unwrap_or_else(|| full.into_owned())
}

/// Without white space and the four separators U+001C to U+001F around it.
pub(super) fn trimmed(text: &str) -> &str {
    text.trim_matches(|character: char| character.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&character))
}
