//! Records that wait for a block.
//!
//! A record enters after a dry run over the committed state and the records that wait before it, so that what depends
//! on something that is still waiting can be handed in at once. Rows that waiting records have set are remembered, and
//! so is what each dry run looked at: after a block only those are run again whose ground has changed ([`settle`]).

mod room;
mod settle;
mod turns;

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use hefu_contracts::{
    action::Action,
    execute::{Effects, Moment, check},
    refusal::{Code, Refusal},
    register::Fault,
    row::{Data, Row},
    shared::Shared,
    state::{Overlay, Snapshot, Stop},
};
use hefu_keys::{Address, Hash};

use super::sealed::Sealed;
use room::Room;
pub(super) use room::is_urgent;

pub use room::{POOL_BYTES_MAX, POOL_RECORDS_MAX};
pub use settle::Left;
pub(super) use settle::News;

/// Order of admission.
type Ticket = u64;

/// Rows as the waiting records leave them.
type Rows = HashMap<Arc<str>, Shared<Row>>;

/// The waiting records, in the order of their admission.
#[derive(Default)]
pub(super) struct Pool {
    waiting: BTreeMap<Ticket, Waiting>,
    tickets: HashMap<Hash, Ticket>,
    seqs: HashMap<Address, BTreeMap<u64, Ticket>>,
    /// What each organisation has waiting, in the order of admission.
    parties: BTreeMap<Arc<str>, Vec<Ticket>>,
    /// Those that cannot wait: a block takes them first.
    urgent: BTreeSet<Ticket>,
    rows: Rows,
    room: Room,
    next: Ticket,
}

struct Waiting {
    sealed: Arc<Sealed>,
    /// The organisation that its author signs for.
    party: Arc<str>,
    trace: Trace,
}

/// What a dry run looked at and what it left.
struct Trace {
    /// Rows that every record reads and spends of: of keys that sign, and of their organisations' quotas. That more of them
    /// is spent is no reason to run it again.
    spent: Vec<Arc<str>>,
    /// All other rows.
    reads: Vec<Arc<str>>,
    writes: Vec<(Arc<str>, Shared<Row>)>,
}

impl Pool {
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(super) fn get(&self, id: &Hash) -> Option<&Arc<Sealed>> {
        let waiting = self.waiting.get(self.tickets.get(id)?)?;
        Some(&waiting.sealed)
    }

    /// Whether all of them but those that are gone have room in one block, as far as their bytes go.
    pub(super) fn fits_a_block_without(&self, gone: &HashSet<Hash>) -> bool {
        let going = gone.iter().filter_map(|id| self.get(id)).map(|sealed| sealed.bytes());
        self.room.fits_a_block_without(going.fold(0, usize::saturating_add))
    }

    /// The organisation that the author of a waiting record signs for.
    pub(super) fn party_of(&self, ticket: Ticket) -> Option<&Arc<str>> {
        Some(&self.waiting.get(&ticket)?.party)
    }

    /// A row as the waiting records leave it, where they change it.
    pub(super) fn row(&self, key: &str) -> Option<&Shared<Row>> {
        self.rows.get(key)
    }

    /// Takes a record in, unless a rule speaks against it or there is no room.
    pub(super) fn admit(&mut self, ground: &dyn Snapshot, moment: &Moment, sealed: &Arc<Sealed>) -> Result<(), Stop> {
        let party = self.party(ground, sealed)?;
        self.room.check(sealed, &party)?;
        let trace = dry_run(ground, &self.rows, moment, sealed)?;

        // From here on nothing can fail.
        for (key, row) in &trace.writes {
            self.rows.insert(key.clone(), row.clone());
        }
        self.insert(self.next, Waiting { sealed: sealed.clone(), party, trace });
        self.next = self.next.saturating_add(1);
        Ok(())
    }

    /// Whether records would all be taken in, one after another; the place of the first that would not. That an event was
    /// recorded before is no reason: what it would say stands already.
    pub(super) fn check_together(
        &self,
        ground: &dyn Snapshot,
        moment: &Moment,
        together: &[Arc<Sealed>],
    ) -> Result<Option<(usize, Refusal)>, Fault> {
        let (mut rows, mut room) = (Rows::new(), self.room.clone());
        for (at, sealed) in together.iter().enumerate().filter(|(_, sealed)| self.get(&sealed.id()).is_none()) {
            let party = self.party(ground, sealed)?;
            if let Err(full) = room.check(sealed, &party) {
                return Ok(Some((at, full)));
            }
            let before = Recent { ground, rows: &self.rows };
            match dry_run(&before, &rows, moment, sealed) {
                Ok(trace) => {
                    rows.extend(trace.writes);
                    room.add(sealed, &party);
                }
                Err(Stop::Refused(refusal)) if refusal.code == Code::EventDuplicate => {}
                Err(Stop::Refused(refusal)) => return Ok(Some((at, refusal))),
                Err(Stop::Fault(fault)) => return Err(fault),
            }
        }
        Ok(None)
    }

    /// The organisation that a record's author signs for; nobody's is refused by the rules.
    fn party(&self, ground: &dyn Snapshot, sealed: &Sealed) -> Result<Arc<str>, Fault> {
        let Some(key) = sealed.submission().record().signer_rows.first() else { return Ok(Arc::from("")) };
        let row = match self.rows.get(key.as_str()) {
            Some(row) => Some(row.clone()),
            None => ground.row(key)?,
        };
        Ok(match row.as_ref().map(|row| &row.data) {
            Some(Data::Key(key)) => Arc::from(key.party.as_str()),
            Some(_) | None => Arc::from(""),
        })
    }

    fn insert(&mut self, ticket: Ticket, waiting: Waiting) {
        let sealed = &waiting.sealed;
        self.room.add(sealed, &waiting.party);
        if is_urgent(sealed) {
            self.urgent.insert(ticket);
        }
        self.tickets.insert(sealed.id(), ticket);
        self.parties.entry(waiting.party.clone()).or_default().push(ticket);
        self.seqs.entry(*sealed.author()).or_default().insert(sealed.submission().record().seq, ticket);
        self.waiting.insert(ticket, waiting);
    }
}

/// The committed state with the waiting records' rows before it.
struct Recent<'a> {
    ground: &'a dyn Snapshot,
    rows: &'a Rows,
}

/// The same, noting what is read.
struct Recorded<'a> {
    recent: Recent<'a>,
    reads: RefCell<BTreeSet<String>>,
}

impl Snapshot for Recent<'_> {
    fn row(&self, key: &str) -> Result<Option<Shared<Row>>, Fault> {
        match self.rows.get(key) {
            Some(row) => Ok(Some(row.clone())),
            None => self.ground.row(key),
        }
    }
}

impl Snapshot for Recorded<'_> {
    fn row(&self, key: &str) -> Result<Option<Shared<Row>>, Fault> {
        if !self.reads.borrow().contains(key) {
            self.reads.borrow_mut().insert(key.to_owned());
        }
        self.recent.row(key)
    }
}

fn dry_run(ground: &dyn Snapshot, rows: &Rows, moment: &Moment, sealed: &Sealed) -> Result<Trace, Stop> {
    let recorded = Recorded { recent: Recent { ground, rows }, reads: RefCell::default() };
    let overlay = Overlay::new(&recorded);
    let Effects { writes, .. } = check(&overlay, moment, sealed.submission())?;
    let rows = overlay.rehearse(writes)?;
    let whole = changes_limits(sealed);
    let reads = recorded.reads.take().into_iter().map(Arc::from);
    let (spent, reads) = reads.partition(|key: &Arc<str>| !whole && is_spent(key));
    let writes = rows.into_iter().map(|(key, row)| (Arc::from(key), row));
    Ok(Trace { spent, reads, writes: writes.collect() })
}

/// Whether this is a row that records spend of: of a key, or of an organisation's quota.
pub(super) fn is_spent(row: &str) -> bool {
    row.starts_with("key/") || row.starts_with("quota/")
}

/// Whether such a row is changed in nothing but what is spent. A quota's row that is not there yet says nothing.
pub(super) fn spends_alone(before: Option<&Data>, now: &Data) -> bool {
    if let (Some(Data::Key(before)), Data::Key(now)) = (before, now) {
        return before.grants == now.grants && before.party == now.party && before.revoked == now.revoked;
    }
    let limits = match before {
        Some(Data::Quota(before)) => before.limits,
        Some(_) | None => None,
    };
    matches!(now, Data::Quota(now) if now.limits == limits)
}

/// Whether a record changes something else of such rows than what is spent.
fn changes_limits(sealed: &Sealed) -> bool {
    match sealed.submission().record().action {
        Action::PartyAdd | Action::KeyGrant | Action::KeyRevoke | Action::QuotaSet | Action::SystemEvidence => true,
        Action::SitePut
        | Action::AuthorityGrant
        | Action::AuthorityRevoke
        | Action::ProductPut
        | Action::CodesIssue
        | Action::EventCapture
        | Action::FeedPut
        | Action::AgreementSign
        | Action::FactReport
        | Action::HoldRelease
        | Action::PeriodClose
        | Action::StatementIssue
        | Action::StatementAccept
        | Action::AgreementAdjust
        | Action::DisputeOpen
        | Action::DisputeClose
        | Action::PayoutInstruct
        | Action::PayoutReceipt
        | Action::RecallOpen
        | Action::RecallLift
        | Action::BomPut => false,
    }
}
