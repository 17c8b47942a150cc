//! What a new chain says about time.

use clap::Args;
use hefu_contracts::genesis::Parameters;

/// How long validators wait for votes, which are small and come within milliseconds. With 1.5 s for a proposal, a block
/// follows within two seconds where the one whose turn it is has died. What chains have whose genesis says nothing else, golden
/// ones among them, stays as it is.
const VOTE_TIMEOUT_MS: u64 = 300;

/// Settings of a new network.
pub fn parameters() -> Parameters {
    Parameters { vote_timeout_ms: VOTE_TIMEOUT_MS, ..Parameters::default() }
}

/// What genesis says about time.
#[derive(Debug, Args)]
pub struct Waits {
    /// Least milliseconds between two blocks
    #[arg(long, default_value_t = parameters().block_interval_ms, value_name = "MS")]
    block_interval: u64,
    /// Milliseconds after which a block is made although no record waits
    #[arg(long, default_value_t = parameters().heartbeat_ms, value_name = "MS")]
    heartbeat: u64,
    /// Milliseconds that validators wait for a proposal
    #[arg(long, default_value_t = parameters().propose_timeout_ms, value_name = "MS")]
    propose_timeout: u64,
    /// Milliseconds that validators wait for votes
    #[arg(long, default_value_t = parameters().vote_timeout_ms, value_name = "MS")]
    vote_timeout: u64,
}

impl From<Waits> for Parameters {
    fn from(waits: Waits) -> Parameters {
        let Waits { block_interval, heartbeat, propose_timeout, vote_timeout } = waits;
        Parameters {
            block_interval_ms: block_interval,
            heartbeat_ms: heartbeat,
            propose_timeout_ms: propose_timeout,
            quota: None,
            vote_timeout_ms: vote_timeout,
        }
    }
}
