//! A linkset: everything that there is about a code, for programs (RFC 9264).

use actix_web::{HttpResponse, http::StatusCode};
use hefu_contracts::catalogue::{DEFAULT_LINK, ProductLink};
use serde_json::{Map, Value, json};

use super::{HISTORY, Known, LINKSET, json_answer};
use crate::{directory::in_language, visit::Visit};

/// A relation of a linkset is a whole address.
const VOCABULARY: &str = "https://ref.gs1.org/voc/";

impl Known {
    /// The levels of a code from the finest on, each with its links. GS1's schema asks for what the code is of at each level.
    pub(super) fn linkset(
        &self,
        visit: &Visit,
        status: StatusCode,
        wanted: impl Fn(&ProductLink) -> bool,
    ) -> HttpResponse {
        let (origin, locale) = (&visit.explorer.site.origin, visit.words.locale);
        let description = match self.name() {
            Some(name) => in_language(name, locale).to_owned(),
            None => format!("GTIN {}", self.gtin),
        };
        let context = |path: &str| {
            let anchor = format!("{origin}/{path}");
            Map::from_iter([("anchor".to_owned(), json!(anchor)), ("itemDescription".to_owned(), json!(description))])
        };
        let mut levels: Vec<Map<String, Value>> = Vec::new();
        if self.has_history && status == StatusCode::OK {
            let mut level = context(self.epc.path());
            let page = json!({
                "href": format!("{origin}/{}", self.epc.path()), "hreflang": ["en", "zh"], "title": visit.words.trace.history,
                "type": "text/html",
            });
            add(&mut level, DEFAULT_LINK, page.clone());
            add(&mut level, HISTORY, page);
            levels.push(level);
        }
        if self.product.is_some() {
            let mut level = context(&format!("01/{}", self.gtin));
            let default = self.default().filter(|default| default.kind != DEFAULT_LINK && status == StatusCode::OK);
            if let Some(default) = default {
                add(&mut level, DEFAULT_LINK, target(default, locale));
            }
            for link in self.links().filter(|link| wanted(link)) {
                add(&mut level, &link.kind, target(link, locale));
            }
            levels.push(level);
        }
        json_answer(status, LINKSET, json!({"linkset": levels}).to_string())
    }
}

fn add(level: &mut Map<String, Value>, kind: &str, target: Value) {
    let links = level.entry(format!("{VOCABULARY}{kind}")).or_insert_with(|| json!([]));
    if let Value::Array(links) = links {
        links.push(target);
    }
}

fn target(link: &ProductLink, locale: &str) -> Value {
    let mut target = Map::from_iter([
        ("href".to_owned(), json!(link.href)),
        ("title".to_owned(), json!(in_language(&link.title, locale))),
    ]);
    if let Some(lang) = &link.lang {
        target.insert("hreflang".to_owned(), json!([lang]));
    }
    if let Some(media) = &link.media {
        target.insert("type".to_owned(), json!(media));
    }
    Value::Object(target)
}
