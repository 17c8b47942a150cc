//! What a trace page says of the thing itself.

use std::collections::BTreeSet;

use hefu_api::{
    trace::RecallView,
    views::{ItemView, MarkView},
};
use hefu_contracts::{
    provenance::Flag,
    row::{key_of_product, key_of_recall},
};

use super::{
    super::{Said, groups, nodes, origins},
    Reason, Spellings, Step, TracePage, Verdict, Way, story, way,
};
use crate::{
    moment::date,
    visit::Visit,
    words::{
        Words,
        terms::{self, CONFLICTS, FLAGS, NOTICES, say},
    },
};

/// What the page is about.
#[derive(Debug)]
pub(crate) struct Thing {
    pub subject: String,
    pub proof: String,
    pub data: String,
    /// Where it is told what it came of.
    pub origins: String,
    pub name: Said,
    pub other_name: Said,
    pub maker: Said,
    pub serial: Vec<String>,
}

/// What whoever holds the thing should know first.
#[derive(Debug)]
pub(crate) struct Notice(pub Said);

/// One fact with its date.
#[derive(Debug)]
pub(crate) struct Fact {
    pub label: &'static str,
    pub main: Said,
    pub note: Said,
}

impl TracePage {
    /// `data` is where the same is answered as JSON.
    pub(super) fn new(visit: &Visit, item: &ItemView, spellings: &Spellings, data: String) -> TracePage {
        let w = visit.words;
        let page = visit.page(item.as_of.height);
        let parties: BTreeSet<&str> =
            item.history.iter().flat_map(|step| &step.by).map(|party| party.id.as_str()).collect();
        TracePage {
            w,
            thing: Thing::new(item, data, w),
            verdict: verdict(item, w),
            notices: notices(item, w),
            facts: facts(item, w),
            parties: parties.len(),
            steps: Step::all(&item.history, spellings, w),
            way: Way::new(item, w),
            nodes: nodes(&visit.explorer.site, &visit.explorer.directory, visit.request.path(), w),
            page,
        }
    }
}

impl Thing {
    fn new(item: &ItemView, data: String, w: &Words) -> Thing {
        let gtin = item.code.gtin;
        let name = |locale: &str| {
            let product = item.product.as_ref();
            product.map(|product| Said::name(&product.name, key_of_product(&gtin), locale))
        };
        Thing {
            subject: item.code.row.clone(),
            proof: format!("{data}/proof"),
            data,
            origins: origins::trace_of(item.code.row.trim_start_matches("item/"), w),
            name: name(w.locale).unwrap_or_else(|| Said::by_server(format!("GTIN {gtin}"))),
            other_name: name(w.other_locale).unwrap_or_else(|| Said::by_server("")),
            maker: item
                .product
                .as_ref()
                .map_or_else(|| Said::by_server(""), |product| Said::party(&product.owner, w.locale)),
            serial: groups(&item.code.serial),
        }
    }
}

/// The answer follows from the item's row and from the recalls that hold for it: it ceased to be or is recalled, or its
/// origin or a record of it is in doubt, or neither.
fn verdict(item: &ItemView, w: &'static Words) -> Verdict {
    let key = &item.code.row;
    let condition = &item.condition;
    let mut reasons: Vec<Reason> = Vec::new();
    if let Some(mark) = &condition.destroyed {
        let said = Said::of_row(say(CONFLICTS, "destroyed", w), key, "/destroyed/by", mark.by.id.clone());
        reasons.push(said.into());
    }
    if let Some(mark) = &condition.consumed {
        let said = Said::of_row(say(CONFLICTS, "consumed", w), key, "/consumed/by", mark.by.id.clone());
        reasons.push(said.into());
    }
    let owner = item.product.as_ref().map(|product| product.owner.id.as_str());
    let (binding, others): (Vec<&RecallView>, Vec<&RecallView>) =
        condition.recalled.iter().partition(|recall| recall.binds_everybody || owner == Some(&recall.by.id));
    reasons.extend(binding.into_iter().map(|found| recall(found, w.trace.recalled, item, w)));
    let conflict = !reasons.is_empty();
    reasons.extend(others.into_iter().map(|found| recall(found, w.trace.recalled_by_others, item, w)));
    if condition.recalled_in_part {
        let said = vec![Said::by_server(w.trace.recalled_in_part)];
        reasons.push(Reason { said, recall: Some("…".to_owned()) });
    }
    let flags = serde_json::to_string(&condition.flags).unwrap_or_default();
    let flag = |flag: &Flag| Said::of_row(terms::flag(*flag, w), key, "/flags", flags.clone()).into();
    reasons.extend(condition.flags.iter().map(flag));
    if item.origin.commissioned.is_none() {
        let said = Said::of_row(say(FLAGS, "not-commissioned", w), key, "/commissioned", String::new());
        reasons.push(said.into());
    }
    let kind = match (conflict, reasons.is_empty()) {
        (true, _) => "conflict",
        (false, false) => "unconfirmed",
        (false, true) => "consistent",
    };
    let count = |of: usize| u64::try_from(of).unwrap_or(u64::MAX);
    let kept = item.history.iter().filter(|step| !step.visibility.is_public()).count();
    Verdict { kind, records: count(item.history.len()), kept: count(kept), reasons }
}

/// A recall that holds for the item, in words: how it does, why, by whom, and what was recalled.
fn recall(found: &RecallView, how: &str, item: &ItemView, w: &'static Words) -> Reason {
    let row = key_of_recall(&found.record);
    let reason = serde_json::to_value(found.reason).ok();
    let spelt = reason.as_ref().and_then(|reason| reason.as_str()).unwrap_or_default().to_owned();
    let said = vec![
        Said::of_row(format!("{how}{}", origins::reason(found.reason, w)), &row, "/reason", spelt),
        Said::party(&found.by, w.locale),
        Said::by_server(way::recalled(&found.source, item, w)),
    ];
    Reason { said, recall: Some(found.record.to_string()) }
}

/// An item in somebody's hand should be neither inside a container nor on its way.
fn notices(item: &ItemView, w: &Words) -> Vec<Notice> {
    let mut notices = Vec::new();
    let whereabouts = &item.whereabouts;
    if let Some(parent) = whereabouts.parents.first() {
        let said = Said::of_row(say(NOTICES, "packed", w), &item.code.row, "/parent/key", parent.row.clone());
        notices.push(Notice(said));
    }
    if let Some(transfer) = &whereabouts.transfer {
        let record = transfer.record.to_string();
        let said = Said::of_row(say(NOTICES, "transfer", w), &whereabouts.row, "/transfer/record", record);
        notices.push(Notice(said));
    }
    notices
}

fn facts(item: &ItemView, w: &Words) -> Vec<Fact> {
    let coded = item.origin.commissioned.as_ref().map(|mark| Fact {
        label: w.trace.fact_coded,
        main: Said::party(&mark.by, w.locale),
        note: dated(item, mark, "", (&item.code.row, "/commissioned/at"), w),
    });
    let holder = item.whereabouts.holder.as_ref().map(|mark| Fact {
        label: w.trace.fact_holder,
        main: Said::party(&mark.by, w.locale),
        note: dated(item, mark, w.trace.fact_since, (&item.whereabouts.row, "/holder/at"), w),
    });
    coded.into_iter().chain(holder).collect()
}

/// The date of a mark, where the clocks of its event stood; `place` is the row and the pointer it is at.
fn dated(item: &ItemView, mark: &MarkView, before: &str, (key, at): (&str, &str), w: &Words) -> Said {
    let step = item.history.iter().find(|step| step.record == mark.record);
    let date = date(mark.at, story::zone(step.and_then(|step| step.event.as_ref())), w);
    Said::of_row(format!("{before}{date}"), key, at, mark.at.to_string())
}
