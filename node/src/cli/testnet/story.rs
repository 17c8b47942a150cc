//! The demo's story on a test network: told over HTTP to one validator, seen on all.

use std::io::IsTerminal;

use anyhow::Context;
use hefu_explorer::{Origin, qr};
use indicatif::{ProgressBar, ProgressStyle};

use super::network::Validator;
use crate::{
    cli::{dev, output, start},
    client::Client,
    demo::{self, Chapter, Edition, Story},
};

/// The story, told.
pub(super) struct Demo {
    story: Story,
    origin: Origin,
}

impl Demo {
    /// Tells what has not been told before.
    pub(super) fn tell(validator: &Validator, edition: Edition) -> anyhow::Result<Demo> {
        let genesis = start::read_genesis(&validator.config.with_file_name("genesis.json"))?;
        let story = demo::story(&genesis, edition)?;
        let bar = bar(&story);
        let mut before = 0_u64;
        demo::tell_over(&Client::new(&validator.url), &story, |chapter, taken| {
            let records = u64::try_from(chapter.records.len()).unwrap_or(u64::MAX);
            // A chapter may be handed in twice: what was taken, and then what stands in blocks.
            let taken = u64::try_from(taken).unwrap_or(u64::MAX);
            if taken == 0 {
                before = told_until(&story, chapter);
                bar.set_message(chapter.title);
            }
            bar.set_position(before.saturating_add(taken.min(records)));
        })?;
        bar.finish_and_clear();
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
        dev::print_story(&self.story, &self.origin.to_string())?;
        if let Some(first) = self.story.items.first() {
            output::line(format_args!("\n{}\n", dev::picture(&qr::link(&self.origin, first))?))?;
        }
        Ok(())
    }
}

/// How many records there are before a chapter.
fn told_until(story: &Story, chapter: &Chapter) -> u64 {
    let before = story.chapters.iter().take_while(|before| !std::ptr::eq(*before, chapter));
    before.map(|before| u64::try_from(before.records.len()).unwrap_or(u64::MAX)).sum()
}

fn bar(story: &Story) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let records = story.chapters.iter().map(|chapter| chapter.records.len()).sum::<usize>();
    let style = ProgressStyle::with_template("{spinner} {pos}/{len} records, {eta}: {msg}");
    let bar = ProgressBar::new(u64::try_from(records).unwrap_or(u64::MAX));
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
