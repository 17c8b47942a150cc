//! One event as the content of a record.

use std::collections::{BTreeMap, BTreeSet};

use hefu_contracts::{
    action::Action,
    annex::{Annex, ELEMENTS_MAX, Issuance, ListAnnex, Part, ValueAnnex},
    cbv,
    codes::Commissioning,
    gs1::{BadEpc, Epc},
    provenance::{Capture, lists_of},
    refusal::Refusal,
};
use hefu_keys::{
    Hash, NoRandomness, canonical,
    parts::{self, BadList, Salt},
};
use serde_json::{Map, Value, json, value::RawValue};
use thiserror::Error;

use super::{Source, context};
use crate::client::Content;

/// The record's place of an event.
const EVENT: &str = "/body/event";

/// Always detached: it names orders and invoices, which are nobody else's business.
const TRANSACTIONS: &str = "bizTransactionList";

/// An event that is ready to be signed.
#[derive(Clone, Debug)]
pub struct Captured {
    /// What the record will say.
    pub content: Content,
    /// The CBV 2.0 hash of the event as it is recorded.
    pub cbv: Hash,
    /// The hash that the event's own `eventID` states, where it is another one.
    pub stated: Option<Hash>,
}

/// Why an event cannot be captured.
#[derive(Debug, Error)]
pub enum NotCaptured {
    /// No type of event that EPCIS 2.0 has.
    #[error("{0:?} is not one of EPCIS 2.0's five types of event")]
    Kind(String),
    /// The list of identifiers is something else.
    #[error("`{0}` is not a list of identifiers")]
    List(&'static str),
    /// An identifier names nothing.
    #[error("`{field}` has {text:?}")]
    Identifier {
        /// The list.
        field: &'static str,
        /// The element's place in it, from 0.
        index: usize,
        /// The element.
        text: String,
        /// What is wrong with it.
        source: Box<BadEpc>,
    },
    /// Too many identifiers for one record.
    #[error(
        "`{field}` has {count} identifiers, at most {ELEMENTS_MAX} are accepted in one event: \
         pack them into containers and name these, or tell of them in several events"
    )]
    Count {
        /// The list.
        field: &'static str,
        /// Its length.
        count: usize,
    },
    /// The event has no CBV hash.
    #[error("the event has no CBV hash")]
    Hash(#[from] cbv::NotHashable),
    /// It would not be accepted by any node.
    #[error("{refusal}{}", place(.refusal))]
    Form {
        /// What a node would answer.
        refusal: Refusal,
    },
    /// A list cannot be committed to.
    #[error("the identifiers cannot be committed to")]
    Commit(#[from] BadList),
    /// No salt.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    /// Not to be written canonically, or nested too deeply.
    #[error("the event cannot be written canonically")]
    Write(#[from] serde_json::Error),
}

impl NotCaptured {
    /// Where in the event it is (RFC 6901); the event itself where nothing finer is known.
    pub fn pointer(&self) -> String {
        match self {
            NotCaptured::Kind(_) => "/type".to_owned(),
            NotCaptured::List(field) | NotCaptured::Count { field, .. } => format!("/{field}"),
            NotCaptured::Identifier { field, index, .. } => format!("/{field}/{index}"),
            NotCaptured::Hash(bad) => bad.pointer().to_owned(),
            NotCaptured::Form { refusal } => refusal.pointer.strip_prefix(EVENT).unwrap_or_default().to_owned(),
            NotCaptured::Commit(_) | NotCaptured::Randomness(_) | NotCaptured::Write(_) => String::new(),
        }
    }
}

fn place(refusal: &Refusal) -> String {
    if refusal.pointer.is_empty() { String::new() } else { format!(" (at {})", refusal.pointer) }
}

/// Turns an event into the content of a record. `salt` yields a new random salt for each detached part.
///
/// # Errors
/// [`NotCaptured`].
pub fn convert(source: &Source, salt: &mut dyn FnMut() -> Result<Salt, NoRandomness>) -> Result<Captured, NotCaptured> {
    assemble(source, None, salt)
}

/// As [`convert`], for an event that commissions codes of a batch.
///
/// # Errors
/// [`NotCaptured`].
pub fn commission(
    source: &Source,
    codes: (Commissioning, Issuance),
    salt: &mut dyn FnMut() -> Result<Salt, NoRandomness>,
) -> Result<Captured, NotCaptured> {
    assemble(source, Some(codes), salt)
}

fn assemble(
    source: &Source,
    codes: Option<(Commissioning, Issuance)>,
    salt: &mut dyn FnMut() -> Result<Salt, NoRandomness>,
) -> Result<Captured, NotCaptured> {
    let lists = lists_of(source.kind()).ok_or_else(|| NotCaptured::Kind(source.kind().to_owned()))?;
    let mut event = source.event.clone();
    // Servers set it (EPCIS 2.0 §7.4.1); here the block does.
    event.remove("recordTime");
    match context::of_event(&source.contexts, &event) {
        Some(context) => event.insert("@context".to_owned(), context),
        None => event.remove("@context"),
    };
    let elements = lists.iter().map(|field| Ok((*field, identifiers(field, event.remove(*field))?)));
    let elements: BTreeMap<&str, Vec<String>> = elements.collect::<Result<_, NotCaptured>>()?;
    check_count(&elements)?;
    let transactions = event.remove(TRANSACTIONS).filter(|list| *list != json!([]));
    let cbv = hash(&event, &elements, transactions.as_ref())?;
    let stated = event.get("eventID").and_then(Value::as_str).and_then(cbv::hash_of_event_id);

    let mut parts = BTreeMap::new();
    let mut annex = Annex::default();
    for (field, elements) in elements.into_iter().filter(|(_, elements)| !elements.is_empty()) {
        let salt = salt()?;
        let list = parts::list(&salt, &elements)?;
        let pointer = format!("{EVENT}/{field}");
        parts.insert(pointer.clone(), Part::List { count: list.count, root: list.root });
        annex.lists.insert(pointer, ListAnnex { elements, salt });
    }
    if let Some(transactions) = transactions {
        let (salt, text) = (salt()?, canonical::to_string(&transactions)?);
        let pointer = format!("{EVENT}/{TRANSACTIONS}");
        parts.insert(pointer.clone(), Part::Value { sha256: parts::value(&salt, &text).sha256 });
        annex.values.insert(pointer, ValueAnnex { salt, value: RawValue::from_string(text)? });
    }
    let mut body = Map::from_iter([("cbv".to_owned(), json!(cbv)), ("event".to_owned(), Value::Object(event))]);
    if let Some((commissioning, issuance)) = codes {
        body.insert("commissioning".to_owned(), serde_json::to_value(commissioning)?);
        annex.commissioning = Some(issuance);
    }
    let body = Value::Object(body);
    // Asked here, so that a slip is named before anything is signed.
    Capture::read(&canonical::to_string(&body)?).map_err(|refusal| NotCaptured::Form { refusal })?;
    let content = Content { action: Action::EventCapture, body, parts, annex };
    Ok(Captured { content, cbv, stated: stated.filter(|stated| *stated != cbv) })
}

/// No list, and not all of them together, has more identifiers than a record may.
fn check_count(lists: &BTreeMap<&'static str, Vec<String>>) -> Result<(), NotCaptured> {
    let mut count = 0_usize;
    for (field, elements) in lists {
        count = count.saturating_add(elements.len());
        if count > ELEMENTS_MAX {
            return Err(NotCaptured::Count { field, count });
        }
    }
    Ok(())
}

/// The identifiers of a list in their canonical texts, sorted, each once; none where there is no list.
fn identifiers(field: &'static str, list: Option<Value>) -> Result<Vec<String>, NotCaptured> {
    let Some(list) = list else { return Ok(Vec::new()) };
    let texts: Vec<String> = serde_json::from_value(list).map_err(|_| NotCaptured::List(field))?;
    let mut found = BTreeSet::new();
    for (index, text) in texts.into_iter().enumerate() {
        match Epc::parse(&text) {
            Ok(epc) => found.insert(epc.as_str().to_owned()),
            Err(source) => return Err(NotCaptured::Identifier { field, index, text, source: Box::new(source) }),
        };
    }
    Ok(found.into_iter().collect())
}

/// The hash of the event as everybody can put it together again from the record and its annex.
fn hash(
    event: &Map<String, Value>,
    lists: &BTreeMap<&str, Vec<String>>,
    transactions: Option<&Value>,
) -> Result<Hash, NotCaptured> {
    let mut whole = event.clone();
    for (field, elements) in lists.iter().filter(|(_, elements)| !elements.is_empty()) {
        whole.insert((*field).to_owned(), json!(elements));
    }
    if let Some(transactions) = transactions {
        whole.insert(TRANSACTIONS.to_owned(), transactions.clone());
    }
    Ok(cbv::event_hash(&canonical::to_string(&whole)?, &[])?)
}
