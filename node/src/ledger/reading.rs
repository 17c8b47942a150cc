//! Looking things up.

use hefu_api::ledger::{BlockFound, Found, Place};
use hefu_contracts::{
    annex::{Annex, Part},
    height::Height,
    parties::KeyRow,
    record::{Record, Visibility},
    row::{Data, key_of_key},
    schema::Table,
    state::Fault,
    time::Time,
};
use hefu_keys::{Address, Hash, canonical, secured};

use super::Desk;
use crate::store::{StoreError, value_key};

pub(super) fn record(desk: &Desk, id: &Hash) -> Result<Option<Found>, Fault> {
    if let Some(sealed) = desk.waiting()?.get(id) {
        return Ok(Some(Found { text: sealed.submission().record().text.clone(), place: None }));
    }
    let chain = desk.chain()?;
    let Some((height, index)) = chain.place(id)? else { return Ok(None) };
    let held = chain.held((height, index))?;
    Ok(Some(Found { text: held.record().to_owned(), place: Some(Place { height, index }) }))
}

/// What a block holds beside a record, and those of its values that are still there.
pub(super) fn annex(desk: &Desk, id: &Hash) -> Result<Annex, Fault> {
    if let Some(sealed) = desk.waiting()?.get(id) {
        return Ok(sealed.submission().annex().clone());
    }
    let chain = desk.chain()?;
    let Some(place) = chain.place(id)? else { return Ok(Annex::default()) };
    let held = chain.held(place)?;
    let damaged = |table, bad: Box<dyn std::error::Error + Send + Sync>| StoreError::damaged(table, id, bad);
    let annex = canonical::member(held.text(), "annex").map(serde_json::from_str::<Annex>).transpose();
    let mut annex = annex.map_err(|bad| damaged(Table::Records, bad.into()))?.unwrap_or_default();
    let record = Record::read(held.record()).map_err(|bad| damaged(Table::Records, bad.into()))?;
    for (pointer, part) in &record.parts {
        let Part::Value { .. } = part else { continue };
        // Values are kept apart, each by itself: any may have been erased.
        let Some(value) = chain.view().get(Table::Values, &value_key(id, pointer))? else { continue };
        let value = serde_json::from_slice(&value).map_err(|bad| damaged(Table::Values, bad.into()))?;
        annex.values.insert(pointer.clone(), value);
    }
    Ok(annex)
}

/// The key's row with the sequence numbers of its waiting records used.
pub(super) fn key(desk: &Desk, address: &Address) -> Result<Option<KeyRow>, Fault> {
    // Before the chain: a record that a block takes in between is then counted twice, not never.
    let waiting: Vec<u64> = desk.waiting()?.seqs(address).collect();
    let Some(row) = desk.chain()?.row(&key_of_key(address))? else { return Ok(None) };
    let Data::Key(mut key) = row.data else {
        return Err(StoreError::damaged(Table::Rows, row.key, "it is not the row of a key").into());
    };
    for seq in waiting {
        if key.window.check(seq).is_ok() {
            key.window.spend(seq);
        }
    }
    Ok(Some(key.into_owned()))
}

/// When a height's block was made.
pub(super) fn time(desk: &Desk, height: Height) -> Result<Option<Time>, Fault> {
    Ok(desk.chain()?.block(height)?.map(|(header, _)| header.time))
}

pub(super) fn block(desk: &Desk, height: Height) -> Result<Option<BlockFound>, Fault> {
    let chain = desk.chain()?;
    let Some((header, certificate)) = chain.block(height)? else { return Ok(None) };
    let mut records = Vec::new();
    for held in chain.records(height)? {
        let text = held.record();
        let secured = secured::read(text).map_err(|bad| StoreError::damaged(Table::Records, height, bad))?;
        records.push((secured.id(), Visibility::is_public_in(text)));
    }
    Ok(Some(BlockFound { certificate, header, records }))
}
