//! The engine's types in plain form, and back.

use hefu_keys::{Address, Signature};
use malachite::app::types::core::{
    CommitCertificate, ExtendedCommitCertificate, ExtendedCommitSignature, LinearTimeouts, Round,
};

use crate::application::{Certificate, Timeouts};
use crate::context::{Autograph, Hefu, Height, Voter};

/// The engine's certificate in plain form.
pub fn certified(certificate: CommitCertificate<Hefu>) -> Certificate {
    let signatures = certificate.commit_signatures.into_iter();
    let mut signatures: Vec<(Address, Signature)> = signatures.map(|one| (one.address.0, one.signature.0)).collect();
    signatures.sort_by_key(|(address, _)| *address);
    Certificate {
        height: certificate.height.0,
        round: number(certificate.round),
        block: certificate.value_id,
        signatures,
    }
}

/// A round's number. Rounds without one exist only before the first round of a height.
pub fn number(round: Round) -> u32 {
    round.as_u32().unwrap_or_default()
}

/// A plain certificate in the engine's form.
pub fn extended(certificate: Certificate) -> ExtendedCommitCertificate<Hefu> {
    let signatures = certificate.signatures.into_iter();
    ExtendedCommitCertificate {
        height: Height(certificate.height),
        round: Round::new(certificate.round),
        value_id: certificate.block,
        commit_signatures: signatures
            .map(|(address, signature)| ExtendedCommitSignature::new(Voter(address), Autograph(signature), None))
            .collect(),
    }
}

/// The waits of a height in the engine's form.
pub fn linear(timeouts: &Timeouts) -> LinearTimeouts {
    LinearTimeouts {
        propose: timeouts.propose,
        propose_delta: timeouts.propose_delta,
        prevote: timeouts.prevote,
        prevote_delta: timeouts.prevote_delta,
        precommit: timeouts.precommit,
        precommit_delta: timeouts.precommit_delta,
        rebroadcast: timeouts.rebroadcast,
        max_timeout: timeouts.longest,
    }
}
