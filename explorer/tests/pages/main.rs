//! The pages as a browser sees them: the real routes of API and explorer over a real ledger in memory.
#![cfg(test)]
#![expect(
    clippy::arithmetic_side_effects,
    clippy::string_slice,
    reason = "tests compute with small known numbers and texts"
)]

mod access;
#[path = "../../../api/tests/http/chain.rs"]
mod chain;
mod client;
mod codes;
#[expect(dead_code, reason = "the API's tests use all of it")]
#[path = "../../../api/tests/http/demo.rs"]
mod demo;
mod headers;
mod labels;
mod ledger;
mod markup;
mod resolver;
mod search;
#[expect(dead_code, reason = "the API's tests use all of it")]
#[path = "../../../api/tests/http/secrets.rs"]
mod secrets;
mod trace;
mod weight;
mod wording;
