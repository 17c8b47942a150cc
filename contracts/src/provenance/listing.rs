//! Listings: by what an event is found among all others.
//!
//! Rules never look for events. Whoever asks a node for them does, by time, by the values of a few fields, and by id; so a
//! node keeps these beside the ledger, and can make them anew from the records.

use hefu_keys::{Hash, canonical};
use serde::{Deserialize, Serialize};

use super::EventKind;
use crate::{
    canonical_text, cbv,
    record::{Record, Visibility},
    time::Time,
};

/// A field by whose values events are found. The numbers stand in stores and are never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// Its type.
    Kind = 0,
    /// Its action; a TransformationEvent has none.
    Action = 1,
    /// CBV business step, a bare word where it is CBV's.
    Step = 2,
    /// CBV disposition, likewise.
    Disposition = 3,
    /// Where it was seen.
    ReadPoint = 4,
    /// Where the things are afterwards.
    Location = 5,
}

impl Field {
    /// Every field.
    pub const ALL: [Field; 6] =
        [Field::Kind, Field::Action, Field::Step, Field::Disposition, Field::ReadPoint, Field::Location];
}

/// What is known of an event before its record is read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listing {
    /// Values of [`Field::ALL`]; a place is spelt as a GS1 Digital Link where it has one.
    pub fields: [Option<String>; 6],
    /// When it happened, by its author's word.
    pub happened: Time,
    /// Whether its record is for everybody.
    pub public: bool,
    /// Its record.
    pub record: Hash,
    /// Time of its block.
    pub recorded: Time,
}

impl Listing {
    /// The listing of a record in a block of this time; nothing where it captures no event.
    pub fn of(record: &Record, recorded: Time) -> Option<Listing> {
        let event = &record.body.capture()?.event;
        let (kind, action) = names(event.kind);
        let fields = [
            Some(kind.to_owned()),
            action.map(str::to_owned),
            event.biz_step.as_deref().map(|word| cbv::bare(word).to_owned()),
            event.disposition.as_deref().map(|word| cbv::bare(word).to_owned()),
            event.read_point.as_ref().map(|place| place.as_str().to_owned()),
            event.biz_location.as_ref().map(|place| place.as_str().to_owned()),
        ];
        let public = record.visibility == Visibility::Public;
        Some(Listing { fields, happened: event.time, public, record: record.id, recorded })
    }

    /// As it is kept.
    pub fn text(&self) -> String {
        canonical_text(self)
    }

    /// The value of a field.
    pub fn field(&self, field: Field) -> Option<&str> {
        self.fields.get(field as usize)?.as_deref()
    }
}

/// Ids by which an event is found: the one that follows from what it says, and its own if it has one. Those of different
/// events may be the same number, so whoever finds one looks at the event.
pub fn ids(record: &Record) -> Vec<u64> {
    let Some(capture) = record.body.capture() else { return Vec::new() };
    let mut ids = vec![id_key(&cbv::event_id(&capture.cbv))];
    if capture.event.has("eventID") {
        ids.extend(own_id(&record.text).map(|id| id_key(&id)));
    }
    ids
}

/// What an id is looked up by: the first eight bytes of its SHA-256.
pub fn id_key(id: &str) -> u64 {
    let (first, _) = Hash::of(id.as_bytes()).as_bytes().split_first_chunk().map_or(([0; 8], &[][..]), |(a, b)| (*a, b));
    u64::from_be_bytes(first)
}

/// The `eventID` that a record's text spells out.
fn own_id(record: &str) -> Option<String> {
    let event = canonical::member(canonical::member(record, "body")?, "event")?;
    serde_json::from_str(canonical::member(event, "eventID")?).ok()
}

/// Type and action as EPCIS spells them.
const fn names(kind: EventKind) -> (&'static str, Option<&'static str>) {
    match kind {
        EventKind::Object(action) => ("ObjectEvent", Some(action.name())),
        EventKind::Aggregation(action) => ("AggregationEvent", Some(action.name())),
        EventKind::Association(action) => ("AssociationEvent", Some(action.name())),
        EventKind::Transaction(action) => ("TransactionEvent", Some(action.name())),
        EventKind::Transformation => ("TransformationEvent", None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::submission::Unverified;

    fn listed(submission: &str) -> (Listing, Vec<u64>) {
        let read = Unverified::read(submission.as_bytes()).unwrap();
        let listing = Listing::of(read.record(), Time::from_millis(1_000).unwrap()).unwrap();
        (listing, ids(read.record()))
    }

    #[test]
    fn an_event_is_listed_by_what_it_says() {
        let (listing, ids) = listed(include_str!("../golden/records/event.aggregation.json"));
        let fields = Field::ALL.map(|field| listing.field(field).unwrap_or_default());
        let place = "https://id.gs1.org/414/9528880700014";
        assert_eq!(fields, ["AggregationEvent", "ADD", "packing", "", place, ""]);
        assert_eq!(listing.happened.to_string(), "2026-09-21T02:00:00.000Z");
        assert!(listing.public);
        let own = "ni:///sha-256;bca595d9c4ac81dfd8ac1063c1bd6c93058b4618c20d977ca7164748b05b43a4?ver=CBV2.0";
        assert_eq!(ids, [id_key(own)], "the id that follows from what it says");
        assert_eq!(serde_json::from_str::<Listing>(&listing.text()).unwrap(), listing);
    }

    #[test]
    fn a_transformation_has_no_action() {
        let (listing, _) = listed(include_str!("../golden/records/event.transformation.json"));
        assert_eq!((listing.field(Field::Kind), listing.field(Field::Action)), (Some("TransformationEvent"), None));
    }

    #[test]
    fn an_id_of_its_own_is_another_one_to_be_found_by() {
        let text = r#"{"body":{"event":{"eventID":"urn:uuid:1"}}}"#;
        assert_eq!(own_id(text).as_deref(), Some("urn:uuid:1"));
        assert_eq!(own_id(r#"{"body":{"event":{"type":"ObjectEvent"}}}"#), None);
    }

    #[test]
    fn what_captures_nothing_is_not_listed() {
        let read = Unverified::read(include_str!("../golden/records/site.put.json").as_bytes()).unwrap();
        assert_eq!(Listing::of(read.record(), Time::from_millis(1_000).unwrap()), None);
        assert_eq!(ids(read.record()), Vec::<u64>::new());
    }
}
