//! Verifying blocks that this node will be asked about, on threads of their own.

use std::{
    io,
    sync::{Arc, Weak, mpsc},
    thread,
};

use bytes::Bytes;
use hefu_contracts::state::Fault;

use crate::{
    core::{Verifying, processors},
    ledger::Desk,
};

/// Answers of others that wait to be looked at. Each may have some ten megabytes; what finds no room is verified when its turn
/// comes.
const ANSWERS_MAX: usize = 8;

/// Where bodies go that others serve; the thread ends when this is dropped.
///
/// # Errors
/// Where the system has no thread left.
pub(super) fn start(desk: &Arc<Desk>) -> io::Result<impl Fn(Vec<Bytes>) + Send + Sync + use<>> {
    let (send, bodies) = mpsc::sync_channel::<Vec<Bytes>>(ANSWERS_MAX);
    // A node that has stopped is not kept open by what nobody will ask for.
    let desk = Arc::downgrade(desk);
    thread::Builder::new().name("ahead".to_owned()).spawn(move || {
        for body in bodies.into_iter().flatten() {
            if verify(&desk, &body).is_none() {
                return;
            }
        }
    })?;
    Ok(move |bodies| {
        if send.try_send(bodies).is_err() {
            tracing::debug!("these blocks are not verified ahead");
        }
    })
}

/// Verifies a block's records on all processors but the one that executes the blocks before, where there are several; none
/// where the node is over. What is forged is found out again when the block is judged.
fn verify(desk: &Weak<Desk>, body: &Bytes) -> Option<()> {
    // A copy: what is kept must not keep the whole answer that it is a part of.
    let Ok(block) = Verifying::cut(Bytes::copy_from_slice(body)) else { return Some(()) };
    let kept = with(desk, |desk| Ok(desk.core()?.keep_ahead(block)))?;
    if let Some(block) = kept {
        block.work(processors().saturating_sub(1));
    }
    Some(())
}

fn with<T>(desk: &Weak<Desk>, work: impl FnOnce(&Desk) -> Result<T, Fault>) -> Option<T> {
    desk.upgrade()?.watched(work).ok()
}
