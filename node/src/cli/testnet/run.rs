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
use hefu_api::views::StatusView;
use hefu_contracts::genesis::Genesis;
use hefu_keys::{Address, Hash};
use indicatif::{ProgressBar, ProgressStyle};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::{Value, json};

use super::{
    network::{self, Network, Validator},
    story::Demo,
};
use crate::{
    cli::{failure::Told, output},
    store::committed,
};

/// Longest that a validator may take until it has agreed on a block with the others.
const READY_WITHIN: Duration = Duration::from_secs(90);

/// Longest that a validator may take to stop.
const STOPPED_WITHIN: Duration = Duration::from_secs(60);

const POLL: Duration = Duration::from_millis(50);

/// Lines of a log that are shown of a validator that did not start.
const LOG_LINES: usize = 12;

/// A validator that was started just now, or was running before.
struct Started {
    validator: Validator,
    /// Its key, by which it is known from others that may answer in its place.
    key: Address,
    pid: u32,
    /// Where it was started just now: its process, and the height that it had committed before.
    child: Option<(Child, u64)>,
}

/// What is waited for, and until when.
#[derive(Clone, Copy)]
struct Awaited {
    chain: Hash,
    height: u64,
    until: Option<Instant>,
}

/// Starts what is not running and waits until all are ready.
pub(super) fn up(dir: &Path, json: bool) -> anyhow::Result<()> {
    let network = network::read(dir)?;
    let genesis = network.genesis()?;
    let Network { story, validators } = network;
    let started = validators.into_iter().map(|validator| start(validator, &genesis));
    let mut started = started.collect::<anyhow::Result<Vec<Started>>>()?;
    let agent: ureq::Agent =
        ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(2))).build().new_agent();
    let progress = progress(started.len());
    let chain = genesis.chain();
    let mut awaited = Awaited { chain, height: 0, until: Instant::now().checked_add(READY_WITHIN) };
    for one in &mut started {
        awaited.height = wait(one, &agent, awaited)?.height.get().max(awaited.height);
    }
    // Where nobody ran, the start brings a block at once: one that nobody had before shows that a quorum lives. Those that ran
    // may have nothing to make a block of; whoever comes to them needs what they have.
    let before: Option<Vec<u64>> = started.iter().map(|one| Some(one.child.as_ref()?.1)).collect();
    if let Some(last) = before.and_then(|before| before.into_iter().max()) {
        awaited.height = awaited.height.max(last.saturating_add(1));
    }
    let mut height = awaited.height;
    for one in &mut started {
        height = wait(one, &agent, awaited)?.height.get();
        progress.inc(1);
        let (id, url) = (&one.validator.id, &one.validator.url);
        if json {
            output::json(&json!({"height": height, "pid": one.pid, "url": url, "validator": id}))?;
        } else {
            progress.suspend(|| output::line(format_args!("  {id:<12} {url}   pid {}", one.pid)))?;
        }
    }
    progress.finish_and_clear();
    let first = started.first().context("the network has no validators")?;
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

fn start(validator: Validator, genesis: &Genesis) -> anyhow::Result<Started> {
    let member = genesis.members.0.iter().find(|member| member.party == validator.id);
    let key = member.with_context(|| format!("{} is no validator of the network's genesis", validator.id))?.address;
    if let Some(pid) = validator.running()? {
        return Ok(Started { validator, key, pid, child: None });
    }
    let before = committed(&validator.data).unwrap_or_default().get();
    let program = env::current_exe().context("this program does not know where it is")?;
    let log = validator.open_log()?;
    let mut command = Command::new(program);
    command.arg("start").arg("--config").arg(&validator.config).arg("--pid-file").arg(&validator.pid);
    // In a group of its own, so that Ctrl-C at this terminal does not reach it.
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).process_group(0);
    let child = command.spawn().with_context(|| format!("cannot start {}", validator.id))?;
    Ok(Started { validator, key, pid: child.id(), child: Some((child, before)) })
}

/// Waits until a validator has reached a height.
fn wait(one: &mut Started, agent: &ureq::Agent, awaited: Awaited) -> anyhow::Result<StatusView> {
    let Started { validator, key, child, .. } = one;
    let Awaited { chain, height, until } = awaited;
    loop {
        // Before its end is looked at: it may have ended because another has its ports.
        let answer = status(agent, &validator.url);
        match answer {
            Some(status) if status.chain != chain || status.node != *key => {
                let sentence = format!("another node answers where {} would, at {}", validator.id, validator.url);
                let hint = format!(
                    "{} of chain {} runs there; stop it, or make this network with another --port",
                    status.node, status.chain
                );
                return Err(Told::new(sentence).hint(hint).into());
            }
            Some(status) if status.height.get() >= height => return Ok(status),
            Some(_) | None => {}
        }
        let ended = child.as_mut().map(|(child, _)| child.try_wait());
        if let Some(status) = ended.transpose().context("cannot watch a process")?.flatten() {
            let told = Told::new(format!("{} has ended with {status}", validator.id));
            return Err(anyhow::anyhow!(tail(&validator.log)).context(told));
        }
        if is_over(until) {
            let told = Told::new(format!("{} has not reached height {height} in time", validator.id));
            return Err(anyhow::anyhow!(tail(&validator.log)).context(told));
        }
        thread::sleep(POLL);
    }
}

fn status(agent: &ureq::Agent, url: &str) -> Option<StatusView> {
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
