//! Double entry: what a contract owes to whom, and every movement that led there (§3).

use std::fmt;

use super::{
    few::Few,
    money::Minor,
    names::{EventId, Party},
    reason::Reason,
    unit::UnitName,
};

/// Where an amount of a party stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bucket {
    /// Earned, but not received by the buyer or the period not closed.
    Accrued,
    /// Under dispute.
    Disputed,
    /// The platform's share.
    Fee,
    /// Waiting for its release.
    Held,
    /// Handed to a bank or wallet, not yet confirmed.
    InPayout,
    /// What the obligor owes to all others, below zero.
    Obligation,
    /// Released; below zero what is carried against later earnings.
    Payable,
    /// Paid.
    Settled,
    /// Paid to the tax authority in the party's name.
    WithheldTax,
    /// What could not be clawed back, below zero, at whoever bears it.
    Writeoff,
}

impl Bucket {
    /// Every bucket.
    pub const ALL: [Bucket; 10] = [
        Bucket::Accrued,
        Bucket::Disputed,
        Bucket::Fee,
        Bucket::Held,
        Bucket::InPayout,
        Bucket::Obligation,
        Bucket::Payable,
        Bucket::Settled,
        Bucket::WithheldTax,
        Bucket::Writeoff,
    ];
}

impl Bucket {
    /// As it is written.
    pub const fn name(self) -> &'static str {
        match self {
            Bucket::Accrued => "accrued",
            Bucket::Disputed => "disputed",
            Bucket::Fee => "fee",
            Bucket::Held => "held",
            Bucket::InPayout => "in_payout",
            Bucket::Obligation => "obligation",
            Bucket::Payable => "payable",
            Bucket::Settled => "settled",
            Bucket::WithheldTax => "withheld_tax",
            Bucket::Writeoff => "writeoff",
        }
    }
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An account of a contract.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Account {
    /// Whose.
    pub party: Party,
    /// Which.
    pub bucket: Bucket,
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.party, self.bucket)
    }
}

/// What every account holds; one that holds nothing may be absent.
pub type Balances = Few<Account, Minor>;

/// An amount that enters an account, or leaves it where it is negative; never zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posting {
    /// The account.
    pub account: Account,
    /// The amount.
    pub amount: Minor,
}

/// Postings that belong together: they sum to zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What happened.
    pub event: EventId,
    /// Whose amount changed or moved; absent for payouts, which take from all of them.
    pub unit: Option<UnitName>,
    /// The version of the terms that the unit is under.
    pub version: u32,
    /// The movements.
    pub postings: Vec<Posting>,
}

impl Entry {
    /// What is left over: zero.
    ///
    /// # Errors
    /// [`Reason::Overflow`].
    pub fn sum(&self) -> Result<Minor, Reason> {
        Minor::sum(self.postings.iter().map(|posting| posting.amount))
    }
}
