//! Facts: what a platform's feed reports about order lines, and what was done for a contract.

pub(super) mod cost;

use hefu_keys::Hash;

use super::{
    Act,
    body::{Attribution, Fact, FactReport, LineName, MilestoneFact, PaidFact, RefundedFact},
    desk::{self, Desk},
    order,
    rows::{FeedRow, LineRow, ProgressRow, SoldRow},
    sign::{platform_of, require_party},
};
use crate::{
    execute::{Case, Checked},
    gs1::Epc,
    parties::KeyRole,
    provenance::ThingRow,
    refusal::{Code, Refusal},
    row,
    settlement::{Currency, LineId, MilestoneName, OrderId, Paid, Parts, Ppm, Roles, What},
    shared::Shared,
    state::Writes,
    time::Time,
};

/// The list of a line's shares by contract.
pub const ATTRIBUTION: &str = "/body/attribution";

/// The list of a line's item codes.
pub const CODES: &str = "/body/codes";

/// The milestone that a contract reaches by being signed.
pub(super) const SIGNED: &str = "sign";

/// Which parts a record about agreements may have.
pub(super) fn check_parts(case: &Case<'_>, act: &Act) -> Result<(), Refusal> {
    let allowed = match act.fact().map(|report| &report.fact) {
        Some(Fact::Paid(_)) => ATTRIBUTION,
        Some(Fact::Shipped(_) | Fact::Refunded(_)) => CODES,
        Some(
            Fact::Received(_) | Fact::AftersaleOpen(_) | Fact::AftersaleClosed(_) | Fact::Milestone(_) | Fact::Cost(_),
        )
        | None => "",
    };
    match case.record().parts.keys().find(|pointer| *pointer != allowed) {
        None => Ok(()),
        Some(stray) => Err(Refusal::new(Code::RecordPart).at(stray).because("the record has no such part")),
    }
}

pub(super) fn report(case: &Case<'_>, body: &FactReport) -> Checked<Writes> {
    if body.at > case.moment().time {
        let detail = format!("{}, now is {}", body.at, case.moment().time);
        return Err(Refusal::new(Code::FactFuture).at("/body/at").because(detail).into());
    }
    let feed = match &body.feed {
        Some(feed) => Some(check_feed(case, feed)?),
        None => None,
    };
    let mut writes = Writes::default();
    let line = |name: &LineName| Line::find(case, feed, name);
    let go = |name: &LineName, step: Step, writes: &mut Writes| {
        let mut line = line(name)?;
        line.step(step)?;
        line.tell(case, body.at, step, writes)
    };
    match &body.fact {
        Fact::Cost(fact) => cost::cost(case, body, fact, &mut writes)?,
        Fact::Milestone(fact) => milestone(case, body, fact, &mut writes)?,
        Fact::Paid(fact) => paid(case, body, feed, fact, &mut writes)?,
        Fact::Shipped(name) => shipped(case, body.at, line(name)?, &mut writes)?,
        Fact::Refunded(fact) => refunded(case, body, feed, fact, &mut writes)?,
        Fact::Received(name) => go(name, Step::Receive, &mut writes)?,
        Fact::AftersaleOpen(name) => go(name, Step::OpenAftersale, &mut writes)?,
        Fact::AftersaleClosed(name) => go(name, Step::CloseAftersale, &mut writes)?,
    }
    Ok(writes)
}

/// That the author's key is the feed's own.
fn check_feed<'f>(case: &Case<'_>, feed: &'f str) -> Checked<&'f str> {
    case.require(KeyRole::Report)?;
    let unknown = || Refusal::new(Code::FeedUnknown).at("/body/feed").because(feed);
    let row: Shared<FeedRow> = case.get(&row::key_of_feed(feed))?.ok_or_else(unknown)?;
    if row.key != case.author().address {
        return Err(Refusal::new(Code::FeedKey)
            .at("/signers/0")
            .because(row.key.to_string())
            .against(row.record)
            .into());
    }
    Ok(feed)
}

/// A step of a line that brings no amounts of its own.
#[derive(Clone, Copy, Debug)]
enum Step {
    Ship,
    Receive,
    OpenAftersale,
    CloseAftersale,
}

impl Step {
    fn what(self, line: LineId) -> What {
        match self {
            Step::Ship => What::Shipped { line },
            Step::Receive => What::Received { line },
            Step::OpenAftersale => What::AftersaleOpen { line },
            Step::CloseAftersale => What::AftersaleClosed { line },
        }
    }
}

/// A line that was reported, on its way through a further fact.
struct Line {
    id: LineId,
    key: String,
    row: Shared<LineRow>,
}

impl Line {
    fn find(case: &Case<'_>, feed: Option<&str>, name: &LineName) -> Checked<Line> {
        let id = line_id(feed, &name.order, &name.line)?;
        let key = row::key_of_line(id.as_str());
        let unknown = || Refusal::new(Code::LineUnknown).at("/body/fact").because(id.as_str());
        let row = case.get(&key)?.ok_or_else(unknown)?;
        Ok(Line { id, key, row })
    }

    /// Takes the line itself a step on.
    fn step(&mut self, step: Step) -> Result<(), Refusal> {
        let row = &mut self.row;
        let against = match step {
            Step::Ship if row.progress >= ProgressRow::Shipped => Some(Code::LineShipped),
            Step::Receive if row.progress == ProgressRow::Received => Some(Code::LineReceived),
            Step::OpenAftersale if row.aftersale => Some(Code::AftersaleOpen),
            Step::CloseAftersale if !row.aftersale => Some(Code::AftersaleNone),
            Step::Ship | Step::Receive | Step::OpenAftersale | Step::CloseAftersale => None,
        };
        if let Some(code) = against {
            return Err(Refusal::new(code).at("/body/fact").because(self.id.as_str()).against(row.record));
        }
        match step {
            Step::Ship => row.progress = ProgressRow::Shipped,
            Step::Receive => row.progress = ProgressRow::Received,
            Step::OpenAftersale => row.aftersale = true,
            Step::CloseAftersale => row.aftersale = false,
        }
        Ok(())
    }

    /// Tells every contract that shares the line, and writes it.
    fn tell(self, case: &Case<'_>, at: Time, step: Step, writes: &mut Writes) -> Checked<()> {
        for contract in self.row.shares.keys() {
            let mut desk = Desk::open(case, contract, ATTRIBUTION)?;
            desk.take_line(&self.id)?;
            desk.submit(at, step.what(self.id.clone()))
                .map_err(|refusal| about(refusal.at("/body/fact"), self.row.record))?;
            desk.write(writes)?;
        }
        writes.set(self.key, self.row);
        Ok(())
    }
}

/// The refusal names the record that reported the line.
fn about(refusal: Refusal, record: Hash) -> Refusal {
    Refusal { conflict: Some(record), ..refusal }
}

/// `<platform>/<month>/<order>/<line>`: unique over platform, order and line (§6).
pub(super) fn line_id(feed: Option<&str>, order: &str, line: &str) -> Result<LineId, Refusal> {
    let no_feed = || Refusal::new(Code::FieldMissing).at("/body/feed").because("order lines are reported by a feed");
    let platform = feed.and_then(platform_of).ok_or_else(no_feed)?;
    let shape = |pointer: &str, detail: &str| Refusal::new(Code::RecordShape).at(pointer).because(detail);
    let is_order = order.split_once('/').is_some_and(|(month, commitment)| {
        super::spell::read_month(month).is_some() && commitment.parse::<Hash>().is_ok()
    });
    if !is_order {
        return Err(shape("/body/fact", "the order is not a month and 64 hex digits, 2026-09/…"));
    }
    let plain = (1..=32).contains(&line.len()) && line.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if !plain {
        return Err(shape("/body/fact", "the line is not 1 to 32 of A-Z, a-z, 0-9 and hyphen"));
    }
    LineId::new(&format!("{platform}/{order}/{line}")).ok_or_else(|| shape("/body/fact", "the line's name is too long"))
}

/// A milestone, by a feed of the contract or its obligor. That a contract was signed, the ledger knows itself, and each
/// of its parties may say so.
fn milestone(case: &Case<'_>, body: &FactReport, fact: &MilestoneFact, writes: &mut Writes) -> Checked<()> {
    let mut desk = Desk::open(case, &fact.contract, "/body/fact/milestone/contract")?;
    let terms = desk.in_force(body.at)?;
    match &body.feed {
        Some(feed) if terms.cover.feeds.as_ref().is_some_and(|feeds| feeds.contains(feed)) => {}
        Some(feed) => return Err(Refusal::new(Code::AgreementCover).at("/body/feed").because(feed.clone()).into()),
        None => {
            case.require(KeyRole::Contract)?;
            let Roles { obligor, split, .. } = &terms.roles;
            let may: Vec<_> = match fact.name.as_str() {
                SIGNED => split.parties.iter().chain(std::iter::once(obligor)).collect(),
                _ => vec![obligor],
            };
            require_party(case, &may)?;
        }
    }
    let shape = || Refusal::new(Code::RecordShape).at("/body/fact/milestone/name").because(fact.name.clone());
    let name = MilestoneName::new(&fact.name).ok_or_else(shape)?;
    desk.take_segments_at(body.at)?;
    desk.take_milestones()?;
    desk.submit(body.at, What::Milestone { name, after_min: fact.after_min })
        .map_err(|refusal| refusal.at("/body/fact/milestone"))?;
    desk.write(writes)
}

fn paid(case: &Case<'_>, body: &FactReport, feed: Option<&str>, fact: &PaidFact, writes: &mut Writes) -> Checked<()> {
    let id = line_id(feed, &fact.order, &fact.line)?;
    check_month(fact, body.at)?;
    let key = row::key_of_line(id.as_str());
    if let Some(before) = case.get::<LineRow>(&key)? {
        return Err(Refusal::new(Code::LineExists)
            .at("/body/fact/paid")
            .because(id.as_str())
            .against(before.record)
            .into());
    }
    fact.parts.check().map_err(|reason| desk::refuse(reason).at("/body/fact/paid/parts"))?;
    if fact.units < 1 || fact.units > crate::settlement::UNITS_MAX {
        return Err(Refusal::new(Code::UnitsRange).at("/body/fact/paid/units").because(fact.units.to_string()).into());
    }
    let Some(currency) = Currency::of(&fact.currency) else {
        return Err(Refusal::new(Code::CurrencyOther).at("/body/fact/paid/currency").because(&*fact.currency).into());
    };
    let shares = case.submission().shares();
    for (contract, share) in shares {
        let mut desk = Desk::open(case, contract, ATTRIBUTION)?;
        let terms = desk.in_force(body.at).map_err(|refusal| refusal.at(ATTRIBUTION))?;
        let product = fact.product.to_string();
        if !terms.cover.covers(feed.unwrap_or_default(), Some(&product), fact.content.as_deref()) {
            return Err(Refusal::new(Code::AgreementCover).at(ATTRIBUTION).because(contract.clone()).into());
        }
        let parts = shared(&fact.parts, *share)?;
        let order = OrderId::new(&fact.order);
        desk.take_segments_at(body.at)?;
        if let Some(order) = &order {
            let segment = desk.segment_at(body.at)?;
            desk.take_order(segment, order.clone())?;
        }
        let what = Paid { line: id.clone(), order, parts, units: fact.units, currency: Some(currency) };
        desk.submit(body.at, What::Paid(what)).map_err(|refusal| refusal.at("/body/fact/paid"))?;
        desk.write(writes)?;
    }
    let row = LineRow {
        aftersale: false,
        codes: 0,
        feed: feed.unwrap_or_default().to_owned(),
        paid: fact.parts.clone(),
        progress: ProgressRow::Paid,
        record: case.record().id,
        refunded: Parts::default(),
        shares: Attribution::clone(shares),
        units: fact.units,
        units_back: 0,
    };
    writes.set(key, row);
    Ok(())
}

/// The order's month is that of its creation in UTC, so that a platform cannot count it again under another month's
/// key, and the order was created before it was paid.
fn check_month(fact: &PaidFact, at: Time) -> Result<(), Refusal> {
    let named = fact.order.split('/').next().unwrap_or_default();
    if order::month(fact.created_at).as_deref() != Some(named) || fact.created_at > at {
        let detail = format!("{named}, created at {}", fact.created_at);
        return Err(Refusal::new(Code::OrderMonth).at("/body/fact/paid/order").because(detail));
    }
    Ok(())
}

/// What a contract's share of a line comes to, part by part.
pub(super) fn shared(parts: &Parts, share: u32) -> Result<Parts, Refusal> {
    let share = Ppm::new(i128::from(share)).ok_or_else(|| Refusal::new(Code::ShareRange).at(ATTRIBUTION))?;
    parts.share(share).map_err(desk::refuse)
}

/// The line left with its item codes: as many for each piece, and none that left with another line.
fn shipped(case: &Case<'_>, at: Time, mut line: Line, writes: &mut Writes) -> Checked<()> {
    line.step(Step::Ship)?;
    let codes = case.submission().list(CODES);
    let count = u64::try_from(codes.len()).unwrap_or(u64::MAX);
    if i128::from(count).checked_rem(line.row.units).is_none_or(|rest| rest != 0) {
        let detail = format!("{count} codes for {} pieces", line.row.units);
        return Err(Refusal::new(Code::LineCodes).at(CODES).because(detail).into());
    }
    for code in codes {
        let key = row::key_of_sold(code);
        if let Some(sold) = case.get::<SoldRow>(&key)? {
            let refuse = |code_of: Code, record| Refusal::new(code_of).at(CODES).because(code.as_str()).against(record);
            match sold.returned {
                None => return Err(refuse(Code::CodeSold, sold.record).into()),
                Some(back) if is_returned(case, code)? => return Err(refuse(Code::CodeReturned, back).into()),
                Some(_) => {}
            }
        }
        let row = SoldRow { line: line.key.clone(), record: case.record().id, refunded: None, returned: None };
        writes.set(key, row);
    }
    line.row.codes = count;
    line.tell(case, at, Step::Ship, writes)
}

/// A refund takes back parts and pieces; what comes back names its codes, once the line has left.
fn refunded(
    case: &Case<'_>,
    body: &FactReport,
    feed: Option<&str>,
    fact: &RefundedFact,
    writes: &mut Writes,
) -> Checked<()> {
    let mut line = Line::find(case, feed, &LineName { line: fact.line.clone(), order: fact.order.clone() })?;
    let pointer = "/body/fact/refunded";
    let exceeds = |code| Refusal::new(code).at(pointer).against(line.row.record);
    fact.parts.check().map_err(|reason| desk::refuse(reason).at(format!("{pointer}/parts")))?;
    let refunded = Parts::refunded(&line.row.paid, &line.row.refunded, &fact.parts)
        .map_err(|reason| about(desk::refuse(reason).at(pointer), line.row.record))?;
    if fact.units < 0 {
        return Err(exceeds(Code::UnitsRange).into());
    }
    let units_back = line.row.units_back.checked_add(fact.units).filter(|back| *back <= line.row.units);
    let units_back = units_back.ok_or_else(|| exceeds(Code::RefundExceeds))?;
    take_back(case, &line, fact, writes)?;
    for (contract, share) in &line.row.shares {
        let mut desk = Desk::open(case, contract, ATTRIBUTION)?;
        desk.take_line(&line.id)?;
        let before = shared(&line.row.refunded, *share)?;
        let parts = shared(&refunded, *share)?.since(&before).map_err(desk::refuse)?;
        desk.submit(body.at, What::Refund { line: line.id.clone(), parts, units: fact.units })
            .map_err(|refusal| about(refusal.at(pointer), line.row.record))?;
        desk.write(writes)?;
    }
    (line.row.refunded, line.row.units_back) = (refunded, units_back);
    writes.set(line.key, line.row);
    Ok(())
}

/// The codes that came back: of this line, not back yet, and as many as the pieces have.
fn take_back(case: &Case<'_>, line: &Line, fact: &RefundedFact, writes: &mut Writes) -> Checked<()> {
    let codes = case.submission().list(CODES);
    let each = i128::from(line.row.codes).checked_div(line.row.units).unwrap_or(0);
    let wrong = |detail: String| Refusal::new(Code::LineCodes).at(CODES).because(detail).against(line.row.record);
    let count = i128::try_from(codes.len()).unwrap_or(i128::MAX);
    if each.checked_mul(fact.units) != Some(count) {
        return Err(wrong(format!("{count} codes for {} pieces of {each} codes", fact.units)).into());
    }
    for code in codes {
        let key = row::key_of_sold(code);
        let is_with_buyer =
            |sold: &Shared<SoldRow>| sold.line == line.key && sold.returned.is_none() && sold.refunded.is_none();
        let sold = case.get::<SoldRow>(&key)?.filter(is_with_buyer);
        let mut sold = sold.ok_or_else(|| wrong(code.as_str().to_owned()))?;
        let record = Some(case.record().id);
        if fact.refund_only.is_some() {
            sold.refunded = record;
        } else if is_returned(case, code)? {
            sold.returned = record;
        } else {
            return Err(Refusal::new(Code::CodeNotReturned)
                .at(CODES)
                .because(code.as_str())
                .against(sold.record)
                .into());
        }
        writes.set(key, sold);
    }
    Ok(())
}

/// Whether the last that was seen of an item is that it was returned (CBV 2.0 §7.2, disposition `returned`). Until an
/// event says otherwise it is in nobody's stock.
fn is_returned(case: &Case<'_>, code: &Epc) -> Checked<bool> {
    let thing: Option<Shared<ThingRow>> = case.get(&row::key_of_thing(code))?;
    Ok(thing.is_some_and(|thing| thing.disposition.as_deref() == Some("returned")))
}
