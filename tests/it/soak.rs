//! Four validators under steady load for a long time: what they hold in memory and open must stay as it is.
//!
//! A store fills its write buffers and empties them into files, so memory goes up and down within minutes. What must not
//! grow is the mean: a first third of the time warms up, the last is held against the second.
//! `make soak` runs half an hour; `MINUTES=…` says otherwise.

use std::{
    fs,
    time::{Duration, Instant},
};

use hefu_tests::{history::Log, testnet::Testnet};

use crate::network::Clients;

/// Minutes where nobody says how many.
const MINUTES: f64 = 30.0;

/// From one look to the next.
const EVERY: Duration = Duration::from_secs(5);

/// Records that each client hands in together: so many that write buffers are filled every few minutes.
const BATCH: usize = 25;

/// How much more memory a minute may bring, in KiB.
const GROWTH_MAX: f64 = 1_024.0;

/// How many more files may be open at a time: a store has more of them until it joins some.
const FILES_MAX: f64 = 32.0;

/// Less load than this a second means nothing.
const FINALS_MIN: f64 = 50.0;

/// What one validator holds at a time: KiB of memory, open files.
#[derive(Clone, Copy, Debug)]
struct Look {
    kib: f64,
    files: f64,
}

fn look(pid: u32) -> Look {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("Linux tells it");
    let kib = resident.split_whitespace().next().and_then(|kib| kib.parse().ok()).expect("a number");
    let files = fs::read_dir(format!("/proc/{pid}/fd")).expect("it runs").count() as f64;
    Look { kib, files }
}

fn mean(looks: &[Look]) -> Look {
    let count = looks.len() as f64;
    let sum = |of: fn(&Look) -> f64| looks.iter().map(of).sum::<f64>() / count;
    Look { kib: sum(|look| look.kib), files: sum(|look| look.files) }
}

/// The means of each third.
fn thirds(looks: &[Look]) -> [Look; 3] {
    let third = looks.len() / 3;
    [mean(&looks[..third]), mean(&looks[third..2 * third]), mean(&looks[2 * third..])]
}

#[test]
fn memory_and_files_stay_flat_under_load() {
    let minutes = std::env::var("HEFU_MINUTES").ok().and_then(|minutes| minutes.parse().ok()).unwrap_or(MINUTES);
    let mut net = Testnet::init(4, &[]).unwrap();
    net.up().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let clients = Clients::with_batches(&net, Log::begin(&directory.path().join("clients.jsonl")).unwrap(), BATCH);
    let begun = Instant::now();
    let mut looks: Vec<Vec<Look>> = vec![Vec::new(); net.validators.len()];
    while begun.elapsed().as_secs_f64() < minutes * 60.0 {
        std::thread::sleep(EVERY);
        for (looks, up) in looks.iter_mut().zip(&net.validators) {
            looks.push(look(up.pid));
        }
        if looks[0].len().is_multiple_of(12) {
            let now: Vec<f64> = looks.iter().map(|looks| (looks[looks.len() - 1].kib / 1_024.0).round()).collect();
            println!("{:>4.0} s: {now:?} MiB", begun.elapsed().as_secs_f64());
        }
    }
    let finals = clients.stop();
    let height = net.level().unwrap();
    let rate = finals as f64 / (minutes * 60.0);
    println!("{minutes} minutes, {height} blocks, {finals} records, {rate:.0} a second");
    let mut wrong = Vec::new();
    for (looks, up) in looks.iter().zip(&net.validators) {
        let [_, before, after] = thirds(looks);
        let growth = (after.kib - before.kib) / (minutes / 3.0);
        println!(
            "{}: {:.0} KiB and {:.0} files on average, then {:.0} KiB and {:.0} files: {growth:+.0} KiB a minute",
            up.validator, before.kib, before.files, after.kib, after.files
        );
        if growth > GROWTH_MAX || after.files > before.files + FILES_MAX {
            wrong.push(up.validator.clone());
        }
    }
    assert!(wrong.is_empty(), "{wrong:?} grow");
    assert!(rate >= FINALS_MIN, "too little load to mean anything");
    net.down().unwrap();
}
