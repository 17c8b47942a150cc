use std::fs::{self, File};

use hefu_keys::{Hash, Signature};
use malachite::app::types::core::{Context, NilOrVal, Round, ThresholdParams, VoteExtensionPolicy};
use malachite::{Signer, Verifier, VerifierExt};
use tempfile::tempdir;

use super::{Judge, Statement, Texts};
use crate::context::{Block, Heading, Hefu, Height, Vote, Voter};
use crate::scene::{
    address, commit, judge, key, polka, round_end, signatory, signed_freely, texts, validators, wording,
};

const BLOCK: Hash = Hash::from_bytes([1; 32]);

fn precommit(height: u64, round: Round, block: NilOrVal<Hash>) -> Vote {
    Hefu.new_precommit(Height(height), round, block, Voter(address(1)))
}

#[test]
fn a_vote_is_accepted_for_exactly_what_it_says() {
    let said = precommit(5, Round::new(2), NilOrVal::Val(BLOCK));
    let signature = signed_freely(1, &Statement::Vote(&said));
    let accepts = |judge: Judge, vote: &Vote, signer: u8| {
        judge.accepts(&Statement::Vote(vote), &signature, &key(signer).public())
    };
    let elsewhere = Judge { texts: Texts { chain: Hash::ZERO, wording: wording() } };
    let prevote = Hefu.new_prevote(Height(5), Round::new(2), NilOrVal::Val(BLOCK), Voter(address(1)));

    assert!(accepts(judge(), &said, 1), "as signed");
    assert!(!accepts(judge(), &said, 2), "another signer");
    assert!(!accepts(elsewhere, &said, 1), "another chain");
    assert!(!accepts(judge(), &prevote, 1), "another kind");
    assert!(!accepts(judge(), &precommit(6, Round::new(2), NilOrVal::Val(BLOCK)), 1), "another height");
    assert!(!accepts(judge(), &precommit(5, Round::new(3), NilOrVal::Val(BLOCK)), 1), "another round");
    assert!(!accepts(judge(), &precommit(5, Round::new(2), NilOrVal::Nil), 1), "another choice");
}

/// The same validators, asked for another chain, hear what they have signed here.
#[tokio::test]
async fn nothing_that_was_signed_for_another_chain_means_anything_here() {
    let elsewhere = Judge { texts: Texts { chain: Hash::ZERO, wording: wording() } };
    let (height, round, voter) = (Height(5), Round::new(2), Voter(address(1)));
    let prevote = Hefu.new_prevote(height, round, NilOrVal::Val(BLOCK), voter);
    let none = precommit(5, round, NilOrVal::Nil);
    let proposal = Hefu.new_proposal(height, round, Block(BLOCK), Round::Nil, voter);
    let zeros = Signature::from_bytes([0; 64]);
    let heading = Heading { height: 5, round: 2, block: BLOCK, builder: address(1), bytes: 9, signature: zeros };
    for said in
        [Statement::Vote(&prevote), Statement::Vote(&none), Statement::Proposal(&proposal), Statement::Parts(&heading)]
    {
        let signature = signed_freely(1, &said);
        assert!(judge().accepts(&said, &signature, &key(1).public()));
        assert!(!elsewhere.accepts(&said, &signature, &key(1).public()));
    }

    let (validators, thresholds) = (validators(4), ThresholdParams::default());
    let (decided, prevoted) = (commit(5, BLOCK, &[1, 2, 3]), polka(5, BLOCK, &[1, 2, 3]));
    let ended = round_end(5, &[1, 2, 3]);
    let policy = VoteExtensionPolicy::Disabled;
    for (judge, holds) in [(judge(), true), (elsewhere, false)] {
        let commit = judge.verify_extended_commit_certificate(&Hefu, &decided, &validators, thresholds, policy).await;
        assert_eq!(commit.is_ok(), holds, "a served block's certificate");
        let polka = judge.verify_polka_certificate(&Hefu, &prevoted, &validators, thresholds).await;
        assert_eq!(polka.is_ok(), holds, "two thirds of prevotes");
        let end = judge.verify_round_certificate(&Hefu, &ended, &validators, thresholds).await;
        assert_eq!(end.is_ok(), holds, "the end of a round");
    }
}

#[test]
fn the_voter_is_not_part_of_the_text_so_a_certificate_has_one_text() {
    let mine = precommit(5, Round::new(0), NilOrVal::Val(BLOCK));
    let text = texts().of(&Statement::Vote(&mine));
    let yours = Vote { voter: Voter(address(2)), ..mine };
    assert_eq!(texts().of(&Statement::Vote(&yours)), text);
}

#[tokio::test]
async fn a_statement_without_a_round_is_never_signed() {
    let directory = tempdir().expect("a directory");
    let signatory = signatory(directory.path(), 1);
    assert!(signatory.sign_vote(precommit(5, Round::Nil, NilOrVal::Nil)).await.is_err());
    let proposal = Hefu.new_proposal(Height(5), Round::Nil, Block(BLOCK), Round::Nil, Voter(address(1)));
    assert!(signatory.sign_proposal(proposal).await.is_err());
}

#[tokio::test]
async fn at_a_step_that_was_signed_the_stored_message_comes_back() {
    let directory = tempdir().expect("a directory");
    let signatory = signatory(directory.path(), 1);
    let (one, other) = (NilOrVal::Val(BLOCK), NilOrVal::Val(Hash::ZERO));
    let first = signatory.sign_vote(precommit(5, Round::new(2), one)).await.expect("signed");
    let second = signatory.sign_vote(precommit(5, Round::new(2), other)).await.expect("given out again");
    assert_eq!(first, second);
    assert!(judge().accepts(&Statement::Vote(&second.message), &second.signature.0, &key(1).public()));

    let propose = |block| Hefu.new_proposal(Height(5), Round::new(3), block, Round::new(2), Voter(address(1)));
    let first = signatory.sign_proposal(propose(Block(BLOCK))).await.expect("signed");
    let second = signatory.sign_proposal(propose(Block(Hash::ZERO))).await.expect("given out again");
    assert_eq!(first, second);
    assert!(judge().accepts(&Statement::Proposal(&second.message), &second.signature.0, &key(1).public()));
}

#[tokio::test]
async fn what_binds_is_not_signed_where_the_log_cannot_be_synced_and_that_is_a_failure() {
    let directory = tempdir().expect("a directory");
    // Nothing of this can be synced.
    let signatory = signatory(directory.path(), 1).after(File::open("/dev/null").expect("a device"));
    let vote = |round, block| signatory.sign_vote(precommit(5, Round::new(round), block));
    vote(0, NilOrVal::Nil).await.expect("a vote for none binds nobody");
    assert_eq!(signatory.failure(), None);

    assert!(vote(1, NilOrVal::Val(BLOCK)).await.is_err());
    let reason = signatory.failure().expect("a reason");
    assert!(reason.starts_with("the engine's log cannot be synced: "), "{reason}");
    assert_eq!(signatory.fails().await, reason);
    assert!(vote(2, NilOrVal::Nil).await.is_err(), "the node ends, and until then signs nothing");
}

#[tokio::test]
async fn the_log_is_opened_once_and_not_for_each_vote() {
    let directory = tempdir().expect("a directory");
    let log = directory.path().join("log");
    let signatory = signatory(directory.path(), 1).after(File::create(&log).expect("a file"));
    fs::remove_file(&log).expect("removed");
    signatory.sign_vote(precommit(5, Round::new(0), NilOrVal::Val(BLOCK))).await.expect("signed");
    assert_eq!(signatory.failure(), None);
}

#[tokio::test]
async fn a_validators_proof_holds_for_its_own_network_name_only() {
    let directory = tempdir().expect("a directory");
    let proof = signatory(directory.path(), 1).prove(vec![1, 2, 3]);
    assert!(judge().verify_validator_proof(&proof).await.expect("verified").is_valid());
    let mut moved = proof.clone();
    moved.peer_id = vec![1, 2, 4];
    assert!(judge().verify_validator_proof(&moved).await.expect("verified").is_invalid());
    let mut stolen = proof;
    stolen.public_key = address(2).as_bytes().to_vec();
    assert!(judge().verify_validator_proof(&stolen).await.expect("verified").is_invalid());
}
