//! Where something came from, what came of it, and who has that now: the traces and impacts of the interface as pages.

mod impact;
mod lineage;

use hefu_api::{
    Door, Problem,
    trace::{self, RecallView, TraceKind},
    views::{PartyView, PlaceView, ProductView, StateView},
};
use hefu_contracts::{gs1::Epc, provenance::RecallReason};

use crate::{
    directory::in_language,
    moment::{self, Zone},
    words::Words,
};

pub(crate) use impact::read as read_impact;
pub(crate) use lineage::read as read_trace;

/// Where somebody reads who has what came of something.
pub(crate) fn impact_of(epc: &Epc, w: &Words) -> String {
    format!("/x/impact?id={}&lang={}", encoded(epc.path().trim_start_matches('/')), w.locale)
}

/// Where somebody reads what something came of, by the path of its identifier.
pub(crate) fn trace_of(path: &str, w: &Words) -> String {
    format!("/x/trace?id={}&lang={}", encoded(path), w.locale)
}

/// A recall in a line.
#[derive(Debug)]
struct Recall {
    by: String,
    href: String,
    reason: &'static str,
    source: String,
    /// When what is recalled of a site was made there.
    span: Option<String>,
}

impl Recall {
    fn of(recall: &RecallView, w: &'static Words) -> Recall {
        let date = |time| moment::date(time, Zone::read("+08:00"), w);
        let span = recall.made.map(|span| {
            format!("{} – {}", date(span.from), span.until.map(date).unwrap_or_default()).trim_end().to_owned()
        });
        Recall {
            by: party(&recall.by, w),
            href: format!("/x/records/{}?lang={}", recall.record, w.locale),
            reason: reason(recall.reason, w),
            source: brief(&recall.source),
            span,
        }
    }
}

/// What an address asks for.
fn subject(id: &str) -> Result<Epc, Problem> {
    if id.is_empty() {
        return Err(Problem::from(Door::Path).because("the address names nothing"));
    }
    trace::subject(id)
}

/// An identifier as one segment of an address, or one value in it (RFC 3986).
fn encoded(id: &str) -> String {
    let mut text = String::with_capacity(id.len());
    for byte in id.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

/// An identifier without what all have in common.
fn brief(id: &str) -> String {
    id.strip_prefix("https://id.gs1.org/").unwrap_or(id).to_owned()
}

/// The page of something by itself, where it has one.
fn page_of(id: &str, kind: TraceKind, w: &Words) -> Option<String> {
    let path = id.strip_prefix("https://id.gs1.org")?;
    matches!(kind, TraceKind::Item | TraceKind::Lot).then(|| format!("{path}?lang={}", w.locale))
}

fn party(party: &PartyView, w: &Words) -> String {
    party.name.as_ref().map_or_else(|| party.id.clone(), |name| in_language(name, w.locale).to_owned())
}

fn place(place: &PlaceView, w: &Words) -> String {
    place.name.as_ref().map_or_else(|| brief(&place.id), |name| in_language(name, w.locale).to_owned())
}

fn product(product: &ProductView, w: &Words) -> String {
    in_language(&product.name, w.locale).to_owned()
}

fn kind(kind: TraceKind, w: &Words) -> &'static str {
    let (zh, en) = match kind {
        TraceKind::Item => ("单品", "Item"),
        TraceKind::Lot => ("批次", "Lot"),
        TraceKind::Container => ("包装", "Container"),
        TraceKind::Site => ("场所", "Site"),
        TraceKind::Thing => ("物品", "Thing"),
        TraceKind::Transformation => ("生产转化", "Transformation"),
    };
    w.pick(zh, en)
}

fn state(state: StateView, w: &Words) -> &'static str {
    let (zh, en) = match state {
        StateView::Active => ("在持有方处", "with its holder"),
        StateView::InTransit => ("运输途中", "on its way"),
        StateView::Packed => ("已装箱", "packed"),
        StateView::Destroyed => ("已销毁", "ended"),
        StateView::Consumed => ("已用于生产", "used up"),
        StateView::Noted => ("仅被记录", "only seen"),
    };
    w.pick(zh, en)
}

pub(super) fn reason(reason: RecallReason, w: &Words) -> &'static str {
    let (zh, en) = match reason {
        RecallReason::Counterfeit => ("疑似仿制", "suspected copies"),
        RecallReason::Labelling => ("标识", "labelling"),
        RecallReason::Quality => ("质量", "quality"),
        RecallReason::Safety => ("安全", "safety"),
    };
    w.pick(zh, en)
}
