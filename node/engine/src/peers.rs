//! Waiting for the other validators before the first height.

use std::time::Duration;

use hefu_keys::Address;
use malachite::NetworkRequest;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

use crate::validators::Validators;

/// How long a starting node waits for the others. Without waiting it would open its height, miss the body that is sent
/// at that moment, and cost the others a round; a validator that is down must not hold it up much longer than that.
const WAIT_MAX: Duration = Duration::from_secs(3);

const POLL: Duration = Duration::from_millis(50);

/// Waits until every other validator is connected and has proven who it is, but not for ever. Whoever does not vote opens no
/// height, and follows as soon as there is one to follow.
pub(crate) async fn gather(network: &mpsc::Sender<NetworkRequest>, validators: &Validators, me: &Address) {
    let others = if validators.contains(me) { validators.len().saturating_sub(1) } else { 1 };
    let deadline = Instant::now().checked_add(WAIT_MAX);
    loop {
        let found = connected(network, validators).await;
        if found >= others {
            return;
        }
        if deadline.is_none_or(|deadline| Instant::now() >= deadline) {
            tracing::warn!(peers.found = found, peers.expected = others, "starting without all validators");
            return;
        }
        sleep(POLL).await;
    }
}

async fn connected(network: &mpsc::Sender<NetworkRequest>, validators: &Validators) -> usize {
    let dump = match NetworkRequest::dump_state(network).await {
        Ok(Some(dump)) => dump,
        Ok(None) | Err(_) => return 0,
    };
    let proven = dump.peers.values().filter_map(|peer| {
        let key: [u8; 32] = peer.consensus_public_key.as_deref()?.try_into().ok()?;
        Some(Address::from_bytes(key))
    });
    proven.filter(|address| validators.contains(address)).count()
}
