//! Four validators under steady load for a long time: what they hold in memory and open must stay within what is known.
//!
//! Of memory, the store's cache fills up to its limit within the first hour and holds the writes that go into files every
//! few minutes; the node tells how much that is. What is left must not grow: a first third of the time warms up, the mean of
//! the last is held against that of the second. `make soak` runs half an hour; `MINUTES=…` says otherwise.

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

/// How much more memory a minute may bring beside the cache, in KiB. What grows with records shows: at 500 a second, 40 bytes
/// of each are 1,172 KiB a minute.
const GROWTH_MAX: f64 = 1_024.0;

/// More than this the store's cache never is, in KiB: its limit, and what is being read when it is reached.
const CACHE_MAX: f64 = 136.0 * 1_024.0;

/// How many more files may be open at a time: a store has more of them until it joins some.
const FILES_MAX: f64 = 32.0;

/// Less load than this a second means nothing.
const FINALS_MIN: f64 = 50.0;

/// What one validator holds at a time: KiB of memory in all and in the store's cache, open files.
#[derive(Clone, Copy, Debug)]
struct Look {
    kib: f64,
    cache: f64,
    files: f64,
}

impl Look {
    /// Memory beside the store's cache.
    fn rest(self) -> f64 {
        self.kib - self.cache
    }
}

fn look(pid: u32, figures: &str) -> Look {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("Linux tells it");
    let kib = resident.split_whitespace().next().and_then(|kib| kib.parse().ok()).expect("a number");
    let files = fs::read_dir(format!("/proc/{pid}/fd")).expect("it runs").count() as f64;
    let mut answer = ureq::get(figures).call().expect("it serves figures");
    let told = answer.body_mut().read_to_string().expect("a text");
    let cache = told.lines().find_map(|line| line.strip_prefix("hefu_store_cache_bytes ")?.parse().ok());
    let cache: f64 = cache.expect("among the figures");
    Look { kib, cache: cache / 1_024.0, files }
}

fn mean(looks: &[Look]) -> Look {
    let count = looks.len() as f64;
    let sum = |of: fn(&Look) -> f64| looks.iter().map(of).sum::<f64>() / count;
    Look { kib: sum(|look| look.kib), cache: sum(|look| look.cache), files: sum(|look| look.files) }
}

/// The means of each third.
fn thirds(looks: &[Look]) -> [Look; 3] {
    let third = looks.len() / 3;
    [mean(&looks[..third]), mean(&looks[third..2 * third]), mean(&looks[2 * third..])]
}

#[test]
fn memory_and_files_stay_within_what_is_known_under_load() {
    let minutes = std::env::var("HEFU_MINUTES").ok().and_then(|minutes| minutes.parse().ok()).unwrap_or(MINUTES);
    let mut net = Testnet::init(4, &[]).unwrap();
    let figures = net.serve_figures().unwrap();
    net.up().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let clients = Clients::with_batches(&net, Log::begin(&directory.path().join("clients.jsonl")).unwrap(), BATCH);
    let begun = Instant::now();
    let mut looks: Vec<Vec<Look>> = vec![Vec::new(); net.validators.len()];
    while begun.elapsed().as_secs_f64() < minutes * 60.0 {
        std::thread::sleep(EVERY);
        for ((looks, up), figures) in looks.iter_mut().zip(&net.validators).zip(&figures) {
            looks.push(look(up.pid, figures));
        }
        if looks[0].len().is_multiple_of(12) {
            let last = looks.iter().map(|looks| looks[looks.len() - 1]);
            let now: Vec<_> =
                last.map(|now| format!("{:.0} + {:.0}", now.rest() / 1_024.0, now.cache / 1_024.0)).collect();
            println!("{:>4.0} s: {now:?} MiB beside and in the cache", begun.elapsed().as_secs_f64());
        }
    }
    let finals = clients.stop();
    let height = net.level().unwrap();
    let rate = finals as f64 / (minutes * 60.0);
    println!("{minutes} minutes, {height} blocks, {finals} records, {rate:.0} a second");
    let mut wrong = Vec::new();
    for (looks, up) in looks.iter().zip(&net.validators) {
        let [_, before, after] = thirds(looks);
        let growth = (after.rest() - before.rest()) / (minutes / 3.0);
        println!(
            "{}: {:.0} KiB + {:.0} in the cache and {:.0} files on average, then {:.0} + {:.0} and {:.0}: {growth:+.0} KiB a \
             minute beside the cache",
            up.validator,
            before.rest(),
            before.cache,
            before.files,
            after.rest(),
            after.cache,
            after.files
        );
        let cached = looks.iter().map(|look| look.cache).fold(0.0, f64::max);
        if growth > GROWTH_MAX || cached > CACHE_MAX || after.files > before.files + FILES_MAX {
            wrong.push(up.validator.clone());
        }
    }
    assert!(wrong.is_empty(), "{wrong:?} grow");
    assert!(rate >= FINALS_MIN, "too little load to mean anything");
    net.down().unwrap();
}
