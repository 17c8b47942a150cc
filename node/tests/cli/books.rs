//! Exported journals, checked by the programs that they are made for: every assertion of a balance must hold there (I20).

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Value, json};

use crate::bench::Bench;

/// Numbers that look random and are the same for a seed (Knuth's MMIX generator).
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0.unbounded_shr(33).rem_euclid(end)
    }
}

/// A contract with everything in it, and a log of what is tried on it, refusals included.
fn scenario(seed: u64) -> Value {
    let mut dice = Dice(seed);
    let terms = json!({
        "obligor": "brand", "fee_to": "platform", "split": [["kol", "7"], ["mcn", "3"]], "hold_days": "15",
        "cap": "90000", "guarantee": {"amount": "20000", "due": "sign"}, "clawback_limit": dice.below(9_000).to_string(),
        "risk_weights": [["brand", "2"], ["platform", "1"]], "min_payout": "1",
        "components": [
            {"id": "comm", "kind": "per_line", "ppm": dice.below(400_000).to_string(), "fee_ppm": "100000"},
            {"id": "tier", "kind": "tiered", "mode": "marginal", "metric": "net_base",
             "steps": [["0", "0"], ["50000", "10000"], ["200000", "30000"]]},
            {"id": "bonus", "kind": "threshold", "metric": "orders", "at_least": "3", "amount": "8888"},
        ],
    });
    let mut events = Vec::new();
    let mut at: u64 = 0;
    for n in 0..60_u64 {
        at = at.saturating_add(dice.below(3).saturating_mul(86_400_000));
        let line = format!("L{}", dice.below(8));
        let event = match dice.below(10) {
            0..=2 => json!({"type": "paid", "line": line, "base": dice.below(100_000).to_string(), "units": "3"}),
            3 | 4 => json!({"type": "received", "line": line}),
            5 => json!({"type": "refund", "line": line, "base": dice.below(60_000).to_string(), "units": "1"}),
            6 => json!({"type": "milestone", "name": "sign"}),
            7 => json!({"type": "tick"}),
            8 => json!({"type": "payout", "batch": format!("B{n}"), "party": "kol"}),
            _ => {
                json!({"type": "payout_result", "batch": format!("B{}", n.saturating_sub(1)), "ok": dice.below(2) == 0})
            }
        };
        let mut event = event;
        event["id"] = json!(format!("e{n}"));
        event["at"] = json!(at.to_string());
        events.push(event);
    }
    json!({"terms": terms, "events": events})
}

/// A program of the set-up; nothing where it is not installed, which under CI is a failure.
fn program(name: &str) -> Option<PathBuf> {
    let target = Path::new(env!("CARGO_BIN_EXE_hefu")).ancestors().nth(2).unwrap();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders = vec![target.join("tools/beancount/bin")];
    folders.extend(std::env::split_paths(&path));
    let found = folders.into_iter().map(|folder| folder.join(name)).find(|program| program.is_file());
    assert!(found.is_some() || std::env::var_os("CI").is_none(), "{name} is missing: run `scripts/setup books`");
    if found.is_none() {
        eprintln!("{name} is not installed, so journals were not read by it; `scripts/setup books` installs it");
    }
    found
}

/// Has a journal read by the program that it is for; what is wrong with it, as that program says.
pub fn read_by_its_program(format: &str, journal: &Path) -> Result<(), String> {
    let file = journal.to_str().unwrap();
    let (name, arguments): (&str, &[&str]) = match format {
        "beancount" => ("bean-check", &["--no-cache", file]),
        "hledger" => ("hledger", &["-f", file, "check"]),
        "ledger" => ("ledger", &["-f", file, "balance"]),
        other => panic!("{other} is no journal"),
    };
    let Some(program) = program(name) else { return Ok(()) };
    let output = Command::new(program).args(arguments).env("LC_ALL", "C.UTF-8").output().unwrap();
    let told = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    if output.status.success() { Ok(()) } else { Err(told) }
}

#[test]
fn journals_of_random_runs_are_accepted_and_a_wrong_one_is_not() {
    let bench = Bench::new();
    for seed in 1..=6 {
        let scenario = scenario(seed).to_string();
        for format in ["beancount", "hledger", "ledger"] {
            let ran = bench.hefu_reading(&scenario, &["settle", "scenario", "--export", format]);
            let journal = &ran.check(0).out;
            assert!(journal.lines().count() > 40, "seed {seed} settles next to nothing: {journal}");
            let file = bench.write("journal", journal);
            let read = read_by_its_program(format, &file);
            assert!(read.is_ok(), "seed {seed}, {format}: {}\n{journal}", read.unwrap_err());
            // The last assertion says something else by some yuan, since beancount lets a fen pass: whoever accepted that would check nothing.
            let (before, cents) = journal.rsplit_once('.').unwrap();
            let (before, digit) = before.split_at(before.len().saturating_sub(1));
            let other = if digit == "9" { "8" } else { "9" };
            let file = bench.write("wrong", format!("{before}{other}.{cents}"));
            assert!(
                program(name_of(format)).is_none() || read_by_its_program(format, &file).is_err(),
                "seed {seed}, {format}"
            );
        }
    }
}

fn name_of(format: &str) -> &str {
    if format == "beancount" { "bean-check" } else { format }
}
