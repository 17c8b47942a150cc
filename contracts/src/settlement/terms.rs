//! The term sheet: the executable part of a contract, as all required signers signed it (§4).

mod amendment;
mod component;
mod cover;
mod pool;
mod read;

use std::collections::{BTreeMap, BTreeSet};

use super::{
    entitlement::Part,
    money::{Currency, Minor},
    names::{MilestoneName, Party},
    parts::Formula,
    period::Span,
    waterfall::Shares,
};
use crate::time::{Millis, Time};

pub(super) use pool::read_tiers;
pub(super) use read::{read_mode, read_rounding, read_steps};

pub use component::{Component, Factor, Fixed, Kind, Metric, Mode, RefundBelow};
pub use cover::Cover;
pub use pool::{CostCategory, Pool};

/// Most components of one term sheet.
pub const COMPONENTS_MAX: usize = 64;

/// One version of the terms.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Terms {
    /// Which contract, which version, for when.
    pub heading: Heading,
    /// Who owes, who gets, who signs.
    pub roles: Roles,
    /// Which lines are the contract's, by whose word.
    pub cover: Cover,
    /// What counts as base of a line.
    pub base: Formula,
    /// What is earned, in the order of the term sheet.
    pub components: Vec<Component>,
    /// Most that the variable components may come to.
    pub cap: Option<Minor>,
    /// Least that the variable components come to, once due: what they earn is recouped from it.
    pub guarantee: Option<Guarantee>,
    /// How entitlements become money.
    pub payment: Payment,
    /// Where what comes in is shared by a waterfall: it is all that is earned then, and the split names its takers.
    pub pool: Option<Pool>,
}

/// Which contract, which version, for when.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Heading {
    /// The contract; absent in scenarios.
    pub contract: Option<String>,
    /// The version, from 1.
    pub version: u32,
    /// Hash of the version before, as the ledger spells it.
    pub previous: Option<String>,
    /// In which currency everything is reckoned.
    pub currency: Currency,
    /// From when on lines that are paid fall under this version; absent: always.
    pub effective_from: Option<Time>,
    /// Whether tiers and thresholds continue where the version before stood.
    pub carries_metrics: bool,
    /// Salted hash of the wording, as the ledger spells it.
    pub legal_text_hash: Option<String>,
}

/// Who owes, who gets, who signs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Roles {
    /// Who owes everything, usually the brand.
    pub obligor: Party,
    /// Who gets the fees.
    pub fee_to: Option<Party>,
    /// Who gets the entitlements, in the order that breaks ties.
    pub split: Shares,
    /// Who bears what cannot be clawed back; the obligor where the terms name nobody.
    pub risk: Shares,
    /// Without whose signature no version is valid.
    pub required_signers: Vec<Party>,
    /// Who decides disputes with one of the two sides.
    pub arbiter: Option<Party>,
}

/// The guarantee.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Guarantee {
    /// The least total of the variable components.
    pub amount: Minor,
    /// The milestone from which on it holds.
    pub due: MilestoneName,
}

/// How entitlements become money.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Payment {
    /// Between receipt, or the end of the period, and release.
    pub hold: Millis,
    /// Whether an open after-sales case keeps a line's units from release.
    pub blocked_by_aftersale: bool,
    /// Smallest payout.
    pub payout_min: Minor,
    /// How far `payable` may fall below zero before the rest is written off; absent: without limit.
    pub clawback_limit: Option<Minor>,
    /// How long a statement may be disputed.
    pub dispute_window: Option<Millis>,
    /// How long before it holds a reduction must be agreed.
    pub decrease_notice: Millis,
    /// What a contract-period is.
    pub span: Span,
}

impl Terms {
    /// Everybody who has an account under these terms, sorted.
    pub fn account_holders(&self) -> Vec<&Party> {
        let Roles { obligor, fee_to, split, risk, .. } = &self.roles;
        let mut parties: Vec<_> =
            split.parties.iter().chain(&risk.parties).chain(fee_to).chain(std::iter::once(obligor)).collect();
        parties.sort();
        parties.dedup();
        parties
    }

    /// Everybody whom the terms name, by id.
    pub fn parties(&self) -> BTreeSet<String> {
        let named = self.account_holders().into_iter().chain(&self.roles.required_signers).chain(&self.roles.arbiter);
        let bearers = self.pool.iter().flat_map(|pool| pool.borne_by.values().flatten());
        named.chain(bearers).map(|party| party.as_str().to_owned()).collect()
    }

    /// Everything that a segment earns beside its lines, in the order in which it is posted.
    pub(crate) fn parts(&self) -> impl Iterator<Item = Part> + use<> {
        let takers = if self.pool.is_some() { self.roles.split.parties.len() } else { 0 };
        let components = (0..self.components.len()).map(Part::Component);
        components.chain([Part::Cap, Part::Guarantee]).chain((0..takers).map(Part::Pool))
    }

    /// The most that a party's `payable` may be below zero.
    pub(super) fn clawback_floor(&self) -> Option<Minor> {
        self.payment.clawback_limit.and_then(|limit| limit.negated().ok())
    }

    /// Weight of each party in the split, for comparing versions.
    fn shares_by_party(&self) -> (BTreeMap<&Party, i128>, i128) {
        let Shares { parties, weights } = &self.roles.split;
        let each = parties.iter().enumerate().map(|(place, party)| (party, weights.at(place))).collect();
        (each, weights.total())
    }
}
