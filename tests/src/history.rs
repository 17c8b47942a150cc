//! What clients saw, and whether the chains of all validators agree with it.
//!
//! A client writes down what it is about to send before it sends it, and the answer after. At the end the log is compared
//! with every validator's blocks: what was said to be final stands there once, at the place that was said; what was
//! refused stands nowhere; what was never answered stands there at most once; and what was final before something else
//! was begun comes before it. The ledger gives a total order, so this is all of strict serialisability.

use std::{collections::BTreeMap, fs::File, io::Write, path::Path, sync::Mutex, time::Instant};

use anyhow::Result;
use serde::{Deserialize, Serialize};

/// A line of the log. Times are microseconds since the log was begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "what")]
pub enum Line {
    /// The client is about to send a record.
    Begun {
        /// The record.
        id: String,
        /// When.
        at: u64,
    },
    /// A node has said that it is final.
    Final {
        /// The record.
        id: String,
        /// When the answer came.
        at: u64,
        /// The block.
        height: u64,
        /// Its position there.
        index: u64,
    },
    /// A node has said that it will not take effect.
    Refused {
        /// The record.
        id: String,
        /// When the answer came.
        at: u64,
    },
}

/// The log of clients, synced line by line.
pub struct Log {
    file: Mutex<File>,
    begun: Instant,
}

impl Log {
    /// A new log in a file.
    ///
    /// # Errors
    /// From the file system.
    pub fn begin(path: &Path) -> Result<Log> {
        Ok(Log { file: Mutex::new(File::create_new(path)?), begun: Instant::now() })
    }

    /// Microseconds since it was begun.
    pub fn now(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// Writes lines; they are on the disk before the answer.
    ///
    /// # Errors
    /// From the file system.
    pub fn write(&self, lines: &[Line]) -> Result<()> {
        let mut text = String::new();
        for line in lines {
            text.push_str(&serde_json::to_string(line)?);
            text.push('\n');
        }
        let mut file = self.file.lock().map_err(|_| anyhow::anyhow!("a client has panicked"))?;
        file.write_all(text.as_bytes())?;
        Ok(file.sync_data()?)
    }

    /// Reads a log.
    ///
    /// # Errors
    /// From the file system, or where a line is damaged.
    pub fn read(path: &Path) -> Result<Vec<Line>> {
        std::fs::read_to_string(path)?.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
    }
}

/// A block, as a validator serves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Its id.
    pub id: String,
    /// Root of the register after it.
    pub register: String,
    /// Its records.
    pub records: Vec<String>,
}

/// The blocks of a validator, from height 1 on.
pub type Chain = Vec<Block>;

/// What does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// Two validators have different blocks at a height.
    Fork(u64),
    /// Two validators have the same block and different registers.
    Register(u64),
    /// A record stands in a chain more than once.
    Twice(String),
    /// A record that was final is not where it was.
    Lost(String),
    /// A record that was refused took effect.
    Undead(String),
    /// A record that was final before another was begun comes after it.
    Order(String, String),
    /// A record that nobody sent.
    Stranger(String),
}

/// Compares what clients saw with the chains of all validators. Chains may have different lengths, but whatever was final
/// must be in all of them.
///
/// # Errors
/// The first thing that does not fit.
pub fn check(log: &[Line], chains: &[Chain]) -> Result<(), Wrong> {
    agree(chains)?;
    let begun: BTreeMap<&str, u64> = log.iter().filter_map(begun).collect();
    for chain in chains {
        let places = places(chain)?;
        let stranger = places.keys().find(|id| !begun.contains_key(*id));
        if let Some(id) = stranger {
            return Err(Wrong::Stranger((*id).to_owned()));
        }
        for line in log {
            match line {
                Line::Final { id, height, index, .. } if places.get(id.as_str()) != Some(&(*height, *index)) => {
                    return Err(Wrong::Lost(id.clone()));
                }
                Line::Refused { id, .. } if places.contains_key(id.as_str()) => return Err(Wrong::Undead(id.clone())),
                Line::Begun { .. } | Line::Final { .. } | Line::Refused { .. } => {}
            }
        }
    }
    order(log, &begun)
}

fn begun(line: &Line) -> Option<(&str, u64)> {
    match line {
        Line::Begun { id, at } => Some((id, *at)),
        Line::Final { .. } | Line::Refused { .. } => None,
    }
}

/// All chains are beginnings of the longest.
fn agree(chains: &[Chain]) -> Result<(), Wrong> {
    let Some(longest) = chains.iter().max_by_key(|chain| chain.len()) else { return Ok(()) };
    for chain in chains {
        for ((one, other), height) in chain.iter().zip(longest).zip(1..) {
            if one.id != other.id || one.records != other.records {
                return Err(Wrong::Fork(height));
            }
            if one.register != other.register {
                return Err(Wrong::Register(height));
            }
        }
    }
    Ok(())
}

fn places(chain: &Chain) -> Result<BTreeMap<&str, (u64, u64)>, Wrong> {
    let mut places = BTreeMap::new();
    for (block, height) in chain.iter().zip(1..) {
        for (id, index) in block.records.iter().zip(0..) {
            if places.insert(id.as_str(), (height, index)).is_some() {
                return Err(Wrong::Twice(id.clone()));
            }
        }
    }
    Ok(places)
}

/// Whatever was final before something was begun comes before it.
fn order(log: &[Line], begun: &BTreeMap<&str, u64>) -> Result<(), Wrong> {
    let mut finals: Vec<(u64, (u64, u64), &str)> = Vec::new();
    for line in log {
        if let Line::Final { id, at, height, index } = line {
            finals.push((*at, (*height, *index), id));
        }
    }
    finals.sort_unstable();
    // The furthest place that was known to be final by each moment.
    let mut furthest: Vec<(u64, (u64, u64), &str)> = Vec::new();
    for (at, place, id) in &finals {
        match furthest.last() {
            Some((_, far, _)) if far >= place => {}
            Some(_) | None => furthest.push((*at, *place, id)),
        }
    }
    for (_, place, id) in &finals {
        let Some(began) = begun.get(id) else { continue };
        let before = furthest.partition_point(|(at, _, _)| at < began);
        if let Some((_, far, earlier)) = before.checked_sub(1).and_then(|last| furthest.get(last))
            && far > place
        {
            return Err(Wrong::Order((*earlier).to_owned(), (*id).to_owned()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(what: &str, id: &str, at: u64, (height, index): (u64, u64)) -> Line {
        let id = id.to_owned();
        match what {
            "begun" => Line::Begun { id, at },
            "final" => Line::Final { id, at, height, index },
            _ => Line::Refused { id, at },
        }
    }

    /// Four records final, one refused, two without an answer of which one took effect.
    fn sound() -> (Vec<Line>, Vec<Chain>) {
        let nowhere = (0, 0);
        let log = vec![
            line("begun", "a", 0, nowhere),
            line("begun", "b", 1, nowhere),
            line("final", "b", 5, (1, 0)),
            line("final", "a", 6, (1, 1)),
            line("begun", "c", 7, nowhere),
            line("begun", "refused", 8, nowhere),
            line("refused", "refused", 9, nowhere),
            line("begun", "silent", 10, nowhere),
            line("begun", "gone", 11, nowhere),
            line("final", "c", 12, (2, 0)),
            line("begun", "d", 13, nowhere),
            line("final", "d", 15, (3, 1)),
        ];
        let block = |id: &str, records: &[&str]| Block {
            id: id.to_owned(),
            register: format!("register of {id}"),
            records: records.iter().map(|id| (*id).to_owned()).collect(),
        };
        let chain = vec![block("1", &["b", "a"]), block("2", &["c"]), block("3", &["silent", "d"])];
        (log, vec![chain.clone(), chain.clone(), chain])
    }

    /// The checker's answer to a history that was doctored.
    fn doctored(doctor: impl Fn(&mut Vec<Line>, &mut Vec<Chain>)) -> Option<Wrong> {
        let (mut log, mut chains) = sound();
        doctor(&mut log, &mut chains);
        check(&log, &chains).err()
    }

    fn name(id: &str) -> String {
        id.to_owned()
    }

    #[test]
    fn a_sound_history_passes() {
        assert_eq!(doctored(|_, _| ()), None);
        // A validator that is behind, as long as it has what was final.
        assert_eq!(
            doctored(|log, chains| {
                log.truncate(11);
                chains[1].truncate(2)
            }),
            None
        );
    }

    #[test]
    fn every_doctored_history_is_seen() {
        let all = |chains: &mut Vec<Chain>, change: &dyn Fn(&mut Chain)| chains.iter_mut().for_each(change);
        let lost = |id| Some(Wrong::Lost(name(id)));
        // lost everywhere, lost on one validator, at another height, at another index
        assert_eq!(doctored(|_, chains| all(chains, &|chain| chain[1].records.clear())), lost("c"));
        assert_eq!(doctored(|_, chains| chains[2].truncate(1)), lost("c"));
        assert_eq!(doctored(|_, chains| all(chains, &|chain| chain.swap(1, 2))), lost("c"));
        assert_eq!(doctored(|_, chains| all(chains, &|chain| chain[0].records.reverse())), lost("b"));
        // twice: one that was final, one without an answer
        let twice = |id| Some(Wrong::Twice(name(id)));
        assert_eq!(doctored(|_, chains| all(chains, &|chain| chain[2].records.push(name("a")))), twice("a"));
        assert_eq!(doctored(|_, chains| all(chains, &|chain| chain[2].records.push(name("silent")))), twice("silent"));
        // refused and there all the same; there without having been sent
        let add = |id: &'static str| move |chain: &mut Chain| chain[2].records.push(name(id));
        let undead = Some(Wrong::Undead(name("refused")));
        assert_eq!(doctored(|_, chains| all(chains, &add("refused"))), undead);
        assert_eq!(doctored(|_, chains| all(chains, &add("x"))), Some(Wrong::Stranger(name("x"))));
        // forks: another block, the same block with other records, another register
        assert_eq!(doctored(|_, chains| chains[1][1].id = name("2'")), Some(Wrong::Fork(2)));
        assert_eq!(doctored(|_, chains| chains[1][2].records.push(name("gone"))), Some(Wrong::Fork(3)));
        assert_eq!(doctored(|_, chains| chains[2][0].register = name("other")), Some(Wrong::Register(1)));
        // order: `d` was begun when `c` was final, and comes before it
        let reordered = doctored(|log, chains| {
            log.retain(|line| !matches!(line, Line::Final { id, .. } if id == "c" || id == "d"));
            log.extend([line("final", "c", 12, (3, 1)), line("final", "d", 15, (2, 0))]);
            all(chains, &|chain| {
                chain[1].records = vec![name("d")];
                chain[2].records = vec![name("silent"), name("c")];
            });
        });
        assert_eq!(reordered, Some(Wrong::Order(name("c"), name("d"))));
    }
}
