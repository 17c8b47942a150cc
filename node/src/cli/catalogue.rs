//! `hefu product`: trade items.

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, Subcommand};
use hefu_contracts::{
    action::Action,
    catalogue::{ProductKind, ProductLink, ProductPut},
    gs1::Gtin,
};

use super::{author::Signing, files, parties::Names, words};
use crate::client::Content;

/// `hefu product …`
#[derive(Debug, Subcommand)]
pub enum Product {
    /// Put a trade item into the catalogue, or a new version of it
    #[command(after_help = "Examples:\n  hefu product put --gtin 09528880010021 --kind finished \\\n    \
        --name-en 'Osmanthus refill 50 g' --name-zh '桂花内芯 50 g' --key admin\n  \
        hefu product put --gtin 09528880010021 --kind finished --version 2 --links links.json \\\n    \
        --name-en 'Osmanthus refill 50 g' --name-zh '桂花内芯 50 g' --key admin\n\n\
        The file of links is a list such as\n  \
        [{\"href\": \"https://brand.example/refill\", \"title\": {\"en\": \"About it\", \"zh\": \"介绍\"}, \"type\": \"pip\"}]\n\
        of types of the GS1 Web Vocabulary; `lang` (zh-CN) and `media` (text/html) may be added.")]
    Put(Put),
}

/// `hefu product put`
#[derive(Debug, Args)]
pub struct Put {
    #[command(flatten)]
    signing: Signing,
    /// The trade item: a GTIN of 8, 12, 13 or 14 digits
    #[arg(long)]
    gtin: Gtin,
    /// What it is: component, finished, kit, raw or semi
    #[arg(long, value_parser = words::parse::<ProductKind>)]
    kind: ProductKind,
    #[command(flatten)]
    names: Names,
    /// A JSON file of links that resolvers answer for its codes; without one it has none from this version on
    #[arg(long, value_name = "FILE")]
    links: Option<PathBuf>,
    /// 1 for a new trade item, otherwise one more than the last
    #[arg(long = "version", value_name = "NUMBER", default_value_t = 1)]
    edition: u64,
}

impl Product {
    /// Runs the command.
    pub fn run(self) -> anyhow::Result<()> {
        let Product::Put(Put { signing, gtin, kind, names, links, edition }) = self;
        let links: Vec<ProductLink> = match links {
            Some(path) => {
                let text = files::read(&path)?;
                serde_json::from_str(&text).with_context(|| format!("{} is not a list of links", path.display()))?
            }
            None => Vec::new(),
        };
        let body = ProductPut { gtin, kind, links, name: names.into(), version: edition };
        let content = Content::plain(Action::ProductPut, serde_json::to_value(body)?);
        signing.author()?.submit(&content, &[]).map(drop)
    }
}
