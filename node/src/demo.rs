//! The demo: a story, told on a real chain.
//!
//! In the tiny one a brand has five bottles and seven refills of hand cream made by two factories, tested by a laboratory, put together,
//! packed and brought to its warehouse. Three creators sell them on a platform, two lines come back, and everybody gets what her
//! contract says. Every organisation signs what it did, with keys of a phrase that everybody
//! knows: **these keys are public and protect nothing.** The full one tells of 10,374 codes, from their materials to a recall.
//!
//! Everything follows from the genesis document: events lie in the weeks before it, nonces, salts and seeds are
//! derived. So the story has the same records however often it is told, and telling it again adds what is missing.

mod calendar;
mod cast;
mod events;
mod founding;
mod full;
mod sales;
mod teller;
mod tiny;

use std::sync::Arc;

use anyhow::Context;
use clap::ValueEnum;
use hefu_api::{
    Ledger,
    ledger::{Outcome, Wait},
};
use hefu_contracts::{
    certificate::{Member, Members},
    genesis::{FORMAT_VERSION, Genesis, GenesisKind, Parameters},
    gs1::Epc,
    parties::Party,
    receipt::Status,
    register::Depth,
    time::Time,
};
use hefu_keys::SecretKey;
use serde::{Deserialize, Serialize};

use crate::client::{self, Answer, Client, ClientError};
use calendar::Month;

pub use cast::{Cast, PHRASE};
pub use teller::{Chapter, Told};

/// Which story is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Edition {
    /// Twelve codes, from the factories to the customers, and what creators earn by them
    #[default]
    Tiny,
    /// 10,374 codes of three factories, from the materials to the recall of a lot of pump heads
    Full,
}

/// The demo's story: its records in chapters, and the things it is about.
#[derive(Clone, Debug)]
pub struct Story {
    /// Records, in the order in which they must take effect.
    pub chapters: Vec<Chapter>,
    /// In the tiny story the five bottles, then the seven refills; otherwise some examples.
    pub items: Vec<Epc>,
    /// In the tiny story the box that everything travels in.
    pub container: Option<Epc>,
    /// What else is worth looking at.
    pub sights: Vec<Sight>,
}

/// Something to look at.
#[derive(Clone, Debug)]
pub struct Sight {
    /// What it is.
    pub title: &'static str,
    /// Its address at a node, without the first slash.
    pub path: String,
}

/// The genesis document of a development chain that begins now: one validator, one founding organisation, keys of
/// [`PHRASE`].
///
/// # Errors
/// Where a key cannot be derived, which a valid phrase never leads to.
pub fn genesis(now: Time) -> anyhow::Result<Genesis> {
    let founder = founder()?;
    let validator = Member { address: validator()?.address(), party: founder.id.clone(), power: 1 };
    Ok(Genesis {
        members: Members(vec![validator]),
        name: "hefu-dev".to_owned(),
        parameters: Parameters::default(),
        parties: vec![founder],
        register_depth: Depth::DEV,
        time: now,
        kind: GenesisKind::Genesis,
        version: FORMAT_VERSION,
    })
}

/// The organisation that admits all others in the story.
///
/// # Errors
/// As [`genesis`].
pub fn founder() -> anyhow::Result<Party> {
    Ok(Cast::new()?.corenest.party)
}

/// The admin key of an organisation in the story.
///
/// # Errors
/// As [`genesis`].
pub fn admin(id: &str) -> anyhow::Result<SecretKey> {
    cast::key(&format!("//{id}"))
}

/// Tells the story to a running node, as far as it was not told before; `progress` hears the chapter that begins and how
/// many of its records are taken.
///
/// # Errors
/// Where the node cannot be reached, or does not take a record.
pub fn tell_over(client: &Client, story: &Story, mut progress: impl FnMut(&Chapter, usize)) -> anyhow::Result<()> {
    for chapter in story.chapters.get(told_before(client, story)?..).unwrap_or_default() {
        progress(chapter, 0);
        let submissions: Vec<String> = chapter.records.iter().map(|told| told.submission.clone()).collect();
        let mut hand_in = |wait| {
            let (mut refused, mut waits, mut taken) = (None, false, 0_usize);
            client.submit_all(&submissions, wait, |_, answer| {
                match answer {
                    Answer::Not(problem) => {
                        refused.get_or_insert(problem);
                    }
                    Answer::Taken(receipt) => waits |= receipt.status != Status::Final,
                }
                taken = taken.saturating_add(1);
                progress(chapter, taken);
            })?;
            if let Some(problem) = refused {
                return Err(anyhow::Error::new(ClientError::Problem(problem)))
                    .with_context(|| format!("the demo's chapter {:?} was not taken", chapter.title));
            }
            Ok(waits)
        };
        // Of a long chapter all records are handed in before the first is waited for.
        let long = submissions.len() > client::BATCH_RECORDS;
        let waits = (!long || hand_in(false)?) && hand_in(true)?;
        anyhow::ensure!(
            !waits,
            "the demo's chapter {:?} stands in no block: do more than two thirds run?",
            chapter.title
        );
    }
    Ok(())
}

/// How many chapters need not be told: a chapter is begun when all before it stand in blocks.
fn told_before(client: &Client, story: &Story) -> anyhow::Result<usize> {
    for (number, chapter) in story.chapters.iter().enumerate().rev() {
        let Some(first) = chapter.records.first() else { continue };
        if client.has_record(&first.id)? {
            return Ok(number);
        }
    }
    Ok(0)
}

/// The development chain's validator.
///
/// # Errors
/// As [`genesis`].
pub fn validator() -> anyhow::Result<SecretKey> {
    cast::key("//validator")
}

/// The name of the development chain's node on the network.
///
/// # Errors
/// As [`genesis`].
pub fn node() -> anyhow::Result<SecretKey> {
    cast::key("//node")
}

/// Writes the story for a chain.
///
/// # Errors
/// Where a record cannot be written, which only a fault of this program leads to.
pub fn story(genesis: &Genesis, edition: Edition) -> anyhow::Result<Story> {
    let cast = Cast::new()?;
    match edition {
        Edition::Tiny => {
            let next = Month::of(genesis.time)?.before();
            let month = next.before();
            let (day, hour, minute) = tiny::ARRIVAL;
            let mut teller = teller::Teller::new(genesis, month.at(day, hour, minute)?);
            let (items, container) = tiny::tell(&cast, &mut teller, (month, next))?;
            Ok(Story { chapters: teller.chapters(), items, container: Some(container), sights: sales::sights() })
        }
        Edition::Full => {
            let mut teller = teller::Teller::new(genesis, genesis.time);
            let (items, sights) = full::tell(&cast, &mut teller)?;
            Ok(Story { chapters: teller.chapters(), items, container: None, sights })
        }
    }
}

/// Tells the story to a ledger, as far as it was not told before; returns the number of records that were new.
///
/// # Errors
/// Where the ledger refuses a record or cannot answer.
pub async fn tell(ledger: &Arc<dyn Ledger>, story: &Story) -> anyhow::Result<usize> {
    let mut new = 0_usize;
    for chapter in &story.chapters {
        let mut missing = Vec::new();
        for told in &chapter.records {
            if ledger.record(&told.id)?.is_none_or(|found| found.place.is_none()) {
                missing.push(told.submission.clone().into_bytes());
            }
        }
        if missing.is_empty() {
            continue;
        }
        new = new.saturating_add(missing.len());
        for outcome in ledger.submit(missing, Wait::Final).await? {
            if let Outcome::Not { refusal, .. } = outcome {
                return Err(anyhow::Error::new(refusal))
                    .with_context(|| format!("the demo's chapter {:?} was not taken", chapter.title));
            }
        }
    }
    Ok(new)
}

#[cfg(test)]
mod tests;
