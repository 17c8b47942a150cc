//! Impact: who has what came of something, in which state, so that a recall reaches everybody who must act.

mod gathering;

use std::collections::BTreeMap;

use hefu_contracts::{
    audience::{Audience, Reader},
    gs1::{Epc, Gtin},
    height::Height,
    parties::SiteRow,
    provenance::{Amount, Inherited, ThingRow},
    row::{self, Data},
};
use hefu_keys::Hash;
use serde::Serialize;
use utoipa::ToSchema;

use gathering::Gathering;

use super::{
    opened::RecallView,
    view::{Desk, gtin_of, id_of},
    walk::{Walk, site_of},
};
use crate::{
    openapi::shapes,
    problem::Problem,
    views::{PartyView, PlaceView, ProductView, StateView},
};

/// How much a reader is shown of an impact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Everything: the reader has to do with the source, has opened a recall of it, or audits.
    All,
    /// What the reader has to do with, and how much there is in all.
    Own,
    /// How much there is in all.
    Totals,
}

/// Who has what came of something.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ImpactView {
    /// Containers in which some of it is, with how many things, as far as they are shown.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub containers: Vec<ImpactContainerView>,
    /// The last block that was looked at.
    #[schema(value_type = shapes::Height)]
    pub height: Height,
    /// Who has how many in which state, as far as it is shown.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub holders: Vec<ImpactHolderView>,
    /// What it is, where it is in the catalogue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductView>,
    /// Recalls that hold for it: those that are open on it, on what it came of and on what its site made then.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub recalls: Vec<RecallView>,
    /// How much is shown to the reader.
    pub scope: Scope,
    /// What is in question, as a canonical identifier.
    pub source: String,
    /// How many things are in which state.
    pub states: Vec<ImpactStateView>,
    /// What is left of the lots among them, as far as it is shown.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stocks: Vec<ImpactStockView>,
    /// How many things are affected, the source itself among them where it is one.
    pub things: u64,
    /// Whether there is more than was looked at.
    pub truncated: bool,
}

/// How many things are in a state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ImpactStateView {
    /// How many.
    pub count: u64,
    /// CBV disposition after the last event, such as `retail_sold`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disposition: Option<String>,
    /// The state.
    pub state: StateView,
}

/// How many of a trade item somebody has in a state.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ImpactHolderView {
    /// How many.
    pub count: u64,
    /// CBV disposition after the last event: of what is `retail_sold` the holder is who sold it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disposition: Option<String>,
    /// Who has them; absent where nobody is known to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holder: Option<PartyView>,
    /// Where they were last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<PlaceView>,
    /// What they are, where that is in the catalogue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductView>,
    /// The state.
    pub state: StateView,
}

/// A container with some of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ImpactContainerView {
    /// How many things directly in it are affected.
    pub count: u64,
    /// Its identifier.
    pub id: String,
}

/// What is left of a lot somewhere.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ImpactStockView {
    /// How much, an exact decimal.
    #[schema(value_type = String)]
    pub amount: Amount,
    /// Who has it; absent where it is in a container.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holder: Option<PartyView>,
    /// The container that it is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inside: Option<String>,
    /// The lot, as a canonical identifier.
    pub lot: String,
    /// The unit (UN/ECE Recommendation 20).
    pub unit: String,
}

/// Who has what where in which state and disposition.
type Share = (Option<String>, Option<String>, Option<Gtin>, StateView, Option<String>);

/// One thing of an impact, or one of many that are alike, under the row of their class.
pub(super) struct Hit {
    pub key: String,
    pub thing: ThingRow,
    /// What tells who has it.
    pub outer: ThingRow,
    pub state: StateView,
}

/// An impact, gathered for a reader.
pub(super) struct Impact {
    pub(super) source: Epc,
    scope: Scope,
    /// Every thing that is shown, where a sheet is asked for.
    pub(super) hits: Vec<Hit>,
    holders: BTreeMap<Share, u64>,
    containers: BTreeMap<String, u64>,
    states: BTreeMap<(StateView, Option<String>), u64>,
    things: u64,
    pub(super) stocks: Vec<Stock>,
    pub(super) recalls: BTreeMap<Hash, Inherited>,
    truncated: bool,
}

/// What is left of a lot with somebody, or in a container.
pub(super) struct Stock {
    pub lot: String,
    pub unit: String,
    pub who: String,
    pub amount: Amount,
}

impl Stock {
    /// Whether an organisation has it; otherwise it is in the container of a row.
    pub(super) fn is_with_party(&self) -> bool {
        !self.who.contains('/')
    }
}

impl Impact {
    /// What is to be gathered for the reader at the desk, before anything is.
    fn open(desk: &mut Desk<'_>, source: &Epc) -> Result<Impact, Problem> {
        let key = row::key_of_thing(source);
        let own = desk.ledger.row(&key)?.and_then(|row| row.data.into_kind()).unwrap_or_default();
        desk.fetch_names(&key, &own)?;
        let site = match site_of(&key) {
            Some(gln) => desk.ledger.row(&row::key_of_site(&gln))?.and_then(|row| row.data.into_kind::<SiteRow>()),
            None => None,
        };
        let recalls = desk.recalls(&key, &own)?;
        // Anybody may open a recall of what another site made for them; that does not open its books.
        let opened = match &site {
            Some(site) => Audience::of_contract([site.party.clone()]),
            None => Audience::of_contract(
                recalls.iter().filter(|(id, _)| own.recalls.contains(id)).map(|(_, found)| found.recall.by.clone()),
            ),
        };
        let scope = match desk.reader {
            Reader::Public => Scope::Totals,
            reader if opened.includes(reader) || desk.may_read(&key, &own, &own) => Scope::All,
            Reader::Party { .. } => Scope::Own,
        };
        Ok(Impact {
            source: source.clone(),
            scope,
            hits: Vec::new(),
            holders: BTreeMap::new(),
            containers: BTreeMap::new(),
            states: BTreeMap::new(),
            things: 0,
            stocks: Vec::new(),
            recalls,
            truncated: false,
        })
    }

    /// Walks on from the source and counts what is there; nothing where there is no record of it. For a sheet it looks at
    /// every thing and keeps it; otherwise it looks at no more than it must to know how many there are.
    pub(super) fn gather(
        desk: &mut Desk<'_>,
        source: &Epc,
        walk: &Walk<'_>,
        for_sheet: bool,
    ) -> Result<Option<Impact>, Problem> {
        let impact = Impact::open(desk, source)?;
        Gathering::of(desk, impact, for_sheet)?.gather(walk)
    }

    /// Counts so many more things that the reader is shown.
    fn show(&mut self, hit: &Hit, number: u64) {
        let holder = hit.outer.holder.as_ref().map(|mark| mark.by.clone());
        let (place, disposition) = (hit.outer.place.clone(), hit.thing.disposition.clone());
        more(self.holders.entry((holder, place, gtin_of(&hit.key), hit.state, disposition)).or_default(), number);
        if let Some(parent) = hit.thing.parent.as_ref().filter(|parent| parent.key.starts_with("container/")) {
            more(self.containers.entry(parent.key.clone()).or_default(), number);
        }
    }

    /// `balance/<unit>/<lot>@<who>`
    fn stock(&mut self, desk: &mut Desk<'_>, key: &str, data: Data) -> Result<(), Problem> {
        let Data::Balance(balance) = data else { return Ok(()) };
        let parts = key.strip_prefix("balance/").and_then(|rest| rest.split_once('/'));
        let Some((unit, (lot, who))) = parts.and_then(|(unit, rest)| Some((unit, rest.split_once('@')?))) else {
            return Ok(());
        };
        if balance.amount.is_zero() {
            return Ok(());
        }
        let is_party = !who.contains('/');
        if is_party {
            desk.fetch(row::key_of_party(who))?;
        }
        let is_own = matches!(desk.reader, Reader::Party { id, .. } if id == who);
        if self.scope == Scope::All || (self.scope == Scope::Own && is_own) {
            let (lot, unit) = (format!("https://id.gs1.org/{lot}"), unit.to_owned());
            self.stocks.push(Stock { lot, unit, who: who.to_owned(), amount: balance.amount });
        }
        Ok(())
    }

    pub(super) fn view(&self, desk: &Desk<'_>) -> ImpactView {
        let names = desk.names();
        let holders = self.holders.iter().map(|((holder, place, gtin, state, disposition), count)| ImpactHolderView {
            count: *count,
            disposition: disposition.clone(),
            holder: holder.as_ref().map(|holder| names.party(holder)),
            place: place.as_ref().and_then(|place| Epc::parse(place).ok()).map(|place| names.place(&place)),
            product: gtin.and_then(|gtin| names.product(&gtin)),
            state: *state,
        });
        let containers = self.containers.iter();
        let containers = containers.map(|(key, count)| ImpactContainerView { count: *count, id: id_of(key) }).collect();
        let stocks = self.stocks.iter().map(|stock| {
            let is_party = stock.is_with_party();
            ImpactStockView {
                amount: stock.amount,
                holder: is_party.then(|| names.party(&stock.who)),
                inside: (!is_party).then(|| id_of(&stock.who)),
                lot: stock.lot.clone(),
                unit: stock.unit.clone(),
            }
        });
        let recalls = self.recalls.iter().map(|(record, recall)| desk.recall_view(*record, recall));
        let states = self.states.iter().map(|((state, disposition), count)| ImpactStateView {
            count: *count,
            disposition: disposition.clone(),
            state: *state,
        });
        ImpactView {
            containers,
            height: *desk.ledger.heights().borrow(),
            holders: holders.collect(),
            product: gtin_of(&row::key_of_thing(&self.source)).and_then(|gtin| names.product(&gtin)),
            recalls: recalls.collect(),
            scope: self.scope,
            source: self.source.as_str().to_owned(),
            states: states.collect(),
            stocks: stocks.collect(),
            things: self.things,
            truncated: self.truncated,
        }
    }
}

const fn more(count: &mut u64, number: u64) {
    *count = count.saturating_add(number);
}
