//! Sending reports to receivers that readers name: an address from outside must not lead the node to machines that only the
//! node can reach.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    time::Duration,
};

use hefu_api::epcis::queries::{Headers, Post};
use serde::Deserialize;
use ureq::{
    Agent, Error,
    config::Config,
    http::{Uri, uri::Scheme},
    unversioned::{
        resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver},
        transport::{DefaultConnector, NextTimeout},
    },
};

/// Longest wait for a connection, and for a receiver's whole answer.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
const ANSWER_WITHIN: Duration = Duration::from_secs(15);

/// Longest address of a receiver in bytes.
const DEST_BYTES_MAX: usize = 2_000;

/// To whom a node sends reports of subscriptions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Webhooks {
    /// To nobody: readers subscribe by WebSocket.
    Off,
    /// To public addresses, over TLS.
    #[default]
    Public,
    /// To any address, this machine and the operator's own network among them, also without TLS.
    Any,
}

impl Webhooks {
    /// As the configuration spells it.
    pub const fn name(self) -> &'static str {
        match self {
            Webhooks::Off => "off",
            Webhooks::Public => "public",
            Webhooks::Any => "any",
        }
    }

    /// Who sends them.
    pub fn sender(self) -> Option<Sender> {
        (self != Webhooks::Off).then(|| Sender::new(self))
    }
}

/// Sends reports.
pub struct Sender {
    agent: Agent,
    webhooks: Webhooks,
}

impl Sender {
    fn new(webhooks: Webhooks) -> Sender {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .https_only(webhooks != Webhooks::Any)
            // A proxy would look names up by itself.
            .proxy(None)
            .timeout_connect(Some(CONNECT_WITHIN))
            .timeout_global(Some(ANSWER_WITHIN))
            .user_agent(concat!("hefu/", env!("CARGO_PKG_VERSION")))
            .build();
        let agent = Agent::with_parts(
            config,
            DefaultConnector::default(),
            Looked { webhooks, all: DefaultResolver::default() },
        );
        Sender { agent, webhooks }
    }
}

impl Post for Sender {
    fn check(&self, dest: &str) -> Result<(), String> {
        if dest.len() > DEST_BYTES_MAX || dest.contains('#') {
            return Err(format!("must be an address without a fragment, of at most {DEST_BYTES_MAX} bytes"));
        }
        let uri: Uri = dest.parse().map_err(|bad| format!("is no address: {bad}"))?;
        let is_known = uri.scheme() == Some(&Scheme::HTTPS) || uri.scheme() == Some(&Scheme::HTTP);
        let Some(authority) = uri.authority().filter(|authority| is_known && !authority.host().is_empty()) else {
            return Err("must be an address like https://client.example/reports".to_owned());
        };
        if authority.as_str().contains('@') {
            return Err("must not hold a name and password: reports are signed with `signatureToken`".to_owned());
        }
        if self.webhooks == Webhooks::Any {
            return Ok(());
        }
        if uri.scheme() != Some(&Scheme::HTTPS) {
            return Err("must begin with https://: this node sends reports over TLS alone".to_owned());
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        match host.parse::<IpAddr>() {
            Ok(address) if !is_public(address) => Err(format!("{address} is no public address")),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    fn post(&self, dest: &str, headers: Headers, body: &str) -> Result<u16, String> {
        let mut request = self.agent.post(dest);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        match request.send(body) {
            Ok(answer) => Ok(answer.status().as_u16()),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// Looks names up, and keeps of what they lead to what a report may go to. The connection is made to what was looked at here, so
/// a name that changes in between leads nowhere else.
#[derive(Debug)]
struct Looked {
    webhooks: Webhooks,
    all: DefaultResolver,
}

impl Resolver for Looked {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let all = self.all.resolve(uri, config, timeout)?;
        if self.webhooks == Webhooks::Any {
            return Ok(all);
        }
        let mut public = self.empty();
        for address in all.iter().filter(|address| is_public(address.ip())) {
            public.push(*address);
        }
        if public.is_empty() {
            return Err(Error::Io(std::io::Error::other("the name leads to no public address")));
        }
        Ok(public)
    }
}

/// Whether an address is one of the public network (IANA's registries of special-purpose addresses).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let is_special = address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_broadcast()
        || address.is_documentation();
    let [a, b, c, _] = address.octets();
    let is_reserved = match (a, b, c) {
        // This network; shared addresses of carriers; assignments of the IETF; anycast relays; benchmarks; later use.
        (0 | 240..=255, ..) | (100, 64..=127, _) | (192, 0, 0) | (192, 88, 99) | (198, 18..=19, _) => true,
        (1..=239, ..) => false,
    };
    !is_special && !is_reserved
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let last = || {
        let [one, two] = g.to_be_bytes();
        let [three, four] = h.to_be_bytes();
        Ipv4Addr::new(one, two, three, four)
    };
    match (a, b) {
        // Addresses of version 4 in other clothes: mapped, translated (RFC 6052), 6to4.
        (0, 0) if (c, d, e, f) == (0, 0, 0, 0xffff) => is_public_v4(last()),
        (0x64, 0xff9b) if (c, d, e, f) == (0, 0, 0, 0) => is_public_v4(last()),
        (0x2002, high) => {
            let ([one, two], [three, four]) = (high.to_be_bytes(), c.to_be_bytes());
            is_public_v4(Ipv4Addr::new(one, two, three, four))
        }
        // Teredo, and what else the IETF has assigned; documentation.
        (0x2001, 0..=0x1ff | 0xdb8) | (0x3fff, _) => false,
        // Everything public is in 2000::/3.
        (0x2000..=0x3fff, _) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read, Write},
        net::TcpListener,
        thread,
    };

    use super::*;

    #[test]
    fn only_public_addresses_are_public() {
        for public in [
            "8.8.8.8",
            "100.63.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "223.255.255.1",
            "2a00:1450::1",
            "2002:808:808::1",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for own in [
            "127.0.0.1",
            "127.9.9.9",
            "0.0.0.0",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "192.0.0.1",
            "198.18.0.1",
            "198.51.100.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "2002:7f00:1::1",
            "2001::1",
            "2001:db8::1",
            "::7f00:1",
        ] {
            assert!(!is_public(own.parse().unwrap()), "{own}");
        }
    }

    #[test]
    fn what_a_report_may_not_be_sent_to_is_refused_at_once() {
        let (public, any) = (Sender::new(Webhooks::Public), Sender::new(Webhooks::Any));
        for dest in [
            "https://client.example/reports",
            "https://client.example:8443/r?x=1",
            "https://8.8.8.8/",
            "https://[2a00:1450::1]/",
        ] {
            assert_eq!(public.check(dest), Ok(()), "{dest}");
        }
        for dest in [
            "http://client.example/",
            "https://127.0.0.1/",
            "https://[::1]:8080/",
            "https://169.254.169.254/latest",
            "https://[::ffff:10.0.0.1]/",
        ] {
            assert!(public.check(dest).is_err(), "{dest}");
            assert_eq!(any.check(dest), Ok(()), "{dest}");
        }
        for dest in [
            "",
            "client",
            "/reports",
            "ftp://client.example/",
            "https://",
            "https://u:p@client.example/",
            "https://client.example/#x",
            "https://a b/",
            "file:///etc/passwd",
        ] {
            assert!(public.check(dest).is_err() && any.check(dest).is_err(), "{dest}");
        }
        assert!(any.check(&format!("https://client.example/{}", "x".repeat(2_000))).is_err());
        assert!(Webhooks::Off.sender().is_none());
    }

    #[test]
    fn a_name_that_leads_to_this_machine_is_not_connected_to() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        listener.set_nonblocking(true).unwrap();
        // The name is a name like others until it is looked up.
        let dest = format!("https://localhost:{port}/");
        let sender = Sender::new(Webhooks::Public);
        assert_eq!(sender.check(&dest), Ok(()));
        let refused = sender.post(&dest, Headers::new(), "{}").unwrap_err();
        assert!(refused.contains("leads to no public address"), "{refused}");
        assert_eq!(listener.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
        assert!(sender.post(&format!("http://localhost:{port}/"), Headers::new(), "{}").is_err());
    }

    #[test]
    fn headers_and_body_arrive_and_a_redirect_is_an_answer_like_others() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let dest = format!("http://{}/reports", listener.local_addr().unwrap());
        let receiver = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut heard = Vec::new();
            while !heard.ends_with(b"{\"a\":1}") {
                let mut bytes = [0; 1_024];
                let count = stream.read(&mut bytes).unwrap();
                heard.extend_from_slice(&bytes[..count]);
            }
            stream
                .write_all(b"HTTP/1.1 307 Temporary Redirect\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n")
                .unwrap();
            String::from_utf8(heard).unwrap().to_ascii_lowercase()
        });
        let headers = vec![("GS1-Signature", "sha256=00".to_owned())];
        assert_eq!(Sender::new(Webhooks::Any).post(&dest, headers, "{\"a\":1}"), Ok(307));
        let heard = receiver.join().unwrap();
        assert!(
            heard.starts_with("post /reports http/1.1\r\n") && heard.contains("gs1-signature: sha256=00\r\n"),
            "{heard}"
        );
    }
}
