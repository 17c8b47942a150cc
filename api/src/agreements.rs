//! Agreements: what was signed, what everybody is owed, and the bundles that prove it. Everything here is for the parties
//! of a contract and for auditors; for others a contract that they may not read does not exist.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};
use hefu_contracts::{
    agreements::{
        AccountAt, AccountRow, AgreementRow, SaleRow, StatementRow, TermsRow,
        bundle::{Bundle, MEDIA_TYPE},
    },
    audience::{Audience, Reader},
    row::{self, Kind, Row},
    settlement::Terms,
    state::Fault,
};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    access::reader,
    answer::{self, Keep},
    ledger::Ledger,
    openapi::{problems, shapes},
    problem::{Door, Problem},
    query::{Nothing, Query},
    reading::reading,
    server::Api,
    views::{
        AccountEntryView, AccountView, AgreementLineView, AgreementView, AgreementsView, LineView, LinesView,
        StatementLineView, VersionView,
    },
};

/// Most rows or entries of one answer.
pub const PAGE_MAX: usize = 500;

/// Parameters of an answer in pages.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PageQuery {
    /// What the page before ended with.
    after: Option<String>,
}

/// A contract that the reader may read.
struct Readable<'l> {
    ledger: &'l dyn Ledger,
    reader: Reader,
    contract: String,
    agreement: AgreementRow,
    versions: BTreeMap<u32, (TermsRow, Terms)>,
}

fn unknown(contract: &str) -> Problem {
    Problem::from(Door::AgreementUnknown).because(contract)
}

/// What a row of the register says; it is the ledger's own, so a row of another kind is a fault.
fn kept<T: Kind>(row: Row) -> Result<T, Problem> {
    let Row { key, data, .. } = row;
    T::of(data).ok_or_else(|| Fault::new(NotOfItsKind(key)).into())
}

/// A row whose key promises another kind.
#[derive(Debug, thiserror::Error)]
#[error("row {0} is of another kind than its key says")]
struct NotOfItsKind(String);

impl<'l> Readable<'l> {
    /// # Errors
    /// `E-AGREEMENT-UNKNOWN` where there is none, or none for this reader.
    fn find(ledger: &'l dyn Ledger, reader: Reader, contract: &str) -> Result<Readable<'l>, Problem> {
        let row = ledger.row(&row::key_of_agreement(contract))?.ok_or_else(|| unknown(contract))?;
        let agreement: AgreementRow = kept(row)?;
        if !Audience::of_contract(agreement.parties.iter().cloned()).includes(&reader) {
            return Err(unknown(contract));
        }
        let mut versions = BTreeMap::new();
        for version in 1..=agreement.version {
            let Some(row) = ledger.row(&row::key_of_terms(contract, version))? else { continue };
            let row: TermsRow = kept(row)?;
            let sheet: Value = serde_json::from_str(row.sheet.text())?;
            let terms = Terms::read(&sheet).map_err(Fault::new)?;
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

    /// An account's row, where the reader may read it: its owner, who pays it, and auditors.
    fn account(&self, party: &str) -> Result<(AccountRow, u64, String), Problem> {
        let payer = self.versions.values().next().map(|(_, terms)| terms.roles.obligor.as_str().to_owned());
        let audience = Audience::of_account(party.to_owned(), payer.unwrap_or_default());
        if !audience.includes(&self.reader) || !self.holders().iter().any(|holder| holder == party) {
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

    fn view(&self) -> Result<AgreementView, Problem> {
        let mut accounts = BTreeMap::new();
        for party in self.holders() {
            if let Ok((account, _, _)) = self.account(&party) {
                accounts.insert(party, account.balances);
            }
        }
        let version = |(version, (row, _)): (&u32, &(TermsRow, Terms))| VersionView {
            record: row.record,
            terms: row.sheet.clone(),
            time: row.time,
            version: *version,
        };
        Ok(AgreementView {
            accounts,
            contract: self.contract.clone(),
            currency: self.currency(),
            milestones: self.agreement.milestones.clone(),
            parties: self.agreement.parties.clone(),
            stated: self.agreement.stated.clone(),
            versions: self.versions.iter().map(version).collect(),
        })
    }

    fn currency(&self) -> String {
        let first = self.versions.values().next();
        first.map_or_else(String::new, |(_, terms)| terms.heading.currency.code().to_owned())
    }

    fn account_view(&self, party: &str, after: u64) -> Result<AccountView, Problem> {
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

    /// The contract's lines after one, by their names.
    fn lines(&self, after: Option<&str>) -> Result<LinesView, Problem> {
        let prefix = row::key_of_sale(&self.contract, "");
        let after = after.map(|line| row::key_of_sale(&self.contract, line));
        let rows = self.ledger.rows(&prefix, after.as_deref(), PAGE_MAX)?;
        let is_full = rows.len() == PAGE_MAX;
        let line = |row: Row| {
            let name = row.key.strip_prefix(&prefix).unwrap_or_default().to_owned();
            let sale: SaleRow = kept(row)?;
            Ok(self.line_view(name, sale))
        };
        let lines: Vec<LineView> = rows.into_iter().map(line).collect::<Result<_, Problem>>()?;
        let next = lines.last().filter(|_| is_full);
        let next = next.map(|last| format!("/v1/agreements/{}/lines?after={}", self.contract, last.line));
        Ok(LinesView { lines, next })
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

/// Looks up something of a contract, for whoever asks.
async fn of_contract<T: Send + 'static>(
    request: &HttpRequest,
    api: &Api,
    contract: String,
    read: impl FnOnce(&Readable<'_>) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let reader = reader(request).await?;
    reading(&api.ledger, move |ledger| read(&Readable::find(ledger, reader, &contract)?)).await
}

/// Read which agreements there are for you.
#[utoipa::path(
    get,
    operation_id = "readAgreements",
    path = "/v1/agreements",
    tag = "agreements",
    security((), ("document" = []), ("session" = [])),
    params(("after" = Option<String>, Query, description = "the contract that the page before ended with")),
    responses(
        (status = 200, description = "the contracts whose party the reader is; for auditors all", body = AgreementsView),
        problems::Malformed, problems::Unauthorised, problems::Forbidden, problems::Coding, problems::TooLarge,
        problems::Fault, problems::Unavailable,
    ),
)]
pub(crate) async fn list(
    request: HttpRequest,
    query: Query<PageQuery>,
    api: web::Data<Api>,
) -> Result<HttpResponse, Problem> {
    let reader = reader(&request).await?;
    let after = query.0.after;
    let found = reading(&api.ledger, move |ledger| -> Result<_, Problem> {
        let mut agreements = Vec::new();
        if reader == Reader::Public {
            return Ok(AgreementsView { agreements, next: None });
        }
        let mut after = after.map(|contract| row::key_of_agreement(&contract));
        loop {
            let rows = ledger.rows("agreement/", after.as_deref(), PAGE_MAX)?;
            let is_last = rows.len() < PAGE_MAX;
            for row in rows {
                let key = row.key.clone();
                let agreement: AgreementRow = kept(row)?;
                if Audience::of_contract(agreement.parties.iter().cloned()).includes(&reader) {
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
    });
    answer::json(&found.await?, Keep::Personal, None)
}

/// Read an agreement: every version of its terms, and the accounts that are for you.
#[utoipa::path(
    get,
    operation_id = "readAgreement",
    path = "/v1/agreements/{contract}",
    tag = "agreements",
    security((), ("document" = []), ("session" = [])),
    params(("contract" = String, Path, description = "id of the contract")),
    responses(
        (status = 200, description = "the agreement", body = AgreementView),
        problems::Malformed, problems::Unauthorised, problems::Forbidden, problems::Unknown, problems::Coding,
        problems::TooLarge, problems::Fault, problems::Unavailable,
    ),
)]
pub(crate) async fn read(
    request: HttpRequest,
    path: web::Path<String>,
    _: Query<Nothing>,
    api: web::Data<Api>,
) -> Result<HttpResponse, Problem> {
    let view = of_contract(&request, &api, path.into_inner(), |found| found.view()).await?;
    answer::json(&view, Keep::Personal, None)
}

/// Read an account: its balances, its statements, and its entries in pages.
///
/// Every entry tells an event of the contract and what it moved in this account; entries are numbered without a gap.
#[utoipa::path(
    get,
    operation_id = "readAccount",
    path = "/v1/agreements/{contract}/accounts/{party}",
    tag = "agreements",
    security((), ("document" = []), ("session" = [])),
    params(
        ("contract" = String, Path, description = "id of the contract"),
        ("party" = String, Path, description = "id of the organisation whose account it is"),
        ("after" = Option<String>, Query, description = "number of the entry that the page before ended with"),
    ),
    responses(
        (status = 200, description = "the account", body = AccountView),
        problems::Malformed, problems::Unauthorised, problems::Forbidden, problems::Unknown, problems::Coding,
        problems::TooLarge, problems::Fault, problems::Unavailable,
    ),
)]
pub(crate) async fn read_account(
    request: HttpRequest,
    path: web::Path<(String, String)>,
    query: Query<PageQuery>,
    api: web::Data<Api>,
) -> Result<HttpResponse, Problem> {
    let (contract, party) = path.into_inner();
    let after = match query.0.after {
        None => 0,
        Some(after) => after.parse().map_err(|bad| Problem::from(Door::Query).because(format!("after: {bad}")))?,
    };
    let view = of_contract(&request, &api, contract, move |found| found.account_view(&party, after)).await?;
    answer::json(&view, Keep::Personal, None)
}

/// Read the bundle of a statement.
///
/// `hefu statement verify` and any other program can check it offline; all that it needs to be told is which genesis to
/// trust.
#[utoipa::path(
    get,
    operation_id = "readStatement",
    path = "/v1/agreements/{contract}/accounts/{party}/statements/{number}",
    tag = "agreements",
    security((), ("document" = []), ("session" = [])),
    params(
        ("contract" = String, Path, description = "id of the contract"),
        ("party" = String, Path, description = "id of the organisation whose statement it is"),
        ("number" = String, Path, description = "number of the statement, from 1"),
    ),
    responses(
        (status = 200, description = "the bundle", body = shapes::StatementFile,
            content_type = "application/vnd.hefu.statement+json"),
        problems::Malformed, problems::Unauthorised, problems::Forbidden, problems::Unknown, problems::Coding,
        problems::TooLarge, problems::Fault, problems::Unavailable,
    ),
)]
pub(crate) async fn read_statement(
    request: HttpRequest,
    path: web::Path<(String, String, String)>,
    _: Query<Nothing>,
    api: web::Data<Api>,
) -> Result<HttpResponse, Problem> {
    let (contract, party, number) = path.into_inner();
    let malformed = || Problem::from(Door::Path).because(format!("{number:?} is no number of a statement"));
    let number: u64 = number.parse().ok().filter(|found: &u64| found.to_string() == number).ok_or_else(malformed)?;
    let text = of_contract(&request, &api, contract, move |found| {
        found.account(&party)?;
        let bundle: Option<Bundle> = found.ledger.statement(&found.contract, &party, number)?;
        let unknown = || Problem::from(Door::StatementUnknown).because(format!("{number} of {party}"));
        Ok(bundle.ok_or_else(unknown)?.text()?)
    });
    Ok(answer::text(text.await?, MEDIA_TYPE, Keep::Personal, None))
}

/// Read the order lines of an agreement, with what each earns and when it is released.
#[utoipa::path(
    get,
    operation_id = "readAgreementLines",
    path = "/v1/agreements/{contract}/lines",
    tag = "agreements",
    security((), ("document" = []), ("session" = [])),
    params(
        ("contract" = String, Path, description = "id of the contract"),
        ("after" = Option<String>, Query, description = "the line that the page before ended with"),
    ),
    responses(
        (status = 200, description = "the lines", body = LinesView),
        problems::Malformed, problems::Unauthorised, problems::Forbidden, problems::Unknown, problems::Coding,
        problems::TooLarge, problems::Fault, problems::Unavailable,
    ),
)]
pub(crate) async fn read_lines(
    request: HttpRequest,
    path: web::Path<String>,
    query: Query<PageQuery>,
    api: web::Data<Api>,
) -> Result<HttpResponse, Problem> {
    let after = query.0.after;
    let view = of_contract(&request, &api, path.into_inner(), move |found| found.lines(after.as_deref())).await?;
    answer::json(&view, Keep::Personal, None)
}
