//! One function for every type on the wire: it takes any bytes and asserts what must hold of them, beyond that nothing
//! panics. What is accepted has one text, what is signed or proven cannot be another's, and what two parts of the code
//! compute is the same.
//!
//! Two runners use the list: `tests/it/fuzz.rs` on a fixed number of changed golden files with every test run, and
//! `scripts/fuzz` for as long as one likes, led by libFuzzer to code that no input has reached. This crate's library uses
//! neither the node nor its store, so that the second, which compiles everything anew, stays small.

#![expect(
    clippy::indexing_slicing,
    reason = "a member is looked for or set in a JSON object only, where that never fails"
)]

mod chain;
mod deed;
mod golden;
mod identifiers;
mod json;
mod lists;
pub mod mutation;
mod proofs;
mod records;
mod state;
mod story;
mod texts;

/// What a reader said of the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// They are what the target is about.
    Accepted,
    /// They are not.
    Refused,
}

/// A type on the wire with what must hold of it.
pub struct Target {
    /// What is read.
    pub name: &'static str,
    /// Panics where something that must hold does not.
    pub run: fn(&[u8]) -> Verdict,
    seeds: fn() -> Vec<Vec<u8>>,
}

impl Target {
    /// Inputs to begin with, at least one of which is accepted: golden files, what grows out of them, and all on which
    /// the target has failed before.
    pub fn seeds(&self) -> Vec<Vec<u8>> {
        let mut seeds = (self.seeds)();
        seeds.extend(golden::found(self.name));
        seeds
    }
}

/// Every target.
pub static TARGETS: [Target; 27] = [
    Target { name: "canonical", run: json::scan, seeds: json::seeds },
    Target { name: "cut", run: json::cut, seeds: json::seeds },
    Target { name: "address", run: texts::address, seeds: texts::address_seeds },
    Target { name: "spelling", run: texts::spelling, seeds: texts::spelling_seeds },
    Target { name: "secured", run: records::secured, seeds: records::secured_seeds },
    Target { name: "record", run: records::record, seeds: records::record_seeds },
    Target { name: "submission", run: records::submission, seeds: records::submission_seeds },
    Target { name: "access", run: records::access, seeds: records::access_seeds },
    Target { name: "deed", run: state::deed, seeds: state::deed_seeds },
    Target { name: "genesis", run: chain::genesis, seeds: chain::genesis_seeds },
    Target { name: "header", run: chain::header, seeds: chain::header_seeds },
    Target { name: "block", run: chain::block, seeds: chain::block_seeds },
    Target { name: "certificate", run: chain::certificate, seeds: chain::certificate_seeds },
    Target { name: "votes", run: chain::votes, seeds: chain::votes_seeds },
    Target { name: "receipt", run: chain::receipt, seeds: chain::receipt_seeds },
    Target { name: "row", run: state::row, seeds: state::row_seeds },
    Target { name: "entry", run: state::entry, seeds: state::entry_seeds },
    Target { name: "register", run: proofs::register, seeds: proofs::register_seeds },
    Target { name: "proof", run: proofs::proof, seeds: proofs::proof_seeds },
    Target { name: "history", run: proofs::history, seeds: proofs::proof_seeds },
    Target { name: "merkle", run: lists::merkle, seeds: lists::merkle_seeds },
    Target { name: "parts", run: lists::parts, seeds: lists::parts_seeds },
    Target { name: "issuance", run: lists::issuance, seeds: lists::issuance_seeds },
    Target { name: "handover", run: lists::handover, seeds: lists::handover_seeds },
    Target { name: "epc", run: identifiers::epc, seeds: identifiers::seeds },
    Target { name: "link", run: identifiers::link, seeds: identifiers::seeds },
    Target { name: "cbv", run: identifiers::cbv, seeds: identifiers::cbv_seeds },
];

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

fn is_canonical(text: &str) -> bool {
    hefu_keys::canonical::check(text.as_bytes()).is_ok()
}
