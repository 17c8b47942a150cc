//! What is to be restored: a certified header, and the ranges of its register.

use std::collections::BTreeMap;

use bytes::Bytes;
use hefu_contracts::{block::read_header, certificate::Certificate, genesis::Genesis, height::Height};
use hefu_gossip::{Ask, PeerId};
use hefu_keys::Hash;

use super::{Card, Filling, Lie, Source, Stop, rows::ROWS_MAX};

impl<S: Source> Filling<'_, S> {
    /// The snapshot to be restored and who offers it: the newest of those that more than a third of the members' number
    /// offer alike, so that somebody honest is among them, or else the newest of all. The header does not bind how many rows
    /// a range has, and whoever offers a true card need not have what is behind it.
    pub(super) fn card(&mut self) -> Result<(Card, Vec<PeerId>), Stop> {
        let mut found: BTreeMap<(Height, Vec<u32>), (Card, Vec<PeerId>)> = BTreeMap::new();
        for peer in self.asked.clone() {
            let Some(pieces) = self.source.ask(peer, Ask::Snapshot).filter(|pieces| !pieces.is_empty()) else {
                continue;
            };
            match read(self.genesis, &pieces) {
                Ok(card) => {
                    let alike = (card.header.height, card.counts.clone());
                    found.entry(alike).or_insert_with(|| (card, Vec::new())).1.push(peer);
                }
                Err(lie) => {
                    self.source.expose(peer, &lie);
                    self.exposed.push(peer);
                }
            }
        }
        let third = self.genesis.members.0.len() / 3;
        let best = |(card, peers): &(Card, Vec<PeerId>)| (peers.len() > third, card.header.height, peers.len());
        let (card, peers) = found.into_values().max_by_key(best).ok_or(Stop::None)?;
        if peers.len() > third {
            self.asked.retain(|peer| !self.exposed.contains(peer) && !peers.contains(peer));
            // The others may take it soon, and have its blocks already: they come last.
            peers.iter().rev().for_each(|peer| self.asked.push_front(*peer));
        } else {
            // By a false card whoever is honest would seem to lie: nobody else is asked until the rows have proven it.
            self.asked = peers.iter().copied().collect();
            self.closed = true;
        }
        Ok((card, peers))
    }
}

/// Reads and checks a card.
fn read(genesis: &Genesis, pieces: &[Bytes]) -> Result<Card, Lie> {
    let [header, certificate, roots, counts] = pieces else { return Err(Lie::new("a card has four pieces")) };
    let header = read_header(std::str::from_utf8(header)?)?;
    let certificate: Certificate = serde_json::from_slice(certificate)?;
    let (roots, rest) = roots.as_chunks::<32>();
    let (counts, more) = counts.as_chunks::<4>();
    let roots: Vec<Hash> = roots.iter().map(|root| Hash::from_bytes(*root)).collect();
    let counts: Vec<u32> = counts.iter().map(|count| u32::from_be_bytes(*count)).collect();
    if !rest.is_empty() || !more.is_empty() {
        return Err(Lie::new("a root or a count is cut"));
    }
    if let Some(count) = counts.iter().find(|count| **count > ROWS_MAX) {
        return Err(Lie::new(format!("a range of {count} rows, at most {ROWS_MAX} are accepted")));
    }
    let card = Card { header, certificate, counts, roots };
    card.check(genesis)?;
    Ok(card)
}
