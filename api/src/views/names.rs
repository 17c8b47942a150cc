//! What the ids in rows stand for: organisations, places, trade items and containers, as proven rows name them.

use hefu_contracts::{
    catalogue::ProductKind,
    gs1::{Epc, Gln, Gtin},
    parties::{Name, PartyKind},
    provenance::Mark,
    row::{self, Data},
    state::Rows,
    time::Time,
};
use hefu_keys::Hash;
use serde::Serialize;
use utoipa::ToSchema;

use crate::openapi::shapes;

/// An organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PartyView {
    /// Its id; its row is `party/<id>`.
    pub id: String,
    /// What it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<shapes::PartyKind>)]
    pub kind: Option<PartyKind>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<shapes::Name>)]
    pub name: Option<Name>,
}

/// A place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PlaceView {
    /// Its number, where it has one; its row is then `site/<gln>`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<shapes::Gln>)]
    pub gln: Option<Gln>,
    /// Its identifier as events spell it, canonical.
    pub id: String,
    /// Its name, where it is a site on the ledger.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<shapes::Name>)]
    pub name: Option<Name>,
    /// Whose site it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub party: Option<PartyView>,
}

/// A trade item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProductView {
    /// Its number; its row is `product/<gtin>`.
    #[schema(value_type = shapes::Gtin)]
    pub gtin: Gtin,
    /// What it is.
    #[schema(value_type = shapes::ProductKind)]
    pub kind: ProductKind,
    /// Its name.
    #[schema(value_type = shapes::Name)]
    pub name: Name,
    /// The organisation whose company prefix it bears.
    pub owner: PartyView,
    /// The record of this version.
    #[schema(value_type = shapes::Hash)]
    pub record: Hash,
    /// The version.
    pub version: u64,
}

/// A batch of codes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct BatchView {
    /// Number of codes.
    pub count: u64,
    /// Who issued them.
    pub issuer: PartyView,
    /// The only organisation that may commission them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maker: Option<PartyView>,
    /// The record that issued them; its row is `batch/<record>`.
    #[schema(value_type = shapes::Hash)]
    pub record: Hash,
}

/// A container or assembly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ContainerView {
    /// Its identifier, a path of GS1 keys such as `00/395288801000000017`, or another URI.
    pub id: String,
    /// Its row.
    pub row: String,
}

/// Who, when, and by which record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct MarkView {
    /// The event's own time.
    #[schema(value_type = shapes::Time)]
    pub at: Time,
    /// The organisation.
    pub by: PartyView,
    /// The record.
    #[schema(value_type = shapes::Hash)]
    pub record: Hash,
}

impl ContainerView {
    /// The container of a row.
    pub fn of(key: &str) -> ContainerView {
        let id = key.split_once('/').map_or(key, |(_, id)| id);
        ContainerView { id: id.to_owned(), row: key.to_owned() }
    }
}

/// The rows that a proof shows, asked for what their ids stand for.
#[derive(Clone, Copy)]
pub(crate) struct Names<'a>(pub &'a Rows);

impl<'a> Names<'a> {
    fn data(self, key: &str) -> Option<&'a Data> {
        self.0.get(key).map(|row| &row.data)
    }

    pub(crate) fn party(self, id: &str) -> PartyView {
        let row = match self.data(&row::key_of_party(id)) {
            Some(Data::Party(row)) => Some(row),
            Some(_) | None => None,
        };
        PartyView { id: id.to_owned(), kind: row.map(|row| row.kind), name: row.map(|row| row.name.clone()) }
    }

    pub(crate) fn place(self, epc: &Epc) -> PlaceView {
        let gln = epc.gln();
        let site = match gln.and_then(|gln| self.data(&row::key_of_site(&gln))) {
            Some(Data::Site(site)) => Some(site),
            Some(_) | None => None,
        };
        PlaceView {
            gln,
            id: epc.as_str().to_owned(),
            name: site.map(|site| site.name.clone()),
            party: site.map(|site| self.party(&site.party)),
        }
    }

    pub(crate) fn product(self, gtin: &Gtin) -> Option<ProductView> {
        match self.data(&row::key_of_product(gtin)) {
            Some(Data::Product(product)) => Some(ProductView {
                gtin: *gtin,
                kind: product.kind,
                name: product.name.clone(),
                owner: self.party(&product.owner),
                record: product.record,
                version: product.version,
            }),
            Some(_) | None => None,
        }
    }

    pub(super) fn batch(self, record: &Hash) -> Option<BatchView> {
        match self.data(&row::key_of_batch(record)) {
            Some(Data::Batch(batch)) => Some(BatchView {
                count: batch.count,
                issuer: self.party(&batch.issuer),
                maker: batch.maker.as_deref().map(|maker| self.party(maker)),
                record: *record,
            }),
            Some(_) | None => None,
        }
    }

    pub(crate) fn mark(self, mark: &Mark) -> MarkView {
        MarkView { at: mark.at, by: self.party(&mark.by), record: mark.record }
    }
}
