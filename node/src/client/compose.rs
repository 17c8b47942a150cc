//! From what a record is to say to the submission that is handed in.

use std::{
    collections::BTreeMap,
    time::{SystemTime, UNIX_EPOCH},
};

use hefu_contracts::{
    action::Action,
    annex::{Annex, ListAnnex, Part},
    record::{Visibility, draft::Draft},
    time::{Millis, Time},
};
use hefu_keys::{
    Hash, SecretKey, canonical,
    parts::{self, Salt},
    secured,
};
use serde_json::Value;
use thiserror::Error;

/// How long a record waits to be included before it is void, unless its author says otherwise: 7 days bridge a weekend
/// without a network, and rules accept at most 30.
pub const EXPIRES_AFTER: Millis = Millis(7 * 24 * 60 * 60 * 1_000);

/// What a record says and what travels beside it.
#[derive(Clone, Debug)]
pub struct Content {
    /// What it does.
    pub action: Action,
    /// With which values.
    pub body: Value,
    /// Commitments to what is in the annex.
    pub parts: BTreeMap<String, Part>,
    /// What the record only commits to.
    pub annex: Annex,
}

/// What every record has beside its content.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The chain it is made for.
    pub chain: Hash,
    /// When its author says to have made it.
    pub claimed_at: Time,
    /// After this moment it is refused.
    pub expires: Time,
    /// 16 random bytes.
    pub nonce: [u8; 16],
    /// Sequence number of the author's key.
    pub seq: u64,
    /// Who may read it.
    pub visibility: Visibility,
}

/// Content that could not be signed.
#[derive(Debug, Error)]
pub enum Uncomposed {
    /// The record cannot be signed.
    #[error("the record cannot be signed")]
    Record(#[from] secured::Unsignable),
    /// The JSON writer failed.
    #[error("the record cannot be written")]
    Write(#[from] serde_json::Error),
}

/// No frame could be made.
#[derive(Clone, Copy, Debug, Error)]
pub enum NoFrame {
    /// The clock cannot be right.
    #[error("this machine's clock stands before 1970 or after 9999")]
    Clock,
    /// No nonce.
    #[error("the operating system gave no random bytes")]
    Randomness,
}

/// What this machine's clock says.
///
/// # Errors
/// [`NoFrame::Clock`].
pub fn now() -> Result<Time, NoFrame> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).ok();
    let millis = since.and_then(|since| i64::try_from(since.as_millis()).ok());
    millis.and_then(Time::from_millis).ok_or(NoFrame::Clock)
}

impl Frame {
    /// The frame of a public record that is made now.
    ///
    /// # Errors
    /// [`NoFrame`].
    pub fn new(chain: Hash, seq: u64) -> Result<Frame, NoFrame> {
        let mut nonce = [0; 16];
        getrandom::fill(&mut nonce).map_err(|_| NoFrame::Randomness)?;
        let claimed_at = now()?;
        let expires = claimed_at.plus(EXPIRES_AFTER);
        Ok(Frame { chain, claimed_at, expires, nonce, seq, visibility: Visibility::Public })
    }
}

impl Content {
    /// Content without detached parts.
    pub fn plain(action: Action, body: Value) -> Content {
        Content { action, body, parts: BTreeMap::new(), annex: Annex::default() }
    }

    /// Adds a list, sorted, that the record only commits to.
    ///
    /// # Errors
    /// [`parts::BadList`] where elements are out of order.
    pub fn detach(&mut self, pointer: &str, elements: Vec<String>, salt: Salt) -> Result<(), parts::BadList> {
        let part = parts::list(&salt, &elements)?;
        self.parts.insert(pointer.to_owned(), Part::List { count: part.count, root: part.root });
        self.annex.lists.insert(pointer.to_owned(), ListAnnex { elements, salt });
        Ok(())
    }

    /// The record to be signed. It is for its parties alone where its action or its frame says so.
    pub fn draft(&self, frame: &Frame) -> Draft {
        let visibility = match self.action.visibility() {
            Visibility::Parties => Visibility::Parties,
            Visibility::Public => frame.visibility,
        };
        Draft {
            action: self.action,
            body: self.body.clone(),
            causes: Vec::new(),
            chain: frame.chain,
            claimed_at: Some(frame.claimed_at),
            drill: false,
            expires: frame.expires,
            nonce: frame.nonce,
            parts: self.parts.clone(),
            seq: frame.seq,
            visibility,
        }
    }
}

/// Signs with every key, the author's first, and adds the annex: the canonical text that a node takes.
///
/// # Errors
/// [`Uncomposed`].
pub fn submission(content: &Content, frame: &Frame, keys: &[&SecretKey]) -> Result<String, Uncomposed> {
    let record = content.draft(frame).sign(keys)?;
    wrap(&record, &content.annex)
}

/// A signed record and its annex as one text.
fn wrap(record: &str, annex: &Annex) -> Result<String, Uncomposed> {
    // Through a value, whose writer sorts the names as RFC 8785 does.
    let annex = canonical::to_string(&serde_json::to_value(annex)?)?;
    let annex = if annex == "{}" { String::new() } else { format!("\"annex\":{annex},") };
    Ok(format!("{{{annex}\"record\":{record}}}"))
}
