//! The steps of a thing's history.

use std::collections::BTreeMap;

use hefu_contracts::{
    annex::Part,
    entry::Role,
    height::Height,
    proof::{Step, Story},
    provenance::Capture,
    record::{Record, Visibility},
    time::Time,
};
use hefu_keys::{Address, Hash};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::names::{ContainerView, Names, PartyView, PlaceView};
use crate::openapi::shapes;

/// One record of a thing's history. Of one that is not public there is only what the ledger noted: neither `event` nor
/// `signers`, nor what they come with.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StepView {
    /// The organisations that signed, as resolved when the record took effect, sorted by id.
    pub by: Vec<PartyView>,
    /// What encloses the thing from here on, or did until here, innermost first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub containers: Vec<ContainerView>,
    /// Whether it is an exercise, which never counts.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub drill: bool,
    /// The event that the record captures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<EventView>,
    /// Height of the block that holds the record.
    #[schema(value_type = shapes::Height)]
    pub height: Height,
    /// The record.
    #[schema(value_type = shapes::Hash)]
    pub record: Hash,
    /// What the record did to the thing, or to the container it was in.
    #[schema(value_type = shapes::Role)]
    pub role: Role,
    /// The keys that signed, the author's first; none where the record is not public.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<shapes::Address>)]
    pub signers: Vec<Address>,
    /// The event's business step as the record spells it, the record's action where there is none; absent where the
    /// record is not public.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// Time of the block.
    #[schema(value_type = shapes::Time)]
    pub time: Time,
    /// The container that the record is about, where the thing was only inside it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub via: Option<ContainerView>,
    /// Who may read the record; absent where everybody may.
    #[serde(skip_serializing_if = "Visibility::is_public")]
    #[schema(value_type = shapes::Visibility)]
    pub visibility: Visibility,
    /// Values that the record commits to without showing them, as JSON Pointers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub withheld: Vec<String>,
}

/// What a record says of an event, by its author's word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventView {
    /// CBV business step, a bare word where it is CBV's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub biz_step: Option<String>,
    /// Whether it declares an earlier event to be in error.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub declares_error: bool,
    /// CBV disposition, a bare word where it is CBV's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disposition: Option<String>,
    /// Where the thing is afterwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<PlaceView>,
    /// Offset of the local time, such as `+08:00`.
    pub offset: String,
    /// Where it was seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_point: Option<PlaceView>,
    /// Who is to possess it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receiver: Option<PlaceView>,
    /// When it happened, as the record spells it.
    pub time: String,
}

/// What of an event is shown in the very letters of the record.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spelt {
    biz_step: Option<String>,
    event_time: String,
    event_time_zone_offset: String,
}

#[derive(Deserialize)]
struct SpeltBody {
    event: Spelt,
}

#[derive(Deserialize)]
struct SpeltRecord {
    body: SpeltBody,
}

/// One step for each record, oldest first. A record that is noted both on the thing and on its container is shown as what it did to the thing.
pub(super) fn steps(story: &Story, subject: &str, names: Names<'_>) -> Vec<StepView> {
    let mut by_record: BTreeMap<Hash, &Step> = BTreeMap::new();
    let mut order = Vec::new();
    for step in &story.steps {
        let known = by_record.insert(step.entry.record, step);
        match known {
            None => order.push(step.entry.record),
            Some(first) if first.key == subject => {
                by_record.insert(step.entry.record, first);
            }
            Some(_) => {}
        }
    }
    let mut steps: Vec<&Step> = order.iter().filter_map(|record| by_record.get(record).copied()).collect();
    // Within a block only the chain of each row has an order; the events' own times put those of several rows in one.
    steps.sort_by_key(|step| (step.entry.height, moment(step)));
    steps.into_iter().map(|step| view(step, subject, names)).collect()
}

fn moment(step: &Step) -> Time {
    step.record.as_ref().and_then(|record| record.body.capture()).map_or(step.entry.time, |capture| capture.event.time)
}

fn view(step: &Step, subject: &str, names: Names<'_>) -> StepView {
    let Step { entry, key, record } = step;
    let noted = StepView {
        by: entry.by.iter().map(|party| names.party(party)).collect(),
        containers: entry.containers.iter().map(|enclosing| ContainerView::of(&enclosing.key)).collect(),
        drill: false,
        event: None,
        height: entry.height,
        record: entry.record,
        role: entry.role,
        signers: Vec::new(),
        step: None,
        time: entry.time,
        via: (key != subject).then(|| ContainerView::of(key)),
        visibility: entry.visibility,
        withheld: Vec::new(),
    };
    match record {
        Some(record) => read(noted, record, names),
        None => noted,
    }
}

/// A step with what its record says.
fn read(noted: StepView, record: &Record, names: Names<'_>) -> StepView {
    let captured = record.body.capture();
    // A record that captures an event has these fields, or it would not have been read.
    let spelt = captured.and_then(|_| serde_json::from_str::<SpeltRecord>(&record.text).ok());
    let spelt = spelt.map(|record| record.body.event);
    let said = spelt.as_ref().and_then(|event| event.biz_step.clone());
    let values = record.parts.iter().filter(|(_, part)| matches!(part, Part::Value { .. }));
    StepView {
        drill: record.drill,
        event: captured.zip(spelt).map(|(capture, spelt)| event(capture, spelt, names)),
        signers: record.signers.clone(),
        step: Some(said.unwrap_or_else(|| record.action.name().to_owned())),
        withheld: values.map(|(pointer, _)| pointer.clone()).collect(),
        ..noted
    }
}

fn event(capture: &Capture, spelt: Spelt, names: Names<'_>) -> EventView {
    let event = &capture.event;
    EventView {
        biz_step: event.biz_step.clone(),
        declares_error: event.declares_error,
        disposition: event.disposition.clone(),
        location: event.biz_location.as_ref().map(|place| names.place(place)),
        offset: spelt.event_time_zone_offset,
        read_point: event.read_point.as_ref().map(|place| names.place(place)),
        receiver: event.receiver.as_ref().map(|place| names.place(place)),
        time: spelt.event_time,
    }
}
