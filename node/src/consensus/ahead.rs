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
        for bodies in bodies {
            if verify(&desk, &bodies).is_none() {
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

/// Verifies the records of an answer's blocks on all processors but the one that executes the blocks before, where there are
/// several; none where the node is over. What is forged is found out again when its block is judged.
fn verify(desk: &Weak<Desk>, bodies: &[Bytes]) -> Option<()> {
    // Copies: what is kept must not keep the whole answer that it is a part of.
    let cut = |body: &Bytes| Verifying::cut(Bytes::copy_from_slice(body)).ok();
    let blocks: Vec<Verifying> = bodies.iter().filter_map(cut).collect();
    // All at once: whoever executes has the core for most of the time.
    let kept: Vec<Arc<Verifying>> = with(desk, |desk| {
        let mut core = desk.core()?;
        Ok(blocks.into_iter().filter_map(|block| core.keep_ahead(block)).collect())
    })?;
    for block in kept {
        block.work(processors().saturating_sub(1));
    }
    Some(())
}

fn with<T>(desk: &Weak<Desk>, work: impl FnOnce(&Desk) -> Result<T, Fault>) -> Option<T> {
    desk.upgrade()?.watched(work).ok()
}
