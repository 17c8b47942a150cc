//! `hefu product`: trade items.

use clap::{Args, Subcommand};
use hefu_contracts::{
    action::Action,
    catalogue::{ProductKind, ProductPut},
    gs1::Gtin,
};

use super::{author::Signing, parties::Names, words};
use crate::client::Content;

/// `hefu product …`
#[derive(Debug, Subcommand)]
pub enum Product {
    /// Put a trade item into the catalogue, or a new version of it
    #[command(after_help = "Examples:\n  hefu product put --gtin 09528880010021 --kind finished \\\n    \
        --name-en 'Osmanthus refill 50 g' --name-zh '桂花内芯 50 g' --key admin")]
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
    /// 1 for a new trade item, otherwise one more than the last
    #[arg(long = "version", value_name = "NUMBER", default_value_t = 1)]
    edition: u64,
}

impl Product {
    /// Runs the command.
    pub fn run(self) -> anyhow::Result<()> {
        let Product::Put(Put { signing, gtin, kind, names, edition }) = self;
        let body = ProductPut { gtin, kind, name: names.into(), version: edition };
        let content = Content::plain(Action::ProductPut, serde_json::to_value(body)?);
        signing.author()?.submit(&content, &[]).map(drop)
    }
}
