//! Organisations on machines of their own found a network: by the steps of `hefu init --help`, and with the commands of
//! the files in `deploy/`.

use std::{
    fs::{self, File, Permissions},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use hefu_keys::{Hash, file};
use hefu_tests::{
    people::Person,
    process::{binary, run},
    testnet::get,
};

use super::follower::{hand_in, with_peers};

/// Longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(60);

/// What opens the keys of everybody.
const PASSPHRASE: &str = "for the founders of a test";

/// An organisation's machine.
struct Machine {
    home: PathBuf,
    /// Where a service manager puts the passphrase, and nothing else.
    secrets: PathBuf,
    /// Hash of the genesis document that it has made.
    chain: Hash,
    http: u16,
    /// Where the others find it, by the list in which they name it.
    reached: [(&'static str, String); 2],
    process: Option<Child>,
}

/// Arguments of `hefu init` for an organisation in a directory.
fn init<'a>(id: &'a str, kind: &'a str, prefix: &'a str, home: &'a Path, secrets: &'a str) -> Vec<&'a str> {
    let names = ["--name-en", id, "--name-zh", id, "--prefix", prefix, "--depth", "6"];
    let home = home.to_str().unwrap();
    let mut all = vec!["init", "--id", id, "--kind", kind, "--dir", home, "--passphrase-file", secrets];
    all.extend(names);
    all
}

impl Machine {
    /// Runs `hefu init` with what it is to know of other founders.
    fn found(directory: &Path, id: &str, kind: &str, prefix: &str, more: &[&str]) -> Machine {
        let (home, secrets) = (directory.join(id), directory.join(format!("{id}-secrets")));
        fs::create_dir(&secrets).unwrap();
        let passphrase = secrets.join("passphrase");
        fs::write(&passphrase, PASSPHRASE).unwrap();
        fs::set_permissions(&passphrase, Permissions::from_mode(0o600)).unwrap();
        let [http, network, records] = hefu_node::ports::free(3).unwrap()[..] else { unreachable!() };
        let at = |port: u16| format!("/ip4/127.0.0.1/tcp/{port}");
        let (serves, votes, takes) = (format!("127.0.0.1:{http}"), at(network), at(records));
        let mut arguments = init(id, kind, prefix, &home, passphrase.to_str().unwrap());
        arguments.extend(["--http", &serves, "--network", &votes, "--records", &takes]);
        arguments.extend(more);
        let (code, chain, told) = run(&arguments).unwrap();
        assert_eq!(code, 0, "{told}");
        let chain = chain.trim().parse().unwrap();
        let peer = told.lines().find_map(|line| line.strip_prefix("Peer id")).expect("it is told").trim();
        let named = |address: &str| format!("\"{address}/p2p/{peer}\",");
        let reached = [("network", named(&votes)), ("records", named(&takes))];
        Machine { home, secrets, chain, http, reached, process: None }
    }

    fn lists(&self, other: &Machine) {
        for (list, address) in &other.reached {
            with_peers(&self.home.join("hefu.toml"), list, std::slice::from_ref(address));
        }
    }

    /// Starts it by a command whose paths are those of a file in `deploy/`; which of them are which here.
    fn start(&mut self, command: &[String], paths: &[(&str, &Path)]) {
        let mut here = command.iter().map(|argument| {
            let found = paths.iter().find_map(|(path, here)| Some((argument.strip_prefix(path)?, here)));
            found.map_or_else(|| argument.clone(), |(rest, here)| format!("{}{rest}", here.display()))
        });
        let log = File::create(self.home.join("node.log")).unwrap();
        let mut command = Command::new(here.next().unwrap());
        command.args(here).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        self.process = Some(command.spawn().unwrap());
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.http)
    }

    fn until(&self, what: &str, holds: impl Fn(&Machine) -> bool) {
        let start = Instant::now();
        while !holds(self) {
            let log = || fs::read_to_string(self.home.join("node.log")).unwrap_or_default();
            assert!(start.elapsed() < PATIENCE, "waited for {what}: {}", log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn height(&self) -> Option<u64> {
        get(&self.url(), "/v1/status")?.1["height"].as_u64()
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            drop(process.kill());
            drop(process.wait());
        }
    }
}

fn deployed(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy").join(name)).unwrap()
}

/// The command of the unit for systemd.
fn of_systemd() -> Vec<String> {
    let unit = deployed("hefu.service");
    let command = unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).expect("a command");
    command.split(' ').map(str::to_owned).collect()
}

/// The command of the service for Compose.
fn of_compose() -> Vec<String> {
    let file = deployed("compose.yaml");
    let (_, command) = file.split_once("command:").expect("a command");
    let (_, command) = command.split_once('[').expect("a list");
    let (command, _) = command.split_once(']').expect("a list");
    command.split(", ").map(str::to_owned).collect()
}

#[test]
fn founders_on_machines_of_their_own_make_one_chain() {
    let directory = tempfile::tempdir().unwrap();
    let first = Machine::found(directory.path(), "huaxu", "factory", "95288802", &[]);
    let founder = first.home.join("founder.json");
    let more = ["--founder", founder.to_str().unwrap()];

    // Who takes another's name makes no chain with it, and is left with nothing half made.
    let again = directory.path().join("again");
    let passphrase = first.secrets.join("passphrase");
    let twice = [init("huaxu", "factory", "95288809", &again, passphrase.to_str().unwrap()).as_slice(), &more].concat();
    let (code, _, told) = run(&twice).unwrap();
    assert!(code != 0 && told.contains("the founders do not make a chain"), "{code}: {told}");
    assert!(!again.exists(), "it has left something behind");

    let second = Machine::found(directory.path(), "corenest", "brand", "95288801", &more);
    fs::copy(second.home.join("genesis.json"), first.home.join("genesis.json")).unwrap();
    first.lists(&second);
    second.lists(&first);

    // Somebody else has the genesis document and knows where they are; they do not list him.
    let stranger = Machine::found(directory.path(), "watcher", "auditor", "95288803", &[]);
    fs::copy(second.home.join("genesis.json"), stranger.home.join("genesis.json")).unwrap();
    stranger.lists(&first);
    stranger.lists(&second);

    let binary = binary().unwrap();
    let mut machines = [first, second];
    let [first, second] = &mut machines;
    let (home, secrets) = (first.home.clone(), first.secrets.clone());
    let systemd = [
        ("/usr/local/bin/hefu", binary.as_path()),
        ("/var/lib/hefu", &home),
        ("/run/hefu", &home),
        ("${CREDENTIALS_DIRECTORY}", &secrets),
    ];
    first.start(&of_systemd(), &systemd);
    let (home, secrets) = (second.home.clone(), second.secrets.clone());
    let compose =
        [("hefu", binary.as_path()), ("/validator", &home), ("/run/secrets", &secrets), ("/run", home.as_path())];
    second.start(&of_compose(), &compose);

    let (home, secrets) = (stranger.home.clone(), stranger.secrets.clone());
    let mut stranger = stranger;
    let service =
        [("hefu", binary.as_path()), ("/validator", &home), ("/run/secrets", &secrets), ("/run", home.as_path())];
    stranger.start(&of_compose(), &service);

    for machine in &machines {
        machine.until("readiness", |machine| get(&machine.url(), "/readyz").is_some_and(|(status, _)| status == 200));
    }
    let [first, second] = &machines;
    let admin = file::open(&second.home.join("keys/admin.key"), PASSPHRASE).unwrap();
    hand_in(&second.url(), &mut Person::new(admin, second.chain, 1));
    let height = second.height().unwrap();
    first.until("the block", |machine| machine.height().is_some_and(|reached| reached >= height));

    // It has looked for a snapshot in vain, follows by its engine now, and gets nothing however often that calls.
    stranger.until("the stranger following", |machine| machine.height().is_some());
    std::thread::sleep(Duration::from_secs(5));
    assert_eq!(stranger.height(), Some(0), "a node that nobody lists was let in");

    for machine in &machines {
        let configuration = machine.home.join("hefu.toml");
        let (code, out, told) = run(&["doctor", "--config", configuration.to_str().unwrap()]).unwrap();
        assert_eq!(code, 0, "{out}{told}");
    }
}
