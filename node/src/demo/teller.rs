//! The one who tells: counts sequence numbers, derives whatever is otherwise random, and signs.

use std::collections::BTreeMap;

use hefu_contracts::{
    action::Action,
    genesis::Genesis,
    record::{Record, Visibility},
    submission::Unverified,
    time::{Millis, Time},
};
use hefu_keys::{Address, Hash, NoRandomness, SecretKey, parts::Salt};
use serde_json::Value;

use crate::{
    capture::{self, Source},
    client::{self, Content, Frame, Selection},
};

/// The story can be told to its end for so long; rules accept records that expire within 30 days.
const TOLD_WITHIN: Millis = Millis(29 * 24 * 60 * 60 * 1_000);

const MINUTE_MS: i64 = 60_000;

/// A part of the story whose records can be handed in together.
#[derive(Clone, Debug)]
pub struct Chapter {
    /// What happens in it.
    pub title: &'static str,
    /// Its records.
    pub records: Vec<Told>,
}

/// A signed record of the story.
#[derive(Clone, Debug)]
pub struct Told {
    /// The record's id.
    pub id: Hash,
    /// What is handed in.
    pub submission: String,
}

/// Writes records.
pub(super) struct Teller {
    chain: Hash,
    began: Time,
    /// From when on the story's minutes are counted back.
    now: Time,
    seqs: BTreeMap<Address, u64>,
    chapters: Vec<Chapter>,
}

impl Teller {
    /// One who tells, to a chain, what came to its end at a moment.
    pub(super) fn new(genesis: &Genesis, now: Time) -> Teller {
        Teller { chain: genesis.chain(), began: genesis.time, now, seqs: BTreeMap::new(), chapters: Vec::new() }
    }

    pub(super) fn chapter(&mut self, title: &'static str) {
        self.chapters.push(Chapter { title, records: Vec::new() });
    }

    pub(super) fn chapters(self) -> Vec<Chapter> {
        self.chapters
    }

    /// A moment so many minutes before the story's end.
    pub(super) fn ago(&self, minutes: i64) -> Time {
        let millis = self.now.millis().saturating_sub(minutes.saturating_mul(MINUTE_MS));
        Time::from_millis(millis).unwrap_or(self.now)
    }

    /// A record without detached parts; the first key is its author's.
    pub(super) fn tell<T: serde::Serialize>(
        &mut self,
        keys: &[&SecretKey],
        action: Action,
        body: &T,
    ) -> anyhow::Result<Hash> {
        self.sign(keys, &Content::plain(action, serde_json::to_value(body)?))
    }

    /// An event.
    pub(super) fn event(&mut self, key: &SecretKey, event: Value) -> anyhow::Result<Hash> {
        let captured = capture::convert(&Source::alone(event)?, &mut self.salts())?;
        self.sign(&[key], &captured.content)
    }

    /// A record with a list that it only commits to, unless that is empty.
    pub(super) fn with_list(
        &mut self,
        key: &SecretKey,
        mut content: Content,
        (pointer, elements): (&str, Vec<String>),
    ) -> anyhow::Result<Hash> {
        if !elements.is_empty() {
            content.detach(pointer, elements, self.salts()()?)?;
        }
        self.sign(&[key], &content)
    }

    /// An event that commissions codes.
    pub(super) fn commission(&mut self, key: &SecretKey, event: Value, codes: Selection) -> anyhow::Result<Hash> {
        let codes = (codes.commissioning, codes.issuance);
        let captured = capture::commission(&Source::alone(event)?, codes, &mut self.salts())?;
        self.sign(&[key], &captured.content)
    }

    fn sign(&mut self, keys: &[&SecretKey], content: &Content) -> anyhow::Result<Hash> {
        let author = keys.first().map(|key| key.address()).unwrap_or(Address::from_bytes([0; 32]));
        let seq = self.seqs.entry(author).or_default();
        *seq = seq.saturating_add(1);
        let seq = *seq;
        let frame = Frame {
            chain: self.chain,
            claimed_at: self.began,
            expires: self.began.plus(TOLD_WITHIN),
            nonce: self.nonce(),
            seq,
            visibility: Visibility::Public,
        };
        let submission = client::submission(content, &frame, keys)?;
        let record: Record = Unverified::read(submission.as_bytes())?.record().clone();
        if let Some(chapter) = self.chapters.last_mut() {
            chapter.records.push(Told { id: record.id, submission });
        }
        Ok(record.id)
    }

    /// Hash of the chain, a word and the number of records told so far: different for each record of each chain.
    fn derived(&self, word: &str) -> Hash {
        let told: usize = self.chapters.iter().map(|chapter| chapter.records.len()).sum();
        Hash::of(format!("{} {word} {told}", self.chain).as_bytes())
    }

    fn nonce(&self) -> [u8; 16] {
        let [nonce, _] = split(*self.derived("nonce").as_bytes());
        nonce
    }

    fn salts(&self) -> impl FnMut() -> Result<Salt, NoRandomness> + use<> {
        let mut last = self.derived("salt");
        move || {
            last = Hash::of(last.as_bytes());
            Ok(Salt::from_bytes(*last.as_bytes()))
        }
    }
}

fn split(bytes: [u8; 32]) -> [[u8; 16]; 2] {
    let mut halves = [[0; 16]; 2];
    halves.as_flattened_mut().copy_from_slice(&bytes);
    halves
}
