//! Figures for whoever watches the node, in the text format of Prometheus: our own, then the consensus engine's.

use std::{
    fmt::{Display, Write},
    sync::Arc,
};

use hefu_api::Ledger;
use hefu_contracts::state::Fault;
use hefu_engine::{Counts, Guard};

use crate::{ledger::NodeLedger, space::Room};

/// Name, kind and meaning of each figure of ours. README.md lists them.
const FIGURES: [(&str, &str, &str); 11] = [
    ("hefu_block_height", "gauge", "Last final height."),
    ("hefu_block_age_seconds", "gauge", "Seconds since the newest block, or since the start where none has come."),
    ("hefu_records_waiting", "gauge", "Records that wait for a block."),
    ("hefu_node_ready", "gauge", "1 where the node should be sent requests."),
    ("hefu_validator_votes", "gauge", "1 where its guard and its disk let this validator vote."),
    (
        "hefu_disk_free_percent",
        "gauge",
        "Free share of the disk; below 5 no records are taken, below 2 nothing is voted.",
    ),
    (
        "hefu_store_cache_bytes",
        "gauge",
        "Memory of the store's cache, room for writes included; it fills up to 134217728 and stays there.",
    ),
    ("hefu_store_writes_bytes", "gauge", "Memory of writes that are in no file yet; at most 67108864."),
    ("hefu_guard_repeated_total", "counter", "Times that a signature was given out again instead of a second one."),
    ("hefu_guard_withheld_total", "counter", "Votes for no block at quarantined heights."),
    ("hefu_guard_behind", "gauge", "1 where the guard is older than the engine's log: this validator signs nothing."),
];

/// Reads the figures of a running node.
#[derive(Clone)]
pub struct Meter(pub(crate) Arc<NodeLedger>);

impl Meter {
    /// The figures now. A node whose storage failed tells the engine's alone.
    pub fn text(&self) -> String {
        let mut text = self.own().unwrap_or_default();
        text.push_str(&hefu_engine::metrics());
        text
    }

    fn own(&self) -> Result<String, Fault> {
        let status = self.0.status()?;
        let guard = self.0.desk().guard();
        let Counts { repeated, withheld } = guard.as_ref().map(|guard| guard.counts()).unwrap_or_default();
        let behind = guard.as_ref().is_some_and(Guard::is_behind);
        let is_validator = self.0.genesis().members.get(&status.node).is_some();
        let votes = is_validator && guard.is_some() && !behind;
        let space = self.0.desk().space();
        let store = self.0.desk().footprint()?;
        let flag = |set: bool| u64::from(set);
        let pending = u64::try_from(status.pending).unwrap_or(u64::MAX);
        let values = [
            Some(status.height.get()),
            Some(self.0.desk().pulse().age().as_secs()),
            Some(pending),
            Some(flag(status.unready.is_none())),
            Some(flag(votes && space.room > Room::Spent)),
            space.percent,
            Some(store.cache),
            Some(store.writes),
            Some(repeated),
            Some(withheld),
            Some(flag(behind)),
        ];
        let mut text = String::new();
        for ((name, kind, meaning), value) in FIGURES.into_iter().zip(values) {
            // What the system does not tell is left out: no number would be true.
            let Some(value) = value else { continue };
            write(&mut text, format_args!("# HELP {name} {meaning}\n# TYPE {name} {kind}\n{name} {value}\n"));
        }
        Ok(text)
    }
}

fn write(text: &mut String, line: impl Display) {
    // Writing to a string cannot fail.
    if write!(text, "{line}").is_err() {
        tracing::debug!("a figure could not be written");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_is_in_the_documented_list() {
        let readme = include_str!("../../README.md");
        for (name, ..) in FIGURES {
            assert!(readme.contains(&format!("`{name}`")), "README.md does not tell what {name} is");
        }
    }
}
