//! Tests from outside: the real binary, a real browser, real kills; and the house rules.

mod browser;
mod doors;
mod examples;
mod kill;
mod store;
mod thread;
mod tidy;
