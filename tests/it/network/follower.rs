//! A node whose key votes nowhere: it is handed the ledger, follows, serves, and passes records on.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use hefu_contracts::action::Action;
use hefu_keys::file;
use hefu_tests::{
    people::Person,
    process::{binary, run},
    testnet::{Testnet, get},
};
use serde_json::{Value, json};

use super::{QUICK, VALIDATORS};

/// Blocks that there are before somebody follows, and from one snapshot to the next.
const BLOCKS: u64 = 24;
const EVERY: u64 = 10;

/// A node of its own directory, which follows a network.
pub(super) struct Follower {
    pub(super) home: PathBuf,
    passphrase: PathBuf,
    url: String,
    process: Option<Child>,
}

/// The peers of a list in a configuration, which are those of one line each.
fn peers(configuration: &Path, list: &str) -> Vec<String> {
    let text = fs::read_to_string(configuration).unwrap();
    let (_, list) = text.split_once(&format!("[{list}]")).unwrap();
    let (_, list) = list.split_once("peers = [").unwrap();
    let (list, _) = list.split_once(']').unwrap();
    list.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
}

pub(super) fn with_peers(configuration: &Path, list: &str, more: &[String]) {
    let text = fs::read_to_string(configuration).unwrap();
    let (before, rest) = text.split_once(&format!("[{list}]")).unwrap();
    let listed = format!("peers = [\n{}", more.join("\n"));
    fs::write(configuration, format!("{before}[{list}]{}", rest.replacen("peers = [", &listed, 1))).unwrap();
}

impl Follower {
    /// Prepares a node by the steps of the README. Where it is listed, the validators let it in by name and hand it
    /// records and the ledger; otherwise they let anybody follow.
    pub(super) fn prepare(net: &Testnet, directory: &Path, listed: bool) -> Follower {
        let home = directory.join("follower");
        let ports = hefu_node::ports::free(3).unwrap();
        let [http, network, records] = ports[..] else { unreachable!() };
        let at = |port: u16| format!("/ip4/127.0.0.1/tcp/{port}");
        let passphrase = net.passphrase();
        let (code, _, told) = run(&[
            ["init", "--id", "watcher", "--kind", "auditor", "--name-en", "Watcher", "--name-zh", "观察"].as_slice(),
            &["--dir", home.to_str().unwrap(), "--passphrase-file", passphrase.to_str().unwrap()],
            &["--http", &format!("127.0.0.1:{http}"), "--network", &at(network), "--records", &at(records)],
        ]
        .concat())
        .unwrap();
        assert_eq!(code, 0, "{told}");
        let peer = told.lines().find_map(|line| line.strip_prefix("Peer id")).expect("it is told").trim();
        let homes = net.homes().unwrap();
        fs::copy(homes[0].join("genesis.json"), home.join("genesis.json")).unwrap();
        for (list, port) in [("network", network), ("records", records)] {
            // Each validator lists all others, so two of them name all.
            let mut all: Vec<String> =
                homes[..2].iter().flat_map(|home| peers(&home.join("hefu.toml"), list)).collect();
            all.sort();
            all.dedup();
            assert_eq!(all.len(), VALIDATORS);
            with_peers(&home.join("hefu.toml"), list, &all);
            for validator in homes.iter().filter(|_| listed) {
                with_peers(&validator.join("hefu.toml"), list, &[format!("\"{}/p2p/{peer}\",", at(port))]);
            }
        }
        Follower { home, passphrase, url: format!("http://127.0.0.1:{http}"), process: None }
    }

    pub(super) fn start(&mut self) {
        let log = File::options().append(true).create(true).open(self.home.join("node.log")).unwrap();
        let mut command = Command::new(binary().unwrap());
        command.arg("start").arg("--config").arg(self.home.join("hefu.toml"));
        command.env("HEFU_PASSPHRASE_FILE", &self.passphrase);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        self.process = Some(command.spawn().unwrap());
    }

    pub(super) fn get(&self, path: &str) -> Option<(u16, Value)> {
        get(&self.url, path)
    }

    pub(super) fn height(&self) -> Option<u64> {
        self.get("/v1/status")?.1["height"].as_u64()
    }

    pub(super) fn log(&self) -> String {
        fs::read_to_string(self.home.join("node.log")).unwrap_or_default()
    }

    pub(super) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            drop(process.kill());
            drop(process.wait());
        }
    }

    /// Asks it to stop, and has its store executed again.
    fn verify(&mut self) {
        let mut process = self.process.take().unwrap();
        Command::new("kill").args(["-TERM", &process.id().to_string()]).status().unwrap();
        assert!(process.wait().unwrap().success(), "{}", self.log());
        let (code, out, error) = run(&["verify", "--store", self.home.join("data").to_str().unwrap()]).unwrap();
        assert_eq!(code, 0, "{out}{error}");
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Hands a record in and waits until it is final.
pub(super) fn hand_in(url: &str, person: &mut Person) {
    let site = json!({"gln": "9528880100012", "name": {"en": "Hall", "zh": "厂房"}});
    let record = person.sign(Action::SitePut, site).unwrap();
    let mut answer = ureq::post(format!("{url}/v1/records?wait=final"))
        .header("content-type", "application/json")
        .send(record)
        .unwrap();
    let receipt: Value = serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap();
    assert_eq!(receipt["status"], "final", "{receipt}");
}

/// A network with some blocks, and a follower that was prepared before and is started now.
fn begin(directory: &Path, listed: bool) -> (Testnet, Follower, Person) {
    let mut net = Testnet::init(VALIDATORS, &QUICK).unwrap();
    let mut follower = Follower::prepare(&net, directory, listed);
    for home in net.homes().unwrap() {
        let path = home.join("hefu.toml");
        let text = fs::read_to_string(&path).unwrap();
        let text = text.replace("every = 1000", &format!("every = {EVERY}"));
        fs::write(&path, if listed { text } else { text.replace("open = false", "open = true") }).unwrap();
    }
    net.up().unwrap();
    let passphrase = fs::read_to_string(net.passphrase()).unwrap();
    let key = file::open(&net.home(0).join("keys/admin.key"), passphrase.trim()).unwrap();
    let mut person = Person::new(key, net.genesis.parse().unwrap(), 1);
    while net.height(0).unwrap() < BLOCKS {
        hand_in(&net.validators[0].url, &mut person);
    }
    let taken = |net: &Testnet| (0..VALIDATORS).all(|at| net.log(at).contains("snapshot taken"));
    net.until("snapshots", taken).unwrap();
    follower.start();
    net.until("following", |net| follower.height().is_some_and(|height| height >= net.height(0).unwrap_or(u64::MAX)))
        .unwrap_or_else(|error| panic!("{error}\n{}", follower.log()));
    (net, follower, person)
}

/// It serves what the others serve, says that it is ready, and has voted for nothing.
fn serves(net: &Testnet, follower: &Follower) {
    net.until("being ready", |_| follower.get("/readyz").is_some_and(|(status, _)| status == 200)).unwrap();
    let height = follower.height().unwrap();
    let block = |get: &dyn Fn(&str) -> Option<(u16, Value)>| get(&format!("/v1/blocks/{height}")).unwrap();
    let (own, theirs) = (block(&|path| follower.get(path)), block(&|path| net.get(0, path)));
    assert_eq!(own.0, 200);
    assert_eq!(own.1["header"], theirs.1["header"]);
    let page = ureq::get(format!("{}/x/blocks/{height}?lang=en", follower.url)).call().unwrap();
    assert_eq!(page.status().as_u16(), 200);
    let signed = own.1["validators"].as_array().unwrap().iter().any(|one| one["party"] == "watcher");
    assert!(!signed, "{}", own.1["validators"]);
}

#[test]
fn a_node_that_votes_nowhere_is_handed_the_ledger_serves_it_and_passes_records_on() {
    let directory = tempfile::tempdir().unwrap();
    let (net, mut follower, mut person) = begin(directory.path(), true);
    assert!(follower.log().contains("snapshot restored"), "{}", follower.log());
    serves(&net, &follower);
    // Its clients need not know who votes.
    hand_in(&follower.url, &mut person);
    let height = follower.height().unwrap();
    net.until("the record elsewhere", |net| net.height(0).is_some_and(|theirs| theirs >= height)).unwrap();
    // Validators do not need it.
    follower.verify();
    hand_in(&net.validators[1].url, &mut person);
    let ahead = net.height(1).unwrap();
    // Whose key votes nowhere needs no guard.
    fs::remove_dir_all(follower.home.join("data/guard")).unwrap();
    follower.start();
    net.until("following again", |_| follower.height().is_some_and(|height| height >= ahead)).unwrap();
    net.until("being ready again", |_| follower.get("/readyz").is_some_and(|(status, _)| status == 200)).unwrap();
    net.down().unwrap();
}

#[test]
fn a_node_that_nobody_lists_follows_an_open_network_by_executing_its_blocks() {
    let directory = tempfile::tempdir().unwrap();
    let (net, mut follower, mut person) = begin(directory.path(), false);
    assert!(!follower.log().contains("snapshot restored"), "{}", follower.log());
    serves(&net, &follower);
    hand_in(&net.validators[2].url, &mut person);
    let ahead = net.height(2).unwrap();
    net.until("the next block", |_| follower.height().is_some_and(|height| height >= ahead)).unwrap();
    follower.verify();
    net.down().unwrap();
}
