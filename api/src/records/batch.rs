//! Many records handed in at once: one signature over the answers to all of them.

use actix_web::{HttpResponse, http::header};
use hefu_contracts::{
    refusal::{Code, Refusal},
    submission::SUBMISSION_BYTES_MAX,
    time::Time,
};
use hefu_keys::{Address, Hash, canonical, merkle};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{hand_in, receipt};
use crate::{
    clock,
    ledger::{Outcome, Wait},
    openapi::shapes,
    problem::{Door, Problem},
    server::Api,
};

/// Most lines of one batch.
pub const BATCH_LINES_MAX: usize = 1_000;

/// Largest batch in bytes.
pub const BATCH_BYTES_MAX: usize = 8 << 20;

/// Media type of a batch and of its answer (jsonlines.org).
pub(super) const MEDIA_TYPE: &str = "application/jsonl";

/// The last line of the answer to a batch, before it is signed. The leaves of the tree are the lines before it, without
/// their line feeds: `SHA-256(0x00 ‖ line)`, in the shape of RFC 6962. So each receipt and each refusal is signed, and
/// whoever wants one signed by itself hands in that record again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReceiptsView {
    /// The chain.
    #[schema(value_type = shapes::Hash)]
    pub chain: Hash,
    /// Number of lines before this one.
    pub count: usize,
    /// The node that says so.
    #[schema(value_type = shapes::Address)]
    pub node: Address,
    /// Merkle root of the lines before this one.
    #[schema(value_type = shapes::Hash)]
    pub root: Hash,
    /// When the node said so.
    #[schema(value_type = shapes::Time)]
    pub time: Time,
    /// Always `receipts`.
    #[serde(rename = "type")]
    pub kind: ReceiptsKind,
}

/// The word `receipts`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ReceiptsKind {
    /// The only kind.
    #[default]
    Receipts,
}

pub(super) async fn answer(api: &Api, body: &[u8], wait: (Wait, bool)) -> Result<HttpResponse, Problem> {
    let lines = split(body)?;
    let fitting = lines.iter().filter(|line| line.len() <= SUBMISSION_BYTES_MAX);
    let submissions: Vec<Vec<u8>> = fitting.map(|line| line.to_vec()).collect();
    let mut outcomes = hand_in(api, submissions, wait).await?.into_iter();

    let mut answers = Vec::with_capacity(lines.len());
    for line in &lines {
        let outcome = if line.len() > SUBMISSION_BYTES_MAX { Some(too_large(line.len())) } else { outcomes.next() };
        answers.push(text(outcome)?);
    }
    let leaves: Vec<Hash> = answers.iter().map(|answer| merkle::leaf(answer.as_bytes())).collect();
    let summary = ReceiptsView {
        chain: api.chain,
        count: answers.len(),
        node: receipt::node(api).await?,
        root: merkle::root(&leaves),
        time: clock::now()?,
        kind: ReceiptsKind::Receipts,
    };
    answers.push(receipt::sign(api, &summary).await?);
    answers.push(String::new());
    let mut response = HttpResponse::Ok();
    response.content_type(MEDIA_TYPE).insert_header((header::CACHE_CONTROL, "no-store"));
    Ok(response.body(answers.join("\n")))
}

/// The lines of a body; the last may end in a line feed or not.
fn split(body: &[u8]) -> Result<Vec<&[u8]>, Problem> {
    let body = body.strip_suffix(b"\n").unwrap_or(body);
    if body.is_empty() {
        return Err(Door::BatchEmpty.into());
    }
    let lines: Vec<&[u8]> = body.split(|byte| *byte == b'\n').take(BATCH_LINES_MAX.saturating_add(1)).collect();
    if lines.len() > BATCH_LINES_MAX {
        let detail = format!("at most {BATCH_LINES_MAX} lines are accepted");
        return Err(Problem::from(Door::BatchLines).because(detail));
    }
    Ok(lines.into_iter().map(|line| line.strip_suffix(b"\r").unwrap_or(line)).collect())
}

fn too_large(bytes: usize) -> Outcome {
    let detail = format!("submission has {bytes} bytes, at most {SUBMISSION_BYTES_MAX} are accepted");
    Outcome::Not { id: None, refusal: Refusal::new(Code::AnnexSize).because(detail) }
}

/// The canonical text of a receipt or problem.
fn text(outcome: Option<Outcome>) -> Result<String, Problem> {
    match outcome {
        Some(Outcome::Taken(receipt) | Outcome::Known(receipt)) => Ok(canonical::to_string(&receipt)?),
        Some(Outcome::Not { id, refusal }) => Ok(canonical::to_string(Problem::refused(refusal, id).view())?),
        None => {
            tracing::error!("the ledger gave fewer outcomes than there were submissions");
            Err(Door::NodeFault.into())
        }
    }
}
