//! The OpenAPI document (version 3.1), made from the handlers and views themselves.

pub mod problems;
pub mod shapes;

use actix_web::http::header;
use utoipa::{
    Modify, OpenApi,
    openapi::{
        self,
        security::{ApiKey, ApiKeyValue, SecurityScheme},
    },
};

use crate::{
    access::session, agreements, blocks, items, keys, node, problem::ProblemView, quotas, records, stream, trace, views,
};

/// The document.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Hefu",
        description = include_str!("openapi/about.md"),
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    paths(
        records::submit,
        records::read,
        records::read_annex,
        records::read_receipt,
        session::begin,
        session::read,
        session::end,
        keys::read,
        quotas::read,
        quotas::read_everybody,
        items::read,
        items::read_proof,
        trace::read,
        trace::read_impact,
        agreements::list,
        agreements::read,
        agreements::read_lines,
        agreements::read_account,
        agreements::read_earnings,
        agreements::read_movements,
        agreements::read_payouts,
        agreements::export,
        agreements::read_statement,
        agreements::read_disputes,
        agreements::read_costs,
        agreements::read_adjustments,
        blocks::read,
        stream::blocks::follow,
        stream::agreement::follow,
        node::status,
        node::genesis,
        node::alive,
        node::ready,
        node::version,
    ),
    modifiers(&Credentials),
    components(schemas(
        shapes::AccessDocument,
        shapes::Address,
        shapes::Annex,
        shapes::Certificate,
        shapes::Flag,
        shapes::Genesis,
        shapes::Gln,
        shapes::Grant,
        shapes::Gtin,
        shapes::Hash,
        shapes::Header,
        shapes::Height,
        shapes::Name,
        shapes::PartyKind,
        shapes::Precommit,
        shapes::ProductKind,
        shapes::ProofFile,
        shapes::Quota,
        shapes::Receipt,
        shapes::Record,
        shapes::Revoked,
        shapes::Role,
        shapes::Spent,
        shapes::StatementFile,
        shapes::Status,
        shapes::Submission,
        shapes::Time,
        shapes::Wait,
        ProblemView,
        records::ReceiptsView,
        session::SessionView,
        trace::ImpactView,
        trace::TraceView,
        views::AccountView,
        views::AgreementNewsView,
        views::AgreementView,
        views::AgreementsView,
        views::BlockLineView,
        views::BlockView,
        views::DisputesView,
        views::EarningsView,
        views::ItemView,
        views::KeyView,
        views::LinesView,
        views::PayoutsView,
        views::QuotaView,
        views::RecordView,
        views::StatusView,
    )),
    tags(
        (name = "records", description = "handing in and reading signed records"),
        (name = "items", description = "what is proven of one code"),
        (name = "traces", description = "what something came of, what came of it, and who has that"),
        (name = "agreements", description = "what was signed, and what everybody is owed"),
        (name = "blocks", description = "the chain"),
        (name = "keys", description = "who signs, and how much"),
        (name = "readers", description = "who reads what is not for everybody"),
        (name = "node", description = "the node itself"),
    ),
)]
struct Document;

/// How a reader shows who it is.
struct Credentials;

impl Modify for Credentials {
    fn modify(&self, document: &mut openapi::OpenApi) {
        let Some(components) = &mut document.components else { return };
        let described = "`Hefu`, and an access document in base64url: `hefu access` makes one";
        let header = ApiKeyValue::with_description(header::AUTHORIZATION.as_str(), described);
        let cookie = ApiKeyValue::with_description(session::SECURE, "set by `POST /v1/session`; `hefu` without TLS");
        components.add_security_scheme("document", SecurityScheme::ApiKey(ApiKey::Header(header)));
        components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    }
}

/// The document's text, indented, ending in a line feed.
///
/// # Errors
/// From the JSON writer.
pub fn text() -> Result<String, serde_json::Error> {
    let mut text = serde_json::to_string_pretty(&Document::openapi())?;
    text.push('\n');
    Ok(text)
}
