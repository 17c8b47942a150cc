//! EPCIS 2.0 events as the rules read them. What the rules do not read stays in the record's text.

mod form;
mod read;

pub(super) use read::check_named;

use hefu_keys::Hash;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::quantity::{Quantity, Side};
use crate::{
    codes::Commissioning,
    exact,
    gs1::Epc,
    pointer,
    refusal::{Code, Refusal},
    time::Time,
};

/// Which of EPCIS' event types (EPCIS 2.0 §7.4), with its action where it has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// Something happened to one or more things.
    Object(EventAction),
    /// Things went into, or came out of, a container.
    Aggregation(EventAction),
    /// Things were fixed to, or taken off, an assembly.
    Association(EventAction),
    /// Things were linked to, or parted from, business transactions.
    Transaction(EventAction),
    /// Some things were used up and others came of them.
    Transformation,
}

/// EPCIS action (EPCIS 2.0 §7.3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum EventAction {
    /// Created, packed, attached or linked.
    Add,
    /// Seen.
    Observe,
    /// Ended, unpacked, detached or parted.
    Delete,
}

impl EventAction {
    /// As EPCIS spells it.
    pub const fn name(self) -> &'static str {
        match self {
            EventAction::Add => "ADD",
            EventAction::Observe => "OBSERVE",
            EventAction::Delete => "DELETE",
        }
    }
}

/// CBV dispositions that stay with things until they are taken off again (EPCIS 2.0 §7.3.5.7), as bare words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Persistent {
    /// Those that begin to hold.
    pub set: Vec<String>,
    /// Those that cease to hold.
    pub unset: Vec<String>,
}

/// What the rules read of an event.
#[derive(Clone, Debug)]
pub struct Event {
    /// Its type and action.
    pub kind: EventKind,
    /// When it happened, by the author's word.
    pub time: Time,
    /// CBV business step, as a bare word where it is CBV's.
    pub biz_step: Option<String>,
    /// CBV disposition, as a bare word where it is CBV's.
    pub disposition: Option<String>,
    /// CBV dispositions that stay.
    pub persistent: Persistent,
    /// Where it was seen.
    pub read_point: Option<Epc>,
    /// Where it is afterwards.
    pub biz_location: Option<Epc>,
    /// The container, assembly, or what a transaction is about as a whole.
    pub parent: Option<Epc>,
    /// Lots and classes with a quantity.
    pub quantities: Vec<Quantity>,
    /// The organisation that is to possess the things, by GLN.
    pub receiver: Option<Epc>,
    /// The organisation that is to own the things, by GLN.
    pub new_owner: Option<Epc>,
    /// The organisation that they come from, by GLN.
    pub giver: Option<Epc>,
    /// What ties several records of one transformation together.
    pub transformation: Option<String>,
    /// Whether the event declares an earlier one to be in error.
    pub declares_error: bool,
    /// Name of each field in the text.
    pub fields: Vec<String>,
}

/// Body of `event.capture`.
#[derive(Clone, Debug)]
pub struct Capture {
    /// CBV hash of the whole event (CBV 2.0 §8.9.2), its identity. The author states it, because private values that go
    /// into it may be erased; whoever has them can check it.
    pub cbv: Hash,
    /// The issued codes that come into being.
    pub commissioning: Option<Commissioning>,
    /// The event.
    pub event: Event,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CaptureWire<'a> {
    cbv: Hash,
    #[serde(skip_serializing_if = "Option::is_none")]
    commissioning: Option<Commissioning>,
    #[serde(borrow)]
    event: &'a RawValue,
}

impl Capture {
    /// Reads the body of an `event.capture` record.
    ///
    /// # Errors
    /// `E-RECORD-SHAPE`, `E-FIELD-UNKNOWN` or `E-FIELD-MISSING` with a pointer to the field.
    pub fn read(text: &str) -> Result<Capture, Refusal> {
        let wire: CaptureWire<'_> = exact::read_canonical(text).map_err(|inexact| inexact.refuse("/body"))?;
        let event = read::event(wire.event.get())?;
        if wire.commissioning.is_some() && !event.makes() {
            let detail = "only an ObjectEvent with action ADD, or a TransformationEvent, commissions codes";
            return Err(Refusal::new(Code::RecordShape).at("/body/commissioning").because(detail));
        }
        Ok(Capture { cbv: wire.cbv, commissioning: wire.commissioning, event })
    }
}

/// The lists of identifiers that events of a type have and records detach, by the type's name in EPCIS.
pub fn lists_of(kind: &str) -> Option<&'static [&'static str]> {
    match kind {
        "ObjectEvent" | "TransactionEvent" => Some(&["epcList"]),
        "AggregationEvent" | "AssociationEvent" => Some(&["childEPCs"]),
        "TransformationEvent" => Some(&["inputEPCList", "outputEPCList"]),
        _ => None,
    }
}

impl Event {
    /// The lists of things that the record detaches, as JSON Pointers.
    pub const fn lists(&self) -> &'static [&'static str] {
        match self.kind {
            EventKind::Object(_) | EventKind::Transaction(_) => &["/body/event/epcList"],
            EventKind::Aggregation(_) | EventKind::Association(_) => &["/body/event/childEPCs"],
            EventKind::Transformation => &[INPUTS, OUTPUTS],
        }
    }

    /// Whether things come into being by it.
    pub fn makes(&self) -> bool {
        matches!(self.kind, EventKind::Object(EventAction::Add) | EventKind::Transformation)
    }

    /// Lots and classes, each once, in the order in which they are named.
    pub fn classes(&self) -> Vec<&Epc> {
        let mut classes = Vec::new();
        for quantity in &self.quantities {
            if !classes.contains(&&quantity.class) {
                classes.push(&quantity.class);
            }
        }
        classes
    }

    /// What is named in a role.
    pub fn quantities_of(&self, side: Side) -> impl Iterator<Item = &Quantity> {
        self.quantities.iter().filter(move |quantity| quantity.side == side)
    }

    /// Where the things are after the event: the business location, or else where they were seen.
    pub fn place(&self) -> Option<&Epc> {
        self.biz_location.as_ref().or(self.read_point.as_ref())
    }

    /// Whether a value of this name may travel detached: transactions and extensions, which no rule reads.
    pub fn may_detach(&self, pointer: &str) -> bool {
        let Some(name) = pointer.strip_prefix("/body/event/") else { return false };
        let absent = !self.fields.iter().any(|field| pointer::escape(field) == name);
        absent && !name.contains('/') && (name == TRANSACTIONS || name.contains(':'))
    }

    /// Whether a field stands in the text.
    pub fn has(&self, field: &str) -> bool {
        self.fields.iter().any(|known| known == field)
    }
}

/// What a transformation uses up, one by one.
pub const INPUTS: &str = "/body/event/inputEPCList";

/// What comes of a transformation, one by one.
pub const OUTPUTS: &str = "/body/event/outputEPCList";

/// The field that says to which business transactions an event belongs.
pub const TRANSACTIONS: &str = "bizTransactionList";

#[cfg(test)]
mod tests;
