//! One item: what a proof shows of it, or that there is nothing to show.

use hefu_contracts::{
    certificate::Certificate,
    genesis::Genesis,
    gs1::{Epc, EpcKind, Gtin},
    height::Height,
    proof::{Broken, Proof, Story, What},
    provenance::{Flag, ThingRow},
    row::Data,
    time::Time,
};
use hefu_keys::Hash;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    names::{BatchView, ContainerView, MarkView, Names, PartyView, PlaceView, ProductView},
    step::{StepView, steps},
};
use crate::{
    openapi::shapes,
    trace::{RecallView, gtin_of, id_of},
};

/// What a proof says of a code.
#[derive(Clone, Debug)]
pub enum Lookup {
    /// There is a row of this code.
    Known(Box<ItemView>),
    /// It is proven that there is none.
    Unknown(Box<AbsentView>),
}

/// An item.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ItemView {
    /// The block that the proof is made under.
    pub as_of: AsOfView,
    /// The code.
    pub code: CodeView,
    /// How it is.
    pub condition: ConditionView,
    /// What happened to it, oldest first.
    pub history: Vec<StepView>,
    /// Where it came from.
    pub origin: OriginView,
    /// What it is, where it is in the catalogue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductView>,
    /// Who has it, and where.
    pub whereabouts: WhereaboutsView,
}

/// A code without a row.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AbsentView {
    /// The block that the proof is made under.
    pub as_of: AsOfView,
    /// The code.
    pub code: CodeView,
    /// What it would be, where it is in the catalogue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductView>,
}

/// The block that something is proven under.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AsOfView {
    /// The block's id.
    #[schema(value_type = shapes::Hash)]
    pub block: Hash,
    /// The chain: the hash of its genesis document.
    #[schema(value_type = shapes::Hash)]
    pub chain: Hash,
    /// The height.
    #[schema(value_type = shapes::Height)]
    pub height: Height,
    /// The chain's name for people.
    pub name: String,
    /// Number of validators that signed.
    pub signed: usize,
    /// The block's time.
    #[schema(value_type = shapes::Time)]
    pub time: Time,
    /// Number of validators.
    pub validators: usize,
}

/// A code: a trade item's number and a serial number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CodeView {
    /// The trade item.
    #[schema(value_type = shapes::Gtin)]
    pub gtin: Gtin,
    /// The canonical Digital Link.
    pub link: String,
    /// The row.
    pub row: String,
    /// The serial number.
    pub serial: String,
}

/// In which of its states a thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StateView {
    /// It was commissioned and is with its holder.
    Active,
    /// It, or what it is inside, is on its way to a named receiver.
    InTransit,
    /// It is inside a container or assembly, at rest.
    Packed,
    /// It ceased to be.
    Destroyed,
    /// It was used up in a transformation.
    Consumed,
    /// It was seen, but its beginning is not on the ledger.
    Noted,
}

impl StateView {
    /// The state that a thing's row tells, with what encloses it: whether that is on its way, and whether there is any.
    pub(crate) fn of(thing: &ThingRow, is_on_its_way: bool, is_enclosed: bool) -> StateView {
        if thing.destroyed.is_some() {
            StateView::Destroyed
        } else if thing.consumed.is_some() {
            StateView::Consumed
        } else if is_on_its_way {
            StateView::InTransit
        } else if is_enclosed {
            StateView::Packed
        } else if thing.commissioned.is_some() {
            StateView::Active
        } else {
            StateView::Noted
        }
    }

    /// As it stands in an answer.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            StateView::Active => "active",
            StateView::InTransit => "in-transit",
            StateView::Packed => "packed",
            StateView::Destroyed => "destroyed",
            StateView::Consumed => "consumed",
            StateView::Noted => "noted",
        }
    }
}

/// How a thing is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConditionView {
    /// The transformation that used it up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consumed: Option<MarkView>,
    /// How it ceased to be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destroyed: Option<MarkView>,
    /// CBV disposition after the last event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disposition: Option<String>,
    /// Remarks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<shapes::Flag>)]
    pub flags: Vec<Flag>,
    /// The recalls that hold for it: on itself, its trade item, what it came of, what is inside it or encloses it, and the
    /// site that made any of that. A proof shows the rows that tell them, and none of those can be left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub recalled: Vec<RecallView>,
    /// Whether it came of more than a proof shows, so that more recalls may hold for it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub recalled_in_part: bool,
    /// Records of the recalls that are open on it; those of what it came of are not among them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<shapes::Hash>)]
    pub recalls: Vec<Hash>,
    /// In which of its states it is.
    pub state: StateView,
}

/// Where a thing came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct OriginView {
    /// The batch that its code was issued in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch: Option<BatchView>,
    /// How it came into being; `by` is its maker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commissioned: Option<MarkView>,
    /// What was used up in making it; what that came of in turn is told by `/v1/trace`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<InputView>,
}

/// Something that was used up in making an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct InputView {
    /// Remarks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<shapes::Flag>)]
    pub flags: Vec<Flag>,
    /// Its place in the list of the transformation, counted from 0.
    pub index: usize,
    /// The lot or class, as a canonical identifier; absent of one thing, whose code is not for everybody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lot: Option<String>,
    /// The row of the transformation, which lists it.
    pub made: String,
    /// What it is, where it is in the catalogue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductView>,
    /// Its row, as it stands in that list.
    #[serde(skip)]
    pub row: String,
}

/// Who has a thing, and where. Inside a container the outermost one's row tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct WhereaboutsView {
    /// Who has it, since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holder: Option<MarkView>,
    /// What encloses it, innermost first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parents: Vec<ContainerView>,
    /// Where it was last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<PlaceView>,
    /// The row that says so.
    pub row: String,
    /// The handover under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transfer: Option<TransferView>,
}

/// A handover that has begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TransferView {
    /// When it was shipped.
    #[schema(value_type = shapes::Time)]
    pub at: Time,
    /// Who shipped it.
    pub from: PartyView,
    /// The record of the shipping.
    #[schema(value_type = shapes::Hash)]
    pub record: Hash,
    /// The named receiver.
    pub to: PartyView,
}

/// Checks a proof against the genesis hash that is trusted, and shows what it proves of the item that it is about.
///
/// # Errors
/// [`Broken`] where the proof does not hold, or is not about one item.
pub fn item(proof: &Proof, genesis: &Hash) -> Result<Lookup, Broken> {
    let story = proof.check(genesis)?;
    let names = Names(&story.rows);
    let code = code(&proof.subject)?;
    let as_of = AsOfView::of(&proof.genesis, &proof.certificate, genesis, proof.header.time);
    let product = names.product(&code.gtin);
    let Some(row) = story.rows.get(&proof.subject) else {
        return Ok(Lookup::Unknown(Box::new(AbsentView { as_of, code, product })));
    };
    let Data::Thing(thing) = &row.data else { return Err(no_item(&proof.subject)) };
    let whereabouts = whereabouts(&story, &proof.subject, thing);
    Ok(Lookup::Known(Box::new(ItemView {
        as_of,
        condition: condition(thing, &story, &whereabouts, names),
        history: steps(&story, &code.row, names),
        origin: OriginView {
            batch: thing.batch.as_ref().and_then(|record| names.batch(record)),
            commissioned: thing.commissioned.as_ref().map(|mark| names.mark(mark)),
            inputs: inputs(&story, thing, names),
        },
        code,
        product,
        whereabouts,
    })))
}

fn no_item(subject: &str) -> Broken {
    Broken { what: What::Form, subject: Some(subject.to_owned()), reason: "the proof is not about one item".to_owned() }
}

fn code(subject: &str) -> Result<CodeView, Broken> {
    let path = subject.split_once('/').map_or("", |(_, path)| path);
    let link = format!("https://id.gs1.org/{path}");
    let epc = Epc::from_canonical(&link).map_err(|_| no_item(subject))?;
    match epc.kind() {
        EpcKind::Item { gtin, serial } => Ok(CodeView { gtin, link, row: subject.to_owned(), serial }),
        EpcKind::Class { .. } | EpcKind::Container | EpcKind::Other => Err(no_item(subject)),
    }
}

impl AsOfView {
    pub(super) fn of(genesis: &Genesis, certificate: &Certificate, chain: &Hash, time: Time) -> AsOfView {
        AsOfView {
            block: certificate.block,
            chain: *chain,
            height: certificate.height,
            name: genesis.name.clone(),
            signed: certificate.signatures.len(),
            time,
            validators: genesis.members.0.len(),
        }
    }
}

/// What the transformations list that an item came of.
fn inputs(story: &Story, thing: &ThingRow, names: Names<'_>) -> Vec<InputView> {
    let made = thing.sources.iter().filter_map(|key| match story.rows.get(key).map(|row| &row.data) {
        Some(Data::Transformation(made)) => Some((key, made)),
        Some(_) | None => None,
    });
    let listed = made.flat_map(|(key, made)| made.inputs.iter().enumerate().map(move |input| (key, input)));
    let view = |(made, (index, row)): (&String, (usize, &String))| {
        let flags = match story.rows.get(row).map(|row| &row.data) {
            Some(Data::Thing(input)) => input.flags.clone(),
            Some(_) | None => Vec::new(),
        };
        let lot = row.starts_with("lot/").then(|| id_of(row));
        let product = gtin_of(row).and_then(|gtin| names.product(&gtin));
        InputView { flags, lot, made: made.clone(), index, product, row: row.clone() }
    };
    listed.map(view).collect()
}

fn condition(thing: &ThingRow, story: &Story, whereabouts: &WhereaboutsView, names: Names<'_>) -> ConditionView {
    let state = StateView::of(thing, whereabouts.transfer.is_some(), !whereabouts.parents.is_empty());
    ConditionView {
        consumed: thing.consumed.as_ref().map(|mark| names.mark(mark)),
        destroyed: thing.destroyed.as_ref().map(|mark| names.mark(mark)),
        disposition: thing.disposition.clone(),
        flags: thing.flags.clone(),
        recalled: story.origins.recalls.iter().map(|(id, found)| RecallView::of(*id, found, names)).collect(),
        recalled_in_part: story.origins.cut,
        recalls: thing.recalls.clone(),
        state,
    }
}

fn whereabouts(story: &Story, subject: &str, thing: &ThingRow) -> WhereaboutsView {
    let names = Names(&story.rows);
    let (mut key, mut outermost, mut inner) = (subject, thing, thing);
    let mut parents: Vec<ContainerView> = Vec::new();
    while let Some(parent) = &inner.parent {
        let Some(Data::Thing(row)) = story.rows.get(&parent.key).map(|row| &row.data) else { break };
        // The rules let nothing be inside itself; a chain of rows that did would never end here.
        if parents.iter().any(|known| known.row == parent.key) {
            break;
        }
        parents.push(ContainerView::of(&parent.key));
        // As in the rules: a container from elsewhere gives nobody custody of what is in it.
        if row.began_here() && std::ptr::eq(outermost, inner) {
            (key, outermost) = (&parent.key, row);
        }
        inner = row;
    }
    let place = outermost.place.as_deref().and_then(|place| Epc::parse(place).ok());
    WhereaboutsView {
        holder: outermost.holder.as_ref().map(|holder| names.mark(holder)),
        parents,
        place: place.map(|place| names.place(&place)),
        row: key.to_owned(),
        transfer: outermost.transfer.as_ref().map(|transfer| TransferView {
            at: transfer.at,
            from: names.party(&transfer.from),
            record: transfer.record,
            to: names.party(&transfer.to),
        }),
    }
}
