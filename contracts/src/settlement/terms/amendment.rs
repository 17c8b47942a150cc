//! When a new version of the terms may take the place of the one before (§10).

use super::{Component, Fixed, Kind, Payment, Terms};
use crate::{
    settlement::{names::Party, reason::Reason},
    time::Time,
};

impl Terms {
    /// Whether `next` may follow these terms, where the last of `signers` signed it at `signed_at`.
    ///
    /// # Errors
    /// The `Amendment…` reasons.
    pub fn check_amendment(&self, next: &Terms, signers: &[Party], signed_at: Time) -> Result<(), Reason> {
        let (old, new) = (&self.heading, &next.heading);
        if old.contract != new.contract || old.currency != new.currency || self.roles.obligor != next.roles.obligor {
            return Err(Reason::AmendmentContract);
        }
        if old.version.checked_add(1) != Some(new.version) {
            return Err(Reason::AmendmentVersion);
        }
        let mut required = self.roles.required_signers.iter().chain(&next.roles.required_signers);
        if !required.all(|party| signers.contains(party)) {
            return Err(Reason::AmendmentUnsigned);
        }
        let from = new.effective_from.ok_or(Reason::AmendmentRetroactive)?;
        if from < signed_at || old.effective_from.is_some_and(|before| from <= before) {
            return Err(Reason::AmendmentRetroactive);
        }
        if self.is_reduced_by(next) && from < signed_at.plus(self.payment.decrease_notice) {
            return Err(Reason::AmendmentNotice);
        }
        Ok(())
    }

    /// Whether somebody might earn less, later or under harder conditions. What cannot be compared counts as a
    /// reduction: the notice protects those who earn.
    pub fn is_reduced_by(&self, next: &Terms) -> bool {
        let kept = |component: &Component| {
            next.components.iter().any(|other| other.id == component.id && !is_reduction(component, other))
        };
        let bounded = match (self.cap, next.cap) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(old), Some(new)) => new < old,
        };
        let guaranteed_less = match (&self.guarantee, &next.guarantee) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(old), Some(new)) => new.amount < old.amount || new.due != old.due,
        };
        !self.components.iter().all(kept)
            || next.components.iter().any(|component| self.is_new_malus(component))
            || bounded
            || guaranteed_less
            || self.pool != next.pool
            || self.base != next.base
            || self.roles.risk != next.roles.risk
            || (self.heading.carries_metrics && !next.heading.carries_metrics)
            || is_paid_worse(&self.payment, &next.payment)
            || self.somebody_shares_less(next)
    }

    fn is_new_malus(&self, component: &Component) -> bool {
        let takes = matches!(&component.kind, Kind::Tiered { steps, .. } if steps.has_negative_rate());
        takes && self.components.iter().all(|known| known.id != component.id)
    }

    fn somebody_shares_less(&self, next: &Terms) -> bool {
        let ((old, old_total), (new, new_total)) = (self.shares_by_party(), next.shares_by_party());
        old.iter().any(|(party, weight)| {
            // old / old_total > new / new_total, without division; weights are below 2^46.
            let new_weight = new.get(party).copied().unwrap_or(0);
            weight.checked_mul(new_total) > new_weight.checked_mul(old_total)
        })
    }
}

fn is_paid_worse(old: &Payment, new: &Payment) -> bool {
    new.hold > old.hold
        || (new.blocked_by_aftersale && !old.blocked_by_aftersale)
        || new.payout_min > old.payout_min
        || new.span != old.span
        || new.dispute_window < old.dispute_window
        || new.decrease_notice < old.decrease_notice
        || match (old.clawback_limit, new.clawback_limit) {
            (_, None) => old.clawback_limit.is_some(),
            (None, Some(_)) => false,
            (Some(old), Some(new)) => new > old,
        }
}

fn is_reduction(old: &Component, new: &Component) -> bool {
    if new.fee > old.fee || new.rounding != old.rounding {
        return true;
    }
    match (&old.kind, &new.kind) {
        (Kind::PerLine { ppm: old }, Kind::PerLine { ppm: new }) => new < old,
        (
            Kind::Tiered { mode, metric, steps },
            Kind::Tiered { mode: new_mode, metric: new_metric, steps: new_steps },
        ) => {
            // Rates are constant between starts, so it is enough to compare them there. With whole slabs, too.
            let mut starts = steps.starts().chain(new_steps.starts());
            mode != new_mode || metric != new_metric || starts.any(|at| new_steps.rate_at(at) < steps.rate_at(at))
        }
        (
            Kind::Threshold { metric, at_least, amount },
            Kind::Threshold { metric: new_metric, at_least: new_at_least, amount: new_amount },
        ) => metric != new_metric || new_at_least > at_least || new_amount < amount,
        (Kind::Fixed(old), Kind::Fixed(new)) => is_fixed_reduction(old, new),
        (Kind::PerLine { .. } | Kind::Tiered { .. } | Kind::Threshold { .. } | Kind::Fixed(_), _) => true,
    }
}

fn is_fixed_reduction(old: &Fixed, new: &Fixed) -> bool {
    new.amount < old.amount
        || new.due != old.due
        || (new.factor.is_some() && new.factor != old.factor)
        || (new.refund_below.is_some() && new.refund_below != old.refund_below)
}
