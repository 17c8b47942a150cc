//! How reports leave the node.

use hefu_contracts::state::Fault;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::epcis::{asked::VERSION, standard::EXTENSIONS};

/// Headers of a request.
pub type Headers = Vec<(&'static str, String)>;

/// Who sends reports to their receivers.
pub trait Post: Send + Sync + 'static {
    /// That reports may go to an address at all. That its name leads to no forbidden machine is looked at with every sending,
    /// because names change.
    ///
    /// # Errors
    /// What speaks against it, in words for whoever subscribes.
    fn check(&self, dest: &str) -> Result<(), String>;

    /// Sends a body with POST, follows nowhere, and waits seconds at most: the status of the answer.
    ///
    /// # Errors
    /// Why there was none, in words for whoever subscribed.
    fn post(&self, dest: &str, headers: Headers, body: &str) -> Result<u16, String>;
}

/// The headers of a report. `GS1-Signature` is `sha256=` and the HMAC-SHA256 of the body in hexadecimal, under the bytes of the
/// subscription's token.
///
/// # Errors
/// None: HMAC takes keys of any length.
pub(super) fn headers(media_type: &str, token: Option<&str>, body: &str) -> Result<Headers, Fault> {
    let mut headers = vec![
        ("Content-Type", media_type.to_owned()),
        ("GS1-EPCIS-Version", VERSION.to_owned()),
        ("GS1-CBV-Version", VERSION.to_owned()),
        ("GS1-Extensions", EXTENSIONS.to_owned()),
    ];
    if let Some(token) = token {
        let mut mac = Hmac::<Sha256>::new_from_slice(token.as_bytes()).map_err(Fault::new)?;
        mac.update(body.as_bytes());
        headers.push(("GS1-Signature", format!("sha256={}", hex::encode(mac.finalize().into_bytes()))));
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_the_hmac_that_rfc_4231_computes() {
        // Test case 2.
        let headers = headers("application/json", Some("Jefe"), "what do ya want for nothing?").unwrap();
        let expected = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(headers.last(), Some(&("GS1-Signature", expected.to_owned())));
    }

    #[test]
    fn without_a_token_nothing_is_signed() {
        let headers = headers("application/json", None, "{}").unwrap();
        assert!(headers.iter().all(|(name, _)| *name != "GS1-Signature"));
    }
}
