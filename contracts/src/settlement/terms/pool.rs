//! Pools: what a contract brings in is shared by a waterfall over everything that came in so far (§5).

use std::collections::{BTreeMap, BTreeSet};

use super::read::read_shares;
use crate::settlement::{
    allocate::WEIGHTS_MAX,
    money::Minor,
    names::Party,
    read::{Fault, Fields, Node, Read},
    reason::Reason,
    waterfall::{Tier, by_tier, takers},
};

/// Most levels of a waterfall.
const TIERS_MAX: usize = 64;

/// Who shares what lines of a contract bring in after agreed costs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pool {
    /// The levels of its waterfall.
    pub tiers: Vec<Tier>,
    /// Who bears costs of a category, and therefore signs each of them.
    pub borne_by: BTreeMap<CostCategory, Vec<Party>>,
}

/// What kind of cost it is. A closed list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CostCategory {
    /// Of working together: a liaison, a lawyer, a platform.
    Coordination,
    /// As large whatever is sold.
    Fixed,
    /// By the piece.
    Variable,
}

impl CostCategory {
    /// The words for them.
    pub const WORDS: [(&'static str, CostCategory); 3] = [
        ("coordination", CostCategory::Coordination),
        ("fixed", CostCategory::Fixed),
        ("variable", CostCategory::Variable),
    ];

    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            CostCategory::Coordination => "coordination",
            CostCategory::Fixed => "fixed",
            CostCategory::Variable => "variable",
        }
    }
}

impl Pool {
    /// Everybody whom the waterfall names, in the order of first mention, which is the order of the pool's units.
    pub fn takers(&self) -> Vec<Party> {
        takers(&self.tiers)
    }

    /// Whoever put money in or bears a loss: without their word nobody may be bound.
    pub fn obliged(&self) -> BTreeSet<&Party> {
        let bound = |tier: &&Tier| matches!(tier, Tier::ReturnCapital { .. } | Tier::Loss(_));
        self.tiers.iter().filter(bound).flat_map(|tier| &tier.shares().parties).collect()
    }

    /// What each of the takers has got when this much is to be distributed, at their places.
    ///
    /// # Errors
    /// Limits.
    pub fn got(&self, distributable: Minor) -> Result<Vec<Minor>, Reason> {
        let takers = self.takers();
        let mut got = vec![Minor::ZERO; takers.len()];
        for (tier, shares) in by_tier(&self.tiers, distributable)? {
            for (party, share) in tier.shares().parties.iter().zip(shares) {
                let place = takers.iter().position(|taker| taker == party);
                if let Some(amount) = place.and_then(|place| got.get_mut(place)) {
                    *amount = amount.plus(share)?;
                }
            }
        }
        Ok(got)
    }
}

pub(super) fn read_pool(node: &Node<'_>) -> Read<Pool> {
    let fields = node.fields(&["borne_by", "tiers"])?;
    let at = fields.get("tiers")?;
    let pool = Pool { tiers: read_tiers(&at)?, borne_by: read_bearers(&fields)? };
    let split = pool.tiers.iter().position(|tier| matches!(tier, Tier::Split(_)));
    let has_loss = pool.tiers.iter().any(|tier| matches!(tier, Tier::Loss(_)));
    let last = pool.tiers.iter().rposition(|tier| !matches!(tier, Tier::Loss(_)));
    match split {
        // What neither reaches would belong to nobody, and an order or a cost would have to be refused for it.
        None => Err(at.refused(Reason::SurplusUnassigned)),
        Some(_) if !has_loss => Err(at.refused(Reason::LossUnborne)),
        Some(_) if split != last => Err(at.fault(Fault::Unsupported, "has a level behind the split, which takes all")),
        Some(_) if pool.takers().len() > WEIGHTS_MAX => Err(at.refused(Reason::WeightsCount)),
        Some(_) => Ok(pool),
    }
}

/// `{"fixed": ["brand", "kol"], …}`: a category that nobody bears has no costs.
fn read_bearers(fields: &Fields<'_>) -> Read<BTreeMap<CostCategory, Vec<Party>>> {
    let Some(node) = fields.find("borne_by") else { return Ok(BTreeMap::new()) };
    let named = node.fields(&CostCategory::WORDS.map(|(word, _)| word))?;
    let mut borne_by = BTreeMap::new();
    for (word, category) in CostCategory::WORDS {
        let Some(node) = named.find(word) else { continue };
        let bearers: Vec<_> = node.list(WEIGHTS_MAX)?.iter().map(|node| node.name(Party::new)).collect::<Read<_>>()?;
        super::read::only_once(&node, &bearers)?;
        if bearers.is_empty() {
            return Err(node.fault(Fault::Count, "names nobody"));
        }
        borne_by.insert(category, bearers);
    }
    Ok(borne_by)
}

/// The levels of a waterfall, in their order.
pub(in crate::settlement) fn read_tiers(node: &Node<'_>) -> Read<Vec<Tier>> {
    node.list(TIERS_MAX)?.iter().map(read_tier).collect()
}

fn read_tier(node: &Node<'_>) -> Read<Tier> {
    type Reader = fn(&Fields<'_>) -> Read<Tier>;
    const KINDS: [(&str, (&[&str], Reader)); 4] = [
        (
            "amount",
            (&["kind", "to", "amount"], |fields| {
                Ok(Tier::Amount {
                    to: read_shares(&fields.get("to")?)?,
                    amount: fields.get("amount")?.amount_positive()?,
                })
            }),
        ),
        ("return_capital", (&["kind", "contributions"], read_capital)),
        ("split", (&["kind", "to"], |fields| read_shares(&fields.get("to")?).map(Tier::Split))),
        ("loss", (&["kind", "to"], |fields| read_shares(&fields.get("to")?).map(Tier::Loss))),
    ];
    let (known, read) = node.any_fields()?.get("kind")?.word(&KINDS)?;
    read(&node.fields(known)?)
}

fn read_capital(fields: &Fields<'_>) -> Read<Tier> {
    let node = fields.get("contributions")?;
    let to = read_shares(&node)?;
    let amount = Minor::new(to.weights.total()).map_err(|reason| node.refused(reason))?;
    Ok(Tier::ReturnCapital { to, amount })
}
