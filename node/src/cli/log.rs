//! Logs, to stderr.

use std::{
    collections::HashMap,
    fmt,
    io::{IsTerminal, stderr},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use anyhow::Context as _;
use tracing::{Event, Subscriber, callsite::Identifier};
use tracing_subscriber::{
    EnvFilter,
    fmt::{FmtContext, FormatEvent, FormatFields, format::Writer},
    registry::LookupSpan,
};

use crate::config::{Log, LogFormat};

/// Libraries that warn of each message which other nodes send and which they refuse. Whoever sends one can send a million.
const TALKATIVE: [&str; 3] = ["arc_malachitebft", "informalsystems_malachitebft", "libp2p"];

/// Lines of one kind that such a library writes in a time; the rest is left out.
const LINES_MAX: u32 = 20;
const WITHIN: Duration = Duration::from_secs(60);

/// Sends logs to stderr. `RUST_LOG` goes before the configured filter.
///
/// # Errors
/// Where the filter cannot be read.
pub fn to_stderr(config: &Log) -> anyhow::Result<()> {
    let filter = match std::env::var("RUST_LOG") {
        Ok(filter) => EnvFilter::try_new(filter).context("RUST_LOG cannot be read")?,
        Err(_) => EnvFilter::try_new(&config.filter).context("`log.filter` cannot be read")?,
    };
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(stderr);
    match config.format {
        LogFormat::Text => subscriber.with_ansi(stderr().is_terminal()).map_event_format(Modest::new).init(),
        LogFormat::Json => subscriber.json().flatten_event(true).map_event_format(Modest::new).init(),
    }
    Ok(())
}

/// Writes as another does, but of each kind of line of the talkative libraries no more than so many in a time.
struct Modest<F> {
    format: F,
    kinds: Mutex<HashMap<Identifier, Kind>>,
}

/// How often a line was written lately.
struct Kind {
    since: Instant,
    lines: u32,
}

impl<F> Modest<F> {
    fn new(format: F) -> Modest<F> {
        Modest { format, kinds: Mutex::default() }
    }

    /// Whether one more line of this kind is written now.
    fn allows(&self, kind: Identifier, now: Instant) -> bool {
        let mut kinds = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        let known = kinds.entry(kind).or_insert(Kind { since: now, lines: 0 });
        if now.saturating_duration_since(known.since) >= WITHIN {
            *known = Kind { since: now, lines: 0 };
        }
        known.lines = known.lines.saturating_add(1);
        known.lines <= LINES_MAX
    }
}

fn is_talkative(target: &str) -> bool {
    TALKATIVE.iter().any(|library| target.starts_with(library))
}

impl<S, N, F> FormatEvent<S, N> for Modest<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let metadata = event.metadata();
        if is_talkative(metadata.target()) && !self.allows(metadata.callsite(), Instant::now()) {
            return Ok(());
        }
        self.format.format_event(context, writer, event)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{self, Write},
        sync::Arc,
    };

    use tracing_subscriber::fmt::MakeWriter;

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl MakeWriter<'_> for Written {
        type Writer = Written;

        fn make_writer(&self) -> Written {
            self.clone()
        }
    }

    #[test]
    fn a_flood_of_what_others_send_fills_no_disk_and_hides_nothing_else() {
        let written = Written::default();
        let subscriber = tracing_subscriber::fmt().with_writer(written.clone()).map_event_format(Modest::new).finish();
        tracing::subscriber::with_default(subscriber, || {
            for number in 0..1_000 {
                tracing::warn!(target: "arc_malachitebft_core_consensus::handle", number, "Received invalid vote");
                tracing::warn!(target: "hefu_node", number, "our own line");
            }
            tracing::warn!(target: "arc_malachitebft_core_consensus::handle", "another line");
        });
        let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        let count = |words: &str| text.lines().filter(|line| line.contains(words)).count();
        assert_eq!(count("Received invalid vote"), LINES_MAX as usize);
        assert_eq!((count("our own line"), count("another line"), text.lines().count()), (1_000, 1, 1_021));
    }

    #[test]
    fn after_a_while_a_line_is_written_again() {
        let modest = Modest::new(());
        let kind = || {
            let metadata = tracing::metadata! {
                name: "a line", target: "libp2p", level: tracing::Level::WARN, fields: &[], callsite: &CALLSITE,
                kind: tracing::metadata::Kind::EVENT
            };
            metadata.callsite()
        };
        let begun = Instant::now();
        let allowed = (0..100).filter(|_| modest.allows(kind(), begun)).count();
        assert_eq!(allowed, LINES_MAX as usize);
        assert!(modest.allows(kind(), begun + WITHIN));
    }

    /// Where a line of a test comes from.
    struct Place;

    static CALLSITE: Place = Place;

    impl tracing::Callsite for Place {
        fn set_interest(&self, _: tracing::subscriber::Interest) {}

        fn metadata(&self) -> &tracing::Metadata<'_> {
            unreachable!("nobody asks for it")
        }
    }
}
