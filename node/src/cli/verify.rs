//! `hefu verify`: checking proofs and stores, without trust in whoever made them.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use hefu_contracts::{
    gs1::DigitalLink,
    proof::{Proof, Step, Story, trust::Trust},
    provenance::{Event, Inherited},
    row::{self, Data},
    time::{Millis, Time},
};
use hefu_keys::Hash;
use serde_json::{Value, json};

use super::{
    failure::{Exit, Told},
    output,
};
use crate::client;

/// `hefu verify`
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("what").required(true))]
pub struct Verify {
    /// A proof file, the address of a proof, or the address that stands on an item
    #[arg(group = "what", value_name = "FILE|URL", requires = "genesis")]
    proof: Option<String>,
    /// Hash of the genesis document of the chain that you trust
    #[arg(long, value_name = "HASH")]
    genesis: Option<Hash>,
    /// A block of this chain that you know, by height and hash: refuse what does not follow it. A file must have been
    /// fetched with `?since=HEIGHT`
    #[arg(long, value_name = "HEIGHT:HASH", conflicts_with = "store")]
    trust: Option<Trust>,
    /// Refuse a proof whose block is older
    #[arg(long, value_name = "SECONDS", conflicts_with = "store")]
    max_age: Option<u64>,
    /// Check everything in the store of a node that is not running
    #[arg(long, value_name = "DIR", group = "what")]
    store: Option<PathBuf>,
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

impl Verify {
    /// Runs the command.
    pub fn run(self) -> anyhow::Result<()> {
        match (&self.store, &self.proof, &self.genesis) {
            (Some(store), _, _) => super::store::verify(store, self.json),
            (None, Some(proof), Some(genesis)) => self.proof(proof, genesis),
            (None, _, _) => Err(Told::new("nothing to verify was named").exit(Exit::Usage).into()),
        }
    }

    fn proof(&self, from: &str, genesis: &Hash) -> anyhow::Result<()> {
        let bytes = fetch(from, self.trust.as_ref())?;
        let refuted = || Told::new(format!("{from} proves nothing")).exit(Exit::Unproven);
        let proof = Proof::read(&bytes).with_context(refuted)?;
        let story = proof.check(genesis).map_err(|broken| {
            let about = broken.subject.as_ref().map_or_else(String::new, |subject| format!(" (about {subject})"));
            anyhow::Error::new(broken).context(Told::new(format!("{from} does not hold{about}")).exit(Exit::Unproven))
        })?;
        if let Some(trust) = &self.trust {
            let refused = || Told::new(format!("{from} does not follow block {}", trust.height)).exit(Exit::Unproven);
            proof.check_trust(trust).with_context(refused)?;
        }
        self.check_age(&proof)?;
        if self.json {
            return output::json(&as_json(&proof, &story));
        }
        print(&proof, &story)
    }

    fn check_age(&self, proof: &Proof) -> anyhow::Result<()> {
        let age = client::now()?.since(proof.header.time);
        if let Some(seconds) = self.max_age
            && age > Millis(seconds.saturating_mul(1_000))
        {
            let seconds_old = age.0.checked_div(1_000).unwrap_or(0);
            let sentence = format!("the proof's block is {seconds_old} seconds old, at most {seconds} are accepted");
            return Err(Told::new(sentence).exit(Exit::Unproven).hint("fetch a newer proof").into());
        }
        // A node certifies a block at least once a heartbeat, so an older one was kept from somewhere.
        if age > Millis(proof.genesis.parameters.heartbeat_ms.saturating_mul(3)) {
            eprintln!("The proof is as of {}: what happened since, it does not show.", proof.header.time);
        }
        Ok(())
    }
}

/// The bytes of a proof, with the header of the block that is trusted.
fn fetch(from: &str, trust: Option<&Trust>) -> anyhow::Result<Vec<u8>> {
    if from.starts_with("http://") || from.starts_with("https://") {
        return Ok(client::proof(&with_since(proof_url(from), trust))?);
    }
    std::fs::read(Path::new(from)).with_context(|| format!("cannot read {from}"))
}

/// Where a node has the proof of the item whose address this is. Any other address is asked as it stands.
fn proof_url(url: &str) -> String {
    let item = DigitalLink::parse(url).ok().and_then(|link| {
        let (gtin, serial) = (link.gtin()?, link.get("21")?.to_owned());
        let origin = url.find("/01/").and_then(|end| url.get(..end))?;
        let path = hefu_contracts::gs1::Epc::item(&gtin, &serial).ok()?;
        let serial = path.path().rsplit('/').next()?.to_owned();
        Some(format!("{origin}/v1/items/{gtin}/{serial}/proof"))
    });
    item.unwrap_or_else(|| url.to_owned())
}

/// Asks for the header of the trusted block too.
fn with_since(url: String, trust: Option<&Trust>) -> String {
    match trust {
        Some(Trust { height, .. }) => format!("{url}{}since={height}", if url.contains('?') { '&' } else { '?' }),
        None => url,
    }
}

/// The event of a step's record, where it is one.
fn event(step: &Step) -> Option<&Event> {
    Some(&step.record.as_ref()?.body.capture()?.event)
}

/// What a step's record says, in the words of EPCIS; of one that is kept private, what the ledger noted.
fn deed(step: &Step) -> &str {
    match (event(step), &step.record) {
        (Some(event), _) => event.biz_step.as_deref().unwrap_or("event"),
        (None, Some(record)) => record.action.name(),
        (None, None) => step.entry.role.name(),
    }
}

/// The name of an organisation, from its row in the proof.
fn name_of<'a>(story: &'a Story, party: &'a str) -> &'a str {
    let row = story.rows.get(&row::key_of_party(party)).map(|row| &row.data);
    if let Some(Data::Party(row)) = row { &row.name.en } else { party }
}

fn print(proof: &Proof, story: &Story) -> anyhow::Result<()> {
    let header = &proof.header;
    let known = story.rows.contains_key(&proof.subject);
    output::line(&proof.subject)?;
    output::line(format_args!("  as of block {} of {}, {}", header.height, proof.genesis.name, header.time))?;
    output::line(format_args!("  chain {}", header.chain))?;
    let (signed, of) = (proof.certificate.signatures.len(), proof.genesis.members.0.len());
    output::line(format_args!("  block {}, certified by {signed} of {of} validators", proof.certificate.block))?;
    if !known {
        return output::line("proven: there is no record of this code");
    }
    output::line("")?;
    for step in &story.steps {
        let by: Vec<&str> = step.entry.by.iter().map(|party| name_of(story, party)).collect();
        output::line(format_args!("  {}  {:<14} {}", told_time(step), deed(step), by.join(" and ")))?;
        // What enclosed the item at that time took it along.
        let with = if step.key == proof.subject { String::new() } else { format!(", with {}", step.key) };
        let Step { entry, .. } = step;
        let kept = if step.record.is_none() { ", kept private" } else { "" };
        let role = entry.role.name();
        output::line(format_args!("    {role} in block {}, record {}{with}{kept}", entry.height, entry.record))?;
    }
    for (record, Inherited { recall, .. }) in &story.origins.recalls {
        let reason = serde_json::to_value(recall.reason)?;
        let (reason, by) = (reason.as_str().unwrap_or_default(), name_of(story, &recall.by));
        output::line(format_args!("\n  recalled ({reason}) by {by}: {}, record {record}", recall.source))?;
    }
    if story.origins.cut {
        output::line("\n  (it came of more than a proof shows; of that only a part was searched for recalls)")?;
    }
    let count = story.steps.len();
    let shown = story.steps.iter().filter(|step| step.record.is_some()).count();
    if shown == count {
        output::line(format_args!("\nproven: {count} steps, every signature holds, none was left out or changed"))?;
    } else {
        output::line(format_args!(
            "\nproven: {count} steps, none was left out or changed; every signature of {shown} holds"
        ))?;
        output::line("        (of those kept private: that they exist, who signed them and when)")?;
    }
    output::line("        (times are what the signers say; that the item itself was not swapped, nothing proves)")
}

/// When it happened, by the signer's word; the block's time where the record tells none.
fn told_time(step: &Step) -> Time {
    event(step).map_or(step.entry.time, |event| event.time)
}

fn as_json(proof: &Proof, story: &Story) -> Value {
    let steps = story.steps.iter().map(|step| {
        json!({
            "by": step.entry.by,
            "deed": deed(step),
            "eventTime": told_time(step),
            "height": step.entry.height,
            "key": step.key,
            "private": step.record.is_none(),
            "record": step.entry.record,
            "role": step.entry.role,
            "time": step.entry.time,
        })
    });
    let recalls = story.origins.recalls.iter().map(|(record, Inherited { binds_everybody, recall })| {
        json!({
            "bindsEverybody": binds_everybody,
            "by": recall.by,
            "reason": recall.reason,
            "record": record,
            "source": recall.source,
        })
    });
    json!({
        "block": proof.certificate.block,
        "chain": proof.header.chain,
        "height": proof.header.height,
        "known": story.rows.contains_key(&proof.subject),
        "recalls": recalls.collect::<Vec<_>>(),
        "recallsInPart": story.origins.cut,
        "steps": steps.collect::<Vec<_>>(),
        "subject": proof.subject,
        "time": proof.header.time,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_on_an_item_leads_to_its_proof() {
        for (url, expected) in [
            (
                "http://127.0.0.1:8080/01/09528880010021/21/7K3M",
                "http://127.0.0.1:8080/v1/items/09528880010021/7K3M/proof",
            ),
            (
                "https://t.example/01/09528880010021/10/L7/21/7K%2F3M?17=270101",
                "https://t.example/v1/items/09528880010021/7K%2F3M/proof",
            ),
            ("https://t.example/v1/items/1/2/proof", "https://t.example/v1/items/1/2/proof"),
            ("https://t.example/01/09528880010021", "https://t.example/01/09528880010021"),
        ] {
            assert_eq!(proof_url(url), expected);
        }
    }
}
