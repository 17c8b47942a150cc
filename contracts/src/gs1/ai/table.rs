//! The Application Identifiers (General Specifications §3; GS1 Barcode Syntax Dictionary).
//!
//! The order is that of a search: what events are about comes first, the rest in the order of the codes.

use super::{Ai, Charset, Check, Codes, Part, Place};

const fn part(set: Charset, min: usize, max: usize) -> Part {
    Part { set, min, max, optional: false, check: Check::Nothing }
}

/// So many digits.
const fn n(digits: usize) -> Part {
    part(Charset::Digits, digits, digits)
}

/// One to `max` digits.
const fn n_to(max: usize) -> Part {
    part(Charset::Digits, 1, max)
}

/// So many characters of set 82.
const fn x(characters: usize) -> Part {
    part(Charset::Set82, characters, characters)
}

/// One to `max` characters of set 82.
const fn x_to(max: usize) -> Part {
    part(Charset::Set82, 1, max)
}

impl Part {
    const fn optional(self) -> Part {
        Part { optional: true, ..self }
    }

    const fn checked(self, check: Check) -> Part {
        Part { check, ..self }
    }
}

const fn key(code: &'static str, parts: &'static [Part], qualifiers: &'static [&'static [&'static str]]) -> Ai {
    Ai { codes: Codes::One(code), parts, place: Place::Key(qualifiers) }
}

const fn qualifier(code: &'static str, parts: &'static [Part]) -> Ai {
    Ai { codes: Codes::One(code), parts, place: Place::Qualifier { attribute: false } }
}

const fn attribute(code: &'static str, parts: &'static [Part]) -> Ai {
    Ai { codes: Codes::One(code), parts, place: Place::Attribute }
}

const fn attributes(first: &'static str, last: &'static str, parts: &'static [Part]) -> Ai {
    Ai { codes: Codes::Span(first, last), parts, place: Place::Attribute }
}

const fn measures(first: &'static str, last: &'static str) -> Ai {
    Ai { codes: Codes::Measures(first, last), parts: SIX, place: Place::Attribute }
}

const fn unlinked(code: &'static str, parts: &'static [Part]) -> Ai {
    Ai { codes: Codes::One(code), parts, place: Place::Nowhere }
}

const SIX: &[Part] = &[n(6)];
const GTIN: &[Part] = &[n(14).checked(Check::Digit)];
const GLN: &[Part] = &[n(13).checked(Check::Digit)];
const GSRN: &[Part] = &[n(18).checked(Check::Digit)];
const GRAI: &[Part] = &[n(1).checked(Check::Zero), n(13).checked(Check::Digit), x_to(16).optional()];
const ITIP: &[Part] = &[n(14).checked(Check::Digit), n(4).checked(Check::PieceOfTotal)];
const ASSET: &[Part] = &[x_to(30).checked(Check::Prefix)];
const MODEL: &[Part] = &[x_to(25).checked(Check::Pair)];
const IMPORTER: &[Part] = &[n(1), x(1), x(1), x(1).checked(Check::Importer)];
const COUNTRIES: &[Part] = &[n(3), n(3).optional(), n(3).optional(), n(3).optional(), n(3).optional()];
const TEMPERATURE: &[Part] = &[n(6), x(1).optional()];
const SECONDS: &[Part] = &[n(6), n(2), n(2).optional(), n(2).optional()];
const CERTIFICATE: &[Part] = &[x(2), x_to(28)];

pub(super) static TABLE: &[Ai] = &[
    key("01", GTIN, &[&["22", "10", "21"], &["235"]]),
    qualifier("21", &[x_to(20)]),
    Ai { codes: Codes::One("10"), parts: &[x_to(20)], place: Place::Qualifier { attribute: true } },
    key("00", &[n(18).checked(Check::Digit)], &[]),
    key("414", GLN, &[&["254"], &["7040"]]),
    key("417", GLN, &[&["7040"]]),
    attribute("02", GTIN),
    unlinked("03", GTIN),
    attributes("11", "13", &[n(6)]),
    attributes("15", "17", &[n(6)]),
    attribute("20", &[n(2)]),
    qualifier("22", &[x_to(20)]),
    qualifier("235", &[x_to(28)]),
    attributes("240", "241", &[x_to(30)]),
    attribute("242", &[n_to(6)]),
    attribute("243", &[x_to(20)]),
    attributes("250", "251", &[x_to(30)]),
    key("253", &[n(13).checked(Check::Digit), x_to(17).optional()], &[]),
    qualifier("254", &[x_to(20)]),
    key("255", &[n(13).checked(Check::Digit), n_to(12).optional()], &[]),
    attribute("30", &[n_to(8)]),
    measures("310", "316"),
    measures("320", "337"),
    measures("340", "357"),
    measures("360", "369"),
    attribute("37", &[n_to(8)]),
    attributes("3900", "3909", &[n_to(15)]),
    attributes("3910", "3919", &[n(3), n_to(15)]),
    attributes("3920", "3929", &[n_to(15)]),
    attributes("3930", "3939", &[n(3), n_to(15)]),
    attributes("3940", "3943", &[n(4)]),
    attributes("3950", "3955", &[n(6)]),
    attribute("400", &[x_to(30)]),
    key("401", ASSET, &[]),
    key("402", &[n(17).checked(Check::Digit)], &[]),
    attribute("403", &[x_to(30)]),
    attributes("410", "413", GLN),
    key("415", GLN, &[&["8020"]]),
    attribute("416", GLN),
    attribute("420", &[x_to(20)]),
    attribute("421", &[n(3), x_to(9)]),
    attribute("422", &[n(3)]),
    attribute("423", COUNTRIES),
    attribute("424", &[n(3)]),
    attribute("425", COUNTRIES),
    attribute("426", &[n(3)]),
    attribute("427", &[x_to(3)]),
    attributes("4300", "4301", &[x_to(35)]),
    attributes("4302", "4306", &[x_to(70)]),
    attribute("4307", &[x(2)]),
    attribute("4308", &[x_to(30)]),
    attribute("4309", &[n(10), n(10)]),
    attributes("4310", "4311", &[x_to(35)]),
    attributes("4312", "4316", &[x_to(70)]),
    attribute("4317", &[x(2)]),
    attribute("4318", &[x_to(20)]),
    attribute("4319", &[x_to(30)]),
    attribute("4320", &[x_to(35)]),
    attributes("4321", "4323", &[n(1)]),
    attributes("4324", "4325", &[n(6), n(4)]),
    attribute("4326", &[n(6)]),
    attributes("4330", "4333", TEMPERATURE),
    attribute("7001", &[n(13)]),
    attribute("7002", &[x_to(30)]),
    attribute("7003", &[n(6), n(4)]),
    attribute("7004", &[n_to(4)]),
    attribute("7005", &[x_to(12)]),
    attribute("7006", &[n(6)]),
    attribute("7007", &[n(6), n(6).optional()]),
    attribute("7008", &[x_to(3)]),
    attribute("7009", &[x_to(10)]),
    attribute("7010", &[x_to(2)]),
    attribute("7011", &[n(6), n(4).optional()]),
    attributes("7020", "7022", &[x_to(20)]),
    attribute("7023", ASSET),
    attributes("7030", "7039", &[n(3), x_to(27)]),
    qualifier("7040", IMPORTER),
    unlinked("7041", &[x_to(4)]),
    attributes("710", "717", &[x_to(20)]),
    attributes("7230", "7239", CERTIFICATE),
    attribute("7240", &[x_to(20)]),
    attribute("7241", &[n(2)]),
    attribute("7242", &[x_to(25)]),
    attribute("7250", &[n(8)]),
    attribute("7251", &[n(8), n(4)]),
    attribute("7252", &[n(1)]),
    attributes("7253", "7254", &[x_to(40)]),
    attribute("7255", &[x_to(10)]),
    attribute("7256", &[x_to(90)]),
    attribute("7257", &[x_to(70)]),
    attribute("7258", &[x(3)]),
    attribute("7259", &[x_to(40)]),
    attribute("8001", &[n(4), n(5), n(3), n(1), n(1)]),
    attribute("8002", &[x_to(20)]),
    key("8003", GRAI, &[]),
    key("8004", ASSET, &[&["7040"]]),
    attribute("8005", &[n(6)]),
    key("8006", ITIP, &[&["22", "10", "21"]]),
    attribute("8007", &[x_to(34)]),
    attribute("8008", SECONDS),
    attribute("8009", &[x_to(50)]),
    key("8010", &[part(Charset::Set39, 1, 30).checked(Check::Prefix)], &[&["8011"]]),
    qualifier("8011", &[n_to(12).checked(Check::NoLeadingZero)]),
    attribute("8012", &[x_to(20)]),
    key("8013", MODEL, &[]),
    unlinked("8014", MODEL),
    key("8017", GSRN, &[&["8019"]]),
    key("8018", GSRN, &[&["8019"]]),
    qualifier("8019", &[n_to(10)]),
    qualifier("8020", &[x_to(25)]),
    attribute("8026", ITIP),
    attribute("8030", &[part(Charset::Base64, 1, 90)]),
    unlinked("8040", &[n(15)]),
    unlinked("8041", &[n(15)]),
    unlinked("8042", &[n(32)]),
    unlinked("8043", &[n(18), n_to(2).optional()]),
    attribute("8110", &[x_to(70)]),
    attribute("8111", &[n(4)]),
    attribute("8112", &[x_to(70)]),
    unlinked("8200", &[x_to(70)]),
    attribute("90", &[x_to(30)]),
    attributes("91", "99", &[x_to(90)]),
];
