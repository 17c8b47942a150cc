//! Which stretches of which chains belong to a thing's history: its own, and those of what enclosed it while it did.

use hefu_keys::Hash;

use crate::entry::{Enclosing, Entry, Role};

/// A stretch that is wanted: from a state of a container's chain to another, or to the row's present.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    pub key: String,
    pub after: u64,
    pub head: Hash,
    /// Length and head of the chain where the enclosure ended.
    pub until: Option<(u64, Hash)>,
}

impl Wanted {
    pub(super) fn whole(key: &str) -> Wanted {
        Wanted { key: key.to_owned(), after: 0, head: Hash::ZERO, until: None }
    }
}

/// Visits the subject's chain and, recursively, the chain of everything that enclosed it, each exactly for the time it
/// did. `read` gives the entries of a stretch.
///
/// What encloses a container at first stands behind it in the list that opened it; later, its own entries tell.
pub(super) fn visit<E>(subject: &str, read: &mut impl FnMut(&Wanted) -> Result<Vec<Entry>, E>) -> Result<(), E> {
    stretch(&Wanted::whole(subject), &[], &[], read)
}

fn stretch<E>(
    wanted: &Wanted,
    outer_at_start: &[Enclosing],
    outer_at_end: &[Enclosing],
    read: &mut impl FnMut(&Wanted) -> Result<Vec<Entry>, E>,
) -> Result<(), E> {
    let entries = read(wanted)?;
    let mut enclosing = outer_at_start;
    for entry in &entries {
        match entry.role {
            Role::Pack | Role::Associate => enclosing = &entry.containers,
            Role::Unpack | Role::Dissociate => {
                enclose(enclosing, &entry.containers, read)?;
                enclosing = &[];
            }
            Role::Commission
            | Role::Observe
            | Role::Destroy
            | Role::Ship
            | Role::Receive
            | Role::Inspect
            | Role::Contain
            | Role::Release
            | Role::Issue
            | Role::Register
            | Role::Update
            | Role::Flag => {}
        }
    }
    enclose(enclosing, outer_at_end, read)
}

/// Visits the innermost of the containers, from its state in `start` to its state in `end`, or to the present.
fn enclose<E>(
    start: &[Enclosing],
    end: &[Enclosing],
    read: &mut impl FnMut(&Wanted) -> Result<Vec<Entry>, E>,
) -> Result<(), E> {
    let Some((container, outer_at_start)) = start.split_first() else { return Ok(()) };
    let ended = end.split_first().filter(|(last, _)| last.key == container.key);
    let wanted = Wanted {
        key: container.key.clone(),
        after: container.n,
        head: container.head,
        until: ended.map(|(last, _)| (last.n, last.head)),
    };
    stretch(&wanted, outer_at_start, ended.map(|(_, outer)| outer).unwrap_or_default(), read)
}
