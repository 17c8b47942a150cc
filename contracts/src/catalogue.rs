//! The catalogue: trade items by GTIN, versioned.

mod bom;
mod links;

pub(crate) use bom::put as put_bom;
pub use bom::{
    ALTERNATES_MAX, BOM_LINES_MAX, BOM_VERSIONS_MAX, BomLine, BomOf, BomPut, BomRow, BomVersion, LineKind, YieldBounds,
};
use hefu_keys::Hash;
pub use links::{DEFAULT_LINK, LINK_HREF_MAX, LINKS_MAX, ProductLink};
use serde::{Deserialize, Serialize};

use crate::{
    entry::Role,
    execute::{Case, Checked},
    gs1::Gtin,
    parties::{KeyRole, Name, find_owner},
    refusal::{Code, Refusal},
    row,
    shared::Shared,
    state::Writes,
};

/// What a trade item is in a bill of materials. A closed list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProductKind {
    /// A part of something else.
    Component,
    /// Sold to consumers.
    Finished,
    /// Several items sold as one.
    Kit,
    /// A material.
    Raw,
    /// Made, but not yet finished.
    Semi,
}

/// Body of `product.put`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProductPut {
    /// The trade item.
    pub gtin: Gtin,
    /// What it is.
    pub kind: ProductKind,
    /// Where more is said about it; this version's replace those of the version before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<ProductLink>,
    /// Its name.
    pub name: Name,
    /// 1 for a new item, otherwise one more than the last version.
    pub version: u64,
}

/// Row `product/<gtin>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProductRow {
    /// What it is.
    pub kind: ProductKind,
    /// Where more is said about it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<ProductLink>,
    /// Its name.
    pub name: Name,
    /// The organisation whose company prefix it bears.
    pub owner: String,
    /// The record of this version.
    pub record: Hash,
    /// The version.
    pub version: u64,
}

pub(crate) fn put(case: &Case<'_>, body: &ProductPut) -> Checked<Writes> {
    case.require(KeyRole::Catalogue)?;
    body.name.check("/body/name")?;
    links::check(&body.links)?;
    require_own(case, &body.gtin)?;
    let key = row::key_of_product(&body.gtin);
    let before: Option<Shared<ProductRow>> = case.get(&key)?;
    let next = before.as_ref().map_or(Some(1), |row| row.version.checked_add(1));
    if next != Some(body.version) {
        let detail = format!("{} where {} comes next", body.version, next.unwrap_or_default());
        let mut refusal = Refusal::new(Code::ProductVersion).at("/body/version").because(detail);
        refusal.conflict = before.map(|row| row.record);
        return Err(refusal.into());
    }

    let row = ProductRow {
        kind: body.kind,
        links: body.links.clone(),
        name: body.name.clone(),
        owner: case.party().to_owned(),
        record: case.record().id,
        version: body.version,
    };
    let role = if before.is_some() { Role::Update } else { Role::Register };
    let mut writes = Writes::default();
    writes.note(key, row, role);
    Ok(writes)
}

/// That a trade item bears a company prefix of the author's organisation.
///
/// # Errors
/// `E-PREFIX-FOREIGN`, or from the storage.
pub fn require_own(case: &Case<'_>, gtin: &Gtin) -> Checked<()> {
    match find_owner(case, gtin.company_digits())? {
        Some((_, owner)) if owner == case.party() => Ok(()),
        Some(_) | None => Err(Refusal::new(Code::PrefixForeign).at("/body/gtin").because(gtin.to_string()).into()),
    }
}
