//! What the settlement rules cost on this machine, without a ledger: postings per second of one core, and how long and
//! how much memory a contract with very many order lines takes. Every line is paid, one in ten partly refunded, all are
//! received and released. The processor's time counts, so that others' work on the machine does not.

#![expect(clippy::arithmetic_side_effects, reason = "a measurement may stop at any fault")]

mod postgres;

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use hefu_contracts::{
    settlement::{Event, EventId, LineId, Minor, Outcome, Paid, Parts, Stream, Terms, What},
    time::Time,
};
use serde_json::json;

const LINES: usize = 1_000_000;

fn main() -> Result<()> {
    let mut run = Run { stream: Stream::new(terms()?), events: 0, postings: 0 };
    let (clock, start) = (Instant::now(), busy()?);
    let received: Time = "2026-09-21T08:00:00.000Z".parse()?;
    for number in 0..LINES {
        let line = LineId::new(&format!("shop1-{number}")).context("a line's name")?;
        let base = i128::try_from(3_000 + number % 20_000)?;
        let parts = |base| -> Result<Parts> { Ok(Parts::whole(Minor::new(base)?)) };
        let paid = Paid { line: line.clone(), order: None, parts: parts(base)?, units: 1, currency: None };
        run.submit(&format!("p{number}"), None, What::Paid(paid))?;
        if number % 10 == 0 {
            run.submit(
                &format!("b{number}"),
                None,
                What::Refund { line: line.clone(), parts: parts(base / 2)?, units: 0 },
            )?;
        }
        run.submit(&format!("r{number}"), Some(received), What::Received { line })?;
    }
    let taken = busy()? - start;
    let start = busy()?;
    run.submit("tick", Some("2026-10-21T08:00:00.000Z".parse()?), What::Tick)?;
    let released = busy()? - start;
    let by_the_clock = clock.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
    let rate = |count: usize| count as f64 / (taken + released);
    println!("settlement   {LINES} order lines: {} events, {} postings", run.events, run.postings);
    println!("             {taken:.2} s of one core, and {released:.2} s to release all at once");
    println!("             {:.0} postings and {:.0} events per second and core", rate(run.postings), rate(run.events));
    println!("             {} at most resident", resident()?);
    postgres::beside(by_the_clock, LINES, run.postings, run.stream.balances())
}

struct Run {
    stream: Stream,
    events: usize,
    postings: usize,
}

impl Run {
    fn submit(&mut self, id: &str, at: Option<Time>, what: What) -> Result<()> {
        let id = EventId::new(id).context("an event's name")?;
        let postings = &mut self.postings;
        let outcome = self.stream.submit(&Event { id, at, what }, |entry| *postings += entry.postings.len());
        ensure!(outcome == Outcome::Ok, "{outcome:?}");
        self.events += 1;
        Ok(())
    }
}

/// A commission with the platform's fee, a tier on top, shared by two.
fn terms() -> Result<Terms> {
    Ok(Terms::read(&json!({
        "obligor": "brand", "fee_to": "platform", "split": [["kol", "7"], ["mcn", "3"]], "hold_days": "15",
        "components": [
            {"id": "comm", "kind": "per_line", "ppm": "200000", "fee_ppm": "100000"},
            {"id": "tier", "kind": "tiered", "mode": "marginal", "metric": "net_base",
             "steps": [["0", "0"], ["10000000", "20000"]], "fee_ppm": "100000"},
        ],
    }))?)
}

/// Seconds that this thread, the only one, has spent on a processor (Linux, /proc).
fn busy() -> Result<f64> {
    let told = std::fs::read_to_string("/proc/self/schedstat")?;
    let nanoseconds: u64 = told.split_whitespace().next().context("no time in schedstat")?.parse()?;
    Ok(std::time::Duration::from_nanos(nanoseconds).as_secs_f64())
}

/// The most memory that this process has had (Linux, /proc).
fn resident() -> Result<String> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
    Ok(peak.trim().to_owned())
}
