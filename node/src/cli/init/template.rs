//! The configuration file of a new node, with a word about each key.

use std::{
    fmt::{self, Write},
    net::SocketAddr,
};

use hefu_engine::Multiaddr;

use crate::{config::LOG_FILTER, local::Webhooks};

/// What a new configuration says.
pub struct Template {
    /// A name for logs and metrics.
    pub moniker: String,
    /// Where to serve pages and API.
    pub http: SocketAddr,
    /// Where other validators connect.
    pub network: Multiaddr,
    /// Where other validators hand over records.
    pub records: Multiaddr,
    /// The other validators: where they vote, and where they take records.
    pub others: Vec<(Multiaddr, Multiaddr)>,
    /// To whom reports of subscriptions are sent.
    pub webhooks: Webhooks,
    /// File of the passphrase, relative to the configuration.
    pub passphrase_file: Option<String>,
}

impl Template {
    /// The text of the file.
    pub fn text(&self) -> String {
        let Template { moniker, http, network, records, others, webhooks, passphrase_file } = self;
        let webhooks = webhooks.name();
        let passphrase_file = match passphrase_file {
            Some(file) => format!("passphrase_file = \"{file}\""),
            None => "# passphrase_file = \"passphrase\"".to_owned(),
        };
        let peers = list(others.iter().map(|(network, _)| network));
        let record_peers = list(others.iter().map(|(_, records)| records));
        format!(
            r#"# A node of a Hefu ledger. Paths are relative to this file.

# Blocks, state and votes. The directory belongs to the validator's key: never let two nodes use either.
data = "data"
genesis = "genesis.json"
# A name for logs and metrics.
moniker = "{moniker}"

[keys]
validator = "keys/validator.key"
node = "keys/node.key"
# The first line of this file is the passphrase; otherwise HEFU_PASSPHRASE_FILE, or it is asked for.
{passphrase_file}

[http]
# Pages and API. In public, put a proxy that speaks TLS before it.
listen = "{http}"
# Where the pages are reached from outside: it is printed on labels.
# origin = "https://trace.example"
# Where else the node is reached: whoever reads with a key says for which of these addresses.
origins = []
# For whoever asks for none: "zh" or "en".
language = "zh"
# To whom reports of subscriptions are sent: "off", "public" (over TLS, to public addresses), or "any", which reaches this
# machine and your network: whoever reads here then does so through this node.
webhooks = "{webhooks}"
# Public nodes of others, on which people can check the same item.
neighbours = []

[network]
# Where other validators connect to agree on blocks.
listen = "{network}"
# Every other validator with its peer id, as in "/dns4/v2.example/tcp/26656/p2p/12D3Koo…".
peers = {peers}
# Whether nodes that are not listed may connect, to follow.
open = false

[records]
# Where other validators hand over records that wait for a block.
listen = "{records}"
# The same validators as above with the same peer ids. Nobody else is let in.
peers = {record_peers}

[snapshots]
# Blocks from one snapshot of the state to the next, for validators that have lost theirs; 0 takes none. All validators
# of a network should say the same.
every = 1000
# Whether this node, without a store, asks the others for their snapshot. Otherwise it executes all blocks.
restore = true

# Figures for Prometheus at /metrics, for whoever watches this node and nobody else.
# [metrics]
# listen = "127.0.0.1:9464"

[log]
# Least level by target; RUST_LOG goes before it.
filter = "{LOG_FILTER}"
# "text" or "json"
format = "text"
"#
        )
    }
}

/// A list of TOML, one line for each element.
fn list<T: fmt::Display>(elements: impl Iterator<Item = T>) -> String {
    let mut text = String::from("[");
    for element in elements {
        // Writing to a string cannot fail.
        if write!(text, "\n  \"{element}\",").is_err() {
            break;
        }
    }
    if text.len() > 1 {
        text.push('\n');
    }
    text.push(']');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn read(template: &Template) -> Config {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("hefu.toml");
        std::fs::write(&path, template.text()).unwrap();
        Config::read(&path).unwrap()
    }

    fn address(text: &str) -> Multiaddr {
        text.parse().unwrap()
    }

    fn template() -> Template {
        Template {
            moniker: "corenest".to_owned(),
            http: "[::1]:8080".parse().unwrap(),
            network: address("/ip4/10.0.0.1/udp/26656/quic-v1"),
            records: address("/ip4/10.0.0.1/tcp/26657"),
            others: Vec::new(),
            webhooks: Webhooks::Any,
            passphrase_file: None,
        }
    }

    #[test]
    fn the_configuration_that_init_writes_is_one_that_start_reads() {
        let template = template();
        let config = read(&template);
        assert_eq!((config.moniker, config.http.listen), (template.moniker, template.http));
        assert_eq!((config.network.listen, config.log.filter.as_str()), (template.network, LOG_FILTER));
        assert!(config.network.peers.is_empty() && config.keys.passphrase_file.is_none());
        assert_eq!(config.records.unwrap().listen, template.records);
        assert_eq!(config.http.webhooks, Webhooks::Any);
    }

    #[test]
    fn the_other_validators_are_listed_twice() {
        let others = ["/ip4/10.0.0.2/tcp/26656", "/ip4/10.0.0.3/tcp/26656"].map(address).into_iter();
        let others = others.zip(["/ip4/10.0.0.2/tcp/26657", "/ip4/10.0.0.3/tcp/26657"].map(address));
        let template = Template { others: others.collect(), passphrase_file: Some("secret".to_owned()), ..template() };
        let config = read(&template);
        let both = config.network.peers.into_iter().zip(config.records.unwrap().peers);
        assert_eq!(both.collect::<Vec<_>>(), template.others);
        assert!(config.keys.passphrase_file.unwrap().ends_with("secret"));
    }
}
