//! Blocks, each following the one before and certified; their records are those that its header binds.
//!
//! Signatures of records are not verified: more than two thirds of the members have done so, and have certified the very
//! bytes. What a record itself does not bind, the proof that its codes were issued, is checked against the batch.

use bytes::Bytes;
use hefu_contracts::{
    block::{Block, Header, records_root},
    certificate::Certificate,
    codes::{Commissioning, batch},
    genesis::Genesis,
    height::Height,
    record::Body,
    row::{Data, Row, key_of_batch},
    schema::Table,
    state::Fault,
    submission::Unverified,
};
use hefu_gossip::Ask;
use hefu_keys::Hash;

use super::{Card, Filling, Lie, Source, Stop};
use crate::{
    core::{sealed::SIGNATURES, spread},
    store::{Batch, Listed, Store, View, block_text, height_key, id_value, record_key},
};

/// A block whose certificate and records have been checked.
struct Sound {
    header: Header,
    certificate: Certificate,
    /// Ids and texts of the records.
    records: Vec<(Hash, Bytes)>,
    /// What they add to the index of events.
    listed: Listed,
}

/// What some blocks write.
struct Written {
    batch: Batch,
    /// Height and id of the last one.
    reached: Height,
    block: Hash,
    /// Number of their records.
    records: u64,
}

impl<S: Source> Filling<'_, S> {
    /// Takes the blocks; how many records they hold.
    pub(super) fn blocks(&mut self, card: &Card) -> Result<u64, Stop> {
        let (genesis, store) = (self.genesis, self.store);
        let last = card.header.height;
        let (mut height, mut previous, mut count) = (Height::GENESIS, genesis.chain(), 0_u64);
        while height < last {
            let first = height.next();
            let ask = || Ask::Blocks { first: first.get(), last: last.get() };
            // A single answer, which the network itself waits for only so long.
            let get = |source: &mut S, peer, _| source.ask(peer, ask()).filter(|pieces| !pieces.is_empty());
            let check = |pieces: Vec<Bytes>| checked((genesis, store), (first, last), &previous, &pieces);
            let Written { batch, reached, block, records } = self.fetch("blocks", get, check)?;
            self.store.write(batch).map_err(Fault::from)?;
            (height, previous, count) = (reached, block, count.saturating_add(records));
            self.tell("blocks", height.get(), last.get());
        }
        // The certified chain has one block at a height, unless more than a third of the members have lied.
        if previous == card.certificate.block { Ok(count) } else { Err(Stop::Nobody("the blocks of the snapshot")) }
    }
}

/// What blocks write.
fn checked(
    (genesis, store): (&Genesis, &dyn Store),
    (first, last): (Height, Height),
    previous: &Hash,
    pieces: &[Bytes],
) -> Result<Written, Lie> {
    let (pairs, rest) = pieces.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(Lie::new("a block has two pieces"));
    }
    // Before any of them is verified.
    let asked = last.get().saturating_sub(first.get()).saturating_add(1);
    if pairs.len() as u64 > asked {
        return Err(Lie::new(format!("{} blocks were sent, {asked} were asked for", pairs.len())));
    }
    let view = store.view();
    let sound = spread(pairs.to_vec(), SIGNATURES, |[certificate, body]| block(genesis, &*view, &certificate, &body));
    let mut batch = Batch::default();
    let (mut height, mut previous) = (first, *previous);
    let (mut reached, mut count) = (None, 0_u64);
    for sound in sound {
        let Sound { header, certificate, records, listed } = sound?;
        if header.height != height || header.previous != previous || height > last {
            return Err(Lie::at(height, "it does not follow the block before"));
        }
        batch.put(Table::Blocks, height_key(height), block_text(&header, &certificate));
        batch.put(Table::Heights, *certificate.block.as_bytes(), height_key(height).to_vec());
        for (key, value) in listed {
            batch.put(Table::Events, key, value);
        }
        for (index, (id, text)) in (0_u32..).zip(records) {
            batch.put(Table::Records, record_key((height, index)), text);
            batch.put(Table::Ids, *id.as_bytes(), id_value((height, index)).to_vec());
            count = count.saturating_add(1);
        }
        previous = certificate.block;
        reached = Some(height);
        height = height.next();
    }
    let reached = reached.ok_or_else(|| Lie::new("no blocks"))?;
    Ok(Written { batch, reached, block: previous, records: count })
}

/// A block by itself.
fn block(genesis: &Genesis, view: &dyn View, certificate: &Bytes, body: &Bytes) -> Result<Sound, Lie> {
    let certificate: Certificate = serde_json::from_slice(certificate)?;
    let Block { header, records } = Block::cut(body)?;
    let height = header.height;
    if header.id() != certificate.block || height != certificate.height {
        return Err(Lie::at(height, "the certificate is not for the header"));
    }
    certificate.check(&genesis.chain(), &genesis.members)?;
    let mut seals = Vec::with_capacity(records.len());
    let mut read = Vec::with_capacity(records.len());
    let mut found = Listed::default();
    for (index, text) in (0_u32..).zip(records) {
        let unverified = Unverified::read(text.as_bytes()).map_err(|refusal| Lie::at(height, refusal))?;
        check_annex(view, &unverified).map_err(|words| Lie::at(height, words))?;
        seals.push(unverified.record().seal);
        found.add(&header, index, unverified.record());
        // A copy: else each record would hold the whole answer in memory.
        read.push((unverified.record().id, Bytes::copy_from_slice(text.as_bytes())));
    }
    if records_root(seals.iter()) != header.records {
        return Err(Lie::at(height, "the records are not those of the header"));
    }
    Ok(Sound { header, certificate, records: read, listed: found })
}

/// What the record does not bind of its annex.
fn check_annex(view: &dyn View, unverified: &Unverified) -> Result<(), String> {
    if !unverified.annex().values.is_empty() {
        return Err("a record carries detached values".to_owned());
    }
    let Body::EventCapture(capture) = &unverified.record().body else { return Ok(()) };
    let Some(commissioning) = &capture.commissioning else { return Ok(()) };
    let issued = is_issued(view, commissioning, unverified);
    issued.then_some(()).ok_or_else(|| "codes are not proven to be in their batch".to_owned())
}

fn is_issued(view: &dyn View, commissioning: &Commissioning, unverified: &Unverified) -> bool {
    let row = view.get(Table::Rows, key_of_batch(&commissioning.batch).as_bytes()).ok().flatten();
    let row = row.and_then(|text| Row::read_own(std::str::from_utf8(&text).ok()?).ok());
    let Some(Row { data: Data::Batch(batch), .. }) = row else { return false };
    let (Ok(indices), Some(issuance)) = (commissioning.indices(batch.count), unverified.annex().commissioning.as_ref())
    else {
        return false;
    };
    batch::check(&batch, &indices, issuance).is_ok()
}
