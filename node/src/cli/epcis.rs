//! `hefu epcis`: EPCIS documents, without a node.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Subcommand};
use hefu_contracts::cbv::{self, EventText};
use hefu_keys::Hash;
use serde_json::{Value, json};

use super::{failure::Told, files, output};

/// `hefu epcis …`
#[derive(Debug, Subcommand)]
pub enum Epcis {
    /// Print the CBV 2.0 hash of every event, the name that follows from what the event says
    #[command(after_help = "Examples:\n  hefu epcis hash delivery.json\n  \
        hefu epcis hash *.jsonld --json\n  curl -s https://node.example/events | hefu epcis hash --prehash -")]
    Hash(HashEvents),
}

/// `hefu epcis hash`
#[derive(Debug, Args)]
pub struct HashEvents {
    /// EPCIS 2.0 documents, query documents, events, or arrays of them; `-` for standard input
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Also print the string that is hashed, on a line behind the hash
    #[arg(long)]
    prehash: bool,
    /// Print a line of JSON for each event
    #[arg(long)]
    json: bool,
}

/// An event with its hash.
struct Hashed {
    /// `shipment.json#3`: the file, and the event's place in it, from 1.
    name: String,
    /// Where it stands in the file (RFC 6901).
    pointer: String,
    prehash: String,
    hash: Hash,
    /// The hash that its own `eventID` states, where it is another one.
    stated: Option<Hash>,
}

impl Epcis {
    /// Runs the command.
    pub fn run(self) -> anyhow::Result<()> {
        let Epcis::Hash(command) = self;
        command.run()
    }
}

impl HashEvents {
    fn run(&self) -> anyhow::Result<()> {
        // Nothing is printed before all is read: hashes are told apart by their order only.
        let mut hashed = Vec::new();
        for path in &self.files {
            hashed.extend(hash_all(path)?);
        }
        hashed.iter().try_for_each(|event| self.print(event))
    }

    fn print(&self, event: &Hashed) -> anyhow::Result<()> {
        let Hashed { name, pointer, prehash, hash, stated } = event;
        if self.json {
            let mut line = json!({
                "event": name, "id": cbv::event_id(hash), "pointer": pointer, "stated": stated.as_ref().map(cbv::event_id),
            });
            if let (true, Value::Object(line)) = (self.prehash, &mut line) {
                line.insert("prehash".to_owned(), json!(prehash));
            }
            return output::json(&line);
        }
        if let Some(stated) = stated {
            eprintln!("{name}: its eventID states the hash {stated}, it is {hash}");
        }
        output::line(cbv::event_id(hash))?;
        if self.prehash { output::line(prehash) } else { Ok(()) }
    }
}

/// Every event of a file.
fn hash_all(path: &Path) -> anyhow::Result<Vec<Hashed>> {
    let text = files::read(path)?;
    let events = cbv::events(&text).with_context(|| format!("{} is no EPCIS document", path.display()))?;
    let named = |(index, event): (usize, &EventText)| hash(format!("{}#{index}", path.display()), event);
    (1..).zip(&events).map(named).collect()
}

fn hash(name: String, event: &EventText) -> anyhow::Result<Hashed> {
    let prehash = event.prehash().map_err(|bad| {
        let told = Told::new(format!("{name} has no hash, for what stands at \"{}{}\"", event.pointer, bad.pointer()));
        anyhow::Error::new(bad).context(told)
    })?;
    let hash = Hash::of(prehash.as_bytes());
    Ok(Hashed {
        stated: event.stated().filter(|stated| *stated != hash),
        pointer: event.pointer.clone(),
        name,
        prehash,
        hash,
    })
}
