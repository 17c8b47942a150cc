//! Organisations, their company prefixes and their sites.

use hefu_keys::{Address, Hash};
use serde::{Deserialize, Serialize};

use super::{KeyRole, Position, find_owner, keys};
use crate::{
    entry::Role,
    execute::{Case, Checked},
    gs1::Gln,
    refusal::{Code, Refusal},
    row,
    shared::Shared,
    state::Writes,
};

/// Longest name in characters.
pub const NAME_CHARS_MAX: usize = 120;

/// Most company prefixes of one organisation.
pub const PREFIXES_MAX: usize = 32;

/// Shortest and longest GS1 company prefix in digits (GS1 General Specifications §1.4.4).
pub const PREFIX_DIGITS: std::ops::RangeInclusive<usize> = 4..=12;

/// A name in the ledger's two languages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Name {
    /// English.
    pub en: String,
    /// Simplified Chinese.
    pub zh: String,
}

impl Name {
    pub(crate) fn check(&self, pointer: &str) -> Result<(), Refusal> {
        for (text, language) in [(&self.en, "en"), (&self.zh, "zh")] {
            let count = text.chars().count();
            if count == 0 || count > NAME_CHARS_MAX || text.chars().any(char::is_control) {
                let detail = format!("has {count} characters, 1 to {NAME_CHARS_MAX} printable ones are accepted");
                return Err(Refusal::new(Code::RecordShape).at(format!("{pointer}/{language}")).because(detail));
            }
        }
        Ok(())
    }
}

/// What an organisation is in the chain of supply. A closed list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PartyKind {
    /// Audits.
    Auditor,
    /// Owns a brand.
    Brand,
    /// Moves goods.
    Carrier,
    /// Makes goods.
    Factory,
    /// A creator.
    Kol,
    /// Tests goods.
    Lab,
    /// Represents creators.
    Mcn,
    /// Runs a marketplace.
    Platform,
    /// Supplies materials.
    Supplier,
    /// Stores goods.
    Warehouse,
    /// Makes small series by hand.
    Workshop,
}

/// An organisation as it joins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Party {
    /// Its first admin key.
    pub admin: Address,
    /// Its own GLN, which also becomes its first site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gln: Option<Gln>,
    /// Its id: 2 to 32 of a–z, 0–9 and hyphen.
    pub id: String,
    /// What it is.
    pub kind: PartyKind,
    /// Its name.
    pub name: Name,
    /// Its GS1 company prefixes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prefixes: Vec<String>,
}

/// Body of `party.add`: signed by a registrar and by the organisation's first admin key.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PartyAdd {
    /// The newcomer.
    pub party: Party,
}

/// Body of `site.put`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SitePut {
    /// The place's GLN.
    pub gln: Gln,
    /// Its name.
    pub name: Name,
    /// Where it is; things that are seen elsewhere sooner than they can have come from there are flagged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
}

/// Row `party/<id>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartyRow {
    /// Keys with role `admin`, sorted by text.
    pub admins: Vec<Address>,
    /// Its own GLN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gln: Option<Gln>,
    /// What it is.
    pub kind: PartyKind,
    /// Its name.
    pub name: Name,
    /// Its GS1 company prefixes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prefixes: Vec<String>,
    /// The record that added it; absent for those of genesis.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<Hash>,
}

/// Row `prefix/<digits>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrefixRow {
    /// The owner; none where the digits are only the beginning of registered prefixes and so cannot be one themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub party: Option<String>,
}

/// Row `site/<gln>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SiteRow {
    /// Its name.
    pub name: Name,
    /// The organisation whose place it is.
    pub party: String,
    /// Where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
    /// The record that declared it last; absent for those of genesis.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<Hash>,
}

impl Party {
    /// Checks the form of an organisation's own words.
    ///
    /// # Errors
    /// `E-RECORD-SHAPE`.
    pub fn check(&self, pointer: &str) -> Result<(), Refusal> {
        let shape = |field: &str, detail: String| {
            Err(Refusal::new(Code::RecordShape).at(format!("{pointer}/{field}")).because(detail))
        };
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if !(2..=32).contains(&self.id.len()) || !self.id.chars().all(plain) {
            return shape("id", format!("{:?} is not 2 to 32 of a-z, 0-9 and hyphen", self.id));
        }
        if self.prefixes.len() > PREFIXES_MAX {
            return shape("prefixes", format!("has {}, at most {PREFIXES_MAX} are accepted", self.prefixes.len()));
        }
        for (index, prefix) in self.prefixes.iter().enumerate() {
            let mut others = self.prefixes.iter().enumerate().filter(|(other, _)| *other != index);
            if others.any(|(_, other)| other.starts_with(prefix.as_str())) {
                return shape("prefixes", format!("{prefix:?} is the beginning of another prefix"));
            }
            if !PREFIX_DIGITS.contains(&prefix.len()) || !prefix.chars().all(|c| c.is_ascii_digit()) {
                return shape("prefixes", format!("{prefix:?} is not 4 to 12 digits"));
            }
        }
        self.name.check(&format!("{pointer}/name"))
    }
}

pub(crate) fn add(case: &Case<'_>, body: &PartyAdd) -> Checked<Writes> {
    let party = &body.party;
    case.require(KeyRole::Registrar)?;
    party.check("/body")?;
    keys::check_possession(case.record(), &party.admin, "/body/admin")?;
    if let Some(before) = case.get::<PartyRow>(&row::key_of_party(&party.id))? {
        let refusal = Refusal::new(Code::PartyExists).at("/body/id").because(party.id.clone());
        return Err(Refusal { conflict: before.record, ..refusal }.into());
    }
    if let Some(before) = case.get::<super::KeyRow>(&row::key_of_key(&party.admin))? {
        let refusal = Refusal::new(Code::KeyOfOther).at("/body/admin").because(before.party.clone());
        return Err(Refusal { conflict: before.record, ..refusal }.into());
    }
    for prefix in &party.prefixes {
        if let Some((taken, owner)) = overlapping(case, prefix)? {
            let refusal = Refusal::new(Code::PrefixTaken).at("/body/prefixes");
            let conflict = record_of_party(case, owner.as_deref())?;
            let owner = owner.as_deref().unwrap_or("others");
            let detail = format!("{prefix} overlaps {taken} of {owner}");
            return Err(Refusal { conflict, ..refusal.because(detail) }.into());
        }
    }
    if let Some(gln) = &party.gln {
        check_gln(case, gln, &party.id)?;
    }
    Ok(register(party, Some(case.record().id), &KeyRole::OF_ADMINS))
}

/// The record that added an organisation.
fn record_of_party(case: &Case<'_>, id: Option<&str>) -> Checked<Option<Hash>> {
    let Some(id) = id else { return Ok(None) };
    Ok(case.get::<PartyRow>(&row::key_of_party(id))?.and_then(|party| party.record))
}

/// A registered prefix that this one begins with, and its owner, or that it is the beginning of.
fn overlapping(case: &Case<'_>, prefix: &str) -> Checked<Option<(String, Option<String>)>> {
    for length in PREFIX_DIGITS {
        let Some(shorter) = prefix.get(..length) else { break };
        let Some(row) = case.get::<PrefixRow>(&row::key_of_prefix(shorter))? else { continue };
        match &row.party {
            Some(owner) => return Ok(Some((shorter.to_owned(), Some(owner.clone())))),
            None if shorter == prefix => return Ok(Some((format!("{prefix}…"), None))),
            None => {}
        }
    }
    Ok(None)
}

/// The rows of a new organisation.
pub(crate) fn register(party: &Party, record: Option<Hash>, roles: &[KeyRole]) -> Writes {
    let mut writes = Writes::default();
    let row = PartyRow {
        admins: vec![party.admin],
        gln: party.gln,
        kind: party.kind,
        name: party.name.clone(),
        prefixes: party.prefixes.clone(),
        record,
    };
    let key = row::key_of_party(&party.id);
    match record {
        Some(_) => writes.note(key, row, Role::Register),
        None => writes.set(key, row),
    }
    let shorter = party.prefixes.iter().flat_map(|prefix| PREFIX_DIGITS.filter_map(|length| prefix.get(..length)));
    for beginning in shorter {
        writes.set(row::key_of_prefix(beginning), PrefixRow { party: None });
    }
    for prefix in &party.prefixes {
        writes.set(row::key_of_prefix(prefix), PrefixRow { party: Some(party.id.clone()) });
    }
    if let Some(gln) = &party.gln {
        let site = SiteRow { name: party.name.clone(), party: party.id.clone(), position: None, record };
        writes.set(row::key_of_site(gln), site);
    }
    keys::add_key(&mut writes, party, record, roles);
    writes
}

pub(crate) fn put_site(case: &Case<'_>, body: &SitePut) -> Checked<Writes> {
    case.require(KeyRole::Admin)?;
    body.name.check("/body/name")?;
    body.position.map_or(Ok(()), |position| position.check("/body/position"))?;
    check_gln(case, &body.gln, case.party())?;

    let (party, record) = (case.party().to_owned(), Some(case.record().id));
    let site = SiteRow { name: body.name.clone(), party, position: body.position, record };
    let mut writes = Writes::default();
    writes.set(row::key_of_site(&body.gln), site);
    Ok(writes)
}

/// That a GLN is no place of another organisation and does not begin with another one's company prefix.
fn check_gln(case: &Case<'_>, gln: &Gln, party: &str) -> Checked<()> {
    let taken = Refusal::new(Code::GlnTaken).at("/body/gln");
    if let Some(site) = site_of_gln(case, gln)?.filter(|site| site.party != party) {
        let detail = format!("{gln} is a place of {}", site.party);
        return Err(Refusal { conflict: site.record, ..taken.because(detail) }.into());
    }
    match find_owner(case, &gln.to_string())? {
        Some((prefix, owner)) if owner != party => {
            let conflict = record_of_party(case, Some(&owner))?;
            let detail = format!("{gln} begins with {prefix} of {owner}");
            Err(Refusal { conflict, ..taken.because(detail) }.into())
        }
        Some(_) | None => Ok(()),
    }
}

/// The place that a GLN names, and with it the organisation whose place or own number it is.
///
/// # Errors
/// From the storage.
pub fn site_of_gln(case: &Case<'_>, gln: &Gln) -> Checked<Option<Shared<SiteRow>>> {
    Ok(case.get(&row::key_of_site(gln))?)
}
