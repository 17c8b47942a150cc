//! The node's own ledger in a simulation: its pool, execution and register over a store in memory.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use bytes::Bytes;
use hefu_contracts::{
    block::{Block, Header, records_root},
    genesis::Genesis,
    height::Height,
    row::Data,
    time::{Millis, Time},
};
use hefu_engine::{Fault, inner::Texts};
use hefu_gossip::{Answer, Message};
use hefu_keys::Hash;
use hefu_node::{
    consensus::WORDING,
    core::{AHEAD_MAX, Admission, Core, Judged, Next, Proposal, Sealed},
    store::{Chain, Memory, Store as _, found, verify_view},
    world::{self, Codes, Deed, REFILL, World},
};

use super::{
    bugs::Bug,
    flaw::{Flaw, written},
    gossip::is_forged,
    handover::{Failed, Others},
    ledger::{Clock, Ledger, Shared, Who},
    schedule::Schedule,
    stage::{Boot, Chronicle as _, SKEW, Stage},
    store::Disk,
};

/// How far the clock of one machine may be off in some schedules, in milliseconds.
pub const SKEW_WIDE: i64 = 8_000;

/// Writes while a ledger is handed over within which the power fails in some schedules.
const WRITES_OF_HANDOVER: u32 = 40;

/// Codes whose things records speak of.
const CODES: u64 = 64;

/// The ledgers of a schedule.
pub struct Ledgers {
    schedule: Schedule,
    bug: Option<Bug>,
    world: World,
    genesis: Arc<Genesis>,
    codes: Option<Codes>,
    dice: fastrand::Rng,
    disks: BTreeMap<usize, Disk>,
    skews: BTreeMap<usize, i64>,
    begun: Time,
    now: Arc<AtomicI64>,
    submitted: u64,
    /// Records that are final.
    pub finals: usize,
    /// Contradictions that an honest validator noticed, by the key of their row: in which of the blocks that others than the
    /// accused built after that it stands, from 1. One that stands in none counts as if it came with the next.
    pub contradictions: BTreeMap<String, usize>,
    /// Answers that what was passed on is no record.
    pub forged: u64,
    /// What they tell.
    pub shared: Shared,
    /// Machines that have nothing.
    wiped: BTreeSet<usize>,
    /// Machines that others have handed the ledger.
    restored: BTreeSet<usize>,
    wrong: Vec<String>,
}

impl Ledgers {
    /// For a schedule; records and clocks follow from its seed.
    pub fn new(schedule: &Schedule, bug: Option<Bug>) -> Ledgers {
        let world = World::new(schedule.validators);
        let genesis = Arc::new(world.genesis().clone());
        Ledgers {
            bug,
            begun: world.now,
            world,
            genesis,
            codes: None,
            dice: fastrand::Rng::with_seed(schedule.seed ^ 0x5eed),
            disks: BTreeMap::new(),
            skews: BTreeMap::new(),
            now: Arc::default(),
            submitted: 0,
            finals: 0,
            contradictions: BTreeMap::new(),
            forged: 0,
            shared: Shared::default(),
            wiped: BTreeSet::new(),
            restored: BTreeSet::new(),
            wrong: Vec::new(),
            schedule: schedule.clone(),
        }
    }

    /// The next record: first a catalogue, makers and codes, then whatever comes.
    fn record(&mut self) -> Vec<u8> {
        self.submitted += 1;
        let world = &mut self.world;
        let number = self.submitted;
        if number == 4 {
            let (codes, submission) = Codes::issue(world, REFILL, CODES, 1);
            self.codes = Some(codes);
            return submission;
        }
        let code = self.dice.u64(0..CODES);
        let (author, deed) = match (number, &self.codes, self.dice.u8(0..8)) {
            (1, ..) => ("corenest", Deed::product(REFILL, 1)),
            (2, ..) => ("corenest", Deed::authority("huaxu")),
            (3, ..) => ("corenest", Deed::authority("yueling")),
            (_, _, 0) => ("corenest", Deed::product(REFILL, 2)),
            (_, Some(codes), 1..=3) => ("huaxu", codes.commission(world, code, 1)),
            (_, Some(codes), 4) => ("yueling", Deed::event(world, "OBSERVE", "inspecting", &[codes.epc(code)])),
            (_, Some(codes), 5) => ("huaxu", Deed::event(world, "DELETE", "destroying", &[codes.epc(code)])),
            (number, ..) => ("corenest", Deed::grant(&format!("line {number}"), &["capture"])),
        };
        world.sign(author, &deed)
    }

    /// A machine without a ledger asks others for theirs, as a node does before anything else.
    fn restore(&mut self, boot: &Boot<'_>) -> Result<(), Fault> {
        let &Boot { machine, power, lost, .. } = boot;
        if self.dice.u8(0..4) == 0 {
            power.fail_at(self.dice.u32(0..WRITES_OF_HANDOVER));
        }
        let disk = Disk::bare(power);
        let chain = |other: &usize| {
            let view = self.disks.get(other)?.view();
            Some((*other, Chain::new(view, self.genesis.clone()).expect("a sound store")))
        };
        let others = Others {
            chains: boot.others.iter().filter_map(chain).collect(),
            liars: boot.others.iter().copied().filter(|other| self.schedule.lie(*other).is_some()).collect(),
            lost,
            dice: &mut self.dice,
        };
        let filled = self.shared.shelves.lock().expect("not poisoned").fill(&self.genesis, &disk, others);
        match filled {
            Ok(true) => {
                self.disks.insert(machine, disk);
                self.restored.insert(machine);
            }
            // It executes all blocks.
            Ok(false) => {}
            Err(Failed::Wrong(words)) => self.wrong.push(words),
            Err(Failed::Fault(fault)) => return Err(Fault::new("restoring", format!("{fault:?}"))),
        }
        self.wiped.remove(&machine);
        Ok(())
    }

    /// Another block that follows the rules: one without records, its time sometimes as far ahead as nobody minds.
    fn sound(&mut self, body: &Bytes) -> Option<(Hash, Bytes)> {
        let mut header: Header = Block::cut(body).ok()?.header;
        let latest = self.world.now.plus(Millis(SKEW_WIDE.unsigned_abs())).plus(AHEAD_MAX);
        let hasty = self.dice.bool() && latest > header.time;
        header.time = if hasty { latest } else { header.time.plus(Millis(1)) };
        header.records = records_root([].iter());
        header.register = self.disks.values().find_map(|disk| {
            let chain = Chain::new(disk.view(), self.genesis.clone()).expect("a sound store");
            let last = chain.tip().certified.as_deref().filter(|_| chain.tip().block == header.previous);
            last.map(|(last, _)| last.register)
        })?;
        Some(written(&header, &[]))
    }

    fn open(&self, machine: usize) -> Core {
        let store = Arc::new(self.disks[&machine].memory.clone());
        Core::open(store, &self.genesis, world::validator(0).address()).expect("a sound store")
    }

    /// Contradictions that were noticed, and how long it took until they were recorded.
    fn recorded(&self, core: &Core) -> BTreeMap<String, usize> {
        let head = core.head().read().expect("not poisoned");
        let place = |key: &str| {
            let row = head.chain.row(key).expect("a sound store")?;
            let Data::Evidence(row) = &row.data else { panic!("{key} is no evidence") };
            head.chain.place(&row.record).expect("a sound store").map(|(height, _)| height.get())
        };
        let waited = |key: &str, known: u64| {
            let end = place(key).unwrap_or(core.height().get() + 1);
            let by_others = |height: &u64| {
                let height = Height::new(*height).expect("a height");
                let (header, _) = head.chain.block(height).expect("a sound store").expect("a block");
                !key.contains(&header.builder.to_string())
            };
            (known + 1..end).filter(by_others).count() + 1
        };
        let noticed = self.shared.noticed.lock().expect("not poisoned");
        noticed.places.iter().map(|(key, height)| (key.clone(), waited(key, *height))).collect()
    }

    /// Executes a machine's blocks again from the beginning; the register's root, and how many records there were.
    fn again(&self, blocks: &[(Bytes, hefu_contracts::certificate::Certificate)]) -> Result<(Hash, usize), String> {
        let memory = Memory::new();
        found(&memory, &self.genesis).expect("an empty store");
        let me = world::validator(0).address();
        let mut core = Core::open(Arc::new(memory), &self.genesis, me).expect("an empty store");
        let (mut ids, mut records) = (BTreeSet::new(), 0);
        for (height, (body, certificate)) in (1..).zip(blocks) {
            let proposal = Proposal { height, round: 0, block: Some(certificate.block), fresh: false };
            let bound = core.prepare(&proposal, body.clone()).bind();
            let judged = core.validate(self.begun, &proposal, bound).map_err(|fault| format!("{fault:?}"))?;
            if judged != Judged::Valid(certificate.block) {
                return Err(format!("block {height} is {judged:?} when it is executed again"));
            }
            let committed =
                core.commit(self.begun, certificate.clone(), Next::Elsewhere).map_err(|fault| format!("{fault:?}"))?;
            records += committed.finals.len();
            ids.extend(committed.finals.iter().map(|done| done.receipt.id));
        }
        if ids.len() != records {
            return Err(format!("{records} records, of which only {} are different", ids.len()));
        }
        Ok((root(&core), records))
    }
}

fn root(core: &Core) -> Hash {
    core.head().read().expect("not poisoned").tree.root()
}

impl Stage for Ledgers {
    type Ledger = Ledger;

    fn texts(&self) -> Texts {
        Texts { chain: self.genesis.chain(), wording: WORDING }
    }

    fn clock(&mut self, now: u64) {
        let now = i64::try_from(now).unwrap_or(i64::MAX);
        self.now.store(now, Ordering::Relaxed);
        self.world.now = self.begun.plus(Millis(now.unsigned_abs()));
    }

    fn boot(&mut self, boot: &Boot<'_>) -> Result<Ledger, Fault> {
        let &Boot { machine, seat, power, .. } = boot;
        if self.wiped.contains(&machine) {
            self.restore(boot)?;
        }
        let honest = self.schedule.lie(machine).is_none();
        let bug = self.bug.filter(|_| honest);
        let disk = self.disks.entry(machine).or_insert_with(|| Disk::new(&self.genesis, power, bug));
        disk.reboot(&self.genesis);
        let disk = disk.clone();
        let wide = machine == 0 && self.dice.u8(0..4) == 0;
        let reach = if wide { SKEW_WIDE } else { SKEW };
        let skew = *self.skews.entry(machine).or_insert_with(|| self.dice.i64(-reach..=reach));
        let me = world::validator(seat).address();
        let core = Core::open(Arc::new(disk), &self.genesis, me);
        let core = core.map_err(|fault| Fault::new("opening the store", format!("{fault:?}")))?;
        let who = Who { machine, seat, honest, bug };
        let clock = Clock { begun: self.begun, now: self.now.clone(), skew };
        Ok(Ledger::new(core, who, clock, self.shared.clone()))
    }

    fn wipe(&mut self, machine: usize) {
        self.disks.remove(&machine);
        self.wiped.insert(machine);
        self.restored.remove(&machine);
        self.shared.shelves.lock().expect("not poisoned").wipe(machine);
        // Whoever renews a guard looks at the clock.
        self.skews.insert(machine, self.dice.i64(-SKEW..=SKEW));
    }

    fn other(&mut self, body: &Bytes, sound: bool) -> Option<(Hash, Bytes)> {
        if sound {
            return self.sound(body);
        }
        let flaw = Flaw::ALL[self.dice.usize(..Flaw::ALL.len())];
        let other = flaw.put_into(body, &mut self.world)?;
        self.shared.flawed.lock().expect("not poisoned").add(flaw, &other);
        Some(other)
    }

    fn submit(&mut self, ledger: &mut Ledger) {
        let sealed = Sealed::read(self.record()).expect("a record");
        let now = ledger.time();
        if let Ok(Admission::Taken(_, sealed)) = ledger.core.admit(now, sealed) {
            ledger.begins(&sealed, None);
        }
    }

    fn due(&mut self, ledger: &mut Ledger) -> Vec<(usize, u64, Message)> {
        ledger.due()
    }

    fn wakes(&mut self, ledger: &Ledger) -> Option<u64> {
        ledger.wakes()
    }

    fn take(&mut self, ledger: &mut Ledger, from: usize, message: Message) -> Option<Answer> {
        let answer = ledger.take(from, message)?;
        if is_forged(&answer) {
            self.forged += 1;
            if self.schedule.lie(from).is_none() {
                self.wrong.push(format!("{from} is honest and passes on what is no record"));
            }
        }
        Some(answer)
    }

    fn answered(&mut self, ledger: &mut Ledger, ticket: u64, answer: Option<Answer>) {
        ledger.answered(ticket, answer);
    }

    fn joined(&mut self, ledger: &mut Ledger, machine: usize) {
        ledger.joined(machine);
    }

    fn finish(&mut self, honest: &[usize]) -> Vec<String> {
        let mut wrong = std::mem::take(&mut self.wrong);
        let cores: Vec<(usize, Core)> = honest.iter().map(|machine| (*machine, self.open(*machine))).collect();
        if let Some((_, core)) = cores.first() {
            self.contradictions = self.recorded(core);
        }
        wrong.append(&mut self.shared.flawed.lock().expect("not poisoned").wrong);
        for (machine, core) in &cores {
            let height = core.height().get();
            let served = core.decided(1..=height, usize::MAX).expect("a sound store");
            let blocks: Vec<_> = served.into_iter().map(|one| (one.body, one.certificate)).collect();
            let flawed = self.shared.flawed.lock().expect("not poisoned");
            let taken = blocks.iter().filter(|(_, certificate)| flawed.has(&certificate.block));
            wrong.extend(taken.map(|(_, certificate)| format!("{machine} has the flawed block {}", certificate.block)));
            drop(flawed);
            if self.restored.contains(machine) {
                let chain = core.head().read().expect("not poisoned").chain.clone();
                let verified = verify_view(&chain, |_| ());
                wrong.extend(verified.err().map(|error| format!("{machine} was handed its ledger: {error}")));
            }
            match self.again(&blocks) {
                Ok((again, records)) if again == root(core) => self.finals = self.finals.max(records),
                Ok((again, _)) => {
                    wrong.push(format!("{machine} has the register {}, executed again {again}", root(core)))
                }
                Err(why) => wrong.push(format!("{machine}: {why}")),
            }
        }
        wrong
    }
}
