//! The command line: what `hefu` does, and how it says what happened.
//!
//! stdout is data, stderr is talk. Secrets are never arguments: phrases and passphrases are asked for or read from files.

mod access;
mod agreement;
mod amounts;
mod author;
mod calendar;
mod capture;
mod catalogue;
mod codes;
mod dev;
mod disputes;
mod doctor;
mod epcis;
mod facts;
mod failure;
mod files;
mod gateway;
mod init;
mod keyring;
mod keys;
mod link;
mod log;
mod output;
mod parties;
mod payouts;
mod pid;
mod quota;
mod recall;
mod record;
mod serve;
mod settle;
mod start;
mod statement;
mod store;
mod testnet;
mod verify;
mod words;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

const EXIT_CODES: &str = "Exit codes:
  0  it worked
  1  something failed: a file, the network, this machine
  2  the command line was not understood, a link in it is none, or `hefu settle` or `hefu statement verify`
     was given what it cannot read
  3  the ledger did not take a record, or a key to read with: it was malformed, rejected or refused
  4  a proof or a store does not hold
  5  a node could not write or read its log of votes; look at the disk before the next start

Examples:
  hefu dev --demo                          a ledger with a small story, on this machine
  hefu testnet init --dir net              a network of four validators, on this machine
  hefu keys new --name admin               a key of your own
  hefu capture delivery.json --key line1   EPCIS events, signed and handed in
  hefu settle scenario < contract.json     who is owed what, by terms and events
  hefu verify proof.json --genesis 3f…     what is proven, without trust in any server";

/// A ledger of signed records: one code for every item, provenance that anybody can check.
#[derive(Debug, Parser)]
#[command(name = "hefu", version, after_help = EXIT_CODES, max_term_width = 110)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make, keep and use keys
    #[command(subcommand)]
    Keys(keys::Keys),
    /// Prepare a node: genesis document, configuration and keys
    Init(init::Init),
    /// Run a node
    Start(start::Start),
    /// Look for what keeps a node from working
    Doctor(doctor::Doctor),
    /// Run a development chain on this machine; its keys are public
    Dev(dev::Dev),
    /// Run a network of several validators on this machine
    #[command(subcommand)]
    Testnet(testnet::Testnet),
    /// Sign records by hand, by several people, hand them in, and read them
    #[command(subcommand)]
    Record(record::Record),
    /// Sign who is reading, for a node that shows more to parties and auditors
    ///
    /// The document goes with each request in its `Authorization` header, or once into a session of a browser. For its
    /// minutes, whoever has it reads what the key may read at that node; it lets nobody write.
    #[command(after_help = "Examples:\n  hefu access --key admin --node https://t.example\n  \
        curl -H \"$(hefu access --key admin --header)\" http://127.0.0.1:8080/v1/session")]
    Access(access::Access),
    /// Admit organisations
    #[command(subcommand)]
    Party(parties::Party),
    /// Grant and revoke keys of your organisation
    #[command(subcommand)]
    Key(parties::Key),
    /// Let others record events for your identifiers
    #[command(subcommand)]
    Authority(parties::Authority),
    /// See and set how much organisations may record
    #[command(subcommand)]
    Quota(quota::Quota),
    /// Declare places of your organisation
    #[command(subcommand)]
    Site(parties::Site),
    /// Put trade items into the catalogue
    #[command(subcommand)]
    Product(catalogue::Product),
    /// Issue, hand over and commission codes
    #[command(subcommand)]
    Codes(codes::Codes),
    /// Sign the events of EPCIS 2.0 documents and hand them in
    #[command(after_help = "Examples:\n  hefu capture delivery.json --key line1\n  \
        hefu capture *.jsonld --key line1 --node https://node.example --json")]
    Capture(capture::Capture),
    /// Take events from EPCIS 2.0 clients that do not sign, sign them with a key, and hand them in
    ///
    /// It runs on the supplier's own machine and speaks EPCIS 2.0 there. What it has taken is on its disk: killed at any
    /// moment it loses nothing and doubles nothing, and while the node is away it keeps what comes. Whatever is read goes on
    /// to the node, with the key where it has the role `read`.
    #[command(
        after_help = "Examples:\n  hefu gateway --key line1 --node https://node.example --data /var/lib/hefu-gateway\n  \
        curl -H 'Content-Type: application/json' --data @delivery.json http://127.0.0.1:8090/epcis/v2/capture -i\n  \
        curl http://127.0.0.1:8090/epcis/v2/capture\n  \
        curl 'http://127.0.0.1:8090/epcis/v2/events?EQ_bizStep=shipping'"
    )]
    Gateway(gateway::Gateway),
    /// Hash the events of EPCIS 2.0 documents
    #[command(subcommand)]
    Epcis(epcis::Epcis),
    /// Read and make GS1 Digital Links
    #[command(subcommand)]
    Link(link::Link),
    /// Recall things, lift recalls, and find who has what is affected
    #[command(subcommand)]
    Recall(recall::Recall),
    /// Draw up agreements and have them signed
    #[command(subcommand)]
    Agreement(agreement::Agreement),
    /// Declare a platform's feeds of order lines
    #[command(subcommand)]
    Feed(agreement::Feed),
    /// Report what became of a platform's orders
    #[command(subcommand)]
    Facts(facts::Facts),
    /// Release what waited out its hold
    #[command(subcommand)]
    Hold(calendar::Hold),
    /// Close the periods of agreements
    #[command(subcommand)]
    Period(calendar::Period),
    /// Issue, accept and check statements
    #[command(subcommand)]
    Statement(statement::Statement),
    /// Dispute what was earned
    #[command(subcommand)]
    Dispute(disputes::Dispute),
    /// Pay out, and attest what arrived
    #[command(subcommand)]
    Payout(payouts::Payout),
    /// Compute who is owed what, from terms and events of your own
    #[command(subcommand)]
    Settle(settle::Settle),
    /// Check a proof, or a node's store, without trust in whoever made it
    #[command(after_help = "Examples:\n  hefu verify proof.json --genesis 3f…\n  \
        hefu verify https://t.example/01/09528880010021/21/7K3M9Q2X4BHT6WZ0N5PD --genesis 3f…\n  \
        hefu verify --store /var/lib/hefu")]
    Verify(verify::Verify),
}

/// Runs the program.
pub fn main() -> ExitCode {
    // Wrong usage, `--help` and `--version` end here, with 2, 0 and 0.
    let cli = Cli::parse();
    match cli.command.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failure::report(&error),
    }
}

impl Command {
    fn run(self) -> anyhow::Result<()> {
        match self {
            Command::Keys(keys) => keys.run(),
            Command::Init(init) => init.run(),
            Command::Start(start) => start.run(),
            Command::Doctor(doctor) => doctor.run(),
            Command::Dev(dev) => dev.run(),
            Command::Testnet(testnet) => testnet.run(),
            Command::Record(record) => record.run(),
            Command::Access(access) => access.run(),
            Command::Party(party) => party.run(),
            Command::Key(key) => key.run(),
            Command::Authority(authority) => authority.run(),
            Command::Quota(quota) => quota.run(),
            Command::Site(site) => site.run(),
            Command::Product(product) => product.run(),
            Command::Codes(codes) => codes.run(),
            Command::Capture(capture) => capture.run(),
            Command::Gateway(gateway) => gateway.run(),
            Command::Epcis(epcis) => epcis.run(),
            Command::Link(link) => link.run(),
            Command::Recall(recall) => recall.run(),
            Command::Agreement(agreement) => agreement.run(),
            Command::Feed(feed) => feed.run(),
            Command::Facts(facts) => facts.run(),
            Command::Hold(hold) => hold.run(),
            Command::Period(period) => period.run(),
            Command::Statement(statement) => statement.run(),
            Command::Dispute(dispute) => dispute.run(),
            Command::Payout(payout) => payout.run(),
            Command::Settle(settle) => settle.run(),
            Command::Verify(verify) => verify.run(),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}
