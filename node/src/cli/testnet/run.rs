//! `hefu testnet up` and `hefu testnet down`

use std::{
    env, fs,
    io::IsTerminal,
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use indicatif::{ProgressBar, ProgressStyle};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    network::{self, Network, Validator},
    story::Demo,
};
use crate::cli::{failure::Told, output};

/// Longest that a validator may take until it has agreed on a block with the others.
const READY_WITHIN: Duration = Duration::from_secs(90);

/// Longest that a validator may take to stop.
const STOPPED_WITHIN: Duration = Duration::from_secs(30);

const POLL: Duration = Duration::from_millis(50);

/// Lines of a log that are shown of a validator that did not start.
const LOG_LINES: usize = 12;

/// A validator that was started just now, or was running before.
struct Started {
    validator: Validator,
    pid: u32,
    child: Option<Child>,
}

/// What a node says of itself.
#[derive(Deserialize)]
struct Status {
    chain: String,
    height: u64,
}

/// Starts what is not running and waits until all are ready.
pub(super) fn up(dir: &Path, json: bool) -> anyhow::Result<()> {
    let Network { story, validators } = network::read(dir)?;
    let mut started = validators.into_iter().map(start).collect::<anyhow::Result<Vec<Started>>>()?;
    let agent: ureq::Agent =
        ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(2))).build().new_agent();
    let progress = progress(started.len());
    let until = Instant::now().checked_add(READY_WITHIN);
    // A block after the first shows that a quorum lives; whoever was away then needs what the others have.
    let mut level = 1;
    for one in &mut started {
        level = wait(one, &agent, (level, until))?.height.max(level);
    }
    let mut last = None;
    for one in &mut started {
        let status = wait(one, &agent, (level, until))?;
        progress.inc(1);
        let (id, url) = (&one.validator.id, &one.validator.url);
        if json {
            output::json(&json!({"height": status.height, "pid": one.pid, "url": url, "validator": id}))?;
        } else {
            progress.suspend(|| output::line(format_args!("  {id:<12} {url}   pid {}", one.pid)))?;
        }
        last = Some(status);
    }
    progress.finish_and_clear();
    let (Some(Status { chain, height }), Some(first)) = (last, started.first()) else {
        bail!("the network has no validators")
    };
    let told = story.map(|edition| Demo::tell(&first.validator, edition)).transpose()?;
    if json {
        let items = told.as_ref().map(Demo::items);
        let mut line = json!({"genesis": chain, "ready": true, "validators": started.len()});
        if let (Some(items), Value::Object(members)) = (items, &mut line) {
            members.insert("items".to_owned(), json!(items));
        }
        return output::json(&line);
    }
    output::line(format_args!("\nChain {chain} is ready at height {height}"))?;
    if let Some(told) = &told {
        told.print()?;
    }
    output::line(format_args!("Stop with    hefu testnet down --dir {}", dir.display()))
}

/// Stops what is running.
pub(super) fn down(dir: &Path) -> anyhow::Result<()> {
    let Network { validators, .. } = network::read(dir)?;
    let mut stopping = Vec::new();
    for validator in validators {
        if let Some(pid) = validator.running()? {
            let signalled = i32::try_from(pid).ok().map(|pid| kill(Pid::from_raw(pid), Signal::SIGTERM));
            match signalled {
                Some(Ok(()) | Err(nix::Error::ESRCH)) => stopping.push((validator, pid)),
                Some(Err(error)) => return Err(error).with_context(|| format!("cannot stop {}", validator.id)),
                None => bail!("{} says that its process is {pid}, which none can be", validator.pid.display()),
            }
        }
    }
    let until = Instant::now().checked_add(STOPPED_WITHIN);
    for (validator, pid) in &stopping {
        while validator.running()? == Some(*pid) {
            if is_over(until) {
                let sentence = format!("{} (process {pid}) has not stopped in time", validator.id);
                return Err(Told::new(sentence).hint(format!("its log is {}", validator.log.display())).into());
            }
            thread::sleep(POLL);
        }
        eprintln!("{} has stopped", validator.id);
    }
    if stopping.is_empty() {
        eprintln!("No validator was running");
    }
    Ok(())
}

fn start(validator: Validator) -> anyhow::Result<Started> {
    if let Some(pid) = validator.running()? {
        return Ok(Started { validator, pid, child: None });
    }
    let program = env::current_exe().context("this program does not know where it is")?;
    let log = validator.open_log()?;
    let mut command = Command::new(program);
    command.arg("start").arg("--config").arg(&validator.config).arg("--pid-file").arg(&validator.pid);
    // In a group of its own, so that Ctrl-C at this terminal does not reach it.
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).process_group(0);
    let child = command.spawn().with_context(|| format!("cannot start {}", validator.id))?;
    Ok(Started { validator, pid: child.id(), child: Some(child) })
}

/// Waits until a validator has reached a height.
fn wait(one: &mut Started, agent: &ureq::Agent, (level, until): (u64, Option<Instant>)) -> anyhow::Result<Status> {
    let Started { validator, child, .. } = one;
    loop {
        let ended = child.as_mut().map(Child::try_wait).transpose().context("cannot watch a process")?.flatten();
        if let Some(status) = ended {
            let told = Told::new(format!("{} has ended with {status}", validator.id));
            return Err(anyhow::anyhow!(tail(&validator.log)).context(told));
        }
        match status(agent, &validator.url) {
            Some(status) if status.height >= level => return Ok(status),
            Some(_) | None => {}
        }
        if is_over(until) {
            let told = Told::new(format!("{} has not reached height {level} in time", validator.id));
            return Err(anyhow::anyhow!(tail(&validator.log)).context(told));
        }
        thread::sleep(POLL);
    }
}

fn status(agent: &ureq::Agent, url: &str) -> Option<Status> {
    agent.get(format!("{url}/v1/status")).call().ok()?.body_mut().read_json().ok()
}

/// The end of a log, for somebody who wants to know why.
fn tail(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_else(|error| format!("its log cannot be read: {error}"));
    let lines: Vec<&str> = text.lines().collect();
    let last = lines.get(lines.len().saturating_sub(LOG_LINES)..).unwrap_or_default();
    format!("the end of {}:\n{}", log.display(), last.join("\n"))
}

fn is_over(until: Option<Instant>) -> bool {
    until.is_none_or(|until| Instant::now() >= until)
}

fn progress(validators: usize) -> ProgressBar {
    let length = u64::try_from(validators).unwrap_or(u64::MAX);
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{spinner} {pos}/{len} validators are ready");
    ProgressBar::new(length).with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()))
}
