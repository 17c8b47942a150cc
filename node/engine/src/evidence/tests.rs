use hefu_keys::Hash;
use malachite::app::types::MisbehaviorEvidence;
use malachite::app::types::core::{Context, NilOrVal, Round, SignedProposal, SignedVote};

use super::equivocations;
use crate::context::{Autograph, Block, Hefu, Height, Voter};
use crate::scene::{address, key, signed_freely, texts};
use crate::signing::Statement;

const HEIGHT: Height = Height(5);

fn vote(block: NilOrVal<Hash>) -> SignedVote<Hefu> {
    let vote = Hefu.new_prevote(HEIGHT, Round::new(0), block, Voter(address(1)));
    let signature = signed_freely(1, &Statement::Vote(&vote));
    SignedVote::new(vote, Autograph(signature))
}

fn proposal(block: u8) -> SignedProposal<Hefu> {
    let block = Block(Hash::from_bytes([block; 32]));
    let proposal = Hefu.new_proposal(HEIGHT, Round::new(0), block, Round::Nil, Voter(address(1)));
    let signature = signed_freely(1, &Statement::Proposal(&proposal));
    SignedProposal::new(proposal, Autograph(signature))
}

#[test]
fn a_contradiction_is_told_as_two_texts_that_verify_under_one_key() {
    let mut evidence = MisbehaviorEvidence { proposals: Default::default(), votes: Default::default() };
    evidence.votes.add(vote(NilOrVal::Nil), vote(NilOrVal::Val(Hash::ZERO)));
    evidence.proposals.add(proposal(1), proposal(2));

    let told = equivocations(&evidence, &texts());
    assert_eq!(told.len(), 2);
    for one in told {
        assert_eq!(one.validator, address(1));
        assert_ne!(one.first.text, one.second.text);
        for signed in [one.first, one.second] {
            key(1).public().verify(signed.text.as_bytes(), &signed.signature).expect("it verifies");
        }
    }
}
