//! Recalls: a mark on a source, inherited by everything that came of it.
//!
//! Opening one writes the source's row and nothing else; things find it by walking back through what they came of, so that
//! what is made tomorrow of recalled material is recalled as well. What is recalled, or holds something recalled, is not
//! shipped and goes into no container, unless the event says by the disposition `recalled` that it is on its way back. It
//! is received, inspected and destroyed as before. Lifting takes the signatures of two organisations.
//!
//! A recall of what bears a registered company prefix is its owner's, or of whom the owner gave authority, and binds
//! everybody; so does one of what a site made in a time, by the organisation whose site it is. A recall of anything else
//! can be opened by anybody, but stops only things of the author's own prefixes.

use std::collections::BTreeSet;

use hefu_keys::Hash;
use serde::{Deserialize, Serialize};

use super::{Event, Span, contents::Contents, inherited::inherited, onward::lot_of_balance, thing::Thing};
use crate::{
    entry::Role,
    execute::{Case, Checked},
    gs1::{Epc, EpcKind},
    parties::{KeyRole, find_owner, may_record, site_of_gln},
    refusal::{Code, Refusal},
    row,
    shared::Shared,
    state::Writes,
};

/// Most recalls that may be open on one source. Half of those of a site are kept for the organisation whose site it is.
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
    /// Of a site: when what is recalled was made there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made: Option<Span>,
    /// Why.
    pub reason: RecallReason,
    /// What is recalled: a trade item's class, one of its lots, one item, or a site for what it made.
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
    /// Of a site: when what is recalled was made there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made: Option<Span>,
    /// Why.
    pub reason: RecallReason,
    /// Row of what is recalled.
    pub source: String,
}

pub(crate) fn open(case: &Case<'_>, body: &RecallOpen) -> Checked<Writes> {
    case.require(KeyRole::Catalogue)?;
    let mut source = Thing::find(case, &body.source)?;
    let room = match body.source.kind() {
        EpcKind::Item { .. } | EpcKind::Class { .. } => check_thing(case, body, &source)?,
        EpcKind::Container | EpcKind::Other => check_site(case, body)?,
    };
    if source.row.recalls.len() >= room {
        let detail = format!("{room} are open on {}", body.source);
        return Err(Refusal::new(Code::RecallMany).at("/body/source").because(detail).into());
    }

    let id = case.record().id;
    source.row.recalls.push(id);
    source.row.recalls.sort();
    let by = case.party().to_owned();
    let recall = RecallRow { by, lifted: None, made: body.made, reason: body.reason, source: source.key.clone() };
    let mut writes = Writes::default();
    mark_around(case, &source, &mut writes, |inside| {
        inside.take_over(&Contents { recalls: vec![id], ..Contents::default() })
    })?;
    writes.note(source.key, source.row, Role::Recall);
    writes.set(row::key_of_recall(&id), recall);
    Ok(writes)
}

/// That a trade item, or a lot or class, may be recalled by the author, and how many recalls may be open on it.
fn check_thing(case: &Case<'_>, body: &RecallOpen, source: &Thing) -> Checked<usize> {
    if body.made.is_some() {
        let detail = "only a site is recalled for what it made in a time";
        return Err(Refusal::new(Code::RecordShape).at("/body/made").because(detail).into());
    }
    if let Some(owner) = &source.owner
        && !may_record(case, &owner.prefix, &owner.party, None)?
    {
        let detail = format!("{} belongs to {}", body.source, owner.party);
        return Err(Refusal::new(Code::AuthorityNone).at("/body/source").because(detail).into());
    }
    Ok(RECALLS_MAX)
}

/// That what is recalled is a site and a time, and how many recalls the author may bring it to.
fn check_site(case: &Case<'_>, body: &RecallOpen) -> Checked<usize> {
    let gln = body.source.gln().filter(|gln| body.source.path() == format!("414/{gln}"));
    let Some(gln) = gln else {
        let detail = format!("{} is neither a trade item, nor a lot or class of them, nor a site", body.source);
        return Err(Refusal::new(Code::RecordShape).at("/body/source").because(detail).into());
    };
    let Some(made) = body.made else {
        let detail = "of a site it is said when what is recalled was made there";
        return Err(Refusal::new(Code::FieldMissing).at("/body/made").because(detail).into());
    };
    if made.until.is_some_and(|until| until < made.from) {
        return Err(Refusal::new(Code::RecordShape).at("/body/made/until").because("it ends before it begins").into());
    }
    let Some(site) = site_of_gln(case, &gln)? else {
        return Err(Refusal::new(Code::SiteUnknown).at("/body/source").because(body.source.as_str()).into());
    };
    Ok(if site.party == case.party() { RECALLS_MAX } else { RECALLS_MAX / 2 })
}

/// Changes what is noted of a thing's recalls on everything that it is inside of.
fn mark_around(
    case: &Case<'_>,
    source: &Thing,
    writes: &mut Writes,
    mut change: impl FnMut(&mut Contents) -> bool,
) -> Checked<()> {
    if !source.row.began_here() {
        return Ok(());
    }
    for (key, mut row) in source.ancestors(case)? {
        // What is inside something from elsewhere is not counted any further out.
        let Some(contents) = &mut row.contents else { break };
        if change(contents) {
            writes.set(key, row);
        }
    }
    Ok(())
}

pub(crate) fn lift(case: &Case<'_>, body: &RecallLift) -> Checked<Writes> {
    case.require(KeyRole::Catalogue)?;
    let key = row::key_of_recall(&body.recall);
    let recall: Option<Shared<RecallRow>> = case.get(&key)?;
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
    mark_around(case, &source, &mut writes, |inside| {
        let before = inside.recalls.len();
        inside.recalls.retain(|open| *open != body.recall);
        before > inside.recalls.len()
    })?;
    writes.note(source.key, source.row, Role::Lift);
    writes.set(key, recall);
    Ok(writes)
}

/// That neither the things nor what is inside them is recalled, unless the event says that they are on their way back.
pub(super) fn check(case: &Case<'_>, event: &Event, things: &[&Thing]) -> Checked<()> {
    let bound: Vec<&&Thing> = things.iter().filter(|thing| thing.owner.is_some()).collect();
    if event.disposition.as_deref() == Some("recalled") || bound.is_empty() {
        return Ok(());
    }
    // Things of one lot share what they came of: all are looked at in one walk, and one by one only where that finds
    // something.
    let all: Vec<_> = bound.iter().map(|thing| (thing.key.clone(), thing.row.clone())).collect();
    if inherited(case.rows(), &all)?.is_empty() {
        return Ok(());
    }
    for thing in bound {
        let owners = owners(case, thing)?;
        for (id, found) in inherited(case.rows(), &[(thing.key.clone(), thing.row.clone())])? {
            if found.binds_everybody || owners.contains(&found.recall.by) {
                let detail = format!("{} for {}", thing.epc, found.recall.source);
                return Err(thing.refuse(Code::ItemRecalled, Some(id)).because(detail).into());
            }
        }
    }
    Ok(())
}

/// Whose prefixes a thing and what is inside it bear.
fn owners(case: &Case<'_>, thing: &Thing) -> Checked<BTreeSet<String>> {
    let mut owners: BTreeSet<String> = thing.owner.iter().map(|owner| owner.party.clone()).collect();
    let lots = thing.row.lots.iter().filter_map(|balance| lot_of_balance(balance));
    let classes = thing.row.contents.iter().flat_map(|contents| contents.classes.iter().cloned());
    for key in lots.chain(classes) {
        let epc = row::thing_of_key(&key);
        if let Some(digits) = epc.as_ref().and_then(Epc::company_digits) {
            owners.extend(find_owner(case, digits)?.map(|(_, party)| party));
        }
    }
    Ok(owners)
}

/// Row of the class of an item's or lot's row.
pub(super) fn class_of(key: &str) -> Option<String> {
    let mut parts = key.split('/');
    let (kind, ai, gtin) = (parts.next()?, parts.next()?, parts.next()?);
    parts.next()?;
    (matches!(kind, "item" | "lot") && ai == "01").then(|| format!("lot/01/{gtin}"))
}
