//! Talking to a node over HTTP.

mod raw;

use std::time::Duration;

use hefu_api::{
    ProblemView,
    views::{KeyView, QuotaView, StatusView},
};
use hefu_contracts::{
    agreements::bundle::BUNDLE_BYTES_MAX,
    proof::{self, PROOF_BYTES_MAX},
    receipt::{Receipt, Status},
    submission::SUBMISSION_BYTES_MAX,
};
use hefu_keys::{
    Address, Hash,
    secured::{self, Malformed},
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, value::RawValue};
use thiserror::Error;
use ureq::{Agent, Body, http::Response};

pub use raw::Raw;

/// Longest wait for an answer: a node that is asked to wait for a block answers after its own limit, which is shorter.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);

/// Longest wait for a connection.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// Largest answer that is read, other than a proof: a batch of receipts, or a record.
const ANSWER_BYTES_MAX: u64 = 4 << 20;

/// Records of one batch. A node accepts 1,000 and 8 MiB; with fewer, progress shows.
pub const BATCH_RECORDS: usize = 100;

/// Bytes of one batch: what a node accepts, less than one submission short of it.
const BATCH_BYTES: usize = (8 << 20) - SUBMISSION_BYTES_MAX;

/// A node's HTTP interface.
#[derive(Clone, Debug)]
pub struct Client {
    agent: Agent,
    node: String,
    /// Value of the `Authorization` header that says who reads.
    reader: Option<String>,
}

/// What a node answered to one submission.
#[derive(Clone, Debug)]
pub enum Answer {
    /// It took the record.
    Taken(Receipt),
    /// It did not.
    Not(Box<ProblemView>),
}

/// Why there is no answer, or not the one that was asked for.
#[derive(Debug, Error)]
pub enum ClientError {
    /// No connection, or it broke.
    #[error("{url} cannot be reached")]
    Unreachable {
        /// What was asked for.
        url: String,
        /// What happened.
        source: Box<ureq::Error>,
    },
    /// The node said why it does not answer.
    #[error("{}", sentence(.0))]
    Problem(Box<ProblemView>),
    /// An answer of something that is no node of this ledger.
    #[error("{url} answered with status {status} and no explanation")]
    Status {
        /// What was asked for.
        url: String,
        /// The HTTP status.
        status: u16,
    },
    /// An answer that is not what it should be.
    #[error("the answer of {url} cannot be read")]
    Answer {
        /// What was asked for.
        url: String,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// A receipt that the node has not signed, or of another node than it names.
    #[error("the receipt of {url} is not signed by the node that it names")]
    Receipt {
        /// What was asked for.
        url: String,
        /// What is wrong with its form, if so.
        source: Option<Malformed>,
    },
    /// The record is not for whoever asks.
    #[error("record {id} is for its parties and for auditors")]
    Private {
        /// The record.
        id: Hash,
    },
    /// Another record than the one of this id, or one that nobody has signed.
    #[error("what {url} answered is not the record of this id")]
    Record {
        /// What was asked for.
        url: String,
    },
    /// The connection broke while the answer came.
    #[error("{url} broke off in the middle of its answer")]
    Cut {
        /// What was asked for.
        url: String,
        /// What happened.
        source: Box<ureq::Error>,
    },
    /// The node answered to fewer records than it was given.
    #[error("{url} did not answer to every record")]
    Incomplete {
        /// What was asked for.
        url: String,
    },
}

/// A problem in one sentence: what was expected, what was found, where, and what stands in the way.
pub fn sentence(problem: &ProblemView) -> String {
    let mut text = format!("{}: {}", problem.code, problem.title);
    if let Some(detail) = &problem.detail {
        text.push_str(&format!(": {detail}"));
    }
    if let Some(pointer) = &problem.pointer {
        text.push_str(&format!(" (at {pointer})"));
    }
    if let Some(conflict) = &problem.conflict {
        text.push_str(&format!(" (see record {conflict})"));
    }
    text
}

impl Client {
    /// A client of the node at `url`, such as `http://127.0.0.1:8080`. Nothing is sent yet.
    pub fn new(url: &str) -> Client {
        Client { agent: agent(), node: url.trim_end_matches('/').to_owned(), reader: None }
    }

    /// As this client, with an `Authorization` header that says who reads, at the node that it was given and nowhere else.
    #[must_use]
    pub fn reading_as(mut self, header: String) -> Client {
        self.reader = Some(header);
        self
    }

    /// How the node is doing, and which chain it serves.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn status(&self) -> Result<StatusView, ClientError> {
        self.read("/v1/status")
    }

    /// A registered key; `None` where the node knows none of this address.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn key(&self, address: &Address) -> Result<Option<KeyView>, ClientError> {
        match self.read(&format!("/v1/keys/{address}")) {
            Ok(key) => Ok(Some(key)),
            Err(ClientError::Problem(problem)) if problem.code == "E-KEY-UNREGISTERED" => Ok(None),
            Err(other) => Err(other),
        }
    }

    /// What an organisation may record, or everybody, and what it has.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn quota(&self, party: Option<&str>) -> Result<QuotaView, ClientError> {
        self.read(&party.map_or_else(|| "/v1/quotas".to_owned(), |party| format!("/v1/quotas/{party}")))
    }

    /// What the node answers at an address of its own, such as `/v1/agreements`, as it stands.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn answer(&self, path: &str) -> Result<String, ClientError> {
        let answer: Box<RawValue> = self.read(path)?;
        Ok(answer.get().to_owned())
    }

    /// A statement bundle, which may be larger than any other answer.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn bundle(&self, path: &str) -> Result<String, ClientError> {
        let bundle: Box<RawValue> = self.read_up_to(BUNDLE_BYTES_MAX as u64, path)?;
        Ok(bundle.get().to_owned())
    }

    /// Whether the node has a record, in a block or waiting for one.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn has_record(&self, id: &Hash) -> Result<bool, ClientError> {
        match self.answer(&format!("/v1/records/{id}")) {
            Ok(_) => Ok(true),
            Err(ClientError::Problem(problem)) if problem.code == "E-RECORD-UNKNOWN" => Ok(false),
            Err(other) => Err(other),
        }
    }

    /// The signed text of a record that this client may read. That it is the one of this id, and is signed, is checked.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn record(&self, id: &Hash) -> Result<String, ClientError> {
        #[derive(Deserialize)]
        struct Found {
            record: Option<Box<RawValue>>,
        }
        let path = format!("/v1/records/{id}");
        let Found { record } = self.read(&path)?;
        let text = record.ok_or(ClientError::Private { id: *id })?.get().to_owned();
        let forged = || ClientError::Record { url: format!("{}{path}", self.node) };
        let secured = secured::read(&text).map_err(|_| forged())?;
        if secured.id() != *id || secured.verify().is_err() {
            return Err(forged());
        }
        Ok(text)
    }

    /// What became of a record, as the node signs for it.
    ///
    /// # Errors
    /// [`ClientError`]; of what it has never heard of or has forgotten, the node says that there is no such record.
    pub fn receipt(&self, id: &Hash) -> Result<Receipt, ClientError> {
        let path = format!("/v1/records/{id}/receipt");
        let found = receipt(&format!("{}{path}", self.node), &self.answer(&path)?)?;
        if found.id == *id { Ok(found) } else { Err(ClientError::Record { url: format!("{}{path}", self.node) }) }
    }

    /// The lists and private values of a record, as the node holds them.
    ///
    /// # Errors
    /// [`ClientError`]; a reader that the record does not name is told so.
    pub fn annex(&self, id: &Hash) -> Result<String, ClientError> {
        let annex: Box<RawValue> = self.read(&format!("/v1/records/{id}/annex"))?;
        Ok(annex.get().to_owned())
    }

    /// Hands one submission in; with `wait`, the answer comes when it stands in a block, or the node has waited long
    /// enough. The node's signature on the receipt is checked.
    ///
    /// # Errors
    /// [`ClientError`]; a record that was not taken is an answer, no error.
    pub fn submit(&self, submission: &str, wait: bool) -> Result<Answer, ClientError> {
        let url = self.submit_url(wait);
        match self.post(&url, "application/json", submission) {
            Ok(text) => Ok(Answer::Taken(receipt(&url, &text)?)),
            // A problem with an id is about the record, any other about the request.
            Err(ClientError::Problem(problem)) if is_of_record(&problem) => Ok(Answer::Not(problem)),
            Err(other) => Err(other),
        }
    }

    /// Hands many submissions in, in batches, in their order; one answer for each.
    ///
    /// # Errors
    /// [`ClientError`]; answers to earlier batches went to `answered` before.
    pub fn submit_all(
        &self,
        submissions: &[String],
        wait: bool,
        mut answered: impl FnMut(usize, Answer),
    ) -> Result<(), ClientError> {
        let url = self.submit_url(wait);
        let mut first = 0;
        while let Some(rest) = submissions.get(first..).filter(|rest| !rest.is_empty()) {
            let batch = rest.get(..batch_length(rest)).unwrap_or(rest);
            let text = self.post(&url, "application/jsonl", &batch.join("\n"))?;
            let mut lines = text.lines();
            for index in first..first.saturating_add(batch.len()) {
                let line = lines.next().ok_or_else(|| ClientError::Incomplete { url: url.clone() })?;
                answered(index, answer(&url, line)?);
            }
            first = first.saturating_add(batch.len());
        }
        Ok(())
    }

    /// Hands many submissions in at once, in one batch, all of them or none; one answer for each. With `wait`, it waits until
    /// they stand in a block, or the node has waited long enough.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn submit_together(&self, submissions: &[String], wait: bool) -> Result<Vec<Answer>, ClientError> {
        let wait = if wait { "final" } else { "pending" };
        let url = format!("{}/v1/records?wait={wait}&together=true", self.node);
        let text = self.post(&url, "application/jsonl", &submissions.join("\n"))?;
        let mut lines = text.lines();
        let mut answers = Vec::with_capacity(submissions.len());
        for _ in submissions {
            let line = lines.next().ok_or_else(|| ClientError::Incomplete { url: url.clone() })?;
            answers.push(answer(&url, line)?);
        }
        Ok(answers)
    }

    fn submit_url(&self, wait: bool) -> String {
        let query = if wait { "?wait=final" } else { "" };
        format!("{}/v1/records{query}", self.node)
    }

    /// A text that the node answers with at an address of its own.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn text(&self, path: &str) -> Result<String, ClientError> {
        let (url, bytes) = self.bytes(ANSWER_BYTES_MAX, path)?;
        utf8(&url, bytes)
    }

    fn read<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        self.read_up_to(ANSWER_BYTES_MAX, path)
    }

    fn read_up_to<T: DeserializeOwned>(&self, bytes_max: u64, path: &str) -> Result<T, ClientError> {
        let (url, bytes) = self.bytes(bytes_max, path)?;
        serde_json::from_slice(&bytes).map_err(|source| ClientError::Answer { url, source })
    }

    fn bytes(&self, bytes_max: u64, path: &str) -> Result<(String, Vec<u8>), ClientError> {
        let url = format!("{}{path}", self.node);
        let mut request = self.agent.get(&url);
        if let Some(reader) = &self.reader {
            request = request.header("authorization", reader);
        }
        let response = request.call().map_err(|source| unreachable(&url, source))?;
        let bytes = body(&url, response, bytes_max)?;
        Ok((url, bytes))
    }

    fn post(&self, url: &str, media_type: &str, text: &str) -> Result<String, ClientError> {
        let request = self.agent.post(url).header("content-type", media_type);
        let response = request.send(text).map_err(|source| unreachable(url, source))?;
        utf8(url, body(url, response, ANSWER_BYTES_MAX)?)
    }
}

fn utf8(url: &str, bytes: Vec<u8>) -> Result<String, ClientError> {
    let not_utf8 = |error| serde::de::Error::custom(error);
    String::from_utf8(bytes).map_err(|error| ClientError::Answer { url: url.to_owned(), source: not_utf8(error) })
}

/// The bytes of a proof, from wherever it is served.
///
/// # Errors
/// [`ClientError`].
pub fn proof(url: &str) -> Result<Vec<u8>, ClientError> {
    let request = agent().get(url).header("accept", proof::MEDIA_TYPE);
    let response = request.call().map_err(|source| unreachable(url, source))?;
    body(url, response, PROOF_BYTES_MAX as u64)
}

fn agent() -> Agent {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .timeout_connect(Some(CONNECT_WITHIN))
        .timeout_global(Some(ANSWER_WITHIN))
        .user_agent(concat!("hefu/", env!("CARGO_PKG_VERSION")));
    config.build().new_agent()
}

/// How many of the submissions go into one batch; at least one.
fn batch_length(submissions: &[String]) -> usize {
    let mut bytes = 0_usize;
    let fitting = submissions.iter().take(BATCH_RECORDS).take_while(|submission| {
        bytes = bytes.saturating_add(submission.len()).saturating_add(1);
        bytes <= BATCH_BYTES
    });
    fitting.count().max(1)
}

fn unreachable(url: &str, source: ureq::Error) -> ClientError {
    ClientError::Unreachable { url: url.to_owned(), source: Box::new(source) }
}

/// The body of an answer that is what was asked for; otherwise what the node says is the problem.
fn body(url: &str, mut response: Response<Body>, bytes_max: u64) -> Result<Vec<u8>, ClientError> {
    let status = response.status();
    let bytes = response.body_mut().with_config().limit(bytes_max).read_to_vec();
    let bytes = bytes.map_err(|source| ClientError::Cut { url: url.to_owned(), source: Box::new(source) })?;
    if status.is_success() {
        return Ok(bytes);
    }
    match serde_json::from_slice(&bytes) {
        Ok(problem) => Err(ClientError::Problem(problem)),
        Err(_) => Err(ClientError::Status { url: url.to_owned(), status: status.as_u16() }),
    }
}

fn is_of_record(problem: &ProblemView) -> bool {
    problem.id.is_some() || hefu_contracts::refusal::Code::ALL.iter().any(|code| code.name() == problem.code)
}

/// A line of the answer to a batch.
fn answer(url: &str, line: &str) -> Result<Answer, ClientError> {
    let broken = |source| ClientError::Answer { url: url.to_owned(), source };
    let value: Value = serde_json::from_str(line).map_err(broken)?;
    // Each has a `type`; a receipt's is a word, a problem's a URI.
    if value.get("type").is_some_and(|kind| kind == "receipt") {
        return Ok(Answer::Taken(serde_json::from_value(value).map_err(broken)?));
    }
    Ok(Answer::Not(serde_json::from_str(line).map_err(broken)?))
}

/// A receipt, secured by the node that it names.
fn receipt(url: &str, text: &str) -> Result<Receipt, ClientError> {
    let broken = |source| ClientError::Answer { url: url.to_owned(), source };
    let forged = |source| ClientError::Receipt { url: url.to_owned(), source };
    let secured = secured::read(text).map_err(|malformed| forged(Some(malformed)))?;
    secured.verify().map_err(|_| forged(None))?;
    let mut value: Value = serde_json::from_str(text).map_err(broken)?;
    if let Value::Object(members) = &mut value {
        members.remove("@context");
        members.remove("proof");
    }
    let receipt: Receipt = serde_json::from_value(value).map_err(broken)?;
    let signers = secured.proofs().iter().map(|proof| proof.signer());
    if signers.eq([receipt.node]) { Ok(receipt) } else { Err(forged(None)) }
}

/// What became of a record, in one sentence.
pub fn outcome(receipt: &Receipt) -> String {
    match (receipt.status, receipt.height) {
        (Status::Final, Some(height)) => format!("record {} is final in block {height}", receipt.id),
        (Status::Final, None) => format!("record {} is final", receipt.id),
        (Status::Pending, _) => format!("record {} waits for a block", receipt.id),
        (Status::Refused, _) => {
            let why = receipt.code.map(|code| format!(": {code}, {}", code.sentence())).unwrap_or_default();
            let conflict = receipt.conflict.map(|id| format!(" (record {id} is in the way)")).unwrap_or_default();
            format!("record {} was refused{why}{conflict}", receipt.id)
        }
        (Status::Expired, _) => format!("record {} has expired", receipt.id),
    }
}

#[cfg(test)]
mod tests;
