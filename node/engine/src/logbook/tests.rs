use hefu_keys::Hash;
use malachite::app::types::SignedConsensusMsg;
use malachite::app::types::core::{Context as _, NilOrVal, Round, SignedVote, VoteType};
use tempfile::tempdir;

use super::{NOBODY, claimed, written};
use crate::context::{Autograph, Hefu, Height, Vote, Voter};
use crate::guard::{Claim, Guard};
use crate::scene::{address, guard, signed_freely};
use crate::signing::{Statement, claim_of_vote};

const ONE: Hash = Hash::from_bytes([1; 32]);

fn vote(voter: u8, kind: VoteType, block: NilOrVal<Hash>) -> Vote {
    let (height, round, voter) = (Height(5), Round::new(1), Voter(address(voter)));
    match kind {
        VoteType::Prevote => Hefu.new_prevote(height, round, block, voter),
        VoteType::Precommit => Hefu.new_precommit(height, round, block, voter),
    }
}

fn message(voter: u8, vote: Vote) -> SignedConsensusMsg<Hefu> {
    let signature = Autograph(signed_freely(voter, &Statement::Vote(&vote)));
    SignedConsensusMsg::Vote(SignedVote::new(vote, signature))
}

/// Signs as member 1; what was given out.
fn sign(guard: &Guard, vote: &Vote) -> Claim {
    let by_hand = |_: &Claim| Some(signed_freely(1, &Statement::Vote(vote)));
    guard.sign(claim_of_vote(vote).unwrap(), by_hand).unwrap().unwrap().0
}

#[test]
fn what_was_given_out_in_place_of_something_else_stands_in_the_log_in_nobodys_name() {
    let directory = tempdir().unwrap();
    let for_one = |voter| vote(voter, VoteType::Prevote, NilOrVal::Val(ONE));
    sign(&guard(directory.path(), 1), &for_one(1));

    // After a crash the engine derives another vote, and gets the first.
    let guard = guard(directory.path(), 1);
    let given = sign(&guard, &vote(1, VoteType::Prevote, NilOrVal::Nil));
    assert_eq!(given.block, Some(ONE));
    let logged = written(&guard, &message(1, for_one(1)));
    assert_eq!(claimed(&logged), (NOBODY, Some(given)), "what it says stays");

    // Everything else is as it was said.
    let precommit = vote(1, VoteType::Precommit, NilOrVal::Nil);
    sign(&guard, &precommit);
    for said in [message(1, precommit), message(2, for_one(2))] {
        assert_eq!(written(&guard, &said), said);
    }
}
