//! Records: signed documents that say what somebody did.

pub mod draft;

use std::{collections::BTreeMap, ops::Deref};

use hefu_keys::{
    Address, BadAddress, BadKey, Hash, PublicKey, canonical,
    secured::{self, Claims, Secured},
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{
    action::Action,
    agreements::Act,
    annex::Part,
    catalogue::{BomPut, ProductPut},
    codes::CodesIssue,
    exact,
    height::JSON_INTEGER_MAX,
    parties::{AuthorityGrant, AuthorityRevoke, KeyGrant, KeyRevoke, PartyAdd, QuotaSet, SitePut},
    provenance::{Capture, RecallLift, RecallOpen},
    refusal::{Code, Refusal},
    row::key_of_key_text,
    time::Time,
    validators::Evidence,
};

/// Largest record in bytes.
pub const RECORD_BYTES_MAX: usize = 64 << 10;

/// Most signers of one record.
pub const SIGNERS_MAX: usize = 16;

/// Most causes of one record.
pub const CAUSES_MAX: usize = 64;

/// Who may read a record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Visibility {
    /// Everybody who presents its id or a code it names.
    #[default]
    Public,
    /// The organisations named, their counterparties and auditors.
    Parties,
}

impl Visibility {
    /// Whether everybody may read it, which is never written.
    pub const fn is_public(&self) -> bool {
        matches!(self, Visibility::Public)
    }

    /// Whether everybody may read the record of this canonical text; any other visibility is written in it.
    pub fn is_public_in(text: &str) -> bool {
        canonical::member(text, "visibility").is_none()
    }
}

/// What a record says, by its action.
#[derive(Clone, Debug)]
pub enum Body {
    /// `party.add`
    PartyAdd(PartyAdd),
    /// `site.put`
    SitePut(SitePut),
    /// `key.grant`
    KeyGrant(KeyGrant),
    /// `key.revoke`
    KeyRevoke(KeyRevoke),
    /// `authority.grant`
    AuthorityGrant(AuthorityGrant),
    /// `authority.revoke`
    AuthorityRevoke(AuthorityRevoke),
    /// `product.put`
    ProductPut(ProductPut),
    /// `codes.issue`
    CodesIssue(CodesIssue),
    /// `event.capture`
    EventCapture(Box<Capture>),
    /// `feed.put`, `agreement.sign` and everything under an agreement.
    Agreement(Box<Act>),
    /// `recall.open`
    RecallOpen(RecallOpen),
    /// `recall.lift`
    RecallLift(RecallLift),
    /// `bom.put`
    BomPut(BomPut),
    /// `quota.set`
    QuotaSet(QuotaSet),
    /// `system.evidence`
    Evidence(Box<Evidence>),
}

/// A record whose form has been checked, but not its signatures.
#[derive(Clone, Debug)]
pub struct Record {
    /// The canonical document, proof included.
    pub text: String,
    /// SHA-256 of the document without its proof.
    pub id: Hash,
    /// SHA-256 of the whole document.
    pub seal: Hash,
    /// What it does.
    pub action: Action,
    /// With which values.
    pub body: Body,
    /// Records that this one answers.
    pub causes: Vec<Hash>,
    /// The chain it was made for.
    pub chain: Hash,
    /// The author's time, shown and never trusted.
    pub claimed_at: Option<Time>,
    /// Whether it is an exercise, which never counts.
    pub drill: bool,
    /// After this moment it is refused.
    pub expires: Time,
    /// Commitments to what travels in the annex, by JSON Pointer.
    pub parts: BTreeMap<String, Part>,
    /// Sequence number of the author's key.
    pub seq: u64,
    /// Who must have signed; the first is the author.
    pub signers: Vec<Address>,
    /// Rows of their keys, which take a hash to spell.
    pub signer_rows: Vec<String>,
    /// Who may read it.
    pub visibility: Visibility,
    /// What is still to be checked of it.
    claims: Claims,
}

/// A record whose every signature has been checked. Holding one is the proof.
#[derive(Clone, Debug)]
pub struct Verified(Record);

impl Deref for Verified {
    type Target = Record;

    fn deref(&self) -> &Record {
        &self.0
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Wire<'a> {
    #[serde(rename = "@context")]
    context: &'a str,
    action: Action,
    #[serde(borrow)]
    body: &'a RawValue,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    causes: Vec<Hash>,
    chain: Hash,
    #[serde(skip_serializing_if = "Option::is_none")]
    claimed_at: Option<Time>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    drill: bool,
    expires: Time,
    nonce: &'a str,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", serialize_with = "exact::in_order")]
    parts: BTreeMap<String, Part>,
    #[serde(borrow)]
    proof: &'a RawValue,
    seq: u64,
    #[serde(borrow)]
    signers: Vec<&'a str>,
    #[serde(default, skip_serializing_if = "Visibility::is_public")]
    visibility: Visibility,
}

fn shape(pointer: &str, detail: impl Into<String>) -> Refusal {
    Refusal::new(Code::RecordShape).at(pointer).because(detail)
}

/// Among the fields around a body, the action has a code of its own: another version of the program may know more.
fn frame(refusal: Refusal) -> Refusal {
    match (refusal.code, refusal.pointer.as_str()) {
        (Code::RecordShape, "/action") => Refusal { code: Code::ActionUnknown, ..refusal },
        _ => refusal,
    }
}

fn bounded(text: &str) -> Result<(), Refusal> {
    if text.len() <= RECORD_BYTES_MAX {
        return Ok(());
    }
    let detail = format!("record has {} bytes, at most {RECORD_BYTES_MAX} are accepted", text.len());
    Err(Refusal::new(Code::RecordSize).because(detail))
}

impl Record {
    /// Reads a record from its canonical bytes.
    ///
    /// # Errors
    /// A [`Refusal`] of class malformed or rejected: size, JSON, proof form, unknown or missing fields.
    pub fn read(text: &str) -> Result<Record, Refusal> {
        bounded(text)?;
        Record::decode(&secured::read(text)?)
    }

    /// As [`Record::read`], of a text that stands in a longer one that is known to be canonical.
    pub(crate) fn read_checked(text: &str) -> Result<Record, Refusal> {
        bounded(text)?;
        Record::decode(&secured::read_checked(text)?)
    }

    fn decode(secured: &Secured<'_>) -> Result<Record, Refusal> {
        let wire: Wire<'_> = exact::read_canonical(secured.text()).map_err(|inexact| frame(inexact.refuse("")))?;
        let signers = wire.check(secured)?;
        let body = Body::read(wire.action, wire.body.get())?;
        Ok(Record {
            text: secured.text().to_owned(),
            id: secured.id(),
            seal: secured.seal(),
            action: wire.action,
            body,
            causes: wire.causes,
            chain: wire.chain,
            claimed_at: wire.claimed_at,
            drill: wire.drill,
            expires: wire.expires,
            parts: wire.parts,
            seq: wire.seq,
            signers,
            signer_rows: wire.signers.iter().map(|text| key_of_key_text(text)).collect(),
            visibility: wire.visibility,
            claims: secured.claims(),
        })
    }

    /// Checks every signature.
    ///
    /// # Errors
    /// `E-SIGNATURE`, naming the proof that does not match.
    pub fn verify(self) -> Result<Verified, Refusal> {
        self.verify_by(PublicKey::registered)
    }

    /// As [`Record::verify`], with keys that are kept; see [`Claims::verify_by`].
    ///
    /// # Errors
    /// As [`Record::verify`].
    pub fn verify_by(self, key: impl Fn(&Address) -> Result<PublicKey, BadKey>) -> Result<Verified, Refusal> {
        let held = self.claims.verify_by(key);
        held.map_err(|bad| Refusal::new(Code::Signature).at("/proof").because(bad.to_string()))?;
        Ok(Verified(self))
    }

    /// The key whose sequence number and quota the record spends.
    ///
    /// # Errors
    /// `E-RECORD-SHAPE` where there is no signer, which [`Record::read`] never lets through.
    pub fn author(&self) -> Result<&Address, Refusal> {
        self.signers.first().ok_or_else(|| shape("/signers", "no signer"))
    }
}

impl Wire<'_> {
    /// The signers, once everything that can be said of the frame alone has been checked.
    fn check(&self, secured: &Secured<'_>) -> Result<Vec<Address>, Refusal> {
        if self.context != secured::CONTEXT {
            return Err(shape("/@context", format!("must be {:?}", secured::CONTEXT)));
        }
        if !is_nonce(self.nonce) {
            return Err(shape("/nonce", "must be 16 bytes in base64url, 22 characters"));
        }
        if self.seq == 0 || self.seq > JSON_INTEGER_MAX {
            return Err(shape("/seq", format!("is {}, must be 1 to {JSON_INTEGER_MAX}", self.seq)));
        }
        if self.causes.len() > CAUSES_MAX {
            return Err(shape("/causes", format!("has {} ids, at most {CAUSES_MAX} are accepted", self.causes.len())));
        }
        let signers = self.signers()?;
        if !secured.proofs().iter().map(|proof| proof.signer()).eq(signers.iter().copied()) {
            let detail = "the proofs must be by the signers, in their order";
            return Err(Refusal::new(Code::RecordProof).at("/proof").because(detail));
        }
        Ok(signers)
    }

    /// 1 to 16 distinct signers; the author first, the rest sorted by their text.
    fn signers(&self) -> Result<Vec<Address>, Refusal> {
        let count = self.signers.len();
        if count == 0 || count > SIGNERS_MAX {
            return Err(shape("/signers", format!("has {count} signers, 1 to {SIGNERS_MAX} are accepted")));
        }
        // An address has one text, so texts compare as addresses do, and they are sorted as texts.
        let (author, rest) = self.signers.split_first().ok_or_else(|| shape("/signers", "no signer"))?;
        let sorted = rest.iter().zip(rest.iter().skip(1)).all(|(a, b)| a < b);
        if !sorted || rest.contains(author) {
            return Err(shape("/signers", "signers after the author must be distinct and sorted by text"));
        }
        let parse = |(at, text): (usize, &&str)| {
            text.parse().map_err(|bad: BadAddress| shape(&format!("/signers/{at}"), bad.to_string()))
        };
        self.signers.iter().enumerate().map(parse).collect()
    }
}

fn is_nonce(text: &str) -> bool {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    matches!(URL_SAFE_NO_PAD.decode(text), Ok(bytes) if bytes.len() == 16)
}

impl Body {
    /// The event, where the record captures one.
    pub fn capture(&self) -> Option<&Capture> {
        match self {
            Body::EventCapture(capture) => Some(capture),
            Body::PartyAdd(_)
            | Body::SitePut(_)
            | Body::KeyGrant(_)
            | Body::KeyRevoke(_)
            | Body::AuthorityGrant(_)
            | Body::AuthorityRevoke(_)
            | Body::ProductPut(_)
            | Body::CodesIssue(_)
            | Body::Agreement(_)
            | Body::RecallOpen(_)
            | Body::RecallLift(_)
            | Body::BomPut(_)
            | Body::QuotaSet(_)
            | Body::Evidence(_) => None,
        }
    }

    /// What it does about an agreement, where it does.
    pub fn agreement(&self) -> Option<&Act> {
        if let Body::Agreement(act) = self { Some(act) } else { None }
    }

    fn read(action: Action, text: &str) -> Result<Body, Refusal> {
        fn parse<'a, T: Deserialize<'a> + Serialize>(text: &'a str) -> Result<T, Refusal> {
            exact::read_canonical(text).map_err(|inexact| inexact.refuse("/body"))
        }
        Ok(match action {
            Action::PartyAdd => Body::PartyAdd(parse(text)?),
            Action::SitePut => Body::SitePut(parse(text)?),
            Action::KeyGrant => Body::KeyGrant(parse(text)?),
            Action::KeyRevoke => Body::KeyRevoke(parse(text)?),
            Action::AuthorityGrant => Body::AuthorityGrant(parse(text)?),
            Action::AuthorityRevoke => Body::AuthorityRevoke(parse(text)?),
            Action::ProductPut => Body::ProductPut(parse(text)?),
            Action::CodesIssue => Body::CodesIssue(parse(text)?),
            Action::EventCapture => Body::EventCapture(Box::new(Capture::read(text)?)),
            Action::FeedPut
            | Action::AgreementSign
            | Action::AgreementAdjust
            | Action::FactReport
            | Action::HoldRelease
            | Action::PeriodClose
            | Action::StatementIssue
            | Action::StatementAccept
            | Action::DisputeOpen
            | Action::DisputeClose
            | Action::PayoutInstruct
            | Action::PayoutReceipt => Body::Agreement(Box::new(Act::read(action, text)?)),
            Action::RecallOpen => Body::RecallOpen(parse(text)?),
            Action::RecallLift => Body::RecallLift(parse(text)?),
            Action::BomPut => Body::BomPut(parse(text)?),
            Action::QuotaSet => Body::QuotaSet(parse(text)?),
            Action::SystemEvidence => Body::Evidence(Box::new(parse(text)?)),
        })
    }
}

impl From<secured::Malformed> for Refusal {
    fn from(malformed: secured::Malformed) -> Refusal {
        use hefu_keys::canonical::Reason;
        let code = match malformed {
            secured::Malformed::NotCanonical(error) => match error.reason {
                Reason::KeyTwice => Code::JsonDuplicateKey,
                Reason::KeyOrder => Code::JsonKeyOrder,
                Reason::NumberSpelling | Reason::NumberRange => Code::JsonNumber,
                Reason::Depth => Code::JsonDepth,
                Reason::Surrogate | Reason::NotUtf8 | Reason::Escape | Reason::ControlCharacter => Code::JsonString,
                Reason::WhiteSpace => Code::JsonNotCanonical,
                Reason::Unexpected | Reason::End | Reason::Trailing => Code::JsonSyntax,
            },
            secured::Malformed::NotAnObject => Code::RecordShape,
            secured::Malformed::NoProof | secured::Malformed::Count(_) | secured::Malformed::Proof { .. } => {
                Code::RecordProof
            }
        };
        Refusal::new(code).because(malformed.to_string())
    }
}
