//! `hefu link`: GS1 Digital Links, read and made without a node.

use anyhow::Context;
use clap::{Args, Subcommand};
use hefu_contracts::gs1::{CompanyPrefix, DigitalLink, Element, Epc, Stem};
use serde_json::{Map, Value, json};

use super::{
    failure::{Exit, Told},
    output,
};

/// `hefu link …`
#[derive(Debug, Subcommand)]
pub enum Link {
    /// Read a GS1 Digital Link of any domain, or an EPC URN, and print what it says
    #[command(after_help = "Examples:\n  hefu link parse 'https://t.example/01/09528880010021/21/7K3M?17=270101'\n  \
        hefu link parse urn:epc:id:sgtin:9528880.001002.7K3M\n  \
        hefu link parse https://t.example/01/09528880010021/21/7K3M --prefix-length 7")]
    Parse(Parse),
    /// Make a GS1 Digital Link of an element string
    #[command(after_help = "Examples:\n  hefu link generate '(01)09528880010021(21)7K3M(17)270101' \\\n    \
        --stem https://t.example\n  hefu link generate '^0109528880010021217K3M^17270101'")]
    Generate(Generate),
}

/// `hefu link parse`
#[derive(Debug, Args)]
pub struct Parse {
    /// The link or URN
    uri: String,
    /// Also read what versions up to 1.1 of the standard allowed: words as in /gtin/…/ser/…, GTINs of 8, 12 or 13 digits
    #[arg(long)]
    older: bool,
    #[command(flatten)]
    more: More,
}

/// `hefu link generate`
#[derive(Debug, Args)]
pub struct Generate {
    /// The elements: (01)…(21)… as people write them, `\(` for a bracket in a value; or ^01…21… as bar codes hold them
    elements: String,
    #[command(flatten)]
    more: More,
}

/// What else to print.
#[derive(Debug, Args)]
struct More {
    /// What `uri` begins with: a scheme, a domain and perhaps a path
    #[arg(long, value_name = "URL", default_value_t)]
    stem: Stem,
    /// Also print the EPC URN; the company prefix in the key has so many digits, 6 to 12
    #[arg(long, value_name = "DIGITS", value_parser = of_length, conflicts_with = "prefix")]
    prefix_length: Option<CompanyPrefix>,
    /// Also print the EPC URN; this is the company prefix in the key
    #[arg(long, value_name = "PREFIX")]
    prefix: Option<CompanyPrefix>,
}

fn of_length(text: &str) -> anyhow::Result<CompanyPrefix> {
    Ok(CompanyPrefix::of_length(text.parse()?)?)
}

impl Link {
    /// Runs the command.
    pub fn run(self) -> anyhow::Result<()> {
        match self {
            Link::Parse(parse) => parse.run(),
            Link::Generate(generate) => generate.run(),
        }
    }
}

impl Parse {
    fn run(&self) -> anyhow::Result<()> {
        let failed = |what: &str| Told::new(format!("{what} cannot be read")).exit(Exit::Usage);
        if self.uri.starts_with("urn:") {
            let link = DigitalLink::of_urn(&self.uri).with_context(|| failed("the URN"))?;
            return self.more.print(&link);
        }
        let link = if self.older { DigitalLink::parse_older(&self.uri) } else { DigitalLink::parse(&self.uri) };
        self.more.print(&link.with_context(|| {
            let older = !self.older && DigitalLink::parse_older(&self.uri).is_ok();
            if older {
                failed("the link").hint("--older reads it: versions up to 1.1 of the standard allowed it")
            } else {
                failed("the link")
            }
        })?)
    }
}

impl Generate {
    fn run(&self) -> anyhow::Result<()> {
        let failed = || Told::new("the elements make no link").exit(Exit::Usage);
        let link = DigitalLink::of_element_string(&self.elements).with_context(failed)?;
        // What is printed can be read again: under a long stem the link may be too long.
        DigitalLink::parse(&link.uri(&self.more.stem)).with_context(failed)?;
        self.more.print(&link)
    }
}

impl More {
    fn print(&self, link: &DigitalLink) -> anyhow::Result<()> {
        let (key, qualifiers) = link.path_elements().split_first().context("a link has a key")?;
        let mut view = Map::from_iter([
            ("attributes".to_owned(), link.attributes().iter().map(element).collect()),
            ("canonical".to_owned(), json!(link.canonical())),
            ("elementString".to_owned(), json!(link.element_string())),
            ("epc".to_owned(), json!(Epc::of_link(link))),
            ("key".to_owned(), element(key)),
            ("qualifiers".to_owned(), qualifiers.iter().map(element).collect()),
            ("uri".to_owned(), json!(link.uri(&self.stem))),
        ]);
        if let Some(prefix) = self.prefix.as_ref().or(self.prefix_length.as_ref()) {
            let failed = || Told::new("the link has no EPC URN").exit(Exit::Usage);
            view.insert("urn".to_owned(), json!(link.urn(prefix).with_context(failed)?));
        }
        output::json(&view)
    }
}

fn element(element: &Element) -> Value {
    json!({"ai": element.ai, "value": element.value})
}
