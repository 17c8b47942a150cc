//! Figures of each topic, in the engine's register of figures.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};

use crate::Topic;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Label {
    topic: String,
}

/// What was sent and received, and who hears.
pub(crate) struct Figures {
    hearers: Family<Label, Gauge>,
    sent: Family<Label, Counter>,
    sent_bytes: Family<Label, Counter>,
    received: Family<Label, Counter>,
    received_bytes: Family<Label, Counter>,
}

fn label(topic: &Topic) -> Label {
    Label { topic: String::from_utf8_lossy(topic.name()).into_owned() }
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

impl Figures {
    pub(crate) fn register(registry: &mut Registry) -> Figures {
        let figures = Figures {
            hearers: Family::default(),
            sent: Family::default(),
            sent_bytes: Family::default(),
            received: Family::default(),
            received_bytes: Family::default(),
        };
        registry.register("topic_peers", "Connected nodes that hear of the topic", figures.hearers.clone());
        registry.register("topic_sent", "Messages sent, one for each node", figures.sent.clone());
        registry.register("topic_sent_bytes", "Bytes of their contents", figures.sent_bytes.clone());
        registry.register("topic_received", "Messages received", figures.received.clone());
        registry.register("topic_received_bytes", "Bytes of their contents", figures.received_bytes.clone());
        figures
    }

    pub(crate) fn hearers(&self, topic: &Topic, nodes: usize) {
        self.hearers.get_or_create(&label(topic)).set(i64::try_from(nodes).unwrap_or(i64::MAX));
    }

    pub(crate) fn sent(&self, topic: &Topic, times: usize, bytes: usize) {
        self.sent.get_or_create(&label(topic)).inc_by(count(times));
        self.sent_bytes.get_or_create(&label(topic)).inc_by(count(bytes.saturating_mul(times)));
    }

    pub(crate) fn received(&self, topic: &Topic, bytes: usize) {
        self.received.get_or_create(&label(topic)).inc();
        self.received_bytes.get_or_create(&label(topic)).inc_by(count(bytes));
    }
}
