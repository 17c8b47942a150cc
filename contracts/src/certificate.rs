//! Certificates: the validators' signatures that make a block final.

use std::collections::BTreeSet;

use hefu_keys::{Address, Hash, PublicKey, Signature};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{
    canonical_text,
    height::Height,
    votes::{self, VoteKind},
};

/// Most members of a validator set.
pub const MEMBERS_MAX: usize = 100;

/// A validator with its voting power.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// The key it signs votes with.
    pub address: Address,
    /// The organisation that runs it.
    pub party: String,
    /// Its voting power, at least 1.
    pub power: u64,
}

/// A set of validators, sorted by the text of their addresses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Members(pub Vec<Member>);

/// One validator's precommit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Precommit {
    /// Over the precommit's text, base64url.
    #[serde(with = "base64url")]
    pub signature: Signature,
    /// Who signed.
    pub validator: Address,
}

/// Signatures as texts in base64url.
pub(crate) mod base64url {
    use hefu_keys::Signature;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(crate) fn serialize<S: Serializer>(signature: &Signature, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&signature.to_base64url())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Signature, D::Error> {
        Signature::from_base64url(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// That a quorum of a height's validators decided on a block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// Id of the block.
    pub block: Hash,
    /// Its height.
    pub height: Height,
    /// The round that decided.
    pub round: u32,
    /// The precommits, sorted by the text of the validators' addresses.
    pub signatures: Vec<Precommit>,
}

/// Why a certificate proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BadCertificate {
    /// A signer is not in the set.
    #[error("{0} is not a validator of this height")]
    Stranger(Address),
    /// A signer appears twice.
    #[error("{0} has signed twice")]
    Twice(Address),
    /// A signature does not match.
    #[error("the signature of {0} does not match")]
    Signature(Address),
    /// Two thirds of the power or less have signed.
    #[error("validators with {signed} of {total} votes have signed, more than two thirds are needed")]
    Quorum {
        /// Power that signed.
        signed: u64,
        /// Power of the set.
        total: u64,
    },
}

/// Why a set of validators is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a validator set has 1 to {MEMBERS_MAX} distinct members sorted by address, each with a power of 1 to 2^32")]
pub struct BadMembers;

impl Members {
    /// That the set is sorted, distinct and within limits.
    ///
    /// # Errors
    /// [`BadMembers`].
    pub fn check(&self) -> Result<(), BadMembers> {
        let texts: Vec<String> = self.0.iter().map(|member| member.address.to_string()).collect();
        let sorted = texts.iter().zip(texts.iter().skip(1)).all(|(a, b)| a < b);
        let powers = self.0.iter().all(|member| (1..=1 << 32).contains(&member.power));
        if sorted && powers && (1..=MEMBERS_MAX).contains(&self.0.len()) { Ok(()) } else { Err(BadMembers) }
    }

    /// The hash that headers name.
    pub fn hash(&self) -> Hash {
        Hash::of(canonical_text(&self.0).as_bytes())
    }

    /// Sum of all powers.
    pub fn power(&self) -> u64 {
        self.0.iter().fold(0, |sum, member| sum.saturating_add(member.power))
    }

    /// The member with this address.
    pub fn get(&self, address: &Address) -> Option<&Member> {
        self.0.iter().find(|member| member.address == *address)
    }
}

impl Certificate {
    /// Checks that validators with more than two thirds of the power have signed for the block.
    ///
    /// # Errors
    /// [`BadCertificate`]; one bad signature spoils the whole certificate.
    pub fn check(&self, chain: &Hash, members: &Members) -> Result<(), BadCertificate> {
        let text = votes::vote(chain, self.height, self.round, VoteKind::Precommit, Some(&self.block));
        let mut seen = BTreeSet::new();
        let mut signed = 0_u64;
        for Precommit { signature, validator } in &self.signatures {
            let member = members.get(validator).ok_or(BadCertificate::Stranger(*validator))?;
            if !seen.insert(*validator) {
                return Err(BadCertificate::Twice(*validator));
            }
            PublicKey::try_from(validator)
                .ok()
                .and_then(|key| key.verify(text.as_bytes(), signature).ok())
                .ok_or(BadCertificate::Signature(*validator))?;
            signed = signed.saturating_add(member.power);
        }
        let total = members.power();
        if u128::from(signed).saturating_mul(3) > u128::from(total).saturating_mul(2) {
            return Ok(());
        }
        Err(BadCertificate::Quorum { signed, total })
    }

    /// The canonical text.
    pub fn text(&self) -> String {
        canonical_text(self)
    }
}
