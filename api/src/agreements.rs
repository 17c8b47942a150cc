//! Agreements: what was signed, what everybody is owed, and the bundles that prove it. Everything here is for the parties
//! of a contract and for auditors; for others a contract that they may not read does not exist.

mod export;
mod items;
mod readable;

use actix_web::{HttpRequest, HttpResponse, web};
use hefu_contracts::agreements::bundle::{Extent, MEDIA_TYPE};
use serde::Deserialize;

use crate::{
    access::reader,
    answer::{self, Keep},
    clock,
    openapi::{problems, shapes},
    problem::{Door, Problem},
    query::{Nothing, Query},
    reading::reading,
    server::Api,
    views::{
        AccountView, AdjustmentsView, AgreementView, AgreementsView, CostsView, DisputesView, EarningsView, LinesView,
        MovementsView, PayoutsView,
    },
};

pub(crate) use export::{__path_export, export};
pub use readable::{PAGE_MAX, Readable, agreements};

/// Parameters of an answer in pages.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PageQuery {
    /// What the page before ended with.
    after: Option<String>,
}

/// Parameters of an answer in pages that are counted.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlaceQuery {
    /// How many the pages before had.
    #[serde(default)]
    after: usize,
}

/// Parameters of a bundle.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BundleQuery {
    /// With the signed facts behind the entries.
    #[serde(default)]
    full: bool,
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
    let found = reading(&api.ledger, move |ledger| agreements(ledger, &reader, after.as_deref()));
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
        problems::OfContract,
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
        problems::OfContract,
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
        ("full" = Option<bool>, Query, description = "`true`: with the signed facts behind the entries, of every order \
            line the contract's own share alone"),
    ),
    responses(
        (status = 200, description = "the bundle", body = shapes::StatementFile,
            content_type = "application/vnd.hefu.statement+json"),
        problems::OfContract,
    ),
)]
pub(crate) async fn read_statement(
    request: HttpRequest,
    path: web::Path<(String, String, String)>,
    query: Query<BundleQuery>,
    api: web::Data<Api>,
) -> Result<HttpResponse, Problem> {
    let (contract, party, number) = path.into_inner();
    let malformed = || Problem::from(Door::Path).because(format!("{number:?} is no number of a statement"));
    let number: u64 = number.parse().ok().filter(|found: &u64| found.to_string() == number).ok_or_else(malformed)?;
    let extent = if query.0.full { Extent::Full } else { Extent::Plain };
    let text =
        of_contract(&request, &api, contract, move |found| Ok(found.statement(&party, number, extent)?.text()?));
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
        problems::OfContract,
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

/// Read what a party earns: amount, arithmetic and standing of every unit, of periods and line by line.
///
/// The standing says where an amount is and what it waits for; the formula is arithmetic that anybody can do again from the
/// terms and the line.
#[utoipa::path(
    get,
    operation_id = "readEarnings",
    path = "/v1/agreements/{contract}/accounts/{party}/earnings",
    tag = "agreements",
    security((), ("document" = []), ("session" = [])),
    params(
        ("contract" = String, Path, description = "id of the contract"),
        ("party" = String, Path, description = "id of the organisation whose account it is"),
        ("after" = Option<String>, Query, description = "the line that the page before ended with"),
    ),
    responses(
        (status = 200, description = "the earnings", body = EarningsView),
        problems::OfContract,
    ),
)]
pub(crate) async fn read_earnings(
    request: HttpRequest,
    path: web::Path<(String, String)>,
    query: Query<PageQuery>,
    api: web::Data<Api>,
) -> Result<HttpResponse, Problem> {
    let (contract, party) = path.into_inner();
    let (after, now) = (query.0.after, clock::now()?);
    let view =
        of_contract(&request, &api, contract, move |found| found.earnings(&party, after.as_deref(), PAGE_MAX, now))
            .await?;
    answer::json(&view, Keep::Personal, None)
}

/// Read a statement line by line: every amount with its arithmetic, its source and what stood there after it.
#[utoipa::path(
    get,
    operation_id = "readMovements",
    path = "/v1/agreements/{contract}/accounts/{party}/statements/{number}/movements",
    tag = "agreements",
    security((), ("document" = []), ("session" = [])),
    params(
        ("contract" = String, Path, description = "id of the contract"),
        ("party" = String, Path, description = "id of the organisation whose account it is"),
        ("number" = u64, Path, description = "number of the statement, from 1"),
        ("after" = Option<usize>, Query, description = "how many movements the pages before had"),
    ),
    responses(
        (status = 200, description = "the movements", body = MovementsView),
        problems::OfContract,
    ),
)]
pub(crate) async fn read_movements(
    request: HttpRequest,
    path: web::Path<(String, String, u64)>,
    query: Query<PlaceQuery>,
    api: web::Data<Api>,
) -> Result<HttpResponse, Problem> {
    let ((contract, party, number), after) = (path.into_inner(), query.0.after);
    let view = of_contract(&request, &api, contract, move |found| found.movements(&party, number, after, PAGE_MAX));
    answer::json(&view.await?, Keep::Personal, None)
}

/// Read the payouts to a party.
#[utoipa::path(
    get,
    operation_id = "readPayouts",
    path = "/v1/agreements/{contract}/accounts/{party}/payouts",
    tag = "agreements",
    security((), ("document" = []), ("session" = [])),
    params(
        ("contract" = String, Path, description = "id of the contract"),
        ("party" = String, Path, description = "id of the organisation whose account it is"),
    ),
    responses(
        (status = 200, description = "the payouts", body = PayoutsView),
        problems::OfContract,
    ),
)]
pub(crate) async fn read_payouts(
    request: HttpRequest,
    path: web::Path<(String, String)>,
    _: Query<Nothing>,
    api: web::Data<Api>,
) -> Result<HttpResponse, Problem> {
    let (contract, party) = path.into_inner();
    let payouts = of_contract(&request, &api, contract, move |found| found.payouts(&party)).await?;
    answer::json(&PayoutsView { payouts }, Keep::Personal, None)
}

/// Read the disputes of an agreement: the last one about every unit.
#[utoipa::path(
    get,
    operation_id = "readDisputes",
    path = "/v1/agreements/{contract}/disputes",
    tag = "agreements",
    security((), ("document" = []), ("session" = [])),
    params(
        ("contract" = String, Path, description = "id of the contract"),
        ("after" = Option<String>, Query, description = "the unit that the page before ended with"),
    ),
    responses(
        (status = 200, description = "the disputes", body = DisputesView),
        problems::OfContract,
    ),
)]
pub(crate) async fn read_disputes(
    request: HttpRequest,
    path: web::Path<String>,
    query: Query<PageQuery>,
    api: web::Data<Api>,
) -> Result<HttpResponse, Problem> {
    let after = query.0.after;
    let view = of_contract(&request, &api, path.into_inner(), move |found| found.disputes(after.as_deref())).await?;
    answer::json(&view, Keep::Personal, None)
}

/// Read the costs of an agreement's pool.
#[utoipa::path(
    get,
    operation_id = "readCosts",
    path = "/v1/agreements/{contract}/costs",
    tag = "agreements",
    security((), ("document" = []), ("session" = [])),
    params(
        ("contract" = String, Path, description = "id of the contract"),
        ("after" = Option<String>, Query, description = "the cost that the page before ended with"),
    ),
    responses(
        (status = 200, description = "the costs", body = CostsView),
        problems::OfContract,
    ),
)]
pub(crate) async fn read_costs(
    request: HttpRequest,
    path: web::Path<String>,
    query: Query<PageQuery>,
    api: web::Data<Api>,
) -> Result<HttpResponse, Problem> {
    let after = query.0.after;
    let view = of_contract(&request, &api, path.into_inner(), move |found| found.costs(after.as_deref())).await?;
    answer::json(&view, Keep::Personal, None)
}

/// Read what the parties of an agreement agreed on outside of its terms.
#[utoipa::path(
    get,
    operation_id = "readAdjustments",
    path = "/v1/agreements/{contract}/adjustments",
    tag = "agreements",
    security((), ("document" = []), ("session" = [])),
    params(
        ("contract" = String, Path, description = "id of the contract"),
        ("after" = Option<String>, Query, description = "the adjustment that the page before ended with"),
    ),
    responses(
        (status = 200, description = "the adjustments", body = AdjustmentsView),
        problems::OfContract,
    ),
)]
pub(crate) async fn read_adjustments(
    request: HttpRequest,
    path: web::Path<String>,
    query: Query<PageQuery>,
    api: web::Data<Api>,
) -> Result<HttpResponse, Problem> {
    let after = query.0.after;
    let view = of_contract(&request, &api, path.into_inner(), move |found| found.adjustments(after.as_deref())).await?;
    answer::json(&view, Keep::Personal, None)
}
