//! Payouts (§13): what is payable goes out once, and comes back where the bank says no.

use crate::{
    settlement::{
        book::Batch,
        change::{Draft, Postings},
        event::Payout,
        journal::{Account, Bucket},
        money::Minor,
        names::BatchId,
        reason::Reason,
    },
    time::Time,
};

pub(super) fn instruct(draft: &mut Draft<'_>, payout: &Payout, at: Option<Time>) -> Result<(), Reason> {
    let Payout { batch, party, amount, tax_withheld } = payout;
    let terms = draft.book.in_force(at)?;
    if draft.book.batches.contains_key(batch) {
        return Err(Reason::BatchExists);
    }
    let earns = draft.book.versions.values().any(|terms| terms.roles.split.parties.contains(party));
    if !earns {
        return Err(Reason::PartyUnknown);
    }
    let payable = draft.balance(&Account { party: party.clone(), bucket: Bucket::Payable })?;
    let amount = amount.unwrap_or(payable);
    if amount <= Minor::ZERO || amount < terms.payment.payout_min {
        return Err(Reason::PayoutBelow);
    }
    if amount > payable {
        return Err(Reason::PayoutExceeds);
    }
    if tax_withheld.is_negative() || *tax_withheld > amount {
        return Err(Reason::TaxExceeds);
    }

    let mut postings = Postings::default();
    postings.push(party, Bucket::Payable, amount.negated()?);
    postings.push(party, Bucket::InPayout, amount);
    draft.post(terms, None, postings)?;
    let seq = draft.change.seq;
    let before = draft.book.paid_out.get(party).copied().unwrap_or(0);
    draft.change.paid_out.insert(party.clone(), seq);
    let instructed = Batch { party: party.clone(), amount, tax_withheld: *tax_withheld, seq, before, is_open: true };
    draft.change.batches.insert(batch.clone(), instructed);
    Ok(())
}

pub(super) fn result(draft: &mut Draft<'_>, id: &BatchId, is_paid: bool, at: Option<Time>) -> Result<(), Reason> {
    let terms = draft.book.in_force(at)?;
    let batch = draft.book.batches.get(id).filter(|batch| batch.is_open).ok_or(Reason::BatchUnknown)?;

    let mut postings = Postings::default();
    postings.push(&batch.party, Bucket::InPayout, batch.amount.negated()?);
    if is_paid {
        postings.push(&batch.party, Bucket::Settled, batch.amount.minus(batch.tax_withheld)?);
        postings.push(&batch.party, Bucket::WithheldTax, batch.tax_withheld);
    } else {
        postings.push(&batch.party, Bucket::Payable, batch.amount);
        if draft.book.paid_out.get(&batch.party) == Some(&batch.seq) {
            draft.change.paid_out.insert(batch.party.clone(), batch.before);
        }
    }
    draft.post(terms, None, postings)?;
    draft.change.batches.insert(id.clone(), Batch { is_open: false, ..batch.clone() });
    Ok(())
}
