//! A short chain over the golden genesis: what the golden files do not hold, rows of every kind, blocks and proofs, grows
//! out of it; and what it says is the only thing that a proof of this chain may say.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use hefu_contracts::{
    annex::Issuance,
    block::{self, Block, Header},
    certificate::{Certificate, Precommit},
    codes::{
        BatchRow,
        batch::{BLOCK_CODES, HandoverBlock, HandoverCode, KnownTree},
        derive,
    },
    entry::Entry,
    execute::Moment,
    genesis::{FORMAT_VERSION, Genesis},
    gs1::Epc,
    height::Height,
    proof::build::{self, Archive},
    register::{Bucket, Buckets, Fault, Tree, plan},
    row::{Data, Row},
    shared::Shared,
    state::{Rows, Snapshot},
    submission::{Submission, Unverified},
    time::{Millis, Time},
    votes::{self, VoteKind},
};
use hefu_keys::{Hash, merkle};
use serde_json::{Value, json};

use super::{
    deed::{Deed, key, sign},
    golden,
};

/// A trade item of the brand.
const REFILL: &str = "09528880010021";

/// More codes than one block of a hand-over file has.
const CODES: u64 = 1_030;

/// When the first block is built.
const BEGINS: &str = "2026-09-21T08:00:00.000Z";

/// When every record of it expires.
const EXPIRES: &str = "2026-09-21T09:00:00.000Z";

const BRAND: &str = "9528880100012";
const FACTORY: &str = "9528880200019";
const MAKER: &str = "9528880300016";
const LAB: &str = "9528880700014";
const CASE: &str = "https://id.gs1.org/00/095288802000000019";
const STRANGER: &str = "https://id.gs1.org/01/10614141073464/21/2017";

/// The chain as a node keeps it.
pub(super) struct Story {
    pub genesis: Genesis,
    /// The state after each height, from genesis on.
    pub states: Vec<Rows>,
    pub entries: BTreeMap<(String, u64), String>,
    pub records: BTreeMap<Hash, Submission>,
    pub blocks: Vec<String>,
    pub certificates: Vec<Certificate>,
    /// Every submission before commitments and proofs.
    pub unsigned: Vec<Value>,
    pub batch: Hash,
    tree: Tree,
    buckets: BTreeMap<u32, Bucket>,
    header: Option<Header>,
    seqs: BTreeMap<&'static str, u64>,
}

/// The one story.
pub(super) static STORY: LazyLock<Story> = LazyLock::new(Story::told);

impl Story {
    fn told() -> Story {
        let genesis: Genesis = serde_json::from_slice(&golden::file("contracts", "genesis.json")).expect("a genesis");
        let mut story = Story {
            states: Vec::new(),
            entries: BTreeMap::new(),
            records: BTreeMap::new(),
            blocks: Vec::new(),
            certificates: Vec::new(),
            unsigned: Vec::new(),
            batch: Hash::ZERO,
            tree: Tree::empty(genesis.register_depth),
            buckets: BTreeMap::new(),
            header: None,
            seqs: BTreeMap::new(),
            genesis,
        };
        let rows = story.genesis.rows().expect("rows in memory");
        story.put(&rows);
        story.states.push(rows);
        let name = json!({"en": "Refill", "zh": "内芯"});
        story.take(&[
            Deed::new(
                "corenest",
                "product.put",
                json!({"gtin": REFILL, "kind": "finished", "name": name, "version": 1}),
            ),
            authority("yueling", &[]),
            authority("huaxu", &["packing", "unpacking"]),
            authority("puyan", &["inspecting"]),
        ]);
        let issue = json!({"count": CODES, "gtin": REFILL, "maker": "yueling", "root": tree_of_codes().root()});
        story.batch = story.take(&[Deed::new("corenest", "codes.issue", issue)]);
        for deed in way_of_the_codes(&story.batch).into_iter().chain(organisations()) {
            story.take(&[deed]);
        }
        story
    }

    /// Executes deeds in a block of their own and returns the id of the last.
    fn take(&mut self, deeds: &[Deed]) -> Hash {
        let chain = self.genesis.chain();
        let mut taken = Vec::new();
        for deed in deeds {
            let seq = self.seqs.entry(deed.author).or_default();
            *seq += 1;
            let unsigned = deed.unsigned(&chain, EXPIRES, *seq);
            let text = sign(&unsigned).expect("a signed submission");
            let submission = Unverified::read(text.as_bytes()).and_then(Unverified::verify);
            taken.push(submission.expect("a submission"));
            self.unsigned.push(unsigned);
        }
        let moment = self.moment(self.blocks.len());
        let changes = block::execute_all(self.rows(), &moment, &taken).expect("the story's deeds take effect");
        let mut rows = self.rows().clone();
        self.put(&changes.rows);
        rows.extend(changes.rows);
        self.states.push(rows);
        self.entries.extend(changes.entries);
        self.finish(&moment, &taken);
        let last = taken.last().map_or(Hash::ZERO, Submission::id);
        self.records.extend(taken.into_iter().map(|submission| (submission.id(), submission)));
        last
    }

    /// Sets rows in the register.
    fn put(&mut self, rows: &Rows) {
        let changes = rows.iter().map(|(key, row)| (Hash::of(key.as_bytes()), row.hash())).collect();
        let patch = plan(&self.tree, &self.buckets, &changes, None).expect("a register in memory");
        self.buckets.extend(patch.buckets().clone());
        self.tree.apply(patch).expect("a patch of this tree");
    }

    /// The block of these submissions, certified.
    fn finish(&mut self, moment: &Moment, taken: &[Submission]) {
        let members = self.genesis.members.hash();
        let header = Header {
            builder: key("validator").address(),
            chain: moment.chain,
            height: moment.height,
            members,
            members_since: Height::GENESIS.next(),
            next_members: members,
            previous: self.header.as_ref().map_or(moment.chain, Header::id),
            records: block::records_root(block::seals(taken)),
            register: self.tree.root(),
            time: moment.time,
            version: FORMAT_VERSION,
        };
        self.blocks.push(Block::write(&header, taken.iter().map(Submission::block_text)));
        self.certificates.push(certify(&header));
        self.header = Some(header);
    }

    /// The moment at which the block after `height` is built.
    pub(super) fn moment(&self, height: usize) -> Moment {
        let begins: Time = BEGINS.parse().expect("a time");
        let height = u64::try_from(height).ok().and_then(Height::new).expect("a height").next();
        Moment { chain: self.genesis.chain(), height, time: begins.plus(Millis(height.get() * 1_000)) }
    }

    /// The newest state.
    pub(super) fn rows(&self) -> &Rows {
        self.states.last().expect("the state of genesis")
    }

    /// The newest header.
    pub(super) fn header(&self) -> &Header {
        self.header.as_ref().expect("a block")
    }

    /// Texts of proofs: of an item that was packed and unpacked, of what enclosed it, of a thing of unknown origin, of an
    /// organisation, and of a row that is absent.
    pub(super) fn proofs(&self) -> Vec<Vec<u8>> {
        let thing = |text: &str| hefu_contracts::row::key_of_thing(&Epc::parse(text).expect("an identifier"));
        let subjects = [
            thing(&epc(0)),
            thing(&epc(2)),
            thing(CASE),
            thing(STRANGER),
            "party/guixiu".to_owned(),
            "item/01/0".to_owned(),
        ];
        let proof = |subject: String| build::build(self, &self.tree, &subject).expect("an archive").expect("a block");
        subjects.map(|subject| proof(subject).text().expect("a text").into_bytes()).to_vec()
    }

    /// The batch's row.
    pub(super) fn batch_row(&self) -> &BatchRow {
        let row = self.rows().get(&format!("batch/{}", self.batch));
        let batch = row.and_then(|row| if let Data::Batch(batch) = &row.data { Some(batch) } else { None });
        batch.expect("the batch")
    }
}

impl Snapshot for Story {
    fn row(&self, key: &str) -> Result<Option<Shared<Row>>, Fault> {
        self.rows().row(key)
    }
}

impl Buckets for Story {
    fn bucket(&self, index: u32) -> Result<Bucket, Fault> {
        self.buckets.bucket(index)
    }
}

impl Archive for Story {
    fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    fn head(&self) -> Result<Option<(Header, Certificate)>, Fault> {
        Ok(self.header.clone().zip(self.certificates.last().cloned()))
    }

    fn entries(&self, key: &str, after: u64, until: Option<u64>) -> Result<Vec<Entry>, Fault> {
        let range = (key.to_owned(), after + 1)..=(key.to_owned(), until.unwrap_or(u64::MAX));
        self.entries.range(range).map(|(_, text)| serde_json::from_str(text).map_err(Fault::new)).collect()
    }

    fn record(&self, id: &Hash) -> Result<Option<build::Kept>, Fault> {
        let found = self.records.get(id);
        Ok(found.map(|found| build::Kept { text: found.record().text.clone(), lists: found.annex().lists.clone() }))
    }
}

/// The certificate of a block by the one validator.
pub(super) fn certify(header: &Header) -> Certificate {
    let (block, key) = (header.id(), key("validator"));
    let text = votes::vote(&header.chain, header.height, 0, VoteKind::Precommit, Some(&block));
    let signed = Precommit { signature: key.sign(text.as_bytes()), validator: key.address() };
    Certificate { block, height: header.height, round: 0, signatures: vec![signed] }
}

fn authority(to: &str, steps: &[&str]) -> Deed {
    let mut body = json!({"prefix": "952888001", "to": to});
    if !steps.is_empty() {
        body["bizSteps"] = json!(steps);
    }
    Deed::new("corenest", "authority.grant", body)
}

/// Codes are commissioned, packed, shipped, received, unpacked, inspected and destroyed; a stranger is seen.
fn way_of_the_codes(batch: &Hash) -> Vec<Deed> {
    let (items, ranges) = ([epc(0), epc(1), epc(2), epc(1_024)], [(0, 3), (1_024, 1)]);
    let [first, second, third, _] = items.clone();
    let object = |action: &str, step: &str| json!({"action": action, "bizStep": step, "type": "ObjectEvent"});
    let nest = |action: &str, step: &str| json!({"action": action, "bizStep": step, "parentID": CASE, "type": "AggregationEvent"});
    let to = |gln: &str, mut event: Value| {
        let party = format!("https://id.gs1.org/417/{gln}");
        event["destinationList"] = json!([{"destination": party, "type": "possessing_party"}]);
        event
    };
    let commission = Deed::event("yueling", MAKER, "10:00", object("ADD", "commissioning"), &items);
    let transactions = json!([{"bizTransaction": "urn:example:po:4711", "type": "po"}]);
    let case = [CASE.to_owned()];
    vec![
        commission.commissioning(batch, &ranges, issuance(&indices(&ranges))),
        Deed::event("yueling", MAKER, "10:10", to(FACTORY, object("OBSERVE", "shipping")), &items[..3]),
        Deed::event("huaxu", FACTORY, "10:20", object("OBSERVE", "receiving"), &items[..3])
            .hiding("/body/event/bizTransactionList", transactions),
        Deed::event("huaxu", FACTORY, "10:30", nest("ADD", "packing"), &items[..2]),
        Deed::event("huaxu", FACTORY, "10:40", to(BRAND, object("OBSERVE", "shipping")), &case),
        Deed::event("corenest", BRAND, "10:50", object("OBSERVE", "receiving"), &case),
        Deed::event("corenest", BRAND, "11:00", nest("DELETE", "unpacking"), std::slice::from_ref(&first)),
        Deed::event("puyan", LAB, "11:10", object("OBSERVE", "inspecting"), &[first, STRANGER.to_owned()]).private(),
        Deed::event("huaxu", FACTORY, "11:20", object("DELETE", "destroying"), std::slice::from_ref(&third)),
        Deed::event("corenest", BRAND, "11:30", declared(object("OBSERVE", "storing")), std::slice::from_ref(&second)),
        Deed::event("puyan", LAB, "11:40", lots(object("OBSERVE", "inspecting")), &[]),
    ]
}

fn declared(mut event: Value) -> Value {
    event["errorDeclaration"] = json!({"declarationTime": "2026-09-21T11:30:00.000+08:00", "reason": "incorrect_data"});
    event
}

/// With a lot and what sensors saw.
fn lots(mut event: Value) -> Value {
    let lot = "https://id.gs1.org/01/10614141073464/10/L7";
    event["quantityList"] = json!([{"epcClass": lot, "quantity": 200.5, "uom": "KGM"}]);
    event["sensorElementList"] = json!([{"sensorReport": [{"type": "Temperature", "value": 26, "uom": "CEL"}]}]);
    event["ex:note"] = json!({"a": [1, "合符", null]});
    event
}

/// Organisations, sites and keys come and go.
fn organisations() -> Vec<Deed> {
    let name = json!({"en": "Guixiu Atelier", "zh": "桂绣坊"});
    let (guixiu, scanner) = (key("guixiu").address(), key("scanner").address());
    let joined = json!({"admin": guixiu, "id": "guixiu", "kind": "workshop", "name": name, "prefixes": ["952888040"]});
    let scope = json!({"bizSteps": ["inspecting"], "prefixes": ["952888001"], "sites": [LAB]});
    let grants = json!([{"expires": "2026-12-21T08:00:00.000Z", "role": "capture", "scope": scope}, {"role": "read"}]);
    vec![
        Deed::new("corenest", "party.add", joined).with("guixiu"),
        Deed::new("puyan", "site.put", json!({"gln": LAB, "name": name})),
        Deed::new("puyan", "key.grant", json!({"grants": grants, "key": scanner})).with("scanner"),
        Deed::new("puyan", "key.revoke", json!({"key": scanner, "reason": "lost"})),
        Deed::new("corenest", "authority.revoke", json!({"prefix": "952888001", "to": "puyan"})),
    ]
}

fn seed() -> derive::Seed {
    derive::Seed::new(*Hash::of(REFILL.as_bytes()).as_bytes())
}

fn leaf(index: u64) -> Hash {
    let code = derive::code(&seed(), index);
    derive::leaf(&code.serial, &code.claim_key)
}

fn tree_of_codes() -> &'static KnownTree {
    static TREE: LazyLock<KnownTree> =
        LazyLock::new(|| KnownTree::build(CODES, (0..CODES).map(leaf), &(0..CODES.div_ceil(BLOCK_CODES)).collect()));
    &TREE
}

/// The canonical identifier of a code.
fn epc(index: u64) -> String {
    let gtin = REFILL.parse().expect("a GTIN");
    Epc::item(&gtin, &derive::code(&seed(), index).serial).expect("an item").as_str().to_owned()
}

fn indices(ranges: &[(u64, u64)]) -> BTreeSet<u64> {
    ranges.iter().flat_map(|(first, count)| *first..first + count).collect()
}

/// The one proof that these codes were issued.
pub(super) fn issuance(indices: &BTreeSet<u64>) -> Issuance {
    let codes: Vec<_> = indices.iter().map(|index| derive::code(&seed(), *index)).collect();
    // Keys are written as hashes of a path are: all of them in a row, base64url.
    let keys: Vec<Hash> = codes.iter().map(|code| Hash::from_bytes(code.claim_key)).collect();
    Issuance {
        claim_keys: merkle::path_text(&keys),
        path: tree_of_codes().prove(indices),
        serials: codes.into_iter().map(|code| code.serial).collect(),
    }
}

/// The hand-over block that begins at this index.
pub(super) fn handover(first: u64) -> HandoverBlock {
    let codes = (first..CODES.min(first + BLOCK_CODES)).map(|index| {
        let code = derive::code(&seed(), index);
        let claim_key = merkle::path_text(&[Hash::from_bytes(code.claim_key)]);
        HandoverCode { claim: code.claim.to_string(), claim_key, serial: code.serial }
    });
    HandoverBlock { codes: codes.collect(), first, path: tree_of_codes().block_path(first / BLOCK_CODES) }
}
