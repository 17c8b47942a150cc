//! Heights: positions in the chain.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de::Error};

/// Largest integer that every JSON reader keeps exactly, 2^53 − 1 (RFC 8259 §6): no count on the wire exceeds it.
pub const JSON_INTEGER_MAX: u64 = 9_007_199_254_740_991;

/// Position of a block in the chain. The first block has height 1; 0 stands for genesis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Height(u64);

impl Height {
    /// The state that genesis describes, before any block.
    pub const GENESIS: Height = Height(0);

    /// A height, or `None` where `value` is not a JSON integer below 2^53.
    pub const fn new(value: u64) -> Option<Height> {
        if value <= JSON_INTEGER_MAX { Some(Height(value)) } else { None }
    }

    /// The number itself.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The height after this one; at the end of all heights it stays.
    #[must_use]
    pub const fn next(self) -> Height {
        if self.0 < JSON_INTEGER_MAX { Height(self.0.saturating_add(1)) } else { self }
    }
}

impl fmt::Display for Height {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de> Deserialize<'de> for Height {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = u64::deserialize(deserializer)?;
        Height::new(value).ok_or_else(|| D::Error::custom(format!("height {value} exceeds 2^53 - 1")))
    }
}
