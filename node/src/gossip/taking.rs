//! Taking what other nodes pass on.
//!
//! A record is verified once: what waits, what stands in a block under discussion, and what could not be taken a moment
//! ago is recognised.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use hefu_contracts::{
    refusal::{Code, Refusal},
    state::Fault,
};
use hefu_gossip::{Answer, Ask, Message, PeerId, Standing};
use hefu_keys::Hash;

use super::parked::Parked;
use crate::{
    core::{Sealed, read_all},
    ledger::Passed,
};

/// What taking records asks of the node that takes them.
pub trait Takes {
    /// The verified records with these digests, where they are known.
    ///
    /// # Errors
    /// [`Fault`] from the storage, as the others.
    fn recognise(&self, digests: &[Hash]) -> Result<Vec<Option<Arc<Sealed>>>, Fault>;

    /// Whether the record with this seal waits.
    ///
    /// # Errors
    /// As above.
    fn waits(&self, seal: &Hash) -> Result<bool, Fault>;

    /// Takes a record that another node has passed on.
    ///
    /// # Errors
    /// As above.
    fn pass(&self, sealed: Arc<Sealed>, from: PeerId) -> Result<Passed, Fault>;

    /// What is handed over to a node that has no state.
    ///
    /// # Errors
    /// As above.
    fn hand_over(&self, ask: &Ask) -> Result<Vec<Bytes>, Fault>;
}

/// The side of the node that others hand records to.
#[derive(Default)]
pub struct Taker {
    parked: Mutex<Parked>,
    /// Who has passed on what is no record of this chain, which was logged: whoever does so once can do so for ever.
    told: Mutex<HashSet<PeerId>>,
}

impl Taker {
    /// Nothing was offered yet.
    pub fn new() -> Taker {
        Taker::default()
    }

    /// Takes what can be taken, and tells how everything stands. Verifies signatures, so it may take long.
    ///
    /// # Errors
    /// [`Fault`] from the storage.
    pub fn take(&self, desk: &impl Takes, peer: PeerId, message: Message) -> Result<Answer, Fault> {
        let standings = match message {
            Message::Records(texts) => self.records(desk, peer, &texts)?,
            Message::Offer(seals) => self.offer(desk, peer, &seals)?,
            Message::Ask(ask) => return Ok(Answer::Pieces(desk.hand_over(&ask)?)),
        };
        Ok(Answer::Standings(standings))
    }

    fn records(&self, desk: &impl Takes, peer: PeerId, texts: &[Bytes]) -> Result<Vec<Standing>, Fault> {
        let digests: Vec<Hash> = texts.iter().map(|text| Hash::of(text)).collect();
        let known = desk.recognise(&digests)?;
        let new = texts.iter().zip(&known).filter(|(_, known)| known.is_none()).map(|(text, _)| text.to_vec());
        let mut read = read_all(new.collect()).into_iter();
        let mut standings = Vec::with_capacity(texts.len());
        let mut forged: Option<Code> = None;
        for known in known {
            let sealed = match known {
                Some(sealed) => sealed,
                None => match read.next() {
                    Some(Ok(sealed)) => sealed.into(),
                    Some(Err(rejected)) => {
                        forged.get_or_insert(rejected.refusal.code);
                        standings.push(Standing::Forged);
                        continue;
                    }
                    None => continue,
                },
            };
            standings.push(match self.pass(desk, peer, sealed)? {
                Ok(standing) => standing,
                Err(refusal) => {
                    forged.get_or_insert(refusal.code);
                    Standing::Forged
                }
            });
        }
        if let Some(code) = forged
            && self.told.lock().unwrap_or_else(PoisonError::into_inner).insert(peer)
        {
            let records = standings.iter().filter(|standing| **standing == Standing::Forged).count();
            tracing::error!(
                peer.id = %peer,
                %code,
                records,
                "a node passes on what is no record of this chain; it is not said again"
            );
        }
        Ok(standings)
    }

    fn offer(&self, desk: &impl Takes, peer: PeerId, seals: &[[u8; 32]]) -> Result<Vec<Standing>, Fault> {
        let mut standings = Vec::with_capacity(seals.len());
        for seal in seals {
            let seal = Hash::from_bytes(*seal);
            standings.push(if desk.waits(&seal)? {
                Standing::Held
            } else {
                let parked = self.parked().take(&seal);
                match parked {
                    Some(sealed) => self.pass(desk, peer, sealed)?.unwrap_or(Standing::Forged),
                    None => Standing::Wanted,
                }
            });
        }
        Ok(standings)
    }

    /// How a record stands here now; a refusal where no honest node of this chain would have passed it on.
    fn pass(
        &self,
        desk: &impl Takes,
        peer: PeerId,
        sealed: Arc<Sealed>,
    ) -> Result<Result<Standing, Box<Refusal>>, Fault> {
        Ok(Ok(match desk.pass(sealed.clone(), peer)? {
            Passed::Held => Standing::Held,
            Passed::Not(refusal) if refusal.code == Code::RecordChain => return Ok(Err(refusal.into())),
            Passed::Not(refusal) => {
                tracing::debug!(record.id = %sealed.id(), code = %refusal.code, "a record cannot be taken now");
                self.parked().keep(sealed);
                Standing::Later
            }
        }))
    }

    fn parked(&self) -> MutexGuard<'_, Parked> {
        // What is parked can be asked for again.
        self.parked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
