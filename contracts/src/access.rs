//! Access documents: a key says to one node, for a few minutes, who is reading.
//!
//! A document is secured as a record is, by one key, and goes in a header of each request or once into a session. It
//! names the origin that it is for, so that the operator of one node cannot read at another with it, and the chain, so
//! that a key of two chains is not taken for the wrong one. Within its minutes it may be shown again and again: it is a
//! pass, not a message, and reading changes nothing. So it travels under TLS only and is kept nowhere.

#[cfg(test)]
mod tests;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hefu_keys::{
    Address, Hash, SecretKey,
    secured::{self, Claims, Unsignable},
};
use serde::{Deserialize, Serialize};
use serde_json::{json, value::RawValue};

use crate::{
    exact,
    parties::{KeyRole, KeyRow},
    refusal::{Code, Refusal},
    time::{Millis, Time},
};

/// A document ends at most so long after it is shown.
pub const ACCESS_WITHIN: Millis = Millis(15 * 60 * 1_000);

/// Largest document in bytes; one with an origin of usual length has about 700.
pub const ACCESS_BYTES_MAX: usize = 2 << 10;

/// The scheme of the `Authorization` header (RFC 9110 §11.1).
pub const SCHEME: &str = "Hefu";

/// A document whose form has been checked, but neither its signature nor whether it is for this node.
#[derive(Clone, Debug)]
pub struct Access {
    /// The origin that it is for, such as `https://t.example`.
    pub aud: String,
    /// The chain that it is for.
    pub chain: Hash,
    /// The last moment at which it is good.
    pub expires: Time,
    /// Who signs it.
    pub signer: Address,
    /// What is still to be checked of it.
    claims: Claims,
}

/// A document that is good here and now and is signed by the key that it names. Holding one is the proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pass {
    aud: String,
    expires: Time,
    signer: Address,
}

/// Where and when a document is shown.
#[derive(Clone, Copy, Debug)]
pub struct Here<'a> {
    /// The chain that the node serves.
    pub chain: &'a Hash,
    /// The node's clock.
    pub now: Time,
    /// Where the node is reached, each in its one spelling.
    pub origins: &'a [String],
}

/// The word `access`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum AccessAction {
    Access,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire<'a> {
    #[serde(rename = "@context")]
    context: &'a str,
    action: AccessAction,
    aud: &'a str,
    chain: Hash,
    expires: Time,
    #[serde(borrow)]
    proof: &'a RawValue,
    signers: Vec<Address>,
}

impl Access {
    /// Reads a document from its canonical text.
    ///
    /// # Errors
    /// A [`Refusal`] of class malformed or rejected: size, JSON, proof form, unknown or missing fields.
    pub fn read(text: &str) -> Result<Access, Refusal> {
        if text.len() > ACCESS_BYTES_MAX {
            return Err(too_large(text.len()));
        }
        let secured = secured::read(text)?;
        let wire: Wire<'_> = exact::read_canonical(text).map_err(|inexact| inexact.refuse(""))?;
        let shape = |at: &str, detail: String| Refusal::new(Code::RecordShape).at(at).because(detail);
        if wire.context != secured::CONTEXT {
            return Err(shape("/@context", format!("must be {:?}", secured::CONTEXT)));
        }
        let [signer] = *wire.signers.as_slice() else {
            return Err(shape("/signers", format!("has {} signers, it is one key that reads", wire.signers.len())));
        };
        if !secured.proofs().iter().map(|proof| proof.signer()).eq([signer]) {
            return Err(Refusal::new(Code::RecordProof).at("/proof").because("the proof must be by the signer"));
        }
        let aud = wire.aud.to_owned();
        Ok(Access { aud, chain: wire.chain, expires: wire.expires, signer, claims: secured.claims() })
    }

    /// Reads the value of an `Authorization` header.
    ///
    /// # Errors
    /// `E-ACCESS-HEADER`, or as [`read`](Access::read).
    pub fn of_header(value: &str) -> Result<Access, Refusal> {
        let malformed = || Refusal::new(Code::AccessHeader);
        let (scheme, encoded) = value.split_once(' ').ok_or_else(malformed)?;
        if !scheme.eq_ignore_ascii_case(SCHEME) {
            return Err(malformed().because(format!("the scheme is {scheme:?}")));
        }
        // Base64 takes four characters for three bytes.
        if encoded.len() / 4 > ACCESS_BYTES_MAX / 3 {
            return Err(too_large((encoded.len() / 4).saturating_mul(3)));
        }
        let bytes = URL_SAFE_NO_PAD.decode(encoded).map_err(|bad| malformed().because(bad.to_string()))?;
        let text = String::from_utf8(bytes).map_err(|_| Refusal::new(Code::JsonString).because("it is no UTF-8"))?;
        Access::read(&text)
    }

    /// Checks that the document is for this node, is good now, and is signed.
    ///
    /// # Errors
    /// `E-ACCESS-CHAIN`, `E-ACCESS-AUDIENCE`, `E-ACCESS-EXPIRED`, `E-ACCESS-EXPIRES-LATE` or `E-SIGNATURE`.
    pub fn verify(self, here: &Here<'_>) -> Result<Pass, Refusal> {
        let Here { chain, now, origins } = *here;
        if self.chain != *chain {
            let detail = format!("it is for {}, this is {chain}", self.chain);
            return Err(Refusal::new(Code::AccessChain).at("/chain").because(detail));
        }
        if !origins.contains(&self.aud) {
            let detail = format!("it is for {:?}, this is {}", self.aud, origins.join(", "));
            return Err(Refusal::new(Code::AccessAudience).at("/aud").because(detail));
        }
        if now > self.expires {
            let detail = format!("at {}, now is {now}", self.expires);
            return Err(Refusal::new(Code::AccessExpired).at("/expires").because(detail));
        }
        let latest = now.plus(ACCESS_WITHIN);
        if self.expires > latest {
            let detail = format!("{}, now is {now}", self.expires);
            return Err(Refusal::new(Code::AccessExpiresLate).at("/expires").because(detail));
        }
        self.claims.verify().map_err(|bad| Refusal::new(Code::Signature).at("/proof").because(bad.to_string()))?;
        Ok(Pass { aud: self.aud, expires: self.expires, signer: self.signer })
    }
}

impl Pass {
    /// The origin that it is for.
    pub fn aud(&self) -> &str {
        &self.aud
    }

    /// The last moment at which it is good.
    pub const fn expires(&self) -> Time {
        self.expires
    }

    /// The key that signed it.
    pub const fn signer(&self) -> Address {
        self.signer
    }
}

/// Which organisation a key reads for at a moment. It is asked at each request: a key that is revoked stops reading.
///
/// # Errors
/// `E-KEY-UNKNOWN`, `E-KEY-REVOKED`, `E-KEY-EXPIRED`, or `E-KEY-ROLE` where no grant of role `read` holds: an admin that
/// is to read has that role as well.
pub fn party_of<'a>(key: Option<&'a KeyRow>, address: &Address, now: Time) -> Result<&'a str, Refusal> {
    let unknown = || Refusal::new(Code::KeyUnknown).at("/signers/0").because(address.to_string());
    let key = key.ok_or_else(unknown)?;
    key.usable(now).map_err(|refusal| refusal.at("/signers/0").because(address.to_string()))?;
    if !key.has(KeyRole::Read, now) {
        let detail = format!("{address} has no grant of the role `read`");
        return Err(Refusal::new(Code::KeyRole).at("/signers/0").because(detail));
    }
    Ok(&key.party)
}

fn too_large(bytes: usize) -> Refusal {
    let detail = format!("it has {bytes} bytes, at most {ACCESS_BYTES_MAX} are accepted");
    Refusal::new(Code::AccessSize).because(detail)
}

/// Signs a document; the canonical text that is shown.
///
/// # Errors
/// From the JSON writer.
pub fn sign(aud: &str, chain: &Hash, expires: Time, key: &SecretKey) -> Result<String, Unsignable> {
    let document = json!({
        "@context": secured::CONTEXT,
        "action": AccessAction::Access,
        "aud": aud,
        "chain": chain,
        "expires": expires,
        "signers": [key.address()],
    });
    secured::sign(&document, &[key], None)
}

/// The value of the `Authorization` header that shows a document.
pub fn header(text: &str) -> String {
    format!("{SCHEME} {}", URL_SAFE_NO_PAD.encode(text))
}
