//! Where links point.

use std::{fmt, str::FromStr};

use super::{BadLink, CANONICAL_STEM, quote, read};

/// What a link begins with: a scheme, a domain and perhaps a path, `https://t.example/shop`. It means nothing to the
/// identifier. By default that of canonical links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stem(String);

impl Default for Stem {
    fn default() -> Self {
        Stem(CANONICAL_STEM.to_owned())
    }
}

impl FromStr for Stem {
    type Err = BadLink;

    fn from_str(text: &str) -> Result<Stem, BadLink> {
        let (_, rest) = read::domain_and_rest(text)?;
        if rest.contains(['?', '#']) {
            return Err(BadLink::Stem(quote(text)));
        }
        Ok(Stem(text.trim_end_matches('/').to_owned()))
    }
}

impl fmt::Display for Stem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stem_is_a_scheme_a_domain_and_perhaps_a_path() {
        for (text, stem) in [
            ("https://t.example", "https://t.example"),
            ("https://t.example/", "https://t.example"),
            ("http://127.0.0.1:8080/a/b", "http://127.0.0.1:8080/a/b"),
        ] {
            assert_eq!(text.parse::<Stem>().unwrap().to_string(), stem);
        }
        assert_eq!(Stem::default().to_string(), "https://id.gs1.org");
    }

    #[test]
    fn what_no_link_can_begin_with_is_refused() {
        for (text, reason) in [
            ("t.example", "\"t.example\" begins with neither https:// nor http://"),
            ("https://", "\"\" is no domain"),
            ("https://a b", "\"https://a b\" has ' ' as character 10, which cannot stand in a URI"),
            ("https://t.example?x", "\"t.example?x\" is no domain"),
            (
                "https://t.example/?x=1",
                "the stem \"https://t.example/?x=1\" has a query or a fragment, links cannot begin with it",
            ),
            (
                "https://t.example/#x",
                "the stem \"https://t.example/#x\" has a query or a fragment, links cannot begin with it",
            ),
        ] {
            assert_eq!(text.parse::<Stem>().unwrap_err().to_string(), reason);
        }
    }
}
