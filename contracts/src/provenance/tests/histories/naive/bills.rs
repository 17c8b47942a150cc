//! What goes into what, and how much of it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Broken, Model};
use crate::{
    provenance::tests::histories::{
        cast::{Told, trade_item},
        law::{BILLS, Bill},
    },
    refusal::Code,
};

/// Pieces by trade item.
fn counted(things: &[usize], lots: &[(usize, u64)]) -> BTreeMap<&'static str, u64> {
    let mut pieces = BTreeMap::new();
    let all = things.iter().map(|thing| (*thing, 1)).chain(lots.iter().copied());
    for (thing, some) in all {
        if let Some(item) = trade_item(thing) {
            *pieces.entry(item).or_default() += some;
        }
    }
    pieces
}

/// A bill, for how many pieces, and the bounds that hold where it has none.
type Asked = (&'static Bill, u64, Option<(u64, u64)>);

fn in_force(item: &str, at: u64) -> Option<&'static Bill> {
    BILLS.iter().filter(|bill| bill.of == item && bill.from <= at).max_by_key(|bill| bill.from)
}

impl Model {
    /// What a production breaks of the bills of what it makes; and whether it used neither too much nor too little.
    pub(super) fn billed(told: &Told, no: &mut Broken) -> bool {
        let used = counted(&told.things, &told.lots);
        let made = counted(&told.outputs, &told.lots_out);
        let first = made.iter().filter_map(|(item, some)| Some((in_force(item, told.at)?, *some, None)));
        let mut open: Vec<Asked> = first.collect();
        let (bills, mut listed, mut fits) = (open.len(), BTreeSet::new(), true);
        while let Some((bill, pieces, around)) = open.pop() {
            let bounds = bill.bounds.or(around);
            for line in bill.lines {
                let choices: Vec<&str> = [line.item].into_iter().chain(line.or.iter().copied()).collect();
                listed.extend(choices.iter().copied());
                let some: u64 = choices.iter().filter_map(|choice| used.get(choice)).sum();
                let asked = line.amount * pieces;
                let own = in_force(line.item, told.at).filter(|_| line.module);
                match (some, own) {
                    (0, Some(own)) => open.push((own, asked, bounds)),
                    (0, None) => {
                        no.insert(Code::BomMissing);
                    }
                    (some, _) => {
                        fits &= bounds
                            .is_none_or(|(least, most)| (least * some..=most * some).contains(&(asked * 1_000_000)));
                    }
                }
            }
        }
        if bills > 0 && used.keys().any(|item| !listed.contains(item)) {
            no.insert(Code::BomInput);
        }
        fits
    }
}
