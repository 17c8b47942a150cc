//! Invariant I18: whatever happens later, what an account and a closed statement said stays as it was.

use super::*;
use crate::{agreements::StatementRow, tests::kept::Kept};

/// The entries and statements of a trade at some time.
pub(in crate::agreements) struct Written {
    entries: BTreeMap<(String, u64), String>,
    statements: BTreeMap<String, StatementRow>,
}

impl Written {
    pub(in crate::agreements) fn of(trade: &Trade) -> Written {
        let entries = trade.world.entries.iter().map(|(place, entry)| (place.clone(), entry.clone())).collect();
        let statements = trade.world.rows.iter().filter_map(|(key, row)| match &row.data {
            Data::Statement(statement) => Some((key.clone(), StatementRow::clone(statement))),
            _ => None,
        });
        Written { entries, statements: statements.collect() }
    }

    /// Every entry is as it was to the byte, and every statement but for its acceptance, which happens once.
    #[track_caller]
    pub(in crate::agreements) fn stands(&self, trade: &Trade) {
        let now = Written::of(trade);
        for (place, entry) in &self.entries {
            assert_eq!(now.entries.get(place), Some(entry), "{place:?} has changed");
        }
        for (key, before) in &self.statements {
            let mut after = now.statements[key].clone();
            if before.accepted.is_none() {
                after.accepted = None;
            }
            assert_eq!(&after, before, "{key} has changed");
        }
    }
}

#[test]
fn a_closed_statement_never_changes() {
    let mut trade = Trade::new();
    let first = trade.sign(&sheet("C1")).unwrap();
    for order in ["one", "two", "three"] {
        trade.paid(order, 10_000, &[("C1", 1_000_000)]).unwrap();
        trade.received(order).unwrap();
    }
    trade.wait(16);
    trade.release("C1", &["one", "two", "three"].map(unit)).unwrap();
    trade.take("corenest", Action::StatementIssue, json!({"contract": "C1", "period": "2026-09"})).unwrap();
    let written = Written::of(&trade);
    assert_eq!((written.statements.len(), written.entries.is_empty()), (4, false));
    let stated = |world: crate::tests::World| {
        let kept = Kept::new(world);
        let which = crate::agreements::bundle::Which { contract: "C1", party: "adu", number: 1 };
        let bundle =
            crate::agreements::bundle::build(&kept, &kept.tree, which, crate::agreements::bundle::Extent::Plain);
        let proven = bundle.unwrap().unwrap().check(&kept.chain()).unwrap();
        (proven.statement.opening, proven.statement.closing, proven.entries)
    };

    trade.take("adu", Action::StatementAccept, json!({"contract": "C1", "number": 1})).unwrap();
    trade.refunded("one", 5_000, 0).unwrap();
    trade.take("mcn", Action::DisputeOpen, json!({"contract": "C1", "reason": "amount", "unit": unit("two")})).unwrap();
    let payouts = json!([{"amount": "100", "contract": "C1", "party": "adu"}]);
    trade.take("corenest", Action::PayoutInstruct, json!({"batch": "B", "payouts": payouts})).unwrap();
    let higher = json!({"components": [{"id": "comm", "kind": "per_line", "ppm": "300000", "fee_ppm": "100000"}]});
    trade.sign(&amended(&sheet("C1"), first, "2026-10-08T00:00:00+08:00", &higher)).unwrap();
    trade.wait(31);
    trade.take("corenest", Action::StatementIssue, json!({"contract": "C1", "period": "2026-10"})).unwrap();

    written.stands(&trade);
    let (opening, closing, entries) = stated(trade.world);
    let before = &written.statements["statement/C1/adu/1"];
    assert_eq!((&opening, &closing), (&before.opening, &before.closing));
    assert_eq!(u64::try_from(entries.len()), Ok(closing.n));
}
