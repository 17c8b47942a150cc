//! By what an event is known again without being kept.

use std::hash::{Hash, Hasher};

use sha2::{Digest as _, Sha256};

/// The first half of a SHA-256 over a value as it lies in this program's memory: it is compared, never stored or sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Digest([u8; 16]);

impl Digest {
    pub fn of(value: &impl Hash) -> Digest {
        let mut feed = Feed(Sha256::new());
        value.hash(&mut feed);
        let whole: [u8; 32] = feed.0.finalize().into();
        let (half, _) = whole.split_first_chunk().unwrap_or((&[0; 16], &[]));
        Digest(*half)
    }
}

/// Takes what a value consists of, field by field.
struct Feed(Sha256);

impl Hasher for Feed {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let whole: [u8; 32] = self.0.clone().finalize().into();
        whole.first_chunk().map_or(0, |first| u64::from_le_bytes(*first))
    }
}
