//! Serving decided blocks to nodes that are behind.

use std::ops::RangeInclusive;

use bytes::Bytes;
use hefu_contracts::{certificate::Certificate, height::Height, register::Fault};

use super::Core;

/// A decided block as it was proposed.
#[derive(Clone, Debug)]
pub struct Served {
    /// Its certificate.
    pub certificate: Certificate,
    /// Its text.
    pub body: Bytes,
}

impl Core {
    /// Decided blocks: consecutive, beginning with the first of `heights`, as many as fit into `bytes_max` together,
    /// but at least the first if it is there.
    ///
    /// # Errors
    /// [`Fault`] from the storage.
    pub fn decided(&self, heights: RangeInclusive<u64>, bytes_max: usize) -> Result<Vec<Served>, Fault> {
        let mut served: Vec<Served> = Vec::new();
        let mut bytes: usize = 0;
        for height in heights {
            let Some(height) = Height::new(height).filter(|height| *height <= self.height()) else { break };
            let Some((certificate, text)) = self.chain.body(height)? else { break };
            bytes = bytes.saturating_add(text.len());
            if bytes > bytes_max && !served.is_empty() {
                break;
            }
            served.push(Served { certificate, body: Bytes::from(text) });
        }
        Ok(served)
    }

    /// The lowest height that can be served: this node keeps all of them.
    pub fn history_min(&self) -> Height {
        Height::GENESIS.next()
    }
}
