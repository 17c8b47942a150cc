//! A reader of our own pages' HTML: elements, attributes and text, enough to compare a page with what it must say.
//! Whatever is not as our templates write it is a failure of the test.

use std::collections::BTreeMap;

/// Elements that have no end (HTML §13.1.2).
const VOID: [&str; 6] = ["br", "img", "input", "link", "meta", "path"];

/// An element.
#[derive(Clone, Debug)]
pub struct Element {
    pub name: String,
    pub attributes: BTreeMap<String, String>,
    /// What encloses it, as a position in the page.
    pub parent: Option<usize>,
    pub text: String,
}

/// A page: its elements in their order.
#[derive(Clone, Debug)]
pub struct Page(pub Vec<Element>);

impl Page {
    #[track_caller]
    pub fn read(html: &str) -> Page {
        let mut rest = html.strip_prefix("<!doctype html>").expect("a doctype");
        let (mut elements, mut open): (Vec<Element>, Vec<usize>) = (Vec::new(), Vec::new());
        while let Some((text, behind)) = rest.split_once('<') {
            for at in &open {
                elements[*at].text.push_str(&unescape(text));
            }
            let (tag, behind) = behind.split_once('>').expect("a tag's end");
            rest = behind;
            if let Some(name) = tag.strip_prefix('/') {
                let closed = open.pop().expect("an open element");
                assert_eq!(elements[closed].name, name, "{html}");
                continue;
            }
            let element = element(tag.trim_end_matches('/'), open.last().copied());
            let void = VOID.contains(&element.name.as_str());
            elements.push(element);
            if !void {
                open.push(elements.len() - 1);
            }
        }
        assert!(open.is_empty() && rest.trim().is_empty(), "{rest}");
        Page(elements)
    }

    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.0.iter().filter(move |element| element.name == name)
    }

    #[track_caller]
    pub fn one<'a>(&'a self, name: &'a str) -> &'a Element {
        let found: Vec<&Element> = self.all(name).collect();
        assert_eq!(found.len(), 1, "{name}");
        found[0]
    }

    /// Every element with this attribute.
    pub fn with<'a>(&'a self, attribute: &'a str) -> impl Iterator<Item = &'a Element> {
        self.0.iter().filter(move |element| element.attributes.contains_key(attribute))
    }

    /// The nearest of the element itself and what encloses it that has one of these attributes.
    #[track_caller]
    pub fn closest<'a>(&'a self, element: &'a Element, attributes: &[&str]) -> &'a Element {
        let mut found = element;
        while !attributes.iter().any(|attribute| found.attributes.contains_key(*attribute)) {
            found = &self.0[found.parent.expect("an enclosing element")];
        }
        found
    }

    /// What is read on the page before any script has run.
    pub fn visible(&self) -> String {
        let body = self.0.iter().position(|element| element.name == "body").unwrap();
        let hidden: String = self.all("template").map(|element| element.text.clone()).collect();
        assert!(!hidden.contains('<'));
        self.0[body].text.clone()
    }
}

impl Element {
    /// Whether an attribute has this value.
    pub fn is(&self, attribute: &str, value: &str) -> bool {
        self.attributes.get(attribute).is_some_and(|found| found == value)
    }

    #[track_caller]
    pub fn get(&self, attribute: &str) -> &str {
        self.attributes.get(attribute).unwrap_or_else(|| panic!("<{} {attribute}>", self.name))
    }
}

fn element(tag: &str, parent: Option<usize>) -> Element {
    let (name, mut rest) = tag.split_once([' ', '\n']).unwrap_or((tag, ""));
    let mut attributes = BTreeMap::new();
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            break;
        }
        let end = rest.find(['=', ' ', '\n']).unwrap_or(rest.len());
        let (attribute, behind) = rest.split_at(end);
        let value = match behind.strip_prefix("=\"") {
            Some(quoted) => {
                let (value, behind) = quoted.split_once('"').expect("a closing quote");
                rest = behind;
                unescape(value)
            }
            None => {
                assert!(!behind.starts_with('='), "an attribute without quotes: {tag}");
                rest = behind;
                String::new()
            }
        };
        assert!(attributes.insert(attribute.to_owned(), value).is_none(), "{attribute} twice: {tag}");
    }
    Element { name: name.to_owned(), attributes, parent, text: String::new() }
}

fn unescape(text: &str) -> String {
    let mut plain = text.to_owned();
    for (escaped, character) in [("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&#38;", "&")] {
        plain = plain.replace(escaped, character);
    }
    plain
}
