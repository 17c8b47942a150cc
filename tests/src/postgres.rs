//! A PostgreSQL of its own in a temporary directory, for measurements beside it.

use std::{
    fs,
    net::TcpListener,
    path::PathBuf,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};

/// A server on a socket in its directory, which is stopped and removed when this goes.
pub struct Postgres {
    tools: PathBuf,
    directory: tempfile::TempDir,
    port: String,
}

/// The newest version that is installed, with everything that is needed.
fn tools() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    let tools = versions.filter_map(|version| Some(version.ok()?.path().join("bin")));
    tools.filter(|tools| tools.join("initdb").exists() && tools.join("pgbench").exists()).max()
}

impl Postgres {
    /// Starts a server with its usual settings; nothing where none is installed (Debian: postgresql).
    ///
    /// # Errors
    /// Where it does not start.
    pub fn start() -> Result<Option<Postgres>> {
        let Some(tools) = tools() else { return Ok(None) };
        let directory = tempfile::tempdir()?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port().to_string();
        let postgres = Postgres { tools, directory, port };
        postgres.give_away()?;
        let (data, log) = (postgres.path("data"), postgres.path("log"));
        postgres.command("initdb", &["-D", &data, "-A", "trust", "-U", "bench"])?;
        let options = format!("-p {} -k {} -c listen_addresses=''", postgres.port, postgres.directory.path().display());
        postgres.command("pg_ctl", &["-D", &data, "-l", &log, "-w", "-o", &options, "start"])?;
        Ok(Some(postgres))
    }

    /// Runs a script; what it selects, a row a line with fields separated by `|`.
    ///
    /// # Errors
    /// At the first statement that fails.
    pub fn sql(&self, name: &str, script: &str) -> Result<String> {
        let file = self.write(&format!("{name}.sql"), script)?;
        self.run("psql", &["-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-f", &file, "postgres"])
    }

    /// Runs one of its clients, such as `pgbench`.
    ///
    /// # Errors
    /// Where it fails.
    pub fn run(&self, client: &str, arguments: &[&str]) -> Result<String> {
        let at = ["-h", self.directory.path().to_str().unwrap_or_default(), "-p", &self.port, "-U", "bench"];
        self.command(client, &[&at[..], arguments].concat())
    }

    /// Writes a file that its programs may read; where it is.
    ///
    /// # Errors
    /// From the file system.
    pub fn write(&self, name: &str, text: &str) -> Result<String> {
        fs::write(self.directory.path().join(name), text)?;
        self.give_away()?;
        Ok(self.path(name))
    }

    /// The server's process.
    ///
    /// # Errors
    /// From the file system.
    pub fn pid(&self) -> Result<u32> {
        let pid = fs::read_to_string(self.path("data/postmaster.pid"))?;
        Ok(pid.lines().next().context("no process")?.parse()?)
    }

    fn path(&self, name: &str) -> String {
        self.directory.path().join(name).display().to_string()
    }

    /// Its programs refuse to run as root, so root lets their own user do it.
    fn give_away(&self) -> Result<()> {
        if is_root()? {
            let status = Command::new("chown").arg("-R").arg("postgres").arg(self.directory.path()).status()?;
            ensure!(status.success(), "there is no user postgres");
        }
        Ok(())
    }

    fn command(&self, tool: &str, arguments: &[&str]) -> Result<String> {
        let tool = self.tools.join(tool);
        let mut command = match is_root()? {
            true => {
                let mut command = Command::new("runuser");
                command.args(["-u", "postgres", "--"]).arg(&tool);
                command
            }
            false => Command::new(&tool),
        };
        // Its server inherits what it is started with, and a pipe would never end.
        let errors = tempfile::tempfile()?;
        let out = tempfile::tempfile()?;
        let (out_too, errors_too) = (out.try_clone()?, errors.try_clone()?);
        let status = command
            .args(arguments)
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(out_too)
            .stderr(errors_too)
            .status()?;
        let (out, errors) = (read(out)?, read(errors)?);
        ensure!(status.success(), "{}: {out}{errors}", tool.display());
        Ok(out)
    }
}

fn read(mut file: fs::File) -> Result<String> {
    use std::io::{Read, Seek};
    let mut text = String::new();
    file.rewind()?;
    file.read_to_string(&mut text)?;
    Ok(text)
}

fn is_root() -> Result<bool> {
    use std::os::unix::fs::MetadataExt;
    Ok(fs::metadata("/proc/self")?.uid() == 0)
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Err(error) = self.command("pg_ctl", &["-D", &self.path("data"), "-m", "immediate", "stop"]) {
            eprintln!("PostgreSQL goes on: {error}");
        }
    }
}
