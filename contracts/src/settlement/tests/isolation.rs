//! What must leave everything else alone (§14): a second payment of a line, a dispute, a new version of the terms.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::json;

use super::{
    event, paid,
    random::{Deal, deals, events, run, tries},
    refund,
};
use crate::{
    settlement::{Amendment, Book, Event, EventId, Outcome, Reason, Stage, UnitId, What},
    time::Time,
};

/// Later than anything that is tried, in milliseconds.
const LATER: i64 = 1_000 * 86_400_000;

fn tick(id: &str) -> Event {
    event(&json!({"id": id, "type": "tick", "at": LATER.to_string()}))
}

/// Amends to terms that hold from a moment, and says so then.
fn amend(deal: &Deal, id: &str, effective_from: i64) -> Event {
    let mut terms = deal.terms();
    terms.heading.version = 2;
    terms.heading.effective_from = Time::from_millis(effective_from);
    let what = What::Amend(Box::new(Amendment { terms, signers: Vec::new() }));
    Event { id: EventId::new(id).unwrap(), at: Time::from_millis(LATER), what }
}

/// What every unit is worth and how far it is, whatever the number of the event that released it.
fn units(book: &Book) -> BTreeMap<UnitId, String> {
    let told = |(id, unit): (&UnitId, &crate::settlement::Unit)| {
        let stage = match unit.stage {
            Stage::Released { .. } => "released".to_owned(),
            stage @ (Stage::Accrued | Stage::Held { .. }) => format!("{stage:?}"),
        };
        (id.clone(), format!("{:?} {stage} {:?} {}", unit.worth, unit.dispute, unit.is_blocked))
    };
    book.units.iter().map(told).collect()
}

proptest! {
    // PROPTEST_CASES asks for more.
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(400), ..ProptestConfig::default() })]

    /// I9: a line is paid once, whatever happened to it since and under whichever id it comes again.
    #[test]
    fn i9_a_line_is_never_paid_twice(deal in deals(), tries in tries(), base in 0..1_000_i128) {
        let (mut book, _, _) = run(&deal, &events(&tries));
        let lines: Vec<_> = book.lines.keys().cloned().collect();
        for (number, line) in lines.iter().enumerate() {
            let before = book.clone();
            let again = event(&paid(&format!("again {number}"), line.as_str(), base));
            prop_assert_eq!(book.submit(&again).0, Outcome::Reject(Reason::LineExists));
            prop_assert_eq!(&before, &book);
        }
    }

    /// I10: a dispute moves its own unit and nothing else, however things go on; when it ends nothing is left of it.
    #[test]
    fn i10_a_dispute_keeps_to_its_unit(deal in deals(), tries in tries(), place in any::<proptest::sample::Index>(),
        cut in any::<proptest::sample::Index>())
    {
        // A payout of all that is payable, a limit of what may be carried, and whether another disputed share is still
        // there to be set aside rightly depend on what stands aside already.
        let deal = Deal { limit: None, ..deal };
        let events = events(&tries);
        let (first, rest) = events.split_at(cut.index(events.len() + 1));
        let (mut plain, _, _) = run(&deal, first);
        let open: Vec<_> = plain.units.iter().filter(|(_, unit)| unit.dispute.is_none()).map(|(id, _)| id.clone()).collect();
        prop_assume!(!open.is_empty());
        let unit = place.get(&open);
        let name = unit.name(plain.newest().unwrap()).unwrap().to_string();
        let mut disputed = plain.clone();
        let about = |id: &str, kind: &str| event(&json!({"id": id, "type": kind, "unit": name}));
        prop_assert_eq!(disputed.submit(&about("open", "dispute_open")).0, Outcome::Ok);
        let goes_on = |event: &&Event| match &event.what {
            What::Payout(_)
            | What::PayoutResult { .. }
            | What::DisputeOpen { .. }
            | What::DisputeClose { .. } => false,
            What::Milestone { .. } | What::Paid(_) | What::Shipped { .. } | What::Received { .. } | What::Refund { .. }
            | What::AftersaleOpen { .. } | What::AftersaleClosed { .. } | What::Tick | What::Release { .. }
            | What::PeriodClose | What::Cost(_) | What::Adjust(_) | What::Amend(_) => true,
        };
        for event in rest.iter().filter(goes_on) {
            prop_assert_eq!(plain.submit(event).0, disputed.submit(event).0, "{:?}", event);
        }
        let (mut without, mut with) = (units(&plain), units(&disputed));
        prop_assert!(without.remove(unit).is_some() && with.remove(unit).is_some());
        prop_assert_eq!(without, with);
        prop_assert_eq!(plain.units.get(unit).unwrap().worth, disputed.units.get(unit).unwrap().worth);

        prop_assert_eq!(disputed.submit(&about("close", "dispute_close")).0, Outcome::Ok);
        // An after-sales case that came too late to keep the unit from its release found it still there when disputed.
        if let UnitId::Line { line, .. } = unit {
            let closed = json!({"id": "closed", "type": "aftersale_closed", "line": line.as_str()});
            prop_assert_eq!(plain.submit(&event(&closed)).0, disputed.submit(&event(&closed)).0);
        }
        prop_assert_eq!((plain.submit(&tick("late")).0, disputed.submit(&tick("late")).0), (Outcome::Ok, Outcome::Ok));
        prop_assert_eq!(super::balances(&plain), super::balances(&disputed));
    }

    /// I12: what was paid before stays under its terms, refunds of it as well; none hold from before they were signed.
    #[test]
    fn i12_new_terms_never_reach_back(deal in deals(), other in deals(), tries in tries(), percent in 0..=100_i128) {
        let (mut plain, _, _) = run(&deal, &events(&tries));
        let other = Deal { split: deal.split, ..other };
        let mut amended = plain.clone();
        let back = amended.submit(&amend(&other, "back", LATER - 1)).0;
        prop_assert_eq!(back, Outcome::Reject(Reason::AmendmentRetroactive));
        prop_assert_eq!(&amended, &plain);
        prop_assert_eq!(amended.submit(&amend(&other, "v2", LATER)).0, Outcome::Ok);
        let formula = plain.newest().unwrap().base.clone();
        for (line, known) in plain.lines.clone() {
            let base = known.net_base(&formula).unwrap().get() * percent / 100;
            let back = event(&refund(&format!("of {line}"), line.as_str(), base));
            prop_assert_eq!((plain.submit(&back).0, amended.submit(&back).0), (Outcome::Ok, Outcome::Ok));
        }
        prop_assert_eq!((plain.submit(&tick("late")).0, amended.submit(&tick("late")).0), (Outcome::Ok, Outcome::Ok));
        prop_assert_eq!(units(&plain), units(&amended));
        prop_assert_eq!(super::balances(&plain), super::balances(&amended));
    }
}
