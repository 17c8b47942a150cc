//! The smallest ledger: blocks that name their parent. With it the engine's core and the guard are tried alone.

use std::{
    collections::BTreeMap,
    ops::RangeInclusive,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use hefu_contracts::time::{Millis, Time};
use hefu_engine::{
    Application, Certificate, Decided, Equivocation, Fault, Kept, Member, Proposed, Received, Synced, Terms, Timeouts,
    Undecided, Upcoming, Verdict, VoteKind, Wording,
    inner::{Texts, Validators},
};
use hefu_keys::{Address, Hash};
use hefu_node::{core::AHEAD_MAX, world};

use super::{
    bugs::Bug,
    disk::{Fate, Power, dark},
    stage::{Boot, Chronicle, SKEW, Stage, VALIDATORS_MAX},
};

/// height ‖ parent ‖ time ‖ nonce ‖ whether it follows the rules.
const BODY_BYTES: usize = 8 + 32 + 8 + 8 + 1;

/// Where in a body its time stands.
const TIME: std::ops::Range<usize> = 40..48;

/// Certificates looked at for a validator's signature, as the node does.
const SIGNED_LOOKED_AT: usize = 32;

const WORDING: Wording = Wording {
    vote: |text| {
        let kind = match text.kind {
            VoteKind::Prevote => "prevote",
            VoteKind::Precommit => "precommit",
        };
        format!("{kind} {} {} {:?}", text.height, text.round, text.block.map(|block| *block.as_bytes()))
    },
    proposal: |text| {
        format!("proposal {} {} {:?} {:?}", text.height, text.round, text.pol_round, text.block.as_bytes())
    },
    parts: |text| format!("parts {} {} {:?} {}", text.height, text.round, text.block.as_bytes(), text.bytes),
};

/// The waits of simulated rounds: as a network that is quick and not patient has them.
pub fn timeouts() -> Timeouts {
    let millis = Duration::from_millis;
    Timeouts {
        propose: millis(1_000),
        propose_delta: millis(500),
        prevote: millis(500),
        prevote_delta: millis(250),
        precommit: millis(500),
        precommit_delta: millis(250),
        rebroadcast: millis(3_000),
        longest: millis(20_000),
    }
}

/// The members of a network of so many, with what the engine makes of them. Reading their keys takes long.
pub fn members(count: usize) -> (Vec<Member>, Validators) {
    static SETS: OnceLock<Vec<(Vec<Member>, Validators)>> = OnceLock::new();
    let sets = SETS.get_or_init(|| {
        let set = |count| {
            let member = |number| Member { address: world::validator(number).address(), power: 1 };
            let members: Vec<Member> = (0..count).map(member).collect();
            let set = Validators::new(&members).expect("sound members");
            (members, set)
        };
        (1..=VALIDATORS_MAX).map(set).collect()
    });
    sets[count - 1].clone()
}

/// A block that is not decided.
#[derive(Clone)]
struct Body {
    round: u32,
    builder: Address,
    bytes: Bytes,
    /// Whether the clock judges it.
    fresh: bool,
}

/// What a machine's disk holds.
#[derive(Default)]
struct Disk {
    bodies: BTreeMap<Hash, Body>,
    built: BTreeMap<(u64, u32), Hash>,
    chain: Vec<Decided>,
    /// Blocks reported as decided that a bug has not made durable.
    floating: usize,
}

/// Toy ledgers on disks of their own.
pub struct Toys {
    seats: usize,
    disks: Vec<Arc<Mutex<Disk>>>,
    skews: Vec<i64>,
    dice: fastrand::Rng,
    now: Arc<AtomicI64>,
    bug: Option<Bug>,
}

impl Toys {
    /// For so many validators; how wrong their clocks are follows from the seed.
    pub fn new(seats: usize, seed: u64, bug: Option<Bug>) -> Toys {
        let dice = fastrand::Rng::with_seed(seed ^ 0x70f5);
        Toys { seats, disks: Vec::new(), skews: Vec::new(), dice, now: Arc::default(), bug }
    }
}

/// A clock that shows this many milliseconds.
fn at(millis: i64) -> Time {
    Time::from_millis(millis).expect("a time")
}

/// When a block was made, as it says.
fn time_in(body: &Bytes) -> Time {
    let bytes = body[TIME].try_into().expect("eight bytes");
    at(i64::from_be_bytes(bytes).clamp(0, 1 << 40))
}

impl Stage for Toys {
    type Ledger = Toy;

    fn texts(&self) -> Texts {
        Texts { chain: Hash::from_bytes([7; 32]), wording: WORDING }
    }

    fn clock(&mut self, now: u64) {
        self.now.store(i64::try_from(now).unwrap_or(i64::MAX), Ordering::Relaxed);
    }

    fn boot(&mut self, &Boot { machine, seat, power, boots, .. }: &Boot<'_>) -> Result<Toy, Fault> {
        while self.disks.len() <= machine {
            self.disks.push(Arc::default());
            self.skews.push(self.dice.i64(-SKEW..=SKEW));
        }
        let disk = self.disks[machine].clone();
        {
            let mut disk = lock(&disk);
            let durable = disk.chain.len() - disk.floating;
            disk.chain.truncate(durable);
            disk.floating = 0;
            if self.bug == Some(Bug::BodyUnstored) {
                disk.bodies.clear();
            }
        }
        let me = world::validator(seat).address();
        let power = power.clone();
        let (skew, now) = (self.skews[machine], self.now.clone());
        Ok(Toy { disk, power, bug: self.bug, me, machine, boots, members: members(self.seats).0, skew, now })
    }

    fn wipe(&mut self, machine: usize) {
        self.disks[machine] = Arc::default();
    }

    fn other(&mut self, body: &Bytes, sound: bool) -> Option<(Hash, Bytes)> {
        let mut other = body.to_vec();
        // As far ahead as nobody minds.
        let latest = at(self.now.load(Ordering::Relaxed)).plus(AHEAD_MAX).max(time_in(body));
        other[TIME].copy_from_slice(&latest.millis().to_be_bytes());
        other[BODY_BYTES - 2] ^= 0x80;
        other[BODY_BYTES - 1] = u8::from(sound);
        Some((Hash::of(&other), Bytes::from(other)))
    }

    fn finish(&mut self, honest: &[usize]) -> Vec<String> {
        let spoiled = |machine: &usize| {
            let disk = lock(&self.disks[*machine]);
            let bad = disk.chain.iter().find(|one| one.body.last() != Some(&1));
            bad.map(|one| format!("{machine} has decided a block against the rules at {}", one.certificate.height))
        };
        honest.iter().filter_map(spoiled).collect()
    }
}

/// One of them.
pub struct Toy {
    disk: Arc<Mutex<Disk>>,
    power: Power,
    bug: Option<Bug>,
    me: Address,
    machine: usize,
    boots: u64,
    members: Vec<Member>,
    skew: i64,
    now: Arc<AtomicI64>,
}

fn lock(disk: &Mutex<Disk>) -> MutexGuard<'_, Disk> {
    disk.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Toy {
    /// Changes the disk, all of it or nothing.
    fn write(&self, change: impl FnOnce(&mut Disk)) -> Result<(), Fault> {
        match self.power.write() {
            Fate::Done => {
                change(&mut lock(&self.disk));
                Ok(())
            }
            Fate::Torn | Fate::Lost => Err(Fault::new("writing", dark())),
        }
    }

    fn tip(&self) -> (u64, Hash) {
        let disk = lock(&self.disk);
        disk.chain
            .last()
            .map_or((0, Hash::from_bytes([0; 32])), |last| (last.certificate.height, last.certificate.block))
    }

    /// When the last block was made.
    fn last_time(&self) -> Time {
        lock(&self.disk).chain.last().map_or(Time::EPOCH, |last| time_in(&last.body))
    }

    /// Whether the clock speaks against a block at present.
    fn is_held_back(&self, body: &Body) -> bool {
        body.fresh && time_in(&body.bytes) > self.time().plus(AHEAD_MAX)
    }

    fn judge(&self, body: &Bytes) -> bool {
        let (height, parent) = self.tip();
        let later = time_in(body) > self.last_time();
        let follows = later && body[..8] == (height + 1).to_be_bytes() && body[8..40] == *parent.as_bytes();
        let nonce = body[BODY_BYTES - 2];
        match self.bug {
            Some(Bug::BlocksUnjudged) => true,
            Some(Bug::RulesDiffer) if self.machine == 0 => follows && nonce % 4 != 1,
            _ => follows && body[BODY_BYTES - 1] == 1,
        }
    }

    fn keep(&mut self, named: Option<Hash>, body: Body) -> Result<Verdict, Fault> {
        let block = Hash::of(&body.bytes);
        if body.bytes.len() != BODY_BYTES || named.is_some_and(|named| named != block) {
            return Ok(Verdict::Malformed);
        }
        let valid = self.judge(&body.bytes);
        let backs = |held: &Body| held.fresh && !body.fresh;
        if lock(&self.disk).bodies.get(&block).is_none_or(backs) {
            self.write(|disk| drop(disk.bodies.insert(block, body)))?;
        }
        let held_back = lock(&self.disk).bodies.get(&block).is_some_and(|body| self.is_held_back(body));
        Ok(match valid {
            _ if held_back => Verdict::HeldBack,
            true => Verdict::Valid(block),
            false => Verdict::Invalid(block),
        })
    }
}

impl Chronicle for Toy {
    fn time(&self) -> Time {
        // What is before the beginning counts as the beginning.
        at((self.now.load(Ordering::Relaxed) + self.skew).max(0))
    }

    fn height(&self) -> u64 {
        self.tip().0
    }

    fn made(&self, height: u64) -> Option<Time> {
        let disk = lock(&self.disk);
        disk.chain.iter().rev().find(|one| one.certificate.height == height).map(|one| time_in(&one.body))
    }

    fn signed_last(&self) -> Option<u64> {
        let disk = lock(&self.disk);
        let mut newest = disk.chain.iter().rev().take(SIGNED_LOOKED_AT).map(|one| &one.certificate);
        let signed = newest.find(|certificate| certificate.signatures.iter().any(|(who, _)| *who == self.me));
        signed.map(|certificate| certificate.height)
    }
}

impl Application for Toy {
    fn next(&mut self) -> Result<Upcoming, Fault> {
        let terms = Terms {
            members: self.members.clone(),
            timeouts: timeouts(),
            block_time: None,
            heartbeat: Duration::from_secs(3_600),
        };
        Ok(Upcoming { height: self.tip().0 + 1, terms })
    }

    fn wanted(&mut self) -> bool {
        true
    }

    fn propose(&mut self, height: u64, round: u32) -> Result<Proposed, Fault> {
        if self.bug != Some(Bug::BuiltAnew) {
            let disk = lock(&self.disk);
            let built = disk.built.get(&(height, round)).and_then(|block| Some((*block, disk.bodies.get(block)?)));
            if let Some((block, body)) = built {
                return Ok(Proposed { block, body: body.bytes.clone() });
            }
        }
        let mut body = Vec::with_capacity(BODY_BYTES);
        body.extend(height.to_be_bytes());
        body.extend(self.tip().1.as_bytes());
        body.extend(self.time().max(self.last_time().plus(Millis(1))).millis().to_be_bytes());
        let machine = u64::try_from(self.machine).unwrap_or_default();
        body.extend(((machine << 48) ^ (u64::from(round) << 32) ^ (self.boots << 8) ^ (height & 0x7f)).to_be_bytes());
        body.push(1);
        let (block, body, me) = (Hash::of(&body), Bytes::from(body), self.me);
        self.write(|disk| {
            disk.bodies.insert(block, Body { round, builder: me, bytes: body.clone(), fresh: false });
            disk.built.insert((height, round), block);
        })?;
        Ok(Proposed { block, body })
    }

    fn undecided(&mut self, _: u64) -> Result<Vec<Undecided>, Fault> {
        let bodies = lock(&self.disk).bodies.clone();
        let told = bodies.into_iter().filter(|(_, body)| !self.is_held_back(body));
        Ok(told
            .map(|(block, Body { round, bytes, .. })| Undecided { round, block, valid: self.judge(&bytes) })
            .collect())
    }

    fn received(&mut self, proposal: Received) -> Result<Verdict, Fault> {
        let Received { round, block, builder, body, fresh, .. } = proposal;
        self.keep(Some(block), Body { round, builder, bytes: body, fresh })
    }

    fn body(&mut self, _: u64, block: &Hash) -> Result<Option<Kept>, Fault> {
        let disk = lock(&self.disk);
        Ok(disk.bodies.get(block).map(|body| Kept { builder: body.builder, body: body.bytes.clone() }))
    }

    fn decide(&mut self, certificate: Certificate, _: bool) -> Result<(), Fault> {
        let Some(Body { bytes: body, .. }) = lock(&self.disk).bodies.get(&certificate.block).cloned() else {
            return Err(Fault::new("committing", "a block was decided that is not here"));
        };
        let unsynced = self.bug == Some(Bug::CommitUnsynced);
        self.write(|disk| {
            disk.chain.push(Decided { certificate, body });
            disk.bodies.clear();
            disk.built.clear();
            disk.floating = usize::from(unsynced);
        })
    }

    fn misbehaved(&mut self, _: Vec<Equivocation>) -> Result<(), Fault> {
        Ok(())
    }

    fn decided(&mut self, heights: RangeInclusive<u64>, _: usize) -> Result<Vec<Decided>, Fault> {
        let disk = lock(&self.disk);
        let held = disk.chain.iter().filter(|one| heights.contains(&one.certificate.height));
        Ok(held.cloned().collect())
    }

    fn history_min(&mut self) -> Result<u64, Fault> {
        Ok(1)
    }

    fn synced(&mut self, decided: Synced) -> Result<Verdict, Fault> {
        let Synced { round, block, proposer, body, .. } = decided;
        self.keep(block, Body { round, builder: proposer, bytes: body, fresh: block.is_none() })
    }
}
