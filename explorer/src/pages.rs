//! Pages: what stands on each, and how it is gathered.

pub(crate) mod absent;
pub(crate) mod block;
pub(crate) mod earnings;
pub(crate) mod home;
pub(crate) mod how;
pub(crate) mod labels;
pub(crate) mod origins;
pub(crate) mod record;
pub(crate) mod search;
pub(crate) mod session;
pub(crate) mod signing;
pub(crate) mod trace;
pub(crate) mod trouble;

use hefu_api::views::PartyView;
use hefu_contracts::{
    parties::Name,
    row::{key_of_party, key_of_site},
};

use crate::{
    assets::Urls,
    directory::{Directory, in_language},
    site::Site,
    words::Words,
};

/// What every page shows around its own content.
#[derive(Debug)]
pub(crate) struct Page {
    pub assets: &'static Urls,
    pub genesis: String,
    /// The height of the state that the page was made from.
    pub height: u64,
    pub host: String,
    pub origin: String,
    /// The same page in the other language.
    pub other: String,
}

impl Page {
    pub(crate) fn ledger(&self) -> String {
        short(&self.genesis)
    }
}

/// The first eight and the last six digits of a hash.
pub(crate) fn short(hash: &str) -> String {
    let (first, last) = (hash.get(..8), hash.get(hash.len().saturating_sub(6)..));
    first.zip(last).map_or_else(|| hash.to_owned(), |(first, last)| format!("{first}…{last}"))
}

/// Where a text stands in the proof, for the check in the browser.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// In a row's data, at a JSON Pointer; `value` where it is spelled otherwise there.
    Row { key: String, at: String, value: Option<String> },
    /// In the record of the enclosing step.
    Record { at: String, value: Option<String> },
    /// Nowhere: the server alone says it.
    Server,
}

/// A text and where it comes from.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    pub text: String,
    pub source: Source,
}

impl Said {
    pub(crate) fn by_server(text: impl Into<String>) -> Said {
        Said { text: text.into(), source: Source::Server }
    }

    /// A text about what a row holds in its own spelling.
    pub(crate) fn of_row(text: String, key: &str, at: impl Into<String>, value: String) -> Said {
        Said { text, source: Source::Row { key: key.to_owned(), at: at.into(), value: Some(value) } }
    }

    /// A name that a row holds in both languages.
    pub(crate) fn name(name: &Name, key: String, locale: &str) -> Said {
        let text = in_language(name, locale).to_owned();
        // The text of an element is compared without the space around it.
        let value = (text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}') != text).then(|| text.clone());
        Said { text, source: Source::Row { key, at: format!("/name/{locale}"), value } }
    }

    /// An organisation, by its id where the proof does not hold its row.
    pub(crate) fn party(party: &PartyView, locale: &str) -> Said {
        match &party.name {
            Some(name) => Said::name(name, key_of_party(&party.id), locale),
            None => Said::by_server(&party.id),
        }
    }

    /// A place, where it is a site on the ledger.
    pub(crate) fn place(place: &hefu_api::views::PlaceView, locale: &str) -> Said {
        match place.gln.zip(place.name.as_ref()) {
            Some((gln, name)) => Said::name(name, key_of_site(&gln), locale),
            None => Said::by_server(place.id.strip_prefix("https://id.gs1.org/").unwrap_or(&place.id)),
        }
    }
}

/// An independent node that shows the same page.
#[derive(Debug)]
pub(crate) struct OtherNode {
    pub host: String,
    pub href: String,
    pub party: String,
}

/// The same page at independent nodes.
pub(crate) fn nodes(site: &Site, directory: &Directory, path: &str, words: &Words) -> Vec<OtherNode> {
    let node = |neighbour: &crate::Neighbour| OtherNode {
        host: neighbour.origin.host().to_owned(),
        href: format!("{}{path}", neighbour.origin),
        party: directory.read(|known| known.party(&neighbour.party, words.locale).to_owned()),
    };
    site.neighbours.iter().map(node).collect()
}

/// A serial number in groups of four, as people compare them.
pub(crate) fn groups(serial: &str) -> Vec<String> {
    let characters: Vec<char> = serial.chars().collect();
    characters.chunks(4).map(|group| group.iter().collect()).collect()
}
