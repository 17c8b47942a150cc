//! What the tests from outside need: the real binary as a process, people who sign records, and what must hold of any
//! bytes.

#![expect(clippy::expect_used, clippy::arithmetic_side_effects, reason = "a test that cannot go on panics")]

pub mod fuzz;
pub mod people;
pub mod process;
