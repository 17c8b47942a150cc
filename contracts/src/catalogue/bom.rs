//! Bills of material: what one of a trade item is made of, by versions.
//!
//! A production report is a TransformationEvent. Where what comes of it has a bill in force at the event's time, every input
//! with a GTIN must stand in it and every line must be met, by the component, by one of its alternates or, for a
//! module, by what the module itself is made of. How much was used against what the bill asks for is the yield; outside
//! its bounds the products are flagged, since waste is possible and no lie. A report that is told in several records is
//! not compared.

use hefu_keys::Hash;
use serde::{Deserialize, Serialize};

use super::{ProductRow, require_own};
use crate::{
    execute::{Case, Checked},
    gs1::Gtin,
    parties::KeyRole,
    provenance::{Amount, EACH, kept, kept_in},
    refusal::{Code, Refusal},
    row,
    shared::Shared,
    state::Writes,
    time::Time,
};

/// Most lines of a bill.
pub const BOM_LINES_MAX: usize = 64;

/// Most alternates of a line.
pub const ALTERNATES_MAX: usize = 16;

/// Most versions of a bill.
pub const BOM_VERSIONS_MAX: usize = 32;

/// What a line asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LineKind {
    /// The component itself.
    #[default]
    Item,
    /// The component, or what its own bill says that it is made of.
    Module,
}

impl LineKind {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
    fn is_item(&self) -> bool {
        *self == LineKind::Item
    }
}

/// One line of a bill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BomLine {
    /// Trade items that may stand for the component, in the same amount.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alternates: Vec<Gtin>,
    /// How much of it goes into one.
    pub amount: Amount,
    /// The trade item that goes in.
    pub component: Gtin,
    /// Whether its own parts may stand for it.
    #[serde(default, skip_serializing_if = "LineKind::is_item")]
    pub kind: LineKind,
    /// The amount's unit (UN/ECE Recommendation 20); pieces where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
}

impl BomLine {
    /// The unit in which inputs are counted.
    pub fn unit(&self) -> &str {
        self.unit.as_deref().unwrap_or(EACH)
    }

    /// The component and its alternates.
    pub fn choices(&self) -> impl Iterator<Item = &Gtin> {
        std::iter::once(&self.component).chain(&self.alternates)
    }
}

/// What a bill asks for against what was used, in millionths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct YieldBounds {
    /// Above this too little was used.
    pub max: u64,
    /// Below this too much was used.
    pub min: u64,
}

/// One version of a bill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BomVersion {
    /// The first moment at which it holds.
    pub from: Time,
    /// What one is made of.
    pub lines: Vec<BomLine>,
    /// The first moment at which it holds no more, if the next version does not begin before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
    /// Bounds of the yield; none means that any is accepted.
    #[serde(default, rename = "yield", skip_serializing_if = "Option::is_none")]
    pub bounds: Option<YieldBounds>,
}

/// Body of `bom.put`: by the owner of the trade item's company prefix.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BomPut {
    /// The bill.
    pub bill: BomVersion,
    /// What is made.
    pub gtin: Gtin,
    /// 1 for the first bill, otherwise one more than the last version.
    pub version: u64,
}

/// A version and the record that holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BomOf {
    /// The bill.
    pub bill: BomVersion,
    /// The record.
    pub record: Hash,
}

/// Row `bom/<gtin>`: every version, the first one first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BomRow {
    /// The versions.
    pub versions: Vec<BomOf>,
}

impl BomRow {
    /// The version in force at a moment.
    pub fn at(&self, moment: Time) -> Option<&BomOf> {
        let begun = self.versions.iter().rev().find(|version| version.bill.from <= moment);
        begun.filter(|version| version.bill.until.is_none_or(|until| moment < until))
    }
}

pub(crate) fn put(case: &Case<'_>, body: &BomPut) -> Checked<Writes> {
    case.require(KeyRole::Catalogue)?;
    require_own(case, &body.gtin)?;
    if case.get::<ProductRow>(&row::key_of_product(&body.gtin))?.is_none() {
        return Err(Refusal::new(Code::ProductUnknown).at("/body/gtin").because(body.gtin.to_string()).into());
    }
    check_form(body)?;
    let key = row::key_of_bom(&body.gtin);
    let mut row: Shared<BomRow> = case.get(&key)?.unwrap_or_default();
    let last = row.versions.last();
    let next = (row.versions.len() as u64).saturating_add(1);
    if body.version != next || row.versions.len() >= BOM_VERSIONS_MAX {
        let detail = format!("{} where {next} comes next, at most {BOM_VERSIONS_MAX} are accepted", body.version);
        let refusal = Refusal::new(Code::BomVersion).at("/body/version").because(detail);
        return Err(Refusal { conflict: last.map(|last| last.record), ..refusal }.into());
    }
    if let Some(last) = last.filter(|last| body.bill.from <= last.bill.from) {
        let detail = format!("{} is not after {}", body.bill.from, last.bill.from);
        return Err(Refusal::new(Code::BomVersion).at("/body/bill/from").against(last.record).because(detail).into());
    }

    row.versions.push(BomOf { bill: body.bill.clone(), record: case.record().id });
    let mut writes = Writes::default();
    writes.set(key, row);
    Ok(writes)
}

fn check_form(body: &BomPut) -> Result<(), Refusal> {
    let wrong =
        |at: &str, detail: String| Err(Refusal::new(Code::RecordShape).at(format!("/body/bill/{at}")).because(detail));
    let BomVersion { from, lines, until, bounds } = &body.bill;
    if until.is_some_and(|until| until <= *from) {
        return wrong("until", "is not after the beginning".to_owned());
    }
    if bounds.is_some_and(|bounds| bounds.min > bounds.max) {
        return wrong("yield", "the least is more than the most".to_owned());
    }
    if lines.is_empty() || lines.len() > BOM_LINES_MAX {
        return wrong("lines", format!("has {}, 1 to {BOM_LINES_MAX} are accepted", lines.len()));
    }
    for (at, line) in lines.iter().enumerate() {
        if line.amount.is_zero() {
            return wrong(&format!("lines/{at}/amount"), "is nothing".to_owned());
        }
        if let Err(bad) = kept(line.amount, line.unit()) {
            return wrong(&format!("lines/{at}/amount"), format!("{bad}, in {}", kept_in(line.unit())));
        }
        if line.alternates.len() > ALTERNATES_MAX {
            return wrong(&format!("lines/{at}/alternates"), format!("at most {ALTERNATES_MAX} are accepted"));
        }
        let named = lines.iter().take(at.saturating_add(1)).flat_map(BomLine::choices).collect::<Vec<_>>();
        let twice = named.iter().enumerate().any(|(at, gtin)| named.iter().take(at).any(|other| other == gtin));
        if twice || named.contains(&&body.gtin) {
            return wrong(&format!("lines/{at}"), "names a trade item twice, or the one that is made".to_owned());
        }
    }
    Ok(())
}
