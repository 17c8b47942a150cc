use hefu_keys::Hash;
use malachite::Verifier;
use malachite::app::types::core::{Context, NilOrVal, Round};

use super::{Judge, NotSigned, Statement, Texts};
use crate::context::{Block, Hefu, Height, Vote, Voter};
use crate::scene::{address, judge, key, signatory, texts, wording};

const BLOCK: Hash = Hash::from_bytes([1; 32]);

fn precommit(height: u64, round: Round, block: NilOrVal<Hash>) -> Vote {
    Hefu.new_precommit(Height(height), round, block, Voter(address(1)))
}

#[test]
fn a_vote_is_accepted_for_exactly_what_it_says() {
    let said = precommit(5, Round::new(2), NilOrVal::Val(BLOCK));
    let signature = signatory(1).sign(&Statement::Vote(&said)).expect("signed");
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

#[test]
fn the_voter_is_not_part_of_the_text_so_a_certificate_has_one_text() {
    let mine = precommit(5, Round::new(0), NilOrVal::Val(BLOCK));
    let text = texts().of(&Statement::Vote(&mine));
    let yours = Vote { voter: Voter(address(2)), ..mine };
    assert_eq!(texts().of(&Statement::Vote(&yours)), text);
}

#[test]
fn a_statement_without_a_round_is_never_signed() {
    let vote = precommit(5, Round::Nil, NilOrVal::Nil);
    assert_eq!(signatory(1).sign(&Statement::Vote(&vote)), Err(NotSigned::Roundless));
    let proposal = Hefu.new_proposal(Height(5), Round::Nil, Block(BLOCK), Round::Nil, Voter(address(1)));
    assert_eq!(signatory(1).sign(&Statement::Proposal(&proposal)), Err(NotSigned::Roundless));
}

#[tokio::test]
async fn a_validators_proof_holds_for_its_own_network_name_only() {
    let proof = signatory(1).prove(vec![1, 2, 3]);
    assert!(judge().verify_validator_proof(&proof).await.expect("verified").is_valid());
    let mut moved = proof.clone();
    moved.peer_id = vec![1, 2, 4];
    assert!(judge().verify_validator_proof(&moved).await.expect("verified").is_invalid());
    let mut stolen = proof;
    stolen.public_key = address(2).as_bytes().to_vec();
    assert!(judge().verify_validator_proof(&stolen).await.expect("verified").is_invalid());
}
