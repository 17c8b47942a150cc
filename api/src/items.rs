//! Items: what is proven of a code, and the proof itself.

use std::sync::Arc;

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, ContentDisposition, DispositionParam, DispositionType},
    web,
};
use hefu_contracts::{
    gs1::{Epc, Gtin},
    height::Height,
    proof::{MEDIA_TYPE, Proof},
    row,
};
use hefu_keys::Hash;
use serde::Deserialize;

use crate::{
    answer::{self, Keep, Tag},
    ledger::Ledger,
    openapi::{problems, shapes},
    problem::{Door, Problem},
    query::{Nothing, Query},
    reading::reading,
    server::Api,
    views::{self, AbsentView, ItemView, Lookup},
};

/// Parameters of a proof.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProofQuery {
    /// Present: the proof is offered as a file. It has no value.
    download: Option<Empty>,
    /// Height of a block that the client knows: the proof is to hold its header.
    since: Option<Height>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
enum Empty {
    #[serde(rename = "")]
    Empty,
}

/// The identifier of an item from the segments of a path. A GTIN may have 8, 12, 13 or 14 digits.
///
/// # Errors
/// `E-PATH` where the number or the serial number is malformed.
pub fn identifier(gtin: &str, serial: &str) -> Result<Epc, Problem> {
    let gtin: Gtin = gtin.parse().map_err(|bad| Problem::from(Door::Path).because(bad))?;
    Epc::item(&gtin, serial).map_err(|bad| Problem::from(Door::Path).because(bad))
}

/// The proof of an item's row, or of its absence, that may be shown to everybody.
///
/// # Errors
/// `E-NODE-UNREADY` before the first block, or a fault.
pub fn proof(ledger: &dyn Ledger, epc: &Epc) -> Result<Proof, Problem> {
    let proof = ledger.proof(&row::key_of_thing(epc))?;
    proof.ok_or_else(|| Problem::from(Door::NodeUnready).because("the chain has no block yet"))
}

/// What the proof of an item shows, checked against the ledger's own genesis as any reader would.
///
/// # Errors
/// As [`proof`]; `E-NODE-FAULT` where the node's own proof does not hold.
pub async fn lookup(ledger: &Arc<dyn Ledger>, chain: Hash, epc: Epc) -> Result<Lookup, Problem> {
    reading(ledger, move |ledger| {
        let proof = proof(ledger, &epc)?;
        views::item(&proof, &chain).map_err(|broken| {
            tracing::error!(
                error = &broken as &dyn std::error::Error,
                subject = proof.subject,
                "a proof does not hold"
            );
            Problem::from(Door::NodeFault)
        })
    })
    .await
}

/// What was proven of one code at one height never changes.
fn tag(chain: &Hash, height: Height) -> Tag {
    Tag::new(format!("{chain}-{height}"))
}

/// The answer to a client that has what is proven under the newest block.
fn unchanged(request: &HttpRequest, api: &Api) -> Option<HttpResponse> {
    let newest = *api.ledger.heights().borrow();
    tag(&api.chain, newest).unchanged(request, Keep::Asking)
}

/// Read what is proven of an item.
///
/// Everything in the answer follows from the proof beside it, and from nothing else.
#[utoipa::path(
    get,
    operation_id = "readItem",
    path = "/v1/items/{gtin}/{serial}",
    tag = "items",
    params(
        ("gtin" = String, Path, description = "GTIN of 8, 12, 13 or 14 digits"),
        ("serial" = String, Path, description = "serial number (AI 21)"),
    ),
    responses(
        (status = 200, description = "what is proven of the item", body = ItemView),
        (status = 304, description = "no block has been added since the copy that the client has"),
        problems::Malformed, problems::Coding, problems::Unknown, problems::Fault, problems::Unavailable,
    ),
)]
pub(crate) async fn read(
    request: HttpRequest,
    path: web::Path<(String, String)>,
    _: Query<Nothing>,
    api: web::Data<Api>,
) -> Result<HttpResponse, Problem> {
    let (gtin, serial) = path.into_inner();
    let epc = identifier(&gtin, &serial)?;
    if let Some(unchanged) = unchanged(&request, &api) {
        return Ok(unchanged);
    }
    match lookup(&api.ledger, api.chain, epc.clone()).await? {
        Lookup::Known(item) => answer::json(&*item, Keep::Asking, Some(&tag(&api.chain, item.as_of.height))),
        Lookup::Unknown(absent) => Err(unknown(&absent)),
    }
}

fn unknown(absent: &AbsentView) -> Problem {
    let AbsentView { as_of, code, .. } = absent;
    // The row spells the serial number as a path does.
    let serial = code.row.rsplit('/').next().unwrap_or_default();
    Problem::from(Door::ItemUnknown)
        .because(format!("there is no record of this code as of block {}", as_of.height))
        .proven_by(format!("/v1/items/{}/{serial}/proof", code.gtin))
}

/// Read the proof of an item, or of its absence.
///
/// `hefu verify` and any other program can check it offline; all that it needs to be told is which genesis to trust.
#[utoipa::path(
    get,
    operation_id = "readItemProof",
    path = "/v1/items/{gtin}/{serial}/proof",
    tag = "items",
    params(
        ("gtin" = String, Path, description = "GTIN of 8, 12, 13 or 14 digits"),
        ("serial" = String, Path, description = "serial number (AI 21)"),
        ("download" = Option<String>, Query, allow_reserved, description = "present, without a value: offered as a file"),
        ("since" = Option<u64>, Query, description = "height of a block that the client knows by its id: the proof \
            holds its header, from which the client sees that the proven block follows it"),
    ),
    responses(
        (status = 200, description = "the proof", body = shapes::ProofFile,
            content_type = "application/vnd.hefu.proof+json"),
        (status = 304, description = "no block has been added since the copy that the client has"),
        problems::Malformed, problems::Unknown, problems::Coding, problems::Fault, problems::Unavailable,
    ),
)]
pub(crate) async fn read_proof(
    request: HttpRequest,
    path: web::Path<(String, String)>,
    query: Query<ProofQuery>,
    api: web::Data<Api>,
) -> Result<HttpResponse, Problem> {
    let (gtin, serial) = path.into_inner();
    let epc = identifier(&gtin, &serial)?;
    if let Some(unchanged) = unchanged(&request, &api) {
        return Ok(unchanged);
    }
    let name = epc.path().to_owned();
    let since = query.0.since;
    let (text, height) = reading(&api.ledger, move |ledger| -> Result<_, Problem> {
        let mut proof = proof(ledger, &epc)?;
        if let Some(height) = since {
            let known = ledger.block(height)?;
            let known =
                known.ok_or_else(|| Problem::from(Door::NotFound).because(format!("there is no block {height}")))?;
            proof.since = Some(known.header);
        }
        Ok((proof.text()?, proof.header.height))
    })
    .await?;
    let mut response = answer::text(text, MEDIA_TYPE, Keep::Asking, Some(&tag(&api.chain, height)));
    if let Some(Empty::Empty) = query.0.download {
        let file = ContentDisposition {
            disposition: DispositionType::Attachment,
            parameters: vec![DispositionParam::Filename(file_name(&name, height))],
        };
        if let Ok(value) = header::TryIntoHeaderValue::try_into_value(file) {
            response.headers_mut().insert(header::CONTENT_DISPOSITION, value);
        }
    }
    Ok(response)
}

/// A name that every file system takes: `hefu-proof-01-09528880010021-21-7K3M-at-17.json`.
fn file_name(path: &str, height: Height) -> String {
    let plain: String = path.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    format!("hefu-proof-{plain}-at-{height}.json")
}
