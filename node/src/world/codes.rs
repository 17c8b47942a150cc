//! A batch of codes whose seed the test knows.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hefu_contracts::{
    action::Action,
    annex::Issuance,
    codes::{batch::KnownTree, derive},
    gs1::Epc,
    record::Record,
};
use hefu_keys::{Hash, canonical};
use serde_json::json;

use super::{Deed, World};

/// A batch of codes.
pub struct Codes {
    /// Id of the record that issued it.
    pub batch: Hash,
    gtin: String,
    count: u64,
    seed: derive::Seed,
    tree: KnownTree,
}

impl Codes {
    /// A batch for a trade item, and the submission by which the brand issues it.
    pub fn issue(world: &mut World, gtin: &str, count: u64, number: u64) -> (Codes, Vec<u8>) {
        let seed = derive::Seed::new(*Hash::of(format!("{gtin} {number}").as_bytes()).as_bytes());
        let leaves = (0..count).map(|index| {
            let code = derive::code(&seed, index);
            derive::leaf(&code.serial, &code.claim_key)
        });
        let tree = KnownTree::build(count, leaves, &(0..count.div_ceil(1_024)).collect());
        let deed = Deed::new(Action::CodesIssue, json!({"count": count, "gtin": gtin, "root": tree.root()}));
        let submission = world.sign("corenest", &deed);
        let text = std::str::from_utf8(&submission).expect("text");
        let record = canonical::member(text, "record").expect("a record");
        let batch = Record::read(record).expect("a record").id;
        (Codes { batch, gtin: gtin.to_owned(), count, seed, tree }, submission)
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The canonical identifier of a code.
    pub fn epc(&self, index: u64) -> String {
        let gtin = self.gtin.parse().expect("a GTIN");
        Epc::item(&gtin, &derive::code(&self.seed, index).serial).expect("an item").as_str().to_owned()
    }

    /// The row of a code's item.
    pub fn row(&self, index: u64) -> String {
        format!("item/01/{}/21/{}", self.gtin, derive::code(&self.seed, index).serial)
    }

    /// Codes come into being.
    pub fn commission(&self, world: &World, first: u64, count: u64) -> Deed {
        let indices = first..first + count;
        let codes: Vec<_> = indices.clone().map(|index| derive::code(&self.seed, index)).collect();
        let things: Vec<String> = indices.clone().map(|index| self.epc(index)).collect();
        let mut deed = Deed::event(world, "ADD", "commissioning", &things);
        deed.body["commissioning"] = json!({"batch": self.batch, "ranges": [[first, count]]});
        let keys: Vec<u8> = codes.iter().flat_map(|code| code.claim_key).collect();
        deed.commissioning = Some(Issuance {
            claim_keys: URL_SAFE_NO_PAD.encode(keys),
            path: self.tree.prove(&indices.collect()),
            serials: codes.into_iter().map(|code| code.serial).collect(),
        });
        deed
    }
}
