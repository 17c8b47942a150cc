//! `hefu dev`: a chain on this machine, with keys that everybody knows.

use std::{
    io::{IsTerminal, stdout},
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context;
use clap::Args;
use hefu_contracts::{genesis::Genesis, gs1::Epc};
use hefu_explorer::{Origin, qr};
use qrcode::{EcLevel, QrCode, render::unicode::Dense1x2};
use serde_json::{Value, json};

use super::{
    files, keyring, log, output,
    serve::{self, Serving},
    start,
};
use crate::{
    GuardWish, NodeConfig, client,
    config::Log,
    demo::{self, Cast, Edition, PHRASE, Sight, Story},
    local::Webhooks,
    snapshots::Snapshots,
    space::DiskOf,
};

/// What is logged: not every block, which is news to nobody here.
const LOG_FILTER: &str = "warn,hefu_node::cli=info";

const BLACK_ON_WHITE: &str = "\x1b[30;107m";
const RESET: &str = "\x1b[0m";

/// Codes that the home page offers to try.
const EXAMPLES: usize = 3;

/// `hefu dev`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  hefu dev\n  hefu dev --demo --data .demo\n  hefu dev --listen 127.0.0.1:0 --json\n  \
    hefu dev --demo --listen 0.0.0.0:8080 --origin http://192.168.1.5:8080"
)]
pub struct Dev {
    /// Directory that keeps the chain; without one it is forgotten when the node stops
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Where to serve pages and API; port 0 takes any free one
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// Where the pages are reached from elsewhere, such as a phone; QR codes hold it
    #[arg(long, value_name = "URL")]
    origin: Option<Origin>,
    /// To whom reports of subscriptions are sent; `any` reaches this machine and its network
    #[arg(long, default_value = "public", value_name = "WHOM")]
    webhooks: Webhooks,
    /// Tell the demo's story of a hand cream
    #[arg(long)]
    demo: bool,
    /// Which of the demo's stories
    #[arg(long, value_enum, default_value_t, requires = "demo", value_name = "STORY")]
    story: Edition,
    /// Print one line of JSON when the node is ready
    #[arg(long)]
    json: bool,
}

impl Dev {
    /// Runs the command.
    pub fn run(self) -> anyhow::Result<()> {
        log::to_stderr(&Log { filter: LOG_FILTER.to_owned(), ..Log::default() })?;
        let temporary = tempfile::Builder::new().prefix("hefu-dev-").tempdir();
        let temporary = temporary.context("cannot make a temporary directory")?;
        let data = self.data.clone().unwrap_or_else(|| temporary.path().to_owned());
        keyring::make_private(&data).with_context(|| format!("cannot make the directory {}", data.display()))?;
        let genesis = genesis(&data.join("genesis.json"))?;
        let story = if self.demo { Some(demo::story(&genesis, self.story)?) } else { None };
        let config = NodeConfig {
            data: data.join("data"),
            genesis,
            validator: demo::validator()?,
            guard: GuardWish::WithStore,
            node: demo::node()?,
            // Alone on its chain, it listens for nobody.
            listen: "/ip4/127.0.0.1/tcp/0".parse().context("the node's own address")?,
            peers: Vec::new(),
            records: None,
            // Nor is there anybody to hand a snapshot to.
            snapshots: Snapshots { every: 0, restore: false },
            open: false,
            disk: Arc::new(DiskOf(data.clone())),
            moniker: "hefu-dev".to_owned(),
        };
        let examples = story.as_ref().map_or(&[][..], |story| &story.items).iter().take(EXAMPLES).cloned().collect();
        let serving =
            Serving { examples, origin: self.origin, webhooks: self.webhooks, ..Serving::at(self.listen, "--listen") };
        serve::run(config, serving, async |ready| {
            if let Some(story) = &story {
                let new = demo::tell(&ready.ledger, story).await?;
                tracing::info!(records.new = new, "the demo's story is told");
            }
            let told = Announcement { ready, story: story.as_ref() };
            if self.json { told.print_json() } else { told.print() }
        })
    }
}

/// The chain's genesis document: that of the directory, or a new one.
fn genesis(path: &Path) -> anyhow::Result<Genesis> {
    if path.is_file() {
        return start::read_genesis(path);
    }
    let genesis = demo::genesis(client::now()?)?;
    files::write_new(path, &genesis.text())?;
    Ok(genesis)
}

/// Says what of a story is worth looking at, and where.
pub fn print_story(story: &Story, origin: &str) -> anyhow::Result<()> {
    if let Some(container) = &story.container {
        output::line("\n  Bottles, then refills; each address is what a printed code holds:")?;
        for item in &story.items {
            output::line(format_args!("    {origin}/{}", item.path()))?;
        }
        output::line(format_args!("  They came to the warehouse in {container}"))?;
    }
    for Sight { title, path } in &story.sights {
        output::line(format_args!("\n  {title}\n    {origin}/{path}"))?;
    }
    Ok(())
}

/// A QR code of half-block characters, dark on light whatever the terminal's own colours are.
pub fn picture(text: &str) -> anyhow::Result<String> {
    let code = QrCode::with_error_correction_level(text, EcLevel::L);
    let code = code.context("the address does not fit into a QR code")?;
    if !stdout().is_terminal() {
        return Ok(code.render::<Dense1x2>().build());
    }
    let lines = code.render::<Dense1x2>().build();
    let lines: Vec<String> = lines.lines().map(|line| format!("{BLACK_ON_WHITE}{line}{RESET}")).collect();
    Ok(lines.join("\n"))
}

/// What is told when a development node serves.
struct Announcement<'a> {
    ready: &'a serve::Ready,
    story: Option<&'a Story>,
}

impl Announcement<'_> {
    fn items(&self) -> Vec<String> {
        let items = self.story.map_or(&[][..], |story| &story.items);
        items.iter().map(|item| self.address(item)).collect()
    }

    fn address(&self, item: &Epc) -> String {
        format!("{}/{}", self.ready.origin, item.path())
    }

    fn print_json(&self) -> anyhow::Result<()> {
        let mut line = json!({
            "genesis": self.ready.genesis,
            "height": self.ready.height()?,
            "ready": true,
            "url": self.ready.url,
        });
        if let (Some(_), Value::Object(members)) = (self.story, &mut line) {
            members.insert("items".to_owned(), json!(self.items()));
        }
        output::json(&line)
    }

    fn print(&self) -> anyhow::Result<()> {
        let serve::Ready { url, genesis, .. } = self.ready;
        output::line(format_args!("\nChain {genesis} is ready at height {}\n", self.ready.height()?))?;
        output::line(format_args!("  Explorer   {url}/"))?;
        output::line(format_args!("  API        {url}/docs"))?;
        if let Some(story) = self.story {
            print_story(story, url)?;
        }
        output::line("\n  Everybody has these keys, so they protect nothing. They are those of the phrase")?;
        output::line(format_args!("    {PHRASE}"))?;
        for actor in Cast::new()?.all() {
            output::line(format_args!(
                "    {}  //{:<10} {}",
                actor.admin.address(),
                actor.party.id,
                actor.party.name.en
            ))?;
        }
        if let Some(first) = self.story.and_then(|story| story.items.first()) {
            let link = qr::link(&self.ready.origin, first);
            output::line(format_args!("\n{}\n  {}", picture(&link)?, self.address(first)))?;
        }
        output::line("\n  Stop with Ctrl-C")
    }
}
