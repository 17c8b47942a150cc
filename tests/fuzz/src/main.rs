//! One binary for all targets, so that everything is compiled once: libFuzzer's own `main`, which calls what stands here.
//!
//! `HEFU_FUZZ_TARGET` names the target; without it, the names of all are printed. Where `HEFU_FUZZ_SEEDS` names a folder,
//! the target's seeds are written into it before libFuzzer reads its corpus.

#![no_main]

use std::{fs, path::Path, process::exit, sync::LazyLock};

use fastrand::Rng;
use hefu_tests::fuzz::{TARGETS, Target, mutation::Mutator};
use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};

static TARGET: LazyLock<&Target> = LazyLock::new(|| {
    let name = std::env::var("HEFU_FUZZ_TARGET").unwrap_or_default();
    TARGETS.iter().find(|target| target.name == name).unwrap_or_else(|| {
        TARGETS.iter().for_each(|target| println!("{}", target.name));
        exit(if name.is_empty() { 0 } else { 2 })
    })
});

static MUTATOR: LazyLock<Mutator> = LazyLock::new(|| Mutator::new(TARGET.seeds()));

#[expect(clippy::expect_used, reason = "without a corpus there is nothing to run")]
fn write_seeds() {
    let seeds = TARGET.seeds();
    if let Ok(folder) = std::env::var("HEFU_FUZZ_SEEDS") {
        for (number, seed) in seeds.iter().enumerate() {
            fs::write(Path::new(&folder).join(format!("seed-{number}")), seed).expect("a seed in the corpus");
        }
    }
}

fuzz_target!(init: write_seeds(), |bytes: &[u8]| {
    // Refused inputs stay in the corpus where they lead to new code: the reasons to refuse are most of a reader.
    (TARGET.run)(bytes);
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let mut random = Rng::with_seed(seed.into());
    let changed = match data.get(..size) {
        Some(input) if MUTATOR.knows_json() && random.u8(..3) > 0 => MUTATOR.of_json(input, &mut random),
        Some(_) | None => None,
    };
    match changed.filter(|changed| changed.len() <= max_size.min(data.len())) {
        Some(changed) => {
            data.iter_mut().zip(&changed).for_each(|(to, from)| *to = *from);
            changed.len()
        }
        None => fuzzer_mutate(data, size, max_size),
    }
});
