//! Receipts: what this node says became of a record.

use std::collections::{HashMap, VecDeque};

use hefu_contracts::{
    height::Height,
    receipt::{Receipt, ReceiptKind, Status},
    refusal::Code,
    time::Time,
};
use hefu_keys::Hash;

use super::{Identity, pool::Left};

/// Receipts remembered of records that left without taking effect.
const RECEIPTS_MAX: usize = 10_000;

/// Receipts of records that left lately without taking effect; the others can be looked up.
#[derive(Default)]
pub(super) struct Receipts {
    by_id: HashMap<Hash, Receipt>,
    order: VecDeque<Hash>,
}

impl Receipts {
    pub(super) fn add(&mut self, receipt: Receipt) {
        let id = receipt.id;
        if self.by_id.insert(id, receipt).is_none() {
            self.order.push_back(id);
        }
        if self.order.len() > RECEIPTS_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.by_id.remove(&oldest);
        }
    }

    pub(super) fn get(&self, id: &Hash) -> Option<&Receipt> {
        self.by_id.get(id)
    }
}

fn receipt(identity: &Identity, id: Hash, status: Status, time: Time) -> Receipt {
    Receipt {
        chain: identity.chain,
        code: None,
        conflict: None,
        height: None,
        id,
        index: None,
        node: identity.me,
        status,
        time,
        kind: ReceiptKind::Receipt,
    }
}

pub(super) fn pending(identity: &Identity, id: Hash, now: Time) -> Receipt {
    receipt(identity, id, Status::Pending, now)
}

/// Of a final record; `time` is its block's.
pub(super) fn settled(identity: &Identity, id: Hash, (height, index): (Height, u32), time: Time) -> Receipt {
    Receipt { height: Some(height), index: Some(index), ..receipt(identity, id, Status::Final, time) }
}

/// Of a record that waited in vain.
pub(super) fn refused(identity: &Identity, left: &Left, time: Time) -> Receipt {
    let refusal = &left.refusal;
    let status = if refusal.code == Code::RecordExpired { Status::Expired } else { Status::Refused };
    let base = receipt(identity, left.sealed.id(), status, time);
    Receipt { code: Some(refusal.code), conflict: refusal.conflict, ..base }
}
