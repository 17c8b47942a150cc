//! Figures of this machine, in one run: what a signature costs, what the whole path of a record costs on one core, how
//! long a record takes to be final on loopback, what an idle node needs, and how long a slow phone waits for a trace page.
//!
//! Times on a shared machine are noisy; the ratios within one run are what to compare.

#![expect(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "a measurement may stop at any fault")]

mod alone;

use std::{
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use alone::{Alone, Cost};
use anyhow::{Context, Result};
use hefu_contracts::{action::Action, block::Block, execute::BLOCK_ROWS_MAX};
use hefu_engine::CHUNK_BYTES;
use hefu_keys::SecretKey;
use hefu_node::{
    core::{Admission, Arriving, Judged, Next, Proposal, Sealed},
    demo::PHRASE,
    memory::use_small_pages,
    world::{Codes, Deed, REFILL, World},
};
use hefu_tests::{machine::verification, people::Person, process::Hefu};
use serde_json::json;

const ROUNDS: usize = 5;
const RECORDS: usize = 4_000;
const LATENCIES: usize = 300;

fn main() -> Result<()> {
    // As a node does: huge ones would be cleared whenever a block is copied.
    use_small_pages();
    println!("signature    {:>8.1} µs per strict verification", verification()? * 1e6);
    pipeline()?;
    largest_block()?;
    next_block()?;
    let data = tempfile::tempdir()?;
    let node = Hefu::start(data.path(), &[])?;
    latency(&node)?;
    idle(&node)?;
    drop(node);
    slow_phone()
}

/// Scan, decode, verify, dry run, execute, commit with RocksDB and a synced write, one validator, one thread.
fn pipeline() -> Result<()> {
    let data = tempfile::tempdir()?;
    let mut node = Alone::open(World::new(1), data.path())?;
    let world = &mut node.world;
    let mut setup = vec![world.sign("corenest", &Deed::product(REFILL, 1))];
    for party in ["huaxu", "yueling", "puyan"] {
        setup.push(world.sign("corenest", &Deed::authority(party)));
    }
    let (codes, issue) = Codes::issue(world, REFILL, 1_000, 0);
    setup.push(issue);
    node.take(setup)?;
    let made = codes.commission(&node.world, 0, 1_000);
    let made = node.world.sign("yueling", &made);
    node.take(vec![made])?;

    let (mut cost, mut bytes) = (Cost::default(), 0);
    for round in 0..ROUNDS {
        let world = &mut node.world;
        let sign = |number: usize| {
            world.wait(1);
            let author = ["corenest", "huaxu", "yueling", "puyan"][number % 4];
            let thing = codes.epc(u64::try_from((round * RECORDS + number) % 1_000).unwrap_or(0));
            let deed = Deed::event(world, "OBSERVE", "storing", &[thing]);
            world.sign(author, &deed)
        };
        let texts: Vec<Vec<u8>> = (0..RECORDS).map(sign).collect();
        bytes += texts.iter().map(Vec::len).sum::<usize>();
        cost = cost.plus(node.take(texts)?);
    }
    println!(
        "bytes        {:>8} of a record on average, {} of them in blocks of {RECORDS}",
        bytes / cost.records,
        cost.records
    );
    cost.print("record", verification()? * 1e6);
    Ok(())
}

/// From a part of the largest block to a validator's answer; the consensus engine waits for it.
fn largest_block() -> Result<()> {
    let (own, others, unknowing) = (tempfile::tempdir()?, tempfile::tempdir()?, tempfile::tempdir()?);
    let mut proposer = Alone::open(World::new(1), own.path())?;
    let mut knowing = Alone::open(World::new(1), others.path())?;
    let mut unknowing = Alone::open(World::new(1), unknowing.path())?;
    let (mut known, mut unknown, mut least) = (Answers::default(), Answers::default(), usize::MAX);
    for (round, height) in (0..ROUNDS).zip(1..) {
        for text in observations(&mut proposer.world, round * RECORDS, RECORDS) {
            hand_in(&mut proposer, &text)?;
            hand_in(&mut knowing, &text)?;
        }
        let now = proposer.world.now;
        let built = proposer.core.build(now, height, 0)?;
        let (block, body) = (built.block, built.body);
        let Block { header, records } = Block::cut(&body)?;
        least = least.min(records.len());
        let proposal = Proposal { height, round: 0, block: Some(block), fresh: true };
        let answer = |validator: &mut Alone, answers: &mut Answers| -> Result<()> {
            let (mut arriving, mut earlier) = (Arriving::default(), Vec::new());
            let last = body.len().saturating_sub(1) / CHUNK_BYTES * CHUNK_BYTES;
            for part in body[..last].chunks(CHUNK_BYTES) {
                let start = Instant::now();
                let arrived = validator.core.find_known(arriving.take(part));
                validator.core.remember_all(arriving.verify(arrived));
                earlier.push(start.elapsed().as_secs_f64() * 1e3);
            }
            let start = Instant::now();
            let bound = validator.core.prepare(&proposal, body.clone()).bind();
            let judged = validator.core.validate(now, &proposal, bound)?;
            anyhow::ensure!(matches!(judged, Judged::Valid(_)), "{judged:?}");
            answers.add(&earlier, start.elapsed().as_secs_f64() * 1e3);
            Ok(())
        };
        answer(&mut knowing, &mut known)?;
        answer(&mut unknowing, &mut unknown)?;
        let certificate = proposer.world.certify(&header);
        for node in [&mut proposer, &mut knowing, &mut unknowing] {
            node.core.commit(now, certificate.clone(), Next::Elsewhere)?;
        }
        proposer.world.wait(1_000);
    }
    println!(
        "largest block {least:>7} records at least, an answer to a part should take at most 200 ms: where its records are known \
         {}; where none is {}",
        known.told(),
        unknown.told()
    );
    Ok(())
}

/// How long answers to the parts of blocks took, in milliseconds.
#[derive(Default)]
struct Answers {
    /// To the last part, by block.
    last: Vec<f64>,
    /// To any part before it.
    earlier: f64,
    /// To all parts together, by block.
    whole: Vec<f64>,
}

impl Answers {
    fn add(&mut self, earlier: &[f64], last: f64) {
        self.earlier = earlier.iter().copied().fold(self.earlier, f64::max);
        self.last.push(last);
        self.whole.push(earlier.iter().sum::<f64>() + last);
    }

    fn told(mut self) -> String {
        self.last.sort_by(f64::total_cmp);
        self.whole.sort_by(f64::total_cmp);
        let at = |times: &[f64], place: usize| times.get(place).copied().unwrap_or_default();
        let blocks = self.last.len();
        format!(
            "{:.0} ms for the last (of {blocks} blocks {:.0} to {:.0}), at most {:.0} for any before it, {:.0} for all together",
            at(&self.last, blocks / 2),
            at(&self.last, 0),
            at(&self.last, blocks - 1),
            self.earlier,
            at(&self.whole, blocks / 2)
        )
    }
}

/// From the decision of the largest block to the next proposal, both by one node.
fn next_block() -> Result<()> {
    let took = |next: Next| -> Result<f64> {
        let data = tempfile::tempdir()?;
        let mut node = Alone::open(World::new(1), data.path())?;
        for text in observations(&mut node.world, 0, BLOCK_ROWS_MAX) {
            hand_in(&mut node, &text)?;
        }
        let now = node.world.now;
        let first = node.core.build(now, 1, 0)?.body;
        let certificate = node.world.certify(&Block::cut(&first)?.header);
        let start = Instant::now();
        node.core.commit(now, certificate, next)?;
        let second = node.core.build(now, 2, 0)?.body;
        let took = start.elapsed().as_secs_f64() * 1e3;
        let records = Block::cut(&second)?.records.len();
        anyhow::ensure!(records > BLOCK_ROWS_MAX / 4, "only {records} records are in the next block");
        Ok(took)
    };
    let (after, meanwhile) = (took(Next::Elsewhere)?, took(Next::Full)?);
    println!(
        "next block   {after:>8.0} ms from the decision of the largest one to the next proposal, {meanwhile:.0} ms where it is \
         begun while that one is written"
    );
    Ok(())
}

/// So many events, of things from this one on. Each changes a thing's row and its own, beside those of the four keys and
/// organisations.
fn observations(world: &mut World, first: usize, count: usize) -> Vec<Vec<u8>> {
    let sign = |number: usize| {
        let author = ["corenest", "huaxu", "yueling", "puyan"][number % 4];
        let thing = format!("https://id.gs1.org/01/10614141073464/21/{number}");
        let deed = Deed::event(world, "OBSERVE", "storing", &[thing]);
        world.sign(author, &deed)
    };
    (first..first + count).map(sign).collect()
}

fn hand_in(node: &mut Alone, text: &[u8]) -> Result<()> {
    let record = Sealed::read(text.to_vec()).map_err(|rejected| rejected.refusal)?;
    let admitted = node.core.admit(node.world.now, record)?;
    anyhow::ensure!(matches!(admitted, Admission::Taken(..)), "{admitted:?}");
    Ok(())
}

/// Submit to final over HTTP, one in flight.
fn latency(node: &Hefu) -> Result<()> {
    let key = SecretKey::from_phrase(PHRASE, "//corenest", None)?;
    let row = node.get(&format!("/v1/keys/{}", key.address()))?.1;
    let mut person = Person::new(key, node.ready.genesis.parse()?, row["nextSeq"].as_u64().context("no key row")?);
    let site = json!({"gln": "9528880100012", "name": {"en": "Hall", "zh": "厂房"}});
    let mut times = Vec::with_capacity(LATENCIES);
    for _ in 0..LATENCIES {
        let record = person.sign(Action::SitePut, site.clone())?;
        let start = Instant::now();
        let (status, answer) = node.post("/v1/records?wait=final", "application/json", record.as_bytes())?;
        anyhow::ensure!(status == 200, "{answer}");
        times.push(start.elapsed());
    }
    times.sort();
    let at = |share: usize| times.get(times.len() * share / 100).copied().unwrap_or_default().as_secs_f64() * 1e3;
    println!("submit→final {:>8.1} ms p50, {:.1} ms p99, one in flight on loopback", at(50), at(99));
    Ok(())
}

/// Processor share and memory of a node that has nothing to do, over ten seconds (Linux, /proc).
fn idle(node: &Hefu) -> Result<()> {
    std::thread::sleep(Duration::from_secs(2));
    let ticks = || -> Result<u64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", node.pid()))?;
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let field = |at: usize| fields.get(at).and_then(|field| field.parse::<u64>().ok()).context("no such field");
        Ok(field(11)? + field(12)?)
    };
    let before = ticks()?;
    std::thread::sleep(Duration::from_secs(10));
    let used = ticks()? - before;
    let status = std::fs::read_to_string(format!("/proc/{}/status", node.pid()))?;
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default().trim();
    // A tick is 10 ms on Linux, so ticks over ten seconds are tenths of a per cent.
    println!("idle         {:>6}.{} % of a core, {resident} resident", used / 10, used % 10);
    Ok(())
}

/// The demo's trace page in a real browser that is slowed down.
fn slow_phone() -> Result<()> {
    let data = tempfile::tempdir()?;
    let node = Hefu::start(data.path(), &["--demo"])?;
    let item = node.ready.items.first().and_then(|item| item.strip_prefix(&node.ready.url)).context("no item")?;
    let status = Command::new("node")
        .arg("tests/e2e/slow.mjs")
        .env("HEFU_URL", &node.ready.url)
        .env("HEFU_ITEM", item)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
        .status()?;
    anyhow::ensure!(status.success(), "the browser has failed");
    Ok(())
}
