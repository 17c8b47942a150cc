//! Validators in simulated worlds where everything fails. `HEFU_SEED` repeats one schedule, `HEFU_SEEDS` runs more.

use std::{
    collections::BTreeMap,
    ops::Range,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::sim::{Broken, Bug, Flaw, Kind, Ledgers, Lie, Mishap, Report, Schedule, Tally, Toys, campaign, run};

/// Schedules of the engine's core with the guard, and how long each goes wrong, in milliseconds.
const SCHEDULES: u64 = 8_000;
const GOES_WRONG: u64 = 30_000;

/// Schedules of the whole ledger, and the records that must have become final in them, or they mean nothing.
const SCHEDULES_OF_LEDGERS: u64 = 300;
const FINALS_EACH_MIN: u64 = 10;

/// A schedule of the whole ledger takes as long as so many of the core and the guard alone.
const LEDGERS_ONE_IN: u64 = 20;

/// What a hundred schedules of either must at least consist of, or they mean nothing; they consist of two to ten times
/// as much. Fewer may be such in which nothing of a kind happens.
const HUNDRED: u64 = 100;
const HEIGHTS_MIN: u64 = 500;
const LIARS_MIN: u64 = 25;
const LETTERS_MIN: u64 = 1_000;
const CRASHES_MIN: u64 = 200;
const DAMAGED_MIN: u64 = 5;
const WIPES_MIN: u64 = 10;
const PAUSES_MIN: u64 = 50;
const CUTS_MIN: u64 = 100;

/// Schedules in which all disks lose the ends of logs, and nobody makes a mistake.
const SCHEDULES_OF_DAMAGE: u64 = 100;

/// Schedules in which too many validators are there twice, and how many of them must fork.
const TWINS: u64 = 200;
const FORKS_PERCENT_MIN: u64 = 75;

/// Schedules in which one validator is there twice.
const SCHEDULES_OF_CONTRADICTIONS: u64 = 40;

/// Schedules in which a liar is among those who hand the ledger to a machine that has lost it.
const SCHEDULES_OF_HANDOVERS: u64 = 20;

/// Schedules within which a mistake must show, in the core and the guard alone, and in the whole ledger.
const MISTAKE_SHOWS_WITHIN: u64 = 2_000;
const MISTAKE_SHOWS_IN_LEDGERS_WITHIN: u64 = 50;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|number| number.parse().ok())
}

/// The seeds of this run, one in so many of those that are asked for.
fn seeds(usual: u64, one_in: u64) -> Range<u64> {
    match number("HEFU_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("HEFU_SEEDS").map_or(usual, |seeds| seeds.div_ceil(one_in)),
    }
}

fn toys(seed: u64, kind: Kind, bug: Option<Bug>) -> Report {
    let schedule = told(Schedule::draw(seed, kind, GOES_WRONG));
    run(&mut Toys::new(schedule.validators, seed, bug), &schedule, bug)
}

fn ledgers(schedule: Schedule, bug: Option<Bug>) -> (Ledgers, Report) {
    let schedule = told(schedule);
    let mut ledgers = Ledgers::new(&schedule, bug);
    let report = run(&mut ledgers, &schedule, bug);
    (ledgers, report)
}

/// Whether one schedule is repeated by itself.
fn is_repeated() -> bool {
    number("HEFU_SEED").is_some()
}

/// Tells what a schedule that is repeated by itself consists of.
fn told(schedule: Schedule) -> Schedule {
    if is_repeated() {
        println!("{schedule:#?}");
    }
    schedule
}

#[track_caller]
fn holds(what: &str, tally: &Tally) {
    println!("{what}: {}", tally.line());
    let broken: Vec<String> =
        tally.broken.iter().map(|(seed, broken)| format!("HEFU_SEED={seed}: {broken:?}")).collect();
    assert!(broken.is_empty(), "{what}:\n{}", broken.join("\n"));
}

/// A campaign in which hardly anything happens holds whatever is wrong.
#[track_caller]
fn means_something(what: &str, tally: &Tally) {
    let Tally { schedules, heights, faults, .. } = tally;
    println!("{what}: {faults:?}");
    if *schedules < HUNDRED {
        return;
    }
    for (happened, count, least) in [
        ("heights were decided", *heights, HEIGHTS_MIN),
        ("validators lied", faults.liars, LIARS_MIN),
        ("letters were lost", faults.lost, LETTERS_MIN),
        ("letters were doubled", faults.doubled, LETTERS_MIN),
        ("machines lost their power", faults.crashes, CRASHES_MIN),
        ("logs lost their end", faults.damaged, DAMAGED_MIN),
        ("disks were lost", faults.wipes, WIPES_MIN),
        ("machines were paused", faults.pauses, PAUSES_MIN),
        ("machines were cut off", faults.cuts, CUTS_MIN),
    ] {
        assert!(count * HUNDRED >= least * schedules, "only {count} {happened} in {schedules} schedules");
    }
}

/// A mistake shows in one of so many schedules, and it is what shows: without it nothing of the kind happens there.
#[track_caller]
fn is_found(bug: Bug, place: &str, within: u64, schedule: impl Fn(u64, Option<Bug>) -> Report + Sync) {
    let shows = |seed, mistake| {
        let mut report = schedule(seed, mistake);
        report.broken.retain(|broken| bug.shows_as(broken));
        report
    };
    let tally = campaign(0..within, true, |seed| shows(seed, Some(bug)));
    println!("{bug:?}{place}: {:?} after {} schedules", tally.broken.first(), tally.schedules);
    let Some((seed, _)) = tally.broken.first() else { panic!("{bug:?}{place} shows in none of {within} schedules") };
    let control = shows(*seed, None).broken;
    assert!(control.is_empty(), "{bug:?}{place} is not what shows in schedule {seed}: without it {control:?}");
}

#[test]
fn consensus_with_the_guard_neither_forks_nor_contradicts_itself_nor_stands_still() {
    let tally = campaign(seeds(SCHEDULES, 1), false, |seed| toys(seed, Kind::Faults, None));
    holds("consensus and guard", &tally);
    means_something("consensus and guard", &tally);
}

#[test]
fn the_ledger_in_it_loses_nothing_and_executes_again_to_one_register() {
    let (seeds, finals) = (seeds(SCHEDULES_OF_LEDGERS, LEDGERS_ONE_IN), AtomicU64::new(0));
    let least = FINALS_EACH_MIN * (seeds.end - seeds.start);
    let [restored, exposed, forged, in_vain] = [(); 4].map(|()| AtomicU64::new(0));
    let flaws: Mutex<BTreeMap<Flaw, (u64, u64)>> = Mutex::default();
    let [misnamed, backed] = [(); 2].map(|()| AtomicU64::new(0));
    let tally = campaign(seeds, false, |seed| {
        let (ledgers, report) = ledgers(Schedule::draw(seed, Kind::Faults, GOES_WRONG), None);
        finals.fetch_add(ledgers.finals as u64, Ordering::Relaxed);
        let (flawed, mut flaws) = (ledgers.shared.flawed.lock().unwrap(), flaws.lock().unwrap());
        for flaw in Flaw::ALL {
            let (proposed, refused) = flaws.entry(flaw).or_default();
            *proposed += flawed.proposed.get(&flaw).unwrap_or(&0);
            *refused += flawed.refused.get(&flaw).unwrap_or(&0);
        }
        misnamed.fetch_add(flawed.misnamed, Ordering::Relaxed);
        backed.fetch_add(flawed.backed, Ordering::Relaxed);
        let shelves = ledgers.shared.shelves.lock().unwrap();
        restored.fetch_add(shelves.restored, Ordering::Relaxed);
        exposed.fetch_add(shelves.exposed, Ordering::Relaxed);
        in_vain.fetch_add(shelves.in_vain, Ordering::Relaxed);
        forged.fetch_add(ledgers.forged, Ordering::Relaxed);
        report
    });
    let [restored, exposed, forged, in_vain] = [restored, exposed, forged, in_vain].map(AtomicU64::into_inner);
    println!(
        "{restored} ledgers were handed over, {in_vain} were not though somebody had one; {exposed} liars were found out \
         by it; {forged} forged records were passed on"
    );
    let (finals, flaws) = (finals.into_inner(), flaws.into_inner().unwrap());
    let [misnamed, backed] = [misnamed, backed].map(AtomicU64::into_inner);
    println!(
        "{finals} records are final; blocks proposed with a flaw, and how often one was refused: {flaws:?}; {misnamed} came \
         under the name of another, {backed} when a quorum had voted for them"
    );
    holds("ledgers", &tally);
    means_something("ledgers", &tally);
    assert!(finals >= least, "only {finals} records are final");
    // A single schedule may be one in which nobody loses or forges anything.
    assert!(is_repeated() || restored.min(forged) > 0, "{restored} handed over, {forged} records forged");
    let refused = |flaw: &Flaw| flaws.get(flaw).is_some_and(|(_, refused)| *refused > 0);
    let missing: Vec<&Flaw> = Flaw::ALL.iter().filter(|flaw| !refused(flaw)).collect();
    assert!(is_repeated() || missing.is_empty(), "{missing:?} were never refused");
    assert!(is_repeated() || misnamed.min(backed) > 0, "{misnamed} came under the name of another, {backed} late");
}

/// Of seven validators one lies, and others lose their disks meanwhile.
fn wiped_beside_a_liar(seed: u64) -> Schedule {
    let drawn = (seed * 1_000..).map(|seed| Schedule::draw(seed, Kind::Faults, GOES_WRONG));
    let mut fitting = drawn.filter(|schedule| {
        let lies = |liar: &(usize, Lie)| !matches!(liar.1, Lie::Silence | Lie::Twins);
        let wipes = schedule.mishaps.iter().any(|(_, mishap)| matches!(mishap, Mishap::Wipe { .. }));
        let one = schedule.liars.len() == 1 && schedule.liars.iter().all(lies);
        one && wipes && schedule.faulty() == 2 && schedule.forgetful.is_empty()
    });
    fitting.next().unwrap()
}

#[test]
fn a_liar_among_those_who_hand_the_ledger_over_is_found_out_and_does_no_harm() {
    let [restored, exposed] = [(); 2].map(|()| AtomicU64::new(0));
    let tally = campaign(seeds(SCHEDULES_OF_HANDOVERS, 400), false, |seed| {
        let (ledgers, report) = ledgers(wiped_beside_a_liar(seed), None);
        let shelves = ledgers.shared.shelves.lock().unwrap();
        restored.fetch_add(shelves.restored, Ordering::Relaxed);
        exposed.fetch_add(shelves.exposed, Ordering::Relaxed);
        report
    });
    holds("handing over", &tally);
    let [restored, exposed] = [restored, exposed].map(AtomicU64::into_inner);
    println!("{restored} ledgers were handed over, {exposed} liars were found out by it");
    // A few schedules may be such in which the liar is not asked.
    let few = tally.schedules < SCHEDULES_OF_HANDOVERS;
    assert!(few || restored.min(exposed) > 0, "{restored} handed over, {exposed} liars found out");
}

/// One validator is there twice on a network that loses nothing.
fn twin(seed: u64) -> Schedule {
    let mut schedule = Schedule::draw(seed, Kind::Faults, GOES_WRONG);
    (schedule.lost, schedule.doubled, schedule.late) = (0, 0, 0);
    schedule.mishaps.clear();
    schedule.forgetful.clear();
    schedule.liars = vec![(0, Lie::Twins)];
    schedule.twins = vec![0];
    schedule.drift = vec![1_000; schedule.machines()];
    // A record needs a moment from one to the other, and two heights must take longer.
    schedule.pace = schedule.pace.max(300);
    schedule
}

#[test]
fn every_contradiction_that_is_noticed_is_recorded_in_the_second_block_of_others_at_the_latest() {
    let (noticed, late) = (AtomicU64::new(0), Mutex::new(Vec::new()));
    let tally = campaign(seeds(SCHEDULES_OF_CONTRADICTIONS, 200), false, |seed| {
        let (ledgers, report) = ledgers(twin(seed), None);
        for (key, block) in ledgers.contradictions {
            noticed.fetch_add(1, Ordering::Relaxed);
            if block > 2 {
                late.lock().unwrap().push(format!("HEFU_SEED={seed}: {key} in block {block} after it was noticed"));
            }
        }
        report
    });
    holds("twins", &tally);
    let (noticed, late) = (noticed.into_inner(), late.into_inner().unwrap());
    println!("{noticed} contradictions were noticed");
    assert!(late.is_empty(), "{}", late.join("\n"));
    // A single schedule may be one in which nobody notices anything.
    assert!(is_repeated() || noticed >= tally.schedules, "only {noticed} contradictions were noticed");
}

#[test]
fn too_many_twins_fork() {
    let tally = campaign(0..TWINS, false, |seed| toys(seed, Kind::TooManyTwins, None));
    println!("twins beyond a third: {}", tally.line());
    let forks = tally.broken.iter().filter(|(_, broken)| matches!(broken, Broken::Fork(_))).count() as u64;
    assert!(forks * 100 >= TWINS * FORKS_PERCENT_MIN, "only {forks} of {TWINS} schedules fork");
}

#[test]
fn every_mistake_of_the_list_is_found() {
    for bug in Bug::OF_CONSENSUS {
        is_found(bug, "", MISTAKE_SHOWS_WITHIN, |seed, mistake| toys(seed, Kind::Bug(bug), mistake));
    }
}

#[test]
fn where_all_logs_lose_their_ends_sound_guards_contradict_and_fork_nothing() {
    let still = AtomicU64::new(0);
    let tally = campaign(seeds(SCHEDULES_OF_DAMAGE, 80), false, |seed| {
        // The schedules of `Bug::GuardOff` are the same.
        let mut report = toys(seed, Kind::Bug(Bug::GuardUnsynced), None);
        let before = report.broken.len();
        // More may have lost what was durable than can be borne: nobody promises that they go on.
        report.broken.retain(|broken| !matches!(broken, Broken::Stuck(_)));
        still.fetch_add((before - report.broken.len()) as u64, Ordering::Relaxed);
        report
    });
    holds("damage to all logs", &tally);
    println!("{} of them stood still in the end", still.into_inner());
    let Tally { schedules, faults, .. } = &tally;
    assert!(*schedules < HUNDRED || faults.damaged >= *schedules, "only {} logs lost their end", faults.damaged);
}

#[test]
fn mistakes_of_whole_ledgers_are_found_in_them() {
    for bug in Bug::OF_LEDGERS {
        is_found(bug, " in ledgers", MISTAKE_SHOWS_IN_LEDGERS_WITHIN, |seed, mistake| {
            ledgers(Schedule::draw(seed, Kind::Bug(bug), GOES_WRONG), mistake).1
        });
    }
}

#[test]
fn the_same_seed_does_the_same() {
    for seed in 0..20 {
        let [first, second] = [(); 2].map(|()| toys(seed, Kind::Faults, None));
        assert_eq!((first.trace, first.events, first.heights), (second.trace, second.events, second.heights));
    }
    for seed in 0..4 {
        let [first, second] = [(); 2].map(|()| ledgers(Schedule::draw(seed, Kind::Faults, GOES_WRONG), None));
        let told = |(ledgers, report): (Ledgers, Report)| (report.trace, report.events, report.heights, ledgers.finals);
        assert_eq!(told(first), told(second), "HEFU_SEED={seed} in the whole ledger");
    }
}
