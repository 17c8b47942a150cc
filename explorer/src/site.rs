//! What the pages say of the place where they are served.

use hefu_api::Origin;
use hefu_contracts::gs1::Epc;
use hefu_keys::Hash;

use crate::Language;

/// The place where pages are served, and what they point at beside it.
#[derive(Clone, Debug)]
pub struct Site {
    /// Codes that the home page offers to try, where the operator knows some.
    pub examples: Vec<Epc>,
    /// The language for whoever asks for none.
    pub language: Language,
    /// Independent nodes that show the same ledger.
    pub neighbours: Vec<Neighbour>,
    /// Where this site is reached; its domain is printed on every label.
    pub origin: Origin,
}

/// A public node of somebody else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Neighbour {
    /// Where it is reached.
    pub origin: Origin,
    /// Id of the organisation that runs it.
    pub party: String,
}

impl Site {
    /// A site that points at nothing beside it.
    pub fn new(origin: Origin) -> Site {
        Site { examples: Vec::new(), language: Language::Zh, neighbours: Vec::new(), origin }
    }

    /// Names what the operator has set, so that a browser's copy is not kept across a change of it.
    pub(crate) fn id(&self) -> Hash {
        Hash::of(format!("{self:?}").as_bytes())
    }
}
