//! Onward: what leads on to what, so that somebody who has a lot in question finds what came of it.
//!
//! Rows point backwards: a product to the transformations that it came of, these to what they used up, a thing to what
//! encloses it. Rules follow those pointers and need no others. To go the other way a node keeps an index of them beside
//! the register; it can be rebuilt from the rows, and whoever reads it looks at the rows as well, because they change.

use crate::row::{Data, Row, key_of_place};

/// Rows that lead on to this one: of a thing what it came of, where it was made and what encloses it, of a transformation what it used up, of
/// a balance its lot, of a code that was sold the order line that it left with.
pub fn behind(row: &Row) -> Vec<String> {
    match &row.data {
        Data::Thing(thing) => {
            let parent = thing.parent.iter().map(|parent| parent.key.clone());
            let sites = thing.made.iter().map(|making| key_of_place(&making.site));
            thing.sources.iter().cloned().chain(parent).chain(sites).collect()
        }
        Data::Transformation(made) => made.inputs.clone(),
        Data::Balance(_) => lot_of_balance(&row.key).into_iter().collect(),
        Data::Sold(sold) => vec![sold.line.clone()],
        Data::Party(_)
        | Data::Prefix(_)
        | Data::Site(_)
        | Data::Key(_)
        | Data::Authority(_)
        | Data::Product(_)
        | Data::Batch(_)
        | Data::Event(_)
        | Data::Feed(_)
        | Data::Agreement(_)
        | Data::Terms(_)
        | Data::Account(_)
        | Data::Sale(_)
        | Data::Segment(_)
        | Data::Order(_)
        | Data::Payout(_)
        | Data::Cost(_)
        | Data::Adjustment(_)
        | Data::Dispute(_)
        | Data::Statement(_)
        | Data::Line(_)
        | Data::Transit(_)
        | Data::Recall(_)
        | Data::Bom(_)
        | Data::Members(_)
        | Data::Quota(_)
        | Data::Evidence(_) => Vec::new(),
    }
}

/// Row of the lot or class of a balance's row: `balance/<unit>/<lot>@<who>`.
pub fn lot_of_balance(key: &str) -> Option<String> {
    let (_, rest) = key.strip_prefix("balance/")?.split_once('/')?;
    // No path of a lot holds an `@`.
    Some(format!("lot/{}", rest.split_once('@')?.0))
}

/// Beginnings of the keys of all rows that something leads on to.
pub const LED_TO: [&str; 7] = ["balance/", "container/", "item/", "lot/", "sold/", "thing/", "transformation/"];
