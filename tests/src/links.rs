//! The links of a network of real validators, led over proxies on loopback that can be cut, slowed and broken.
//!
//! What is cut is held and comes later, as TCP has it on a network that loses every packet for a while; nothing passes in
//! that direction, whoever opened the connection.

use std::{
    fs,
    io::{Read, Write},
    net::{Ipv4Addr, Shutdown, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use anyhow::{Context, Result, ensure};

use crate::testnet::Testnet;

/// How often a link that is cut looks whether it still is.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Bytes passed on at once.
const PIECE: usize = 16 * 1024;

/// What can be done to the links of a network.
#[derive(Clone)]
pub struct Links(Arc<State>);

struct State {
    validators: usize,
    /// Whether nothing passes from one to another: `from * validators + to`.
    cut: Vec<AtomicBool>,
    /// Milliseconds that each piece is late.
    delay: AtomicU64,
    /// In a thousand pieces, so many break their connection.
    breaks: AtomicU64,
    pieces: AtomicU64,
}

impl Links {
    /// Leads every link of a network that was made and not yet started over a proxy of its own.
    ///
    /// # Errors
    /// Where its configuration cannot be read or written, or no port is free.
    pub fn lay(net: &Testnet) -> Result<Links> {
        let homes = net.homes()?;
        let validators = homes.len();
        let configurations: Vec<_> = homes.iter().map(|home| home.join("hefu.toml")).collect();
        let texts = configurations.iter().map(fs::read_to_string).collect::<Result<Vec<String>, _>>()?;
        let cut = (0..validators * validators).map(|_| AtomicBool::new(false)).collect();
        let (delay, breaks, pieces) = Default::default();
        let links = Links(Arc::new(State { validators, cut, delay, breaks, pieces }));
        let mut laid = 0;
        for (to, text) in texts.iter().enumerate() {
            for port in listens(text) {
                for (from, configuration) in configurations.iter().enumerate().filter(|(from, _)| *from != to) {
                    let proxy = links.proxy(port, from, to)?;
                    let text = fs::read_to_string(configuration)?;
                    let (old, new) = (format!("/tcp/{port}/p2p/"), format!("/tcp/{proxy}/p2p/"));
                    ensure!(text.contains(&old), "{} does not name {port}", configuration.display());
                    fs::write(configuration, text.replace(&old, &new))?;
                    laid += 1;
                }
            }
        }
        ensure!(laid == validators * (validators - 1) * 2, "{laid} links for {validators} validators");
        Ok(links)
    }

    /// Nothing passes from one to another any more.
    pub fn cut(&self, from: usize, to: usize) {
        self.0.cut[from * self.0.validators + to].store(true, Ordering::Relaxed);
    }

    /// Nothing passes between those two.
    pub fn part(&self, one: usize, other: usize) {
        self.cut(one, other);
        self.cut(other, one);
    }

    /// Every piece is that late, and so many in a thousand break their connection.
    pub fn disturb(&self, delay: Duration, breaks: u64) {
        self.0.delay.store(u64::try_from(delay.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
        self.0.breaks.store(breaks, Ordering::Relaxed);
    }

    /// Everything passes again.
    pub fn heal(&self) {
        self.0.cut.iter().for_each(|cut| cut.store(false, Ordering::Relaxed));
        self.disturb(Duration::ZERO, 0);
    }

    /// Opens a proxy for the connections that one opens to a port of another; its port.
    fn proxy(&self, port: u16, from: usize, to: usize) -> Result<u16> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no port is free")?;
        let own = listener.local_addr()?.port();
        let state = self.0.clone();
        thread::spawn(move || {
            for caller in listener.incoming().flatten() {
                let Ok(called) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) else { continue };
                let (Ok(caller_too), Ok(called_too)) = (caller.try_clone(), called.try_clone()) else { continue };
                drop((caller.set_nodelay(true), called.set_nodelay(true)));
                let (there, back) = (state.clone(), state.clone());
                thread::spawn(move || there.pass(caller, called, (from, to)));
                thread::spawn(move || back.pass(called_too, caller_too, (to, from)));
            }
        });
        Ok(own)
    }
}

impl State {
    /// Passes on what comes, until either side has enough.
    fn pass(&self, mut source: TcpStream, mut sink: TcpStream, (from, to): (usize, usize)) {
        let mut piece = vec![0; PIECE];
        while let Ok(read) = source.read(&mut piece) {
            while self.cut[from * self.validators + to].load(Ordering::Relaxed) {
                thread::sleep(LOOK_EVERY);
            }
            thread::sleep(Duration::from_millis(self.delay.load(Ordering::Relaxed)));
            // Spread evenly over all links by a number without a pattern.
            let number = self.pieces.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
            let breaks = number % 1_000 < self.breaks.load(Ordering::Relaxed);
            if read == 0 || breaks || sink.write_all(&piece[..read]).is_err() {
                break;
            }
        }
        drop((source.shutdown(Shutdown::Both), sink.shutdown(Shutdown::Both)));
    }
}

/// The ports on which a validator waits for others.
pub(crate) fn listens(configuration: &str) -> Vec<u16> {
    let lines = configuration.lines().filter_map(|line| line.trim().strip_prefix("listen = \"/ip4/127.0.0.1/tcp/"));
    lines.filter_map(|rest| rest.strip_suffix('"')?.parse().ok()).collect()
}
