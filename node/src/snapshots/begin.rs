//! How a node without a store begins.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::Context;
use hefu_contracts::genesis::Genesis;
use hefu_gossip::{Gossip, GossipConfig};
use tokio::{runtime::Handle, task};

use super::{
    Snapshots,
    lines::Lines,
    restore::{Progress, Stop, fill},
};
use crate::{
    config::Records,
    store::{Restoring, exists, sweep},
};

/// How long the others are waited for where not all of them are there. A node that begins without them executes all
/// blocks, which is only slower.
const OTHERS_WITHIN: Duration = Duration::from_secs(5);

/// From one line about the progress to the next.
const TELL_EVERY: Duration = Duration::from_secs(2);

/// What a node begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Begun {
    /// What was there before: a store, or nothing.
    AsItWas,
    /// A store that others have handed over.
    Restored,
}

/// Where there is no store and others have a snapshot, makes one of it.
///
/// # Errors
/// Where the network of records cannot be started, or the disk fails. That others have nothing, or lie, is no error.
pub(crate) async fn begin(
    data: &Path,
    genesis: &Genesis,
    seed: [u8; 32],
    (records, snapshots): (Option<&Records>, Snapshots),
) -> anyhow::Result<Begun> {
    sweep(data)?;
    let Some(Records { listen, peers }) = records else { return Ok(Begun::AsItWas) };
    if exists(data) || !snapshots.restore || peers.is_empty() {
        return Ok(Begun::AsItWas);
    }
    let config = GossipConfig { chain: genesis.chain(), seed, listen: listen.clone(), peers: peers.clone() };
    let others = peers.len();
    let (gossip, events) = Gossip::start(config).await.context("asking others for a snapshot")?;
    let lines = Lines::new(gossip, events, Handle::current());
    let (data, genesis) = (data.to_owned(), genesis.clone());
    let restored = task::spawn_blocking(move || restore(&data, &genesis, lines, others));
    restored.await.context("restoring a snapshot")?
}

fn restore(data: &Path, genesis: &Genesis, mut lines: Lines, others: usize) -> anyhow::Result<Begun> {
    tracing::info!("this node has no store: asking others for a snapshot");
    lines.wait(others, OTHERS_WITHIN);
    let begun = Instant::now();
    let mut told = begun;
    let mut tell = |Progress { what, done, total }: Progress| {
        if told.elapsed() >= TELL_EVERY || done == total {
            told = Instant::now();
            tracing::info!(done, total, "restoring: {what}");
        }
    };
    let mut left_out = Vec::new();
    let why = loop {
        let (place, store) = Restoring::begin(data)?;
        let filled = fill(genesis, &store, &mut lines, &mut left_out, &mut tell);
        drop(store);
        match filled {
            Ok(mark) => {
                lines.close();
                place.finish()?;
                let seconds = begun.elapsed().as_secs();
                tracing::info!(block.height = mark.height.get(), block.id = %mark.block, seconds, "snapshot restored");
                return Ok(Begun::Restored);
            }
            Err(Stop::Fault(fault)) => return Err(anyhow::Error::new(fault).context("restoring a snapshot")),
            Err(why @ Stop::Nobody(_)) => {
                place.remove()?;
                tracing::warn!(reason = %why, "what was offered could not be had: another snapshot is looked for");
            }
            Err(why @ Stop::None) => {
                place.remove()?;
                break why;
            }
        }
    };
    lines.close();
    tracing::info!(reason = %why, "no snapshot is restored: this node executes all blocks");
    Ok(Begun::AsItWas)
}
