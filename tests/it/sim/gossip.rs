//! Passing records on: the node's own rules of what is sent to whom and how it is taken. Only the network is a stand-in.

use std::{cell::RefCell, collections::BTreeSet, mem, sync::Arc};

use bytes::Bytes;
use hefu_contracts::state::Fault;
use hefu_gossip::{Answer, Ask, Message, PeerId, Standing};
use hefu_keys::Hash;
use hefu_node::{
    core::{Admission, Sealed},
    gossip::{
        Takes,
        inner::{Passed, Spread, Taker},
    },
};

use super::{
    handover::{machine_of, peer},
    ledger::Ledger,
    stage::Chronicle,
};

/// Milliseconds within which a message is answered, or never.
pub const ANSWER_WITHIN: u64 = 10_000;

/// What one machine knows of records that wait, and of who has them.
pub struct Passer {
    spread: Spread<usize>,
    taker: Taker,
    /// Seals of the records that wait here.
    waiting: BTreeSet<Hash>,
}

impl Passer {
    /// Of a machine that has just started.
    pub fn new() -> Passer {
        Passer { spread: Spread::new(), taker: Taker::new(), waiting: BTreeSet::new() }
    }
}

impl Ledger {
    /// A record waits from now on.
    pub fn begins(&mut self, sealed: &Sealed, from: Option<usize>) {
        let (seal, now) = (sealed.submission().record().seal, self.millis());
        self.passer.waiting.insert(seal);
        self.passer.spread.begin(now, (seal, sealed.whole_text()), from);
    }

    /// Some no longer wait.
    pub fn end<'a>(&mut self, over: impl Iterator<Item = &'a Arc<Sealed>>) {
        for sealed in over {
            let seal = sealed.submission().record().seal;
            self.passer.waiting.remove(&seal);
            self.passer.spread.end(&seal);
        }
    }

    /// Another machine has started.
    pub fn joined(&mut self, machine: usize) {
        let now = self.millis();
        self.passer.spread.left(machine);
        self.passer.spread.joined(now, machine);
    }

    /// What it sends now.
    pub fn due(&mut self) -> Vec<(usize, u64, Message)> {
        let now = self.millis();
        self.passer.spread.due(now)
    }

    /// When it sends something next, if nothing else happens.
    pub fn wakes(&self) -> Option<u64> {
        self.passer.spread.wakes()
    }

    /// What became of something that it sent.
    pub fn answered(&mut self, ticket: u64, answer: Option<Answer>) {
        let now = self.millis();
        self.passer.spread.answered(now, ticket, answer);
    }

    /// Takes what another machine has sent; no answer where it fails meanwhile.
    pub fn take(&mut self, from: usize, message: Message) -> Option<Answer> {
        let taker = mem::take(&mut self.passer.taker);
        let door = Door(RefCell::new(self));
        let answer = taker.take(&door, peer(from), message);
        let Door(ledger) = door;
        ledger.into_inner().passer.taker = taker;
        answer.ok()
    }
}

/// Whether somebody sent what is no record, or not by whom it says.
pub fn is_forged(answer: &Answer) -> bool {
    matches!(answer, Answer::Standings(told) if told.contains(&Standing::Forged))
}

/// A ledger as it takes records of others.
struct Door<'a>(RefCell<&'a mut Ledger>);

impl Takes for Door<'_> {
    fn recognise(&self, digests: &[Hash]) -> Result<Vec<Option<Arc<Sealed>>>, Fault> {
        let ledger = self.0.borrow();
        Ok(digests.iter().map(|digest| ledger.core.recognise(digest)).collect())
    }

    fn waits(&self, seal: &Hash) -> Result<bool, Fault> {
        Ok(self.0.borrow().passer.waiting.contains(seal))
    }

    fn pass(&self, sealed: Arc<Sealed>, from: PeerId) -> Result<Passed, Fault> {
        let mut ledger = self.0.borrow_mut();
        let now = ledger.time();
        Ok(match ledger.core.admit(now, sealed)? {
            Admission::Refused(refusal) => Passed::Not(refusal),
            Admission::Known(_) => Passed::Held,
            Admission::Taken(_, sealed) => {
                ledger.begins(&sealed, Some(machine_of(from)));
                Passed::Held
            }
        })
    }

    fn hand_over(&self, _: &Ask) -> Result<Vec<Bytes>, Fault> {
        // Ledgers are handed over before a machine starts.
        Ok(Vec::new())
    }
}
