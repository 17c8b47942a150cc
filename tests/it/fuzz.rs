//! Every target of `hefu_tests::fuzz` on its golden files and on a fixed number of changes of them.
//!
//! The changes follow from `HEFU_FUZZ_SEED`, so a failure that is told can be had again. `make fuzz` searches longer and
//! is led by what the code does.

use std::panic::{AssertUnwindSafe, catch_unwind};

use fastrand::Rng;
use hefu_tests::fuzz::{TARGETS, Target, Verdict, mutation::Mutator};

/// Changed inputs of each target.
const CHANGED: usize = 6_000;

/// Longest input that is told in a failure.
const TOLD_BYTES_MAX: usize = 2_000;

#[test]
fn what_must_hold_of_any_bytes_holds_of_golden_files_and_changes_of_them() {
    let seed = std::env::var("HEFU_FUZZ_SEED").map_or(1, |seed| seed.parse().unwrap());
    let failures: Vec<String> = TARGETS.iter().filter_map(|target| search(target, seed).err()).collect();
    assert!(failures.is_empty(), "HEFU_FUZZ_SEED={seed}\n{}", failures.join("\n"));
}

/// Runs a target until it first fails.
fn search(target: &Target, seed: u64) -> Result<(), String> {
    let seeds = target.seeds();
    let mut accepted = 0;
    for input in &seeds {
        if run(target, input)? == Verdict::Accepted {
            accepted += 1;
        }
    }
    if accepted == 0 {
        return Err(format!("{}: none of its {} seeds is accepted, so it tests nothing", target.name, seeds.len()));
    }
    let (mutator, mut random) = (Mutator::new(seeds.clone()), Rng::with_seed(seed));
    let mut accepted_again = 0;
    for _ in 0..CHANGED {
        let input = mutator.of(random.choice(&seeds).unwrap(), &mut random);
        if run(target, &input)? == Verdict::Accepted {
            accepted_again += 1;
        }
    }
    println!("{}: {accepted} of {} seeds and {accepted_again} of {CHANGED} changes accepted", target.name, seeds.len());
    Ok(())
}

fn run(target: &Target, input: &[u8]) -> Result<Verdict, String> {
    catch_unwind(AssertUnwindSafe(|| (target.run)(input))).map_err(|_| {
        let told = input.get(..TOLD_BYTES_MAX).unwrap_or(input);
        format!("{} fails on {} bytes: {}", target.name, input.len(), told.escape_ascii())
    })
}
