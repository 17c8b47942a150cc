//! By what an event is known again without being kept.

use std::hash::{BuildHasherDefault, Hash, Hasher};

use sha2::{Digest as _, Sha256};

/// The first half of a SHA-256 over a value as it lies in this program's memory: it is compared, never stored or sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Digest([u8; 16]);

/// For tables of digests: they are spread evenly as they are, and nobody can choose them to collide.
pub(super) type AsIs = BuildHasherDefault<Spread>;

impl Digest {
    pub fn of(value: &impl Hash) -> Digest {
        let mut feed = Feed(Sha256::new());
        value.hash(&mut feed);
        let whole: [u8; 32] = feed.0.finalize().into();
        let (half, _) = whole.split_first_chunk().unwrap_or((&[0; 16], &[]));
        Digest(*half)
    }
}

impl Hash for Digest {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0.first_chunk().map_or(0, |first| u64::from_le_bytes(*first)));
    }
}

/// The one number that it is given.
#[derive(Debug, Default)]
pub(super) struct Spread(u64);

impl Hasher for Spread {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |all, byte| all.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }

    fn finish(&self) -> u64 {
        self.0
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
