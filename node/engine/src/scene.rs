//! The people and words that this crate's tests share.

use std::path::Path;
use std::time::Duration;

use hefu_keys::{Address, Hash, SecretKey, Signature};
use malachite::app::types::core::{
    Context, ExtendedCommitCertificate, NilOrVal, PolkaCertificate, Round, RoundCertificate, RoundCertificateType,
    SignedVote,
};

use crate::application::{Member, Terms, Timeouts};
use crate::context::{Autograph, Hefu, Height, Vote, Voter};
use crate::guard::{Guard, GuardError};
use crate::signing::{Judge, Signatory, Statement, Texts};
use crate::validators::Validators;
use crate::wording::{PartsText, ProposalText, VoteKind, VoteText, Wording};

pub(crate) const CHAIN: Hash = Hash::from_bytes([7; 32]);

pub(crate) fn wording() -> Wording {
    Wording { vote: vote_text, proposal: proposal_text, parts: parts_text }
}

pub(crate) fn vote_text(vote: &VoteText) -> String {
    let block = vote.block.map_or("null".to_owned(), |block| format!("\"{block}\""));
    let kind = match vote.kind {
        VoteKind::Prevote => "prevote",
        VoteKind::Precommit => "precommit",
    };
    let VoteText { chain, height, round, .. } = vote;
    format!(r#"{{"block":{block},"chain":"{chain}","height":{height},"round":{round},"type":"{kind}"}}"#)
}

fn proposal_text(proposal: &ProposalText) -> String {
    let ProposalText { chain, height, round, block, pol_round } = proposal;
    let pol = pol_round.map_or("-1".to_owned(), |round| round.to_string());
    format!(
        r#"{{"block":"{block}","chain":"{chain}","height":{height},"polRound":{pol},"round":{round},"type":"proposal"}}"#
    )
}

fn parts_text(parts: &PartsText) -> String {
    let PartsText { chain, height, round, block, builder, bytes } = parts;
    format!(
        r#"{{"block":"{block}","builder":"{builder}","bytes":{bytes},"chain":"{chain}","height":{height},"round":{round},"type":"parts"}}"#
    )
}

pub(crate) fn texts() -> Texts {
    Texts { chain: CHAIN, wording: wording() }
}

pub(crate) fn judge() -> Judge {
    Judge { texts: texts() }
}

pub(crate) fn key(number: u8) -> SecretKey {
    SecretKey::from_seed([number; 32])
}

pub(crate) fn address(number: u8) -> Address {
    key(number).address()
}

/// The guard of a key, in a directory of a test; made where there is none.
pub(crate) fn guard(directory: &Path, number: u8) -> Guard {
    let directory = directory.join(format!("guard-{number}"));
    match Guard::create(&directory, address(number)) {
        Ok(()) | Err(GuardError::Exists(_)) => {}
        Err(error) => panic!("{error}"),
    }
    Guard::open(&directory, address(number)).expect("a guard")
}

pub(crate) fn signatory(directory: &Path, number: u8) -> Signatory {
    Signatory::new(key(number), texts(), guard(directory, number))
}

/// What a validator without a guard would sign.
pub(crate) fn signed_freely(number: u8, statement: &Statement<'_>) -> Signature {
    key(number).sign(texts().of(statement).expect("a round").as_bytes())
}

/// The terms of tests: short waits, no heartbeat within the hour.
pub(crate) fn terms(members: Vec<Member>) -> Terms {
    let timeouts = Timeouts {
        propose: Duration::from_secs(1),
        propose_delta: Duration::from_millis(500),
        prevote: Duration::from_millis(300),
        prevote_delta: Duration::from_millis(100),
        precommit: Duration::from_millis(300),
        precommit_delta: Duration::from_millis(100),
        rebroadcast: Duration::from_secs(2),
        longest: Duration::from_secs(10),
    };
    Terms { members, timeouts, block_time: None, heartbeat: Duration::from_secs(3600) }
}

/// Members 1 to `count`, each with power 1.
pub(crate) fn members(count: u8) -> Vec<Member> {
    (1..=count).map(|number| Member { address: address(number), power: 1 }).collect()
}

pub(crate) fn validators(count: u8) -> Validators {
    Validators::new(&members(count)).expect("the members are sound")
}

/// The member among 1 to `count` whose turn it is.
pub(crate) fn proposer(count: u8, height: u64, round: u32) -> u8 {
    let turn = validators(count).proposer(height, round).address();
    (1..=count).find(|number| address(*number) == turn).expect("a member proposes")
}

fn signed(number: u8, vote: Vote) -> SignedVote<Hefu> {
    let signature = signed_freely(number, &Statement::Vote(&vote));
    SignedVote::new(vote, Autograph(signature))
}

/// The decision for `block` at `height`, signed by the members numbered.
pub(crate) fn commit(height: u64, block: Hash, signers: &[u8]) -> ExtendedCommitCertificate<Hefu> {
    let (at, round) = (Height(height), Round::new(0));
    let votes = signers
        .iter()
        .map(|number| signed(*number, Hefu.new_precommit(at, round, NilOrVal::Val(block), Voter(address(*number)))));
    ExtendedCommitCertificate::from_votes(at, round, block, votes.collect())
}

/// The prevotes for `block` at `height`, signed by the members numbered.
pub(crate) fn polka(height: u64, block: Hash, signers: &[u8]) -> PolkaCertificate<Hefu> {
    let (at, round) = (Height(height), Round::new(0));
    let votes = signers
        .iter()
        .map(|number| signed(*number, Hefu.new_prevote(at, round, NilOrVal::Val(block), Voter(address(*number)))));
    PolkaCertificate::new(at, round, block, votes.collect())
}

/// The end of the first round at `height` without a decision: precommits for no block, signed by the members numbered.
pub(crate) fn round_end(height: u64, signers: &[u8]) -> RoundCertificate<Hefu> {
    let (at, round) = (Height(height), Round::new(0));
    let votes = signers
        .iter()
        .map(|number| signed(*number, Hefu.new_precommit(at, round, NilOrVal::Nil, Voter(address(*number)))));
    RoundCertificate::new_from_votes(at, round, RoundCertificateType::Precommit, votes.collect())
}
