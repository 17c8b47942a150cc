//! Production reports against the bill of material in force (`catalogue::bom`).

use std::collections::{BTreeMap, BTreeSet};

use super::{Amount, EACH, Event, INPUTS, OUTPUTS, Side, kept, kept_in};
use crate::{
    catalogue::{BomLine, BomRow, LineKind, YieldBounds},
    execute::{Case, Checked},
    gs1::{Epc, EpcKind, Gtin},
    refusal::{Code, Refusal},
    row,
    shared::Shared,
};

/// Most modules inside one another.
const MODULES_MAX: usize = 8;

/// How much of each trade item in each unit.
type Amounts = BTreeMap<(Gtin, String), Amount>;

/// What is compared.
struct Report<'a> {
    case: &'a Case<'a>,
    event: &'a Event,
    used: Amounts,
    /// Inputs that a bill knows.
    known: BTreeSet<Gtin>,
    within: bool,
}

/// Whether the yield of a transformation is within the bounds of the bills of what comes of it; `true` where there is
/// no bill.
pub(super) fn check(case: &Case<'_>, event: &Event) -> Checked<bool> {
    // What several records tell together cannot be compared from one of them.
    if event.transformation.is_some() {
        return Ok(true);
    }
    let used = amounts(case, event, INPUTS, Side::Input)?;
    let mut report = Report { case, event, used, known: BTreeSet::new(), within: true };
    let mut billed = false;
    for ((gtin, unit), amount) in amounts(case, event, OUTPUTS, Side::Output)? {
        let row: Option<Shared<BomRow>> = case.get(&row::key_of_bom(&gtin))?;
        let Some(version) = row.as_ref().and_then(|row| row.at(event.time)) else { continue };
        if unit != EACH {
            let detail = format!("{gtin} has a bill by the piece, and is reported in {unit}");
            return Err(Refusal::new(Code::BomUnit).at("/body/event").against(version.record).because(detail).into());
        }
        billed = true;
        report.lines(&version.bill.lines, version.record, (amount, version.bill.bounds), MODULES_MAX)?;
    }
    let stranger = report.used.keys().find(|(gtin, _)| !report.known.contains(gtin));
    if let Some((gtin, _)) = stranger.filter(|_| billed) {
        return Err(Refusal::new(Code::BomInput).at("/body/event").because(gtin.to_string()).into());
    }
    Ok(report.within)
}

impl Report<'_> {
    fn lines(
        &mut self,
        lines: &[BomLine],
        bill: hefu_keys::Hash,
        (made, bounds): (Amount, Option<YieldBounds>),
        modules: usize,
    ) -> Checked<()> {
        for line in lines {
            let large = || Refusal::new(Code::BalanceLarge).at("/body/event").because(line.component.to_string());
            let unit = kept_in(line.unit());
            let each = kept(line.amount, line.unit()).map_err(|_| large())?;
            let needed = each.times(made).ok_or_else(large)?;
            let mut used = Amount::ZERO;
            for choice in line.choices() {
                self.known.insert(*choice);
                let some = self.used.get(&(*choice, unit.to_owned())).copied().unwrap_or_default();
                used = used.plus(some).ok_or_else(large)?;
            }
            if !used.is_zero() {
                let millionths = needed.parts_per_million(used).unwrap_or(u64::MAX);
                self.within &= bounds.is_none_or(|bounds| (bounds.min..=bounds.max).contains(&millionths));
                continue;
            }
            let own: Option<Shared<BomRow>> = match line.kind {
                LineKind::Module if modules > 0 => self.case.get(&row::key_of_bom(&line.component))?,
                LineKind::Module | LineKind::Item => None,
            };
            let Some(own) = own.as_ref().and_then(|own| own.at(self.event.time)) else {
                let detail = format!("{needed} {unit} of {}", line.component);
                return Err(Refusal::new(Code::BomMissing).at("/body/event").against(bill).because(detail).into());
            };
            self.lines(&own.bill.lines, own.record, (needed, own.bill.bounds.or(bounds)), modules.saturating_sub(1))?;
        }
        Ok(())
    }
}

/// How much of each trade item one side names; what bears no GTIN stands in no bill.
fn amounts(case: &Case<'_>, event: &Event, list: &str, side: Side) -> Checked<Amounts> {
    let mut amounts = Amounts::new();
    let mut add = |epc: &Epc, unit: &str, amount: Amount| {
        let gtin = match epc.kind() {
            EpcKind::Item { gtin, .. } | EpcKind::Class { gtin, .. } => gtin,
            EpcKind::Container | EpcKind::Other => return Ok(()),
        };
        let sum = amounts.entry((gtin, unit.to_owned())).or_default();
        *sum = sum.plus(amount).ok_or_else(|| Refusal::new(Code::BalanceLarge).at(list).because(epc.as_str()))?;
        Ok::<_, Refusal>(())
    };
    for epc in case.submission().list(list) {
        add(epc, EACH, Amount::whole(1))?;
    }
    for quantity in event.quantities_of(side) {
        add(&quantity.class, &quantity.unit, quantity.amount.unwrap_or_default())?;
    }
    Ok(amounts)
}
