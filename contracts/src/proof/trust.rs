//! Light trust: a block that the reader knows to be of the chain, so that nothing from before it, or beside it, counts.
//!
//! Genesis alone names validators of long ago, whose keys may be in other hands by now. Whoever remembers a newer block by
//! its id takes that block's word on who signs from then on.

use std::{fmt, str::FromStr};

use hefu_keys::{BadHash, Hash};
use thiserror::Error;

use super::{Broken, Proof, What};
use crate::height::Height;

/// A block by its height and id, written `HEIGHT:HASH`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trust {
    /// Its height.
    pub height: Height,
    /// Its id: the hash of its header.
    pub block: Hash,
}

/// A text that names no block.
#[derive(Debug, Error)]
pub enum BadTrust {
    /// Nothing parts height and hash.
    #[error("a block is written HEIGHT:HASH, such as 1200:5c1f…")]
    Form,
    /// The first part is no height.
    #[error("the height is not a number from 1")]
    Height,
    /// The second part is no hash.
    #[error(transparent)]
    Hash(#[from] BadHash),
}

impl FromStr for Trust {
    type Err = BadTrust;

    fn from_str(text: &str) -> Result<Trust, BadTrust> {
        let (height, block) = text.split_once(':').ok_or(BadTrust::Form)?;
        let height = height.parse().ok().filter(|height| *height > 0).and_then(Height::new).ok_or(BadTrust::Height)?;
        Ok(Trust { height, block: block.parse()? })
    }
}

impl fmt::Display for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.height, self.block)
    }
}

impl Proof {
    /// That what is proven stands in the trusted block or follows it, signed by the validators that this block names.
    ///
    /// A proof of a later block must hold the trusted header, as a node puts it in where it is asked to
    /// (`?since=HEIGHT`). [`Proof::check`] has to be asked as well: this adds to it.
    ///
    /// # Errors
    /// [`Broken`] with [`What::Trust`].
    pub fn check_trust(&self, trust: &Trust) -> Result<(), Broken> {
        let broken = |reason: String| Err(Broken::new(What::Trust, reason));
        let (proven, trusted) = (self.header.height, trust.height);
        if proven < trusted {
            return broken(format!("it is as of block {proven}, block {trusted} is known"));
        }
        if proven == trusted {
            let id = self.header.id();
            return if id == trust.block {
                Ok(())
            } else {
                broken(format!("block {trusted} is {id}, not {}", trust.block))
            };
        }
        let Some(since) = &self.since else {
            return broken(format!("it does not hold the header of block {trusted}, which was asked for"));
        };
        if since.height != trusted || since.id() != trust.block {
            return broken(format!("it holds block {}:{}, not {trust}", since.height, since.id()));
        }
        if since.chain != self.header.chain {
            return broken(format!("block {trusted} is of chain {}", since.chain));
        }
        // Who signs later blocks follows from the trusted one only as long as nobody has joined or left.
        if self.header.members_since > trusted.next() || self.header.members != since.next_members {
            return broken(format!("the validators have changed since block {trusted}"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
