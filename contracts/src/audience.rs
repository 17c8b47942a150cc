//! Audiences: for whom something on the ledger is, and how much of it is shown to whoever reads.
//!
//! Every answer, page, export and stream that shows a record's text, its lists or its private values asks here and
//! nowhere else. Validators and full nodes hold everything; what is decided here is what they hand out.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use hefu_keys::{Address, canonical};
use serde::Deserialize;

use crate::{
    agreements::{Act, AgreementRow},
    gs1::{Epc, Gln},
    parties::{KeyRow, PartyKind, SiteRow},
    provenance::ThingRow,
    record::{Body, Record, Visibility},
    row,
    state::{Fault, Overlay, Snapshot},
};

/// Who reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reader {
    /// Anybody.
    Public,
    /// An organisation, by a key that it has given the role `read`.
    Party {
        /// Its id.
        id: String,
        /// What it is: an auditor reads everything.
        kind: PartyKind,
    },
}

impl Reader {
    /// Whether it is an auditor, for whom everything is.
    pub fn is_auditor(&self) -> bool {
        matches!(self, Reader::Party { kind: PartyKind::Auditor, .. })
    }
}

/// How much of a record is shown, from little to all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shown {
    /// That it exists.
    Existence,
    /// Its signed text, which only commits to lists and private values.
    Text,
    /// Its lists and private values too.
    Whole,
}

/// The organisations that something is for. Auditors belong to every audience.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audience(BTreeSet<String>);

impl Audience {
    /// Whom a record is for: the organisations whose keys signed it and those that it names, by their id, by a key of
    /// theirs, or by their GLN as a source or destination that owns or possesses things. A place where something happened
    /// names nobody: things are seen at other people's sites.
    ///
    /// # Errors
    /// From the storage.
    pub fn of_record(record: &Record, rows: &dyn Snapshot) -> Result<Audience, Fault> {
        let rows = Overlay::new(rows);
        let named = Named::by(record);
        let mut parties = named.parties;
        for contract in &named.contracts {
            parties.extend(
                row::get::<AgreementRow>(&rows, &row::key_of_agreement(contract))?
                    .into_iter()
                    .flat_map(|agreement| agreement.parties.clone()),
            );
        }
        for address in &named.keys {
            parties.extend(row::get::<KeyRow>(&rows, &row::key_of_key(address))?.map(|key| key.party.clone()));
        }
        for gln in &named.glns {
            parties.extend(row::get::<SiteRow>(&rows, &row::key_of_site(gln))?.map(|site| site.party.clone()));
        }
        Ok(Audience(parties))
    }

    /// Whom the terms of a contract are for, and what concerns all of it: its parties.
    pub fn of_contract(parties: impl IntoIterator<Item = String>) -> Audience {
        Audience(parties.into_iter().collect())
    }

    /// Whom an account in a contract, its entries and its statements are for: whose account it is and who pays it. One
    /// beneficiary of a contract does not see what another receives.
    pub fn of_account(owner: String, payer: String) -> Audience {
        Audience(BTreeSet::from([owner, payer]))
    }

    /// Whom the code of a thing is for, besides whoever presents it: who made, has, owns, ships or is to receive it, and
    /// whose number it bears.
    pub fn of_thing(row: &ThingRow, owner: Option<String>) -> Audience {
        let marks = [&row.commissioned, &row.holder, &row.owner, &row.last];
        let marked = marks.into_iter().flatten().map(|mark| mark.by.clone());
        let transfer = row.transfer.iter().flat_map(|transfer| [transfer.from.clone(), transfer.to.clone()]);
        Audience(marked.chain(transfer).chain(owner).collect())
    }

    /// Whether the reader belongs to it.
    pub fn includes(&self, reader: &Reader) -> bool {
        match reader {
            Reader::Public => false,
            Reader::Party { id, .. } => reader.is_auditor() || self.0.contains(id),
        }
    }
}

/// How much of a record of this visibility is shown to a reader.
pub fn shown(reader: &Reader, visibility: Visibility, audience: &Audience) -> Shown {
    match (audience.includes(reader), visibility) {
        (true, _) => Shown::Whole,
        (false, Visibility::Public) => Shown::Text,
        (false, Visibility::Parties) => Shown::Existence,
    }
}

/// Whom a record names, in the spellings in which it does.
#[derive(Debug, Default)]
struct Named {
    contracts: BTreeSet<String>,
    glns: BTreeSet<Gln>,
    keys: BTreeSet<Address>,
    parties: BTreeSet<String>,
}

impl Named {
    fn by(record: &Record) -> Named {
        let mut named = Named { keys: record.signers.iter().copied().collect(), ..Named::default() };
        match &record.body {
            Body::PartyAdd(body) => named.parties.extend([body.party.id.clone()]),
            Body::KeyGrant(body) => named.keys.extend([body.key]),
            Body::KeyRevoke(body) => named.keys.extend([body.key]),
            Body::AuthorityGrant(body) => named.parties.extend([body.to.clone()]),
            Body::AuthorityRevoke(body) => named.parties.extend([body.to.clone()]),
            Body::QuotaSet(body) => named.parties.extend(body.party.clone()),
            Body::CodesIssue(body) => named.parties.extend(body.maker.clone()),
            Body::EventCapture(_) => named.glns.extend(sources_and_destinations(&record.text)),
            Body::Agreement(act) => named.by_act(act),
            // Where and what, but not whom. A GLN that is declared is its author's own.
            Body::SitePut(_)
            | Body::ProductPut(_)
            | Body::RecallOpen(_)
            | Body::RecallLift(_)
            | Body::BomPut(_)
            | Body::Evidence(_) => {}
        }
        named
    }
}

impl Named {
    /// What concerns a contract is for its parties. A fact about an order line tells what several contracts share, and a
    /// batch of payouts what several receive, so they are for whoever signed them; everybody else finds her part in her
    /// account.
    fn by_act(&mut self, act: &Act) {
        match act {
            Act::Sign(body) => self.parties.extend(body.terms.parties()),
            Act::Receipt(body) => self.parties.extend([body.party.clone()]),
            Act::Instruct(_) => {}
            Act::Feed(_)
            | Act::Fact(_)
            | Act::Adjust(_)
            | Act::Release(_)
            | Act::Close(_)
            | Act::Issue(_)
            | Act::Accept(_)
            | Act::Dispute(_)
            | Act::Decide(_) => self.contracts.extend(act.contract().map(str::to_owned)),
        }
    }
}

/// A source or destination (EPCIS 2.0 §7.3.5.4).
#[derive(Deserialize)]
struct Side {
    #[serde(rename = "type")]
    kind: String,
    #[serde(alias = "destination")]
    source: String,
}

/// The GLNs of organisations from which things come and to which they go. The rules read one of them only, the receiver;
/// a list that is not EPCIS' names nobody.
fn sources_and_destinations(text: &str) -> Vec<Gln> {
    let Some(event) = canonical::member(text, "body").and_then(|body| canonical::member(body, "event")) else {
        return Vec::new();
    };
    let lists = ["sourceList", "destinationList"].into_iter().filter_map(|name| canonical::member(event, name));
    let sides = lists.flat_map(|list| serde_json::from_str::<Vec<Side>>(list).unwrap_or_default());
    sides.filter(|side| is_of_party(&side.kind)).filter_map(|side| Epc::parse(&side.source).ok()?.gln()).collect()
}

/// Whether a source or destination of this type is an organisation rather than a place (CBV 2.0 §7.4.2).
fn is_of_party(kind: &str) -> bool {
    let word = kind.rsplit(['/', ':']).next().unwrap_or_default();
    matches!(word.strip_prefix("SDT-").unwrap_or(word), "owning_party" | "possessing_party")
}
