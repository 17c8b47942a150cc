//! The smallest ledger: blocks that name their parent. With it the engine's core and the guard are tried alone.

use std::{
    collections::BTreeMap,
    ops::RangeInclusive,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use hefu_engine::{
    Application, Certificate, Decided, Equivocation, Fault, Kept, Member, Proposed, Received, Synced, Terms, Timeouts,
    Undecided, Upcoming, Verdict, VoteKind, Wording,
    inner::{Texts, Validators},
};
use hefu_keys::{Address, Hash};
use hefu_node::world;

use super::{
    bugs::Bug,
    disk::{Fate, Power, dark},
    stage::Stage,
};

/// height ‖ parent ‖ nonce ‖ whether it follows the rules.
const BODY_BYTES: usize = 8 + 32 + 8 + 1;

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
        (1..=7).map(set).collect()
    });
    sets[count - 1].clone()
}

/// What a machine's disk holds.
#[derive(Default)]
struct Disk {
    bodies: BTreeMap<Hash, (u32, Address, Bytes)>,
    built: BTreeMap<(u64, u32), Hash>,
    chain: Vec<Decided>,
    /// Blocks reported as decided that a bug has not made durable.
    floating: usize,
}

/// Toy ledgers on disks of their own.
pub struct Toys {
    seats: usize,
    disks: Vec<Arc<Mutex<Disk>>>,
    bug: Option<Bug>,
}

impl Toys {
    /// For so many validators.
    pub fn new(seats: usize, bug: Option<Bug>) -> Toys {
        Toys { seats, disks: Vec::new(), bug }
    }
}

impl Stage for Toys {
    type Ledger = Toy;

    fn texts(&self) -> Texts {
        Texts { chain: Hash::from_bytes([7; 32]), wording: WORDING }
    }

    fn boot(&mut self, machine: usize, seat: usize, power: &Power, boots: u64) -> Result<Toy, Fault> {
        while self.disks.len() <= machine {
            self.disks.push(Arc::default());
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
        Ok(Toy { disk, power, bug: self.bug, me, machine, boots, members: members(self.seats).0 })
    }

    fn other(&mut self, body: &Bytes, sound: bool) -> Option<(Hash, Bytes)> {
        let mut other = body.to_vec();
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

    fn judge(&self, body: &Bytes) -> bool {
        let (height, parent) = self.tip();
        let follows = body[..8] == (height + 1).to_be_bytes() && body[8..40] == *parent.as_bytes();
        let nonce = body[BODY_BYTES - 2];
        match self.bug {
            Some(Bug::BlocksUnjudged) => true,
            Some(Bug::RulesDiffer) if self.machine == 0 => follows && nonce % 4 != 1,
            _ => follows && body[BODY_BYTES - 1] == 1,
        }
    }

    fn keep(&mut self, round: u32, builder: Address, body: Bytes) -> Result<Verdict, Fault> {
        if body.len() != BODY_BYTES {
            return Ok(Verdict::Malformed);
        }
        let (block, valid) = (Hash::of(&body), self.judge(&body));
        if !lock(&self.disk).bodies.contains_key(&block) {
            self.write(|disk| drop(disk.bodies.insert(block, (round, builder, body))))?;
        }
        Ok(if valid { Verdict::Valid(block) } else { Verdict::Invalid(block) })
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
            if let Some((block, (_, _, body))) = built {
                return Ok(Proposed { block, body: body.clone() });
            }
        }
        let mut body = Vec::with_capacity(BODY_BYTES);
        body.extend(height.to_be_bytes());
        body.extend(self.tip().1.as_bytes());
        let machine = u64::try_from(self.machine).unwrap_or_default();
        body.extend(((machine << 48) ^ (u64::from(round) << 32) ^ (self.boots << 8) ^ (height & 0x7f)).to_be_bytes());
        body.push(1);
        let (block, body, me) = (Hash::of(&body), Bytes::from(body), self.me);
        self.write(|disk| {
            disk.bodies.insert(block, (round, me, body.clone()));
            disk.built.insert((height, round), block);
        })?;
        Ok(Proposed { block, body })
    }

    fn undecided(&mut self, _: u64) -> Result<Vec<Undecided>, Fault> {
        let bodies = lock(&self.disk).bodies.clone();
        let stored = bodies.into_iter();
        Ok(stored.map(|(block, (round, _, body))| Undecided { round, block, valid: self.judge(&body) }).collect())
    }

    fn received(&mut self, proposal: Received) -> Result<Verdict, Fault> {
        self.keep(proposal.round, proposal.builder, proposal.body)
    }

    fn body(&mut self, _: u64, block: &Hash) -> Result<Option<Kept>, Fault> {
        let disk = lock(&self.disk);
        Ok(disk.bodies.get(block).map(|(_, builder, body)| Kept { builder: *builder, body: body.clone() }))
    }

    fn decide(&mut self, certificate: Certificate) -> Result<(), Fault> {
        let Some((_, _, body)) = lock(&self.disk).bodies.get(&certificate.block).cloned() else {
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
        self.keep(decided.round, decided.proposer, decided.body)
    }
}
