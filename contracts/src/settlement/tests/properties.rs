//! The invariants of settlement (§14) over random contracts and random event logs.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{
    event, paid,
    random::{Deal, deals, events, run, tries},
    refund,
};
use crate::settlement::{
    AMOUNT_MAX, Account, Book, Bucket, Currency, Event, Minor, Outcome, Part, Ppm, Reason, Rounding, Steps, UnitId,
    WEIGHT_MAX, Weights, What, allocate, beancount, ledger, marginal, slab,
};

/// What each bucket of each beneficiary must hold, summed over the units that stand there.
fn by_units(book: &Book) -> BTreeMap<(String, Bucket), i128> {
    let split = &book.newest().unwrap().roles.split;
    let mut sums = BTreeMap::new();
    for unit in book.units.values() {
        for (place, share) in allocate(unit.worth.net, &split.weights).unwrap().iter().enumerate() {
            *sums.entry((split.parties[place].to_string(), unit.bucket(place))).or_insert(0) += share.get();
        }
    }
    sums
}

fn held(book: &Book, party: &str, bucket: Bucket) -> i128 {
    super::balance(book, party, bucket)
}

proptest! {
    // PROPTEST_CASES asks for more.
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(400), ..ProptestConfig::default() })]

    /// I6
    #[test]
    fn an_allocation_is_exact_and_fair(total in -AMOUNT_MAX..=AMOUNT_MAX, each in proptest::collection::vec(
        prop_oneof![Just(0), 1..10_i128, 0..=WEIGHT_MAX], 1..=64))
    {
        let sum: i128 = each.iter().sum();
        prop_assume!(sum > 0);
        let weights = Weights::new(each.clone()).unwrap();
        let parts = allocate(Minor::new(total).unwrap(), &weights).unwrap();
        prop_assert_eq!(parts.iter().map(|part| part.get()).sum::<i128>(), total);
        let mut ranked: Vec<_> = Vec::new();
        for (place, (part, weight)) in parts.iter().zip(&each).enumerate() {
            // |part − total·weight/sum| < 1, in whole numbers; the sign is the total's.
            prop_assert!((part.get() * sum - total * weight).abs() < sum);
            prop_assert!(*weight > 0 || part.is_zero());
            prop_assert!(part.get().signum() * total.signum() >= 0);
            let (whole, rest) = (total.abs() * weight / sum, total.abs() * weight % sum);
            ranked.push((std::cmp::Reverse(rest), place, part.get().abs() - whole));
        }
        ranked.sort_unstable();
        // Those with one more come first when sorted by remainder, then by place.
        prop_assert!(ranked.windows(2).all(|pair| pair[0].2 >= pair[1].2));
        let mirror = allocate(Minor::new(-total).unwrap(), &weights).unwrap();
        prop_assert!(parts.iter().zip(&mirror).all(|(one, other)| one.get() == -other.get()));
    }

    /// I1, I2, I3, I8, I13, I16 and I20 over anything that may be tried.
    #[test]
    fn whatever_is_tried_the_books_balance(deal in deals(), tries in tries()) {
        let events = events(&tries);
        let mut book = Book::new(deal.terms());
        let mut journal: BTreeMap<_, i128> = BTreeMap::new();
        let mut accepted: BTreeMap<String, Event> = BTreeMap::new();
        let (mut entries, mut instructed) = (Vec::new(), BTreeSet::new());
        for event in &events {
            let before = book.clone();
            let (outcome, posted) = book.submit(event);
            let known = accepted.get(event.id.as_str());
            match outcome {
                Outcome::Ok => {
                    prop_assert!(known.is_none(), "an id is accepted once");
                    accepted.insert(event.id.to_string(), event.clone());
                    if let What::Payout(payout) = &event.what {
                        prop_assert!(instructed.insert(payout.batch.clone()));
                        let account = Account { party: payout.party.clone(), bucket: Bucket::Payable };
                        let payable = before.balances.get(&account).copied().unwrap_or_default();
                        prop_assert!(book.batches[&payout.batch].amount <= payable);
                        prop_assert!(*book.balances.get(&account).unwrap() >= Minor::ZERO);
                    }
                }
                Outcome::Duplicate => prop_assert_eq!(known, Some(event)),
                Outcome::Reject(_) => {}
            }
            if outcome != Outcome::Ok {
                prop_assert_eq!(&before, &book, "nothing changes");
                prop_assert!(posted.is_empty());
            }
            for entry in &posted {
                prop_assert_eq!(entry.sum().unwrap(), Minor::ZERO);
                prop_assert_eq!((&entry.event, entry.version), (&event.id, 1));
                prop_assert!(entry.postings.iter().all(|posting| !posting.amount.is_zero()));
                let of_payout = entry.postings.iter().any(|posting| posting.account.bucket == Bucket::InPayout);
                prop_assert_eq!(entry.unit.is_none(), of_payout);
                for posting in &entry.postings {
                    *journal.entry(posting.account.clone()).or_default() += posting.amount.get();
                }
            }
            entries.extend(posted);
            for (account, amount) in &book.balances {
                prop_assert_eq!(journal.get(account).copied().unwrap_or(0), amount.get(), "{}", account);
            }
            check_limits(&deal, &book)?;
        }
        let currency = Currency::CNY;
        let lines = |text: &str| text.lines().filter(|line| line.starts_with(' ')).count();
        let postings: usize = entries.iter().map(|entry| entry.postings.len()).sum();
        prop_assert_eq!(lines(&ledger(&entries, currency)), postings);
        prop_assert_eq!(lines(&beancount(&entries, currency, None)), postings);
    }

    /// I4: how refunds are cut and ordered does not matter.
    #[test]
    fn any_way_to_the_same_state_leaves_the_same_balances(
        deal in deals(),
        bases in proptest::collection::vec((1..120_000_i128, 0..=100_i128), 1..6),
        cuts in proptest::collection::vec((0..6_usize, 1..5_i128), 0..12),
        shuffle in proptest::collection::vec(any::<u32>(), 40),
    ) {
        let deal = Deal { limit: None, ..deal };
        let sign = json!({"id": "sign", "type": "milestone", "name": "sign"});
        let line = |number: usize| format!("L{number}");
        let goal: Vec<_> = bases.iter().map(|(base, percent)| base * percent / 100).collect();
        let mut straight = vec![event(&sign)];
        for (number, (base, _)) in bases.iter().enumerate() {
            straight.push(event(&paid(&format!("p{number}"), &line(number), *base)));
        }
        for (number, base) in goal.iter().enumerate() {
            straight.push(event(&refund(&format!("f{number}"), &line(number), *base)));
        }

        // The same refunds in pieces, each somewhere behind its payment.
        let mut left = goal;
        let mut pieces: Vec<(usize, i128)> = Vec::new();
        for (place, parts) in cuts {
            let place = place % left.len();
            let piece = left[place] / parts;
            left[place] -= piece;
            pieces.push((place, piece));
        }
        pieces.extend(left.iter().copied().enumerate());
        let mut keyed: Vec<(u32, Value)> = vec![(shuffle[0], sign)];
        let mut key = shuffle.iter().skip(1).cycle();
        let mut paid_at = Vec::new();
        for (number, (base, _)) in bases.iter().enumerate() {
            let at = key.next().unwrap() / 2;
            paid_at.push(at);
            keyed.push((at, paid(&format!("p{number}"), &line(number), *base)));
        }
        for (number, (place, piece)) in pieces.iter().enumerate() {
            let at = paid_at[*place] + 1 + key.next().unwrap() % (u32::MAX / 2);
            keyed.push((at, refund(&format!("piece{number}"), &line(*place), *piece)));
        }
        keyed.sort_by_key(|(at, _)| *at);
        let winding: Vec<_> = keyed.iter().map(|(_, value)| event(value)).collect();
        let ((one, _, first), (other, _, second)) = (run(&deal, &straight), run(&deal, &winding));
        prop_assert!(first.iter().chain(&second).all(|outcome| *outcome == Outcome::Ok));
        prop_assert_eq!(super::balances(&one), super::balances(&other));
    }

    /// I5: when everything comes back, nothing variable is left.
    #[test]
    fn a_full_refund_leaves_no_variable_unit(deal in deals(), tries in tries()) {
        let deal = Deal { guarantee: None, ..deal };
        let (mut book, _, _) = run(&deal, &events(&tries));
        let lines: Vec<_> = book.lines.keys().cloned().collect();
        for line in lines {
            let terms = book.newest().unwrap().base.clone();
            let rest = book.lines.get(&line).unwrap().net_base(&terms).unwrap();
            let back = event(&refund(&format!("all of {line}"), line.as_str(), rest.get()));
            prop_assert_eq!(book.submit(&back).0, Outcome::Ok);
        }
        let fixed = |id: &UnitId| matches!(id, UnitId::Segment { part: Part::Component(3), .. });
        for (id, unit) in &book.units {
            prop_assert!(fixed(id) || (unit.worth.net.is_zero() && unit.worth.fee.is_zero()), "{:?}", id);
        }
    }

    /// I11: cap and guarantee bound the variable components.
    #[test]
    fn cap_and_guarantee_hold(deal in deals(), tries in tries()) {
        let (book, _, _) = run(&deal, &events(&tries));
        let is_variable = |id: &UnitId| !matches!(id, UnitId::Segment { part: Part::Component(3), .. });
        let units = book.units.iter().filter(|(id, _)| is_variable(id));
        let variable: i128 = units.map(|(_, unit)| unit.worth.net.get()).sum();
        let signed = !book.milestones.is_empty();
        let floor = deal.guarantee.filter(|_| signed);
        if let Some(cap) = deal.cap {
            prop_assert!(variable <= cap.max(floor.unwrap_or(0)));
        }
        if let Some(floor) = floor {
            prop_assert!(variable >= floor);
        }
    }

    /// I15: a contract reckons in its own currency only.
    #[test]
    fn another_currency_never_enters(deal in deals(), base in 0..1_000_i128) {
        let mut book = Book::new(deal.terms());
        let mut foreign = paid("p", "L", base);
        foreign["currency"] = json!("JPY");
        prop_assert_eq!(book.submit(&event(&foreign)).0, Outcome::Reject(Reason::CurrencyOther));
        foreign["currency"] = json!("CNY");
        prop_assert_eq!(book.submit(&event(&foreign)).0, Outcome::Ok);
    }

    /// I16: what does not fit is refused, and nothing of it stays.
    #[test]
    fn too_much_is_refused_as_a_whole(deal in deals(), bases in proptest::collection::vec(any::<i128>(), 1..8)) {
        let mut book = Book::new(deal.terms());
        for (number, base) in bases.iter().enumerate() {
            let before = book.clone();
            let (outcome, _) = book.submit(&event(&paid(&format!("p{number}"), &format!("L{number}"), *base)));
            match outcome {
                Outcome::Ok => prop_assert!((0..=AMOUNT_MAX).contains(base)),
                Outcome::Duplicate | Outcome::Reject(_) => prop_assert_eq!(&before, &book),
            }
        }
    }

    /// I19: a step begins at its start and ends before the next one.
    #[test]
    fn steps_are_half_open(start in 1..1_000_000_i128, ppm in 1..=1_000_000_i128) {
        let rates = [Ppm::new(0).unwrap(), Ppm::new(ppm).unwrap()];
        let steps = Steps::new(vec![(0, rates[0]), (start, rates[1])]).unwrap();
        prop_assert_eq!((steps.rate_at(start - 1).unwrap(), steps.rate_at(start).unwrap()), (rates[0], rates[1]));
        let base = |base: i128| Minor::new(base).unwrap();
        let slab_of = |metric| slab(&steps, metric, base(metric), Rounding::Floor).unwrap().get();
        prop_assert_eq!((slab_of(start - 1), slab_of(start)), (0, start * ppm / 1_000_000));
        let marginal_of = |own| marginal(&steps, Minor::ZERO, base(own), Rounding::Floor).unwrap().get();
        prop_assert_eq!((marginal_of(start), marginal_of(start + 1)), (0, ppm / 1_000_000));
    }
}

/// I2: no bucket of a beneficiary is below zero except what deductions take from it, `payable` not below its limit; and
/// every bucket holds what the units there are worth, less what was paid out or written off.
fn check_limits(deal: &Deal, book: &Book) -> Result<(), TestCaseError> {
    let by_units = by_units(book);
    for party in ["kol", "mcn", "factory"] {
        let of = |bucket| by_units.get(&(party.to_owned(), bucket)).copied().unwrap_or(0);
        for bucket in [Bucket::Accrued, Bucket::Held, Bucket::Disputed] {
            prop_assert_eq!(held(book, party, bucket), of(bucket), "{} {}", party, bucket);
            if deal.cap.is_none() && (!deal.malus || deal.marginal) {
                prop_assert!(of(bucket) >= 0, "{} {}", party, bucket);
            }
        }
        let payable = held(book, party, Bucket::Payable);
        if let Some(limit) = deal.limit {
            prop_assert!(payable >= -limit);
        } else {
            let out = held(book, party, Bucket::InPayout) + held(book, party, Bucket::Settled);
            prop_assert_eq!(payable + out, of(Bucket::Payable));
        }
        prop_assert!(held(book, party, Bucket::InPayout) >= 0 && held(book, party, Bucket::Settled) >= 0);
    }
    prop_assert!(held(book, "brand", Bucket::Writeoff) <= 0 && held(book, "platform", Bucket::Writeoff) <= 0);
    // The index of what is due names exactly the units that wait.
    let due: BTreeSet<_> = book.units.iter().filter_map(|(id, unit)| Some((unit.due()?, id.clone()))).collect();
    prop_assert_eq!(&due, &book.due);
    Ok(())
}

/// `amount × ppm / 10^6`, half up by magnitude.
fn share(amount: i128, ppm: i128) -> i128 {
    let product = amount * ppm;
    (product.abs() + 500_000) / 1_000_000 * product.signum()
}

/// What all units of a contract come to, recomputed line by line in plain numbers: per line, tier, bonus, base fee,
/// cap and guarantee, and the fees of all.
fn audit(deal: &Deal, book: &Book) -> (Vec<i128>, i128) {
    let formula = book.newest().unwrap().base.clone();
    let is_signed = i128::from(!book.milestones.is_empty());
    let (mut gross, mut net, mut orders, mut comm, mut fees) = (0, 0, 0, 0, 0);
    for line in book.lines.values() {
        let base = line.net_base(&formula).unwrap().get();
        gross += line.gross_base(&formula).unwrap().get();
        net += base;
        orders += i128::from(base > 0);
        let earned = share(base, deal.ppm);
        comm += earned - share(earned, deal.fee);
        fees += share(earned, deal.fee);
    }
    let tier = if deal.marginal {
        let areas = (net.min(200_000) - 50_000).max(0) * 10_000 + (net - 200_000).max(0) * 30_000;
        share(areas, 1)
    } else {
        let (metric, high) =
            if deal.malus { ((gross - net) * 1_000_000 / gross.max(1), -20_000) } else { (net, 30_000) };
        share(
            net,
            if metric >= 200_000 {
                high
            } else if metric >= 50_000 {
                10_000
            } else {
                0
            },
        )
    };
    let tier_net = tier - share(tier, deal.fee);
    fees += share(tier, deal.fee);
    let bonus = if orders >= 3 { 8_888 } else { 0 };
    let variable = comm + tier_net + bonus;
    let cap = deal.cap.map_or(0, |cap| (cap - variable).min(0));
    let guarantee = deal.guarantee.map_or(0, |amount| (amount - variable - cap).max(0) * is_signed);
    (vec![comm, tier_net, bonus, 30_000 * is_signed, cap, guarantee], fees)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(400), ..ProptestConfig::default() })]

    /// Running sums come to what an auditor finds who adds up every line.
    #[test]
    fn running_sums_agree_with_an_audit_of_every_line(deal in deals(), tries in tries()) {
        let (book, _, _) = run(&deal, &events(&tries));
        let mut found = vec![0; 6];
        for (id, unit) in &book.units {
            let place = match id {
                UnitId::Line { .. } => 0,
                UnitId::Segment { part: Part::Component(place), .. } => *place,
                UnitId::Segment { part: Part::Cap, .. } => 4,
                UnitId::Segment { part: Part::Guarantee, .. } => 5,
                UnitId::Segment { part: Part::Pool(_), .. } => unreachable!("the deals have no pool"),
            };
            found[place] += unit.worth.net.get();
        }
        let (expected, fees) = audit(&deal, &book);
        prop_assert_eq!(&found, &expected);
        prop_assert_eq!(held(&book, "platform", Bucket::Fee), fees);
        prop_assert_eq!(held(&book, "brand", Bucket::Obligation), -(found.iter().sum::<i128>() + fees));
    }
}
