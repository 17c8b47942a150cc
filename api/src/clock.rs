//! The node's clock. It dates what the node says and ends what it lets in; no rule ever reads it.

use std::time::{SystemTime, UNIX_EPOCH};

use hefu_contracts::time::Time;

use crate::problem::{Door, Problem};

/// What it shows.
///
/// # Errors
/// `E-NODE-FAULT` where it cannot be right.
pub fn now() -> Result<Time, Problem> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).ok();
    let millis = since.and_then(|since| i64::try_from(since.as_millis()).ok());
    millis.and_then(Time::from_millis).ok_or_else(|| {
        tracing::error!("the clock stands before 1970 or after 9999");
        Door::NodeFault.into()
    })
}
