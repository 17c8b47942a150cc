//! The rules: from a state, a moment and a record to changed rows or a refusal.
//!
//! All checks come first, then all writes. The moment is the block's: an execution never asks a clock, so every
//! validator, and everybody who re-executes the chain years later, comes to the same rows.

use hefu_keys::Hash;

use crate::{
    agreements,
    annex::Annex,
    catalogue, codes,
    entry::{Entry, Role},
    height::Height,
    parties::{self, Charge, KeyRole, PartyRow, QuotaRow, Signer},
    provenance,
    record::{Body, Record, Verified},
    refusal::{Code, Refusal},
    row::{self, Data, Kind, Row},
    shared::Shared,
    state::{Fault, Overlay, Stamp, Stop, Writes},
    submission::Submission,
    time::{Millis, Time},
    validators,
};

/// Most distinct rows that one block may change.
pub const BLOCK_ROWS_MAX: usize = 10_000;

/// A record may expire at most this long after its inclusion: 30 days.
pub const EXPIRES_WITHIN: Millis = Millis(30 * 24 * 60 * 60 * 1_000);

/// Where and when a record takes effect.
#[derive(Clone, Debug)]
pub struct Moment {
    /// Hash of the genesis document.
    pub chain: Hash,
    /// Height of the block.
    pub height: Height,
    /// Time of the block.
    pub time: Time,
}

/// The outcome of a check: a value, a refusal, or a fault of the storage.
pub type Checked<T> = Result<T, Stop>;

/// A record under examination: what every rule may look at.
pub struct Case<'a> {
    overlay: &'a Overlay<'a>,
    submission: &'a Submission,
    moment: &'a Moment,
    author: &'a Signer,
    signers: &'a [Signer],
    by: &'a [String],
}

/// What a record does, once no rule speaks against it.
#[derive(Debug)]
pub struct Effects {
    /// What it takes of its author's quotas; none where it is free.
    pub charge: Option<Charge>,
    /// What its entries have in common.
    pub stamp: Stamp,
    /// The rows that it sets.
    pub writes: Writes,
}

/// Checks a record against all rules, except how many may stand in a block together.
///
/// # Errors
/// [`Stop::Refused`] with the rule that speaks against it, [`Stop::Fault`] where the storage fails.
pub fn check(overlay: &Overlay<'_>, moment: &Moment, submission: &Submission) -> Checked<Effects> {
    let record = submission.record();
    check_frame(record, moment)?;
    let signers = parties::signers(overlay, record, moment)?;
    let author = signers.first().ok_or_else(|| Refusal::new(Code::KeyUnknown).at("/signers"))?;
    let by = organisations(&signers, record);
    check_seq(author, record)?;

    let case = Case { overlay, submission, moment, author, signers: &signers, by: &by };
    let mut writes = dispatch(&case)?;
    let charge = spend(&case, &mut writes)?;
    if writes.len() > BLOCK_ROWS_MAX {
        let detail = format!("{} rows, a block may change {BLOCK_ROWS_MAX}", writes.len());
        return Err(Refusal::new(Code::RowsPerBlock).because(detail).into());
    }
    let Moment { height, time, .. } = *moment;
    let entry = Entry {
        by,
        containers: Vec::new(),
        data: Vec::new(),
        height,
        record: record.id,
        role: Role::Flag,
        time,
        visibility: record.visibility,
    };
    Ok(Effects { charge, stamp: Stamp { entry }, writes })
}

/// Executes one record: checks it and applies what it does.
///
/// # Errors
/// As [`check`]; the overlay is then unchanged.
pub fn execute(overlay: &mut Overlay<'_>, moment: &Moment, submission: &Submission) -> Checked<()> {
    let Effects { stamp, writes, .. } = check(overlay, moment, submission)?;
    Ok(overlay.apply(writes, stamp)?)
}

fn check_frame(record: &Record, moment: &Moment) -> Result<(), Refusal> {
    if record.chain != moment.chain {
        let detail = format!("it names {}, this is {}", record.chain, moment.chain);
        return Err(Refusal::new(Code::RecordChain).at("/chain").because(detail));
    }
    if record.expires < moment.time {
        let detail = format!("at {}, now is {}", record.expires, moment.time);
        return Err(Refusal::new(Code::RecordExpired).at("/expires").because(detail));
    }
    if record.expires > moment.time.plus(EXPIRES_WITHIN) {
        let detail = format!("at {}, now is {}", record.expires, moment.time);
        return Err(Refusal::new(Code::RecordExpiresLate).at("/expires").because(detail));
    }
    Ok(())
}

fn check_seq(author: &Signer, record: &Record) -> Result<(), Refusal> {
    let window = &author.key.window;
    window.check(record.seq).map_err(|code| {
        let detail = format!("{} with {} as the highest used", record.seq, window.top());
        Refusal::new(code).at("/seq").because(detail)
    })
}

/// The author's key row, as the record leaves it, with its sequence number used; and what it takes of the quotas.
fn spend(case: &Case<'_>, writes: &mut Writes) -> Checked<Option<Charge>> {
    let Signer { key, row, .. } = case.author;
    let mut key = match writes.get(row) {
        Some(Data::Key(key)) => key.clone(),
        Some(_) | None => key.clone(),
    };
    key.window.spend(case.record().seq);
    let charge = Charge::of(case.overlay, case.submission, (row, case.party()))?;
    if let Some(charge) = &charge {
        let quota = row::key_of_quota(case.party());
        let mut organisation: Shared<QuotaRow> = case.get(&quota)?.unwrap_or_default();
        charge.spend(&mut key, &mut organisation, case.moment.time)?;
        writes.set(quota, organisation);
    }
    writes.set(row.clone(), key);
    Ok(charge)
}

/// The distinct organisations that signed, sorted. A key that the record itself registers signs for the organisation
/// that the record names.
fn organisations(signers: &[Signer], record: &Record) -> Vec<String> {
    let mut by: Vec<String> = signers.iter().map(|signer| signer.key.party.clone()).collect();
    if let Body::PartyAdd(body) = &record.body {
        by.push(body.party.id.clone());
    }
    by.sort();
    by.dedup();
    by
}

fn dispatch(case: &Case<'_>) -> Checked<Writes> {
    match &case.record().body {
        Body::PartyAdd(body) => parties::add_party(case, body),
        Body::SitePut(body) => parties::put_site(case, body),
        Body::KeyGrant(body) => parties::grant_key(case, body),
        Body::KeyRevoke(body) => parties::revoke_key(case, body),
        Body::AuthorityGrant(body) => parties::grant_authority(case, body),
        Body::AuthorityRevoke(body) => parties::revoke_authority(case, body),
        Body::ProductPut(body) => catalogue::put(case, body),
        Body::CodesIssue(body) => codes::issue(case, body),
        Body::EventCapture(body) => provenance::capture(case, body),
        Body::Agreement(body) => agreements::follow(case, body),
        Body::RecallOpen(body) => provenance::open_recall(case, body),
        Body::RecallLift(body) => provenance::lift_recall(case, body),
        Body::BomPut(body) => catalogue::put_bom(case, body),
        Body::QuotaSet(body) => parties::set_quota(case, body),
        Body::Evidence(body) => validators::record_evidence(case, body),
    }
}

impl Case<'_> {
    /// The record.
    pub fn record(&self) -> &Verified {
        self.submission.record()
    }

    /// What travels beside it.
    pub fn annex(&self) -> &Annex {
        self.submission.annex()
    }

    /// Record and annex together.
    pub fn submission(&self) -> &Submission {
        self.submission
    }

    /// Where and when it takes effect.
    pub fn moment(&self) -> &Moment {
        self.moment
    }

    /// The key that spends its sequence number.
    pub fn author(&self) -> &Signer {
        self.author
    }

    /// The distinct organisations that signed, sorted.
    pub const fn organisations(&self) -> &[String] {
        self.by
    }

    /// The organisation the author signs for.
    pub fn party(&self) -> &str {
        &self.author.key.party
    }

    /// The rows as they stand before the record.
    pub const fn rows(&self) -> &Overlay<'_> {
        self.overlay
    }

    /// A row's data of a known kind.
    ///
    /// # Errors
    /// From the storage.
    pub fn get<T: Kind>(&self, key: &str) -> Result<Option<Shared<T>>, Fault> {
        row::get(self.overlay, key)
    }

    /// A row with its chain's length and head.
    ///
    /// # Errors
    /// From the storage.
    pub fn row(&self, key: &str) -> Result<Option<Shared<Row>>, Fault> {
        self.overlay.row(key)
    }

    /// The author's organisation.
    ///
    /// # Errors
    /// `E-PARTY-UNKNOWN`, which a state never yields for a registered key, or from the storage.
    pub fn own_party(&self) -> Checked<Shared<PartyRow>> {
        let row = self.get(&row::key_of_party(self.party()))?;
        Ok(row.ok_or_else(|| Refusal::new(Code::PartyUnknown).because(self.party()))?)
    }

    /// That the author's key has a role.
    ///
    /// # Errors
    /// `E-KEY-ROLE`.
    pub fn require(&self, role: KeyRole) -> Result<(), Refusal> {
        if self.author.key.has(role, self.moment.time) {
            return Ok(());
        }
        Err(Refusal::new(Code::KeyRole).at("/signers/0").because(format!("{role:?} is needed").to_lowercase()))
    }

    /// That every signer's key has a role.
    ///
    /// # Errors
    /// `E-KEY-ROLE`.
    pub fn require_of_all(&self, role: KeyRole) -> Result<(), Refusal> {
        match self.signers.iter().position(|signer| !signer.key.has(role, self.moment.time)) {
            None => Ok(()),
            Some(place) => {
                let detail = format!("{role:?} is needed").to_lowercase();
                Err(Refusal::new(Code::KeyRole).at(format!("/signers/{place}")).because(detail))
            }
        }
    }
}
