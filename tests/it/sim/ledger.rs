//! One machine's ledger: the node's own core, asked as the node's loop asks it.

use std::{
    collections::BTreeMap,
    ops::RangeInclusive,
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicI64, Ordering},
    },
};

use bytes::Bytes;
use hefu_contracts::{
    block::Block,
    certificate as ledger,
    height::Height,
    refusal::Code,
    row::key_of_evidence,
    time::{Millis, Time},
    validators::Evidence,
    votes::{self, VoteKind},
};
use hefu_engine::{
    Application, Certificate, Decided, Equivocation, Fault, Kept, Proposed, Received, Synced, Undecided, Upcoming,
    Verdict,
};
use hefu_keys::{Address, Hash, SecretKey};
use hefu_node::{
    consensus::{evidence_of, of_engine, terms, to_engine},
    core::{Admission, Arriving, Core, Judged, Next, Proposal},
    store::Chain,
    world,
};

use super::{
    bugs::Bug,
    flaw::Flawed,
    gossip::Passer,
    handover::Shelves,
    ledgers::SKEW_WIDE,
    signs::sign,
    stage::{Chronicle, VALIDATORS_MAX},
};

/// Contradictions as honest validators came to know of them, and the highest block that anybody had decided by then.
#[derive(Default)]
pub struct Noticed {
    highest: u64,
    /// Keys of the rows that they will have.
    pub places: BTreeMap<String, u64>,
}

/// One machine's ledger.
pub struct Ledger {
    /// The node's.
    pub core: Core,
    who: Who,
    /// What it passes on.
    pub passer: Passer,
    shared: Shared,
    clock: Clock,
}

/// What all ledgers of a schedule tell.
#[derive(Clone, Default)]
pub struct Shared {
    /// Of contradictions.
    pub noticed: Arc<Mutex<Noticed>>,
    /// Of blocks that break rules.
    pub flawed: Arc<Mutex<Flawed>>,
    /// Of snapshots.
    pub shelves: Arc<Mutex<Shelves>>,
}

/// Whose ledger it is.
#[derive(Clone, Copy)]
pub struct Who {
    /// Which machine.
    pub machine: usize,
    /// Whose seat it has.
    pub seat: usize,
    /// Whether it follows the protocol.
    pub honest: bool,
    /// What is wrong with it.
    pub bug: Option<Bug>,
}

/// A machine's clock.
#[derive(Clone)]
pub struct Clock {
    /// When the schedule began.
    pub begun: Time,
    /// Milliseconds since then, the same for all.
    pub now: Arc<AtomicI64>,
    /// How wrong it is.
    pub skew: i64,
}

impl Ledger {
    /// A ledger that was opened.
    pub fn new(core: Core, who: Who, clock: Clock, shared: Shared) -> Ledger {
        Ledger { core, who, passer: Passer::new(), shared, clock }
    }

    fn chain(&self) -> Chain {
        self.core.head().read().expect("not poisoned").chain.clone()
    }

    /// What validators sign to have a block.
    fn precommit(&self, certificate: &ledger::Certificate) -> String {
        let ledger::Certificate { block, height, round, .. } = certificate;
        votes::vote(&self.core.genesis().chain(), *height, *round, VoteKind::Precommit, Some(block))
    }

    /// Milliseconds since the schedule began, the same for all.
    pub fn millis(&self) -> u64 {
        self.clock.now.load(Ordering::Relaxed).unsigned_abs()
    }

    fn judge(&mut self, proposal: &Proposal, body: &Bytes) -> Result<Verdict, Fault> {
        let now = self.time();
        let named = proposal.block.filter(|_| self.who.bug != Some(Bug::NameUnchecked));
        let told = Proposal { block: named, ..*proposal };
        let bound = self.core.prepare(&told, body.clone()).bind();
        let judged = self.core.validate(now, &told, bound).map_err(|fault| failed("judging", &fault))?;
        if self.who.honest {
            self.tell_of_flaws(body, judged);
            self.tell_of_name(proposal, body, judged);
        }
        Ok(match judged {
            Judged::Valid(block) => self.bent(block, true),
            Judged::Invalid(block) => self.bent(block, false),
            Judged::HeldBack => Verdict::HeldBack,
            Judged::Malformed => Verdict::Malformed,
        })
    }

    /// A verdict, as a bug has it.
    fn bent(&self, block: Hash, valid: bool) -> Verdict {
        if self.follows(&block, valid) { Verdict::Valid(block) } else { Verdict::Invalid(block) }
    }

    /// Whether a block follows the rules, as a bug has it.
    fn follows(&self, block: &Hash, valid: bool) -> bool {
        match self.who.bug {
            Some(Bug::BlocksUnjudged) => true,
            Some(Bug::RulesDiffer) if self.who.machine == 0 => valid && block.as_bytes()[0] % 4 != 1,
            _ => valid,
        }
    }

    fn tell_of_name(&self, proposal: &Proposal, body: &Bytes, judged: Judged) {
        let named = proposal.block.filter(|named| Block::cut(body).is_ok_and(|block| block.header.id() != *named));
        if let Some(named) = named {
            self.shared.flawed.lock().expect("not poisoned").judged_misnamed(&named, judged);
        }
    }

    fn tell_of_flaws(&self, body: &Bytes, judged: Judged) {
        let mut flawed = self.shared.flawed.lock().expect("not poisoned");
        let Some(flaw) = flawed.flaw(body) else { return };
        let why = match judged {
            Judged::Invalid(block) => self.core.breach(&block).unwrap_or_default().to_owned(),
            Judged::Malformed => Block::cut(body).map_or_else(|bad| bad.to_string(), |_| String::new()),
            Judged::HeldBack => "it is ahead of the clock".to_owned(),
            Judged::Valid(_) => String::new(),
        };
        flawed.judged(flaw, judged, &why);
    }
}

impl Chronicle for Ledger {
    fn time(&self) -> Time {
        let Clock { begun, now, skew } = &self.clock;
        let now = now.load(Ordering::Relaxed) + skew + SKEW_WIDE;
        begun.plus(Millis(now.unsigned_abs()))
    }

    fn height(&self) -> u64 {
        self.core.height().get()
    }

    fn made(&self, height: u64) -> Option<Time> {
        let block = self.chain().block(Height::new(height)?).expect("a sound store");
        block.map(|(header, _)| header.time)
    }

    fn signed_last(&self) -> Option<u64> {
        self.core.signed_last().expect("a sound store").map(Height::get)
    }
}

/// The key of a validator.
fn key_of(validator: &Address) -> Option<&'static SecretKey> {
    static KEYS: OnceLock<BTreeMap<Address, SecretKey>> = OnceLock::new();
    let keys = || (0..VALIDATORS_MAX).map(world::validator).map(|key| (key.address(), key)).collect();
    KEYS.get_or_init(keys).get(validator)
}

/// Signatures cost a hash in here; those that a ledger verifies must be real.
fn signed_in_earnest(mut evidence: Evidence) -> Option<Evidence> {
    let accused = key_of(&evidence.validator)?;
    for signed in [&mut evidence.first, &mut evidence.second] {
        signed.signature = accused.sign(signed.statement.text().as_bytes());
    }
    Some(evidence)
}

fn failed(doing: &'static str, fault: &hefu_contracts::state::Fault) -> Fault {
    Fault::new(doing, format!("{fault:?}"))
}

impl Application for Ledger {
    fn next(&mut self) -> Result<Upcoming, Fault> {
        let mut terms = terms(self.core.genesis());
        terms.block_time = None;
        Ok(Upcoming { height: self.core.height().next().get(), terms })
    }

    fn wanted(&mut self) -> bool {
        self.core.waiting() > 0
    }

    fn propose(&mut self, height: u64, round: u32) -> Result<Proposed, Fault> {
        let built = self.core.build(self.time(), height, round).map_err(|fault| failed("building", &fault))?;
        self.end(built.left.iter().map(|(left, _)| &left.sealed));
        Ok(Proposed { block: built.block, body: built.body })
    }

    fn undecided(&mut self, height: u64) -> Result<Vec<Undecided>, Fault> {
        let undecided = self.core.undecided(self.time(), height);
        let told = |one: hefu_node::core::Undecided| {
            let valid = self.follows(&one.block, one.valid);
            Undecided { round: one.round, block: one.block, valid }
        };
        Ok(undecided.into_iter().map(told).collect())
    }

    fn received(&mut self, proposal: Received) -> Result<Verdict, Fault> {
        let Received { height, round, block, body, fresh, .. } = proposal;
        if self.who.honest && !fresh {
            self.shared.flawed.lock().expect("not poisoned").backed += 1;
        }
        // Some of it has come before, or of something else; or nothing has.
        let mut early = body[..body.len() / 2].to_vec();
        match block.as_bytes()[0] % 4 {
            0 => early.clear(),
            1 => early.iter_mut().rev().take(700).step_by(7).for_each(|byte| *byte ^= 1),
            _ => {}
        }
        let mut arriving = Arriving::default();
        let arrived = self.core.find_known(arriving.take(&early));
        self.core.remember_all(arriving.verify(arrived));
        self.judge(&Proposal { height, round, block: Some(block), fresh }, &body)
    }

    fn body(&mut self, height: u64, block: &Hash) -> Result<Option<Kept>, Fault> {
        let candidate = self.core.candidate(height, block);
        Ok(candidate.map(|(header, body)| Kept { builder: header.builder, body }))
    }

    fn decide(&mut self, certificate: Certificate, proposes_next: bool) -> Result<(), Fault> {
        let mut certificate = of_engine(certificate);
        let text = self.precommit(&certificate);
        for precommit in &mut certificate.signatures {
            let key = key_of(&precommit.validator).expect("a validator");
            precommit.signature = key.sign(text.as_bytes());
        }
        let next = if proposes_next { Next::Any } else { Next::Elsewhere };
        let committed = self.core.commit(self.time(), certificate, next);
        let committed = committed.map_err(|fault| failed("committing", &fault))?;
        let (finals, left) = (committed.finals.iter(), committed.left.iter());
        self.end(finals.map(|done| &done.sealed).chain(left.map(|(left, _)| &left.sealed)));
        let mut shelves = self.shared.shelves.lock().expect("not poisoned");
        shelves.committed(self.who.machine, committed.height.get(), || self.chain());
        let mut noticed = self.shared.noticed.lock().expect("not poisoned");
        noticed.highest = noticed.highest.max(committed.height.get());
        Ok(())
    }

    fn misbehaved(&mut self, evidence: Vec<Equivocation>) -> Result<(), Fault> {
        for one in evidence {
            let Some(evidence) = evidence_of(&one).and_then(signed_in_earnest) else {
                return Err(Fault::new("reading evidence", format!("{one:?}")));
            };
            // Two proofs of lock for one block: the engine counts that, the ledger does not.
            if evidence.first.statement.block == evidence.second.statement.block {
                continue;
            }
            let place = key_of_evidence(&evidence.validator, evidence.place());
            let own = world::validator(self.who.seat);
            // Twins that see each other use up each other's sequence numbers; what they say of themselves is not counted on.
            if evidence.validator != own.address() {
                let mut noticed = self.shared.noticed.lock().expect("not poisoned");
                let highest = noticed.highest;
                noticed.places.entry(place).or_insert(highest);
            }
            let taken = self.core.accuse(self.time(), &own, &evidence);
            match taken.map_err(|fault| failed("recording a contradiction", &fault))? {
                Admission::Taken(_, sealed) => self.begins(&sealed, None),
                Admission::Known(_) => {}
                Admission::Refused(refusal) if refusal.code == Code::EvidenceKnown => {}
                Admission::Refused(refusal) => {
                    return Err(Fault::new("recording a contradiction", refusal.to_string()));
                }
            }
        }
        Ok(())
    }

    fn decided(&mut self, heights: RangeInclusive<u64>, bytes_max: usize) -> Result<Vec<Decided>, Fault> {
        let served = self.core.decided(heights, bytes_max).map_err(|fault| failed("serving", &fault))?.into_iter();
        let cheaply = |one: hefu_node::core::Served| {
            let text = self.precommit(&one.certificate);
            let mut certificate = to_engine(one.certificate);
            for (validator, signature) in &mut certificate.signatures {
                *signature = sign(validator, &text);
            }
            Decided { certificate, body: one.body }
        };
        Ok(served.map(cheaply).collect())
    }

    fn history_min(&mut self) -> Result<u64, Fault> {
        Ok(self.core.history_min().get())
    }

    fn synced(&mut self, decided: Synced) -> Result<Verdict, Fault> {
        let Synced { height, round, block, body, .. } = decided;
        self.judge(&Proposal { height, round, block, fresh: block.is_none() }, &body)
    }
}
