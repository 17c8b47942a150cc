//! How an amount comes about, told as arithmetic that its owner can do again: `500.00 × 20% = 100.00; − 10% = 90.00;
//! × 7/10 = 63.00`.
//!
//! What a unit comes to is computed by the same functions that post it; only the telling is done here. The signs are those
//! of arithmetic and the words those of the term sheet, so that the text is the same in every language.

use super::{
    allocate::allocate,
    book::Book,
    entitlement::{Basis, Part, Worth, carried, of_line, of_segment},
    money::{Currency, Minor, Money, Ppm},
    names::Party,
    reason::Reason,
    terms::{Component, Fixed, Kind, Metric, Mode, Terms},
    unit::UnitId,
    waterfall::by_tier,
};

/// What a unit comes to for one party, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reckoning {
    /// The party's share.
    pub amount: Minor,
    /// Each step after a semicolon.
    pub formula: String,
}

impl Reckoning {
    /// Of what a line with this net base earns under the component at a place of the term sheet; nothing where the component
    /// does not count line by line.
    ///
    /// # Errors
    /// [`Reason::BaseNegative`], limits.
    pub fn of_line(terms: &Terms, place: usize, base: Minor, party: &Party) -> Result<Option<Reckoning>, Reason> {
        let Some(component) = terms.components.get(place) else { return Ok(None) };
        let Kind::PerLine { ppm } = component.kind else { return Ok(None) };
        let Some(worth) = of_line(component, base)? else { return Ok(None) };
        let teller = Teller { terms, party };
        teller.tell(share_of(&teller.money(base), ppm), component.fee, worth).map(Some)
    }

    /// Of every unit of a segment that no single line causes; of a pool, the party's own.
    ///
    /// # Errors
    /// Limits.
    pub fn of_segment(terms: &Terms, basis: &Basis<'_>, party: &Party) -> Result<Vec<(Part, Reckoning)>, Reason> {
        let teller = Teller { terms, party };
        let mut variable = basis.segment.lines_net;
        let mut told = Vec::new();
        for (part, worth) in of_segment(terms, basis)? {
            let (gross, fee) = match part {
                Part::Component(place) => match terms.components.get(place) {
                    Some(component) => (teller.component(component, basis)?, component.fee),
                    None => continue,
                },
                Part::Cap => (teller.bound("min", terms.cap, variable), Ppm::ZERO),
                Part::Guarantee => (teller.guarantee(basis, variable), Ppm::ZERO),
                Part::Pool(place) => {
                    told.extend(teller.pool(place, basis)?.map(|reckoning| (part, reckoning)));
                    continue;
                }
            };
            if counts(terms, part) {
                variable = variable.plus(worth.net)?;
            }
            told.push((part, teller.tell(gross, fee, worth)?));
        }
        Ok(told)
    }
}

impl Book {
    /// What the unit of a name comes to for a party as the book stands; nothing where there is none of this name.
    ///
    /// # Errors
    /// Limits.
    pub fn reckon(&self, unit: &str, party: &Party) -> Result<Option<Reckoning>, Reason> {
        if let Some((line, component)) = UnitId::of_line(unit) {
            let Some(line) = self.lines.get(&line) else { return Ok(None) };
            let terms = self.terms(line.segment.version)?;
            let place = terms.components.iter().position(|known| known.id.as_str() == component);
            return match place {
                Some(place) => Reckoning::of_line(terms, place, line.net_base(&terms.base)?, party),
                None => Ok(None),
            };
        }
        for (id, segment) in &self.segments {
            let terms = self.terms(id.version)?;
            let named = |part| {
                let known = UnitId::Segment { segment: *id, part }.name(terms);
                known.is_some_and(|known| known.to_string() == unit)
            };
            let Some(part) = terms.parts().find(|part| named(*part)) else { continue };
            let carried = carried(&self.versions, *id, |id| self.segments.get(&id).map(|segment| segment.metrics))?;
            let basis = Basis { id: *id, segment, carried, milestones: &self.milestones };
            let told = Reckoning::of_segment(terms, &basis, party)?;
            return Ok(told.into_iter().find(|(known, _)| *known == part).map(|(_, reckoning)| reckoning));
        }
        Ok(None)
    }
}

/// Whose share is told under which terms.
struct Teller<'t> {
    terms: &'t Terms,
    party: &'t Party,
}

impl Teller<'_> {
    fn money(&self, minor: Minor) -> String {
        decimal(self.terms.heading.currency, minor)
    }

    /// What the gross amount is made of, the fee taken off, the party's share of the rest.
    fn tell(&self, gross: String, fee: Ppm, worth: Worth) -> Result<Reckoning, Reason> {
        let total = self.money(worth.net.plus(worth.fee)?);
        let mut formula = if gross == total { gross } else { format!("{gross} = {total}") };
        if fee != Ppm::ZERO {
            formula = format!("{formula}; − {} = {}", percent(fee), self.money(worth.net));
        }
        let split = &self.terms.roles.split;
        let mut amount = Minor::ZERO;
        let mut weight = 0_i128;
        for (place, (party, share)) in split.parties.iter().zip(allocate(worth.net, &split.weights)?).enumerate() {
            if party == self.party {
                amount = amount.plus(share)?;
                weight = weight.saturating_add(split.weights.at(place));
            }
        }
        if weight != split.weights.total() {
            formula = format!("{formula}; × {weight}/{} = {}", split.weights.total(), self.money(amount));
        }
        Ok(Reckoning { amount, formula })
    }

    fn component(&self, component: &Component, basis: &Basis<'_>) -> Result<String, Reason> {
        let own = &basis.segment.metrics;
        let total = own.plus(&basis.carried)?;
        Ok(match &component.kind {
            Kind::PerLine { ppm } => share_of(&self.money(own.net_base), *ppm),
            Kind::Tiered { mode: Mode::Marginal, steps, .. } => {
                let stretches = steps.stretches(basis.carried.net_base.get(), total.net_base.get());
                let told = stretches.map(|(stretch, ppm)| Ok(share_of(&self.money(Minor::new(stretch)?), ppm)));
                let told: Vec<String> = told.collect::<Result<_, Reason>>()?;
                if told.is_empty() { self.money(Minor::ZERO) } else { told.join(" + ") }
            }
            Kind::Tiered { mode: Mode::Slab, metric, steps } => {
                let measured = total.get(*metric)?;
                let share = share_of(&self.money(own.net_base), steps.rate_at(measured)?);
                format!("{}: {share}", self.measure(*metric, measured)?)
            }
            Kind::Threshold { metric, at_least, .. } => {
                let measured = total.get(*metric)?;
                let sign = if measured >= *at_least { "≥" } else { "<" };
                format!("{} {sign} {}", self.measure(*metric, measured)?, self.measured(*metric, *at_least)?)
            }
            Kind::Fixed(fixed) => {
                let measured = fixed.refund_below.as_ref().map(|below| total.get(below.metric));
                self.fixed(fixed, basis, measured.transpose()?)
            }
        })
    }

    fn fixed(&self, fixed: &Fixed, basis: &Basis<'_>, measured: Option<i128>) -> String {
        if !basis.has_due(&fixed.due) {
            return self.money(Minor::ZERO);
        }
        let mut told = self.money(fixed.amount);
        if let Some(factor) = &fixed.factor {
            let after = basis.milestones.get(&factor.milestone).and_then(|milestone| milestone.after_min);
            if after.is_none_or(|minutes| minutes > factor.within_min) {
                told = share_of(&told, factor.otherwise);
            }
        }
        if let (Some(below), Some(measured)) = (&fixed.refund_below, measured) {
            told = format!("{told} × {}/{}", measured.min(below.target), below.target);
        }
        told
    }

    fn guarantee(&self, basis: &Basis<'_>, variable: Minor) -> String {
        match &self.terms.guarantee {
            Some(guarantee) if basis.has_due(&guarantee.due) => self.bound("max", Some(guarantee.amount), variable),
            Some(_) | None => self.money(Minor::ZERO),
        }
    }

    /// What is to be distributed, what each level gives the party, and what she got before under earlier versions:
    /// `1000.00 − 300.00 = 700.00; return_capital 50.00 + split 85.00 = 135.00`. What the pool gives another taker is none of hers.
    fn pool(&self, place: usize, basis: &Basis<'_>) -> Result<Option<Reckoning>, Reason> {
        let is_hers = self.terms.roles.split.parties.get(place) == Some(self.party);
        let Some(pool) = self.terms.pool.as_ref().filter(|_| is_hers) else { return Ok(None) };
        let total = basis.segment.metrics.plus(&basis.carried)?;
        let whole = total.distributable()?;
        let mut formula =
            format!("{} − {} = {}", self.money(total.net_base), self.money(total.costs), self.money(whole));
        let (mut got, mut told) = (Minor::ZERO, Vec::new());
        for (tier, shares) in by_tier(&pool.tiers, whole)? {
            let mine = tier.shares().parties.iter().zip(shares).filter(|(party, _)| *party == self.party);
            for (_, share) in mine {
                got = got.plus(share)?;
                told.push(format!("{} {}", tier.word(), self.money(share)));
            }
        }
        if !told.is_empty() {
            formula = format!("{formula}; {} = {}", told.join(" + "), self.money(got));
        }
        let before = pool.got(basis.carried.distributable()?)?.get(place).copied().unwrap_or_default();
        let amount = got.minus(before)?;
        if !before.is_zero() {
            formula = format!("{formula}; − {} = {}", self.money(before), self.money(amount));
        }
        Ok(Some(Reckoning { amount, formula }))
    }

    /// `min(0, 20000.00 − 25310.00)`.
    fn bound(&self, which: &str, limit: Option<Minor>, variable: Minor) -> String {
        format!("{which}(0, {} − {})", self.money(limit.unwrap_or_default()), self.money(variable))
    }

    fn measure(&self, metric: Metric, value: i128) -> Result<String, Reason> {
        Ok(format!("{} {}", metric.word(), self.measured(metric, value)?))
    }

    fn measured(&self, metric: Metric, value: i128) -> Result<String, Reason> {
        Ok(match metric {
            Metric::NetBase => self.money(Minor::new(value)?),
            Metric::NetUnits | Metric::Orders | Metric::RefundRatePpm => value.to_string(),
        })
    }
}

/// Whether a part counts towards the guarantee and the parts behind it.
fn counts(terms: &Terms, part: Part) -> bool {
    match part {
        Part::Component(place) => terms.components.get(place).is_some_and(|component| component.kind.is_variable()),
        Part::Cap => true,
        Part::Guarantee | Part::Pool(_) => false,
    }
}

fn decimal(currency: Currency, minor: Minor) -> String {
    Money { currency, minor }.decimal()
}

fn share_of(amount: &str, ppm: Ppm) -> String {
    format!("{amount} × {}", percent(ppm))
}

/// `1.5%`: a rate in hundredths with as many decimals as it has.
pub fn percent(ppm: Ppm) -> String {
    let sign = if ppm.is_negative() { "−" } else { "" };
    let magnitude = ppm.get().unsigned_abs();
    let (whole, rest) = (magnitude.div_euclid(10_000), magnitude.rem_euclid(10_000));
    let rest = format!("{rest:04}");
    match rest.trim_end_matches('0') {
        "" => format!("{sign}{whole}%"),
        decimals => format!("{sign}{whole}.{decimals}%"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::{Value, json};

    use super::*;
    use crate::settlement::{
        Milestone, Milestones, Period,
        names::MilestoneName,
        segment::{Metrics, Segment, SegmentId},
    };

    const ID: SegmentId = SegmentId { period: Period::Whole, version: 1 };

    fn terms(components: &Value) -> Terms {
        Terms::read(&json!({
            "obligor": "brand", "fee_to": "platform", "split": [["kol", "7"], ["mcn", "3"]], "components": components,
            "cap": "20000", "guarantee": {"amount": "30000", "due": "sign"},
        }))
        .unwrap()
    }

    fn told(components: &Value, reached: &[(&str, u64)]) -> Vec<(String, i128)> {
        let metrics = Metrics {
            gross_base: Minor::new(130_000).unwrap(),
            net_base: Minor::new(120_000).unwrap(),
            net_units: 800,
            orders: 3,
            costs: Minor::ZERO,
        };
        let segment = Segment { metrics, lines_net: Minor::new(10_000).unwrap() };
        let milestones: Milestones = reached
            .iter()
            .map(|(name, minutes)| {
                (MilestoneName::new(name).unwrap(), Milestone { segment: ID, after_min: Some(*minutes) })
            })
            .collect::<BTreeMap<_, _>>();
        let basis = Basis { id: ID, segment: &segment, carried: Metrics::default(), milestones: &milestones };
        let told = Reckoning::of_segment(&terms(components), &basis, &Party::new("kol").unwrap()).unwrap();
        told.into_iter().map(|(_, Reckoning { amount, formula })| (formula, amount.get())).collect()
    }

    #[test]
    fn a_line_is_told_from_its_base_to_the_share() {
        let terms = terms(&json!([{"id": "comm", "kind": "per_line", "ppm": "200000", "fee_ppm": "100000"}]));
        let base = Minor::new(50_000).unwrap();
        let told = |party: &str| Reckoning::of_line(&terms, 0, base, &Party::new(party).unwrap()).unwrap().unwrap();
        assert_eq!(told("kol").formula, "500.00 × 20% = 100.00; − 10% = 90.00; × 7/10 = 63.00");
        assert_eq!((told("kol").amount.get(), told("mcn").amount.get(), told("brand").amount.get()), (6_300, 2_700, 0));
        assert_eq!(Reckoning::of_line(&terms, 1, base, &Party::new("kol").unwrap()), Ok(None));
    }

    #[test]
    fn parts_of_a_period_are_told_by_their_kinds() {
        let steps = json!([["0", "10000"], ["100000", "20000"]]);
        let components = json!([
            {"id": "tier", "kind": "tiered", "mode": "marginal", "metric": "net_base", "steps": steps},
            {"id": "slab", "kind": "tiered", "mode": "slab", "metric": "refund_rate_ppm", "steps": [["0", "10000"], ["50000", "-20000"]]},
            {"id": "bonus", "kind": "threshold", "metric": "net_units", "at_least": "1000", "amount": "5000"},
            {"id": "fee", "kind": "fixed", "amount": "3000", "due": "sign",
                "factor": {"milestone": "answered", "within_min": "60", "else_ppm": "900000"},
                "refund_below": {"target": "1000", "metric": "net_units"}},
        ]);
        let told = told(&components, &[("sign", 0), ("answered", 61)]);
        let formulas: Vec<&str> = told.iter().map(|(formula, _)| formula.as_str()).collect();
        assert_eq!(
            formulas,
            [
                "1000.00 × 1% + 200.00 × 2% = 14.00; × 7/10 = 9.80",
                "refund_rate_ppm 76923: 1200.00 × −2% = -24.00; × 7/10 = -16.80",
                "net_units 800 < 1000 = 0.00; × 7/10 = 0.00",
                "30.00 × 90% × 800/1000 = 21.60; × 7/10 = 15.12",
                "min(0, 200.00 − 90.00) = 0.00; × 7/10 = 0.00",
                "max(0, 300.00 − 90.00) = 210.00; × 7/10 = 147.00",
            ]
        );
        assert_eq!(told.iter().map(|(_, amount)| *amount).collect::<Vec<_>>(), [980, -1_680, 0, 1_512, 0, 14_700]);
    }

    #[test]
    fn what_is_not_due_is_told_as_nothing() {
        let told = told(&json!([{"id": "fee", "kind": "fixed", "amount": "3000", "due": "sign"}]), &[]);
        assert_eq!(
            told,
            [
                ("0.00; × 7/10 = 0.00".to_owned(), 0),
                ("min(0, 200.00 − 100.00) = 0.00; × 7/10 = 0.00".to_owned(), 0),
                ("0.00; × 7/10 = 0.00".to_owned(), 0),
            ]
        );
    }

    #[test]
    fn rates_have_as_many_decimals_as_they_need() {
        for (ppm, text) in
            [(0, "0%"), (15_000, "1.5%"), (31_000, "3.1%"), (1, "0.0001%"), (-20_000, "−2%"), (1_000_000, "100%")]
        {
            assert_eq!(percent(Ppm::new(ppm).unwrap()), text);
        }
    }
}
