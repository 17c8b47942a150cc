//! Ports of this machine for networks that may run beside anything.

use std::{
    io,
    net::{Ipv4Addr, TcpListener},
    ops::RangeInclusive,
};

/// Ports that no connection is given by itself: Linux begins at 32,768 (`ip_local_port_range`), others at 49,152 (RFC 6335).
/// A validator that comes back after a while would else find its own taken.
const QUIET: RangeInclusive<u16> = 10_000..=32_767;

/// Ports drawn for each that is asked for, before it is believed that there are none.
const TRIES: usize = 1_000;

/// So many ports of loopback that nothing listens on now. They lie where no other connection takes one meanwhile.
///
/// # Errors
/// [`io::ErrorKind::AddrInUse`] where none is free, or where the operating system gives no random numbers.
pub fn free(count: usize) -> io::Result<Vec<u16>> {
    // All are held until the last is found, so that none is found twice.
    let held = (0..count).map(|_| one()).collect::<io::Result<Vec<TcpListener>>>()?;
    held.iter().map(|listener| Ok(listener.local_addr()?.port())).collect()
}

fn one() -> io::Result<TcpListener> {
    let mut refused = io::Error::from(io::ErrorKind::AddrInUse);
    for _ in 0..TRIES {
        match TcpListener::bind((Ipv4Addr::LOCALHOST, draw()?)) {
            Ok(listener) => return Ok(listener),
            Err(error) => refused = error,
        }
    }
    Err(refused)
}

fn draw() -> io::Result<u16> {
    loop {
        let mut port = [0; 2];
        getrandom::fill(&mut port).map_err(io::Error::other)?;
        let port = u16::from_le_bytes(port);
        // A third of all numbers are, and each is as likely as the next.
        if QUIET.contains(&port) {
            return Ok(port);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_ports_are_quiet_and_never_shared() {
        let mut ports = free(50).unwrap();
        assert!(ports.iter().all(|port| QUIET.contains(port)), "{ports:?}");
        ports.sort_unstable();
        ports.dedup();
        assert_eq!(ports.len(), 50);
    }
}
