//! Keys, signatures and the bytes they cover.
//!
//! Everything that is signed or hashed here is canonical JSON (RFC 8785), the hash is SHA-256, the signature is
//! Ed25519. A document carries its signatures as W3C Data Integrity proofs of the cryptosuite `eddsa-jcs-2022`, so
//! any conforming verifier can check what this crate wrote, and this crate accepts nothing that a strict verifier
//! would refuse.
//!
//! The crate knows nothing of the ledger, reads no clock and does no I/O except for encrypted key files ([`mod@file`]).

#![warn(missing_docs)]
#![cfg_attr(
    test,
    expect(
        clippy::arithmetic_side_effects,
        clippy::string_slice,
        reason = "a test that overflows or cuts a character in two fails, as it should"
    )
)]

mod address;
pub mod canonical;
pub mod file;
mod hash;
pub mod merkle;
pub mod parts;
pub mod phrase;
mod public;
mod secret;
pub mod secured;
mod signature;
mod spelled;
mod timestamp;

pub use address::{Address, BadAddress};
pub use hash::{BadHash, Hash};
pub use public::{BadKey, BadSignature, PublicKey};
pub use secret::{BadSecret, NoRandomness, PATH_STEPS_MAX, SecretKey};
pub use signature::{BadSignatureText, Signature};

#[cfg(test)]
mod golden;
