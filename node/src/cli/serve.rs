//! A running node with its HTTP servers, from the first bind to the last goodbye.

use std::{
    net::{IpAddr, SocketAddr, TcpListener},
    sync::Arc,
    thread::JoinHandle,
    time::{Duration, Instant},
};

use actix_web::{App, HttpServer, http::KeepAlive, middleware::from_fn};
use anyhow::{Context, anyhow};
use hefu_api::{Ledger, Local, epcis::queries::Post};
use hefu_contracts::{gs1::Epc, height::Height};
use hefu_explorer::{Language, Neighbour, Origin, Site};
use hefu_keys::Hash;
use serde_json::json;
use tokio::{runtime::Runtime, signal};

use super::{
    failure::{Exit, Told},
    output,
};
use crate::{
    Node, NodeConfig, StopReason,
    local::{self, Webhooks},
    memory::use_small_pages,
    metrics::Meter,
};

/// Requests that were begun may take so long to end after a node was told to stop.
const DRAIN_SECONDS: u64 = 10;

/// How long the threads of the servers may take to let go of the store once they have ended.
const LETTING_GO: Duration = Duration::from_secs(5);

/// What whoever asks meanwhile is told.
const STARTING: &str = "the node is starting: it reads its store, or restores one; its log says how far it is";

/// Exit code of a process that a second signal ended, as shells expect it.
const SIGNALLED: i32 = 130;

/// Where and how people and programs are served.
pub struct Serving {
    /// Where to listen.
    pub listen: SocketAddr,
    /// What whoever runs it changes to listen elsewhere.
    pub elsewhere: &'static str,
    /// Where the pages are reached from outside; otherwise `http://` and where it listens.
    pub origin: Option<Origin>,
    /// Where else the node is reached: a reader's access document may name these as well.
    pub origins: Vec<Origin>,
    /// The language for whoever asks for none.
    pub language: Language,
    /// Public nodes of others.
    pub neighbours: Vec<Neighbour>,
    /// Codes to try.
    pub examples: Vec<Epc>,
    /// Where whoever watches the node reads figures.
    pub metrics: Option<SocketAddr>,
    /// To whom reports of subscriptions are sent.
    pub webhooks: Webhooks,
}

impl Serving {
    /// A server that points at nothing beside it.
    pub fn at(listen: SocketAddr, elsewhere: &'static str) -> Serving {
        Serving {
            listen,
            elsewhere,
            origin: None,
            origins: Vec::new(),
            language: Language::Zh,
            neighbours: Vec::new(),
            examples: Vec::new(),
            metrics: None,
            webhooks: Webhooks::default(),
        }
    }

    /// The site, and every origin that an access document may name: where the site is reached, what the operator adds,
    /// and the machine's own address where nobody else can reach it.
    fn site(self, url: &str) -> anyhow::Result<(Site, Vec<Origin>)> {
        let Serving { listen, origin, mut origins, language, neighbours, examples, .. } = self;
        let origin = match origin {
            Some(origin) => origin,
            None => {
                url.parse().with_context(|| Told::new(format!("{url} cannot stand on labels")).hint(ORIGIN_HINT))?
            }
        };
        origins.insert(0, origin.clone());
        if listen.ip().is_loopback() {
            origins.extend(url.parse::<Origin>().ok());
        }
        Ok((Site { examples, language, neighbours, origin }, origins))
    }
}

const METRICS_ELSEWHERE: &str = "`listen` in `[metrics]` of the configuration";

const ORIGIN_HINT: &str = "say in the configuration where the pages are reached: `origin` in `[http]`";

/// The address of a server for a browser on this machine.
pub(super) fn url_of(address: SocketAddr) -> String {
    let port = address.port();
    match address.ip() {
        // Listening everywhere, it listens here as well. IP version 6 has no place in compact codes.
        ip if ip.is_unspecified() => format!("http://127.0.0.1:{port}"),
        IpAddr::V6(ip) if ip.is_loopback() => format!("http://localhost:{port}"),
        IpAddr::V4(_) | IpAddr::V6(_) => format!("http://{address}"),
    }
}

/// A node that serves.
pub struct Ready {
    /// Where, such as `http://127.0.0.1:8080`.
    pub url: String,
    /// Where it is reached from outside.
    pub origin: Origin,
    /// The chain.
    pub genesis: Hash,
    /// The node.
    pub ledger: Arc<dyn Ledger>,
}

impl Ready {
    /// The last final height.
    ///
    /// # Errors
    /// From the storage.
    pub fn height(&self) -> anyhow::Result<Height> {
        Ok(self.ledger.status()?.height)
    }

    /// Says so to programs, in one line.
    ///
    /// # Errors
    /// From the storage, or where nobody can be told.
    pub fn print_json(&self) -> anyhow::Result<()> {
        let Ready { url, genesis, .. } = self;
        output::json(&json!({"genesis": genesis, "height": self.height()?, "ready": true, "url": url}))
    }
}

/// Runs a node and serves it until it is told to stop (SIGINT, SIGTERM) or cannot go on. `ready` is called once it
/// serves.
///
/// # Errors
/// What the node cannot start with, what `ready` fails with, or why the node ended by itself.
pub fn run(
    config: NodeConfig,
    serving: Serving,
    ready: impl AsyncFnOnce(&Ready) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    use_small_pages();
    // Bound before the store is opened: a port that is taken is told at once.
    let listener = bind(serving.listen, serving.elsewhere)?;
    let watched = serving.metrics.map(|listen| bind(listen, METRICS_ELSEWHERE)).transpose()?;
    let webhooks = serving.webhooks;
    let address = listener.local_addr().context("the listener has no address")?;
    let url = url_of(address);
    let site = serving.site(&url)?;
    let runtime = Runtime::new().context("cannot start threads")?;
    let mut held = Held::default();
    let ended = runtime.block_on(serve(config, Doors { listener, watched, url, site, webhooks }, ready, &mut held));
    drop(runtime);
    held.ledger.into_iter().for_each(close);
    held.shelf.into_iter().for_each(close);
    ended
}

/// Databases of a node that serves: whoever has one last closes it.
#[derive(Default)]
struct Held {
    ledger: Option<Arc<dyn Ledger>>,
    shelf: Option<Arc<local::Kept>>,
}

/// Waits until a thread has ended, no longer than threads may take to let go of things.
pub(super) fn await_end(thread: &JoinHandle<()>) {
    let until = Instant::now().checked_add(LETTING_GO);
    while !thread.is_finished() && until.is_some_and(|until| Instant::now() < until) {
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Closes a database on this thread, once those of the servers have let go of it. A thread that closed it while the process
/// ends would find RocksDB's own things gone, and the process would abort.
pub(super) fn close<T: ?Sized>(kept: Arc<T>) {
    let until = Instant::now().checked_add(LETTING_GO);
    while Arc::strong_count(&kept) > 1 && until.is_some_and(|until| Instant::now() < until) {
        std::thread::sleep(Duration::from_millis(1));
    }
    drop(kept);
}

/// Where a node is reached.
struct Doors {
    listener: TcpListener,
    watched: Option<TcpListener>,
    url: String,
    /// The site, and every origin that an access document may name.
    site: (Site, Vec<Origin>),
    webhooks: Webhooks,
}

fn bind(listen: SocketAddr, elsewhere: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(listen).map_err(|error| {
        let hint = format!("another node may be running there; {elsewhere} says where to listen");
        anyhow::Error::new(error).context(Told::new(format!("cannot listen on {listen}")).hint(hint))
    })
}

/// `held` is given each database as soon as it is open.
async fn serve(
    config: NodeConfig,
    Doors { listener, watched, url, site: (site, origins), webhooks }: Doors,
    ready: impl AsyncFnOnce(&Ready) -> anyhow::Result<()>,
    held: &mut Held,
) -> anyhow::Result<()> {
    let own = config.data.join(local::SHELF);
    // A node without a store may restore one first, which takes long: whoever watches it shall hear why it is not ready.
    let early = Early::serve([Some(&listener), watched.as_ref()])?;
    let node = Node::start(config).await;
    early.end().await;
    let mut node = node?;
    // From here on a signal ends the node in order; before there is nothing to be put in order.
    let mut stop = std::pin::pin!(told_to_stop()?);
    let ledger: Arc<dyn Ledger> = node.ledger();
    held.ledger = Some(ledger.clone());
    let genesis = ledger.genesis().chain();
    let origin = site.origin.clone();
    let shelf = local::Kept::open(&own).with_context(|| format!("{} cannot be opened", own.display()))?;
    let shelf = Arc::new(shelf);
    held.shelf = Some(shelf.clone());
    let post = webhooks.sender().map(|sender| Arc::new(sender) as Arc<dyn Post>);
    let local = Local { shelf, post };
    let server = server(&ledger, listener, (site, &origins), local)?;
    let handle = server.handle();
    let mut server = tokio::spawn(server);
    if let Some(listener) = watched {
        tokio::spawn(watching(node.meter(), listener).context("cannot serve figures")?);
    }
    let ready_for = Ready { url, origin, genesis, ledger };
    tracing::info!(http.url = ready_for.url, chain.id = %genesis, "serving");

    let begun = async {
        ready(&ready_for).await?;
        std::future::pending::<anyhow::Result<()>>().await
    };
    let ended = tokio::select! {
        () = &mut stop => Ok(()),
        failed = begun => failed,
        reason = node.stopped() => Err(stopped(&reason)),
        served = &mut server => match served {
            Ok(Ok(())) => Err(anyhow!("the HTTP server has ended")),
            Ok(Err(error)) => Err(anyhow::Error::new(error).context("the HTTP server has failed")),
            Err(error) => Err(anyhow::Error::new(error).context("the HTTP server has failed")),
        },
    };
    tracing::info!("stopping");
    let again = told_to_stop()?;
    tokio::spawn(async {
        again.await;
        std::process::exit(SIGNALLED);
    });
    handle.stop(true).await;
    drop(ready_for);
    match (ended, node.shutdown().await) {
        (Err(error), _) => Err(error),
        (Ok(()), StopReason::Shutdown) => Ok(()),
        (Ok(()), reason) => Err(stopped(&reason)),
    }
}

/// Why the process ends although nobody asked it to.
fn stopped(reason: &StopReason) -> anyhow::Error {
    let told = Told::new("the node has stopped");
    let told = match reason {
        StopReason::Unsafe(_) => told.exit(Exit::Unsafe),
        StopReason::Shutdown | StopReason::Fault(_) | StopReason::Engine(_) => told,
    };
    anyhow!("{reason}").context(told)
}

/// What is served on the same doors while the node is not there yet.
struct Early(Vec<actix_web::dev::ServerHandle>);

impl Early {
    fn serve(doors: [Option<&TcpListener>; 2]) -> anyhow::Result<Early> {
        let doors = doors.into_iter().flatten().map(|listener| {
            let listener = listener.try_clone().context("cannot share a listener")?;
            let server = HttpServer::new(|| App::new().configure(hefu_api::starting(STARTING))).workers(1);
            // Nobody keeps a connection: the next request is for the node.
            let server = server.disable_signals().shutdown_timeout(1).keep_alive(KeepAlive::Disabled);
            let server = server.listen(listener).context("cannot serve HTTP")?.run();
            let handle = server.handle();
            tokio::spawn(server);
            Ok(handle)
        });
        Ok(Early(doors.collect::<anyhow::Result<_>>()?))
    }

    async fn end(self) {
        for door in self.0 {
            door.stop(true).await;
        }
    }
}

fn server(
    ledger: &Arc<dyn Ledger>,
    listener: TcpListener,
    (site, origins): (Site, &[Origin]),
    local: Local,
) -> anyhow::Result<actix_web::dev::Server> {
    let api = hefu_api::configure(ledger.clone(), origins, local).context("named queries cannot be read")?;
    let explorer =
        hefu_explorer::configure(ledger.clone(), site).context("the names of organisations cannot be read")?;
    let server =
        HttpServer::new(move || App::new().wrap(from_fn(hefu_api::unread)).configure(&api).configure(&explorer));
    // An answer in several pieces would wait for the reader's delayed acknowledgement of the first: 40 ms each.
    let server = server.disable_signals().shutdown_timeout(DRAIN_SECONDS).tcp_nodelay(true);
    Ok(server.listen(listener).context("cannot serve HTTP")?.run())
}

/// Serves figures; it ends with the process.
fn watching(meter: Meter, listener: TcpListener) -> std::io::Result<actix_web::dev::Server> {
    let figures = hefu_api::metrics(move || meter.text());
    let server = HttpServer::new(move || App::new().configure(&figures)).workers(1);
    Ok(server.disable_signals().listen(listener)?.run())
}

/// Listens for SIGINT and SIGTERM from now on; resolves with the first. (An async function would not listen before it is
/// first asked, and a signal in between would end the process as it stands.)
fn told_to_stop() -> anyhow::Result<impl Future<Output = ()>> {
    let failed = "cannot hear signals";
    #[cfg(unix)]
    {
        use signal::unix::SignalKind;
        let mut interrupt = signal::unix::signal(SignalKind::interrupt()).context(failed)?;
        let mut terminate = signal::unix::signal(SignalKind::terminate()).context(failed)?;
        Ok(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        })
    }
    #[cfg(not(unix))]
    {
        let mut interrupt = signal::windows::ctrl_c().context(failed)?;
        Ok(async move {
            interrupt.recv().await;
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::failure::exit_of;

    /// The service's unit does not start again by itself what ends with this code.
    #[test]
    fn only_an_engine_that_could_not_write_its_log_ends_the_process_as_unsafe() {
        let words = || "the engine could not write its log".to_owned();
        assert_eq!(exit_of(&stopped(&StopReason::Unsafe(words()))), Exit::Unsafe);
        for reason in [StopReason::Fault(words()), StopReason::Engine(words())] {
            assert_eq!(exit_of(&stopped(&reason)), Exit::Failed);
        }
    }
}
