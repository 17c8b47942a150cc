//! What liars do to pieces of a snapshot.

use bytes::Bytes;
use hefu_gossip::Ask;

pub(super) fn changes_a_row(ask: &Ask, pieces: &mut Vec<Bytes>) {
    let Ask::Rows { .. } = ask else { return };
    for row in pieces {
        *row = Bytes::from(String::from_utf8(row.to_vec()).expect("text").replace("\"n\":", "\"n\":1"));
    }
}

pub(super) fn breaks_a_row(ask: &Ask, pieces: &mut Vec<Bytes>) {
    if let (Ask::Rows { .. }, Some(row)) = (ask, pieces.last_mut()) {
        *row = Bytes::from_static(b"{}");
    }
}

pub(super) fn repeats_a_row(ask: &Ask, pieces: &mut Vec<Bytes>) {
    if let Ask::Rows { .. } = ask {
        pieces.extend(pieces.first().cloned());
    }
}

pub(super) fn swaps_entries(ask: &Ask, pieces: &mut Vec<Bytes>) {
    if let Ask::Entries { .. } = ask {
        pieces.reverse();
    }
}

pub(super) fn changes_an_entry(ask: &Ask, pieces: &mut Vec<Bytes>) {
    if let (Ask::Entries { .. }, Some(entry)) = (ask, pieces.first_mut()) {
        *entry = Bytes::from(String::from_utf8(entry.to_vec()).expect("text").replace("Z\"", "Z\" "));
    }
}

pub(super) fn leaves_an_entry_out(ask: &Ask, pieces: &mut Vec<Bytes>) {
    if let (Ask::Entries { .. }, true) = (ask, pieces.len() > 1) {
        pieces.remove(0);
    }
}

pub(super) fn changes_a_certificate(ask: &Ask, pieces: &mut Vec<Bytes>) {
    if let (Ask::Blocks { .. }, Some(piece)) = (ask, pieces.first_mut()) {
        *piece = Bytes::from(String::from_utf8(piece.to_vec()).expect("text").replace("\"round\":0", "\"round\":1"));
    }
}

pub(super) fn leaves_a_block_out(ask: &Ask, pieces: &mut Vec<Bytes>) {
    if let Ask::Blocks { .. } = ask {
        pieces.drain(..2);
    }
}

pub(super) fn changes_a_record(ask: &Ask, pieces: &mut Vec<Bytes>) {
    if let (Ask::Blocks { .. }, Some(body)) = (ask, pieces.get_mut(1)) {
        *body = Bytes::from(String::from_utf8(body.to_vec()).expect("text").replace("Refill", "Refuse"));
    }
}

pub(super) fn sends_half_a_block(ask: &Ask, pieces: &mut Vec<Bytes>) {
    if let Ask::Blocks { .. } = ask {
        pieces.pop();
    }
}

pub(super) fn sends_more_blocks_than_there_are(ask: &Ask, pieces: &mut Vec<Bytes>) {
    if let Ask::Blocks { .. } = ask {
        // Nothing of it is looked at.
        pieces.insert(0, Bytes::from_static(b"garbage"));
        pieces.insert(0, Bytes::from_static(b"garbage"));
    }
}

pub(super) fn sends_nothing_in_pieces(ask: &Ask, pieces: &mut Vec<Bytes>) {
    if *ask != Ask::Snapshot {
        *pieces = vec![Bytes::new(); pieces.len()];
    }
}

pub(super) fn forges_an_issuance(ask: &Ask, pieces: &mut Vec<Bytes>) {
    let Ask::Blocks { .. } = ask else { return };
    for body in pieces.iter_mut().skip(1).step_by(2) {
        let text = String::from_utf8(body.to_vec()).expect("text");
        let Some((before, after)) = text.split_once("\"claimKeys\":\"") else { continue };
        let first = if after.starts_with('A') { 'B' } else { 'A' };
        *body = Bytes::from(format!("{before}\"claimKeys\":\"{first}{}", &after[1..]));
    }
}
