//! What a request asks for beside its address: versions, media type, form of identifiers, and a page.

use actix_web::{
    HttpRequest,
    http::header::{self, HeaderMap},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hefu_contracts::{
    audience::Reader,
    time::{Millis, Time},
};
use serde::{Deserialize, Serialize};

use super::{
    event::EpcFormat,
    exception::Exception,
    query::{Parameter, parameters},
};
use crate::{
    access, clock,
    ledger::Position,
    problem::{Door, Problem},
};

/// Versions of EPCIS and CBV that are spoken here.
pub(crate) const VERSION: &str = "2.0.0";

/// Events or values on a page where nobody asks for another number, and at most.
const PER_PAGE: usize = 30;
const PER_PAGE_MAX: usize = 1_000;

/// How long a page's token is good.
const TOKEN_LASTS: Millis = Millis(60 * 60 * 1_000);

/// Who asks, and how the answer is to be written.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub reader: Reader,
    pub format: EpcFormat,
    /// `application/json` or `application/ld+json`.
    pub media_type: &'static str,
    /// Whether the answer is for whoever asks alone.
    pub personal: bool,
}

impl Asked {
    /// Reads it.
    ///
    /// # Errors
    /// `E-FORMAT-OTHER` where no accepted version or media type can be answered, or what is wrong with who asks.
    pub(crate) async fn of(request: &HttpRequest) -> Result<Asked, Exception> {
        let asked = Asked::of_anybody(request)?;
        let reader = access::reader(request).await?;
        Ok(Asked { personal: reader != Reader::Public, reader, ..asked })
    }

    /// As [`Asked::of`], where nobody shows who they are: at a machine of one's own, whose answers are for nobody else.
    ///
    /// # Errors
    /// As [`Asked::of`].
    pub(crate) fn of_anybody(request: &HttpRequest) -> Result<Asked, Exception> {
        let headers = request.headers();
        check_versions(headers)?;
        Ok(Asked { reader: Reader::Public, format: format(headers)?, media_type: media_type(headers)?, personal: true })
    }
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).map(|value| value.to_str().unwrap_or("?"))
}

fn other(detail: impl std::fmt::Display) -> Problem {
    Problem::from(Door::FormatOther).because(detail)
}

/// That the versions that a client names have 2.0 among them.
pub(crate) fn check_versions(headers: &HeaderMap) -> Result<(), Problem> {
    let own = [2, 0];
    for (kind, what) in [("EPCIS", "EPCIS"), ("CBV", "CBV")] {
        let named = |end: &str| {
            let name = format!("GS1-{kind}-{end}");
            let Some(text) = text(headers, &name) else { return Ok(None) };
            let parts: Option<Vec<u32>> = text.trim().split('.').map(|part| part.parse().ok()).collect();
            let parts = parts.ok_or_else(|| other(format!("{name}: {text:?} is no version")))?;
            let mut parts = parts.into_iter().chain([0, 0]);
            Ok::<_, Problem>(Some([parts.next().unwrap_or(0), parts.next().unwrap_or(0)]))
        };
        let fits = named("Version")?.is_none_or(|version| version == own)
            && named("Min")?.is_none_or(|least| least <= own)
            && named("Max")?.is_none_or(|most| most >= own);
        if !fits {
            return Err(other(format!("{what} {VERSION} is spoken here")));
        }
    }
    Ok(())
}

fn media_type(headers: &HeaderMap) -> Result<&'static str, Problem> {
    let Some(accepted) = text(headers, header::ACCEPT.as_str()) else { return Ok("application/json") };
    let kinds: Vec<&str> = accepted.split(',').map(|kind| kind.split(';').next().unwrap_or(kind).trim()).collect();
    if kinds.iter().any(|kind| ["application/json", "application/*", "*/*", ""].contains(kind)) {
        return Ok("application/json");
    }
    if kinds.contains(&"application/ld+json") {
        return Ok("application/ld+json");
    }
    Err(other(format!("{accepted:?}: application/json and application/ld+json are made here")))
}

fn format(headers: &HeaderMap) -> Result<EpcFormat, Problem> {
    if let Some(cbv) = text(headers, "GS1-CBV-XML-Format")
        && !["No_Preference", "Always_Web_URI", "Always_URN", "Never_Translates"].contains(&cbv)
    {
        return Err(other(format!("GS1-CBV-XML-Format: {cbv:?}")));
    }
    match text(headers, "GS1-EPC-Format") {
        None | Some("No_Preference" | "Never_Translates") => Ok(EpcFormat::AsRecorded),
        Some("Always_GS1_Digital_Link") => Ok(EpcFormat::DigitalLink),
        Some("Always_EPC_URN") => Ok(EpcFormat::Urn),
        Some(unknown) => Err(other(format!(
            "GS1-EPC-Format: {unknown:?} is none of No_Preference, Always_GS1_Digital_Link, Always_EPC_URN, \
             Never_Translates"
        ))),
    }
}

/// Where a page ends, for the next one to begin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Token {
    /// The query or collection that it is for.
    pub of: String,
    /// What the page ended with.
    pub after: After,
    /// How many may still come.
    pub left: Option<usize>,
    /// Until when it is good.
    pub until: Time,
}

/// What a page ended with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum After {
    Event(Position),
    Value(String),
}

impl After {
    /// The value, where it is one.
    pub(crate) fn value(self) -> Option<String> {
        match self {
            After::Value(value) => Some(value),
            After::Event(_) => None,
        }
    }
}

impl Token {
    pub(crate) fn new(of: &str, after: After, left: Option<usize>) -> Result<Token, Problem> {
        Ok(Token { of: of.to_owned(), after, left, until: clock::now()?.plus(TOKEN_LASTS) })
    }

    pub(crate) fn text(&self) -> Result<String, Problem> {
        Ok(URL_SAFE_NO_PAD.encode(serde_json::to_string(self)?))
    }
}

/// Which page is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    pub most: usize,
    token: Option<String>,
}

impl Page {
    /// As [`Page::of`], where nothing else can be asked for.
    ///
    /// # Errors
    /// `E-QUERY`.
    pub(crate) fn alone(request: &HttpRequest) -> Result<Page, Problem> {
        let (page, rest) = Page::of(request)?;
        match rest.first() {
            None => Ok(page),
            Some((name, _)) => {
                Err(Problem::from(Door::Query).because(format!("{name}: this resource has no such parameter")))
            }
        }
    }

    /// Takes the parameters of paging out of an address's.
    ///
    /// # Errors
    /// `E-QUERY`.
    pub(crate) fn of(request: &HttpRequest) -> Result<(Page, Vec<Parameter>), Problem> {
        let mut page = Page { most: PER_PAGE, token: None };
        let mut rest = Vec::new();
        for (name, values) in parameters(request.query_string())? {
            match (name.as_str(), values.as_slice()) {
                ("perPage", [count]) => {
                    let count = count.parse::<usize>().ok().filter(|count| *count > 0);
                    let bad = || Problem::from(Door::Query).because("perPage must be a whole number from 1");
                    page.most = count.ok_or_else(bad)?.min(PER_PAGE_MAX);
                }
                ("nextPageToken", [token]) => page.token = Some(token.clone()),
                ("perPage" | "nextPageToken", _) => {
                    return Err(Problem::from(Door::Query).because(format!("{name} takes one value")));
                }
                _ => rest.push((name, values)),
            }
        }
        Ok((page, rest))
    }

    /// The token that was shown, for this query or collection.
    ///
    /// # Errors
    /// `E-QUERY` where it is none, of another, invalidated, or over.
    pub(crate) fn token(&self, of: &str, is_void: impl Fn(&str) -> bool) -> Result<Option<Token>, Problem> {
        let Some(text) = &self.token else { return Ok(None) };
        let bad = |what: &str| Problem::from(Door::Query).because(format!("nextPageToken: {what}"));
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| bad("it is none of this node's"))?;
        let token: Token = serde_json::from_slice(&bytes).map_err(|_| bad("it is none of this node's"))?;
        if token.of != of {
            return Err(bad("it is of another query"));
        }
        if token.until < clock::now()? || is_void(text) {
            return Err(bad("it is no longer good"));
        }
        Ok(Some(token))
    }
}

/// Until when a page's token is good; `None` where it is none.
pub(crate) fn token_until(text: &str) -> Option<Time> {
    let token: Token = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
    Some(token.until)
}
