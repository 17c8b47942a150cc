//! Signing what the node says.

use hefu_contracts::{
    receipt::{Receipt, ReceiptKind, Status},
    refusal::{Class, Refusal},
};
use hefu_keys::{Hash, secured};
use serde::Serialize;
use serde_json::Value;

use crate::{clock::now, problem::Problem, reading::reading, server::Api};

/// A document of the node's, with the context of its proof, signed; canonical text.
pub(super) async fn sign<T: Serialize>(api: &Api, document: &T) -> Result<String, Problem> {
    let mut document = serde_json::to_value(document)?;
    if let Value::Object(members) = &mut document {
        members.insert("@context".to_owned(), Value::from(secured::CONTEXT));
    }
    reading(&api.ledger, move |ledger| ledger.sign(&document)).await
}

/// What is said of a record that a rule spoke against. Malformed and rejected ones get no receipt: the node does not
/// sign for whatever bytes it is sent.
pub(super) async fn of_refused(api: &Api, id: Hash, refusal: &Refusal) -> Result<Option<Receipt>, Problem> {
    if refusal.code.class() != Class::Refused {
        return Ok(None);
    }
    // It may have waited, and then expired or lost a race: the ledger remembers which.
    let known = reading(&api.ledger, move |ledger| ledger.receipt(&id)).await?;
    if let Some(known) = known.filter(|known| known.code == Some(refusal.code)) {
        return Ok(Some(known));
    }
    let node = node(api).await?;
    Ok(Some(Receipt {
        chain: api.chain,
        code: Some(refusal.code),
        conflict: refusal.conflict,
        height: None,
        id,
        index: None,
        node,
        status: Status::Refused,
        time: now()?,
        kind: ReceiptKind::Receipt,
    }))
}

/// The node's own address.
pub(super) async fn node(api: &Api) -> Result<hefu_keys::Address, Problem> {
    Ok(reading(&api.ledger, |ledger| ledger.status()).await?.node)
}
