//! Reading what has one spelling.
//!
//! What is hashed or signed as it stands must be readable in one way and from one text only. Serde alone is laxer: it
//! takes a list for an object, `null` for a field that is absent, and a default that is written for one that is not. So
//! what was read is written again and compared.

mod misfit;

use std::io;

use hefu_keys::canonical::{self, NotCanonical};
use serde::{Deserialize, Serialize, Serializer};
use thiserror::Error;

pub use misfit::{Misfit, Slip};

use crate::refusal::{Code, Refusal};

/// Why a text is not a document of the expected type in its one spelling.
#[derive(Debug, Error)]
pub enum Inexact {
    /// Not canonical JSON.
    #[error(transparent)]
    Canonical(#[from] NotCanonical),
    /// Unknown, missing or malformed fields.
    #[error(transparent)]
    Shape(#[from] Misfit),
    /// The same document is written otherwise.
    #[error("its one spelling differs from byte {0} on: a default value or null is left out, and an object is no list")]
    Spelling(usize),
}

impl Inexact {
    /// The refusal of a record whose value at `pointer` is the text.
    pub(crate) fn refuse(self, pointer: &str) -> Refusal {
        let (code, at) = match &self {
            Inexact::Canonical(_) => (Code::JsonNotCanonical, String::new()),
            Inexact::Spelling(_) => (Code::RecordSpelling, String::new()),
            Inexact::Shape(misfit) => (misfit.slip.code(), misfit.pointer.clone()),
        };
        Refusal::new(code).at(format!("{pointer}{at}")).because(self.to_string())
    }
}

/// Reads a document that hashes as it stands.
///
/// # Errors
/// [`Inexact`].
pub fn read<'a, T: Deserialize<'a> + Serialize>(text: &'a str) -> Result<T, Inexact> {
    canonical::check(text.as_bytes())?;
    read_canonical(text)
}

/// Reads a part of a text that is known to be canonical.
pub(crate) fn read_canonical<'a, T: Deserialize<'a> + Serialize>(text: &'a str) -> Result<T, Inexact> {
    // Where something does not fit, the text is read once more to find the place.
    let value: T = serde_json::from_str(text).map_err(|_| Misfit::find::<T>(text))?;
    match difference(&value, text) {
        None => Ok(value),
        Some(at) => Err(Inexact::Spelling(at)),
    }
}

/// Where what a value is written as departs from a text. Nothing is kept of what is written.
pub(crate) fn difference<T: Serialize>(value: &T, text: &str) -> Option<usize> {
    let mut follower = Follower { expected: text.as_bytes(), at: 0 };
    let written = serde_json::to_writer(&mut follower, value);
    (written.is_err() || follower.at != text.len()).then_some(follower.at)
}

/// Writes a map in the order of RFC 8785, which compares keys by their UTF-16 code units, not by their bytes.
pub(crate) fn in_order<'m, M, K, V, S>(map: &'m M, to: S) -> Result<S::Ok, S::Error>
where
    &'m M: IntoIterator<Item = (&'m K, &'m V)>,
    K: AsRef<str> + Serialize + 'm,
    V: Serialize + 'm,
    S: Serializer,
{
    let mut members: Vec<(&K, &V)> = map.into_iter().collect();
    members.sort_by(|(a, _), (b, _)| a.as_ref().encode_utf16().cmp(b.as_ref().encode_utf16()));
    to.collect_map(members)
}

/// A writer that only takes what it expects.
struct Follower<'a> {
    expected: &'a [u8],
    at: usize,
}

impl io::Write for Follower<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let end = self.at.saturating_add(bytes.len());
        if self.expected.get(self.at..end) != Some(bytes) {
            return Err(io::ErrorKind::InvalidData.into());
        }
        self.at = end;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Outer {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        inner: Option<Inner>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        list: Vec<u64>,
        n: u64,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Inner {
        word: String,
    }

    #[test]
    fn the_one_spelling_is_read() {
        let full = r#"{"inner":{"word":"ü"},"list":[1],"n":2}"#;
        let inner = Inner { word: "ü".to_owned() };
        assert_eq!(read::<Outer>(full).unwrap(), Outer { inner: Some(inner), list: vec![1], n: 2 });
        assert_eq!(read::<Outer>(r#"{"n":0}"#).unwrap(), Outer { inner: None, list: vec![], n: 0 });
    }

    #[test]
    fn every_other_spelling_is_refused_where_it_departs() {
        for (text, at) in [
            (r#"[{"word":"a"},[1],2]"#, 0),
            (r#"{"inner":["a"],"n":2}"#, 8),
            (r#"{"inner":null,"n":2}"#, 1),
            (r#"{"list":[],"n":2}"#, 1),
        ] {
            let Err(Inexact::Spelling(found)) = read::<Outer>(text) else { panic!("{text} is read") };
            assert!(found >= at && found <= at + 2, "{text}: {found}");
        }
        for text in [r#"{"n": 2}"#, r#"{"n":9007199254740993}"#, r#"{"n":2,"list":[1]}"#] {
            assert!(matches!(read::<Outer>(text), Err(Inexact::Canonical(_))), "{text}");
        }
        assert!(matches!(read::<Outer>(r#"{"n":"2"}"#), Err(Inexact::Shape(_))));
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Named {
        #[serde(serialize_with = "in_order")]
        names: BTreeMap<String, u64>,
    }

    /// U+1F600 is D83D DE00 in UTF-16 and so comes before U+FF01, but after it in UTF-8.
    #[test]
    fn names_are_sorted_as_rfc_8785_sorts_them() {
        let names = [("\u{1f600}".to_owned(), 1), ("\u{ff01}".to_owned(), 2)];
        let text = "{\"names\":{\"\u{1f600}\":1,\"\u{ff01}\":2}}";
        assert_eq!(read::<Named>(text).unwrap(), Named { names: BTreeMap::from(names) });
        assert!(matches!(read::<Named>("{\"names\":{\"\u{ff01}\":2,\"\u{1f600}\":1}}"), Err(Inexact::Canonical(_))));
    }
}
