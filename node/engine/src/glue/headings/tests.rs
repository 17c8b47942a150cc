use hefu_keys::{Hash, Signature};
use malachite::app::types::PeerId;

use super::{Headings, PER_ROUND_MAX, ROUNDS_AHEAD_MAX};
use crate::application::Upcoming;
use crate::context::Heading;
use crate::glue::height::Stage;
use crate::scene::{address, judge, members, proposer, signed_freely, terms};
use crate::signing::{Judge, Statement, Texts};
use crate::streams::Standing;

/// Height 5 is next for four members.
fn stage() -> Stage {
    Stage::new(Upcoming { height: 5, terms: terms(members(4)) }).expect("sound members")
}

fn signed_by(number: u8, mut heading: Heading) -> Heading {
    heading.signature = signed_freely(number, &Statement::Parts(&heading));
    heading
}

fn heading(height: u64, round: u32) -> Heading {
    let builder = address(proposer(4, height, round));
    let signature = Signature::from_bytes([0; 64]);
    Heading { height, round, block: Hash::ZERO, builder, bytes: 100, signature }
}

fn check(heading: &Heading) -> Standing {
    Headings::new(judge()).standing(&peer(1), heading, Some(&stage()))
}

fn peer(number: u8) -> PeerId {
    let mut bytes = vec![0, 32];
    bytes.extend([number; 32]);
    PeerId::from_bytes(&bytes).expect("an identity multihash")
}

#[test]
fn everybody_who_sends_a_forged_heading_is_named() {
    let mut headings = Headings::new(judge());
    for number in [1, 2, 1] {
        assert_eq!(headings.standing(&peer(number), &heading(5, 0), Some(&stage())), Standing::Refused);
    }
    assert_eq!(headings.told, [peer(1), peer(2)].into());
}

#[test]
fn only_the_proposer_of_a_round_can_head_a_body_for_it() {
    let turn = proposer(4, 5, 0);
    let other = (1..=4).find(|number| *number != turn).expect("four members");
    let genuine = signed_by(turn, heading(5, 0));
    assert_eq!(check(&genuine), Standing::Genuine);
    assert_eq!(check(&heading(5, 0)), Standing::Refused, "unsigned");
    assert_eq!(check(&signed_by(other, heading(5, 0))), Standing::Refused, "another member");
    assert_eq!(check(&signed_by(9, heading(5, 0))), Standing::Refused, "a stranger");
    assert_eq!(check(&signed_by(turn, heading(5, 1))), Standing::Refused, "not its round");
}

#[test]
fn a_signed_heading_cannot_be_altered() {
    let turn = proposer(4, 5, 0);
    let genuine = signed_by(turn, heading(5, 0));
    let altered = [
        Heading { bytes: 101, ..genuine },
        Heading { block: Hash::from_bytes([1; 32]), ..genuine },
        Heading { builder: address(if turn == 1 { 2 } else { 1 }), ..genuine },
        Heading { round: 4, ..genuine },
    ];
    for heading in altered {
        assert_eq!(check(&heading), Standing::Refused, "{heading:?}");
    }
}

#[test]
fn a_later_proposer_may_send_a_block_that_another_member_built() {
    let turn = proposer(4, 5, 1);
    let again = Heading { builder: address(proposer(4, 5, 0)), ..heading(5, 1) };
    assert_eq!(check(&signed_by(turn, again)), Standing::Genuine);
    let strange = Heading { builder: address(9), ..heading(5, 1) };
    assert_eq!(check(&signed_by(turn, strange)), Standing::Refused, "a stranger built it");
}

#[test]
fn a_heading_is_early_one_height_ahead_and_worthless_elsewhere() {
    for (height, expected) in
        [(4, Standing::Refused), (6, Standing::Early), (7, Standing::Refused), (0, Standing::Refused)]
    {
        let turn = proposer(4, height, 0);
        assert_eq!(check(&signed_by(turn, heading(height, 0))), expected, "height {height}");
    }
    let genuine = signed_by(proposer(4, 5, 0), heading(5, 0));
    let before = Headings::new(judge()).standing(&peer(1), &genuine, None);
    assert_eq!(before, Standing::Refused, "before the first height");
}

#[test]
fn a_heading_of_another_chain_is_worthless() {
    let genuine = signed_by(proposer(4, 5, 0), heading(5, 0));
    let elsewhere = Judge { texts: Texts { chain: Hash::ZERO, ..judge().texts } };
    assert_eq!(Headings::new(elsewhere).standing(&peer(1), &genuine, Some(&stage())), Standing::Refused);
}

#[test]
fn a_proposer_can_make_others_store_only_so_much() {
    let mut headings = Headings::new(judge());
    let stage = stage();
    let turn = proposer(4, 5, 0);
    let block = |number: u8| Heading { block: Hash::from_bytes([number; 32]), ..heading(5, 0) };
    let standings: Vec<Standing> =
        (0..4).map(|number| headings.standing(&peer(1), &signed_by(turn, block(number)), Some(&stage))).collect();
    let accepted = standings.iter().filter(|standing| **standing == Standing::Genuine).count();
    assert_eq!(accepted, PER_ROUND_MAX);
    let again = headings.standing(&peer(1), &signed_by(turn, block(0)), Some(&stage));
    assert_eq!(again, Standing::Genuine, "what is accepted stays accepted, whoever relays it");
}

#[test]
fn headings_of_rounds_far_ahead_are_refused() {
    let at = |round: u32| check(&signed_by(proposer(4, 5, round), heading(5, round)));
    assert_eq!(at(ROUNDS_AHEAD_MAX), Standing::Genuine);
    assert_eq!(at(ROUNDS_AHEAD_MAX + 1), Standing::Refused);
}

#[test]
fn a_body_is_sent_again_under_the_heading_that_names_its_length() {
    let turn = proposer(4, 5, 0);
    let (genuine, shorter) = (heading(5, 0), Heading { bytes: 99, ..heading(5, 0) });
    let mut headings = Headings::new(judge());
    for heading in [genuine, shorter] {
        assert_eq!(headings.standing(&peer(1), &signed_by(turn, heading), Some(&stage())), Standing::Genuine);
    }
    assert_eq!(headings.of(&Hash::ZERO, 100), Some(signed_by(turn, genuine)));
    assert_eq!(headings.of(&Hash::ZERO, 98), None);
}
