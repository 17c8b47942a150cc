//! What makes a chain: genesis, headers, blocks, certificates, votes, and receipts.

use std::{collections::BTreeSet, sync::LazyLock};

use hefu_contracts::{
    block::{self, Block},
    certificate::Certificate,
    exact,
    genesis::Genesis,
    height::Height,
    receipt::Receipt,
    votes::{self as texts, PartsHeading, VoteKind},
};
use hefu_keys::{Address, Hash, canonical};
use serde::Deserialize;

use super::{Verdict, golden, is_canonical, state, story::STORY, text};

/// A chain is named after the one text of its genesis, and begins with rows that can be read.
pub(super) fn genesis(bytes: &[u8]) -> Verdict {
    let Some(text) = text(bytes) else { return Verdict::Refused };
    let Ok(genesis) = Genesis::read(text) else { return Verdict::Refused };
    assert_eq!(genesis.text(), text, "another genesis document has the same chain");
    assert_eq!(genesis.chain(), Hash::of(bytes), "the chain is not the document's hash");
    for (key, row) in genesis.rows().expect("rows in memory") {
        assert_eq!(row.key, key);
        state::has_one_text(&row);
    }
    Verdict::Accepted
}

/// A header is written as it was read, so that its id is the hash of what was read.
pub(super) fn header(bytes: &[u8]) -> Verdict {
    let Some(text) = text(bytes) else { return Verdict::Refused };
    let Ok(header) = block::read_header(text) else { return Verdict::Refused };
    assert_eq!(header.text(), text, "another header has the same id");
    assert_eq!(header.id(), Hash::of(bytes), "the id is not the text's hash");
    Verdict::Accepted
}

/// A block is written as it was cut.
pub(super) fn block(bytes: &[u8]) -> Verdict {
    let Ok(block) = Block::cut(bytes) else { return Verdict::Refused };
    assert_eq!(
        Some(Block::write(&block.header, block.records.iter()).as_str()),
        text(bytes),
        "another block has the same parts"
    );
    assert_eq!(block::read_header(&block.header.text()).ok(), Some(block.header), "its header cannot be read alone");
    Verdict::Accepted
}

/// Every certificate of the chain. Whatever else checks is forged.
static CERTIFIED: LazyLock<BTreeSet<Vec<u8>>> = LazyLock::new(|| certificate_seeds().into_iter().collect());

/// A certificate is written as it was read, and none checks that the validators have not signed.
pub(super) fn certificate(bytes: &[u8]) -> Verdict {
    let Some(text) = text(bytes) else { return Verdict::Refused };
    let Ok(certificate) = exact::read::<Certificate>(text) else { return Verdict::Refused };
    assert_eq!(certificate.text(), text, "written otherwise than read");
    let holds = certificate.check(&STORY.genesis.chain(), &STORY.genesis.members).is_ok();
    assert!(!holds || CERTIFIED.contains(certificate.text().as_bytes()), "a forged certificate holds");
    Verdict::Accepted
}

/// What validators sign, as a reader of these texts would have it; the ledger itself only ever writes them.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", rename_all_fields = "camelCase", deny_unknown_fields)]
enum Message {
    Prevote(Vote),
    Precommit(Vote),
    Proposal { block: Hash, chain: Hash, height: Height, pol_round: i64, round: u32 },
    Parts { block: Hash, builder: Address, bytes: u64, chain: Hash, height: Height, round: u32 },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vote {
    // Named, so that a vote for no block must say so.
    #[serde(deserialize_with = "Option::deserialize")]
    block: Option<Hash>,
    chain: Hash,
    height: Height,
    round: u32,
}

/// What a text says is written as this text and no other, so that no two messages share a signature.
pub(super) fn votes(bytes: &[u8]) -> Verdict {
    let Ok(text) = canonical::check(bytes) else { return Verdict::Refused };
    // The reader below takes a list of its fields as well, which no message is.
    let message = Some(text).filter(|text| text.starts_with('{')).and_then(|text| serde_json::from_str(text).ok());
    let Some(message) = message else { return Verdict::Refused };
    let vote =
        |Vote { block, chain, height, round }: Vote, kind| texts::vote(&chain, height, round, kind, block.as_ref());
    let written = match message {
        Message::Prevote(message) => vote(message, VoteKind::Prevote),
        Message::Precommit(message) => vote(message, VoteKind::Precommit),
        Message::Proposal { block, chain, height, pol_round, round } => match (pol_round, u32::try_from(pol_round)) {
            (-1, _) => texts::proposal(&chain, height, round, None, &block),
            (_, Ok(lock)) => texts::proposal(&chain, height, round, Some(lock), &block),
            (_, Err(_)) => return Verdict::Refused,
        },
        Message::Parts { block, builder, bytes, chain, height, round } => {
            texts::parts(&chain, &PartsHeading { block: &block, builder: &builder, bytes, height, round })
        }
    };
    assert_eq!(written, text, "two messages have one signature, or one message has two");
    Verdict::Accepted
}

/// A receipt survives being written, canonically, and read.
pub(super) fn receipt(bytes: &[u8]) -> Verdict {
    let Ok(receipt) = serde_json::from_slice::<Receipt>(bytes) else { return Verdict::Refused };
    let written = serde_json::to_string(&receipt).expect("a receipt");
    assert!(is_canonical(&written), "not canonical: {written}");
    assert_eq!(serde_json::from_str::<Receipt>(&written).ok(), Some(receipt), "read otherwise than written");
    Verdict::Accepted
}

pub(super) fn genesis_seeds() -> Vec<Vec<u8>> {
    vec![golden::file("contracts", "genesis.json")]
}

pub(super) fn header_seeds() -> Vec<Vec<u8>> {
    vec![golden::file("contracts", "header.json"), STORY.header().text().into_bytes()]
}

pub(super) fn block_seeds() -> Vec<Vec<u8>> {
    STORY.blocks.iter().map(|block| block.as_bytes().to_vec()).collect()
}

pub(super) fn certificate_seeds() -> Vec<Vec<u8>> {
    let mut seeds = vec![golden::file("contracts", "certificate.json")];
    seeds.extend(STORY.certificates.iter().map(|certificate| certificate.text().into_bytes()));
    seeds
}

pub(super) fn votes_seeds() -> Vec<Vec<u8>> {
    golden::files("contracts", "votes", ".json")
}

pub(super) fn receipt_seeds() -> Vec<Vec<u8>> {
    let pending = br#"{"chain":"0000000000000000000000000000000000000000000000000000000000000000","height":7,"id":"0000000000000000000000000000000000000000000000000000000000000000","index":0,"node":"5Cvec6rfUZoyF8geQzFeHE377xwHdntXotiQ3eQwtNiuLvxE","status":"final","time":"2026-09-21T08:00:00.000Z","type":"receipt"}"#;
    vec![golden::file("contracts", "receipt.json"), pending.to_vec()]
}
