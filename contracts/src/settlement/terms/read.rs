//! Term sheets as JSON. Every number is a text with a decimal integer, as an amount of 10^17 is none that JSON's
//! numbers carry everywhere; what is unknown is refused, as whoever signed it meant something by it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{
    COMPONENTS_MAX, Component, Cover, Factor, Fixed, Guarantee, Heading, Kind, Metric, Mode, Payment, RefundBelow,
    Roles, Terms,
    pool::{Pool, read_pool},
};
use crate::settlement::{
    allocate::{WEIGHTS_MAX, Weights},
    money::{AMOUNT_MAX, Currency, Minor, Ppm, UNITS_MAX},
    names::{ComponentId, MilestoneName, Party},
    parts::{Formula, PARTS_MAX, Sign},
    period::{Span, Zone},
    rate::Rounding,
    read::{Fault, Fields, Node, Read},
    reason::Reason,
    tier::{STEPS_MAX, Steps},
    waterfall::Shares,
};
use crate::time::Millis;

const FIELDS: [&str; 30] = [
    "arbiter",
    "base",
    "cap",
    "carry_metrics",
    "clawback_limit",
    "components",
    "contract_id",
    "currency",
    "decrease_notice_days",
    "dispute_days",
    "effective_from",
    "fee_to",
    "feeds",
    "guarantee",
    "hold_days",
    "legal_text_hash",
    "min_payout",
    "obligor",
    "partial_refund",
    "period",
    "pool",
    "prev",
    "release_blocked_by_aftersale",
    "required_signers",
    "reserve",
    "risk_weights",
    "scope",
    "split",
    "tz_offset_min",
    "version",
];

/// Longest text whose meaning is the ledger's business.
const TEXT_BYTES_MAX: usize = 256;
/// Most feeds, products or contents that a term sheet names.
const SCOPE_MAX: usize = 1_024;
/// Longest delay that a factor may allow: a year.
const MINUTES_MAX: u64 = 527_040;

impl Terms {
    /// Reads a term sheet.
    ///
    /// # Errors
    /// [`Malformed`](crate::settlement::Malformed), with a pointer to the first field that does not hold.
    pub fn read(value: &Value) -> Read<Terms> {
        Terms::read_node(&Node::root(value))
    }

    pub(in crate::settlement) fn read_node(node: &Node<'_>) -> Read<Terms> {
        let fields = node.fields(&FIELDS)?;
        read_unsupported(&fields)?;
        let pool = fields.map("pool", |node| read_pool(&node))?;
        let roles = read_roles(&fields, pool.as_ref())?;
        let components = match &pool {
            Some(_) => Vec::new(),
            None => read_components(&fields.get("components")?)?,
        };
        let pays_fees = components.iter().any(|component| component.fee != Ppm::ZERO);
        if pays_fees && roles.fee_to.is_none() {
            fields.get("fee_to")?;
        }
        let guarantee = |node: Node<'_>| {
            let fields = node.fields(&["amount", "due"])?;
            Ok(Guarantee {
                amount: fields.get("amount")?.amount_positive()?,
                due: read_milestone(&fields.get("due")?)?,
            })
        };
        Ok(Terms {
            heading: read_heading(&fields)?,
            roles,
            cover: read_cover(&fields)?,
            base: fields.map("base", |node| read_formula(&node))?.unwrap_or_default(),
            components,
            cap: fields.map("cap", |node| node.amount_positive())?,
            guarantee: fields.map("guarantee", guarantee)?,
            payment: read_payment(&fields)?,
            pool,
        })
    }
}

/// What later versions of the rules may do.
fn read_unsupported(fields: &Fields<'_>) -> Read<()> {
    if let Some(node) = fields.find("reserve") {
        return Err(node.fault(Fault::Unsupported, "is not supported in this version"));
    }
    fields.map("partial_refund", |node| node.word(&[("proportional", ())])).map(|_| ())
}

/// A pool is shared by its waterfall alone: what somebody earns beside it, under a contract of its own, is one of its
/// costs. It is one over the whole contract, whatever its version.
fn check_pool(fields: &Fields<'_>) -> Read<()> {
    for name in ["cap", "components", "fee_to", "guarantee", "split"] {
        if let Some(node) = fields.find(name) {
            return Err(node.fault(Fault::Unsupported, "has no place beside a pool, whose waterfall shares everything"));
        }
    }
    if let Some(node) = fields.find("period").filter(|node| node.text().is_ok()) {
        return Err(node.fault(Fault::Unsupported, "cuts a waterfall into pieces: a pool has one period"));
    }
    match fields.find("carry_metrics") {
        Some(node) if !node.truth()? => {
            Err(node.fault(Fault::Unsupported, "would begin the waterfall anew: a pool carries its sums on"))
        }
        Some(_) | None => Ok(()),
    }
}

fn read_cover(fields: &Fields<'_>) -> Read<Cover> {
    let names = |node: Node<'_>| node.list(SCOPE_MAX)?.iter().map(read_text).collect::<Read<Vec<_>>>();
    let names_or_any = |node: Node<'_>| match node.text() {
        Ok(_) => node.word(&[("any", None)]),
        Err(_) => names(node).map(Some),
    };
    let feeds = fields.map("feeds", names)?;
    let Some(scope) = fields.find("scope") else { return Ok(Cover { feeds, ..Cover::default() }) };
    let scope = scope.fields(&["contents", "products"])?;
    Ok(Cover {
        feeds,
        products: scope.map("products", names_or_any)?.flatten(),
        contents: scope.map("contents", names_or_any)?.flatten(),
    })
}

fn read_heading(fields: &Fields<'_>) -> Read<Heading> {
    let currency = |node: Node<'_>| node.name(Currency::of);
    let version = |node: Node<'_>| match u32::try_from(node.count(u64::from(u32::MAX))?) {
        Ok(version) if version > 0 => Ok(version),
        _ => Err(node.fault(Fault::Value(Reason::UnitsRange), "is not 1 or more")),
    };
    Ok(Heading {
        contract: fields.map("contract_id", |node| read_text(&node))?,
        version: fields.map("version", version)?.unwrap_or(1),
        previous: fields.map("prev", |node| read_text(&node))?,
        currency: fields.map("currency", currency)?.unwrap_or(Currency::CNY),
        effective_from: fields.map("effective_from", |node| node.time())?,
        carries_metrics: fields.map("carry_metrics", |node| node.truth())?.unwrap_or(fields.find("pool").is_some()),
        legal_text_hash: fields.map("legal_text_hash", |node| read_text(&node))?,
    })
}

fn read_roles(fields: &Fields<'_>, pool: Option<&Pool>) -> Read<Roles> {
    let obligor = fields.get("obligor")?.name(Party::new)?;
    let risk = match fields.find("risk_weights") {
        Some(node) => read_shares(&node)?,
        None => Shares { parties: vec![obligor.clone()], weights: Weights::one() },
    };
    let split = match pool {
        Some(pool) => {
            check_pool(fields)?;
            let (node, parties) = (fields.get("pool")?, pool.takers());
            let weights = Weights::equal(parties.len()).map_err(|reason| node.refused(reason))?;
            Shares { parties, weights }
        }
        None => read_shares(&fields.get("split")?)?,
    };
    let signers = |node: Node<'_>| {
        let signers: Vec<_> = node.list(WEIGHTS_MAX)?.iter().map(|node| node.name(Party::new)).collect::<Read<_>>()?;
        only_once(&node, &signers)?;
        Ok(signers)
    };
    Ok(Roles {
        fee_to: fields.map("fee_to", |node| node.name(Party::new))?,
        split,
        risk,
        required_signers: fields.map("required_signers", signers)?.unwrap_or_default(),
        arbiter: fields.map("arbiter", |node| node.name(Party::new))?,
        obligor,
    })
}

fn read_payment(fields: &Fields<'_>) -> Read<Payment> {
    let payout_min = fields.map("min_payout", |node| node.amount_positive())?;
    Ok(Payment {
        hold: fields.map("hold_days", |node| node.days())?.unwrap_or(Millis(0)),
        blocked_by_aftersale: fields.map("release_blocked_by_aftersale", |node| node.truth())?.unwrap_or(true),
        payout_min: payout_min.unwrap_or(Minor::ZERO),
        clawback_limit: fields.map("clawback_limit", |node| node.amount_positive())?,
        dispute_window: fields.map("dispute_days", |node| node.days())?,
        decrease_notice: fields.map("decrease_notice_days", |node| node.days())?.unwrap_or(Millis(0)),
        span: read_span(fields)?,
    })
}

fn read_span(fields: &Fields<'_>) -> Read<Span> {
    let zone = |node: Node<'_>| {
        let zone = Zone::new(node.integer()?);
        zone.ok_or_else(|| node.fault(Fault::Value(Reason::UnitsRange), "is not -1080 to 1080 minutes"))
    };
    let zone = fields.map("tz_offset_min", zone)?;
    let Some(node) = fields.find("period") else { return Ok(Span::Whole) };
    if node.text().is_ok() {
        node.word(&[("month", ())])?;
        // Without its zone a month would begin and end at no certain moment.
        return match zone {
            Some(zone) => Ok(Span::Months(zone)),
            None => fields.get("tz_offset_min").map(|_| Span::Whole),
        };
    }
    let bounds = node.fields(&["from", "to"])?;
    let (from, to) = (bounds.get("from")?.time()?, bounds.get("to")?.time()?);
    if from < to {
        Ok(Span::Campaign { from, to })
    } else {
        Err(node.fault(Fault::Value(Reason::PeriodOutside), "ends before it begins"))
    }
}

fn read_components(node: &Node<'_>) -> Read<Vec<Component>> {
    let components: Vec<_> = node.list(COMPONENTS_MAX)?.iter().map(read_component).collect::<Read<_>>()?;
    let ids: Vec<_> = components.iter().map(|component| component.id.clone()).collect();
    only_once(node, &ids)?;
    Ok(components)
}

fn read_component(node: &Node<'_>) -> Read<Component> {
    const COMMON: [&str; 4] = ["id", "kind", "fee_ppm", "round"];
    type Reader = fn(&Fields<'_>) -> Read<Kind>;
    const KINDS: [(&str, (&[&str], Reader)); 4] = [
        ("per_line", (&["ppm"], read_per_line)),
        ("tiered", (&["mode", "metric", "steps"], read_tiered)),
        ("threshold", (&["metric", "at_least", "amount"], read_threshold)),
        ("fixed", (&["amount", "due", "factor", "refund_below"], read_fixed)),
    ];
    let (own, read) = node.any_fields()?.get("kind")?.word(&KINDS)?;
    let known: Vec<_> = COMMON.iter().chain(own).copied().collect();
    let fields = node.fields(&known)?;
    Ok(Component {
        id: fields.get("id")?.name(ComponentId::new)?,
        kind: read(&fields)?,
        fee: fields.map("fee_ppm", |node| node.ppm())?.unwrap_or(Ppm::ZERO),
        rounding: read_rounding(&fields)?,
    })
}

pub(in crate::settlement) fn read_rounding(fields: &Fields<'_>) -> Read<Rounding> {
    Ok(fields.map("round", |node| node.word(&Rounding::WORDS))?.unwrap_or_default())
}

fn read_per_line(fields: &Fields<'_>) -> Read<Kind> {
    Ok(Kind::PerLine { ppm: fields.get("ppm")?.ppm()? })
}

fn read_tiered(fields: &Fields<'_>) -> Read<Kind> {
    let mode = read_mode(fields)?;
    let metric_at = fields.get("metric")?;
    let metric = metric_at.word(&Metric::WORDS)?;
    if mode == Mode::Marginal && metric != Metric::NetBase {
        return Err(metric_at.fault(Fault::Unsupported, "is not net_base: only the base can be cut into parts"));
    }
    Ok(Kind::Tiered { mode, metric, steps: read_steps(&fields.get("steps")?)? })
}

pub(in crate::settlement) fn read_mode(fields: &Fields<'_>) -> Read<Mode> {
    fields.get("mode")?.word(&Mode::WORDS)
}

pub(in crate::settlement) fn read_steps(node: &Node<'_>) -> Read<Steps> {
    let step = |node: &Node<'_>| {
        let (from, ppm) = node.pair()?;
        let start = from.integer()?;
        if !(0..=AMOUNT_MAX).contains(&start) {
            return Err(from.refused(Reason::AmountRange));
        }
        Ok((start, ppm.ppm_signed()?))
    };
    let steps = node.list(STEPS_MAX)?.iter().map(step).collect::<Read<_>>()?;
    Steps::new(steps).map_err(|reason| node.refused(reason))
}

fn read_threshold(fields: &Fields<'_>) -> Read<Kind> {
    let metric_at = fields.get("metric")?;
    let metric = metric_at.word(&Metric::WORDS)?;
    if !metric.rises() {
        return Err(metric_at.fault(Fault::Unsupported, "rises with refunds: nobody is rewarded for these"));
    }
    let at_least = fields.get("at_least")?;
    let threshold = at_least.amount_positive()?.get();
    Ok(Kind::Threshold { metric, at_least: threshold, amount: fields.get("amount")?.amount_positive()? })
}

fn read_fixed(fields: &Fields<'_>) -> Read<Kind> {
    let factor = |node: Node<'_>| {
        let fields = node.fields(&["milestone", "within_min", "else_ppm"])?;
        Ok(Factor {
            milestone: read_milestone(&fields.get("milestone")?)?,
            within_min: fields.get("within_min")?.count(MINUTES_MAX)?,
            otherwise: fields.get("else_ppm")?.ppm()?,
        })
    };
    let refund_below = |node: Node<'_>| {
        let fields = node.fields(&["target", "metric"])?;
        let target = fields.get("target")?;
        // The product of amount and metric must fit for every metric below the target.
        if !(1..=UNITS_MAX).contains(&target.integer()?) {
            return Err(target.fault(Fault::Value(Reason::UnitsRange), format!("is not 1 to {UNITS_MAX}")));
        }
        let metric = fields.get("metric")?;
        if !metric.word(&Metric::WORDS)?.rises() {
            return Err(metric.fault(Fault::Unsupported, "rises with refunds: nobody is rewarded for these"));
        }
        Ok(RefundBelow { target: target.integer()?, metric: metric.word(&Metric::WORDS)? })
    };
    Ok(Kind::Fixed(Fixed {
        amount: fields.get("amount")?.amount_positive()?,
        due: read_milestone(&fields.get("due")?)?,
        factor: fields.map("factor", factor)?,
        refund_below: fields.map("refund_below", refund_below)?,
    }))
}

/// `sign`, or with what it is in front: `milestone:sign`.
fn read_milestone(node: &Node<'_>) -> Read<MilestoneName> {
    node.name(|text| MilestoneName::new(text.strip_prefix("milestone:").unwrap_or(text)))
}

fn read_formula(node: &Node<'_>) -> Read<Formula> {
    const SIGNS: [(&str, Sign); 3] = [("1", Sign::Plus), ("-1", Sign::Minus), ("0", Sign::Nothing)];
    let fields = node.any_fields()?;
    let mut signs = BTreeMap::new();
    for name in fields.names() {
        signs.insert(name.to_owned(), fields.get(name)?.word(&SIGNS)?);
    }
    if signs.is_empty() || signs.len() > PARTS_MAX {
        return Err(node.fault(Fault::Count, format!("names {} parts, 1 to {PARTS_MAX} are accepted", signs.len())));
    }
    Ok(Formula::new(signs))
}

/// `[[party, weight], …]`
pub(super) fn read_shares(node: &Node<'_>) -> Read<Shares> {
    let (mut parties, mut each) = (Vec::new(), Vec::new());
    // One more than the limit, so that weights refuse it with their own word.
    for entry in node.list(WEIGHTS_MAX.saturating_add(1))? {
        let (party, weight) = entry.pair()?;
        parties.push(party.name(Party::new)?);
        each.push(weight.integer()?);
    }
    only_once(node, &parties)?;
    Ok(Shares { parties, weights: Weights::new(each).map_err(|reason| node.refused(reason))? })
}

pub(super) fn only_once<T: Ord>(node: &Node<'_>, names: &[T]) -> Read<()> {
    let distinct: BTreeSet<_> = names.iter().collect();
    if distinct.len() == names.len() {
        Ok(())
    } else {
        Err(node.fault(Fault::Twice, "names somebody or something twice"))
    }
}

fn read_text(node: &Node<'_>) -> Read<String> {
    let text = node.text()?;
    if text.len() <= TEXT_BYTES_MAX {
        return Ok(text.to_owned());
    }
    Err(node.fault(Fault::Count, format!("has {} bytes, at most {TEXT_BYTES_MAX} are accepted", text.len())))
}
