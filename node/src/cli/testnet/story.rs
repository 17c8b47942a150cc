//! The demo's story on a test network: told over HTTP to one validator, seen on all.

use anyhow::Context;
use hefu_explorer::{Origin, qr};

use super::network::Validator;
use crate::{
    cli::{dev, output, start},
    client::Client,
    demo::{self, Story},
};

/// The story, told.
pub(super) struct Demo {
    story: Story,
    origin: Origin,
}

impl Demo {
    /// Tells what has not been told before.
    pub(super) fn tell(validator: &Validator) -> anyhow::Result<Demo> {
        let genesis = start::read_genesis(&validator.config.with_file_name("genesis.json"))?;
        let story = demo::story(&genesis)?;
        demo::tell_over(&Client::new(&validator.url), &story)?;
        let origin = validator.url.parse().with_context(|| format!("{} cannot stand on labels", validator.url))?;
        Ok(Demo { story, origin })
    }

    /// Where the items are shown.
    pub(super) fn items(&self) -> Vec<String> {
        self.story.items.iter().map(|item| format!("{}/{}", self.origin, item.path())).collect()
    }

    /// Says where they are, with a code to scan.
    pub(super) fn print(&self) -> anyhow::Result<()> {
        output::line(format_args!("\n  Explorer   {}/", self.origin))?;
        output::line(format_args!("  API        {}/docs", self.origin))?;
        output::line("\n  Bottles, then refills; each address is what a printed code holds:")?;
        for item in self.items() {
            output::line(format_args!("    {item}"))?;
        }
        output::line(format_args!("  They travel in {}", self.story.container))?;
        if let Some(first) = self.story.items.first() {
            output::line(format_args!("\n{}\n", dev::picture(&qr::link(&self.origin, first))?))?;
        }
        Ok(())
    }
}
