//! A contract as one reader may read it: everything that is told of it, as a program or a page shows it.

use std::{collections::BTreeMap, sync::Arc};

use hefu_contracts::{
    agreements::{
        AccountAt, AccountRow, AdjustmentRow, AgreementRow, DisputeRow, Earnings, LineRow, PayoutRow, SaleRow,
        SegmentRow, StatementRow, TermsRow,
        bundle::{Bundle, Extent},
        export::Book,
    },
    audience::{Audience, Reader},
    row::{self, Kind, Row},
    settlement::{Currency, Minor, Terms, Versions},
    state::Fault,
    time::Time,
};

use super::items;
use crate::{
    ledger::Ledger,
    problem::{Door, Problem},
    views::{
        AccountEntryView, AccountView, AdjustmentView, AdjustmentsView, AgreementLineView, AgreementNewsView,
        AgreementView, AgreementsView, CostView, CostsView, DisputeView, DisputesView, EarningView, EarningsView,
        LineEarningsView, LineView, LinesView, MovementView, MovementsView, PayoutView, PeriodEarningsView,
        StatementLineView, VersionView,
    },
};

/// Most rows or entries of one answer.
pub const PAGE_MAX: usize = 500;

/// Rows, by the rest of their keys.
type Named<T> = Vec<(String, T)>;

/// Most pages of lines that are added up for one answer.
const REVERSED_PAGES: usize = 10;

/// A contract that the reader may read.
pub struct Readable<'l> {
    ledger: &'l dyn Ledger,
    reader: Reader,
    contract: String,
    agreement: AgreementRow,
    versions: BTreeMap<u32, (TermsRow, Arc<Terms>)>,
}

fn unknown(contract: &str) -> Problem {
    Problem::from(Door::AgreementUnknown).because(contract)
}

/// The contracts that a reader may read, by their ids, at most [`PAGE_MAX`].
///
/// # Errors
/// A fault of the ledger.
pub fn agreements(ledger: &dyn Ledger, reader: &Reader, after: Option<&str>) -> Result<AgreementsView, Problem> {
    let mut agreements = Vec::new();
    let mut after = after.map(row::key_of_agreement);
    if *reader == Reader::Public {
        return Ok(AgreementsView { agreements, next: None });
    }
    loop {
        let rows = ledger.rows("agreement/", after.as_deref(), PAGE_MAX)?;
        let is_last = rows.len() < PAGE_MAX;
        for row in rows {
            let key = row.key.clone();
            let agreement: AgreementRow = kept(row)?;
            if Audience::of_contract(agreement.parties.iter().cloned()).includes(reader) {
                let contract = key.trim_start_matches("agreement/").to_owned();
                agreements.push(AgreementLineView {
                    link: format!("/v1/agreements/{contract}"),
                    contract,
                    parties: agreement.parties,
                    version: agreement.version,
                });
            }
            after = Some(key);
            if agreements.len() == PAGE_MAX {
                let next = agreements.last().map(|last| format!("/v1/agreements?after={}", last.contract));
                return Ok(AgreementsView { agreements, next });
            }
        }
        if is_last {
            return Ok(AgreementsView { agreements, next: None });
        }
    }
}

/// What a row of the register says; it is the ledger's own, so a row of another kind is a fault.
fn kept<T: Kind>(row: Row) -> Result<T, Problem> {
    let Row { key, data, .. } = row;
    data.into_kind().ok_or_else(|| Fault::new(NotOfItsKind(key)).into())
}

/// A row whose key promises another kind.
#[derive(Debug, thiserror::Error)]
#[error("row {0} is of another kind than its key says")]
struct NotOfItsKind(String);

impl<'l> Readable<'l> {
    /// Looks a contract up.
    ///
    /// # Errors
    /// `E-AGREEMENT-UNREADABLE` where there is none, or none for this reader.
    pub fn find(ledger: &'l dyn Ledger, reader: Reader, contract: &str) -> Result<Readable<'l>, Problem> {
        let row = ledger.row(&row::key_of_agreement(contract))?.ok_or_else(|| unknown(contract))?;
        let agreement: AgreementRow = kept(row)?;
        if !Audience::of_contract(agreement.parties.iter().cloned()).includes(&reader) {
            return Err(unknown(contract));
        }
        let mut versions = BTreeMap::new();
        for version in 1..=agreement.version {
            let Some(row) = ledger.row(&row::key_of_terms(contract, version))? else { continue };
            let row: TermsRow = kept(row)?;
            let terms = row.sheet.terms()?;
            versions.insert(version, (row, terms));
        }
        Ok(Readable { ledger, reader, contract: contract.to_owned(), agreement, versions })
    }

    /// Whose accounts there are.
    fn holders(&self) -> Vec<String> {
        let terms = self.versions.values().flat_map(|(_, terms)| terms.account_holders());
        let mut holders: Vec<String> = terms.map(|party| party.as_str().to_owned()).collect();
        holders.sort();
        holders.dedup();
        holders
    }

    /// An account's row, where the reader may read it.
    fn account(&self, party: &str) -> Result<(AccountRow, u64, String), Problem> {
        if !self.may_read(party) || !self.holders().iter().any(|holder| holder == party) {
            return Err(Problem::from(Door::AccountUnknown).because(format!("{party} of {}", self.contract)));
        }
        let key = row::key_of_account(&self.contract, party);
        Ok(match self.ledger.row(&key)? {
            Some(row) => {
                let n = row.n;
                (kept(row)?, n, key)
            }
            None => (AccountRow::default(), 0, key),
        })
    }

    /// The agreement: every version of its terms, and the balances that are for the reader.
    ///
    /// # Errors
    /// A fault of the ledger.
    pub fn view(&self) -> Result<AgreementView, Problem> {
        let version = |(version, (row, _)): (&u32, &(TermsRow, Arc<Terms>))| VersionView {
            record: row.record,
            terms: row.sheet.text().clone(),
            time: row.time,
            version: *version,
        };
        Ok(AgreementView {
            accounts: self.balances()?,
            contract: self.contract.clone(),
            currency: self.currency(),
            milestones: self.agreement.milestones.clone(),
            parties: self.agreement.parties.clone(),
            stated: self.agreement.stated.clone(),
            versions: self.versions.iter().map(version).collect(),
        })
    }

    /// Balances of the accounts that are for the reader, by party.
    fn balances(&self) -> Result<BTreeMap<String, BTreeMap<String, Minor>>, Problem> {
        let readable = self.holders().into_iter().filter(|party| self.may_read(party));
        readable.map(|party| Ok((party.clone(), self.account(&party)?.0.balances))).collect()
    }

    /// Whether an account is for the reader: its owner, who pays it, and auditors.
    fn may_read(&self, party: &str) -> bool {
        let payer = self.first().map_or("", |terms| terms.roles.obligor.as_str());
        Audience::of_account(party.to_owned(), payer.to_owned()).includes(&self.reader)
    }

    fn first(&self) -> Option<&Terms> {
        self.versions.values().next().map(|(_, terms)| terms.as_ref())
    }

    fn currency(&self) -> String {
        self.first().map_or_else(String::new, |terms| terms.heading.currency.code().to_owned())
    }

    /// An account: its balances, its statements, and a page of its entries.
    ///
    /// # Errors
    /// `E-ACCOUNT-UNKNOWN` where there is none for this reader, or a fault.
    pub fn account_view(&self, party: &str, after: u64) -> Result<AccountView, Problem> {
        let (account, n, key) = self.account(party)?;
        let until = after.saturating_add(PAGE_MAX as u64).min(n);
        let entries = if after < until { self.ledger.entries(&key, after, until)? } else { Vec::new() };
        let mut statements = Vec::new();
        for number in 1..=self.agreement.stated.as_ref().map_or(0, |stated| stated.number) {
            let Some(row) = self.ledger.row(&row::key_of_statement(&self.contract, party, number))? else { continue };
            statements.push(self.statement_view(party, number, kept(row)?));
        }
        Ok(AccountView {
            balances: account.balances,
            contract: self.contract.clone(),
            currency: self.currency(),
            entries: (after.saturating_add(1)..).zip(entries).map(AccountEntryView::of).collect(),
            n,
            next: (until < n).then(|| format!("{}?after={until}", self.path(party))),
            party: party.to_owned(),
            statements,
        })
    }

    fn statement_view(&self, party: &str, number: u64, row: StatementRow) -> StatementLineView {
        let StatementRow { accepted, closing: AccountAt { balances: closing, n, .. }, opening, period, time, .. } = row;
        StatementLineView {
            accepted,
            bundle: format!("{}/statements/{number}", self.path(party)),
            closing,
            entries: n.saturating_sub(opening.n),
            number,
            opening: opening.balances,
            period,
            time,
        }
    }

    fn path(&self, party: &str) -> String {
        format!("/v1/agreements/{}/accounts/{party}", self.contract)
    }

    /// The bundle of a statement.
    ///
    /// # Errors
    /// `E-STATEMENT-UNISSUED`, `E-ACCOUNT-UNKNOWN` where it is not for this reader, or a fault.
    pub fn statement(&self, party: &str, number: u64, extent: Extent) -> Result<Bundle, Problem> {
        self.account(party)?;
        let unknown = || Problem::from(Door::StatementUnknown).because(format!("{number} of {party}"));
        self.ledger.statement(&self.contract, party, number, extent)?.ok_or_else(unknown)
    }

    /// The movements of a statement from its place `skip` on, at most `limit`, with their arithmetic.
    ///
    /// # Errors
    /// As [`Readable::statement`].
    pub fn movements(&self, party: &str, number: u64, skip: usize, limit: usize) -> Result<MovementsView, Problem> {
        let movements = self.statement(party, number, Extent::Plain)?.movements().map_err(Fault::new)?;
        let end = skip.saturating_add(limit);
        let next =
            (end < movements.len()).then(|| format!("{}/statements/{number}/movements?after={end}", self.path(party)));
        Ok(MovementsView {
            contract: self.contract.clone(),
            currency: self.currency(),
            movements: movements.into_iter().skip(skip).take(limit).map(MovementView::of).collect(),
            next,
            number,
            party: party.to_owned(),
        })
    }

    /// The payouts to a party, in the order of their batches' names.
    ///
    /// # Errors
    /// `E-ACCOUNT-UNKNOWN` where its account is not for this reader, or a fault.
    pub fn payouts(&self, party: &str) -> Result<Vec<PayoutView>, Problem> {
        self.account(party)?;
        Ok(self.payout_rows(party)?.into_iter().map(PayoutView::of).collect())
    }

    fn payout_rows(&self, party: &str) -> Result<Vec<(String, PayoutRow)>, Problem> {
        let end = format!("/{party}");
        let rows = self.all(&format!("payout/{}/", self.contract))?;
        Ok(rows.into_iter().filter_map(|(name, row)| Some((name.strip_suffix(&end)?.to_owned(), row))).collect())
    }

    /// The last dispute about every unit that was ever disputed.
    ///
    /// # Errors
    /// A fault of the ledger.
    pub fn disputes(&self, after: Option<&str>) -> Result<DisputesView, Problem> {
        let (rows, next) = self.page(&row::key_of_dispute(&self.contract, ""), after, PAGE_MAX)?;
        let disputes = rows.into_iter().map(|(unit, row): (_, DisputeRow)| DisputeView::of(unit, row)).collect();
        Ok(DisputesView { disputes, next: next.map(|last| self.next("disputes", &last)) })
    }

    /// The costs of the contract's pool, by their names.
    ///
    /// # Errors
    /// A fault of the ledger.
    pub fn costs(&self, after: Option<&str>) -> Result<CostsView, Problem> {
        let (rows, next) = self.page(&row::key_of_cost(&self.contract, ""), after, PAGE_MAX)?;
        let next = next.map(|last| self.next("costs", &last));
        Ok(CostsView { costs: rows.into_iter().map(CostView::of).collect(), next })
    }

    /// What the parties agreed on outside of the terms, by name. All who are bound have signed all of it.
    ///
    /// # Errors
    /// A fault of the ledger.
    pub fn adjustments(&self, after: Option<&str>) -> Result<AdjustmentsView, Problem> {
        let (rows, next) = self.page(&row::key_of_adjustment(&self.contract, ""), after, PAGE_MAX)?;
        let next = next.map(|last| self.next("adjustments", &last));
        Ok(AdjustmentsView { adjustments: rows.into_iter().map(AdjustmentView::of).collect(), next })
    }

    /// What a party earns: of every period, and of a page of lines.
    ///
    /// # Errors
    /// `E-ACCOUNT-UNKNOWN` where the account is not for this reader, or a fault.
    pub fn earnings(&self, party: &str, after: Option<&str>, limit: usize, now: Time) -> Result<EarningsView, Problem> {
        let (account, ..) = self.account(party)?;
        let payouts: Vec<PayoutRow> = self.payout_rows(party)?.into_iter().map(|(_, row)| row).collect();
        let terms: Versions = self.versions.iter().map(|(version, (_, terms))| (*version, terms.clone())).collect();
        let told = Earnings::new(party, &terms, &self.agreement.milestones, &payouts, now)?;
        let segments: BTreeMap<String, SegmentRow> =
            self.all(&row::key_of_segment(&self.contract, ""))?.into_iter().collect();
        let periods =
            told.of_segments(&segments)?.into_iter().map(|(name, earnings)| PeriodEarningsView::of(&name, earnings));
        let (rows, next) = self.page(&row::key_of_sale(&self.contract, ""), after, limit)?;
        let line = |(line, sale): (String, SaleRow)| -> Result<_, Problem> {
            let earnings = told.of_line(&line, &sale)?;
            let reported: Option<LineRow> = self.ledger.row(&format!("line/{line}"))?.map(kept).transpose()?;
            let items = reported.as_ref().map_or(Ok(Vec::new()), |row| items::of_line(self.ledger, &line, row))?;
            Ok(LineEarningsView::of((line, sale), reported, items, earnings))
        };
        let agreed: BTreeMap<String, AdjustmentRow> =
            self.all(&row::key_of_adjustment(&self.contract, ""))?.into_iter().collect();
        Ok(EarningsView {
            adjustments: told.of_adjustments(&agreed)?.into_iter().map(EarningView::of).collect(),
            balances: account.balances,
            contract: self.contract.clone(),
            currency: self.currency(),
            lines: rows.into_iter().map(line).collect::<Result<_, Problem>>()?,
            next: next.map(|last| self.next(&format!("accounts/{party}/earnings"), &last)),
            party: party.to_owned(),
            periods: periods.collect(),
        })
    }

    /// What refunds have taken back of a party's shares in all lines; nothing where there are too many to add up here.
    ///
    /// # Errors
    /// `E-ACCOUNT-UNKNOWN` where the account is not for this reader, or a fault.
    pub fn reversed(&self, party: &str, now: Time) -> Result<Option<Minor>, Problem> {
        let (mut sum, mut after) = (Minor::ZERO, None);
        for _ in 0..REVERSED_PAGES {
            let page = self.earnings(party, after.as_deref(), PAGE_MAX, now)?;
            let reversed = page.lines.iter().flat_map(|line| &line.earnings).map(|earning| earning.reversed);
            sum = reversed.into_iter().try_fold(sum, Minor::plus).map_err(Fault::new)?;
            match (page.next, page.lines.last()) {
                (Some(_), Some(last)) => after = Some(last.line.clone()),
                _ => return Ok(Some(sum)),
            }
        }
        Ok(None)
    }

    /// Number of the contract's events so far.
    pub const fn seq(&self) -> u64 {
        self.agreement.seq
    }

    /// Whose account it is, for a file of it, and how many entries it has.
    ///
    /// # Errors
    /// `E-ACCOUNT-UNKNOWN` where it is not for this reader, or a fault.
    pub(super) fn book(&self, party: &str) -> Result<(Book, u64), Problem> {
        let (_, n, _) = self.account(party)?;
        let terms = self.first();
        let book = Book {
            contract: self.contract.clone(),
            currency: terms.map_or(Currency::CNY, |terms| terms.heading.currency),
            is_obligor: terms.is_some_and(|terms| terms.roles.obligor.as_str() == party),
            party: party.to_owned(),
            zone: terms.map(|terms| terms.payment.span.zone()).unwrap_or_default(),
        };
        Ok((book, n))
    }

    /// Number of the contract's events so far, and balances of the accounts that are for the reader.
    ///
    /// # Errors
    /// A fault of the ledger.
    pub(crate) fn news(&self) -> Result<AgreementNewsView, Problem> {
        Ok(AgreementNewsView { accounts: self.balances()?, contract: self.contract.clone(), seq: self.agreement.seq })
    }

    /// Every row below a prefix, by the rest of its key.
    fn all<T: Kind>(&self, prefix: &str) -> Result<Named<T>, Problem> {
        let mut found = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let (rows, next) = self.page(prefix, after.as_deref(), PAGE_MAX)?;
            found.extend(rows);
            after = next;
            if after.is_none() {
                return Ok(found);
            }
        }
    }

    /// A page of rows below a prefix, by the rest of their keys, and where the next page begins, where there may be one.
    fn page<T: Kind>(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<(Named<T>, Option<String>), Problem> {
        let after = after.map(|after| format!("{prefix}{after}"));
        let rows = self.ledger.rows(prefix, after.as_deref(), limit)?;
        let is_full = rows.len() == limit;
        let named = |row: Row| Ok((row.key.strip_prefix(prefix).unwrap_or_default().to_owned(), kept(row)?));
        let rows: Named<T> = rows.into_iter().map(named).collect::<Result<_, Problem>>()?;
        let next = rows.last().filter(|_| is_full).map(|(name, _)| name.clone());
        Ok((rows, next))
    }

    fn next(&self, what: &str, last: &str) -> String {
        format!("/v1/agreements/{}/{what}?after={last}", self.contract)
    }

    /// The contract's lines after one, by their names.
    ///
    /// # Errors
    /// A fault of the ledger.
    pub fn lines(&self, after: Option<&str>) -> Result<LinesView, Problem> {
        let (rows, next) = self.page(&row::key_of_sale(&self.contract, ""), after, PAGE_MAX)?;
        let lines = rows.into_iter().map(|(line, sale)| self.line_view(line, sale)).collect();
        Ok(LinesView { lines, next: next.map(|last| self.next("lines", &last)) })
    }

    fn line_view(&self, line: String, sale: SaleRow) -> LineView {
        let version = sale.segment.rsplit('/').next().and_then(|version| version.parse().ok());
        let terms = version.and_then(|version: u32| self.versions.get(&version)).map(|(_, terms)| terms);
        let unit = |place: &String| {
            let component = terms.and_then(|terms| terms.components.get(place.parse::<usize>().ok()?));
            format!("line:{line}:{}", component.map_or("", |component| component.id.as_str()))
        };
        let units = sale.worth.iter().map(|(place, row)| (unit(place), row.clone())).collect();
        LineView {
            aftersale: sale.aftersale,
            paid: sale.paid,
            progress: sale.progress,
            refunded: sale.refunded,
            segment: sale.segment,
            units,
            line,
        }
    }
}
