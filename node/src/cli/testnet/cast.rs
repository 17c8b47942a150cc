//! Who founds a test network: parties with opposed interests first, auditors for every further seat.

use anyhow::Context;
use hefu_contracts::{
    gs1::Gln,
    parties::{Name, Party, PartyKind},
};
use hefu_keys::Address;

/// id, kind, GLN, company prefix, English and Chinese name of the first four.
const FIRST: [(&str, PartyKind, &str, &str, &str, &str); 4] = [
    ("corenest", PartyKind::Brand, "9528880100012", "95288801", "CoreNest", "栖芯"),
    ("huaxu", PartyKind::Factory, "9528880200019", "95288802", "Huaxu Daily Chemical", "华序日化"),
    ("yueling", PartyKind::Factory, "9528880300016", "95288803", "Yueling FlexMake", "越岭柔造"),
    ("zhongsheng", PartyKind::Mcn, "9528880900018", "95288809", "Zhongsheng Media", "众声传媒"),
];

/// Id of the organisation in a seat, counted from 0.
pub(super) fn id(seat: usize) -> String {
    match FIRST.get(seat) {
        Some((id, ..)) => (*id).to_owned(),
        None => format!("auditor{}", seat.saturating_add(1)),
    }
}

/// The organisation in a seat.
pub(super) fn party(seat: usize, admin: Address) -> anyhow::Result<Party> {
    let id = id(seat);
    Ok(match FIRST.get(seat) {
        Some((_, kind, gln, prefix, en, zh)) => Party {
            admin,
            gln: Some(gln.parse::<Gln>().with_context(|| format!("the GLN of {id}"))?),
            id,
            kind: *kind,
            name: Name { en: (*en).to_owned(), zh: (*zh).to_owned() },
            prefixes: vec![(*prefix).to_owned()],
        },
        None => {
            let number = seat.saturating_add(1);
            let name = Name { en: format!("Auditor {number}"), zh: format!("审计方 {number}") };
            Party { admin, gln: None, id, kind: PartyKind::Auditor, name, prefixes: Vec::new() }
        }
    })
}
