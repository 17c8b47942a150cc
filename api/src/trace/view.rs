//! What is shown of a walk, and to whom.

use std::collections::{BTreeMap, BTreeSet};

use hefu_contracts::{
    audience::{Audience, Reader},
    gs1::{Epc, Gtin},
    height::Height,
    provenance::{Flag, Inherited, ThingRow, TransformationRow, inherited},
    row,
    state::{self, Overlay},
    time::Time,
};
use hefu_keys::Hash;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    opened::RecallView,
    reach::{Direction, Met, Place, Reached, Relation},
    walk::{outermost, site_of},
};
use crate::{
    access::Rows,
    ledger::Ledger,
    openapi::shapes,
    problem::Problem,
    views::{MarkView, Names, PartyView, PlaceView, ProductView, StateView},
};

/// What a thing came of, or what came of it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TraceView {
    /// The time of the blocks that was asked for; absent where it is as of now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<shapes::Time>)]
    pub as_of: Option<Time>,
    /// Which way was looked.
    pub direction: Direction,
    /// The last block that was looked at.
    #[schema(value_type = shapes::Height)]
    pub height: Height,
    /// How one leads to another; those of which an end is withheld are left out.
    pub links: Vec<TraceLinkView>,
    /// Recalls that hold for the subject now: of itself, of what it came of, of what its site made then, and of what is
    /// inside it. None where another time was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub recalls: Vec<RecallView>,
    /// What was asked for, as a canonical identifier.
    pub subject: String,
    /// What was reached, nearest first.
    pub things: Vec<TraceThingView>,
    /// Whether there is more than is shown.
    pub truncated: bool,
    /// How many things are there whose codes are for others than the reader, by trade item.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub withheld: Vec<WithheldView>,
}

/// How one leads to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TraceLinkView {
    /// The row that it leads from.
    pub from: String,
    /// How.
    pub relation: Relation,
    /// The row that it leads to.
    pub to: String,
}

/// Things whose codes are for others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct WithheldView {
    /// How many.
    pub count: u64,
    /// The trade item; absent for what is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<shapes::Gtin>)]
    pub gtin: Option<Gtin>,
}

/// What a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum TraceKind {
    /// One trade item.
    Item,
    /// A lot or class.
    Lot,
    /// A container.
    Container,
    /// A site, for what was made there.
    Site,
    /// Anything else.
    Thing,
    /// A transformation.
    Transformation,
}

impl TraceKind {
    /// As it stands in an answer.
    pub(super) const fn name(self) -> &'static str {
        match self {
            TraceKind::Item => "item",
            TraceKind::Lot => "lot",
            TraceKind::Container => "container",
            TraceKind::Site => "site",
            TraceKind::Thing => "thing",
            TraceKind::Transformation => "transformation",
        }
    }
}

/// How something began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct BeganView {
    /// The event's own time.
    #[schema(value_type = shapes::Time)]
    pub at: Time,
    /// The organisation.
    pub by: PartyView,
    /// The record; absent for a transformation, which several may tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<shapes::Hash>)]
    pub record: Option<Hash>,
}

/// Something that was reached.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TraceThingView {
    /// How it came into being; of a transformation who did it last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub began: Option<BeganView>,
    /// How many steps it is away.
    pub depth: u32,
    /// Remarks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<shapes::Flag>)]
    pub flags: Vec<Flag>,
    /// Who has it now; absent where another time was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holder: Option<MarkView>,
    /// Its canonical identifier; that of a transformation is its row.
    pub id: String,
    /// What it is.
    pub kind: TraceKind,
    /// Where it is now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<PlaceView>,
    /// What it is, where it is in the catalogue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductView>,
    /// Where its proof is; there are proofs of items.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proof: Option<String>,
    /// Records of the recalls that are open on it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<shapes::Hash>)]
    pub recalls: Vec<Hash>,
    /// Its row.
    pub row: String,
    /// In which of its states it is now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<StateView>,
    /// The row that it was reached from first, and how; absent where the walk began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub via: Option<TraceLinkView>,
}

/// Who looks, from where.
pub(super) struct Desk<'l> {
    pub ledger: &'l dyn Ledger,
    pub reader: &'l Reader,
    /// Rows that names are taken from.
    pub names: state::Rows,
    /// Rows of what encloses things.
    pub around: BTreeMap<String, ThingRow>,
}

impl Desk<'_> {
    pub(super) fn fetch(&mut self, key: String) -> Result<(), Problem> {
        if !self.names.contains_key(&key)
            && let Some(row) = self.ledger.row(&key)?
        {
            self.names.insert(key, row.into());
        }
        Ok(())
    }

    pub(super) fn names(&self) -> Names<'_> {
        Names(&self.names)
    }

    /// Fetches what the ids in a row stand for.
    pub(super) fn fetch_names(&mut self, key: &str, thing: &ThingRow) -> Result<(), Problem> {
        let marks = [&thing.commissioned, &thing.holder].into_iter().flatten();
        let parties: Vec<String> = marks.map(|mark| row::key_of_party(&mark.by)).collect();
        for party in parties {
            self.fetch(party)?;
        }
        if let Some(gln) = thing.place.as_deref().and_then(|place| Epc::parse(place).ok()?.gln()) {
            self.fetch(row::key_of_site(&gln))?;
            let owner = match self.names.get(&row::key_of_site(&gln)).map(|row| &row.data) {
                Some(row::Data::Site(site)) => Some(row::key_of_party(&site.party)),
                Some(_) | None => None,
            };
            owner.map_or(Ok(()), |owner| self.fetch(owner))?;
        }
        if let Some(gtin) = gtin_of(key) {
            self.fetch(row::key_of_product(&gtin))?;
            let owner = self.owner(key).map(|owner| row::key_of_party(&owner));
            owner.map_or(Ok(()), |owner| self.fetch(owner))?;
        }
        Ok(())
    }

    /// The open recalls that hold for a thing, and what names in them stand for.
    pub(super) fn recalls(&mut self, key: &str, thing: &ThingRow) -> Result<BTreeMap<Hash, Inherited>, Problem> {
        let rows = Rows(self.ledger);
        let found = inherited(&Overlay::new(&rows), &[(key.to_owned(), thing.clone().into())])?;
        for inherited in found.values() {
            self.fetch(row::key_of_party(&inherited.recall.by))?;
        }
        Ok(found)
    }

    pub(super) fn recall_view(&self, record: Hash, found: &Inherited) -> RecallView {
        RecallView::of(record, found, self.names())
    }

    /// Whose trade item it is, once its row was fetched.
    fn owner(&self, key: &str) -> Option<String> {
        match self.names.get(&row::key_of_product(&gtin_of(key)?)).map(|row| &row.data) {
            Some(row::Data::Product(product)) => Some(product.owner.clone()),
            Some(_) | None => None,
        }
    }

    /// Whether a thing's code is for the reader.
    pub(super) fn may_read(&self, key: &str, thing: &ThingRow, outermost: &ThingRow) -> bool {
        let owner = self.owner(key);
        let audience = |row: &ThingRow| Audience::of_thing(row, owner.clone());
        audience(thing).includes(self.reader) || audience(outermost).includes(self.reader)
    }
}

/// The canonical identifier of a row. Of trade items and containers the ledger has checked it.
pub(crate) fn id_of(key: &str) -> String {
    let (kind, id) = key.split_once('/').unwrap_or((key, key));
    let link = format!("https://id.gs1.org/{id}");
    let is_link = matches!(kind, "item" | "lot" | "container") || Epc::from_canonical(&link).is_ok();
    if is_link { link } else { id.to_owned() }
}

/// The trade item of an item's or lot's row.
pub(crate) fn gtin_of(key: &str) -> Option<Gtin> {
    let path = key.strip_prefix("item/01/").or_else(|| key.strip_prefix("lot/01/"))?;
    path.split('/').next()?.parse().ok()
}

fn kind_of(key: &str) -> TraceKind {
    match key.split('/').next() {
        Some("item") => TraceKind::Item,
        Some("lot") => TraceKind::Lot,
        Some("container") => TraceKind::Container,
        Some("transformation") => TraceKind::Transformation,
        Some(_) if site_of(key).is_some() => TraceKind::Site,
        Some(_) | None => TraceKind::Thing,
    }
}

/// Shows a walk to whoever reads: codes to whom they are for, and of the rest how many there are. What encloses the subject
/// is told by the subject's own proof.
pub(super) fn show(
    desk: &mut Desk<'_>,
    reached: Reached,
    (subject, direction, as_of): (&Epc, Direction, Option<Time>),
) -> Result<TraceView, Problem> {
    let open = open_to(desk, &reached, &row::key_of_thing(subject))?;
    let (mut things, mut shown) = (Vec::new(), BTreeSet::new());
    let mut withheld: BTreeMap<Option<Gtin>, u64> = BTreeMap::new();
    for place in &reached.places {
        let view = match &place.met {
            Met::Transformation(made) => {
                desk.fetch(row::key_of_party(&made.by))?;
                made_view(desk, place, made)
            }
            Met::Thing(_) if !open.contains(place.key.as_str()) => {
                let count = withheld.entry(gtin_of(&place.key)).or_default();
                *count = count.saturating_add(1);
                continue;
            }
            Met::Thing(thing) => {
                let outer = outermost(desk.ledger, thing, &mut desk.around)?;
                self::thing(desk, place, thing, &outer, as_of)
            }
        };
        shown.insert(place.key.clone());
        things.push(view);
    }
    let is_shown = |key: &String| shown.contains(key);
    for view in &mut things {
        view.via = view.via.take().filter(|via| is_shown(&via.from) && is_shown(&via.to));
    }
    let subject_row = reached.places.first().filter(|_| as_of.is_none());
    let recalls = match subject_row.map(|place| (&place.key, &place.met)) {
        Some((key, Met::Thing(thing))) => desk.recalls(key, thing)?,
        Some((_, Met::Transformation(_))) | None => BTreeMap::new(),
    };
    let ties = reached.ties.into_iter().filter(|tie| is_shown(&tie.from) && is_shown(&tie.to));
    Ok(TraceView {
        as_of,
        direction,
        height: *desk.ledger.heights().borrow(),
        links: ties.map(|tie| TraceLinkView { from: tie.from, relation: tie.relation, to: tie.to }).collect(),
        recalls: recalls.iter().map(|(id, recall)| desk.recall_view(*id, recall)).collect(),
        subject: subject.as_str().to_owned(),
        things,
        truncated: reached.truncated,
        withheld: withheld.into_iter().map(|(gtin, count)| WithheldView { count, gtin }).collect(),
    })
}

/// Rows of things that the reader is shown: the subject, lots, what is for the reader, and what encloses any of these.
fn open_to<'a>(desk: &mut Desk<'_>, reached: &'a Reached, subject: &str) -> Result<BTreeSet<&'a str>, Problem> {
    let mut open = BTreeSet::new();
    for place in &reached.places {
        let Met::Thing(thing) = &place.met else { continue };
        let outer = outermost(desk.ledger, thing, &mut desk.around)?;
        desk.fetch_names(&place.key, thing)?;
        desk.fetch_names(&place.key, &outer)?;
        let is_open = place.key == subject || kind_of(&place.key) == TraceKind::Lot;
        if is_open || desk.may_read(&place.key, thing, &outer) {
            open.insert(place.key.as_str());
        }
    }
    loop {
        let encloses = |relation| matches!(relation, Relation::Inside | Relation::Fixed);
        let ties = reached.ties.iter().filter(|tie| encloses(tie.relation) && open.contains(tie.from.as_str()));
        let more: Vec<&str> = ties.map(|tie| tie.to.as_str()).filter(|to| !open.contains(to)).collect();
        if more.is_empty() {
            return Ok(open);
        }
        open.extend(more);
    }
}

fn made_view(desk: &Desk<'_>, place: &Place, made: &TransformationRow) -> TraceThingView {
    TraceThingView {
        began: Some(BeganView { at: made.at, by: desk.names().party(&made.by), record: None }),
        ..bare(place)
    }
}

fn bare(place: &Place) -> TraceThingView {
    let is_thing = kind_of(&place.key) != TraceKind::Transformation;
    let via = place.by.clone();
    TraceThingView {
        began: None,
        depth: place.depth,
        flags: Vec::new(),
        holder: None,
        id: if is_thing { id_of(&place.key) } else { place.key.clone() },
        kind: kind_of(&place.key),
        place: None,
        product: None,
        proof: None,
        recalls: Vec::new(),
        row: place.key.clone(),
        state: None,
        via: via.map(|tie| TraceLinkView { from: tie.from, relation: tie.relation, to: tie.to }),
    }
}

fn thing(desk: &Desk<'_>, place: &Place, thing: &ThingRow, outer: &ThingRow, as_of: Option<Time>) -> TraceThingView {
    let names = desk.names();
    let mut view = bare(place);
    view.began = thing.commissioned.as_ref().map(|mark| BeganView {
        at: mark.at,
        by: names.party(&mark.by),
        record: Some(mark.record),
    });
    view.product = gtin_of(&place.key).and_then(|gtin| names.product(&gtin));
    let item = place.key.strip_prefix("item/01/").and_then(|path| path.split_once("/21/"));
    view.proof = item.map(|(gtin, serial)| format!("/v1/items/{gtin}/{serial}/proof"));
    if as_of.is_none() {
        view.flags = thing.flags.clone();
        view.recalls = thing.recalls.clone();
        // Who has some of a lot is told by its balances.
        if view.kind != TraceKind::Lot {
            view.holder = outer.holder.as_ref().map(|mark| names.mark(mark));
            let at = outer.place.as_deref().and_then(|place| Epc::parse(place).ok());
            view.place = at.map(|at| names.place(&at));
            view.state = Some(state(thing, outer));
        }
    }
    view
}

/// In which of its states a thing is; the outermost of what encloses it tells whether it is on its way.
pub(super) fn state(thing: &ThingRow, outer: &ThingRow) -> StateView {
    StateView::of(thing, outer.transfer.is_some(), thing.parent.is_some())
}
