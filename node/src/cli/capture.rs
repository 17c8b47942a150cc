//! `hefu capture`: EPCIS documents become signed records.

use std::{collections::BTreeMap, path::PathBuf};

use anyhow::Context;
use clap::Args;
use hefu_contracts::record::Visibility;
use serde_json::{Value, json};

use super::{
    author::Signing,
    codes::salt,
    failure::{Exit, Told},
    files, output, words,
};
use crate::{
    capture::{self, NotCaptured},
    client::{self, Answer, Frame},
};

/// `hefu capture`
#[derive(Debug, Args)]
pub struct Capture {
    #[command(flatten)]
    signing: Signing,
    /// EPCIS 2.0 documents, query documents, events, or arrays of them; `-` for standard input
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Who may read the records: public or parties
    #[arg(long, default_value = "public", value_parser = words::parse::<Visibility>)]
    visibility: Visibility,
    /// Answer when the records are taken, without waiting until they stand in a block
    #[arg(long)]
    no_wait: bool,
}

/// An event on its way.
struct Item {
    /// `shipment.json#3`: the file, and the event's place in it, from 1.
    name: String,
    /// Its CBV hash, or why it was not captured.
    result: Result<hefu_keys::Hash, NotCaptured>,
    /// The hash that its own `eventID` states, where it is another one.
    stated: Option<hefu_keys::Hash>,
}

/// How many events came to which end.
#[derive(Default)]
struct Counts {
    taken: usize,
    duplicates: usize,
    refused: usize,
    malformed: usize,
    /// By type of event.
    skipped: BTreeMap<String, usize>,
}

impl Capture {
    /// Runs the command.
    pub fn run(self) -> anyhow::Result<()> {
        // Every file is read before anything is signed: a slip in the last one should not leave half a delivery.
        let mut found = Vec::new();
        for path in &self.files {
            let failed = || format!("{} is no EPCIS document", path.display());
            let sources = capture::read(&files::read(path)?).with_context(failed)?;
            let named = |(index, source)| (format!("{}#{}", path.display(), index), source);
            found.extend((1_usize..).zip(sources).map(named));
        }
        let author = self.signing.author()?;
        let first = author.frame()?.seq;
        let chain = author.chain();
        let (mut items, mut submissions, mut places) = (Vec::new(), Vec::new(), Vec::new());
        for (name, source) in found {
            let captured = capture::convert(&source, &mut salt);
            if let Ok(captured) = &captured {
                let seq = first.saturating_add(submissions.len() as u64);
                let frame = Frame { visibility: self.visibility, ..Frame::new(chain, seq)? };
                submissions.push(client::submission(&captured.content, &frame, &[author.key()])?);
                places.push(items.len());
            }
            let stated = captured.as_ref().ok().and_then(|captured| captured.stated);
            items.push(Item { name, result: captured.map(|captured| captured.cbv), stated });
        }
        let mut answers: BTreeMap<usize, Answer> = BTreeMap::new();
        let sent = author.client().submit_all(&submissions, !self.no_wait, |index, answer| {
            answers.extend(places.get(index).map(|place| (*place, answer)));
        });
        let mut counts = Counts::default();
        for (index, item) in items.iter().enumerate() {
            report(item, answers.get(&index), author.json(), &mut counts)?;
        }
        sent.context("not every event was handed in")?;
        counts.conclude()
    }
}

/// Prints what became of one event.
fn report(item: &Item, answer: Option<&Answer>, json: bool, counts: &mut Counts) -> anyhow::Result<()> {
    let (word, sentence, more) = match (&item.result, answer) {
        (Err(NotCaptured::Kind(kind)), _) => {
            let count = counts.skipped.entry(kind.clone()).or_default();
            *count = count.saturating_add(1);
            ("skipped", format!("{kind} is not captured yet"), Value::Null)
        }
        (Err(error), _) => {
            counts.malformed = counts.malformed.saturating_add(1);
            ("malformed", with_cause(error), Value::Null)
        }
        (Ok(_), Some(Answer::Taken(receipt))) => {
            counts.taken = counts.taken.saturating_add(1);
            ("taken", client::outcome(receipt), serde_json::to_value(receipt)?)
        }
        (Ok(_), Some(Answer::Not(problem))) => {
            let duplicate = problem.code == "E-EVENT-DUPLICATE";
            let count = if duplicate { &mut counts.duplicates } else { &mut counts.refused };
            *count = count.saturating_add(1);
            let word = if duplicate { "duplicate" } else { "refused" };
            (word, client::sentence(problem), serde_json::to_value(problem)?)
        }
        (Ok(_), None) => ("unsent", "it was not handed in".to_owned(), Value::Null),
    };
    if json {
        let cbv = item.result.as_ref().ok();
        let line = json!({"answer": more, "cbv": cbv, "event": item.name, "result": word, "stated": item.stated});
        return output::json(&line);
    }
    output::line(format_args!("{:<9}  {}  {sentence}", word, item.name))?;
    if let (Some(stated), Ok(cbv)) = (item.stated, &item.result) {
        output::line(format_args!("{:<9}  {}  its eventID states the hash {stated}, it is {cbv}", "note", item.name))?;
    }
    Ok(())
}

/// An error and the cause behind it.
fn with_cause(error: &NotCaptured) -> String {
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

impl Counts {
    /// Sums up; fails where some event is not on the ledger.
    fn conclude(&self) -> anyhow::Result<()> {
        let Counts { taken, duplicates, refused, malformed, skipped } = self;
        eprintln!("{taken} taken, {duplicates} recorded before, {refused} refused, {malformed} malformed");
        for (kind, count) in skipped {
            eprintln!("{count} of type {kind}: not one of EPCIS 2.0's five types of event");
        }
        if *refused == 0 && *malformed == 0 && skipped.is_empty() {
            return Ok(());
        }
        Err(Told::new("some events were not recorded").exit(Exit::Refused).into())
    }
}
