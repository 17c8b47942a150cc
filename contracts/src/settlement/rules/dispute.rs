//! Disputes (§9): one unit's amount stands aside, everything else flows on.
//!
//! Who may open one, with which evidence, and who decides, is checked where the signatures are; an amount that turns
//! out wrong is corrected by the feed's own event.

use std::collections::BTreeSet;

use crate::settlement::{
    allocate::allocate,
    change::Draft,
    journal::{Account, Bucket},
    reason::Reason,
    unit::{Dispute, Stage, Unit, UnitId},
};

pub(super) fn open(draft: &mut Draft<'_>, name: &str) -> Result<(), Reason> {
    let (id, unit) = super::find(draft, name)?;
    if unit.dispute.is_some() {
        return Err(Reason::UnitDisputed);
    }
    let unmoved = match unit.stage {
        Stage::Accrued | Stage::Held { .. } => BTreeSet::new(),
        Stage::Released { seq } => paid_shares(draft, &id, &unit, seq)?,
    };
    draft.set_unit(id, Unit { dispute: Some(Dispute { unmoved }), ..unit })
}

/// The amount goes back to where the unit would stand by now.
pub(super) fn close(draft: &mut Draft<'_>, name: &str) -> Result<(), Reason> {
    let (id, unit) = super::find(draft, name)?;
    if unit.dispute.is_none() {
        return Err(Reason::UnitUndisputed);
    }
    draft.set_unit(id, Unit { dispute: None, ..unit })
}

/// Whose shares of a released unit are not `payable` any more: a payout took them, or they made up for a carried debt.
fn paid_shares(draft: &Draft<'_>, id: &UnitId, unit: &Unit, released: u64) -> Result<BTreeSet<usize>, Reason> {
    let terms = draft.book.terms(unit.version)?;
    let shares = allocate(unit.worth.net, &id.weights(terms))?;
    let is_gone = |(place, (party, share))| {
        let payable = draft.balance(&Account { party: Clone::clone(party), bucket: Bucket::Payable })?;
        let is_paid = draft.book.paid_out.get(party).is_some_and(|payout| *payout > released);
        Ok((is_paid || payable < share || share.is_negative()).then_some(place))
    };
    let gone = terms.roles.split.parties.iter().zip(shares).enumerate().map(is_gone);
    gone.filter_map(Result::transpose).collect()
}
