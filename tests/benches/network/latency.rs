//! How long a record takes from being handed in to being final. The load does not wait for answers.

use std::{
    sync::{Mutex, PoisonError, mpsc},
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use hefu_tests::testnet::Testnet;

use crate::{door::Door, load::Signer};

/// How long each load lasts.
const LASTS: Duration = Duration::from_secs(12);

/// Connections that wait for answers.
const WAITING: usize = 48;

/// One record at a time, twenty a second.
pub fn light(net: &Testnet, signers: &mut [Signer]) -> Result<()> {
    let times = open_loop(net, signers, Duration::from_millis(50), 1)?;
    told("light load", &times, (30, 100));
    Ok(())
}

/// Half of what the network takes, in a hundred small batches a second.
pub fn half(net: &Testnet, signers: &mut [Signer], rate: f64) -> Result<()> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "some thousands a second")]
    let each = ((rate / 2.0 / 50.0) as usize).max(1);
    let times = open_loop(net, signers, Duration::from_millis(20), each)?;
    told("half load", &times, (150, 400));
    Ok(())
}

fn told(what: &str, times: &[Duration], (middle, most): (u32, u32)) {
    let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)].as_secs_f64() * 1e3;
    println!(
        "{what:<12} {:>7.0} ms p50 (aim {middle}), {:.0} ms p99 (aim {most}) from handing in to final, {} requests",
        at(50),
        at(99),
        times.len()
    );
}

/// Sends a batch at every tick, whether or not those before were answered; the times of all, sorted.
fn open_loop(net: &Testnet, signers: &mut [Signer], tick: Duration, each: usize) -> Result<Vec<Duration>> {
    let ticks = LASTS.as_millis() / tick.as_millis();
    let count = signers.len();
    let mut batches = Vec::new();
    for number in 0..usize::try_from(ticks)? {
        // Each batch is one signer's, so that it does not matter which of two is taken first.
        let signer = &mut signers[number % count];
        batches.push((0..each).map(|_| Ok(signer.sign()?.text)).collect::<Result<Vec<String>>>()?);
    }
    let (send, receive) = mpsc::channel::<(Instant, usize, Vec<String>)>();
    let (receive, times) = (Mutex::new(receive), Mutex::new(Vec::new()));
    let next = || receive.lock().unwrap_or_else(PoisonError::into_inner).recv();
    let wait = |worker: usize| -> Result<()> {
        let doors: Vec<Door> = net.validators.iter().map(|up| Door::to(&up.url)).collect();
        while let Ok((due, number, batch)) = next() {
            let answers = doors[number % count % doors.len()].hand_in(&batch)?;
            ensure!(answers.iter().all(|answer| answer["status"] == "final"), "worker {worker}: {answers:?}");
            times.lock().unwrap_or_else(PoisonError::into_inner).push(due.elapsed());
        }
        Ok(())
    };
    std::thread::scope(|scope| -> Result<()> {
        let wait = &wait;
        let workers: Vec<_> = (0..WAITING).map(|worker| scope.spawn(move || wait(worker))).collect();
        let start = Instant::now();
        for (number, batch) in batches.into_iter().enumerate() {
            let due = start + tick * u32::try_from(number)?;
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            send.send((due, number, batch))?;
        }
        drop(send);
        for worker in workers {
            worker.join().map_err(|_| anyhow::anyhow!("a client failed"))??;
        }
        Ok(())
    })?;
    let mut times = times.into_inner().unwrap_or_else(PoisonError::into_inner);
    times.sort();
    Ok(times)
}
