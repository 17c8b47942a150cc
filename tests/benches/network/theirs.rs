//! PostgreSQL and a network of three etcd with the same payload, where they are installed.

use std::{
    net::TcpListener,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU64, AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use base64::{Engine, engine::general_purpose::STANDARD};
use hefu_tests::{postgres::Postgres, testnet::get};

use crate::processes;

/// How long each runs.
const LASTS: Duration = Duration::from_secs(10);

/// Clients of each.
const CLIENTS: usize = 64;

/// Rows of one commit where PostgreSQL, too, commits many at once.
const ROWS_TOGETHER: usize = 400;

/// Longest wait for one of them to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// A row for each record, each bound to the one before by a hash.
const TABLES: &str = "
    CREATE TABLE payload (id int PRIMARY KEY, body bytea NOT NULL);
    CREATE TABLE head (n bigint NOT NULL, hash bytea NOT NULL);
    CREATE TABLE log (n bigint PRIMARY KEY, hash bytea NOT NULL, body bytea NOT NULL);
    INSERT INTO head VALUES (0, sha256(''));
    CREATE FUNCTION chain(which int, count int) RETURNS void LANGUAGE plpgsql AS $$
    DECLARE at bigint; last bytea; one bytea;
    BEGIN
        SELECT n, hash INTO at, last FROM head FOR UPDATE;
        FOR i IN 1..count LOOP
            SELECT body INTO one FROM payload WHERE id = 1 + (which + i) % (SELECT max(id) FROM payload);
            at := at + 1;
            last := sha256(last || one);
            INSERT INTO log VALUES (at, last, one);
        END LOOP;
        UPDATE head SET n = at, hash = last;
    END $$;";

/// Measures both and prints ours ÷ theirs.
pub fn beside(ours: f64, payload: &[String]) -> Result<()> {
    println!("\nbeside       ours: 4 copies, every signature verified on each; theirs verify none");
    match filled(payload)? {
        None => println!("PostgreSQL   not installed (Debian: postgresql), left out"),
        Some(database) => {
            let version = database.sql("version", "SELECT 'PostgreSQL ' || current_setting('server_version');")?;
            for rows in [1, ROWS_TOGETHER] {
                let (rate, each_second) = rate_of(&database, rows)?;
                let what = format!("{}, 1 copy, a hash chain, {rows} rows a commit", version.trim());
                told(&what, rate, each_second, ours);
            }
        }
    }
    match Command::new("etcd").arg("--version").output() {
        Err(_) => println!("etcd         not installed (Debian: etcd-server), left out"),
        Ok(version) => {
            let version = String::from_utf8(version.stdout)?;
            let version = version.lines().next().context("etcd does not say its version")?;
            let (rate, each_second) = Etcd::start()?.rate(payload)?;
            told(&format!("{version}, 3 copies, a put each over its JSON gateway"), rate, each_second, ours);
        }
    }
    Ok(())
}

fn told(what: &str, rate: f64, each_second: f64, ours: f64) {
    println!(
        "{what}: {rate:.0} records/s, {each_second:.0} for each second of its processors; ours ÷ theirs = {:.2}",
        ours / rate
    );
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// A database with the payload in it.
fn filled(payload: &[String]) -> Result<Option<Postgres>> {
    let Some(postgres) = Postgres::start()? else { return Ok(None) };
    let mut sql = TABLES.to_owned();
    for (id, body) in (1..).zip(payload) {
        sql.push_str(&format!("INSERT INTO payload VALUES ({id}, decode('{}', 'base64'));\n", STANDARD.encode(body)));
    }
    postgres.sql("tables", &sql)?;
    Ok(Some(postgres))
}

/// Rows a second, and for each second of its processors.
fn rate_of(postgres: &Postgres, rows: usize) -> Result<(f64, f64)> {
    let script =
        postgres.write("load.sql", &format!("\\set which random(1, 1000)\nSELECT chain(:which, {rows});\n"))?;
    let (clients, seconds) = (CLIENTS.to_string(), LASTS.as_secs().to_string());
    let used = processes::seconds(postgres.pid()?)?;
    let out = postgres.run("pgbench", &["-n", "-c", &clients, "-j", "2", "-T", &seconds, "-f", &script, "postgres"])?;
    let used = processes::seconds(postgres.pid()?)? - used;
    let tps = out.lines().find_map(|line| line.strip_prefix("tps = ")?.split_whitespace().next()?.parse::<f64>().ok());
    let rate = tps.with_context(|| format!("pgbench says {out}"))? * rows as f64;
    Ok((rate, rate * LASTS.as_secs_f64() / used))
}

/// Three etcd on loopback.
struct Etcd {
    _directory: tempfile::TempDir,
    nodes: Vec<Child>,
    urls: Vec<String>,
}

impl Etcd {
    fn start() -> Result<Etcd> {
        let directory = tempfile::tempdir()?;
        let mut ports = Vec::new();
        for _ in 0..3 {
            ports.push((free_port()?, free_port()?));
        }
        let cluster: Vec<String> =
            ports.iter().enumerate().map(|(at, (_, peer))| format!("n{at}=http://127.0.0.1:{peer}")).collect();
        let mut etcd = Etcd { _directory: directory, nodes: Vec::new(), urls: Vec::new() };
        for (at, (client, peer)) in ports.iter().enumerate() {
            let (client, peer) = (format!("http://127.0.0.1:{client}"), format!("http://127.0.0.1:{peer}"));
            let data = etcd._directory.path().join(format!("n{at}"));
            let mut command = Command::new("etcd");
            command
                .args(["--name", &format!("n{at}"), "--initial-cluster", &cluster.join(",")])
                .arg("--data-dir")
                .arg(data);
            command.args(["--listen-client-urls", &client, "--advertise-client-urls", &client]);
            command.args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer]);
            etcd.nodes.push(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?);
            etcd.urls.push(client);
        }
        let until = Instant::now() + PATIENCE;
        let healthy = |url: &String| get(url, "/health").is_some_and(|(_, health)| health["health"] == "true");
        while !etcd.urls.iter().all(healthy) {
            ensure!(Instant::now() < until, "etcd does not start");
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(etcd)
    }

    fn rate(&self, payload: &[String]) -> Result<(f64, f64)> {
        let pids: Vec<u32> = self.nodes.iter().map(Child::id).collect();
        let (done, failed) = (AtomicU64::new(0), AtomicUsize::new(0));
        let (used, start) = (processes::all(&pids)?, Instant::now());
        std::thread::scope(|scope| {
            for client in 0..CLIENTS {
                let (done, failed, url) = (&done, &failed, &self.urls[client % self.urls.len()]);
                scope.spawn(move || {
                    let agent = ureq::Agent::new_with_defaults();
                    for number in (client..).step_by(CLIENTS).take_while(|_| start.elapsed() < LASTS) {
                        let (key, value) =
                            (STANDARD.encode(number.to_string()), STANDARD.encode(&payload[number % payload.len()]));
                        let put = agent
                            .post(format!("{url}/v3/kv/put"))
                            .send(format!("{{\"key\":\"{key}\",\"value\":\"{value}\"}}"));
                        match put.and_then(|mut answer| answer.body_mut().read_to_string()) {
                            Ok(_) => done.fetch_add(1, Ordering::Relaxed),
                            Err(_) => return failed.fetch_add(1, Ordering::Relaxed),
                        };
                    }
                    0
                });
            }
        });
        if failed.into_inner() > 0 {
            bail!("etcd does not answer");
        }
        let (took, used) = (start.elapsed().as_secs_f64(), processes::all(&pids)? - used);
        let done = done.into_inner() as f64;
        Ok((done / took, done / used))
    }
}

impl Drop for Etcd {
    fn drop(&mut self) {
        for node in &mut self.nodes {
            drop(node.kill());
            drop(node.wait());
        }
    }
}
