//! What the tests from outside need: the real binary as a process and as a network of them, people who sign records,
//! what must hold of any bytes and of what clients saw.

#![expect(
    clippy::expect_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a test that cannot go on panics"
)]

pub mod fuzz;
pub mod history;
pub mod links;
pub mod machine;
pub mod people;
pub mod postgres;
pub mod process;
pub mod testnet;
pub mod wires;
