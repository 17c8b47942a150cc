use std::collections::BTreeMap;

use super::*;
use crate::gs1::fixtures;

fn check(code: &str, value: &str) -> Result<(), String> {
    Ai::find(code).ok_or("unknown".to_owned())?.check(code, value, Judging::Full).map_err(|bad| bad.to_string())
}

#[test]
fn values_are_judged_by_length_characters_and_content() {
    for (code, value, verdict) in [
        ("01", "09521234543213", ""),
        (
            "01",
            "09521234543214",
            "the value \"09521234543214\" of AI 01 ends in another check digit than the rest calls for",
        ),
        ("01", "9521234543213", "the value \"9521234543213\" of AI 01 has 13 characters, 14 to 14 are accepted"),
        ("21", "7K3X", ""),
        ("21", "", "the value \"\" of AI 21 has 0 characters, 1 to 20 are accepted"),
        (
            "21",
            "123456789012345678901",
            "the value \"123456789012345678901\" of AI 21 has 21 characters, 1 to 20 are accepted",
        ),
        ("21", "a b", "the value \"a b\" of AI 21 has ' ' as character 2, which cannot stand there"),
        ("21", "7序列号", "the value \"7序列号\" of AI 21 has '序' as character 2, which cannot stand there"),
        ("8003", "09521234000013", ""),
        ("8003", "09521234000013ABC", ""),
        ("8003", "19521234000013", "the value \"19521234000013\" of AI 8003 begins with another digit than 0"),
        ("8004", "952A", "the value \"952A\" of AI 8004 begins with no company prefix"),
        ("8006", "095212345432130102", ""),
        ("8006", "095212345432130301", "the value \"095212345432130301\" of AI 8006 is no piece of a total"),
        ("8006", "095212345432130001", "the value \"095212345432130001\" of AI 8006 is no piece of a total"),
        ("8010", "9521234A#/-", ""),
        ("8010", "9521234a", "the value \"9521234a\" of AI 8010 has 'a' as character 8, which cannot stand there"),
        (
            "253",
            "95212340000139é",
            "the value \"95212340000139é\" of AI 253 has 'é' as character 15, which cannot stand there",
        ),
        ("7003", "2612311O59", "the value \"2612311O59\" of AI 7003 has 'O' as character 8, which cannot stand there"),
        ("8011", "0", ""),
        ("8011", "01", "the value \"01\" of AI 8011 begins with 0"),
        ("8013", "1987654Ad4X4bL5ttr2310c2K", ""),
        (
            "8013",
            "1987654Ad4X4bL5ttr2310c2L",
            "the value \"1987654Ad4X4bL5ttr2310c2L\" of AI 8013 ends in other check characters than the rest calls for",
        ),
        ("7040", "1ABC", ""),
        ("7040", "1AB!", "the value \"1AB!\" of AI 7040 ends in no importer index"),
        ("3103", "000195", ""),
        ("3106", "000195", "unknown"),
        ("3170", "000195", "unknown"),
        ("89", "1", "unknown"),
        ("gtin", "1", "unknown"),
        ("", "1", "unknown"),
    ] {
        assert_eq!(check(code, value).err().unwrap_or_default(), verdict, "({code}) {value}");
    }
}

#[test]
fn the_table_is_that_of_the_syntax_dictionary() {
    let Some(dictionary) = fixtures::read("digital-link/gs1-syntax-dictionary.txt") else { return };
    let mut known = BTreeMap::new();
    for line in dictionary.lines().filter(|line| line.starts_with(|first: char| first.is_ascii_digit())) {
        for code in codes(line.split_whitespace().next().unwrap()) {
            let ai = Ai::find(&code).unwrap_or_else(|| panic!("AI {code} is missing"));
            assert_eq!(written(&code, ai), entry(line), "AI {code}");
            known.insert(code, ());
        }
    }
    let all = (0..100)
        .map(|n| format!("{n:02}"))
        .chain((0..1_000).map(|n| format!("{n:03}")))
        .chain((0..10_000).map(|n| format!("{n:04}")));
    for code in all {
        assert_eq!(Ai::find(&code).is_some(), known.contains_key(&code), "AI {code}");
    }
}

/// The codes of the dictionary's first column: `10` or `3100-3105`.
fn codes(column: &str) -> Vec<String> {
    let (first, last) = column.split_once('-').unwrap_or((column, column));
    let width = first.len();
    (first.parse::<u32>().unwrap()..=last.parse().unwrap()).map(|code| format!("{code:0width$}")).collect()
}

/// What the dictionary says of an identifier: flags, parts, alternative orders of qualifiers.
fn entry(line: &str) -> (String, Vec<String>, Option<String>) {
    let line = line.split('#').next().unwrap();
    let mut columns = line.split_whitespace().skip(1).peekable();
    let is_flags = |column: &&str| !column.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '[');
    let flags = columns.next_if(is_flags).unwrap_or_default().to_owned();
    let (parts, pairs): (Vec<&str>, Vec<&str>) =
        columns.partition(|column| column.starts_with(['N', 'X', 'Y', 'Z', '[']));
    let parts = parts
        .iter()
        .map(|part| {
            let mut words = part.split(',');
            let form = words.next().unwrap().to_owned();
            // A country is as checked as its three digits; what else is looked up in lists is not our concern.
            words.filter_map(check_named).fold(form, |form, check| format!("{form},{check}"))
        })
        .collect();
    let orders = pairs.iter().find_map(|pair| Some(pair.strip_prefix("dlpkey")?.trim_start_matches('=').to_owned()));
    (flags, parts, orders)
}

fn check_named(word: &str) -> Option<&'static str> {
    match word {
        "csum" => Some("digit"),
        "csumalpha" => Some("pair"),
        "zero" => Some("zero"),
        "pieceoftotal" => Some("piece"),
        "nozeroprefix" => Some("nozero"),
        "importeridx" => Some("importer"),
        _ => None,
    }
}

/// The same of our table.
fn written(code: &str, ai: &Ai) -> (String, Vec<String>, Option<String>) {
    let mut flags = String::new();
    if has_predefined_length(code) {
        flags.push('*');
    }
    if ai.is_attribute() {
        flags.push('?');
    }
    let parts = ai.parts.iter().map(part_written).collect();
    let orders = ai.qualifiers().map(|orders| orders.iter().map(|order| order.join(",")).collect::<Vec<_>>().join("|"));
    (flags, parts, orders)
}

fn part_written(part: &Part) -> String {
    let set = match part.set {
        Charset::Digits => "N",
        Charset::Set82 => "X",
        Charset::Set39 => "Y",
        Charset::Base64 => "Z",
    };
    let length = if part.min == part.max { part.max.to_string() } else { format!("..{}", part.max) };
    let form = if part.optional { format!("[{set}{length}]") } else { format!("{set}{length}") };
    match part.check {
        Check::Nothing | Check::Prefix => form,
        Check::Digit => format!("{form},digit"),
        Check::Pair => format!("{form},pair"),
        Check::Zero => format!("{form},zero"),
        Check::PieceOfTotal => format!("{form},piece"),
        Check::NoLeadingZero => format!("{form},nozero"),
        Check::Importer => format!("{form},importer"),
    }
}
