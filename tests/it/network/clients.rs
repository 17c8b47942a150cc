//! Clients of a network: each hands its organisation's records to one validator, and writes down what it sends and hears.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use hefu_contracts::{action::Action, submission::Unverified};
use hefu_keys::file;
use hefu_tests::{
    history::{Line, Log},
    people::Person,
    testnet::Testnet,
};
use serde_json::{Value, json};

/// Records handed in together, where it does not matter how many.
const BATCH: usize = 5;

/// A client gives up on an answer after this time; the record may still become final.
const ANSWER_WITHIN: Duration = Duration::from_secs(8);

/// The clients while they run.
pub(crate) struct Clients {
    stop: Arc<AtomicBool>,
    finals: Arc<AtomicUsize>,
    threads: Vec<JoinHandle<()>>,
}

struct Client {
    url: String,
    gln: &'static str,
    person: Person,
    log: Arc<Log>,
    finals: Arc<AtomicUsize>,
    agent: ureq::Agent,
    batch: usize,
}

impl Clients {
    /// One client for each validator.
    pub(crate) fn start(net: &Testnet, log: Log) -> Clients {
        Clients::with_batches(net, log, BATCH)
    }

    /// The same, each handing in so many records together.
    pub(crate) fn with_batches(net: &Testnet, log: Log, batch: usize) -> Clients {
        let (stop, finals, log) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)), Arc::new(log));
        let passphrase = std::fs::read_to_string(net.passphrase()).unwrap();
        let glns = ["9528880100012", "9528880200019", "9528880300016", "9528880900018"];
        let threads = (0..net.validators.len()).zip(glns).map(|(at, gln)| {
            let key = file::open(&net.home(at).join("keys/admin.key"), passphrase.trim()).unwrap();
            let agent = ureq::Agent::config_builder()
                .http_status_as_error(false)
                .timeout_global(Some(ANSWER_WITHIN))
                .build()
                .new_agent();
            let client = Client {
                url: net.validators[at].url.clone(),
                gln,
                person: Person::new(key, net.genesis.parse().unwrap(), 1),
                log: log.clone(),
                finals: finals.clone(),
                agent,
                batch,
            };
            let stop = stop.clone();
            std::thread::spawn(move || client.run(&stop))
        });
        let threads = threads.collect();
        Clients { stop, finals, threads }
    }

    /// Stops them after the answers under way; how many records became final.
    pub(crate) fn stop(self) -> usize {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads {
            thread.join().unwrap();
        }
        self.finals.load(Ordering::Relaxed)
    }
}

impl Client {
    fn run(mut self, stop: &AtomicBool) {
        while !stop.load(Ordering::Relaxed) {
            let records: Vec<String> = (0..self.batch).map(|_| self.record()).collect();
            let ids = records.iter().map(|record| id(record));
            let begun: Vec<Line> = ids.map(|id| Line::Begun { id, at: self.log.now() }).collect();
            self.log.write(&begun).unwrap();
            match self.send(&records) {
                Some(answers) => self.note(&answers),
                // The validator is down, or cannot say: others have the record, or nobody.
                None => std::thread::sleep(Duration::from_millis(100)),
            }
        }
    }

    fn record(&mut self) -> String {
        let body = json!({"gln": self.gln, "name": {"en": "Hall", "zh": "厂房"}});
        self.person.sign(Action::SitePut, body).unwrap()
    }

    fn send(&self, records: &[String]) -> Option<Vec<Value>> {
        let sent = self.agent.post(format!("{}/v1/records?wait=final", self.url));
        let sent = sent.header("content-type", "application/jsonl").send(format!("{}\n", records.join("\n")));
        let mut answer = sent.ok()?;
        let text = answer.body_mut().read_to_string().ok()?;
        if answer.status().as_u16() >= 500 {
            return None;
        }
        text.lines().map(|line| serde_json::from_str(line).ok()).collect()
    }

    fn note(&self, answers: &[Value]) {
        let at = self.log.now();
        let lines = answers.iter().filter_map(|answer| {
            let id = answer["id"].as_str()?.to_owned();
            if answer["status"] == "final" {
                let (height, index) = (answer["height"].as_u64()?, answer["index"].as_u64()?);
                return Some(Line::Final { id, at, height, index });
            }
            answer["code"].as_str().map(|_| Line::Refused { id, at })
        });
        let lines: Vec<Line> = lines.collect();
        let finals = lines.iter().filter(|line| matches!(line, Line::Final { .. })).count();
        self.finals.fetch_add(finals, Ordering::Relaxed);
        self.log.write(&lines).unwrap();
    }
}

/// The id of a record in a submission.
fn id(submission: &str) -> String {
    Unverified::read(submission.as_bytes()).unwrap().record().id.to_string()
}
