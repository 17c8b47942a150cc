//! The people and words that this crate's tests share.

use std::time::Duration;

use hefu_keys::{Address, Hash, SecretKey};
use malachite::app::types::core::{Context, ExtendedCommitCertificate, NilOrVal, PolkaCertificate, Round, SignedVote};

use crate::application::{Member, Terms, Timeouts};
use crate::context::{Autograph, Hefu, Height, Vote, Voter};
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

pub(crate) fn signatory(number: u8) -> Signatory {
    Signatory::new(key(number), texts())
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
    let signature = signatory(number).sign(&Statement::Vote(&vote)).expect("the vote has a round");
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
