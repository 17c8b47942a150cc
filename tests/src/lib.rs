//! What the tests from outside need: the real binary as a process, and people who sign records.

#![expect(clippy::expect_used, clippy::arithmetic_side_effects, reason = "a test that cannot go on panics")]

pub mod people;
pub mod process;
