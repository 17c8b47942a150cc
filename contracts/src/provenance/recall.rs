//! Recalls: a mark on a source, inherited by everything that came of it.
//!
//! Opening one writes the source's row and nothing else; things find it by walking back through what they came of, so that
//! what is made tomorrow of recalled material is recalled as well. What is recalled is not shipped and goes into no
//! container, unless the event says by the disposition `recalled` that it is on its way back. It is received, inspected
//! and destroyed as before. Lifting takes the signatures of two organisations.
//!
//! A recall of what bears a registered company prefix is its owner's, or of whom the owner gave authority, and binds
//! everybody. A recall of anything else can be opened by anybody, but stops only things of the author's own prefixes.

use std::collections::BTreeSet;

use hefu_keys::Hash;
use serde::{Deserialize, Serialize};

use super::{Event, ThingRow, ancestry, thing::Thing};
use crate::{
    entry::Role,
    execute::{Case, Checked},
    gs1::{Epc, EpcKind},
    parties::{KeyRole, may_record},
    refusal::{Code, Refusal},
    row::{self, Data},
    state::Writes,
};

/// Most recalls that may be open on one source.
pub const RECALLS_MAX: usize = 64;

/// Why things are recalled. A closed list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RecallReason {
    /// They are not what they claim to be.
    Counterfeit,
    /// What is said of them is wrong or missing.
    Labelling,
    /// They do not do what they should.
    Quality,
    /// They may do harm.
    Safety,
}

/// Body of `recall.open`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecallOpen {
    /// Why.
    pub reason: RecallReason,
    /// What is recalled: a trade item's class, one of its lots, or one item.
    pub source: Epc,
}

/// Body of `recall.lift`: by the organisation that opened it and at least one other.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecallLift {
    /// The record that opened it.
    pub recall: Hash,
    /// What was recalled.
    pub source: Epc,
}

/// Row `recall/<record id>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecallRow {
    /// Who opened it.
    pub by: String,
    /// The record that lifted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifted: Option<Hash>,
    /// Why.
    pub reason: RecallReason,
    /// Row of what is recalled.
    pub source: String,
}

pub(crate) fn open(case: &Case<'_>, body: &RecallOpen) -> Checked<Writes> {
    case.require(KeyRole::Catalogue)?;
    if !matches!(body.source.kind(), EpcKind::Item { .. } | EpcKind::Class { .. }) {
        let detail = format!("{} is neither a trade item nor a lot or class of them", body.source);
        return Err(Refusal::new(Code::RecordShape).at("/body/source").because(detail).into());
    }
    let mut source = Thing::find(case, &body.source)?;
    if let Some(owner) = &source.owner
        && !may_record(case, &owner.prefix, &owner.party, None)?
    {
        let detail = format!("{} belongs to {}", body.source, owner.party);
        return Err(Refusal::new(Code::AuthorityNone).at("/body/source").because(detail).into());
    }
    if source.row.recalls.len() >= RECALLS_MAX {
        let detail = format!("{RECALLS_MAX} are open on {}", body.source);
        return Err(Refusal::new(Code::RecallMany).at("/body/source").because(detail).into());
    }

    let id = case.record().id;
    source.row.recalls.push(id);
    source.row.recalls.sort();
    let recall =
        RecallRow { by: case.party().to_owned(), lifted: None, reason: body.reason, source: source.key.clone() };
    let mut writes = Writes::default();
    writes.note(source.key, Data::Thing(Box::new(source.row)), Role::Recall);
    writes.set(row::key_of_recall(&id), Data::Recall(recall));
    Ok(writes)
}

pub(crate) fn lift(case: &Case<'_>, body: &RecallLift) -> Checked<Writes> {
    case.require(KeyRole::Catalogue)?;
    let key = row::key_of_recall(&body.recall);
    let recall: Option<RecallRow> = case.get(&key)?;
    let mut source = Thing::find(case, &body.source)?;
    let Some(mut recall) = recall.filter(|recall| recall.source == source.key) else {
        return Err(Refusal::new(Code::RecallUnknown).at("/body/recall").because(body.recall.to_string()).into());
    };
    if let Some(lifted) = recall.lifted {
        return Err(Refusal::new(Code::RecallLifted).at("/body/recall").against(lifted).into());
    }
    let signed = case.organisations();
    if signed.len() < 2 || !signed.contains(&recall.by) {
        let detail = format!("{} and another organisation must sign, {} has", recall.by, signed.join(", "));
        return Err(Refusal::new(Code::RecallSigners).at("/signers").against(body.recall).because(detail).into());
    }

    recall.lifted = Some(case.record().id);
    source.row.recalls.retain(|open| *open != body.recall);
    let mut writes = Writes::default();
    writes.note(source.key, Data::Thing(Box::new(source.row)), Role::Lift);
    writes.set(key, Data::Recall(recall));
    Ok(writes)
}

/// That none of the things is recalled, unless the event says that they are on their way back.
pub(super) fn check(case: &Case<'_>, event: &Event, things: &[&Thing]) -> Checked<()> {
    let bound: Vec<&&Thing> = things.iter().filter(|thing| thing.owner.is_some()).collect();
    if event.disposition.as_deref() == Some("recalled") || bound.is_empty() {
        return Ok(());
    }
    // Things of one lot share what they came of: all are looked at in one walk, and one by one only where that finds
    // something.
    let all: Vec<_> = bound.iter().map(|thing| (thing.key.clone(), thing.row.clone())).collect();
    if marks(case, &all)?.is_empty() {
        return Ok(());
    }
    for thing in bound {
        let owner = thing.owner.as_ref().map(|owner| owner.party.as_str());
        for recall in marks(case, &[(thing.key.clone(), thing.row.clone())])? {
            let Some(row) = case.get::<RecallRow>(&row::key_of_recall(&recall.id))? else { continue };
            if recall.binds_everybody || owner == Some(row.by.as_str()) {
                let detail = format!("{} for {}", thing.epc, row.source);
                return Err(thing.refuse(Code::ItemRecalled, Some(recall.id)).because(detail).into());
            }
        }
    }
    Ok(())
}

/// An open recall of something that a thing is or came of.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Found {
    id: Hash,
    /// Whether its source bears a registered prefix.
    binds_everybody: bool,
}

fn marks(case: &Case<'_>, from: &[(String, ThingRow)]) -> Checked<BTreeSet<Found>> {
    let mut found = BTreeSet::new();
    let mut note = |row: &ThingRow| {
        let binds_everybody = row.began_here();
        found.extend(row.recalls.iter().map(|id| Found { id: *id, binds_everybody }));
    };
    let behind = ancestry::walk(case, from, usize::MAX, |row| note(row))?;
    // A class is what all its items and lots are, though no event says so.
    let classes: BTreeSet<String> = behind.things.iter().filter_map(|key| class_of(key)).collect();
    for class in classes {
        if let Some(row) = case.get::<ThingRow>(&class)? {
            note(&row);
        }
    }
    Ok(found)
}

/// Row of the class of an item's or lot's row.
fn class_of(key: &str) -> Option<String> {
    let mut parts = key.split('/');
    let (kind, ai, gtin) = (parts.next()?, parts.next()?, parts.next()?);
    parts.next()?;
    (matches!(kind, "item" | "lot") && ai == "01").then(|| format!("lot/01/{gtin}"))
}
