//! Checking bundles, offline and without trust in whoever served them.

use std::{collections::BTreeMap, panic, sync::Arc, thread};

use hefu_keys::Hash;

use super::{BUNDLE_BYTES_MAX, BUNDLE_VERSION, Bundle, facts::Backing, replay::Replay};
use crate::{
    agreements::{AccountAt, Act, StatementRow, TermsRow},
    entry::{Entry, Role},
    exact::{self, Inexact, Misfit},
    proof::{Broken, ProvenRecord, What},
    record::{Record, Visibility},
    row::{self, Data, Row},
    settlement::{Party, Terms, Versions},
    state::Rows,
};

/// What a bundle proves.
#[derive(Clone, Debug)]
pub struct Proven {
    /// The contract.
    pub contract: String,
    /// Whose statement it is.
    pub party: String,
    /// Its number.
    pub number: u64,
    /// What it says.
    pub statement: StatementRow,
    /// The entries of its stretch of the account.
    pub entries: Vec<Entry>,
    /// Every version of the terms.
    pub terms: Versions,
    /// Whether the signed fact behind each entry was there, and was checked.
    pub has_facts: bool,
}

/// What a bundle says of itself.
pub(super) struct Opened<'b> {
    /// The account from its beginning.
    pub entries: &'b [Entry],
    /// How many entries lie before the statement.
    pub opening: u64,
    /// Whose account it is.
    pub party: Party,
    /// Every version of the terms.
    pub terms: Versions,
}

impl Bundle {
    /// Reads a bundle, byte by byte as it was served.
    ///
    /// # Errors
    /// [`Broken`] with [`What::Form`].
    pub fn read(text: &[u8]) -> Result<Bundle, Broken> {
        if text.len() > BUNDLE_BYTES_MAX {
            let reason = format!("the file has {} bytes, at most {BUNDLE_BYTES_MAX} are read", text.len());
            return Err(Broken::new(What::Form, reason));
        }
        let text = str::from_utf8(text).map_err(|error| Broken::new(What::Form, error))?;
        exact::read(text).map_err(|error| match &error {
            Inexact::Shape(Misfit { pointer, .. }) => Broken::new(What::Form, format!("{pointer}: {error}")),
            Inexact::Canonical(_) | Inexact::Spelling(_) => Broken::new(What::Form, error),
        })
    }

    /// Checks everything against the genesis hash that the reader trusts: the quorum, the rows, the chain without a
    /// gap, the signatures on the terms, and the arithmetic from the contract's first event on; in a full bundle also
    /// that every fact is signed by the key of its feed and says what its entry says.
    ///
    /// # Errors
    /// The first thing that does not hold.
    pub fn check(&self, trusted: &Hash) -> Result<Proven, Broken> {
        if self.version != BUNDLE_VERSION {
            let reason = format!("version {}, this program knows {BUNDLE_VERSION}", self.version);
            return Err(Broken::new(What::Form, reason));
        }
        let (rows, _) = self.proof.check_frame(trusted)?;
        let (contract, party, number) = name(&self.proof.subject)?;
        let statement = statement(&rows, &self.proof.subject)?;
        check_joint(&rows, contract, party, number, statement)?;
        let terms = self.check_terms(&rows, contract, trusted)?;
        let entries = self.entries(contract, party, statement)?;
        let open = |facts| Backing::open(facts, contract, &rows, trusted);
        let backing = self.facts.as_ref().map(open).transpose()?;
        let has_facts = backing.is_some();
        // Both look at every entry, and neither needs the other.
        let (chained, recomputed) = thread::scope(|scope| {
            let chained = scope.spawn(|| check_chain(entries, statement));
            let recomputed = recompute(entries, party, statement, &terms, backing);
            (chained.join().unwrap_or_else(|panic| panic::resume_unwind(panic)), recomputed)
        });
        chained.map_err(|broken| broken.about(row::key_of_account(contract, party)))?;
        recomputed?;
        let opening = usize::try_from(statement.opening.n).unwrap_or(usize::MAX);
        Ok(Proven {
            contract: contract.to_owned(),
            party: party.to_owned(),
            number,
            statement: statement.clone(),
            entries: entries.get(opening..).unwrap_or_default().to_vec(),
            terms,
            has_facts,
        })
    }

    /// What the bundle says of itself, read and not checked.
    pub(super) fn open(&self) -> Result<Opened<'_>, Broken> {
        let form = |error: &dyn std::fmt::Display| Broken::new(What::Form, error);
        let (contract, party, _) = name(&self.proof.subject)?;
        let party = Party::new(party).ok_or_else(|| form(&"the party's id has another form"))?;
        let mut opening = None;
        let mut terms = Versions::new();
        let prefix = format!("terms/{contract}/");
        for text in &self.proof.rows {
            let Row { key, data, .. } = Row::read(text.get()).map_err(|bad| form(&bad))?;
            if key == self.proof.subject
                && let Data::Statement(row) = &data
            {
                opening = Some(row.opening.n);
            } else if let (Data::Terms(row), Some(version)) = (&data, key.strip_prefix(&prefix)) {
                let version: u32 = version.parse().map_err(|_| form(&"a row of terms has another key"))?;
                terms.insert(version, row.sheet.terms().map_err(|bad| form(&bad))?);
            }
        }
        let [history] = self.proof.histories.as_slice() else { return Err(form(&"it has not one history")) };
        let opening = opening.ok_or_else(|| Broken::new(What::Statement, "there is no such statement"))?;
        Ok(Opened { entries: &history.entries, opening, party, terms })
    }

    /// Every version of the terms, as its row has it and as its record was signed, and no other record.
    fn check_terms(&self, rows: &Rows, contract: &str, chain: &Hash) -> Result<Versions, Broken> {
        let key = row::key_of_agreement(contract);
        let Some(Data::Agreement(agreement)) = rows.get(&key).map(|row| &row.data) else {
            return Err(Broken::new(What::Terms, "the agreement's row is missing").about(key));
        };
        let versions = 1..=agreement.version;
        if versions.clone().count() != self.proof.records.len() {
            let reason = format!("{} records for {} versions", self.proof.records.len(), agreement.version);
            return Err(Broken::new(What::Terms, reason).about(key));
        }
        let mut terms = Versions::new();
        for (version, record) in versions.zip(&self.proof.records) {
            let key = row::key_of_terms(contract, version);
            let Some(Data::Terms(row)) = rows.get(&key).map(|row| &row.data) else {
                return Err(Broken::new(What::Terms, "its row is missing").about(key));
            };
            terms.insert(version, signed(row, record, chain).map_err(|broken| broken.about(key))?);
        }
        Ok(terms)
    }

    /// The account's entries, as many as the statement says.
    fn entries(&self, contract: &str, party: &str, statement: &StatementRow) -> Result<&[Entry], Broken> {
        let key = row::key_of_account(contract, party);
        let broken = |reason: &str| Broken::new(What::History, reason).about(&key);
        let [history] = self.proof.histories.as_slice() else { return Err(broken("it is not the only history")) };
        if history.key != key || history.after != 0 || history.head != Hash::ZERO {
            return Err(broken("the history is not this account's from its beginning"));
        }
        let StatementRow { opening, closing, .. } = statement;
        if u64::try_from(history.entries.len()) != Ok(closing.n) || opening.n > closing.n {
            return Err(broken("there are not as many entries as the statement says"));
        }
        Ok(&history.entries)
    }
}

/// That the entries' heads lead from nothing over the opening to the closing.
fn check_chain(entries: &[Entry], statement: &StatementRow) -> Result<(), Broken> {
    let broken = |reason: &str| Broken::new(What::History, reason);
    let StatementRow { opening, closing, .. } = statement;
    let mut head = Hash::ZERO;
    for (n, entry) in (0..).zip(entries) {
        if n == opening.n && head != opening.head {
            return Err(broken("the entries do not lead to the statement's opening"));
        }
        if entry.role != Role::Settle || entry.visibility != Visibility::Parties {
            return Err(broken("an entry is not an account's"));
        }
        head = entry.extend(&head);
    }
    if head != closing.head {
        return Err(broken("the entries do not lead to the statement's closing"));
    }
    Ok(())
}

/// That the terms give what the entries say, from the contract's first event on, and the signed facts too, where they are
/// there.
fn recompute(
    entries: &[Entry],
    party: &str,
    statement: &StatementRow,
    terms: &Versions,
    mut backing: Option<Backing<'_>>,
) -> Result<(), Broken> {
    let replayed = Party::new(party).and_then(|party| Replay::begin(party, terms));
    let mut replay = replayed.ok_or_else(|| Broken::new(What::Terms, "there is no first version"))?;
    for (place, entry) in (0_usize..).zip(entries) {
        if u64::try_from(place) == Ok(statement.opening.n) {
            check_balances("opening", &replay, &statement.opening)?;
        }
        if let Some(backing) = &mut backing {
            backing.follow(entry, replay.book())?;
        }
        replay.follow(place.saturating_add(1), entry)?;
    }
    check_balances("closing", &replay, &statement.closing)?;
    backing.map_or(Ok(()), Backing::close)
}

/// Contract, party and number of a statement's row.
fn name(subject: &str) -> Result<(&str, &str, u64), Broken> {
    let mut parts = subject.split('/');
    let found = match (parts.next(), parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some("statement"), Some(contract), Some(party), Some(number), None) => {
            number.parse().ok().map(|number| (contract, party, number))
        }
        _ => None,
    };
    found.ok_or_else(|| Broken::new(What::Statement, "the file is about no statement").about(subject))
}

fn statement<'r>(rows: &'r Rows, key: &str) -> Result<&'r StatementRow, Broken> {
    match rows.get(key).map(|row| &row.data) {
        Some(Data::Statement(row)) => Ok(row),
        Some(_) | None => Err(Broken::new(What::Statement, "there is no such statement").about(key)),
    }
}

/// It begins where the one before ended; the first one with nothing.
fn check_joint(rows: &Rows, contract: &str, party: &str, number: u64, row: &StatementRow) -> Result<(), Broken> {
    let begins = match number.checked_sub(1) {
        Some(before) if before > 0 => {
            let before = statement(rows, &row::key_of_statement(contract, party, before))?;
            before.closing == row.opening
        }
        _ => row.opening == AccountAt { balances: BTreeMap::new(), head: Hash::ZERO, n: 0 },
    };
    if begins { Ok(()) } else { Err(Broken::new(What::Statement, "it does not begin where the one before ended")) }
}

/// The terms of a row, where its record is signed and says the same.
fn signed(row: &TermsRow, proven: &ProvenRecord, chain: &Hash) -> Result<Arc<Terms>, Broken> {
    let record = Record::read(proven.record.get()).map_err(|bad| Broken::new(What::Terms, bad))?;
    if record.id != row.record || record.chain != *chain {
        return Err(Broken::new(What::Terms, "the record is not the one that was signed on this chain"));
    }
    let record = record.verify().map_err(|bad| Broken::new(What::Terms, bad))?;
    match record.body.agreement().and_then(Act::sheet) {
        Some(signed) if signed.sheet == *row.sheet.text() => Ok(Arc::new(Terms::clone(&signed.terms))),
        Some(_) | None => Err(Broken::new(What::Terms, "the sheet is not the one that was signed")),
    }
}

fn check_balances(which: &str, replay: &Replay<'_>, at: &AccountAt) -> Result<(), Broken> {
    let computed = replay.balances();
    if computed == at.balances {
        return Ok(());
    }
    let told = |balances: &BTreeMap<String, crate::settlement::Minor>| {
        let told: Vec<_> = balances.iter().map(|(bucket, amount)| format!("{bucket} {amount}")).collect();
        if told.is_empty() { "nothing".to_owned() } else { told.join(", ") }
    };
    let reason = format!("the {which} balance is {}, the terms say {}", told(&at.balances), told(&computed));
    Err(Broken::new(What::Arithmetic, reason))
}
