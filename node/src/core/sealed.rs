//! Records as they travel and wait: verified once, with the bytes that a block holds.

use bytes::Bytes;
use hefu_contracts::{
    refusal::Refusal,
    submission::{Submission, Unverified},
};
use hefu_keys::{Address, Hash};

use super::{processors::spread, signers};

/// A verified record with the text that a block holds of it.
///
/// Whoever has verified it once recognises it by the hash of that text, which unlike the record's seal covers the annex
/// too: the same bytes need neither be read nor verified again.
#[derive(Debug)]
pub struct Sealed {
    submission: Submission,
    author: Address,
    text: Bytes,
    digest: Hash,
    bytes: usize,
}

/// A submission that is not a record, or not by whom it says.
#[derive(Clone, Debug)]
pub struct Rejected {
    /// The record's id, where it could be read.
    pub id: Option<Hash>,
    /// The record's seal, where all that is wrong is a signature.
    pub seal: Option<Hash>,
    /// What is wrong.
    pub refusal: Refusal,
}

impl Sealed {
    /// Reads a submission as it was handed in, and verifies it. This is where the time goes: 22 µs for a signature.
    ///
    /// # Errors
    /// [`Rejected`].
    pub fn read(bytes: Vec<u8>) -> Result<Sealed, Box<Rejected>> {
        let unknown = |refusal| Box::new(Rejected { id: None, seal: None, refusal });
        let unverified = Unverified::read(&bytes).map_err(unknown)?;
        let (id, seal) = (unverified.record().id, unverified.record().seal);
        let author = *unverified.record().author().map_err(unknown)?;
        let submission = unverified
            .verify_by(signers::key)
            .map_err(|refusal| Box::new(Rejected { id: Some(id), seal: Some(seal), refusal }))?;
        let size = bytes.len();
        // Canonical bytes are the only spelling, so what was handed in is what a block holds, unless it has values.
        let text = if submission.annex().values.is_empty() { bytes } else { submission.block_text().into_bytes() };
        debug_assert_eq!(text, submission.block_text().into_bytes());
        let digest = Hash::of(&text);
        Ok(Sealed { submission, author, text: Bytes::from(text), digest, bytes: size })
    }

    /// The record and its annex.
    pub fn submission(&self) -> &Submission {
        &self.submission
    }

    /// The record's id.
    pub fn id(&self) -> Hash {
        self.submission.id()
    }

    /// The key whose sequence number it spends.
    pub fn author(&self) -> &Address {
        &self.author
    }

    /// What a block holds of it.
    pub fn text(&self) -> &Bytes {
        &self.text
    }

    /// The record with its whole annex, as it was handed in and as nodes pass it on.
    pub fn whole_text(&self) -> Bytes {
        match self.submission.annex().values.is_empty() {
            true => self.text.clone(),
            false => Bytes::from(self.submission.text()),
        }
    }

    /// SHA-256 of [`Sealed::text`].
    pub fn digest(&self) -> Hash {
        self.digest
    }

    /// Bytes as handed in.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The record and its annex alone.
    pub fn into_submission(self) -> Submission {
        self.submission
    }
}

/// Reads and verifies many, spread over the processors; answers in the order given.
pub fn read_all(submissions: Vec<Vec<u8>>) -> Vec<Result<Sealed, Box<Rejected>>> {
    spread(submissions, SIGNATURES, Sealed::read)
}

/// Fewer records than this are not worth another thread: it costs as much as two signatures.
pub(crate) const SIGNATURES: usize = 8;
