//! Asking a ledger without holding up other requests.

use std::sync::Arc;

use actix_web::web;

use crate::{
    ledger::Ledger,
    problem::{Door, Problem},
};

/// Reads from the ledger on a thread of its own, because a read may wait for the disk.
///
/// # Errors
/// What `read` fails with; `E-NODE-STOPPING` where there are no threads any more.
pub async fn reading<T, E, R>(ledger: &Arc<dyn Ledger>, read: R) -> Result<T, Problem>
where
    T: Send + 'static,
    E: Into<Problem> + Send + 'static,
    R: FnOnce(&dyn Ledger) -> Result<T, E> + Send + 'static,
{
    let ledger = Arc::clone(ledger);
    match web::block(move || read(&*ledger)).await {
        Ok(answer) => answer.map_err(Into::into),
        Err(_) => Err(Door::NodeStopping.into()),
    }
}
