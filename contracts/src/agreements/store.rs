//! Rows into the parts of a book, and back.

use std::collections::BTreeMap;

use hefu_keys::Hash;
use thiserror::Error;

use super::{
    rows::{PayoutResult, PayoutRow, ProgressRow, SaleRow, SegmentRow, UnitRow},
    spell,
};
use crate::{
    settlement::{
        Batch, BatchId, Book, Bucket, Dispute, Line, LineId, OrderId, Party, Progress, Segment, SegmentId, Stage, Unit,
        UnitId, Worth,
    },
    time::Time,
};

/// A row, or a part of it, that the rules themselves once wrote and that is not what they write.
#[derive(Debug, Error)]
#[error("the register holds no usable {0:?}")]
pub(super) struct Unreadable(pub String);

/// What rows say beyond what the book's own parts hold.
#[derive(Default)]
pub(super) struct Loaded {
    /// When units' worth changed last.
    pub changed_at: BTreeMap<UnitId, Time>,
    payouts: BTreeMap<BatchId, PayoutRow>,
}

/// The bucket of a name.
pub(super) fn bucket(name: &str) -> Option<Bucket> {
    Bucket::ALL.into_iter().find(|bucket| bucket.name() == name)
}

impl Loaded {
    /// Adds a segment and its units.
    pub(super) fn segment(&mut self, book: &mut Book, id: SegmentId, row: &SegmentRow) -> Option<()> {
        let SegmentRow { lines_net, worth, .. } = row;
        let metrics = row.metrics();
        book.segments.insert(id, Segment { metrics, lines_net: *lines_net });
        for (place, unit) in worth {
            let part = spell::read_part(place)?;
            self.unit(book, UnitId::Segment { segment: id, part }, id.version, unit);
        }
        Some(())
    }

    /// Adds a line and its units; in which segment and order it counts.
    pub(super) fn line(&mut self, book: &mut Book, id: &LineId, row: &SaleRow) -> Option<(SegmentId, OrderId)> {
        let segment = spell::read_segment(&row.segment)?;
        let order = OrderId::new(&row.order)?;
        let line = Line {
            segment,
            order: Some(order.clone()),
            paid: row.paid.clone(),
            refunded: row.refunded.clone(),
            units: row.units,
            units_back: row.units_back,
            progress: match row.progress {
                ProgressRow::Paid => Progress::Paid,
                ProgressRow::Shipped => Progress::Shipped,
                ProgressRow::Received => Progress::Received,
            },
            has_aftersale: row.aftersale,
        };
        book.lines.insert(id.clone(), line);
        for (place, unit) in &row.worth {
            let component = place.parse().ok()?;
            self.unit(book, UnitId::Line { line: id.clone(), component }, segment.version, unit);
        }
        Some((segment, order))
    }

    fn unit(&mut self, book: &mut Book, id: UnitId, version: u32, row: &UnitRow) {
        let stage = match (row.release_at, row.released_by) {
            (_, Some(seq)) => Stage::Released { seq },
            (Some(release_at), None) => Stage::Held { release_at },
            (None, None) => Stage::Accrued,
        };
        let unit = Unit {
            version,
            worth: Worth { net: row.net, fee: row.fee },
            stage,
            dispute: row.disputed.clone().map(|unmoved| Dispute { unmoved }),
            is_blocked: row.blocked,
        };
        self.changed_at.insert(id.clone(), row.changed_at);
        if let Some(at) = unit.due() {
            book.due.insert((at, id.clone()));
        }
        book.units.insert(id, unit);
    }

    /// Adds a payout.
    pub(super) fn payout(&mut self, book: &mut Book, id: BatchId, party: &Party, row: &PayoutRow) {
        let batch = Batch {
            party: party.clone(),
            amount: row.amount,
            tax_withheld: row.tax_withheld,
            seq: row.seq,
            before: row.before,
            is_open: row.result.is_none(),
        };
        book.batches.insert(id.clone(), batch);
        self.payouts.insert(id, row.clone());
    }

    /// A line's row as the book has it now.
    pub(super) fn sale_row(&self, book: &Book, id: &LineId) -> Option<SaleRow> {
        let line = book.lines.get(id)?;
        let components = book.terms(line.segment.version).ok()?.components.len();
        let units = (0..components).map(|component| UnitId::Line { line: id.clone(), component });
        Some(SaleRow {
            aftersale: line.has_aftersale,
            order: line.order.as_ref()?.as_str().to_owned(),
            paid: line.paid.clone(),
            progress: match line.progress {
                Progress::Paid => ProgressRow::Paid,
                Progress::Shipped => ProgressRow::Shipped,
                Progress::Received => ProgressRow::Received,
            },
            refunded: line.refunded.clone(),
            segment: spell::segment(line.segment),
            units: line.units,
            units_back: line.units_back,
            worth: self.worth(book, units),
        })
    }

    /// A segment's row as the book has it now.
    pub(super) fn segment_row(&self, book: &Book, id: SegmentId) -> Option<SegmentRow> {
        let Segment { metrics, lines_net } = book.segments.get(&id)?;
        let parts = book.terms(id.version).ok()?.parts();
        Some(SegmentRow {
            gross_base: metrics.gross_base,
            lines_net: *lines_net,
            net_base: metrics.net_base,
            net_units: metrics.net_units,
            orders: metrics.orders,
            costs: metrics.costs,
            worth: self.worth(book, parts.map(|part| UnitId::Segment { segment: id, part })),
        })
    }

    fn worth(&self, book: &Book, ids: impl Iterator<Item = UnitId>) -> BTreeMap<String, UnitRow> {
        let row = |id: UnitId| {
            let (unit, changed_at) = (book.units.get(&id)?, *self.changed_at.get(&id)?);
            let (release_at, released_by) = match unit.stage {
                Stage::Accrued => (None, None),
                Stage::Held { release_at } => (Some(release_at), None),
                Stage::Released { seq } => (None, Some(seq)),
            };
            let row = UnitRow {
                blocked: unit.is_blocked,
                changed_at,
                disputed: unit.dispute.as_ref().map(|dispute| dispute.unmoved.clone()),
                fee: unit.worth.fee,
                net: unit.worth.net,
                release_at,
                released_by,
            };
            Some((spell::place(&id), row))
        };
        ids.filter_map(row).collect()
    }

    /// A payout's row as the book has it now; `record` is the one that instructed it, or answered.
    pub(super) fn payout_row(&self, id: &BatchId, batch: &Batch, record: Hash, paid: Option<bool>) -> PayoutRow {
        let result = paid.map(|paid| PayoutResult { paid, record });
        match self.payouts.get(id) {
            Some(before) => PayoutRow { result, ..before.clone() },
            None => PayoutRow {
                amount: batch.amount,
                before: batch.before,
                record,
                result,
                seq: batch.seq,
                tax_withheld: batch.tax_withheld,
            },
        }
    }
}
