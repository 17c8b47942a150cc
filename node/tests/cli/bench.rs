//! A directory with keys and a passphrase, the program run in it, and a development node beside it.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use hefu_keys::{
    SecretKey,
    file::{self, NewKey, Work},
};
use hefu_node::demo::PHRASE;
use serde_json::Value;
use tempfile::TempDir;

pub const PASSPHRASE: &str = "correct horse";

/// Where a test works. Variables of whoever runs the tests are kept away from the program.
pub struct Bench {
    directory: TempDir,
    node: Option<String>,
}

/// What a run of the program left.
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Bench {
    pub fn new() -> Bench {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("keys")).unwrap();
        fs::write(directory.path().join("passphrase"), format!("{PASSPHRASE}\n")).unwrap();
        Bench { directory, node: None }
    }

    /// A bench whose commands ask a node.
    pub fn at(node: &DevNode) -> Bench {
        Bench { node: Some(node.url.clone()), ..Bench::new() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        path
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// A key file of a demo key, encrypted with so little work that tests are quick.
    pub fn demo_key(&self, name: &str, derive: &str) -> SecretKey {
        let secret = SecretKey::from_phrase(PHRASE, derive, None).unwrap();
        let key = NewKey { name, created: "2026-09-18T02:00:00Z", secret: &secret };
        file::create(&self.path(&format!("keys/{name}.key")), &key, PASSPHRASE, Work::Rounds(1)).unwrap();
        secret
    }

    /// Runs the program with the passphrase in a file.
    pub fn hefu(&self, args: &[&str]) -> Ran {
        let mut command = self.command(args);
        command.env("HEFU_PASSPHRASE_FILE", self.path("passphrase"));
        ran(command)
    }

    /// Runs the program where nobody can type a passphrase.
    pub fn hefu_without_passphrase(&self, args: &[&str]) -> Ran {
        ran(self.command(args))
    }

    /// Runs the program with a text on standard input.
    pub fn hefu_reading(&self, input: &str, args: &[&str]) -> Ran {
        let mut command = self.command(args);
        command.stdin(fs::File::open(self.write("stdin", input)).unwrap());
        ran(command)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hefu"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("HEFU_") || name == "RUST_LOG") {
            command.env_remove(name);
        }
        command.current_dir(self.directory.path()).env("HEFU_KEYS", self.path("keys")).args(args);
        command.env("HEFU_NODE", self.node.as_deref().unwrap_or("http://127.0.0.1:9"));
        command.stdin(Stdio::null());
        command
    }
}

fn ran(mut command: Command) -> Ran {
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

impl Ran {
    /// That the program ended with this exit code.
    #[track_caller]
    pub fn check(&self, code: i32) -> &Ran {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        self
    }

    /// As [`check`](Ran::check), and that stderr says why.
    #[track_caller]
    pub fn check_because(&self, code: i32, why: &str) {
        self.check(code);
        assert!(self.err.contains(why), "{why:?} is not in\n{}", self.err);
    }

    /// The only line on stdout.
    #[track_caller]
    pub fn line(&self) -> &str {
        let mut lines = self.out.lines();
        let line = lines.next().expect("nothing on stdout");
        assert_eq!(lines.next(), None, "more than a line on stdout");
        line
    }

    /// The only line on stdout, as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(self.line()).unwrap()
    }
}

/// A development node on a free port.
pub struct DevNode {
    child: Child,
    pub url: String,
    pub genesis: String,
    pub height: u64,
    /// Addresses of the demo's items, where the story was told.
    pub items: Vec<String>,
}

impl DevNode {
    pub fn start(data: &Path, more: &[&str]) -> DevNode {
        let mut child = Command::new(env!("CARGO_BIN_EXE_hefu"))
            .args(["dev", "--listen", "127.0.0.1:0", "--json", "--data"])
            .arg(data)
            .args(more)
            .env("RUST_LOG", "error")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // Nothing else is ever printed, so waiting for the line is waiting for the node, or for its end.
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("not ready: {line:?}"));
        assert_eq!(ready["ready"], true);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        DevNode {
            child,
            url: text(&ready["url"]),
            genesis: text(&ready["genesis"]),
            height: ready["height"].as_u64().unwrap(),
            items: ready["items"].as_array().into_iter().flatten().map(text).collect(),
        }
    }

    /// Stops it as a service manager does, and tells its exit code.
    pub fn stop(mut self) -> Option<i32> {
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(told.success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for DevNode {
    fn drop(&mut self) {
        // Already over after `stop`; a test that fails leaves nothing behind.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Test data of others that lies beside the project; `None` where it does not.
pub fn fixture(name: &str) -> Option<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/fixtures").join(name);
    let text = fs::read_to_string(&path).ok();
    if text.is_none() {
        assert!(std::env::var_os("CI").is_none(), "{} is missing", path.display());
        println!("{} is missing: only the project's own data was checked", path.display());
    }
    text
}
