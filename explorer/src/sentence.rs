//! A record in one sentence: who, what, how much, when.

use hefu_api::Ledger;
use hefu_contracts::{
    annex::Part,
    gs1::Gtin,
    record::{Body, Record, Visibility},
    state::Fault,
};
use serde::Deserialize;

use crate::{
    directory::{Directory, Known, in_language},
    moment::{Zone, date_and_clock},
    words::{
        Words,
        terms::{ACTIONS, BIZ_STEPS, say},
    },
};

/// `「越岭柔造」生产赋码，3 件桂花冷萃内芯，2026年9月19日 10:00 UTC+8`
///
/// # Errors
/// From the storage.
pub(crate) fn sentence(
    ledger: &dyn Ledger,
    directory: &Directory,
    record: &Record,
    w: &Words,
) -> Result<String, Fault> {
    let author = author(ledger, record)?;
    let made = made(ledger, record)?;
    Ok(directory.read(|known| {
        let words = &w.sentence;
        let who = author
            .as_deref()
            .map_or_else(String::new, |party| format!("{}{}{}", words.open, known.party(party, w.locale), words.close));
        let mut parts = vec![format!("{who}{}", what(record, w))];
        parts.extend(about(known, (record, made), w));
        parts.extend(when(record, w));
        parts.join(words.comma)
    }))
}

/// Id of the organisation whose key is the record's author.
///
/// # Errors
/// From the storage.
pub(crate) fn author(ledger: &dyn Ledger, record: &Record) -> Result<Option<String>, Fault> {
    let Some(address) = record.signers.first() else { return Ok(None) };
    Ok(ledger.key(address)?.map(|key| key.party))
}

fn what(record: &Record, w: &Words) -> String {
    let step = record.body.capture().and_then(|capture| capture.event.biz_step.as_deref());
    let drill = if record.drill { w.trace.step_drill } else { "" };
    let what = step.map_or_else(|| say(ACTIONS, record.action.name(), w), |step| say(BIZ_STEPS, step, w));
    format!("{what}{drill}")
}

/// The trade item of which a record brings items into being, where everybody may read who issued their codes.
///
/// # Errors
/// From the storage.
fn made(ledger: &dyn Ledger, record: &Record) -> Result<Option<Gtin>, Fault> {
    let issued = record.body.capture().and_then(|capture| capture.commissioning.as_ref());
    let Some(found) = issued.map(|issued| ledger.record(&issued.batch)).transpose()?.flatten() else { return Ok(None) };
    if !Visibility::is_public_in(&found.text) {
        return Ok(None);
    }
    let batch = Record::read(&found.text).map_err(Fault::new)?;
    Ok(if let Body::CodesIssue(batch) = batch.body { Some(batch.gtin) } else { None })
}

/// What it is about, by name and number.
fn about(known: &Known, (record, made): (&Record, Option<Gtin>), w: &Words) -> Option<String> {
    let in_words = |name| in_language(name, w.locale).to_owned();
    match &record.body {
        Body::PartyAdd(body) => Some(in_words(&body.party.name)),
        Body::SitePut(body) => Some(in_words(&body.name)),
        Body::KeyGrant(body) => Some(body.key.to_string()),
        Body::KeyRevoke(body) => Some(body.key.to_string()),
        Body::AuthorityGrant(body) => Some(known.party(&body.to, w.locale).to_owned()),
        Body::AuthorityRevoke(body) => Some(known.party(&body.to, w.locale).to_owned()),
        Body::QuotaSet(body) => body.party.as_ref().map(|party| known.party(party, w.locale).to_owned()),
        Body::ProductPut(body) => Some(in_words(&body.name)),
        Body::CodesIssue(body) => Some(counted(w.sentence.codes_of, body.count, &product(known, &body.gtin, w))),
        Body::Agreement(act) => act.contract().map(str::to_owned),
        Body::BomPut(body) => Some(product(known, &body.gtin, w)),
        Body::RecallOpen(body) => {
            let made = body.made.map(|made| match made.until {
                Some(until) => format!(" · {} – {until}", made.from),
                None => format!(" · {} –", made.from),
            });
            Some(format!("{}{}", body.source.path(), made.unwrap_or_default()))
        }
        Body::RecallLift(body) => Some(body.source.path().to_owned()),
        Body::Evidence(body) => Some(body.validator.to_string()),
        Body::EventCapture(_) => {
            let items = listed(record)?;
            Some(match made {
                Some(gtin) => counted(w.sentence.items_of, items, &product(known, &gtin, w)),
                None => w.sentence.items.of(&items),
            })
        }
    }
}

/// Number of things that the record's list names.
fn listed(record: &Record) -> Option<u64> {
    record.parts.values().find_map(|part| match part {
        Part::List { count, .. } => Some(*count),
        Part::Value { .. } => None,
    })
}

fn counted(words: &str, n: u64, name: &str) -> String {
    words.replace("{n}", &n.to_string()).replace("{name}", name)
}

/// The name of a trade item, its number where there is none.
pub(crate) fn product(known: &Known, gtin: &Gtin, w: &Words) -> String {
    let name = known.products.get(gtin).map(|name| in_language(name, w.locale).to_owned());
    name.unwrap_or_else(|| format!("GTIN {gtin}"))
}

#[derive(Deserialize)]
struct SpeltRecord {
    body: SpeltBody,
}

#[derive(Deserialize)]
struct SpeltBody {
    event: SpeltEvent,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SpeltEvent {
    event_time_zone_offset: String,
}

/// Where the clocks of an event's place stand, which the rules do not read.
fn zone(record: &Record) -> Zone {
    let spelt: Option<SpeltRecord> = serde_json::from_str(&record.text).ok();
    spelt.map_or(Zone::UTC, |record| Zone::read(&record.body.event.event_time_zone_offset))
}

/// When an event happened by its author's word; of other records the block's time tells.
fn when(record: &Record, w: &Words) -> Option<String> {
    record.body.capture().map(|capture| date_and_clock(capture.event.time, zone(record), w))
}
