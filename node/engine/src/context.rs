//! The types Malachite is generic over. They are thin: the meaning of a block lies with the application.

use std::cmp::Ordering;
use std::convert::Infallible;
use std::fmt;

use bytes::Bytes;
use hefu_keys::{Address, BadKey, Hash, PublicKey, Signature};
use malachite::app::types::core::{self, LinearTimeouts, NilOrVal, Round, SignedExtension, VoteType};

use crate::validators::{Validator, Validators};

/// The context: which of our types stands for which of the engine's.
#[derive(Clone, Copy, Debug)]
pub struct Hefu;

/// The number of a block; the first has height 1, nothing decided is height 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Height(pub u64);

/// The address of a validator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Voter(pub Address);

/// What is decided: the id of a block. Its body travels in parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Block(pub Hash);

/// A vote. There are no vote extensions: everything a vote says is in the text that is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vote {
    pub kind: VoteType,
    pub height: Height,
    pub round: Round,
    pub block: NilOrVal<Hash>,
    pub voter: Voter,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    pub height: Height,
    pub round: Round,
    pub block: Block,
    pub pol_round: Round,
    pub proposer: Voter,
}

/// A piece of a stream that carries one body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    Heading(Heading),
    Chunk(Bytes),
}

/// The first part: what follows, and the signature of the proposer of `round` over that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heading {
    pub height: u64,
    pub round: u32,
    pub block: Hash,
    pub builder: Address,
    pub bytes: u64,
    pub signature: Signature,
}

/// Ed25519 by the one strict rule of `hefu_keys`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ed25519;

/// A signature with the total order the engine asks for (by bytes, without meaning).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Autograph(pub Signature);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadBytes {
    #[error("{found} bytes, expected {expected}")]
    Length { found: usize, expected: usize },
    #[error(transparent)]
    Key(#[from] BadKey),
}

impl core::Context for Hefu {
    type Address = Voter;
    type Height = Height;
    type ProposalPart = Part;
    type Proposal = Proposal;
    type Validator = Validator;
    type ValidatorSet = Validators;
    type Timeouts = LinearTimeouts;
    type Value = Block;
    type Vote = Vote;
    type Extension = ();
    type SigningScheme = Ed25519;

    fn select_proposer<'a>(&self, validators: &'a Validators, height: Height, round: Round) -> &'a Validator {
        validators.proposer(height.0, round.as_u32().unwrap_or_default())
    }

    fn new_proposal(&self, height: Height, round: Round, block: Block, pol_round: Round, proposer: Voter) -> Proposal {
        Proposal { height, round, block, pol_round, proposer }
    }

    fn new_prevote(&self, height: Height, round: Round, block: NilOrVal<Hash>, voter: Voter) -> Vote {
        Vote { kind: VoteType::Prevote, height, round, block, voter }
    }

    fn new_precommit(&self, height: Height, round: Round, block: NilOrVal<Hash>, voter: Voter) -> Vote {
        Vote { kind: VoteType::Precommit, height, round, block, voter }
    }
}

impl core::Height for Height {
    const ZERO: Height = Height(0);
    const INITIAL: Height = Height(1);

    fn increment_by(&self, n: u64) -> Height {
        Height(self.0.saturating_add(n))
    }

    fn decrement_by(&self, n: u64) -> Option<Height> {
        self.0.checked_sub(n).map(Height)
    }

    fn as_u64(&self) -> u64 {
        self.0
    }
}

impl fmt::Display for Height {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl core::Address for Voter {}

impl fmt::Display for Voter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl core::Value for Block {
    type Id = Hash;

    fn id(&self) -> Hash {
        self.0
    }
}

impl core::Vote<Hefu> for Vote {
    fn height(&self) -> Height {
        self.height
    }

    fn round(&self) -> Round {
        self.round
    }

    fn value(&self) -> &NilOrVal<Hash> {
        &self.block
    }

    fn take_value(self) -> NilOrVal<Hash> {
        self.block
    }

    fn vote_type(&self) -> VoteType {
        self.kind
    }

    fn validator_address(&self) -> &Voter {
        &self.voter
    }

    fn extension(&self) -> Option<&SignedExtension<Hefu>> {
        None
    }

    fn take_extension(&mut self) -> Option<SignedExtension<Hefu>> {
        None
    }

    /// No height asks for extensions, so none is ever offered.
    fn extend(self, _: SignedExtension<Hefu>) -> Vote {
        self
    }
}

impl core::Proposal<Hefu> for Proposal {
    fn height(&self) -> Height {
        self.height
    }

    fn round(&self) -> Round {
        self.round
    }

    fn value(&self) -> &Block {
        &self.block
    }

    fn take_value(self) -> Block {
        self.block
    }

    fn pol_round(&self) -> Round {
        self.pol_round
    }

    fn validator_address(&self) -> &Voter {
        &self.proposer
    }
}

impl core::ProposalPart<Hefu> for Part {
    fn is_first(&self) -> bool {
        matches!(self, Part::Heading(_))
    }

    /// A chunk does not know; the heading tells how many bytes there are. The engine never asks.
    fn is_last(&self) -> bool {
        false
    }
}

impl core::SigningScheme for Ed25519 {
    type DecodingError = BadBytes;
    type Signature = Autograph;
    type PublicKey = PublicKey;
    /// The engine never holds a private key.
    type PrivateKey = Infallible;

    fn decode_signature(bytes: &[u8]) -> Result<Autograph, BadBytes> {
        let expected = 64;
        let bytes = bytes.try_into().map_err(|_| BadBytes::Length { found: bytes.len(), expected })?;
        Ok(Autograph(Signature::from_bytes(bytes)))
    }

    fn encode_signature(signature: &Autograph) -> Vec<u8> {
        signature.0.as_bytes().to_vec()
    }

    fn decode_public_key(bytes: &[u8]) -> Result<PublicKey, BadBytes> {
        let expected = 32;
        let bytes = bytes.try_into().map_err(|_| BadBytes::Length { found: bytes.len(), expected })?;
        Ok(PublicKey::try_from(&Address::from_bytes(bytes))?)
    }

    fn encode_public_key(key: &PublicKey) -> Vec<u8> {
        key.address().as_bytes().to_vec()
    }
}

impl PartialOrd for Autograph {
    fn partial_cmp(&self, other: &Autograph) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Autograph {
    fn cmp(&self, other: &Autograph) -> Ordering {
        self.0.as_bytes().cmp(other.0.as_bytes())
    }
}
