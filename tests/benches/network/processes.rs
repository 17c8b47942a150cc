//! What processes have used of the processors (Linux, /proc).

use anyhow::{Context, Result};

/// Ticks of Linux's clock of processes in a second.
const TICKS: f64 = 100.0;

fn fields(pid: u32) -> Option<Vec<String>> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    Some(stat.rsplit(')').next()?.split_whitespace().map(str::to_owned).collect())
}

fn number(fields: &[String], at: usize) -> u64 {
    fields.get(at).and_then(|field| field.parse().ok()).unwrap_or_default()
}

/// Seconds that a process, its children that have ended, and those that run have used.
pub fn seconds(pid: u32) -> Result<f64> {
    let own = fields(pid).context("the process has ended")?;
    let mut ticks: u64 = (11..15).map(|at| number(&own, at)).sum();
    for entry in std::fs::read_dir("/proc")? {
        let Some(other) = entry?.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        let Some(fields) = fields(other) else { continue };
        if number(&fields, 1) == u64::from(pid) {
            ticks += number(&fields, 11) + number(&fields, 12);
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "ticks of one run")]
    Ok(ticks as f64 / TICKS)
}

/// The sum over several.
pub fn all(pids: &[u32]) -> Result<f64> {
    pids.iter().map(|pid| seconds(*pid)).sum()
}
