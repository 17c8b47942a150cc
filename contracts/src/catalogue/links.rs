//! Links: where a trade item's owner says more about it, as a GS1 Digital Link resolver answers them.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{
    gs1::is_uri_byte,
    parties::Name,
    refusal::{Code, Refusal},
};

/// Most links of one trade item.
pub const LINKS_MAX: usize = 32;

/// Longest address of a link in bytes.
pub const LINK_HREF_MAX: usize = 1_024;

/// Longest word of a link type, language or media type in bytes.
const WORD_MAX: usize = 64;

/// The type of a link that is followed where none is asked for.
pub const DEFAULT_LINK: &str = "defaultLink";

/// A link about a trade item. All its items and lots have it as well (GS1-Conformant Resolver Standard, walking up).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProductLink {
    /// Where it leads: an http or https address.
    pub href: String,
    /// Language of what is there, where it is in one: two letters, and a region where that matters, as GS1's linksets have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lang: Option<String>,
    /// Media type of what is there, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media: Option<String>,
    /// What people read of it.
    pub title: Name,
    /// Link type: a word of the GS1 Web Vocabulary without its prefix, such as `pip` or `instructions`.
    #[serde(rename = "type")]
    pub kind: String,
}

impl ProductLink {
    fn check(&self, pointer: &str) -> Result<(), Refusal> {
        self.title.check(&format!("{pointer}/title"))?;
        let bad = |field: &str, what: &str| {
            Err(Refusal::new(Code::RecordShape).at(format!("{pointer}/{field}")).because(what))
        };
        let host = self.href.strip_prefix("https://").or_else(|| self.href.strip_prefix("http://"));
        let begins_well = host.is_some_and(|host| host.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '['));
        if !begins_well || self.href.len() > LINK_HREF_MAX || !self.href.bytes().all(is_uri_byte) {
            return bad("href", &format!("not an http or https address of at most {LINK_HREF_MAX} bytes"));
        }
        if !is_word(&self.kind, "") {
            return bad("type", "not a word of the GS1 Web Vocabulary, such as pip");
        }
        if self.lang.as_deref().is_some_and(|lang| !is_language(lang)) {
            return bad("lang", "not a language such as en or zh-CN");
        }
        if self.media.as_deref().is_some_and(|media| !media.contains('/') || !is_word(media, "/+.-")) {
            return bad("media", "not a media type, such as text/html");
        }
        Ok(())
    }
}

/// Letters, digits and `more`; something, and not too much.
fn is_word(text: &str, more: &str) -> bool {
    (1..=WORD_MAX).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c))
}

/// `en` or `zh-CN`.
fn is_language(text: &str) -> bool {
    let mut parts = text.split('-');
    let is_two = |part: Option<&str>| part.is_none_or(|part| part.len() == 2 && is_word(part, ""));
    !text.is_empty() && is_two(parts.next()) && is_two(parts.next()) && parts.next().is_none()
}

/// That the links of a trade item are such that one can be told from another, with no more than one default.
pub(super) fn check(links: &[ProductLink]) -> Result<(), Refusal> {
    let refuse = |at: String, what: &str| Err(Refusal::new(Code::RecordShape).at(at).because(what));
    if links.len() > LINKS_MAX {
        return refuse("/body/links".to_owned(), &format!("{} links, at most {LINKS_MAX} are accepted", links.len()));
    }
    let mut seen = BTreeSet::new();
    let mut has_default = false;
    for (at, link) in links.iter().enumerate() {
        let pointer = format!("/body/links/{at}");
        link.check(&pointer)?;
        if !seen.insert((&link.kind, &link.lang, &link.media, &link.href)) {
            return refuse(pointer, "the same link twice");
        }
        let is_default = link.kind == DEFAULT_LINK;
        if is_default && has_default {
            return refuse(pointer, "a second default link, there is one");
        }
        has_default |= is_default;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        action::Action,
        catalogue::ProductRow,
        row,
        tests::{Deed, REFILL, World, name},
    };

    fn link(kind: &str, href: &str) -> Value {
        json!({"href": href, "title": name("About it", "介绍"), "type": kind})
    }

    fn product(world: &World) -> &ProductRow {
        let row = &world.rows[&row::key_of_product(&REFILL.parse().unwrap())];
        row::Kind::of(&row.data).unwrap()
    }

    fn put(links: &Value, version: u64) -> Deed {
        let name = name("Refill", "内芯");
        let body = json!({"gtin": REFILL, "kind": "finished", "links": links, "name": name, "version": version});
        Deed::new(Action::ProductPut, body)
    }

    #[test]
    fn links_stand_in_the_row_and_each_version_replaces_them() {
        let mut world = World::new();
        let mut second = link("pip", "https://brand.example/p?a=1");
        second["lang"] = json!("zh-CN");
        second["media"] = json!("text/html");
        world.take("corenest", &put(&json!([link(DEFAULT_LINK, "https://brand.example"), second]), 1)).unwrap();
        let row = product(&world);
        assert_eq!(row.links.len(), 2);
        assert_eq!(row.links[1].lang.as_deref(), Some("zh-CN"));
        let body = json!({"gtin": REFILL, "kind": "finished", "name": name("Refill", "内芯"), "version": 2});
        world.take("corenest", &Deed::new(Action::ProductPut, body)).unwrap();
        assert!(product(&world).links.is_empty());
    }

    #[test]
    fn links_that_nobody_could_follow_or_tell_apart_are_refused_where_they_stand() {
        let with = |field: &str, value: &str| {
            let mut link = link("pip", "https://brand.example/p");
            link[field] = json!(value);
            json!([link])
        };
        let twice = json!([link("pip", "https://a.example"), link("pip", "https://a.example")]);
        let defaults = json!([link(DEFAULT_LINK, "https://a.example"), link(DEFAULT_LINK, "https://b.example")]);
        let many: Vec<Value> = (0..=LINKS_MAX).map(|at| link("pip", &format!("https://a.example/{at}"))).collect();
        let long = format!("https://a.example/{}", "p".repeat(LINK_HREF_MAX));
        for (links, pointer) in [
            (with("href", "javascript:alert(1)"), "/body/links/0/href"),
            (with("href", "https://"), "/body/links/0/href"),
            (with("href", "https://brand.example/a b"), "/body/links/0/href"),
            (with("href", "https://brand.example/\r\nSet-Cookie:a"), "/body/links/0/href"),
            (with("href", &long), "/body/links/0/href"),
            (with("type", "gs1:pip"), "/body/links/0/type"),
            (with("type", ""), "/body/links/0/type"),
            (with("lang", "english"), "/body/links/0/lang"),
            (with("lang", "zh-Hans-CN"), "/body/links/0/lang"),
            (with("media", "html"), "/body/links/0/media"),
            (
                json!([{"href": "https://a.example", "title": name("", "介绍"), "type": "pip"}]),
                "/body/links/0/title/en",
            ),
            (twice, "/body/links/1"),
            (defaults, "/body/links/1"),
            (json!(many), "/body/links"),
        ] {
            let refusal = World::new().take("corenest", &put(&links, 1)).unwrap_err();
            assert_eq!((refusal.code, refusal.pointer.as_str()), (Code::RecordShape, pointer));
        }
    }
}
