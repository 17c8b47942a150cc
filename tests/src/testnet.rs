//! A network of real validators: `hefu testnet` in a temporary directory.

use std::{
    fs::{self, File},
    io::Write,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use serde_json::Value;
use tempfile::TempDir;

use crate::{
    process::{binary, run},
    wires::Wires,
};

/// Longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(60);

/// A line of `hefu testnet up --json`.
#[derive(Clone, Debug, Deserialize)]
pub struct Up {
    /// Id of the organisation that runs it.
    pub validator: String,
    /// Last final height.
    pub height: u64,
    /// Where it serves.
    pub url: String,
    /// Its process.
    pub pid: u32,
}

/// A network. Dropping it kills every validator that it started.
pub struct Testnet {
    directory: TempDir,
    /// Hash of the genesis document.
    pub genesis: String,
    /// The validators as they were last started.
    pub validators: Vec<Up>,
    /// Addresses of the demo's items, where its story was told.
    pub items: Vec<String>,
    /// Where each validator has a network of its own.
    pub(crate) wires: Option<Wires>,
}

impl Testnet {
    /// Makes a network on free ports.
    ///
    /// # Errors
    /// What the command says.
    pub fn init(validators: usize, more: &[&str]) -> Result<Testnet> {
        let directory = tempfile::tempdir()?;
        let (dir, number) = (path_text(directory.path())?, validators.to_string());
        let arguments = ["testnet", "init", "--dir", &dir, "--validators", &number, "--port", "0"];
        let (code, out, error) = run(&[&arguments, more].concat())?;
        ensure!(code == 0, "{error}");
        let genesis = out.trim().to_owned();
        Ok(Testnet { directory, genesis, validators: Vec::new(), items: Vec::new(), wires: None })
    }

    /// Has every validator serve its figures once it is started; their addresses.
    ///
    /// # Errors
    /// From the operating system.
    pub fn serve_figures(&self) -> Result<Vec<String>> {
        let serve = |home: PathBuf| {
            let free = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
            let mut configuration = File::options().append(true).open(home.join("hefu.toml"))?;
            write!(configuration, "\n[metrics]\nlisten = \"{free}\"\n")?;
            Ok(format!("http://{free}/metrics"))
        };
        self.homes()?.into_iter().map(serve).collect()
    }

    /// Starts what is not running.
    ///
    /// # Errors
    /// What the command says, or where it prints something else than documented.
    pub fn up(&mut self) -> Result<()> {
        if self.wires.is_some() {
            // The command would start them beside this process.
            for (at, home) in self.homes()?.iter().enumerate() {
                if running(&home.join("pid"))?.is_none() {
                    self.start(at, &[])?;
                    has_begun(home)?;
                }
            }
        }
        let dir = path_text(self.directory.path())?;
        let (code, out, error) = run(&["testnet", "up", "--json", "--dir", &dir])?;
        ensure!(code == 0, "{error}");
        let mut lines: Vec<&str> = out.lines().collect();
        let last: Value = serde_json::from_str(lines.pop().context("no output")?)?;
        ensure!(last["ready"] == true && last["genesis"] == self.genesis.as_str(), "{last}");
        self.validators = lines.into_iter().map(serde_json::from_str).collect::<Result<_, _>>()?;
        ensure!(last["validators"] == self.validators.len(), "{last}");
        self.items = serde_json::from_value(last["items"].clone()).unwrap_or_default();
        Ok(())
    }

    /// Stops everything.
    ///
    /// # Errors
    /// What the command says.
    pub fn down(&self) -> Result<()> {
        let (code, _, error) = run(&["testnet", "down", "--dir", &path_text(self.directory.path())?])?;
        ensure!(code == 0, "{error}");
        Ok(())
    }

    /// The directories of all validators, also before they were started.
    ///
    /// # Errors
    /// Where the network's list of them cannot be read.
    pub fn homes(&self) -> Result<Vec<PathBuf>> {
        let list: Value = serde_json::from_str(&fs::read_to_string(self.directory.path().join("testnet.json"))?)?;
        let names: Vec<String> = serde_json::from_value(list["validators"].clone())?;
        Ok(names.into_iter().map(|name| self.directory.path().join(name)).collect())
    }

    /// The directory of a validator.
    pub fn home(&self, at: usize) -> PathBuf {
        self.directory.path().join(&self.validators[at].validator)
    }

    /// The data directory of a validator.
    pub fn data(&self, at: usize) -> PathBuf {
        self.home(at).join("data")
    }

    /// The file of the passphrase of every key.
    pub fn passphrase(&self) -> PathBuf {
        self.directory.path().join("passphrase")
    }

    /// Sends a signal to a validator's process, as `kill` names it.
    ///
    /// # Errors
    /// Where the process is none of this network's, or from the operating system.
    pub fn signal(&self, at: usize, signal: &str) -> Result<()> {
        let pid = self.pid(at)?.context("the validator is not running")?;
        ensure!(Command::new("kill").args([signal, &pid.to_string()]).status()?.success(), "kill {signal} {pid}");
        Ok(())
    }

    /// Kills a validator at once, as a power cut would, and waits until its process has gone.
    ///
    /// # Errors
    /// As [`Testnet::signal`].
    pub fn kill(&self, at: usize) -> Result<()> {
        self.signal(at, "-KILL")?;
        let until = Instant::now() + PATIENCE;
        while self.pid(at)?.is_some() {
            ensure!(Instant::now() < until, "the process lives on");
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    /// The validator's process, while it runs: it holds a lock on the file with its id.
    fn pid(&self, at: usize) -> Result<Option<u32>> {
        running(&self.home(at).join("pid"))
    }

    /// Starts a validator by itself, with more arguments; dropping the child does not end it.
    ///
    /// # Errors
    /// From the operating system.
    pub fn start(&self, at: usize, more: &[&str]) -> Result<Child> {
        let program = binary()?;
        let command = match &self.wires {
            Some(wires) => wires.on(at, &program),
            None => Command::new(program),
        };
        start(command, &self.homes()?.swap_remove(at), more)
    }

    /// Starts a validator, which [`Testnet::up`] has not started yet, so that it takes no notice of a signal, as `trap` of
    /// the shell names it. What it says goes through a pipe, so that no limit on its files keeps it from speaking.
    ///
    /// # Errors
    /// From the operating system.
    pub fn start_without_signal(&self, at: usize, signal: &str) -> Result<Child> {
        let home = self.homes()?.swap_remove(at);
        let log = File::options().append(true).create(true).open(home.join("node.log"))?;
        let script = format!("trap '' {signal}; \"$@\" 2>&1 >/dev/null | cat >&2");
        let mut command = Command::new("sh");
        command.args(["-c", &script, "sh"]).arg(binary()?).arg("start");
        command.arg("--config").arg(home.join("hefu.toml")).arg("--pid-file").arg(home.join("pid"));
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn()?;
        has_begun(&home)?;
        Ok(child)
    }

    /// From now on a validator's process may write no file beyond so many bytes (`RLIMIT_FSIZE`), or `unlimited` ones.
    ///
    /// # Errors
    /// Where the process is none of this network's, or from the operating system.
    pub fn limit_files(&self, at: usize, bytes: &str) -> Result<()> {
        let pid = self.pid(at)?.context("the validator is not running")?.to_string();
        let limit = format!("--fsize={bytes}:");
        ensure!(Command::new("prlimit").args(["--pid", &pid, &limit]).status()?.success(), "prlimit {pid} {limit}");
        Ok(())
    }

    /// What a validator has logged.
    pub fn whole_log(&self, at: usize) -> String {
        fs::read_to_string(self.home(at).join("node.log")).unwrap_or_default()
    }

    /// The end of a validator's log, for a failure's message.
    pub fn log(&self, at: usize) -> String {
        let text = self.whole_log(at);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(30)..].join("\n")
    }

    /// GET from a validator: status and JSON; none where it does not answer.
    pub fn get(&self, at: usize, path: &str) -> Option<(u16, Value)> {
        get(&self.validators[at].url, path)
    }

    /// The last final height of a validator, where it answers.
    pub fn height(&self, at: usize) -> Option<u64> {
        self.get(at, "/v1/status")?.1["height"].as_u64()
    }

    /// Waits until something holds.
    ///
    /// # Errors
    /// Where it does not come true in time; `what` is part of the message.
    pub fn until(&self, what: &str, holds: impl Fn(&Testnet) -> bool) -> Result<()> {
        let until = Instant::now() + PATIENCE;
        while !holds(self) {
            if Instant::now() >= until {
                let heights: Vec<_> = (0..self.validators.len()).map(|at| self.height(at)).collect();
                let logs: Vec<String> = (0..self.validators.len()).map(|at| self.log(at)).collect();
                bail!("{what} did not happen; heights {heights:?}\n{}", logs.join("\n---\n"));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// Waits until every validator has the height of the highest.
    ///
    /// # Errors
    /// As [`Testnet::until`].
    pub fn level(&self) -> Result<u64> {
        let heights = |net: &Testnet| (0..net.validators.len()).map(|at| net.height(at)).collect::<Option<Vec<_>>>();
        let level = |heights: Vec<u64>| heights.iter().all(|height| *height == heights[0]);
        self.until("all validators at one height", |net| heights(net).is_some_and(level))?;
        self.height(0).context("it has stopped")
    }
}

impl Drop for Testnet {
    fn drop(&mut self) {
        for up in &self.validators {
            let home = self.directory.path().join(&up.validator);
            if let Ok(Some(pid)) = running(&home.join("pid")) {
                drop(Command::new("kill").args(["-KILL", &pid.to_string()]).status());
            }
        }
    }
}

/// Starts a node on its directory by a command that runs the binary.
fn start(mut command: Command, home: &Path, more: &[&str]) -> Result<Child> {
    let log = File::options().append(true).create(true).open(home.join("node.log"))?;
    command.arg("start").arg("--config").arg(home.join("hefu.toml")).arg("--pid-file").arg(home.join("pid"));
    Ok(command.args(more).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn()?)
}

/// Waits until a node that was started holds the file with its id: only then others see that it is there.
fn has_begun(home: &Path) -> Result<()> {
    let until = Instant::now() + PATIENCE;
    while running(&home.join("pid"))?.is_none() {
        ensure!(Instant::now() < until, "the process has not begun");
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}

/// The id in a file, as long as its process holds the file.
fn running(path: &Path) -> Result<Option<u32>> {
    let Ok(file) = File::open(path) else { return Ok(None) };
    match file.try_lock() {
        Ok(()) => Ok(None),
        Err(fs::TryLockError::WouldBlock) => Ok(fs::read_to_string(path)?.trim().parse().ok()),
        Err(fs::TryLockError::Error(error)) => Err(error.into()),
    }
}

/// GET: status and JSON; none where nobody answers within two seconds.
pub fn get(url: &str, path: &str) -> Option<(u16, Value)> {
    let agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(2)))
        .build()
        .new_agent();
    let mut answer = agent.get(format!("{url}{path}")).call().ok()?;
    let text = answer.body_mut().read_to_string().ok()?;
    Some((answer.status().as_u16(), serde_json::from_str(&text).unwrap_or(Value::Null)))
}

fn path_text(path: &Path) -> Result<String> {
    Ok(path.to_str().context("the path is not UTF-8")?.to_owned())
}
