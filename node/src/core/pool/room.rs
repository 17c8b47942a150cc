//! Who may have how much of the pool.
//!
//! A flood by one organisation must not keep the others out, and a key that is in the wrong hands must be revocable
//! however full the pool is: a tenth of it takes nothing but revocations, quotas, and evidence against validators.

use std::{collections::HashMap, sync::Arc};

use hefu_contracts::{
    block::BODY_BYTES_MAX,
    parties::quota::is_free,
    refusal::{Code, Refusal},
};

use super::Sealed;

/// Most records that wait.
pub const POOL_RECORDS_MAX: usize = 50_000;

/// Most bytes of records that wait.
pub const POOL_BYTES_MAX: usize = 64 << 20;

/// The part of the pool that is kept for what cannot wait.
const RESERVED_DIVISOR: usize = 10;

/// The part of the rest that one organisation may have.
const SHARE_DIVISOR: usize = 2;

/// Records and their bytes.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Amount {
    records: usize,
    bytes: usize,
}

impl Amount {
    const ALL: Amount = Amount { records: POOL_RECORDS_MAX, bytes: POOL_BYTES_MAX };
    const ORDINARY: Amount = Amount::ALL.without(Amount::ALL.part(RESERVED_DIVISOR));
    const SHARE: Amount = Amount::ORDINARY.part(SHARE_DIVISOR);

    #[expect(clippy::arithmetic_side_effects, reason = "the divisors are constants above zero")]
    const fn part(self, divisor: usize) -> Amount {
        Amount { records: self.records / divisor, bytes: self.bytes / divisor }
    }

    const fn without(self, other: Amount) -> Amount {
        let (records, bytes) = (self.records.saturating_sub(other.records), self.bytes.saturating_sub(other.bytes));
        Amount { records, bytes }
    }

    fn with(self, sealed: &Sealed) -> Amount {
        Amount { records: self.records.saturating_add(1), bytes: self.bytes.saturating_add(sealed.bytes()) }
    }

    fn fits(self, limit: Amount) -> bool {
        self.records <= limit.records && self.bytes <= limit.bytes
    }
}

/// What waits, in all and by organisation.
#[derive(Clone, Default)]
pub(super) struct Room {
    all: Amount,
    organisations: HashMap<Arc<str>, Amount>,
}

impl Room {
    /// Whether there is room for a record of an organisation.
    pub(super) fn check(&self, sealed: &Sealed, party: &str) -> Result<(), Refusal> {
        let full = |detail| Err(Refusal::new(Code::PoolFull).because(detail));
        let limit = if is_urgent(sealed) { Amount::ALL } else { Amount::ORDINARY };
        if !self.all.with(sealed).fits(limit) {
            return full(format!("{} records with {} bytes are waiting", self.all.records, self.all.bytes));
        }
        let own = self.organisations.get(party).copied().unwrap_or_default();
        if !is_urgent(sealed) && !own.with(sealed).fits(Amount::SHARE) {
            let Amount { records, bytes } = own;
            return full(format!("{records} records with {bytes} bytes of {party} are waiting, half of all that may"));
        }
        Ok(())
    }

    /// Whether all that waits has room in one block, as far as its bytes go.
    pub(super) const fn fits_a_block(&self) -> bool {
        self.fits_a_block_without(0)
    }

    /// The same without so many bytes of it.
    pub(super) const fn fits_a_block_without(&self, bytes: usize) -> bool {
        self.all.bytes.saturating_sub(bytes) <= BODY_BYTES_MAX
    }

    pub(super) fn add(&mut self, sealed: &Sealed, party: &Arc<str>) {
        self.all = self.all.with(sealed);
        let own = self.organisations.entry(party.clone()).or_default();
        *own = own.with(sealed);
    }
}

/// Whether a record cannot wait: it takes a key back, sets a quota, or shows that a validator has contradicted itself.
pub(in super::super) fn is_urgent(sealed: &Sealed) -> bool {
    is_free(sealed.submission().record().action)
}
