//! One record handed in by itself: its answer is signed by itself.

use actix_web::{HttpResponse, http::header};
use hefu_contracts::{
    receipt::{Receipt, Status},
    refusal::Refusal,
};
use hefu_keys::Hash;
use serde_json::value::RawValue;

use super::{hand_in, receipt};
use crate::{
    ledger::{Outcome, Wait},
    problem::{Door, Problem},
    server::Api,
};

pub(super) async fn answer(api: &Api, submission: Vec<u8>, wait: Wait) -> Result<HttpResponse, Problem> {
    let mut outcomes = hand_in(api, vec![submission], (wait, false)).await?.into_iter();
    match outcomes.next() {
        Some(Outcome::Taken(receipt)) if receipt.status == Status::Pending => {
            told(api, HttpResponse::Accepted(), &receipt).await
        }
        Some(Outcome::Taken(receipt) | Outcome::Known(receipt)) => told(api, HttpResponse::Ok(), &receipt).await,
        Some(Outcome::Not { id, refusal }) => Err(not_taken(api, id, refusal).await?),
        None => {
            tracing::error!("the ledger gave no outcome for a submission");
            Err(Door::NodeFault.into())
        }
    }
}

/// An answer with a receipt, signed.
pub(super) async fn told(
    api: &Api,
    mut response: actix_web::HttpResponseBuilder,
    receipt: &Receipt,
) -> Result<HttpResponse, Problem> {
    let text = receipt::sign(api, receipt).await?;
    response.content_type("application/json");
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    response.insert_header((header::LOCATION, format!("/v1/records/{}", receipt.id)));
    Ok(response.body(text))
}

async fn not_taken(api: &Api, id: Option<Hash>, refusal: Refusal) -> Result<Problem, Problem> {
    let receipt = match id {
        Some(id) => receipt::of_refused(api, id, &refusal).await?,
        None => None,
    };
    let problem = Problem::refused(refusal, id);
    match receipt {
        Some(receipt) => Ok(problem.with_receipt(RawValue::from_string(receipt::sign(api, &receipt).await?)?)),
        None => Ok(problem),
    }
}
