//! Where a node is reached.

use std::{fmt, str::FromStr};

use thiserror::Error;

/// Scheme and domain of a site: `https://t.example`, `http://127.0.0.1:8080`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    host: String,
    secure: bool,
}

/// A text that is no origin.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0:?} is not http:// or https:// and a domain of letters, digits, dots and hyphens, with a port at most")]
pub struct BadOrigin(String);

impl Origin {
    /// Domain, and port where it is not the scheme's own.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether connections to it are encrypted.
    pub const fn is_secure(&self) -> bool {
        self.secure
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.secure { "https" } else { "http" }, self.host)
    }
}

impl FromStr for Origin {
    type Err = BadOrigin;

    /// Capitals are taken as small letters, a slash at the end is passed over. Addresses of IP version 6 are refused:
    /// their brackets are not in the alphabet of compact QR codes.
    fn from_str(text: &str) -> Result<Origin, BadOrigin> {
        let bad = || BadOrigin(text.to_owned());
        let lower = text.to_ascii_lowercase();
        let (scheme, rest) = lower.split_once("://").ok_or_else(bad)?;
        let host = rest.strip_suffix('/').unwrap_or(rest);
        let (domain, port) = host.split_once(':').unwrap_or((host, "443"));
        let is_domain = domain.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte));
        let secure = match scheme {
            "https" => true,
            "http" => false,
            _ => return Err(bad()),
        };
        if domain.is_empty() || !is_domain || port.parse::<u16>().is_err() {
            return Err(bad());
        }
        Ok(Origin { host: host.to_owned(), secure })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_has_one_spelling() {
        for (text, spelled) in [
            ("https://t.example", "https://t.example"),
            ("HTTPS://T.EXAMPLE/", "https://t.example"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ] {
            assert_eq!(text.parse::<Origin>().unwrap().to_string(), spelled);
        }
    }

    #[test]
    fn what_is_no_origin_is_refused() {
        for text in ["", "t.example", "ftp://t.example", "https://", "https://t.example/x", "https://a@b", "http://a:x"]
        {
            assert!(text.parse::<Origin>().is_err(), "{text}");
        }
    }
}
