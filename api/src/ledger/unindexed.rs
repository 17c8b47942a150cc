//! Finding things on a ledger that keeps no index: all of its blocks are read.

use std::ops::ControlFlow;

use hefu_contracts::{
    height::Height,
    provenance::listing::{Field, Listing, id_key, ids},
    record::Record,
    state::Fault,
};

use super::{Beginning, BlockFound, Ledger, Line, Place, Walk, Way};

/// Reads every block, until it is enough.
fn each_block(
    ledger: &(impl Ledger + ?Sized),
    mut take: impl FnMut(Height, BlockFound) -> Result<ControlFlow<()>, Fault>,
) -> Result<(), Fault> {
    let mut height = Height::GENESIS.next();
    while let Some(block) = ledger.block(height)? {
        if take(height, block)?.is_break() {
            break;
        }
        height = height.next();
    }
    Ok(())
}

/// Reads every event, until it is enough.
fn each(ledger: &(impl Ledger + ?Sized), mut take: impl FnMut(Line, &Record) -> ControlFlow<()>) -> Result<(), Fault> {
    each_block(ledger, |height, block| {
        for (index, (id, _)) in (0_u32..).zip(&block.records) {
            let Some(found) = ledger.record(id)? else { continue };
            let record = Record::read(&found.text).map_err(Fault::new)?;
            let Some(listing) = Listing::of(&record, block.header.time) else { continue };
            if take(Line { place: Place { height, index }, listing }, &record).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    })
}

/// The events of a walk.
///
/// # Errors
/// From the storage.
pub(super) fn walked(ledger: &(impl Ledger + ?Sized), walk: &Walk<'_>, limit: usize) -> Result<Vec<Line>, Fault> {
    let mut lines = Vec::new();
    each(ledger, |line, record| {
        let meets = match walk.way {
            Way::Recorded | Way::Happened => true,
            Way::With(field, value) => line.listing.field(field) == Some(value),
            Way::Id(id) => ids(record).contains(&id_key(id)),
        };
        if meets && walk.follows(walk.way.position(&line)) {
            lines.push(line);
        }
        ControlFlow::Continue(())
    })?;
    lines.sort_by_key(|line| walk.way.position(line));
    if walk.descending {
        lines.reverse();
    }
    lines.truncate(limit);
    Ok(lines)
}

/// The event of a place.
///
/// # Errors
/// From the storage.
pub(super) fn at(ledger: &(impl Ledger + ?Sized), place: Place) -> Result<Option<Line>, Fault> {
    let mut found = None;
    each(ledger, |line, _| {
        if line.place != place {
            return ControlFlow::Continue(());
        }
        found = Some(line);
        ControlFlow::Break(())
    })?;
    Ok(found)
}

/// The values of a field, ascending.
///
/// # Errors
/// From the storage.
pub(super) fn values(ledger: &(impl Ledger + ?Sized), field: Field, public: bool) -> Result<Vec<String>, Fault> {
    let mut values = Vec::new();
    each(ledger, |line, _| {
        values.extend(line.listing.field(field).filter(|_| !public || line.listing.public).map(str::to_owned));
        ControlFlow::Continue(())
    })?;
    values.sort_unstable();
    values.dedup();
    Ok(values)
}

/// What begins with some hex digits.
///
/// # Errors
/// From the storage.
pub(super) fn beginning(ledger: &(impl Ledger + ?Sized), digits: &str, limit: usize) -> Result<Beginning, Fault> {
    let mut found = Beginning::default();
    each_block(ledger, |height, block| {
        if block.certificate.block.to_string().starts_with(digits) {
            found.blocks.push(height);
        }
        found.records.extend(block.records.iter().map(|(id, _)| *id).filter(|id| id.to_string().starts_with(digits)));
        Ok(ControlFlow::Continue(()))
    })?;
    found.blocks.truncate(limit);
    found.records.truncate(limit);
    Ok(found)
}

/// Number of final records.
///
/// # Errors
/// From the storage.
pub(super) fn count(ledger: &(impl Ledger + ?Sized)) -> Result<u64, Fault> {
    let mut count: u64 = 0;
    each_block(ledger, |_, block| {
        count = count.saturating_add(u64::try_from(block.records.len()).unwrap_or(u64::MAX));
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(count)
}
