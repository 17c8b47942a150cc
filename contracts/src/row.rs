//! Rows: the keyed facts under the register's root.

mod key;

use std::fmt;

use hefu_keys::{Hash, canonical};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use thiserror::Error;

use crate::{
    agreements::{
        AccountRow, AdjustmentRow, AgreementRow, CostRow, DisputeRow, FeedRow, LineRow, OrderRow, PayoutRow, SaleRow,
        SegmentRow, SoldRow, StatementRow, TermsRow,
    },
    canonical_text,
    catalogue::{BomRow, ProductRow},
    codes::BatchRow,
    exact::{self, Inexact},
    parties::{AuthorityRow, KeyRow, PartyRow, PrefixRow, QuotaRow, SiteRow},
    provenance::{BalanceRow, EventRow, RecallRow, ThingRow, TransformationRow, TransitRow},
    register::Fault,
    state::Overlay,
    validators::{EvidenceRow, MembersRow},
};

pub(crate) use key::key_of_key_text;
pub use key::{
    KEY_OF_MEMBERS, KEY_OF_QUOTA, key_of_account, key_of_adjustment, key_of_agreement, key_of_authority,
    key_of_balance, key_of_batch, key_of_bom, key_of_cost, key_of_dispute, key_of_event, key_of_evidence, key_of_feed,
    key_of_key, key_of_line, key_of_order, key_of_party, key_of_payout, key_of_place, key_of_prefix, key_of_product,
    key_of_quota, key_of_recall, key_of_sale, key_of_segment, key_of_site, key_of_sold, key_of_statement, key_of_terms,
    key_of_thing, key_of_transformation, key_of_transit, thing_of_key,
};

/// Domain tag of a row's hash.
const ROW_TAG: u8 = 0x02;

/// What a row says, by kind of row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Data {
    /// `party/<id>`: an organisation.
    Party(PartyRow),
    /// `prefix/<digits>`: a GS1 company prefix and its owner.
    Prefix(PrefixRow),
    /// `site/<gln>`: a place of an organisation.
    Site(SiteRow),
    /// `key/<address>`: a key, what it may do, and which sequence numbers it has used.
    Key(Box<KeyRow>),
    /// `authority/<prefix>/<party>`: what an owner of identifiers lets another organisation record.
    Authority(AuthorityRow),
    /// `product/<gtin>`: a trade item.
    Product(ProductRow),
    /// `batch/<record id>`: a batch of issued codes.
    Batch(BatchRow),
    /// `item/…`, `lot/…`, `container/…`, `thing/…`: something that events are about.
    Thing(Box<ThingRow>),
    /// `event/<party>/<cbv hash>`: an event that an organisation has recorded.
    Event(EventRow),
    /// `feed/<name>`: whose word about order lines it is.
    Feed(FeedRow),
    /// `agreement/<contract>`: what concerns a contract as a whole.
    Agreement(Box<AgreementRow>),
    /// `terms/<contract>/<version>`: a signed version of its terms.
    Terms(Box<TermsRow>),
    /// `account/<contract>/<party>`: what it owes a party.
    Account(AccountRow),
    /// `sale/<contract>/<line>`: an order line as far as it is the contract's.
    Sale(Box<SaleRow>),
    /// `segment/<contract>/<period>/<version>`: sums over its lines.
    Segment(Box<SegmentRow>),
    /// `order/<contract>/<segment>/<order>`: how many lines of an order count.
    Order(OrderRow),
    /// `payout/<contract>/<batch>/<party>`: money on its way.
    Payout(PayoutRow),
    /// `cost/<contract>/<item>`: a cost of a pool.
    Cost(Box<CostRow>),
    /// `adjustment/<contract>/<name>`: amounts agreed on outside of the terms.
    Adjustment(Box<AdjustmentRow>),
    /// `dispute/<contract>/<unit>`: the last dispute about a unit.
    Dispute(DisputeRow),
    /// `statement/<contract>/<party>/<number>`: a stretch of an account that was put before its party.
    Statement(Box<StatementRow>),
    /// `line/<platform>/<month>/<order>/<line>`: an order line as its platform reports it.
    Line(Box<LineRow>),
    /// `sold/<item>`: which order line an item code left with.
    Sold(SoldRow),
    /// `transformation/<party>/<hash>`: what was used up together.
    Transformation(TransformationRow),
    /// `balance/<unit>/<lot>@<who>`: how much of a lot somebody has.
    Balance(BalanceRow),
    /// `transit/<unit>/<lot>@<receiver>`: how much of a lot is on its way to somebody.
    Transit(TransitRow),
    /// `recall/<record id>`: a recall.
    Recall(RecallRow),
    /// `bom/<gtin>`: what a trade item is made of.
    Bom(BomRow),
    /// `quota`, `quota/<party>`: what may be recorded, and what an organisation has recorded today.
    Quota(QuotaRow),
    /// `members`: the validators.
    Members(MembersRow),
    /// `evidence/<validator>/<height>/<round>/<step>`: that a validator has contradicted itself.
    Evidence(EvidenceRow),
}

/// One row: its key, what it says now, and the chain of its entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The key, unique in the register.
    pub key: String,
    /// What the row says now.
    pub data: Data,
    /// Number of entries so far.
    pub n: u64,
    /// Head of the chain of entries; zero while there are none.
    pub head: Hash,
}

/// A row's text that does not hold what its key promises.
#[derive(Debug, Error)]
#[error("row {key:?} cannot be read")]
pub struct BadRow {
    key: String,
    source: Option<Inexact>,
}

#[derive(Serialize)]
struct RowOut<'a> {
    data: &'a Data,
    #[serde(skip_serializing_if = "is_zero_hash")]
    head: Hash,
    key: &'a str,
    #[serde(skip_serializing_if = "is_zero")]
    n: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RowIn<'a> {
    #[serde(borrow)]
    data: &'a RawValue,
    #[serde(default = "zero_hash")]
    head: Hash,
    key: String,
    #[serde(default)]
    n: u64,
}

fn is_zero_hash(hash: &Hash) -> bool {
    *hash == Hash::ZERO
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero(n: &u64) -> bool {
    *n == 0
}

const fn zero_hash() -> Hash {
    Hash::ZERO
}

impl Row {
    /// The canonical text that is hashed and stored.
    pub fn text(&self) -> String {
        canonical_text(&self.out())
    }

    fn out(&self) -> RowOut<'_> {
        RowOut { data: &self.data, head: self.head, key: &self.key, n: self.n }
    }

    /// The row's hash in the register.
    pub fn hash(&self) -> Hash {
        Row::hash_of(&self.text())
    }

    /// The hash of a row's canonical text.
    pub fn hash_of(text: &str) -> Hash {
        Hash::tagged(ROW_TAG, &[text.as_bytes()])
    }

    /// Reads a row's text as anybody may have written it; the kind of data follows from the key.
    ///
    /// # Errors
    /// [`BadRow`] where the text is not a row in its one spelling or the key names no known kind.
    pub fn read(text: &str) -> Result<Row, BadRow> {
        canonical::check(text.as_bytes()).map_err(|bad| BadRow { key: String::new(), source: Some(bad.into()) })?;
        let row = Row::read_own(text)?;
        let inexact = |at| BadRow { key: row.key.clone(), source: Some(Inexact::Spelling(at)) };
        match exact::difference(&row.out(), text) {
            None => Ok(row),
            Some(at) => Err(inexact(at)),
        }
    }

    /// Reads a row's text as a node's own store holds it.
    ///
    /// # Errors
    /// [`BadRow`] where the text is not a row or the key names no known kind.
    pub fn read_own(text: &str) -> Result<Row, BadRow> {
        let bad = |key: &str, source: Option<serde_json::Error>| BadRow {
            key: key.to_owned(),
            source: source.map(|source| Inexact::Shape(source.into())),
        };
        let row: RowIn<'_> = serde_json::from_str(text).map_err(|source| bad("", Some(source)))?;
        let data = Data::read(&row.key, row.data.get())
            .map_err(|source| bad(&row.key, Some(source)))?
            .ok_or_else(|| bad(&row.key, None))?;
        Ok(Row { key: row.key, data, n: row.n, head: row.head })
    }
}

impl Data {
    fn read(key: &str, text: &str) -> Result<Option<Data>, serde_json::Error> {
        let kind = key.split('/').next().unwrap_or_default();
        Ok(Some(match kind {
            "party" => Data::Party(serde_json::from_str(text)?),
            "prefix" => Data::Prefix(serde_json::from_str(text)?),
            "site" => Data::Site(serde_json::from_str(text)?),
            "key" => Data::Key(serde_json::from_str(text)?),
            "authority" => Data::Authority(serde_json::from_str(text)?),
            "product" => Data::Product(serde_json::from_str(text)?),
            "batch" => Data::Batch(serde_json::from_str(text)?),
            "item" | "lot" | "container" | "thing" => Data::Thing(serde_json::from_str(text)?),
            "event" => Data::Event(serde_json::from_str(text)?),
            "feed" => Data::Feed(serde_json::from_str(text)?),
            "agreement" => Data::Agreement(serde_json::from_str(text)?),
            "terms" => Data::Terms(serde_json::from_str(text)?),
            "account" => Data::Account(serde_json::from_str(text)?),
            "sale" => Data::Sale(serde_json::from_str(text)?),
            "segment" => Data::Segment(serde_json::from_str(text)?),
            "order" => Data::Order(serde_json::from_str(text)?),
            "payout" => Data::Payout(serde_json::from_str(text)?),
            "cost" => Data::Cost(serde_json::from_str(text)?),
            "adjustment" => Data::Adjustment(serde_json::from_str(text)?),
            "dispute" => Data::Dispute(serde_json::from_str(text)?),
            "statement" => Data::Statement(serde_json::from_str(text)?),
            "line" => Data::Line(serde_json::from_str(text)?),
            "sold" => Data::Sold(serde_json::from_str(text)?),
            "transformation" => Data::Transformation(serde_json::from_str(text)?),
            "balance" => Data::Balance(serde_json::from_str(text)?),
            "bom" => Data::Bom(serde_json::from_str(text)?),
            "recall" => Data::Recall(serde_json::from_str(text)?),
            "transit" => Data::Transit(serde_json::from_str(text)?),
            "quota" => Data::Quota(serde_json::from_str(text)?),
            "members" => Data::Members(serde_json::from_str(text)?),
            "evidence" => Data::Evidence(serde_json::from_str(text)?),
            _ => return Ok(None),
        }))
    }
}

/// A kind of data that rows hold.
pub trait Kind: Sized {
    /// The data where it is of this kind.
    fn of(data: Data) -> Option<Self>;
}

macro_rules! kinds {
    ($($variant:ident: $type:ty, $data:ident => $unwrapped:expr;)*) => {
        $(impl Kind for $type {
            fn of(data: Data) -> Option<$type> {
                if let Data::$variant($data) = data { Some($unwrapped) } else { None }
            }
        })*
    };
}

kinds! {
    Party: PartyRow, row => row;
    Prefix: PrefixRow, row => row;
    Site: SiteRow, row => row;
    Key: KeyRow, row => *row;
    Authority: AuthorityRow, row => row;
    Product: ProductRow, row => row;
    Batch: BatchRow, row => row;
    Thing: ThingRow, row => *row;
    Event: EventRow, row => row;
    Feed: FeedRow, row => row;
    Agreement: AgreementRow, row => *row;
    Terms: TermsRow, row => *row;
    Account: AccountRow, row => row;
    Sale: SaleRow, row => *row;
    Segment: SegmentRow, row => *row;
    Order: OrderRow, row => row;
    Payout: PayoutRow, row => row;
    Cost: CostRow, row => *row;
    Adjustment: AdjustmentRow, row => *row;
    Dispute: DisputeRow, row => row;
    Statement: StatementRow, row => *row;
    Line: LineRow, row => *row;
    Sold: SoldRow, row => row;
    Transformation: TransformationRow, row => row;
    Balance: BalanceRow, row => row;
    Transit: TransitRow, row => row;
    Recall: RecallRow, row => row;
    Bom: BomRow, row => row;
    Quota: QuotaRow, row => row;
    Members: MembersRow, row => row;
    Evidence: EvidenceRow, row => row;
}

/// The data of a row of a known kind.
///
/// # Errors
/// [`Fault`] from the storage, or where the row holds another kind than its key promises.
pub fn get<T: Kind>(overlay: &Overlay<'_>, key: &str) -> Result<Option<T>, Fault> {
    let Some(row) = overlay.row(key)? else { return Ok(None) };
    T::of(row.data).map(Some).ok_or_else(|| BadRow { key: key.to_owned(), source: None }.into())
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}
