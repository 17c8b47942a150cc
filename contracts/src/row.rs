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
    shared::Shared,
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

/// What a row says, by kind of row. It is shared: whoever looks at a row copies nothing, whoever changes it copies first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Data {
    /// `party/<id>`: an organisation.
    Party(Shared<PartyRow>),
    /// `prefix/<digits>`: a GS1 company prefix and its owner.
    Prefix(Shared<PrefixRow>),
    /// `site/<gln>`: a place of an organisation.
    Site(Shared<SiteRow>),
    /// `key/<address>`: a key, what it may do, and which sequence numbers it has used.
    Key(Shared<KeyRow>),
    /// `authority/<prefix>/<party>`: what an owner of identifiers lets another organisation record.
    Authority(Shared<AuthorityRow>),
    /// `product/<gtin>`: a trade item.
    Product(Shared<ProductRow>),
    /// `batch/<record id>`: a batch of issued codes.
    Batch(Shared<BatchRow>),
    /// `item/…`, `lot/…`, `container/…`, `thing/…`: something that events are about.
    Thing(Shared<ThingRow>),
    /// `event/<party>/<cbv hash>`: an event that an organisation has recorded.
    Event(Shared<EventRow>),
    /// `feed/<name>`: whose word about order lines it is.
    Feed(Shared<FeedRow>),
    /// `agreement/<contract>`: what concerns a contract as a whole.
    Agreement(Shared<AgreementRow>),
    /// `terms/<contract>/<version>`: a signed version of its terms.
    Terms(Shared<TermsRow>),
    /// `account/<contract>/<party>`: what it owes a party.
    Account(Shared<AccountRow>),
    /// `sale/<contract>/<line>`: an order line as far as it is the contract's.
    Sale(Shared<SaleRow>),
    /// `segment/<contract>/<period>/<version>`: sums over its lines.
    Segment(Shared<SegmentRow>),
    /// `order/<contract>/<segment>/<order>`: how many lines of an order count.
    Order(Shared<OrderRow>),
    /// `payout/<contract>/<batch>/<party>`: money on its way.
    Payout(Shared<PayoutRow>),
    /// `cost/<contract>/<item>`: a cost of a pool.
    Cost(Shared<CostRow>),
    /// `adjustment/<contract>/<name>`: amounts agreed on outside of the terms.
    Adjustment(Shared<AdjustmentRow>),
    /// `dispute/<contract>/<unit>`: the last dispute about a unit.
    Dispute(Shared<DisputeRow>),
    /// `statement/<contract>/<party>/<number>`: a stretch of an account that was put before its party.
    Statement(Shared<StatementRow>),
    /// `line/<platform>/<month>/<order>/<line>`: an order line as its platform reports it.
    Line(Shared<LineRow>),
    /// `sold/<item>`: which order line an item code left with.
    Sold(Shared<SoldRow>),
    /// `transformation/<party>/<hash>`: what was used up together.
    Transformation(Shared<TransformationRow>),
    /// `balance/<unit>/<lot>@<who>`: how much of a lot somebody has.
    Balance(Shared<BalanceRow>),
    /// `transit/<unit>/<lot>@<receiver>`: how much of a lot is on its way to somebody.
    Transit(Shared<TransitRow>),
    /// `recall/<record id>`: a recall.
    Recall(Shared<RecallRow>),
    /// `bom/<gtin>`: what a trade item is made of.
    Bom(Shared<BomRow>),
    /// `quota`, `quota/<party>`: what may be recorded, and what an organisation has recorded today.
    Quota(Shared<QuotaRow>),
    /// `members`: the validators.
    Members(Shared<MembersRow>),
    /// `evidence/<validator>/<height>/<round>/<step>`: that a validator has contradicted itself.
    Evidence(Shared<EvidenceRow>),
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
    /// The data by itself, where it is of a known kind.
    pub fn into_kind<T: Kind>(self) -> Option<T> {
        let row = T::of(&self).cloned();
        // It is copied only where others have it too.
        drop(self);
        row.map(Shared::into_owned)
    }

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
pub trait Kind: Clone {
    /// The data where it is of this kind.
    fn of(data: &Data) -> Option<&Shared<Self>>;
}

macro_rules! kinds {
    ($($variant:ident: $type:ty;)*) => {
        $(impl Kind for $type {
            fn of(data: &Data) -> Option<&Shared<$type>> {
                if let Data::$variant(row) = data { Some(row) } else { None }
            }
        }

        impl From<$type> for Data {
            fn from(row: $type) -> Data {
                Data::$variant(Shared::from(row))
            }
        }

        impl From<Shared<$type>> for Data {
            fn from(row: Shared<$type>) -> Data {
                Data::$variant(row)
            }
        })*
    };
}

kinds! {
    Party: PartyRow;
    Prefix: PrefixRow;
    Site: SiteRow;
    Key: KeyRow;
    Authority: AuthorityRow;
    Product: ProductRow;
    Batch: BatchRow;
    Thing: ThingRow;
    Event: EventRow;
    Feed: FeedRow;
    Agreement: AgreementRow;
    Terms: TermsRow;
    Account: AccountRow;
    Sale: SaleRow;
    Segment: SegmentRow;
    Order: OrderRow;
    Payout: PayoutRow;
    Cost: CostRow;
    Adjustment: AdjustmentRow;
    Dispute: DisputeRow;
    Statement: StatementRow;
    Line: LineRow;
    Sold: SoldRow;
    Transformation: TransformationRow;
    Balance: BalanceRow;
    Transit: TransitRow;
    Recall: RecallRow;
    Bom: BomRow;
    Quota: QuotaRow;
    Members: MembersRow;
    Evidence: EvidenceRow;
}

/// The data of a row of a known kind.
///
/// # Errors
/// [`Fault`] from the storage, or where the row holds another kind than its key promises.
pub fn get<T: Kind>(overlay: &Overlay<'_>, key: &str) -> Result<Option<Shared<T>>, Fault> {
    let Some(row) = overlay.row(key)? else { return Ok(None) };
    T::of(&row.data).cloned().map(Some).ok_or_else(|| BadRow { key: key.to_owned(), source: None }.into())
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}
