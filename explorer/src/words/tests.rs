#![expect(clippy::string_slice, reason = "tests compute with small known texts")]

use std::{fs, path::Path};

use super::{en::EN, zh::ZH};

fn is_han(character: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&character)
}

/// What Chinese has in Latin letters: names, and anchors within a page.
const SAME: [&str; 7] = ["zh-CN", "English", "checked", "limits", "verdicts", "without", "GTIN"];

#[test]
fn each_language_is_all_of_itself() {
    let english = format!("{EN:?}").replace("中文", "");
    let foreign: String = english.chars().filter(|character| is_han(*character)).collect();
    assert_eq!(foreign, "");
    let chinese = format!("{ZH:?}");
    let untranslated: Vec<&str> = chinese
        .split('"')
        .skip(1)
        .step_by(2)
        .filter(|text| text.len() > 3 && !text.chars().any(is_han) && !text.starts_with('/'))
        .collect();
    assert_eq!(untranslated, SAME);
}

/// What is the same in every language.
const NAMES: [&str; 22] = [
    "GTIN",
    "KEY",
    "access",
    "curl",
    "s",
    "jq",
    "cSj",
    "record",
    "del",
    "proof",
    "sha256sum",
    "hefu",
    "verify",
    "statement",
    "CSV",
    "FILE",
    "json",
    "key",
    "node",
    "show",
    "genesis",
    "UTC",
];

#[test]
fn templates_hold_no_words() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let mut text = fs::read_to_string(&path).unwrap();
        for (open, close) in [("{#", "#}"), ("{%", "%}"), ("{{", "}}"), ("<", ">")] {
            while let Some(start) = text.find(open) {
                let end = start + text[start..].find(close).unwrap() + close.len();
                text.replace_range(start..end, " ");
            }
        }
        let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.chars().any(char::is_alphabetic));
        let hard: Vec<&str> = words.filter(|word| !NAMES.contains(word)).collect();
        assert!(hard.is_empty(), "{}: {hard:?}", path.display());
    }
}
