//! Submissions: a record together with its annex, as it is handed in and as a block holds it.

use std::collections::BTreeMap;

use hefu_keys::{
    Address, BadKey, Hash, PublicKey, canonical,
    parts::{self, ListPart, ValuePart},
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{
    agreements::{ATTRIBUTION, Share},
    annex::{ANNEX_BYTES_MAX, Annex, ELEMENTS_MAX, ListAnnex, Part},
    exact,
    gs1::Epc,
    record::{Body, RECORD_BYTES_MAX, Record, Verified},
    refusal::{Code, Refusal},
};

/// Largest submission in bytes: a record, an annex, and the object around them.
pub const SUBMISSION_BYTES_MAX: usize = RECORD_BYTES_MAX + ANNEX_BYTES_MAX + 64;

/// A submission whose form has been checked, but not its signatures.
#[derive(Clone, Debug)]
pub struct Unverified {
    annex: Annex,
    record: Record,
    lists: Lists,
}

/// A submission whose form and signatures have been checked.
#[derive(Clone, Debug)]
pub struct Submission {
    annex: Annex,
    record: Verified,
    lists: Lists,
}

/// The lists of a record, parsed.
#[derive(Clone, Debug, Default)]
struct Lists {
    identifiers: BTreeMap<String, Vec<Epc>>,
    shares: BTreeMap<String, u32>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire<'a> {
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    annex: Option<&'a RawValue>,
    #[serde(borrow)]
    record: &'a RawValue,
}

impl Unverified {
    /// Reads a submission from canonical bytes and checks its annex against the record's commitments.
    ///
    /// # Errors
    /// A [`Refusal`] of class malformed or rejected.
    pub fn read(bytes: &[u8]) -> Result<Unverified, Refusal> {
        if bytes.len() > SUBMISSION_BYTES_MAX {
            let detail = format!("submission has {} bytes, at most {SUBMISSION_BYTES_MAX} are accepted", bytes.len());
            return Err(Refusal::new(Code::AnnexSize).because(detail));
        }
        let text = canonical::check(bytes).map_err(hefu_keys::secured::Malformed::from)?;
        let wire: Wire<'_> = exact::read_canonical(text).map_err(|inexact| match canonical::member(text, "proof") {
            Some(_) => {
                let detail = "this is a record alone; it is handed in as {\"record\":…}, with its annex beside it";
                Refusal::new(Code::RecordShape).because(detail)
            }
            None => inexact.refuse(""),
        })?;
        let record = Record::read_checked(wire.record.get())?;
        let annex = wire.annex.map_or_else(|| Ok(Annex::default()), |annex| read_annex(annex.get()))?;
        let lists = check_parts(&record, &annex)?;
        Ok(Unverified { annex, record, lists })
    }

    /// The record.
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// What travels beside it.
    pub fn annex(&self) -> &Annex {
        &self.annex
    }

    /// Checks every signature.
    ///
    /// # Errors
    /// `E-SIGNATURE`.
    pub fn verify(self) -> Result<Submission, Refusal> {
        self.verify_by(PublicKey::registered)
    }

    /// As [`Unverified::verify`], with keys that are kept; see [`Claims::verify_by`](hefu_keys::secured::Claims::verify_by).
    ///
    /// # Errors
    /// `E-SIGNATURE`.
    pub fn verify_by(self, key: impl Fn(&Address) -> Result<PublicKey, BadKey>) -> Result<Submission, Refusal> {
        Ok(Submission { annex: self.annex, record: self.record.verify_by(key)?, lists: self.lists })
    }
}

fn read_annex(text: &str) -> Result<Annex, Refusal> {
    if text.len() > ANNEX_BYTES_MAX {
        let detail = format!("annex has {} bytes, at most {ANNEX_BYTES_MAX} are accepted", text.len());
        return Err(Refusal::new(Code::AnnexSize).at("/annex").because(detail));
    }
    if text == "{}" {
        return Err(Refusal::new(Code::RecordShape).at("/annex").because("an empty annex is absent"));
    }
    exact::read_canonical(text).map_err(|inexact| inexact.refuse("/annex"))
}

/// Every list of the record is there and is what the record commits to, every value that is there is, and nothing
/// else is.
fn check_parts(record: &Record, annex: &Annex) -> Result<Lists, Refusal> {
    let wrong = |pointer: &str, detail: &str| Refusal::new(Code::RecordPart).at(pointer).because(detail);
    let committed = |pointer: &String| record.parts.contains_key(pointer);
    if let Some(stray) = annex.lists.keys().chain(annex.values.keys()).find(|pointer| !committed(pointer)) {
        return Err(wrong(stray, "the record commits to no such part"));
    }
    let count: usize = annex.lists.values().map(|list| list.elements.len()).sum();
    if count > ELEMENTS_MAX {
        let detail = format!("{count} elements, at most {ELEMENTS_MAX} are accepted");
        return Err(Refusal::new(Code::ElementCount).at("/parts").because(detail));
    }
    let mut lists = Lists::default();
    for (pointer, part) in &record.parts {
        match part {
            Part::List { count, root } => {
                let list = annex.lists.get(pointer).ok_or_else(|| wrong(pointer, "the list is not in the annex"))?;
                let found = parts::list(&list.salt, &list.elements).map_err(|bad| wrong(pointer, &bad.to_string()))?;
                if found != (ListPart { count: *count, root: *root }) {
                    return Err(wrong(pointer, "the list is not the one committed to"));
                }
                if pointer == ATTRIBUTION {
                    lists.shares = shares(list)?;
                } else {
                    lists.identifiers.insert(pointer.clone(), identifiers(pointer, list)?);
                }
            }
            Part::Value { sha256 } => {
                let Some(value) = annex.values.get(pointer) else { continue };
                if parts::value(&value.salt, value.value.get()) != (ValuePart { sha256: *sha256 }) {
                    return Err(wrong(pointer, "the value is not the one committed to"));
                }
            }
        }
    }
    if annex.commissioning.is_some() != commissions(record) {
        return Err(wrong("/annex/commissioning", "must be there exactly where the record commissions codes"));
    }
    Ok(lists)
}

fn commissions(record: &Record) -> bool {
    matches!(&record.body, Body::EventCapture(capture) if capture.commissioning.is_some())
}

fn identifiers(pointer: &str, list: &ListAnnex) -> Result<Vec<Epc>, Refusal> {
    let parse = |element: &String| {
        Epc::from_canonical(element).map_err(|bad| {
            let detail = format!("{element:?}: {bad}");
            Refusal::new(Code::RecordPart).at(pointer).because(detail)
        })
    };
    list.elements.iter().map(parse).collect()
}

/// Every contract once, with a share of more than nothing and at most the whole.
fn shares(list: &ListAnnex) -> Result<BTreeMap<String, u32>, Refusal> {
    let mut shares = BTreeMap::new();
    for element in &list.elements {
        let (contract, share) = self::share(element)?;
        if shares.insert(contract, share).is_some() {
            return Err(wrong_share(element, Code::RecordPart, "names its contract a second time"));
        }
    }
    Ok(shares)
}

/// The contract and its millionths, of an element of the list.
pub(crate) fn share(element: &str) -> Result<(String, u32), Refusal> {
    let Share(contract, millionths) =
        exact::read(element).map_err(|inexact| wrong_share(element, Code::RecordPart, &inexact.to_string()))?;
    let share = millionths.parse::<u32>().ok().filter(|share| share.to_string() == millionths);
    let share = share.filter(|share| (1..=1_000_000).contains(share));
    let share = share.ok_or_else(|| wrong_share(element, Code::ShareRange, "is not 1 to 1000000 millionths"))?;
    Ok((contract, share))
}

fn wrong_share(element: &str, code: Code, detail: &str) -> Refusal {
    Refusal::new(code).at(ATTRIBUTION).because(format!("{element}: {detail}"))
}

impl Submission {
    /// The record.
    pub fn record(&self) -> &Verified {
        &self.record
    }

    /// What travels beside it.
    pub fn annex(&self) -> &Annex {
        &self.annex
    }

    /// The elements of a list, parsed; none where the record has no such list.
    pub fn list(&self, pointer: &str) -> &[Epc] {
        self.lists.identifiers.get(pointer).map(Vec::as_slice).unwrap_or_default()
    }

    /// The share of an order line, in millionths, by contract.
    pub fn shares(&self) -> &BTreeMap<String, u32> {
        &self.lists.shares
    }

    /// The canonical text that a block holds: the record and its annex without values.
    pub fn block_text(&self) -> String {
        let annex = Annex { values: BTreeMap::new(), ..self.annex.clone() };
        write(&self.record, &annex)
    }

    /// The canonical text with values, as it was handed in.
    pub fn text(&self) -> String {
        write(&self.record, &self.annex)
    }

    /// Id of the record.
    pub fn id(&self) -> Hash {
        self.record.id
    }
}

fn write(record: &Record, annex: &Annex) -> String {
    let empty = annex.lists.is_empty() && annex.values.is_empty() && annex.commissioning.is_none();
    let annex = if empty { String::new() } else { format!("\"annex\":{},", crate::canonical_text(annex)) };
    format!("{{{annex}\"record\":{}}}", record.text)
}
