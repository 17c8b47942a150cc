//! The items that left with an order line.
//!
//! A code says nothing of its price, and anybody may look it up; that it was sold under a contract is told with the account of
//! that contract, to whoever reads that.

use hefu_contracts::agreements::{LineRow, SoldRow};

use crate::{
    ledger::Ledger,
    problem::Problem,
    views::{LineItemView, SoldState},
};

/// Most items that are told of a line.
const ITEMS_MAX: usize = 100;

/// The first items that left with a line. What was sold again since is told by nodes that were there then.
pub(super) fn of_line(ledger: &dyn Ledger, line: &str, row: &LineRow) -> Result<Vec<LineItemView>, Problem> {
    if row.codes == 0 {
        return Ok(Vec::new());
    }
    let line = format!("line/{line}");
    let mut items = Vec::new();
    for key in ledger.onward(&line, None, None, ITEMS_MAX)? {
        if let Some(sold) = ledger.row(&key)?.and_then(|row| row.data.into_kind::<SoldRow>()) {
            let id = format!("https://id.gs1.org/{}", key.trim_start_matches("sold/"));
            items.push(LineItemView { id, state: state(&sold, &line) });
        }
    }
    Ok(items)
}

/// What left with another line afterwards had come back from this one.
fn state(sold: &SoldRow, line: &str) -> SoldState {
    if sold.line != line || sold.returned.is_some() {
        SoldState::Returned
    } else if sold.refunded.is_some() {
        SoldState::Refunded
    } else {
        SoldState::Sold
    }
}

#[cfg(test)]
mod tests {
    use hefu_keys::Hash;

    use super::*;

    #[test]
    fn an_item_is_sold_until_it_is_refunded_comes_back_or_leaves_with_another_line() {
        let (line, record) = ("line/shop/1", Some(Hash::ZERO));
        let sold = SoldRow { line: line.to_owned(), record: Hash::ZERO, refunded: None, returned: None };
        assert_eq!(state(&sold, line), SoldState::Sold);
        assert_eq!(state(&SoldRow { refunded: record, ..sold.clone() }, line), SoldState::Refunded);
        assert_eq!(state(&SoldRow { returned: record, ..sold.clone() }, line), SoldState::Returned);
        assert_eq!(state(&sold, "line/shop/2"), SoldState::Returned);
    }
}
