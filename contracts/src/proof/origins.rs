//! What a proof shows of where its subject came from: every row that the rules look at to find the recalls that hold for it.
//!
//! Nothing lists those rows. Whoever builds a proof and whoever checks it run the same function over rows, and note which
//! it asks for: those must be in the proof, or be proven not to be there. So none that bears a recall can be left out.

use std::{cell::RefCell, collections::BTreeSet};

use crate::{
    provenance::{self, Origins},
    row::{Data, Row},
    shared::Shared,
    state::{Fault, Overlay, Snapshot},
};

/// Rows that were asked for, whether they are there or not.
struct Watched<'a> {
    rows: &'a dyn Snapshot,
    asked: RefCell<BTreeSet<String>>,
}

impl Snapshot for Watched<'_> {
    fn row(&self, key: &str) -> Result<Option<Shared<Row>>, Fault> {
        self.asked.borrow_mut().insert(key.to_owned());
        self.rows.row(key)
    }
}

/// The recalls that hold for a row's thing, and the keys of the rows that tell it. Nothing where it is no thing.
pub(super) fn find(rows: &dyn Snapshot, subject: &str) -> Result<(Origins, BTreeSet<String>), Fault> {
    let row = rows.row(subject)?;
    let Some(Row { data: Data::Thing(thing), .. }) = row.as_deref() else {
        return Ok((Origins::default(), BTreeSet::new()));
    };
    let watched = Watched { rows, asked: RefCell::default() };
    let origins = provenance::origins(&Overlay::new(&watched), subject, thing)?;
    Ok((origins, watched.asked.into_inner()))
}
