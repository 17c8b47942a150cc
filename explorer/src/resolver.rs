//! The GS1 Digital Link resolver: what there is about a code, by types of links (GS1-Conformant Resolver Standard).
//!
//! An item has the page of its history, which is its default link and answered at the code's own address, so that whoever
//! scans waits for one answer and not for two. A trade item has the links that its owner has signed into the catalogue;
//! its lots and items have them as well. What is asked for by type and is not there is 404; an item of which there is no
//! record has no history, but what is said of its trade item is still answered.

mod linkset;

use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
    web,
};
use hefu_api::{Ledger, Problem};
use hefu_contracts::{
    catalogue::{DEFAULT_LINK, ProductLink, ProductRow},
    gs1::{Epc, EpcKind, Gtin},
    parties::Name,
    row,
};
use serde_json::json;

use crate::{answer, pages::trouble::Trouble, visit::Visit};

/// Media type of a linkset (RFC 9264 §4.2).
pub(crate) const LINKSET: &str = "application/linkset+json";

/// Type of the link to an item's history.
const HISTORY: &str = "traceability";

/// Where the words of the GS1 Web Vocabulary are defined, today and before.
const VOCABULARIES: [&str; 3] = ["gs1:", "https://ref.gs1.org/voc/", "https://gs1.org/voc/"];

const METHODS: &str = "GET, HEAD, OPTIONS";

/// What somebody asks of a code, besides its own page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Everything that there is.
    Linkset,
    /// What there is of one type, as a word of the GS1 Web Vocabulary.
    Type(String),
}

/// What is known about a code, on its own level and on that of its trade item.
pub(crate) struct Known {
    epc: Epc,
    gtin: Gtin,
    /// Whether the code is an item of which there is a record.
    has_history: bool,
    product: Option<ProductRow>,
}

impl Asked {
    /// What a request asks for; nothing in particular where it has no link type and takes pages.
    pub(crate) fn of(visit: &Visit) -> Option<Asked> {
        let query = web::Query::<Vec<(String, String)>>::from_query(visit.request.query_string()).ok();
        let asked = query.and_then(|query| {
            query.into_inner().into_iter().find_map(|(name, value)| (name == "linkType").then_some(value))
        });
        match asked.as_deref() {
            // `all` was the word for it until 2024.
            Some("linkset" | "all") => Some(Asked::Linkset),
            Some(kind) => {
                let word = VOCABULARIES.iter().find_map(|vocabulary| kind.strip_prefix(vocabulary)).unwrap_or(kind);
                Some(Asked::Type(word.to_owned()))
            }
            None => {
                let accepted = visit.request.headers().get_all(header::ACCEPT);
                let mut accepted = accepted.filter_map(|value| value.to_str().ok());
                accepted.any(|value| value.contains(LINKSET)).then_some(Asked::Linkset)
            }
        }
    }
}

/// Answers what is asked of a code.
pub(crate) async fn resolve(visit: &Visit, epc: Epc, asked: Asked) -> HttpResponse {
    let is_class = matches!(epc.kind(), EpcKind::Class { .. });
    let found = visit.read(move |ledger, _| Known::find(ledger, epc)).await;
    let answered = match found {
        Ok(known) => known.and_then(|known| known.answer(visit, &asked)),
        Err(trouble) => return open(trouble.answer(visit)),
    };
    open(answered.unwrap_or_else(|| match asked {
        // Nothing in particular was asked for, and a code without a serial number has no page of its own.
        Asked::Type(kind) if is_class && kind == DEFAULT_LINK => Trouble::no_serial().answer(visit),
        Asked::Type(_) | Asked::Linkset => Trouble::no_link().answer(visit),
    }))
}

/// That a link type can be asked for here, to a page of another origin (Fetch §4.8).
pub(crate) async fn options() -> HttpResponse {
    let mut response = answer::guarded(HttpResponse::NoContent());
    response
        .insert_header((header::ALLOW, METHODS))
        .insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
        .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, METHODS))
        .insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, "Accept, Accept-Language"))
        .insert_header((header::ACCESS_CONTROL_MAX_AGE, "86400"))
        .finish()
}

/// What this resolver is (GS1-Conformant Resolver Standard, resolver description file).
pub(crate) async fn describe(visit: Visit) -> HttpResponse {
    let origin = visit.explorer.site.origin.to_string();
    let description = json!({
        "activeLinkTypes": {"en": {"gs1:traceability": {
            "title": "The history of this very item, which the reader's browser checks",
            "url": "https://ref.gs1.org/voc/traceability",
        }}},
        "linkTypeDefaultCanBeAll": false,
        "name": format!("Hefu at {}", visit.explorer.site.origin.host()),
        "resolverRoot": origin,
        "supportedLinkType": [{"namespace": "https://ref.gs1.org/voc/", "prefix": "gs1:"}],
        "supportedPrimaryKeys": ["01"],
        "supportsLanguageVariants": true,
        "supportsSemanticInterpretation": false,
        "validatesAIcombinations": true,
    });
    open(json_answer(StatusCode::OK, "application/json", description.to_string()))
}

/// An answer for pages of every origin: what it says is for everybody.
pub(crate) fn open(mut response: HttpResponse) -> HttpResponse {
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, header::HeaderValue::from_static("*"));
    response
}

fn json_answer(status: StatusCode, media_type: &str, text: String) -> HttpResponse {
    let mut response = answer::guarded(HttpResponse::build(status));
    response.content_type(media_type).insert_header((header::CACHE_CONTROL, "no-cache"));
    response.insert_header((header::VARY, "Accept, Accept-Language, Cookie")).body(text)
}

impl Known {
    /// Nothing where neither the code nor its trade item is on the ledger.
    fn find(ledger: &dyn Ledger, epc: Epc) -> Result<Option<Known>, Problem> {
        let (gtin, is_item) = match epc.kind() {
            EpcKind::Item { gtin, .. } => (gtin, true),
            EpcKind::Class { gtin, .. } => (gtin, false),
            EpcKind::Container | EpcKind::Other => return Ok(None),
        };
        let has_history = is_item && ledger.row(&row::key_of_thing(&epc))?.is_some();
        let product = ledger.row(&row::key_of_product(&gtin))?.and_then(|row| row.data.into_kind());
        let known = Known { epc, gtin, has_history, product };
        Ok((known.has_history || known.product.is_some()).then_some(known))
    }

    /// Nothing where there is no such link.
    fn answer(&self, visit: &Visit, asked: &Asked) -> Option<HttpResponse> {
        let kind = match asked {
            Asked::Linkset => return Some(self.linkset(visit, StatusCode::OK, |_| true)),
            Asked::Type(kind) => kind,
        };
        if self.has_history && (kind == HISTORY || kind == DEFAULT_LINK) {
            return Some(self.lead(visit, &format!("/{}", self.epc.path())));
        }
        let of_kind: Vec<&ProductLink> = self.links().filter(|link| link.kind == *kind).collect();
        let first = self.default().filter(|_| of_kind.is_empty() && kind == DEFAULT_LINK);
        let of_kind = first.map_or(of_kind, |first| vec![first]);
        match choose(&of_kind, visit.words.locale) {
            Choice::None => None,
            Choice::One(link) => Some(self.lead(visit, &link.href)),
            Choice::Many => Some(self.linkset(visit, StatusCode::MULTIPLE_CHOICES, |link| link.kind == *kind)),
        }
    }

    fn links(&self) -> impl Iterator<Item = &ProductLink> {
        self.product.iter().flat_map(|product| &product.links)
    }

    /// What is followed where no type is asked for: the link that says so, or the first.
    fn default(&self) -> Option<&ProductLink> {
        self.links().find(|link| link.kind == DEFAULT_LINK).or_else(|| self.links().next())
    }

    fn name(&self) -> Option<&Name> {
        self.product.as_ref().map(|product| &product.name)
    }

    /// Leads to an address, with the query that came except for what the resolver was told.
    fn lead(&self, visit: &Visit, to: &str) -> HttpResponse {
        let query = visit.request.query_string().split('&');
        let kept: Vec<&str> = query.filter(|pair| !pair.is_empty() && !pair.starts_with("linkType=")).collect();
        let (to, fragment) = to.split_once('#').map_or((to, None), |(to, fragment)| (to, Some(fragment)));
        let mut location = to.to_owned();
        if !kept.is_empty() {
            location.push(if to.contains('?') { '&' } else { '?' });
            location.push_str(&kept.join("&"));
        }
        if let Some(fragment) = fragment {
            location.push('#');
            location.push_str(fragment);
        }
        let linkset = format!(
            "<{}/{}?linkType=linkset>; rel=\"linkset\"; type=\"{LINKSET}\"",
            visit.explorer.site.origin,
            self.epc.path()
        );
        let mut response = answer::guarded(HttpResponse::TemporaryRedirect());
        response.insert_header((header::LOCATION, location)).insert_header((header::LINK, linkset));
        response.insert_header((header::VARY, "Accept, Accept-Language, Cookie"));
        response.finish()
    }
}

enum Choice<'a> {
    None,
    One(&'a ProductLink),
    /// The request does not tell which.
    Many,
}

/// The one of several links that is in the reader's language, or in none.
fn choose<'a>(links: &[&'a ProductLink], locale: &str) -> Choice<'a> {
    let is_spoken = |link: &&&ProductLink| {
        link.lang.as_deref().is_some_and(|lang| lang.split('-').next().is_some_and(|lang| lang == locale))
    };
    let spoken: Vec<&ProductLink> = links.iter().filter(is_spoken).copied().collect();
    let of_none: Vec<&ProductLink> = links.iter().filter(|link| link.lang.is_none()).copied().collect();
    match (links, &spoken[..], &of_none[..]) {
        ([], _, _) => Choice::None,
        ([one], _, _) | (_, [one], _) | (_, [], [one]) => Choice::One(one),
        _ => Choice::Many,
    }
}
