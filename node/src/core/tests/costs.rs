//! Two nodes go through full blocks on disk. On the way it is noted what a record costs, in processor time of this
//! machine; nothing is expected of those figures:
//!
//! ```text
//! cargo test --release --workspace --lib -- --nocapture full_blocks
//! ```

use std::{fs, sync::Arc};

use hefu_contracts::{register::Depth, submission::Unverified};

use super::{Deed, Scene};
use crate::{
    core::{Proposal, Sealed, processors},
    store::{Rocks, Store, create_store, verify_store},
    world::{World, key},
};

const BLOCKS: usize = 20;
const RECORDS: usize = 1_000;
const AUTHORS: usize = 16;

/// Processor time of the process so far, in microseconds; the system counts in hundredths of a second.
fn processor_us() -> u64 {
    let stat = fs::read_to_string("/proc/self/stat").expect("Linux");
    let fields: Vec<&str> = stat.rsplit(')').next().expect("fields").split_whitespace().collect();
    let ticks: u64 = fields[11..=12].iter().map(|ticks| ticks.parse::<u64>().expect("a number")).sum();
    ticks * 10_000
}

fn measured<T>(spent: &mut u64, work: impl FnOnce() -> T) -> T {
    let before = processor_us();
    let done = work();
    *spent += processor_us() - before;
    done
}

fn on_disk() -> (tempfile::TempDir, Scene) {
    let data = tempfile::tempdir().expect("a directory");
    let world = World::new(4).with_depth(Depth::DEFAULT);
    create_store(data.path(), world.genesis()).expect("created");
    let store: Arc<dyn Store> = Arc::new(Rocks::open(data.path(), world.genesis()).expect("opened"));
    let core = super::open(&world, &store);
    (data, Scene { world, store, core })
}

#[test]
fn two_nodes_go_through_full_blocks_on_disk() {
    let (_data, mut proposer) = on_disk();
    let (data, mut other) = on_disk();
    let names: Vec<String> = (0..AUTHORS).map(|number| format!("device {number}")).collect();
    for name in &names {
        let _ = key(name);
        proposer.takes("huaxu", &Deed::grant(name, &["capture"]));
    }
    let first = proposer.build(0);
    other.judge(first.body.clone(), false);
    other.commit(&first.block);
    proposer.commit(&first.block);

    let [mut form, mut read, mut admit, mut build, mut own, mut verify, mut judge, mut commit] = [0_u64; 8];
    let mut bytes = 0;
    for block in 0..BLOCKS {
        proposer.world.wait(1_000);
        other.world.now = proposer.world.now;
        let mut load = Vec::with_capacity(RECORDS);
        for number in 0..RECORDS {
            let item = format!("https://id.gs1.org/01/04012345999990/21/{:07}", (block / 2) * RECORDS + number);
            let deed = Deed::event(&proposer.world, "OBSERVE", "inspecting", &[item]);
            load.push(proposer.world.sign(&names[number % AUTHORS], &deed));
        }
        bytes += load.iter().map(Vec::len).sum::<usize>();
        measured(&mut form, || {
            for submission in &load {
                Unverified::read(submission).expect("sound");
            }
        });
        let sealed = measured(&mut read, || -> Vec<Sealed> {
            load.into_iter().map(|submission| Sealed::read(submission).expect("sound")).collect()
        });
        measured(&mut admit, || {
            for one in sealed {
                proposer.core.admit(proposer.world.now, one).expect("no fault");
            }
        });
        assert_eq!(proposer.core.waiting(), RECORDS);
        let built = measured(&mut build, || proposer.build(0));
        let proposal = Proposal { height: other.next(), round: 0, block: Some(built.block), fresh: true };
        let prepared = measured(&mut verify, || {
            let prepared = other.core.prepare(&proposal, built.body.clone());
            prepared.verifying().expect("a new block").work(processors());
            prepared
        });
        measured(&mut judge, || other.core.validate(other.world.now, &proposal, prepared.bind()).expect("no fault"));
        let committed = measured(&mut own, || proposer.commit(&built.block));
        measured(&mut commit, || other.commit(&built.block));
        assert_eq!(committed.finals.len(), RECORDS);
    }
    drop(other);
    let mut again = 0;
    measured(&mut again, || verify_store(data.path(), |_| ()).expect("sound"));
    let count = (BLOCKS * RECORDS) as u64;
    let each = |spent: u64| format!("{:.1} µs", spent as f64 / count as f64);
    println!("{count} records of {} bytes with their annex, processor time for each:", bytes as u64 / count);
    println!("  door:      read and verify {} (form alone {}), dry run {}", each(read), each(form), each(admit));
    println!("  proposer:  build {}, commit {}", each(build), each(own));
    println!("  validator: read and verify {}, judge {}, commit {}", each(verify), each(judge), each(commit));
    println!("  validator in all {}; verify --store {}", each(verify + judge + commit), each(again));
}
