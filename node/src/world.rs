//! A small consortium for tests: four organisations, their keys, a catalogue and codes, and whoever signs for them.
//!
//! Keys follow from names, nonces and seeds from counters, so that a test with one seed does the same in every run. It
//! knows nothing of a node: it signs what a test wants to hand in, right or wrong.

mod codes;
mod deed;

use std::collections::BTreeMap;

use hefu_contracts::{
    annex::{Annex, ListAnnex, Part, ValueAnnex},
    block::Header,
    certificate::{Certificate, Member, Members, Precommit},
    genesis::{FORMAT_VERSION, Genesis, GenesisKind, Parameters},
    height::Height,
    parties::{Name, Party, PartyKind},
    record::{Visibility, draft::Draft},
    register::Depth,
    time::{Millis, Time},
    votes::{self, VoteKind},
};
use hefu_keys::{
    Hash, SecretKey, canonical,
    parts::{self, Salt},
};
use serde_json::value::RawValue;

pub use codes::Codes;
pub use deed::Deed;

/// A trade item of the brand.
pub const REFILL: &str = "09528880010021";

/// When the world begins, some weeks after its genesis.
const BEGINS: &str = "2026-09-21T08:00:00.000Z";

/// The consortium, and the next sequence number of each key.
pub struct World {
    genesis: Genesis,
    validators: usize,
    seqs: BTreeMap<String, u64>,
    nonce: u64,
    /// What all clocks show.
    pub now: Time,
}

/// The key of a name, the same in every run.
pub fn key(name: &str) -> SecretKey {
    SecretKey::from_seed(*Hash::of(name.as_bytes()).as_bytes())
}

/// The key of a validator, counted from 0.
pub fn validator(number: usize) -> SecretKey {
    key(&format!("validator {number}"))
}

fn name(text: &str) -> Name {
    Name { en: text.to_owned(), zh: text.to_owned() }
}

fn party(id: &str, kind: PartyKind, gln: &str, prefixes: &[&str]) -> Party {
    Party {
        admin: key(id).address(),
        gln: Some(gln.parse().expect("a GLN")),
        id: id.to_owned(),
        kind,
        name: name(id),
        prefixes: prefixes.iter().map(|prefix| (*prefix).to_owned()).collect(),
    }
}

impl World {
    /// A consortium with this many validators, all run by the brand.
    pub fn new(validators: usize) -> World {
        let member = |number| Member { address: validator(number).address(), party: "corenest".to_owned(), power: 1 };
        let mut members: Vec<Member> = (0..validators).map(member).collect();
        members.sort_by_cached_key(|member| member.address.to_string());
        let genesis = Genesis {
            members: Members(members),
            name: "test".to_owned(),
            parameters: Parameters::default(),
            parties: vec![
                party("corenest", PartyKind::Brand, "9528880100012", &["952888001", "952888010"]),
                party("huaxu", PartyKind::Factory, "9528880200019", &["952888020"]),
                party("yueling", PartyKind::Factory, "9528880300016", &["952888030"]),
                party("puyan", PartyKind::Lab, "9528880700014", &[]),
            ],
            register_depth: Depth::try_from(6).expect("a depth"),
            time: "2026-09-01T00:00:00.000Z".parse().expect("a time"),
            kind: GenesisKind::Genesis,
            version: FORMAT_VERSION,
        };
        let now = BEGINS.parse().expect("a time");
        World { genesis, validators, seqs: BTreeMap::new(), nonce: 0, now }
    }

    /// The same consortium with other settings.
    pub fn with_parameters(mut self, parameters: Parameters) -> World {
        self.genesis.parameters = parameters;
        self
    }

    /// The same consortium with a register of another depth.
    pub fn with_depth(mut self, depth: Depth) -> World {
        self.genesis.register_depth = depth;
        self
    }

    /// The chain's genesis.
    pub fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    /// Lets time pass.
    pub fn wait(&mut self, millis: u64) {
        self.now = self.now.plus(Millis(millis));
    }

    /// A submission, signed with the author's next sequence number.
    pub fn sign(&mut self, author: &str, deed: &Deed) -> Vec<u8> {
        let seq = self.seqs.entry(author.to_owned()).or_default();
        *seq += 1;
        let seq = *seq;
        self.sign_as(author, deed, seq)
    }

    /// A submission, signed with this sequence number.
    pub fn sign_as(&mut self, author: &str, deed: &Deed, seq: u64) -> Vec<u8> {
        self.nonce += 1;
        let mut nonce = [0; 16];
        nonce[..8].copy_from_slice(&self.nonce.to_le_bytes());
        let mut draft = Draft {
            action: deed.action,
            body: deed.body.clone(),
            causes: Vec::new(),
            chain: self.genesis.chain(),
            claimed_at: None,
            drill: false,
            expires: self.now.plus(deed.expires_within),
            nonce,
            parts: BTreeMap::new(),
            seq,
            visibility: if deed.private { Visibility::Parties } else { deed.action.visibility() },
        };
        let annex = self.annex(deed, &mut draft);
        let also = deed.also.iter().filter(|also| *also != author).map(|also| key(also));
        let keys: Vec<SecretKey> = std::iter::once(key(author)).chain(also).collect();
        let record = draft.sign(&keys.iter().collect::<Vec<_>>()).expect("a record");
        let empty = annex.lists.is_empty() && annex.values.is_empty() && annex.commissioning.is_none();
        let annex = match empty {
            true => String::new(),
            // Its fields are declared in canonical order.
            false => format!("\"annex\":{},", serde_json::to_string(&annex).expect("an annex")),
        };
        format!("{{{annex}\"record\":{record}}}").into_bytes()
    }

    /// Detaches a deed's lists and values.
    fn annex(&self, deed: &Deed, draft: &mut Draft) -> Annex {
        let salt = Salt::from_bytes(*Hash::of(&self.nonce.to_le_bytes()).as_bytes());
        let mut annex = Annex { commissioning: deed.commissioning.clone(), ..Annex::default() };
        for (pointer, elements) in &deed.lists {
            let part = parts::list(&salt, elements).expect("a sorted list");
            draft.parts.insert(pointer.clone(), Part::List { count: part.count, root: part.root });
            annex.lists.insert(pointer.clone(), ListAnnex { elements: elements.clone(), salt });
        }
        for (pointer, value) in &deed.values {
            let text = canonical::to_string(value).expect("a value");
            let part = parts::value(&salt, &text);
            draft.parts.insert(pointer.clone(), Part::Value { sha256: part.sha256 });
            let value = RawValue::from_string(text).expect("JSON");
            annex.values.insert(pointer.clone(), ValueAnnex { salt, value });
        }
        annex
    }

    /// The certificate of a block, signed by every validator.
    pub fn certify(&self, header: &Header) -> Certificate {
        let (block, height) = (header.id(), header.height);
        let text = votes::vote(&self.genesis.chain(), height, 0, VoteKind::Precommit, Some(&block));
        let keys = (0..self.validators).map(validator);
        let mut signatures: Vec<Precommit> =
            keys.map(|key| Precommit { signature: key.sign(text.as_bytes()), validator: key.address() }).collect();
        signatures.sort_by_cached_key(|precommit| precommit.validator.to_string());
        Certificate { block, height, round: 0, signatures }
    }

    /// The first height.
    pub fn first() -> Height {
        Height::GENESIS.next()
    }
}
