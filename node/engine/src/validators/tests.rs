use hefu_keys::Address;

use super::{BadMembers, Validators};
use crate::application::Member;
use crate::scene::{address, members, validators};

fn check(members: &[Member]) -> Result<usize, BadMembers> {
    Validators::new(members).map(|validators| validators.len())
}

fn member(number: u8, power: u64) -> Member {
    Member { address: address(number), power }
}

#[test]
fn members_that_cannot_decide_anything_are_refused() {
    let weak = Member { address: Address::from_bytes([0; 32]), power: 1 };
    assert_eq!(check(&members(4)), Ok(4));
    assert_eq!(check(&[]), Err(BadMembers::Empty));
    assert_eq!(check(&[member(1, 1), member(2, 0)]), Err(BadMembers::Powerless(address(2))));
    assert_eq!(check(&[member(1, 1), member(2, 1), member(1, 2)]), Err(BadMembers::Twice(address(1))));
    assert_eq!(check(&[member(1, u64::MAX), member(2, 1)]), Err(BadMembers::Overflow));
    assert!(matches!(check(&[weak]), Err(BadMembers::Key(..))));
}

#[test]
fn the_order_in_which_members_are_listed_does_not_matter() {
    let mut reversed = members(5);
    reversed.reverse();
    assert_eq!(Validators::new(&reversed), Validators::new(&members(5)));
}

#[test]
fn every_member_has_its_turn_in_consecutive_rounds_and_at_consecutive_heights() {
    let validators = validators(4);
    let turns = |turn: &dyn Fn(u32) -> Address| {
        let mut seen: Vec<Address> = (0..4).map(turn).collect();
        seen.sort();
        seen.dedup();
        seen.len()
    };
    assert_eq!(turns(&|round| validators.proposer(9, round).address()), 4);
    assert_eq!(turns(&|more| validators.proposer(u64::from(more), 0).address()), 4);
    assert_eq!(validators.proposer(u64::MAX, u32::MAX), validators.proposer(u64::MAX, u32::MAX));
}

#[test]
fn a_member_is_found_by_its_address() {
    let validators = validators(4);
    for number in 1..=4 {
        let found = validators.find(&address(number)).map(super::Validator::address);
        assert_eq!(found, Some(address(number)));
    }
    assert!(!validators.contains(&address(5)));
}
