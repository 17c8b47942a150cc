//! Executing records on the committed state, and what comes of it.

use std::collections::BTreeMap;

use bytes::Bytes;
use hefu_contracts::{
    execute::{BLOCK_ROWS_MAX, Effects, Moment, check},
    parties::{Shares, quota::Exceeded},
    refusal::Refusal,
    register::{Fault, Patch, plan_by},
    row::Row,
    shared::Shared,
    state::{Overlay, Stop},
    submission::Submission,
};
use hefu_keys::Hash;

use super::{
    cache::Ground,
    processors::{alongside, spread},
};
use crate::store::entry_key;

/// Fewer rows than this are not worth another thread: writing and hashing one takes some microseconds.
const ROWS: usize = 200;

/// A block under execution: changes beside the committed state.
pub(super) struct Execution<'a> {
    ground: &'a Ground<'a>,
    overlay: Overlay<'a>,
    moment: &'a Moment,
    shares: Shares,
}

/// What came of one record.
pub(super) enum Step {
    /// It took effect.
    Done,
    /// A rule spoke against it; nothing has changed.
    Refused(Refusal),
    /// The block would change too many rows; nothing has changed.
    TooManyRows,
    /// The block would hold more of its author than the quota allows; nothing has changed.
    TooManyOfAuthor(Exceeded),
}

/// What a block changes, computed before anybody votes and written when it is decided.
pub(super) struct Executed {
    /// Every changed row with its canonical text, by key.
    pub rows: Vec<(Shared<Row>, Bytes)>,
    /// Every new entry's text under its key in the table.
    pub entries: Vec<(Vec<u8>, Bytes)>,
    /// The register afterwards.
    pub patch: Patch,
}

impl Executed {
    /// A row as the block leaves it, where it changes it.
    pub(super) fn row(&self, key: &str) -> Option<&Shared<Row>> {
        let at = self.rows.binary_search_by(|(row, _)| row.key.as_str().cmp(key)).ok()?;
        self.rows.get(at).map(|(row, _)| row)
    }
}

impl<'a> Execution<'a> {
    pub(super) fn new(ground: &'a Ground<'a>, moment: &'a Moment) -> Execution<'a> {
        Execution { ground, overlay: Overlay::new(ground), moment, shares: Shares::default() }
    }

    /// Executes one record after the others.
    pub(super) fn run(&mut self, submission: &Submission) -> Result<Step, Fault> {
        let Effects { charge, stamp, writes } = match check(&self.overlay, self.moment, submission) {
            Ok(effects) => effects,
            Err(Stop::Refused(refusal)) => return Ok(Step::Refused(refusal)),
            Err(Stop::Fault(fault)) => return Err(fault),
        };
        if !self.overlay.has_room_for(&writes, BLOCK_ROWS_MAX) {
            return Ok(Step::TooManyRows);
        }
        if let Some(exceeded) = charge.as_ref().and_then(|charge| self.shares.exceeded(charge)) {
            return Ok(Step::TooManyOfAuthor(exceeded));
        }
        self.overlay.apply(writes, stamp)?;
        if let Some(charge) = charge {
            self.shares.add(charge);
        }
        Ok(Step::Done)
    }

    /// The changes and the register after them. Each row is written and hashed once, however many records touched it.
    pub(super) fn finish(self) -> Result<Executed, Fault> {
        let changes = self.overlay.into_changes();
        let written = spread(changes.rows.into_values().collect(), ROWS, |row: Shared<Row>| {
            let text = row.text();
            (Hash::of(row.key.as_bytes()), Row::hash_of(&text), (row, Bytes::from(text)))
        });
        let mut rows = Vec::with_capacity(written.len());
        let mut hashes = BTreeMap::new();
        for (key, hash, row) in written {
            hashes.insert(key, hash);
            rows.push(row);
        }
        let entries = changes.entries.into_iter();
        let entries = entries.map(|((row, n), text)| (entry_key(&row, n), Bytes::from(text))).collect();
        let patch = plan_by(self.ground.tree(), self.ground, &hashes, self.ground.patch(), |half| {
            let (lower, upper) = alongside(hashes.len() > ROWS, || half(true), || half(false));
            [lower, upper]
        })?;
        Ok(Executed { rows, entries, patch })
    }
}
