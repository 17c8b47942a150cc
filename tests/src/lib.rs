//! What the tests from outside need: the real binary as a process, and people who sign records.

pub mod people;
pub mod process;
