//! What is to be restored: a certified header, and the ranges of its register.

use std::collections::BTreeMap;

use bytes::Bytes;
use hefu_contracts::{
    block::read_header, certificate::Certificate, genesis::Genesis, height::Height, register::root_over,
};
use hefu_gossip::{Ask, PeerId};
use hefu_keys::Hash;

use super::{Card, Filling, Lie, Source, Stop};

impl<S: Source> Filling<'_, S> {
    /// The newest snapshot that anybody has. Only those are asked for the rest of it who have the same.
    pub(super) fn card(&mut self) -> Result<Card, Stop> {
        let mut found: BTreeMap<Height, (Card, Vec<PeerId>)> = BTreeMap::new();
        for peer in self.asked.clone() {
            let Some(pieces) = self.source.ask(peer, Ask::Snapshot).filter(|pieces| !pieces.is_empty()) else {
                continue;
            };
            match read(self.genesis, &pieces) {
                Ok(card) => found.entry(card.header.height).or_insert_with(|| (card, Vec::new())).1.push(peer),
                Err(lie) => {
                    self.source.expose(peer, &lie);
                    self.exposed.push(peer);
                }
            }
        }
        self.asked.retain(|peer| !self.exposed.contains(peer));
        let Some((_, (card, peers))) = found.pop_last() else { return Err(Stop::None) };
        // The others may take it soon, and have its blocks already: they come last.
        self.asked.retain(|peer| !peers.contains(peer));
        peers.into_iter().rev().for_each(|peer| self.asked.push_front(peer));
        Ok(card)
    }
}

/// Reads and checks a card.
fn read(genesis: &Genesis, pieces: &[Bytes]) -> Result<Card, Lie> {
    let [header, certificate, roots, counts] = pieces else { return Err(Lie::new("a card has four pieces")) };
    let header = read_header(std::str::from_utf8(header)?)?;
    let certificate: Certificate = serde_json::from_slice(certificate)?;
    let chain = genesis.chain();
    if header.chain != chain || header.id() != certificate.block || header.height != certificate.height {
        return Err(Lie::new("the certificate is not for the header"));
    }
    certificate.check(&chain, &genesis.members)?;
    let (roots, rest) = roots.as_chunks::<32>();
    let (counts, more) = counts.as_chunks::<4>();
    let roots: Vec<Hash> = roots.iter().map(|root| Hash::from_bytes(*root)).collect();
    let counts: Vec<u32> = counts.iter().map(|count| u32::from_be_bytes(*count)).collect();
    if !rest.is_empty() || !more.is_empty() || roots.len() != counts.len() {
        return Err(Lie::new("the ranges have other roots than counts"));
    }
    if root_over(genesis.register_depth, &roots) != Some(header.register) {
        return Err(Lie::new("the ranges do not lead to the register's root"));
    }
    Ok(Card { header, certificate, counts, roots })
}
