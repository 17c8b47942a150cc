//! A node without peers, whose clock stands still while records are handed in, and what they cost it.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};
use hefu_contracts::{block::Block, register::Depth};
use hefu_node::{
    core::{Admission, Core, Next, Sealed},
    create_store,
    store::Rocks,
    world::{World, validator},
};

/// The node, and the world that it records.
pub struct Alone {
    pub world: World,
    pub core: Core,
}

/// What records took.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cost {
    pub records: usize,
    /// To scan, decode, hash and verify them.
    pub read: Duration,
    /// From the dry run to the synced batch.
    pub executed: Duration,
}

impl Alone {
    /// A node that is new in a world, with its store in an empty directory and a register as deep as a network's. The
    /// shallow ones of tests have many rows in each bucket, all of which are hashed for each of them.
    pub fn open(world: World, data: &Path) -> Result<Alone> {
        let world = world.with_depth(Depth::DEFAULT);
        create_store(data, world.genesis())?;
        let genesis = Arc::new(world.genesis().clone());
        let store = Arc::new(Rocks::open(data, &genesis)?);
        Ok(Alone { core: Core::open(store, &genesis, validator(0).address())?, world })
    }

    /// Reads and verifies records, and takes them into blocks until nothing waits any more.
    pub fn take(&mut self, texts: Vec<Vec<u8>>) -> Result<Cost> {
        let records = texts.len();
        let start = Instant::now();
        let sealed = texts.into_iter().map(|text| Sealed::read(text).map_err(|rejected| rejected.refusal));
        let sealed: Vec<Sealed> = sealed.collect::<Result<_, _>>()?;
        let read = start.elapsed();
        let start = Instant::now();
        for record in sealed {
            match self.core.admit(self.world.now, record)? {
                Admission::Taken(..) => {}
                Admission::Known(receipt) => bail!("known already: {receipt:?}"),
                Admission::Refused(refusal) => return Err(refusal.into()),
            }
        }
        while self.core.waiting() > 0 {
            let built = self.core.build(self.world.now, self.core.height().get() + 1, 0)?;
            let header = Block::cut(&built.body)?.header;
            self.core.commit(self.world.now, self.world.certify(&header), Next::Elsewhere)?;
        }
        Ok(Cost { records, read, executed: start.elapsed() })
    }
}

impl Cost {
    /// Of both together.
    pub fn plus(self, other: Cost) -> Cost {
        Cost {
            records: self.records + other.records,
            read: self.read + other.read,
            executed: self.executed + other.executed,
        }
    }

    /// All of it.
    pub fn seconds(&self) -> f64 {
        (self.read + self.executed).as_secs_f64()
    }

    /// Microseconds of each record.
    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
    pub fn each(&self) -> f64 {
        self.seconds() * 1e6 / self.records as f64
    }

    /// Microseconds of each record, of a part of it.
    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
    fn of_each(&self, part: Duration) -> f64 {
        part.as_secs_f64() * 1e6 / self.records as f64
    }

    /// Prints what each record took, beside the microseconds that a signature takes.
    pub fn print(&self, what: &str, signature: f64) {
        println!(
            "{what:<16} {:>9.1} µs each: {:.1} to read and verify, {:.1} from the dry run to the synced batch; {:.0} a \
             second and core, {:.1} signatures",
            self.each(),
            self.of_each(self.read),
            self.of_each(self.executed),
            1e6 / self.each(),
            self.each() / signature
        );
    }
}
