//! Records that other nodes pass on, and those of this validator itself.

use std::sync::Arc;

use bytes::Bytes;
use hefu_contracts::{refusal::Refusal, state::Fault, validators::Evidence};
use hefu_gossip::{Ask, PeerId};
use hefu_keys::Hash;
use tokio::sync::mpsc;

use super::{Desk, News, now};
use crate::{
    core::{Admission, Sealed},
    gossip::Takes,
    snapshots,
};

/// What became of a record that was passed on.
pub enum Passed {
    /// It waits, or is final.
    Held,
    /// It cannot be taken now.
    Not(Refusal),
}

impl Desk {
    /// Lets this validator record that another, or itself, has contradicted itself, and tells the others.
    pub(crate) fn accuse(&self, evidence: &Evidence) -> Result<(), Fault> {
        let mut core = self.core()?;
        match core.accuse(now(), &self.key, evidence)? {
            Admission::Known(_) => return Ok(()),
            // Somebody else was first, or this node is no validator.
            Admission::Refused(refusal) => {
                tracing::info!(code = %refusal.code, "the contradiction is not recorded by this node");
                return Ok(());
            }
            Admission::Taken(_, sealed) => self.waiting()?.begin(sealed, None),
        }
        drop(core);
        self.wake.wake();
        Ok(())
    }

    /// What waits, and what changes from now on.
    pub(crate) fn news(&self) -> Result<mpsc::UnboundedReceiver<News>, Fault> {
        Ok(self.waiting()?.follow())
    }
}

impl Takes for Desk {
    fn recognise(&self, digests: &[Hash]) -> Result<Vec<Option<Arc<Sealed>>>, Fault> {
        let core = self.core()?;
        Ok(digests.iter().map(|digest| core.recognise(digest)).collect())
    }

    fn waits(&self, seal: &Hash) -> Result<bool, Fault> {
        Ok(self.waiting()?.has(seal))
    }

    fn pass(&self, sealed: Arc<Sealed>, from: PeerId) -> Result<Passed, Fault> {
        let mut core = self.core()?;
        match core.admit(now(), sealed.clone())? {
            Admission::Refused(refusal) => {
                // It was verified: where it is kept for later, a block that holds it, or who sends it again, finds it so.
                core.remember_all(std::slice::from_ref(&sealed));
                return Ok(Passed::Not(refusal));
            }
            Admission::Known(_) => return Ok(Passed::Held),
            // Before the core is let go: otherwise a block could take the record in between.
            Admission::Taken(_, sealed) => self.waiting()?.begin(sealed, Some(from)),
        }
        drop(core);
        self.wake.wake();
        Ok(Passed::Held)
    }

    fn hand_over(&self, ask: &Ask) -> Result<Vec<Bytes>, Fault> {
        snapshots::answer(&self.shelf, &self.chain()?, ask)
    }
}
