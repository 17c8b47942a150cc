//! Verifying blocks that this node will be asked about, on a thread of its own.

use std::{
    io,
    sync::{Arc, Weak, mpsc},
    thread,
};

use bytes::Bytes;
use hefu_contracts::state::Fault;

use crate::{
    core::{Early, Sealed},
    ledger::Desk,
};

/// Records verified before they are handed over: a block that is judged meanwhile has the use of them.
const TOGETHER: usize = 128;

/// Where bodies go that others serve; the thread ends when this is dropped.
///
/// # Errors
/// Where the system has no thread left.
pub(super) fn start(desk: &Arc<Desk>) -> io::Result<impl Fn(Vec<Bytes>) + Send + Sync + use<>> {
    let (send, bodies) = mpsc::channel::<Vec<Bytes>>();
    // A node that has stopped is not kept open by what nobody will ask for.
    let desk = Arc::downgrade(desk);
    thread::Builder::new().name("ahead".to_owned()).spawn(move || {
        for body in bodies.into_iter().flatten() {
            if verify(&desk, body).is_none() {
                return;
            }
        }
    })?;
    Ok(move |bodies| {
        if send.send(bodies).is_err() {
            tracing::debug!("nothing is verified ahead any more");
        }
    })
}

/// Verifies a block's records; none where the node is over.
fn verify(desk: &Weak<Desk>, body: Bytes) -> Option<()> {
    let Some(early) = Early::cut(body) else { return Some(()) };
    for texts in early.texts().chunks(TOGETHER) {
        let new = with(desk, |desk| Ok(desk.core()?.unverified(&early, texts)))?;
        // What is forged is found out again when the block is judged.
        let records: Vec<Sealed> = new.into_iter().filter_map(|text| Sealed::read(text.to_vec()).ok()).collect();
        if !records.is_empty() {
            with(desk, |desk| {
                desk.core()?.verified(&early, records);
                Ok(())
            })?;
        }
    }
    Some(())
}

fn with<T>(desk: &Weak<Desk>, work: impl FnOnce(&Desk) -> Result<T, Fault>) -> Option<T> {
    desk.upgrade()?.watched(work).ok()
}
