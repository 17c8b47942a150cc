//! What agreements cost through a node's blocks on this machine, in one run: facts from their signed text to the synced
//! batch, the settlement of their lines, and how long a party's computer takes to recompute the statement.
//!
//! `HEFU_LINES` says how many order lines, 10,000 otherwise. Times on a shared machine are noisy; the ratios within one
//! run are what to compare. Nothing is extrapolated.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::cast_precision_loss,
    clippy::indexing_slicing,
    reason = "a measurement of small known numbers may stop at any fault"
)]

mod alone;

use std::{
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};

use alone::{Alone, Cost};
use anyhow::{Context, Result, ensure};
use hefu_contracts::{
    action::Action,
    agreements::{
        ATTRIBUTION,
        bundle::{self, Bundle, Extent, Which},
    },
};
use hefu_keys::Hash;
use hefu_node::world::{Deed, REFILL, World, key};
use hefu_tests::{machine::verification, process::binary};
use serde_json::{Value, json};

const LINES: usize = 10_000;

/// Records that wait at once.
const CHUNK: usize = 2_000;

/// Units of one release: as many as a record of 64 KiB has room for.
const RELEASED: usize = 500;

const FEED: &str = "douyin:shop1";

const DAY: u64 = 86_400_000;

fn main() -> Result<()> {
    let lines = match std::env::var("HEFU_LINES") {
        Ok(lines) => lines.parse().context("HEFU_LINES is no number")?,
        Err(_) => LINES,
    };
    let signature = verification()? * 1e6;
    println!("signature    {signature:>8.1} µs per strict verification");
    let data = tempfile::tempdir()?;
    let mut run = Run(Alone::open(World::new(1), data.path())?);
    run.set_up()?;
    let facts = facts(&mut run, lines, signature)?;
    settle(&mut run, lines, facts)?;
    for (what, extent) in [("statement", Extent::Plain), ("full", Extent::Full)] {
        verify(&run, lines, what, extent, data.path())?;
    }
    Ok(())
}

/// Every line paid and received, every tenth refunded in part.
fn facts(run: &mut Run, lines: usize, signature: f64) -> Result<Cost> {
    let paid = run.hand_in(lines, "douyin", |_, number| paid(number))?;
    let received = run.hand_in(lines, "douyin", |_, number| fact("received", number, &json!({})))?;
    let refunded = run.hand_in(lines / 10, "douyin", |_, number| {
        fact("refunded", number * 10, &json!({"parts": {"goods": "1000"}, "units": "0"}))
    })?;
    for (what, cost) in [("paid", &paid), ("received", &received), ("refunded", &refunded)] {
        cost.print(what, signature);
    }
    let facts = paid.plus(received).plus(refunded);
    facts.print("facts", signature);
    Ok(facts)
}

/// The holds of all lines released, and the period stated.
fn settle(run: &mut Run, lines: usize, facts: Cost) -> Result<()> {
    run.0.world.wait(40 * DAY);
    let released = run.hand_in(lines.div_ceil(RELEASED), "huaxu", |_, number| {
        let units: Vec<String> = (number * RELEASED..lines.min((number + 1) * RELEASED)).map(unit).collect();
        Deed::new(Action::HoldRelease, json!({"contract": "C1", "units": units}))
    })?;
    let issued = run.hand_in(1, "corenest", |_, _| {
        Deed::new(Action::StatementIssue, json!({"contract": "C1", "period": "2026-09"}))
    })?;
    let seconds = facts.plus(released).plus(issued).seconds();
    println!(
        "settlement   {seconds:>8.2} s for {lines} lines through blocks, {:.1} µs a line, {:.0} lines per second",
        seconds * 1e6 / lines as f64,
        lines as f64 / seconds
    );
    println!(
        "             {:>8.2} s of it to release all, {:.2} ms to state them",
        released.seconds(),
        issued.seconds() * 1e3
    );
    Ok(())
}

/// Times that the command line verifies a statement: the first time the machine has to find memory for it.
const VERIFIED: usize = 9;

/// How long a party's computer takes to check her statement, in this process and by the command line.
fn verify(run: &Run, lines: usize, what: &str, extent: Extent, data: &Path) -> Result<()> {
    let genesis = run.0.world.genesis().chain();
    let start = Instant::now();
    let text = {
        let head = run.0.core.head().read().map_err(|_| anyhow::anyhow!("the head is poisoned"))?;
        let which = Which { contract: "C1", party: "huaxu", number: 1 };
        bundle::build(&head.chain, &head.tree, which, extent)?.context("no statement")?.text()?
    };
    let built = start.elapsed();
    let start = Instant::now();
    let bundle = Bundle::read(text.as_bytes())?;
    let read = start.elapsed();
    let start = Instant::now();
    let entries = bundle.check(&genesis)?.entries.len();
    let checked = start.elapsed();
    let file = data.join(format!("{what}.json"));
    std::fs::write(&file, &text)?;
    let mut command = Command::new(binary()?);
    command.args(["statement", "verify"]).arg(&file).args(["--genesis", &genesis.to_string()]).stdout(Stdio::null());
    let mut times = Vec::new();
    for _ in 0..VERIFIED {
        let start = Instant::now();
        ensure!(command.status()?.success(), "the statement does not hold");
        times.push(start.elapsed().as_secs_f64());
    }
    let first = times[0];
    times.sort_by(f64::total_cmp);
    println!(
        "{what:<12} {:>8.3} s by the command line, the first time {first:.3}: {entries} entries of {lines} lines, {:.1} MB",
        times[VERIFIED / 2],
        text.len() as f64 / 1e6
    );
    println!(
        "             {:>8.3} s to build, {:.3} s to read, {:.3} s to check: {:.0} lines recomputed per second",
        built.as_secs_f64(),
        read.as_secs_f64(),
        checked.as_secs_f64(),
        lines as f64 / checked.as_secs_f64()
    );
    Ok(())
}

/// A node with a platform and a contract.
struct Run(Alone);

impl Run {
    /// A platform, its feed, and a contract: a commission with the platform's fee, a tier on top, shared by two.
    fn set_up(&mut self) -> Result<()> {
        let name = json!({"en": "Douyin", "zh": "抖音"});
        let party = json!({"admin": key("douyin").address(), "id": "douyin", "kind": "platform", "name": name});
        self.hand_in(1, "corenest", |_, _| Deed::new(Action::PartyAdd, party.clone()).with("douyin"))?;
        let feed = json!({"feed": FEED, "key": key("douyin").address()});
        self.hand_in(1, "douyin", |_, _| Deed::new(Action::FeedPut, feed.clone()))?;
        let terms = json!({
            "contract_id": "C1", "version": "1", "currency": "CNY", "tz_offset_min": "480",
            "effective_from": "2026-09-01T00:00:00+08:00", "required_signers": ["corenest", "huaxu", "yueling"],
            "obligor": "corenest", "fee_to": "douyin", "feeds": [FEED], "base": {"goods": "1"},
            "components": [
                {"id": "comm", "kind": "per_line", "ppm": "200000", "fee_ppm": "100000"},
                {"id": "tier", "kind": "tiered", "mode": "marginal", "metric": "net_base",
                 "steps": [["0", "0"], ["10000000", "20000"]], "fee_ppm": "100000"},
            ],
            "split": [["huaxu", "7"], ["yueling", "3"]], "hold_days": "15", "period": "month", "dispute_days": "30",
        });
        let deed = Deed::new(Action::AgreementSign, json!({"terms": terms})).with("huaxu").with("yueling");
        self.hand_in(1, "corenest", |_, _| deed.clone())?;
        Ok(())
    }

    /// Signs records, which is not measured; reads and verifies them, and takes them into blocks, which is.
    fn hand_in(&mut self, count: usize, author: &str, deed: impl Fn(&World, usize) -> Deed) -> Result<Cost> {
        let mut cost = Cost::default();
        let numbers: Vec<usize> = (0..count).collect();
        for chunk in numbers.chunks(CHUNK) {
            let world = &mut self.0.world;
            world.wait(1_000);
            let texts = chunk.iter().map(|number| {
                let mut deed = deed(world, *number);
                if deed.action == Action::FactReport {
                    deed.body["at"] = json!(world.now);
                }
                world.sign(author, &deed)
            });
            let texts = texts.collect();
            cost = cost.plus(self.0.take(texts)?);
        }
        Ok(cost)
    }
}

fn order(number: usize) -> String {
    format!("2026-09/{}", Hash::of(format!("order {number}").as_bytes()))
}

fn unit(number: usize) -> String {
    format!("line:douyin/{}/1:comm", order(number))
}

fn paid(number: usize) -> Deed {
    let amount = (3_000 + number % 20_000).to_string();
    let fact = json!({"paid": {
        "createdAt": "2026-09-21T07:00:00.000Z", "currency": "CNY", "line": "1", "order": order(number),
        "parts": {"goods": amount}, "product": REFILL, "units": "1",
    }});
    let mut deed = Deed::new(Action::FactReport, json!({"fact": fact, "feed": FEED}));
    deed.lists.insert(ATTRIBUTION.to_owned(), vec![json!(["C1", "1000000"]).to_string()]);
    deed
}

/// A further fact about a line.
fn fact(kind: &str, number: usize, more: &Value) -> Deed {
    let mut fact = json!({"line": "1", "order": order(number)});
    for (name, value) in more.as_object().into_iter().flatten() {
        fact[name] = value.clone();
    }
    Deed::new(Action::FactReport, json!({"fact": {kind: fact}, "feed": FEED}))
}
