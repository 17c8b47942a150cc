//! Real validators each in a network namespace of its own, as on machines of their own: a bridge joins them, and packets
//! are lost where they arrive.
//!
//! The kernel loses them, so TCP sends again, waits longer each time, and gives up as it does in production; nobody is
//! told that a connection has broken. This process stays where it is, and reaches every validator over a wire of its own,
//! on which nothing is lost.

use std::{
    collections::BTreeSet,
    fs,
    io::{ErrorKind, Write},
    net::TcpStream,
    os::{
        linux::net::SocketAddrExt,
        unix::net::{SocketAddr, UnixListener},
    },
    path::Path,
    process::{Command, Stdio},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};

use crate::{links::listens, testnet::Testnet};

/// Networks of wires on one machine at once: tests of one run, and of other runs beside it.
const NETWORKS_MAX: u8 = 64;

/// Beginning of the names of everything that is made here.
const NAME: &str = "hefu-wires";

/// Longest that an empty machine may take to refuse a connection.
const REFUSES_WITHIN: Duration = Duration::from_secs(5);

/// What can be done to the wires of a network. They are taken away with the last clone.
#[derive(Clone)]
pub struct Wires(Arc<State>);

struct State {
    /// Which of the networks on this machine; names and addresses follow from it.
    number: u8,
    machines: usize,
    faults: Mutex<Faults>,
    /// As long as this is open nobody else has the number. It leaves nothing behind where this process is killed.
    _held: UnixListener,
}

#[derive(Default)]
struct Faults {
    /// From whom to whom nothing passes.
    cut: BTreeSet<(usize, usize)>,
    /// Of a thousand packets between machines, so many are lost.
    loss: u64,
    /// Packets lost by rules that are no more.
    lost: u64,
}

impl Wires {
    /// Tries whether this process may make namespaces, and whether the kernel can lose packets in them.
    ///
    /// # Errors
    /// Why not.
    pub fn offered() -> Result<()> {
        let trial = Wires::raise(1)?;
        trial.0.apply(0, &Faults { loss: 1, ..Faults::default() })?;
        let there = format!("{}:1", trial.0.address(0)).parse()?;
        match TcpStream::connect_timeout(&there, REFUSES_WITHIN) {
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => Ok(()),
            Err(error) => Err(error).context("a namespace is not reached"),
            Ok(_) => bail!("somebody else has the addresses"),
        }
    }

    /// Puts every validator of a network that was made and not yet started on wires.
    ///
    /// # Errors
    /// From the system's tools, or where the configuration cannot be read or written.
    pub fn lay(net: &mut Testnet) -> Result<Wires> {
        let homes = net.homes()?;
        let wires = Wires::raise(homes.len())?;
        let configurations: Vec<_> = homes.iter().map(|home| home.join("hefu.toml")).collect();
        let texts = configurations.iter().map(fs::read_to_string).collect::<Result<Vec<String>, _>>()?;
        let ports: Vec<Vec<u16>> = texts.iter().map(|text| listens(text)).collect();
        for (at, (configuration, mut text)) in configurations.iter().zip(texts).enumerate() {
            text = text.replace("listen = \"127.0.0.1:", &format!("listen = \"{}:", wires.0.address(at)));
            for (owner, ports) in ports.iter().enumerate() {
                ensure!(ports.len() == 2, "{} does not listen to others", configurations[owner].display());
                for port in ports {
                    let (old, new) = (format!("/ip4/127.0.0.1/tcp/{port}"), wires.0.address(owner));
                    ensure!(text.contains(&old), "{} does not name {port}", configuration.display());
                    text = text.replace(&old, &format!("/ip4/{new}/tcp/{port}"));
                }
            }
            fs::write(configuration, text)?;
        }
        net.wires = Some(wires.clone());
        Ok(wires)
    }

    /// Begins a command that runs on a machine.
    pub(crate) fn on(&self, machine: usize, program: &Path) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.0.name(machine)]).arg(program);
        command
    }

    /// Nothing passes from one to another any more, so that what the other sends is not acknowledged either.
    pub fn cut(&self, from: usize, to: usize) {
        self.0.change(&[to], |faults| faults.cut.extend([(from, to)]));
    }

    /// Of a thousand packets between validators, so many are lost.
    pub fn lose(&self, per_mille: u64) {
        self.0.change(&self.0.all(), |faults| faults.loss = per_mille);
    }

    /// Every packet of a validator is that late; whether the kernel can do this.
    pub fn delay(&self, delay: Duration) -> bool {
        let slow = |name| format!("-n {name} qdisc replace dev eth0 root netem delay {}ms", delay.as_millis());
        self.0.all().into_iter().all(|machine| tool("tc", &slow(self.0.name(machine)), "").is_ok())
    }

    /// Everything passes again.
    pub fn heal(&self) {
        self.0.change(&self.0.all(), |faults| {
            faults.cut.clear();
            faults.loss = 0;
        });
        for machine in self.0.all() {
            // Where nothing is late there is nothing to end.
            drop(tool("tc", &format!("-n {} qdisc del dev eth0 root", self.0.name(machine)), ""));
        }
    }

    /// Takes a machine's power: its processes and connections are gone, and nobody is told.
    ///
    /// # Errors
    /// From the system's tools.
    pub fn take_power(&self, machine: usize) -> Result<()> {
        let name = self.0.name(machine);
        tool("ip", &format!("-n {name} link delete eth0"), "")?;
        remove(&name)
    }

    /// Gives it back; nothing runs there yet.
    ///
    /// # Errors
    /// From the system's tools.
    pub fn give_power(&self, machine: usize) -> Result<()> {
        self.0.place(machine)
    }

    /// Packets that were lost on purpose.
    pub fn lost(&self) -> u64 {
        let now: u64 = self.0.all().into_iter().map(|machine| self.0.counted(machine)).sum();
        self.0.faults().lost + now
    }

    /// Makes as many machines and joins them.
    fn raise(machines: usize) -> Result<Wires> {
        let (number, held) = hold()?;
        let state = State { number, machines, faults: Mutex::default(), _held: held };
        // From here on dropping takes away what there is.
        let (hub, own) = (state.hub(), state.own());
        for line in [
            format!("netns add {hub}"),
            format!("-n {hub} link add joint type bridge"),
            format!("-n {hub} link set joint up"),
            format!("link add {own} type veth peer name outside netns {hub}"),
            format!("-n {hub} link set outside master joint up"),
            format!("address add {}/24 dev {own}", state.host(1)),
            format!("link set {own} up"),
        ] {
            tool("ip", &line, "")?;
        }
        for machine in state.all() {
            state.place(machine)?;
        }
        Ok(Wires(Arc::new(state)))
    }
}

impl State {
    fn all(&self) -> Vec<usize> {
        (0..self.machines).collect()
    }

    /// Makes a machine that has just been switched on, always with the same addresses.
    fn place(&self, machine: usize) -> Result<()> {
        let (name, hub) = (self.name(machine), self.hub());
        for line in [
            format!("netns add {name}"),
            format!("-n {name} link set lo up"),
            format!("-n {name} link add eth0 type veth peer name to{machine} netns {hub}"),
            format!("-n {hub} link set to{machine} master joint up"),
            format!("-n {name} link set eth0 address 02:00:c6:12:{:02x}:{machine:02x}", self.number),
            format!("-n {name} address add {}/24 dev eth0", self.address(machine)),
            format!("-n {name} link set eth0 up"),
        ] {
            tool("ip", &line, "")?;
        }
        Ok(())
    }

    /// The namespace of a machine.
    fn name(&self, machine: usize) -> String {
        format!("{NAME}-{}-{machine}", self.number)
    }

    /// The namespace of the bridge: in one of its own no filter of this machine looks at what passes.
    fn hub(&self) -> String {
        format!("{NAME}-{}-hub", self.number)
    }

    /// This process's end of the wire to the bridge.
    fn own(&self) -> String {
        own(self.number)
    }

    /// Of the addresses that RFC 2544 sets aside for tests of networks, so that they are nobody's.
    fn host(&self, host: usize) -> String {
        format!("198.18.{}.{host}", self.number)
    }

    fn address(&self, machine: usize) -> String {
        self.host(10 + machine)
    }

    fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes what is wrong, and has some machines lose packets accordingly.
    fn change(&self, machines: &[usize], change: impl FnOnce(&mut Faults)) {
        let mut faults = self.faults();
        change(&mut faults);
        for machine in machines {
            faults.lost += self.counted(*machine);
            self.apply(*machine, &faults).expect("the rules of a namespace of our own are changed");
        }
    }

    /// Has a machine lose what others send to it; all rules change at once.
    fn apply(&self, machine: usize, faults: &Faults) -> Result<()> {
        let cut = faults.cut.iter().filter(|(_, to)| *to == machine);
        let mut rules: Vec<String> =
            cut.map(|(from, _)| format!("ip saddr {} counter drop", self.address(*from))).collect();
        if faults.loss > 0 {
            let (first, last) = (self.address(0), self.host(254));
            rules.push(format!("ip saddr {first}-{last} numgen random mod 1000 < {} counter drop", faults.loss));
        }
        let rules = rules.join("\n");
        let chain = format!("chain arriving {{\ntype filter hook input priority 0\n{rules}\n}}");
        let table = format!("table inet hefu\ndelete table inet hefu\ntable inet hefu {{\n{chain}\n}}\n");
        tool("ip", &format!("netns exec {} nft -f -", self.name(machine)), &table).map(drop)
    }

    /// Packets that the present rules of a machine have lost.
    fn counted(&self, machine: usize) -> u64 {
        let listed = tool("ip", &format!("netns exec {} nft list ruleset", self.name(machine)), "");
        let listed = listed.expect("the rules of a namespace of our own are read");
        let packets = listed.split("packets ").skip(1).filter_map(|rest| rest.split(' ').next()?.parse::<u64>().ok());
        packets.sum()
    }
}

impl Drop for State {
    fn drop(&mut self) {
        if let Err(error) = clear(self.number) {
            eprintln!("namespaces are left over: {error:#}");
        }
    }
}

/// Takes the lowest number that is free, and takes away what processes that were killed have left of the free ones.
fn hold() -> Result<(u8, UnixListener)> {
    let (mut free, left) = (None, left()?);
    for number in 0..NETWORKS_MAX {
        if free.is_some() && !left.contains(&number) {
            continue;
        }
        let name = SocketAddr::from_abstract_name(format!("{NAME}-{number}"))?;
        let held = match UnixListener::bind_addr(&name) {
            Ok(held) => held,
            Err(error) if error.kind() == ErrorKind::AddrInUse => continue,
            Err(error) => return Err(error.into()),
        };
        clear(number)?;
        free.get_or_insert((number, held));
    }
    free.with_context(|| format!("{NETWORKS_MAX} networks are there already"))
}

/// The numbers of which there are namespaces.
fn left() -> Result<BTreeSet<u8>> {
    Ok(namespaces()?.iter().filter_map(|name| name.strip_prefix(NAME)?.split('-').nth(1)?.parse().ok()).collect())
}

fn namespaces() -> Result<Vec<String>> {
    let listed = tool("ip", "netns list", "")?;
    Ok(listed.lines().filter_map(|line| Some(line.split_whitespace().next()?.to_owned())).collect())
}

/// Takes away whatever there is of a number.
fn clear(number: u8) -> Result<()> {
    let prefix = format!("{NAME}-{number}-");
    for name in namespaces()?.iter().filter(|name| name.starts_with(&prefix)) {
        remove(name)?;
    }
    let own = own(number);
    if Path::new("/sys/class/net").join(&own).exists() {
        // It goes with the other end, which may be on its way.
        drop(tool("ip", &format!("link delete {own}"), ""));
    }
    Ok(())
}

/// Takes a namespace away, with the processes in it.
fn remove(namespace: &str) -> Result<()> {
    for pid in tool("ip", &format!("netns pids {namespace}"), "")?.lines() {
        // It may have ended by itself meanwhile.
        drop(tool("kill", &format!("-KILL {pid}"), ""));
    }
    tool("ip", &format!("netns delete {namespace}"), "").map(drop)
}

/// Names of links have 15 letters at most.
fn own(number: u8) -> String {
    format!("{NAME}{number}")
}

/// Runs a tool of the system to its end; its output.
fn tool(program: &str, words: &str, input: &str) -> Result<String> {
    let mut command = Command::new(program);
    command.args(words.split_whitespace()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().with_context(|| format!("cannot run {program}"))?;
    let written = child.stdin.take().context("no input")?.write_all(input.as_bytes());
    let output = child.wait_with_output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{program} {words}: {}", said.trim());
    written.with_context(|| format!("{program} {words}"))?;
    Ok(String::from_utf8(output.stdout)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_of_wires_not_even_of_those_of_a_killed_process() {
        if let Err(why) = Wires::offered() {
            println!("there are no namespaces: {why:#}");
            return;
        }
        // As a killed process leaves it: nobody holds the number. Others may take the lowest ones meanwhile.
        let number = NETWORKS_MAX - 1;
        let left = format!("{NAME}-{number}-0");
        tool("ip", &format!("netns add {left}"), "").unwrap();
        let mut sleeper = Command::new("ip").args(["netns", "exec", &left, "sleep", "600"]).spawn().unwrap();
        while tool("ip", &format!("netns pids {left}"), "").unwrap().is_empty() {
            std::thread::yield_now();
        }
        let wires = Wires::raise(1).unwrap();
        assert!(!sleeper.wait().unwrap().success());
        assert!(!namespaces().unwrap().contains(&left));

        let own = [wires.0.hub(), wires.0.name(0)];
        assert!(own.iter().all(|name| namespaces().unwrap().contains(name)));
        drop(wires);
        assert!(!own.iter().any(|name| namespaces().unwrap().contains(name)));
    }
}
