//! Which stretches of which chains belong to a thing's history: its own, and those of what enclosed it while it did.

use std::collections::{BTreeSet, VecDeque};

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

/// A stretch that is to be visited, and what encloses its row when it begins and when it ends, innermost first.
struct Stay {
    wanted: Wanted,
    at_start: Vec<Enclosing>,
    at_end: Vec<Enclosing>,
}

/// Visits the subject's chain and the chain of everything that enclosed it, each exactly for the time it did, and each
/// stretch once: however deep things were nested, and however often one is named, the work grows with the entries alone.
/// `read` gives the entries of a stretch.
///
/// What encloses a container at first stands behind it in the list that opened it; later, its own entries tell.
pub(super) fn visit<E>(subject: &str, read: &mut impl FnMut(&Wanted) -> Result<Vec<Entry>, E>) -> Result<(), E> {
    let mut open = VecDeque::from([Stay { wanted: Wanted::whole(subject), at_start: Vec::new(), at_end: Vec::new() }]);
    let mut visited = BTreeSet::new();
    while let Some(Stay { wanted, at_start, at_end }) = open.pop_front() {
        if !visited.insert((wanted.key.clone(), wanted.after, wanted.until)) {
            continue;
        }
        let mut enclosing = at_start;
        for entry in read(&wanted)? {
            match entry.role {
                Role::Pack | Role::Associate => enclosing = entry.containers,
                Role::Unpack | Role::Dissociate => {
                    open.extend(enclose(&enclosing, &entry.containers));
                    enclosing.clear();
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
                | Role::Flag
                | Role::Settle
                | Role::Consume
                | Role::Produce
                | Role::Transact
                | Role::Refuse
                | Role::Recover
                | Role::Recall
                | Role::Lift
                | Role::Undo
                | Role::Contradict => {}
            }
        }
        open.extend(enclose(&enclosing, &at_end));
    }
    Ok(())
}

/// The stay in the innermost of the containers, from its state in `start` to its state in `end`, or to the present.
fn enclose(start: &[Enclosing], end: &[Enclosing]) -> Option<Stay> {
    let (container, outer_at_start) = start.split_first()?;
    let ended = end.split_first().filter(|(last, _)| last.key == container.key);
    let wanted = Wanted {
        key: container.key.clone(),
        after: container.n,
        head: container.head,
        until: ended.map(|(last, _)| (last.n, last.head)),
    };
    let at_end = ended.map(|(_, outer)| outer.to_vec()).unwrap_or_default();
    Some(Stay { wanted, at_start: outer_at_start.to_vec(), at_end })
}
