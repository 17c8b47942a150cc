//! The API as a client sees it: the real routes over a real ledger in memory.
#![cfg(test)]
#![expect(clippy::arithmetic_side_effects, reason = "tests compute with small known numbers")]

mod access;
mod agreements;
mod batches;
mod blocks;
mod bodies;
mod captures;
mod chain;
mod client;
mod contract;
mod crowds;
mod demo;
mod epcis;
mod impossible;
mod items;
mod keys;
mod node;
mod openapi;
mod queries;
mod records;
mod secrets;
mod sessions;
mod snapshot;
mod sockets;
mod streams;
mod subscriptions;
mod traces;
mod trouble;
mod websockets;
