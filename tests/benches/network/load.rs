//! Signers and what they sign: EPCIS events of one thing each, with a body of some 300 bytes.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use hefu_contracts::{action::Action, annex::Part, submission::Unverified};
use hefu_keys::{Hash, SecretKey, file, parts};
use hefu_tests::{people::Person, people::now, testnet::Testnet};
use serde_json::{Value, json};

use crate::door::Door;

/// Organisations that found a test network, in the order of its validators, with a place of each.
const PLACES: [&str; 4] = ["9528880100012", "9528880200019", "9528880300016", "9528880900018"];

const LIST: &str = "/body/event/epcList";

/// A key that an organisation has registered, with its next sequence number.
pub struct Signer {
    person: Person,
    place: &'static str,
    made: u64,
}

/// A submission and what its client remembers of it.
pub struct Signed {
    pub text: String,
    pub id: Hash,
    pub seal: Hash,
}

/// Registers `count` keys, spread over the organisations.
pub fn signers(net: &Testnet, count: usize) -> Result<Vec<Signer>> {
    let passphrase = std::fs::read_to_string(net.passphrase())?;
    let chain: Hash = net.genesis.parse()?;
    let mut all = Vec::with_capacity(count);
    for (at, place) in (0..net.validators.len()).zip(PLACES) {
        let admin = file::open(&net.home(at).join("keys/admin.key"), passphrase.trim())?;
        let door = Door::to(&net.validators[at].url);
        let mut admin = Person::new(admin, chain, door.next_seq(net, at)?);
        let mut grants = Vec::new();
        for number in (at..count).step_by(net.validators.len()) {
            let key = SecretKey::from_seed(*Hash::of(format!("{count} signers, {number}").as_bytes()).as_bytes());
            let body = json!({"grants": [{"role": "capture"}], "key": key.address()});
            let draft = admin.draft(Action::KeyGrant, body);
            grants.push(format!("{{\"record\":{}}}", draft.sign(&[&admin.key, &key])?));
            all.push(Signer { person: Person::new(key, chain, 1), place, made: 0 });
        }
        for batch in grants.chunks(500) {
            let answers = door.hand_in(batch)?;
            ensure!(answers.iter().all(|answer| answer["status"] == "final"), "a grant was refused: {answers:?}");
        }
    }
    Ok(all)
}

impl Signer {
    /// The next record.
    pub fn sign(&mut self) -> Result<Signed> {
        self.made += 1;
        let address = self.person.key.address();
        let made = self.made;
        let thing =
            format!("https://id.gs1.org/01/10614141073464/21/{}{made}", address.to_string().get(..8).context("short")?);
        let event = json!({
            "type": "ObjectEvent", "action": "OBSERVE", "bizStep": "storing", "disposition": "in_progress",
            "eventTime": now(), "eventTimeZoneOffset": "+08:00",
            "readPoint": {"id": format!("https://id.gs1.org/414/{}", self.place)},
        });
        let body = json!({"cbv": Hash::of(thing.as_bytes()), "event": event});
        let mut draft = self.person.draft(Action::EventCapture, body);
        let salt = parts::Salt::from_bytes(*Hash::of(thing.as_bytes()).as_bytes());
        let elements = [thing];
        let part = parts::list(&salt, &elements)?;
        draft.parts = BTreeMap::from([(LIST.to_owned(), Part::List { count: part.count, root: part.root })]);
        let record = draft.sign(&[&self.person.key])?;
        let annex: Value = json!({"lists": {LIST: {"elements": elements, "salt": salt}}});
        let text = format!("{{\"annex\":{annex},\"record\":{record}}}");
        let read = Unverified::read(text.as_bytes())?;
        let (id, seal) = (read.record().id, read.record().seal);
        Ok(Signed { text, id, seal })
    }
}

/// Batches for one client: of its own signers in turn, so that each key's records come in order.
pub fn batches(signers: &mut [Signer], records: usize, each: usize) -> Result<Vec<Vec<Signed>>> {
    let mut batches = Vec::with_capacity(records.div_ceil(each));
    let mut batch = Vec::with_capacity(each);
    let count = signers.len();
    for number in 0..records {
        batch.push(signers[number % count].sign()?);
        if batch.len() == each {
            batches.push(std::mem::take(&mut batch));
        }
    }
    if !batch.is_empty() {
        batches.push(batch);
    }
    Ok(batches)
}

/// The submission with one digit of its signature changed.
pub fn spoilt(signed: &Signed) -> Result<String> {
    let (before, after) = signed.text.split_once("\"proofValue\":\"z").context("no signature")?;
    let (value, rest) = after.split_at_checked(20).context("a short signature")?;
    let changed = if value.ends_with('3') { '4' } else { '3' };
    let kept = value.get(..value.len() - 1).context("a short signature")?;
    Ok(format!("{before}\"proofValue\":\"z{kept}{changed}{rest}"))
}
