//! Validators that lie. They run the same code without a guard, and what they send is twisted on its way out.

use std::collections::BTreeMap;

use bytes::Bytes;
use hefu_engine::inner::{
    Autograph, Block, Heading, Statement, Texts, Vote, Voter,
    malachite::app::{
        consensus::{LivenessMsg, SignedConsensusMsg},
        types::core::{NilOrVal, SignedProposal, SignedVote, VoteType},
    },
};
use hefu_gossip::Message;
use hefu_keys::{Address, Hash, Signature};

use super::{post::Letter, signs::sign};

/// How a validator lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    /// It says nothing.
    Silence,
    /// It proposes and votes for one thing before some and for another before others.
    Equivocation,
    /// It is restarted time and again and remembers nothing of what it signed.
    Amnesia,
    /// It proposes blocks that break rules.
    Spoiling,
    /// It contradicts itself and signs in the names of others.
    Forgery,
    /// It serves blocks that nobody has decided.
    FalseHistory,
    /// It proposes blocks and votes for them, and sends their bodies to some only.
    Withholding,
    /// It sends the bodies of other blocks under the names of those that it proposes, or proposes again, to some.
    Misnaming,
    /// There are two of it, each honest by itself.
    Twins,
}

impl Lie {
    /// All of them.
    pub const ALL: [Lie; 9] = [
        Lie::Silence,
        Lie::Equivocation,
        Lie::Amnesia,
        Lie::Spoiling,
        Lie::Forgery,
        Lie::FalseHistory,
        Lie::Withholding,
        Lie::Misnaming,
        Lie::Twins,
    ];
}

/// Makes another block of a block; one that follows the rules where it is asked for.
pub type Forge<'a> = dyn FnMut(&Bytes, bool) -> Option<(Hash, Bytes)> + 'a;

/// What a liar keeps in mind.
pub struct Liar {
    lie: Lie,
    me: Address,
    texts: Texts,
    seats: Vec<Address>,
    /// The block that it shows to the others, for each of its own; the body of each.
    other: BTreeMap<Hash, (Hash, Bytes)>,
}

impl Liar {
    /// A liar among these.
    pub fn new(lie: Lie, me: Address, texts: Texts, seats: Vec<Address>) -> Liar {
        Liar { lie, me, texts, seats, other: BTreeMap::new() }
    }

    /// How it lies.
    pub fn lie(&self) -> Lie {
        self.lie
    }

    /// What it sends instead of a letter to one of the others; `second` says to which half that one belongs.
    pub fn twist(&mut self, letter: Letter, second: bool, forge: &mut Forge<'_>) -> Vec<Letter> {
        match self.lie {
            Lie::Silence => Vec::new(),
            Lie::Amnesia | Lie::Twins => vec![letter],
            Lie::Spoiling => vec![self.replaced(letter, false, forge)],
            Lie::Equivocation if second => vec![self.replaced(letter, true, forge)],
            Lie::Equivocation => vec![letter],
            Lie::Forgery if matches!(letter, Letter::Passed(..)) => vec![forged(letter)],
            Lie::Forgery => {
                let letter = if second { self.replaced(letter, true, forge) } else { letter };
                let mut letters = self.votes_of_others(&letter);
                letters.push(letter);
                letters
            }
            Lie::FalseHistory => vec![self.rewritten(letter, forge)],
            Lie::Withholding if second && matches!(letter, Letter::Body(..)) => Vec::new(),
            Lie::Misnaming if second => vec![misnamed(letter, forge)],
            Lie::Withholding | Lie::Misnaming => vec![letter],
        }
    }

    /// The same statement about another block.
    fn replaced(&mut self, letter: Letter, sound: bool, forge: &mut Forge<'_>) -> Letter {
        match letter {
            Letter::Body(heading, body) if !self.other.contains_key(&heading.block) => {
                if let Some(other) = forge(&body, sound) {
                    self.other.insert(heading.block, other);
                }
                self.body(heading, body)
            }
            Letter::Body(heading, body) => self.body(heading, body),
            Letter::Consensus(SignedConsensusMsg::Proposal(proposal)) => {
                let mut said = proposal.message.clone();
                let Some((block, _)) = self.other.get(&said.block.0) else {
                    return Letter::Consensus(SignedConsensusMsg::Proposal(proposal));
                };
                said.block = Block(*block);
                let signature = self.signed(&Statement::Proposal(&said));
                Letter::Consensus(SignedConsensusMsg::Proposal(SignedProposal::new(said, Autograph(signature))))
            }
            Letter::Consensus(SignedConsensusMsg::Vote(vote)) => {
                Letter::Consensus(SignedConsensusMsg::Vote(self.vote(vote.message, sound)))
            }
            Letter::Liveness(LivenessMsg::Vote(vote)) => {
                Letter::Liveness(LivenessMsg::Vote(self.vote(vote.message, sound)))
            }
            letter @ (Letter::Liveness(_)
            | Letter::Status(_)
            | Letter::Ask(_)
            | Letter::Served(_)
            | Letter::Passed(..)
            | Letter::Answered(..)) => letter,
        }
    }

    fn body(&self, heading: Heading, body: Bytes) -> Letter {
        let Some((block, other)) = self.other.get(&heading.block) else { return Letter::Body(heading, body) };
        let bytes = u64::try_from(other.len()).unwrap_or(u64::MAX);
        let mut heading = Heading { block: *block, bytes, ..heading };
        heading.signature = self.signed(&Statement::Parts(&heading));
        Letter::Body(heading, other.clone())
    }

    fn vote(&self, mut vote: Vote, contradicts: bool) -> SignedVote<hefu_engine::inner::Hefu> {
        vote.block = match vote.block {
            NilOrVal::Val(block) => match self.other.get(&block) {
                Some((other, _)) => NilOrVal::Val(*other),
                None if contradicts => NilOrVal::Nil,
                None => NilOrVal::Val(block),
            },
            NilOrVal::Nil => NilOrVal::Nil,
        };
        let signature = self.signed(&Statement::Vote(&vote));
        SignedVote::new(vote, Autograph(signature))
    }

    fn signed(&self, statement: &Statement<'_>) -> Signature {
        sign(&self.me, &self.texts.of(statement).expect("a statement with a round"))
    }

    /// The votes of everybody for the block of a proposal, none of them signed by whom it names.
    fn votes_of_others(&self, letter: &Letter) -> Vec<Letter> {
        let Letter::Consensus(SignedConsensusMsg::Proposal(proposal)) = letter else { return Vec::new() };
        let proposal = &proposal.message;
        let of = |kind: VoteType| {
            self.seats.iter().filter(|seat| **seat != self.me).map(move |seat| {
                let block = NilOrVal::Val(proposal.block.0);
                let (height, round) = (proposal.height, proposal.round);
                let vote = Vote { kind, height, round, block, voter: Voter(*seat) };
                let signature = self.signed(&Statement::Vote(&vote));
                Letter::Consensus(SignedConsensusMsg::Vote(SignedVote::new(vote, Autograph(signature))))
            })
        };
        of(VoteType::Prevote).chain(of(VoteType::Precommit)).collect()
    }

    /// Another history than the one that was decided.
    fn rewritten(&self, letter: Letter, forge: &mut Forge<'_>) -> Letter {
        let Letter::Served(decisions) = letter else { return letter };
        let decisions = decisions.into_iter().map(|(body, mut certificate)| match forge(&body, true) {
            Some((block, other)) => {
                certificate.value_id = block;
                (other, certificate)
            }
            None => (body, certificate),
        });
        Letter::Served(decisions.collect())
    }
}

/// The body of another block under a heading.
fn misnamed(letter: Letter, forge: &mut Forge<'_>) -> Letter {
    let Letter::Body(heading, body) = letter else { return letter };
    let other = forge(&body, true).map_or(body, |(_, other)| other);
    Letter::Body(heading, other)
}

/// Records, the first of them with another byte in the middle.
fn forged(letter: Letter) -> Letter {
    let Letter::Passed(ticket, Message::Records(mut records)) = letter else { return letter };
    if let Some(first) = records.first_mut() {
        let mut bytes = first.to_vec();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        *first = Bytes::from(bytes);
    }
    Letter::Passed(ticket, Message::Records(records))
}
