//! The OpenAPI document (version 3.1), made from the handlers and views themselves.

pub mod problems;
pub mod shapes;

use utoipa::OpenApi;

use crate::{blocks, items, keys, node, problem::ProblemView, records, stream, views};

/// The document.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Hefu",
        description = "A ledger of signed records. What is read here can be checked without trusting whoever serves it: \
            records bear their signatures, and every item has a proof that leads to a header which the validators have \
            certified.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    paths(
        records::submit,
        records::read,
        keys::read,
        items::read,
        items::read_proof,
        blocks::read,
        stream::blocks,
        node::status,
        node::genesis,
        node::alive,
        node::ready,
        node::version,
    ),
    components(schemas(
        shapes::Address,
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
        shapes::Receipt,
        shapes::Record,
        shapes::Revoked,
        shapes::Role,
        shapes::Status,
        shapes::Submission,
        shapes::Time,
        shapes::Wait,
        ProblemView,
        records::ReceiptsView,
        views::BlockLineView,
        views::BlockView,
        views::ItemView,
        views::KeyView,
        views::RecordView,
        views::StatusView,
    )),
    tags(
        (name = "records", description = "handing in and reading signed records"),
        (name = "items", description = "what is proven of one code"),
        (name = "blocks", description = "the chain"),
        (name = "keys", description = "who signs"),
        (name = "node", description = "the node itself"),
    ),
)]
struct Document;

/// The document's text, indented, ending in a line feed.
///
/// # Errors
/// From the JSON writer.
pub fn text() -> Result<String, serde_json::Error> {
    let mut text = serde_json::to_string_pretty(&Document::openapi())?;
    text.push('\n');
    Ok(text)
}
