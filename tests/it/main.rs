//! Tests from outside: the real binary, a real browser, real kills; and the house rules.

#![cfg(test)]
#![expect(clippy::arithmetic_side_effects, reason = "tests compute with small known numbers")]

mod browser;
mod captures;
mod doors;
mod examples;
mod foreign;
mod fuzz;
mod gateway;
mod kill;
mod network;
mod race;
mod sim;
mod simulation;
#[cfg(feature = "soak")]
mod soak;
mod store;
mod subscriptions;
mod thread;
mod tidy;
