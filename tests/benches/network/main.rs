//! Four validators on this machine under load, in one run with PostgreSQL and etcd: what of the machine's own limit they
//! reach, how long a record takes, how fast a wiped validator catches up.
//!
//! Beside each figure of ours stands what the others do with the same payload. The work is not equal, and the run says so:
//! ours keeps four copies and verifies every signature on each; PostgreSQL keeps one and etcd three, and neither verifies
//! anything. Times on a shared machine are noisy; the ratios within one run are what to compare.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    reason = "a measurement may stop at any fault, and its counts are small"
)]

mod door;
mod latency;
mod load;
mod processes;
mod theirs;

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use hefu_contracts::genesis::Genesis;
use hefu_keys::Hash;
use hefu_tests::machine::verification;
use hefu_tests::testnet::Testnet;

use door::Door;
use load::{Signed, Signer};

/// Records of one run, and of one request.
const RECORDS: usize = 24_000;
const BATCH: usize = 400;

/// Levels of the register, as many as `hefu init` gives a network. Test networks have fewer, to start at once; with so many
/// records their buckets would have dozens of rows, all of which are hashed for each that changes.
const DEPTH: &str = "20";

/// Clients of each validator.
const CLIENTS: usize = 2;

/// One record in so many has a wrong signature.
const SPOILT_ONE_IN: usize = 1_000;

/// Longest wait until a wiped validator votes.
const PATIENCE: Duration = Duration::from_secs(120);

/// Blocks of a long chain.
const LONG_CHAIN: u64 = 10_000;

/// How many signers share the load.
const SIGNERS: [usize; 2] = [16, 1_000];

/// What is measured after the throughput; `HEFU_PARTS=catch-up,beside` takes some of them.
const PARTS: [&str; 5] = ["latency", "dead", "catch-up", "long-chain", "beside"];

fn main() -> Result<()> {
    let chosen = std::env::var("HEFU_PARTS").unwrap_or_else(|_| PARTS.join(","));
    let chosen: Vec<&str> = chosen.split(',').filter(|part| !part.is_empty()).collect();
    if let Some(unknown) = chosen.iter().find(|part| !PARTS.contains(part)) {
        bail!("there is no part {unknown:?}; there are {}", PARTS.join(", "));
    }
    let wanted = |part: &str| chosen.contains(&part);
    let verification = verification()?;
    let cores = std::thread::available_parallelism()?.get();
    let limit = cores as f64 / (4.0 * verification);
    println!(
        "signature    {:.1} µs for one strict verification: {cores} cores verify each record at four validators",
        verification * 1e6
    );
    println!("limit        {limit:.0} records/s if nothing else cost anything");

    let mut net = Testnet::init(4, &["--depth", DEPTH])?;
    net.up()?;
    let genesis = genesis(&net)?;
    let mut rates = Vec::new();
    let mut payload = Vec::new();
    for count in SIGNERS {
        let mut signers = load::signers(&net, count)?;
        let run = throughput(&net, &genesis, &mut signers)?;
        println!(
            "{:<12} {:>7.0} records/s, {:.0} % of the limit (aim 35), {:.0} for each second of the validators' processors",
            format!("{count} signers"),
            run.rate,
            100.0 * run.rate / limit,
            run.each_second
        );
        payload = run.payload;
        rates.push((run.rate, signers));
    }
    let (rate, signers) = rates.first_mut().context("no run")?;
    if wanted("latency") {
        latency::light(&net, signers)?;
        latency::half(&net, signers, *rate)?;
    }
    if wanted("dead") {
        dead_validator(&net, signers)?;
        net.up()?;
    }
    if wanted("catch-up") {
        catch_up(&net, signers)?;
        net.up()?;
    }
    if wanted("long-chain") {
        grow(&net, signers)?;
        long_chain(&net, signers)?;
    }
    net.down()?;
    if wanted("beside") { theirs::beside(*rate, &payload) } else { Ok(()) }
}

fn genesis(net: &Testnet) -> Result<Genesis> {
    let genesis: Genesis = serde_json::from_value(Door::to(&net.validators[0].url).get("/v1/genesis")?)?;
    ensure!(genesis.chain().to_string() == net.genesis, "another chain");
    Ok(genesis)
}

struct Run {
    rate: f64,
    each_second: f64,
    payload: Vec<String>,
}

/// Everything at once, from clients of all validators; only what is proven to stand in a block counts.
fn throughput(net: &Testnet, genesis: &Genesis, signers: &mut [Signer]) -> Result<Run> {
    let clients = CLIENTS * net.validators.len();
    let mut shares = Vec::with_capacity(clients);
    for own in signers.chunks_mut(signers.len().div_ceil(clients)) {
        shares.push(load::batches(own, RECORDS / clients, BATCH)?);
    }
    let mut seals: HashMap<Hash, Hash> = shares.iter().flatten().flatten().map(|one| (one.id, one.seal)).collect();
    let mut spoilt = Vec::new();
    for (number, signed) in shares.iter_mut().flatten().flatten().enumerate() {
        if number % SPOILT_ONE_IN == 0 {
            signed.text = load::spoilt(signed)?;
            seals.remove(&signed.id);
            spoilt.push(signed.id);
        }
    }
    let payload = shares.iter().flatten().flatten().take(1_000).map(|one| one.text.clone()).collect();
    let pids: Vec<u32> = net.validators.iter().map(|up| up.pid).collect();
    let door = Door::to(&net.validators[0].url);
    net.level()?;
    let (after, used, start) = (door.height()?, processes::all(&pids)?, Instant::now());
    let refused = std::thread::scope(|scope| {
        let clients = shares.iter().enumerate().map(|(client, share)| {
            let url = &net.validators[client % net.validators.len()].url;
            scope.spawn(move || hand_in_all(url, share))
        });
        let clients: Vec<_> = clients.collect();
        let refused =
            clients.into_iter().map(|client| client.join().map_err(|_| anyhow::anyhow!("a client failed"))?);
        refused.collect::<Result<Vec<_>>>()
    })?;
    let (took, used) = (start.elapsed().as_secs_f64(), processes::all(&pids)? - used);
    let refused: usize = refused.into_iter().sum();
    ensure!(refused == spoilt.len(), "{refused} records were refused, {} have a wrong signature", spoilt.len());
    net.level()?;
    let proven = door.proven(genesis, after, &seals)?;
    ensure!(proven == seals.len(), "{proven} of {} records are proven", seals.len());
    Ok(Run { rate: proven as f64 / took, each_second: proven as f64 / used, payload })
}

/// How many were refused.
fn hand_in_all(url: &str, batches: &[Vec<Signed>]) -> Result<usize> {
    let door = Door::to(url);
    let mut refused = 0;
    for batch in batches {
        let texts: Vec<String> = batch.iter().map(|one| one.text.clone()).collect();
        let answers = door.hand_in(&texts)?;
        let no: Vec<_> = answers.iter().filter(|answer| answer["status"] != "final").collect();
        ensure!(no.iter().all(|answer| answer["code"] == "E-SIGNATURE"), "{no:?}");
        refused += no.len();
    }
    Ok(refused)
}

/// The longest wait for a record after one validator was killed.
fn dead_validator(net: &Testnet, signers: &mut [Signer]) -> Result<()> {
    net.kill(3)?;
    let door = Door::to(&net.validators[0].url);
    let mut longest = Duration::ZERO;
    for _ in 0..12 {
        let record = signers[0].sign()?.text;
        let start = Instant::now();
        let answers = door.hand_in(&[record])?;
        ensure!(answers[0]["status"] == "final", "{answers:?}");
        longest = longest.max(start.elapsed());
    }
    println!(
        "one dead     {:>7.0} ms at most (aim 2,000) from a record to its block while one of four does not answer",
        longest.as_secs_f64() * 1e3
    );
    Ok(())
}

/// A validator that has lost its disk executes what the others have decided, and votes again under light load.
fn catch_up(net: &Testnet, signers: &mut [Signer]) -> Result<()> {
    let door = Door::to(&net.validators[0].url);
    let target = door.height()?;
    let records = door.count(target)? as f64;
    let (caught, voting) = wiped(net, signers)?;
    println!(
        "catch-up     {:>7.0} records/s (aim 30,000) of {target} blocks with every signature verified; votes again after {voting:.1} s",
        records / caught,
    );
    Ok(())
}

/// Makes blocks of one record each, until the chain is long.
fn grow(net: &Testnet, signers: &mut [Signer]) -> Result<()> {
    let door = Door::to(&net.validators[0].url);
    let count = signers.len();
    for number in 0.. {
        if number % 100 == 0 && door.height()? >= LONG_CHAIN {
            return Ok(());
        }
        let answers = door.hand_in(&[signers[number % count].sign()?.text])?;
        ensure!(answers[0]["status"] == "final", "{answers:?}");
    }
    Ok(())
}

/// On a long chain it is handed a snapshot, and executes what came after it.
fn long_chain(net: &Testnet, signers: &mut [Signer]) -> Result<()> {
    let target = Door::to(&net.validators[0].url).height()?;
    let (caught, voting) = wiped(net, signers)?;
    println!(
        "long chain   {caught:>7.1} s until a wiped validator has {target} blocks; votes again after {voting:.1} s (aim 30)"
    );
    Ok(())
}

/// Wipes the last validator; seconds until it has what there was, and until it votes. It is stopped afterwards.
fn wiped(net: &Testnet, signers: &mut [Signer]) -> Result<(f64, f64)> {
    net.level()?;
    let (last, door) = (net.validators.len() - 1, Door::to(&net.validators[0].url));
    net.kill(last)?;
    std::fs::remove_dir_all(net.data(last))?;
    let target = door.height()?;
    let start = Instant::now();
    let mut child = net.start(last, &["--renew-guard"])?;
    net.until("catching up", |net| net.height(last).is_some_and(|height| height >= target))?;
    let caught = start.elapsed().as_secs_f64();
    while net.get(last, "/readyz").is_none_or(|(status, _)| status != 200) {
        ensure!(start.elapsed() < PATIENCE, "it does not vote: {}", net.log(last));
        // Until blocks were made after its start, it cannot know what its key has signed.
        door.hand_in(&[signers[0].sign()?.text])?;
        std::thread::sleep(Duration::from_millis(100));
    }
    let voting = start.elapsed().as_secs_f64();
    net.kill(last)?;
    child.wait()?;
    Ok((caught, voting))
}
