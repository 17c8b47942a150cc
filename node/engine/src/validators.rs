//! The validators of one height.

use std::sync::Arc;

use hefu_keys::{Address, BadKey, PublicKey};
use malachite::app::types::core::{self, VotingPower};

use crate::application::Member;
use crate::context::{Hefu, Voter};

/// One validator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Validator {
    voter: Voter,
    key: PublicKey,
    power: VotingPower,
}

/// The validators of a height: not empty, sorted by address, each once, their power sums without overflow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Validators {
    sorted: Arc<[Validator]>,
    power: VotingPower,
}

/// Why a list of members cannot decide anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadMembers {
    #[error("there are no members")]
    Empty,
    #[error("{0} is a member twice")]
    Twice(Address),
    #[error("{0} is a member without power")]
    Powerless(Address),
    #[error("{0} is not a usable public key: {1}")]
    Key(Address, BadKey),
    #[error("the power of all members together exceeds 64 bits")]
    Overflow,
}

impl Validators {
    pub fn new(members: &[Member]) -> Result<Validators, BadMembers> {
        let mut sorted = Vec::with_capacity(members.len());
        let mut power: VotingPower = 0;
        for member in members {
            if member.power == 0 {
                return Err(BadMembers::Powerless(member.address));
            }
            let key = PublicKey::try_from(&member.address).map_err(|reason| BadMembers::Key(member.address, reason))?;
            power = power.checked_add(member.power).ok_or(BadMembers::Overflow)?;
            sorted.push(Validator { voter: Voter(member.address), key, power: member.power });
        }
        sorted.sort_by_key(|validator| validator.voter);
        let twin = sorted.windows(2).find_map(|pair| match pair {
            [one, other] if one.voter == other.voter => Some(one.voter.0),
            _ => None,
        });
        match twin {
            Some(address) => Err(BadMembers::Twice(address)),
            None if sorted.is_empty() => Err(BadMembers::Empty),
            None => Ok(Validators { sorted: sorted.into(), power }),
        }
    }

    /// Whose turn it is: each in the order of addresses, the next one in the next round and at the next height.
    pub fn proposer(&self, height: u64, round: u32) -> &Validator {
        let turn = height.wrapping_add(u64::from(round));
        let seats = u64::try_from(self.sorted.len()).unwrap_or(u64::MAX);
        let seat = turn.checked_rem(seats).and_then(|seat| usize::try_from(seat).ok());
        #[expect(clippy::indexing_slicing, reason = "a remainder by the length, which `new` keeps above zero")]
        &self.sorted[seat.unwrap_or_default()]
    }

    pub fn find(&self, address: &Address) -> Option<&Validator> {
        let at = self.sorted.binary_search_by_key(&Voter(*address), |validator| validator.voter);
        at.ok().and_then(|at| self.sorted.get(at))
    }

    pub fn contains(&self, address: &Address) -> bool {
        self.find(address).is_some()
    }

    pub(crate) fn len(&self) -> usize {
        self.sorted.len()
    }
}

impl Validator {
    pub fn address(&self) -> Address {
        self.voter.0
    }

    pub fn key(&self) -> &PublicKey {
        &self.key
    }
}

impl core::Validator<Hefu> for Validator {
    fn address(&self) -> &Voter {
        &self.voter
    }

    fn public_key(&self) -> &PublicKey {
        &self.key
    }

    fn voting_power(&self) -> VotingPower {
        self.power
    }
}

impl core::ValidatorSet<Hefu> for Validators {
    fn count(&self) -> usize {
        self.sorted.len()
    }

    fn total_voting_power(&self) -> VotingPower {
        self.power
    }

    fn get_by_address(&self, address: &Voter) -> Option<&Validator> {
        self.find(&address.0)
    }

    fn get_by_index(&self, index: usize) -> Option<&Validator> {
        self.sorted.get(index)
    }
}

#[cfg(test)]
mod tests;
