//! Detached parts: values and lists that a record commits to without containing them.
//!
//! A list's commitment is a Merkle root, so one element can be shown without the others; every element has a salt of
//! its own, so nothing can be guessed of those that are not shown. A value's commitment is one salted hash: with text
//! and salt erased, nothing of the value is left.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::merkle::{self, BadPath};
use crate::spelled::spelled;
use crate::{Hash, NoRandomness};

const LEAF_TAG: u8 = 0x00;

/// 32 random bytes that make a commitment impossible to guess; base64url without padding.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Salt([u8; 32]);

/// A text that is not a salt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a salt is 32 bytes in base64url without padding")]
pub struct BadSalt;

/// What a record says of a list: how many elements, and the root over them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListPart {
    /// The number of elements.
    pub count: u64,
    /// The Merkle root over the salted elements.
    pub root: Hash,
}

/// What a record says of a single value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValuePart {
    /// SHA-256(0x00 ‖ salt ‖ canonical value).
    pub sha256: Hash,
}

/// One element of a list, with what proves that it belongs to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disclosed {
    /// The element's text.
    pub element: String,
    /// Its place in the list, from 0.
    pub index: u64,
    /// The Merkle path, as [`merkle::path_text`] writes it.
    pub path: String,
    /// The element's own salt, SHA-256(salt ‖ u32be index); the list's salt stays hidden.
    pub salt: Hash,
}

/// Why elements cannot be committed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadList {
    /// An element is not above its predecessor in the order of UTF-8 bytes.
    #[error("element {0} is out of order: elements are sorted by their UTF-8 bytes")]
    Order(usize),
    /// An element equals its predecessor.
    #[error("element {0} is listed twice")]
    Twice(usize),
    /// More elements than an index of 32 bits can name.
    #[error("a list of {0} elements is too long")]
    Length(usize),
    /// An element that the list does not have was to be shown.
    #[error("element {index} of a list of {count} does not exist")]
    Index {
        /// The place asked for.
        index: usize,
        /// The number of elements.
        count: usize,
    },
}

/// Why a disclosed element does not belong to a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotDisclosed {
    /// The path is malformed or of the wrong length.
    #[error(transparent)]
    Path(#[from] BadPath),
    /// Element, salt and path lead to another root than the record's.
    #[error("the element does not lead to the root that the record commits to")]
    Root,
}

impl Salt {
    /// A new salt from the operating system's randomness.
    pub fn generate() -> Result<Salt, NoRandomness> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|_| NoRandomness)?;
        Ok(Salt(bytes))
    }

    /// A salt given by its bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Salt {
        Salt(bytes)
    }

    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE64_URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for Salt {
    /// A salt hides a value as long as nobody knows it, so it does not get into logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salt(…)")
    }
}

impl FromStr for Salt {
    type Err = BadSalt;

    fn from_str(text: &str) -> Result<Salt, BadSalt> {
        let bytes = Zeroizing::new(BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| BadSalt)?);
        bytes.as_slice().try_into().map(Salt).map_err(|_| BadSalt)
    }
}

spelled!(Salt, "32 bytes in base64url without padding");

/// Commits to `elements`, which must be sorted by their UTF-8 bytes and distinct.
pub fn list(salt: &Salt, elements: &[String]) -> Result<ListPart, BadList> {
    let leaves = leaves(salt, elements)?;
    let count = u64::try_from(leaves.len()).map_err(|_| BadList::Length(leaves.len()))?;
    Ok(ListPart { count, root: merkle::root(&leaves) })
}

/// The salt of the element at `index`: SHA-256(salt ‖ u32be index).
pub fn element_salt(salt: &Salt, index: u32) -> Hash {
    let mut bytes = [0; 36];
    let (head, tail) = bytes.split_at_mut(32);
    head.copy_from_slice(&salt.0);
    tail.copy_from_slice(&index.to_be_bytes());
    Hash::of(&bytes)
}

/// The leaf of an element: SHA-256(0x00 ‖ its own salt ‖ its text).
pub fn element_leaf(element_salt: &Hash, element: &str) -> Hash {
    Hash::tagged(LEAF_TAG, &[element_salt.as_bytes(), element.as_bytes()])
}

/// Shows the element at `index` without its siblings.
pub fn disclose(salt: &Salt, elements: &[String], index: usize) -> Result<Disclosed, BadList> {
    let leaves = leaves(salt, elements)?;
    let count = elements.len();
    let element = elements.get(index).ok_or(BadList::Index { index, count })?;
    let narrow = u32::try_from(index).map_err(|_| BadList::Length(count))?;
    let path = merkle::prove(&leaves, &BTreeSet::from([index]));
    Ok(Disclosed {
        element: element.clone(),
        index: u64::from(narrow),
        path: merkle::path_text(&path),
        salt: element_salt(salt, narrow),
    })
}

/// Checks that a disclosed element belongs to the list that `part` commits to.
pub fn check(part: &ListPart, disclosed: &Disclosed) -> Result<(), NotDisclosed> {
    let leaf = element_leaf(&disclosed.salt, &disclosed.element);
    let path = merkle::path_from(&disclosed.path)?;
    let root = merkle::root_from(part.count, &BTreeMap::from([(disclosed.index, leaf)]), &path)?;
    if root == part.root { Ok(()) } else { Err(NotDisclosed::Root) }
}

/// Commits to a value by its canonical text: SHA-256(0x00 ‖ salt ‖ text).
pub fn value(salt: &Salt, canonical: &str) -> ValuePart {
    ValuePart { sha256: Hash::tagged(LEAF_TAG, &[&salt.0, canonical.as_bytes()]) }
}

fn leaves(salt: &Salt, elements: &[String]) -> Result<Vec<Hash>, BadList> {
    for (index, pair) in elements.windows(2).enumerate() {
        if let [previous, element] = pair {
            match previous.cmp(element) {
                std::cmp::Ordering::Less => {}
                std::cmp::Ordering::Equal => return Err(BadList::Twice(index.saturating_add(1))),
                std::cmp::Ordering::Greater => return Err(BadList::Order(index.saturating_add(1))),
            }
        }
    }
    let too_long = |_| BadList::Length(elements.len());
    let leaf = |(index, element): (usize, &String)| {
        Ok(element_leaf(&element_salt(salt, u32::try_from(index).map_err(too_long)?), element))
    };
    elements.iter().enumerate().map(leaf).collect()
}

#[cfg(test)]
mod tests;
