//! `hefu gateway`: a capture endpoint on a supplier's own machine.

use std::{
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    sync::Arc,
};

use actix_web::{App, HttpServer};
use anyhow::Context;
use clap::Args;
use hefu_contracts::record::Visibility;
use hefu_explorer::Origin;
use serde_json::json;
use tokio::runtime::Runtime;

use super::{author::AtNode, failure::Told, keyring::Keyring, log, output, serve, words};
use crate::{
    config::Log,
    gateway::{self, GatewayDoor, NodeRelay, Outbox},
};

/// `hefu gateway`
#[derive(Debug, Args)]
pub struct Gateway {
    #[command(flatten)]
    keyring: Keyring,
    #[command(flatten)]
    node: AtNode,
    /// Name, path or address of the key that signs; it is this gateway's alone
    #[arg(long, short)]
    key: String,
    /// Where EPCIS clients connect; whoever can reach it signs with the key
    #[arg(long, default_value = "127.0.0.1:8090", value_name = "ADDR")]
    listen: SocketAddr,
    /// Directory of the outbox: what was taken and is not final yet, and what became of everything
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// What became of a document is told for so many days after it was finished
    #[arg(long, default_value_t = 30, value_name = "DAYS", value_parser = clap::value_parser!(u16).range(1..))]
    keep_jobs: u16,
    /// Origin of the node, as its configuration has it, for reading [default: the node's address]
    #[arg(long, value_name = "URL")]
    origin: Option<Origin>,
    /// Who may read the records: public or parties
    #[arg(long, default_value = "public", value_parser = words::parse::<Visibility>)]
    visibility: Visibility,
    /// Print one line of JSON when the gateway serves
    #[arg(long)]
    json: bool,
}

impl Gateway {
    /// Runs the command.
    pub fn run(self) -> anyhow::Result<()> {
        log::to_stderr(&Log::default())?;
        let listener = TcpListener::bind(self.listen)
            .with_context(|| Told::new(format!("cannot listen on {}", self.listen)).hint("--listen says where else"))?;
        let url = format!("http://{}", listener.local_addr().context("the listener has no address")?);
        let key = self.keyring.open(&self.key)?;
        std::fs::create_dir_all(&self.data).with_context(|| format!("cannot make {}", self.data.display()))?;
        let outbox = Outbox::open(&self.data).with_context(|| {
            Told::new(format!("the outbox in {} cannot be opened", self.data.display()))
                .hint("one gateway at a time has it")
        })?;
        let aud =
            self.origin.as_ref().map_or_else(|| self.node.url().trim_end_matches('/').to_owned(), Origin::to_string);
        let gateway =
            Arc::new(gateway::Gateway::open(outbox, self.node.client(), (key, self.visibility), self.keep_jobs)?);
        let relay = Arc::new(NodeRelay { gateway: gateway.clone(), aud });
        let runtime = Runtime::new().context("cannot start threads")?;
        let (held, worker, handle) = (gateway.clone(), gateway.clone(), runtime.handle().clone());
        let thread = std::thread::Builder::new().name("outbox".to_owned());
        let forwarding = thread.spawn(move || worker.forward(&handle)).context("cannot start threads")?;
        let ended = runtime.block_on(async {
            let configure = hefu_api::epcis::gateway::configure(Arc::new(GatewayDoor(gateway)), relay);
            let server = HttpServer::new(move || App::new().configure(&configure)).workers(2);
            let server = server.tcp_nodelay(true).listen(listener)?.run();
            if self.json {
                output::json(&json!({"ready": true, "url": format!("{url}/epcis/v2")}))?;
            } else {
                eprintln!(
                    "Events are captured at {url}/epcis/v2/capture, signed, and handed in at {}",
                    self.node.url()
                );
            }
            server.await.context("the HTTP server has failed")
        });
        held.end();
        // It waits on the runtime's clock.
        serve::await_end(&forwarding);
        drop(runtime);
        serve::close(held);
        ended
    }
}
