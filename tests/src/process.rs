//! The real `hefu` binary as a child process, on a data folder and a free port of its own.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::Value;

/// Longest wait for a node to be ready.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// The line that a node prints when it is ready.
#[derive(Clone, Debug, Deserialize)]
pub struct Ready {
    /// Hash of the genesis document.
    pub genesis: String,
    /// Last final height.
    pub height: u64,
    /// Addresses of the demo's items, where it was told.
    #[serde(default)]
    pub items: Vec<String>,
    /// Where it serves.
    pub url: String,
}

/// A running node. Dropping it kills it.
pub struct Hefu {
    child: Child,
    /// What it said when it was ready.
    pub ready: Ready,
}

/// Path of the binary: beside this test's own executable, where cargo builds both.
///
/// # Errors
/// Where it has not been built.
pub fn binary() -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let folder = own.ancestors().nth(2).context("the test has no target folder")?;
    let binary = folder.join("hefu");
    if !binary.exists() {
        bail!("{} is missing: build the workspace's binaries first", binary.display());
    }
    Ok(binary)
}

/// Runs a command to its end and returns its exit code, output and error output.
///
/// # Errors
/// Where it cannot be started.
pub fn run(arguments: &[&str]) -> Result<(i32, String, String)> {
    let output = Command::new(binary()?).args(arguments).stdin(Stdio::null()).output()?;
    let code = output.status.code().unwrap_or(-1);
    Ok((code, String::from_utf8(output.stdout)?, String::from_utf8(output.stderr)?))
}

impl Hefu {
    /// Starts `hefu dev` on a data folder and waits until it is ready.
    ///
    /// # Errors
    /// Where it ends before, or is not ready in time.
    pub fn start(data: &Path, more: &[&str]) -> Result<Hefu> {
        let mut command = Command::new(binary()?);
        command.args(["dev", "--json", "--listen", "127.0.0.1:0", "--data"]).arg(data).args(more);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let stdout = child.stdout.take().context("no output")?;
        let (send, receive) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                // Nobody listens any more once the node is ready.
                if send.send(line).is_err() {
                    continue;
                }
            }
        });
        let until = Instant::now() + READY_WITHIN;
        while let Some(left) = until.checked_duration_since(Instant::now()) {
            match receive.recv_timeout(left) {
                Ok(line) => {
                    if let Ok(ready) = serde_json::from_str(&line) {
                        return Ok(Hefu { child, ready });
                    }
                }
                Err(_) => break,
            }
        }
        child.kill()?;
        bail!("the node was not ready: {:?}", child.wait()?)
    }

    /// Kills it at once, as a power cut would.
    ///
    /// # Errors
    /// From the operating system.
    pub fn kill(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Asks it to stop and waits for its exit code.
    ///
    /// # Errors
    /// Where it does not stop within 30 seconds.
    pub fn stop(mut self) -> Result<i32> {
        Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status()?;
        let until = Instant::now() + Duration::from_secs(30);
        while Instant::now() < until {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status.code().unwrap_or(-1));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        bail!("the node did not stop within 30 s")
    }

    /// Id of the process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// A path's full address.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.ready.url)
    }

    /// GET: status and JSON (null where the body is none).
    ///
    /// # Errors
    /// Where the node does not answer.
    pub fn get(&self, path: &str) -> Result<(u16, Value)> {
        let mut answer = agent().get(self.at(path)).call()?;
        let text = answer.body_mut().read_to_string()?;
        Ok((answer.status().as_u16(), serde_json::from_str(&text).unwrap_or(Value::Null)))
    }

    /// GET: status and text.
    ///
    /// # Errors
    /// Where the node does not answer.
    pub fn text(&self, path: &str) -> Result<(u16, String)> {
        let mut answer = agent().get(self.at(path)).call()?;
        Ok((answer.status().as_u16(), answer.body_mut().read_to_string()?))
    }

    /// POST of records: status and JSON.
    ///
    /// # Errors
    /// Where the node does not answer.
    pub fn post(&self, path: &str, kind: &str, body: &[u8]) -> Result<(u16, Value)> {
        let mut answer = agent().post(self.at(path)).header("content-type", kind).send(body)?;
        let text = answer.body_mut().read_to_string()?;
        Ok((answer.status().as_u16(), serde_json::from_str(&text).unwrap_or(Value::String(text))))
    }
}

impl Drop for Hefu {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            drop(self.child.kill());
            drop(self.child.wait());
        }
    }
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(60)))
        .build()
        .new_agent()
}
