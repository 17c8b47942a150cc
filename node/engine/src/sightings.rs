//! Quorums seen on the wire.
//!
//! The engine tells an application nothing about two things that it needs to know. That decided blocks wait for a
//! height which this node has not opened: a validator that missed a proposal while it was cut off would sleep until
//! the next heartbeat although everybody else went on. And that two thirds have prevoted for a block: only then may a
//! block be voted for without asking the clock. Both come with certificates that pass through our codec, so they are
//! looked at there, verified, and acted upon; an unverified claim wakes nobody and excuses nothing.

use std::collections::{BTreeMap, BTreeSet};

use hefu_keys::Hash;
use malachite::VerifierExt;
use malachite::app::types::core::{ExtendedCommitCertificate, PolkaCertificate, ThresholdParams, VoteExtensionPolicy};

use crate::context::Hefu;
use crate::signing::Judge;
use crate::validators::Validators;

/// Reports on their way from the codec; more are dropped.
pub(crate) const SIGHTINGS_MAX: usize = 256;

/// How far above the next height certificates are remembered. The engine reads ahead less.
const AHEAD_MAX: u64 = 128;

/// Unverified certificates remembered for one height, so that a false one cannot displace the true one alone.
const AHEAD_PER_HEIGHT_MAX: usize = 4;

/// A certificate that passed, not verified.
pub(crate) enum Sighting {
    /// A decided block, served to this node because it asked to catch up.
    Commit(ExtendedCommitCertificate<Hefu>),
    /// The prevotes of two thirds.
    Polka(PolkaCertificate<Hefu>),
}

/// The quorums this node knows of.
pub(crate) struct Sightings {
    judge: Judge,
    ahead: BTreeMap<u64, Vec<ExtendedCommitCertificate<Hefu>>>,
    /// Blocks of the current height that two thirds prevoted for.
    polkas: BTreeSet<Hash>,
    /// The last height that two thirds are known to have decided, and the block.
    decided: Option<(u64, Hash)>,
}

impl Sightings {
    pub(crate) fn new(judge: Judge) -> Sightings {
        Sightings { judge, ahead: BTreeMap::new(), polkas: BTreeSet::new(), decided: None }
    }

    /// Takes note of a certificate. `height` is the height being decided or to be opened next, `validators` decide it.
    pub(crate) async fn note(&mut self, sighting: Sighting, height: u64, validators: &Validators) {
        match sighting {
            Sighting::Commit(certificate) => self.note_commit(certificate, height),
            Sighting::Polka(certificate) => {
                let news = certificate.height.0 == height && !self.polkas.contains(&certificate.value_id);
                if news && self.polka_holds(&certificate, validators).await {
                    self.polkas.insert(certificate.value_id);
                }
            }
        }
    }

    /// The block that two thirds of `validators` are known to have decided at `height`.
    pub(crate) async fn decided(&mut self, height: u64, validators: &Validators) -> Option<Hash> {
        if let Some((_, block)) = self.decided.filter(|(at, _)| *at == height) {
            return Some(block);
        }
        let thresholds = ThresholdParams::default();
        let policy = VoteExtensionPolicy::Disabled;
        for certificate in self.ahead.remove(&height).unwrap_or_default() {
            let verified = self
                .judge
                .verify_extended_commit_certificate(&Hefu, &certificate, validators, thresholds, policy)
                .await;
            if verified.is_ok() {
                self.decided = Some((height, certificate.value_id));
                return Some(certificate.value_id);
            }
        }
        None
    }

    /// Whether two thirds are known to have prevoted for `block` at the current height.
    pub(crate) fn prevoted(&self, block: &Hash) -> bool {
        self.polkas.contains(block)
    }

    /// Forgets what no longer matters once `height` is the next.
    pub(crate) fn advance(&mut self, height: u64) {
        self.polkas.clear();
        self.ahead = self.ahead.split_off(&height);
    }

    fn note_commit(&mut self, certificate: ExtendedCommitCertificate<Hefu>, height: u64) {
        let at = certificate.height.0;
        if at < height || at > height.saturating_add(AHEAD_MAX) {
            return;
        }
        let known = self.ahead.entry(at).or_default();
        if known.contains(&certificate) {
            return;
        }
        // The newest is what is about to be judged: false ones that came before must not keep it out.
        if known.len() >= AHEAD_PER_HEIGHT_MAX {
            known.remove(0);
        }
        known.push(certificate);
    }

    async fn polka_holds(&self, certificate: &PolkaCertificate<Hefu>, validators: &Validators) -> bool {
        let thresholds = ThresholdParams::default();
        self.judge.verify_polka_certificate(&Hefu, certificate, validators, thresholds).await.is_ok()
    }
}

#[cfg(test)]
mod tests;
