//! Feeds are declared, terms are signed and amended.

use super::{
    body::{AgreementSign, FeedPut},
    desk::Desk,
    rows::{AgreementRow, FeedRow, TermsRow},
    sheet::Sheet,
    spell,
};
use crate::{
    entry::Role,
    execute::{Case, Checked},
    parties::{KeyRole, KeyRow, PartyKind, PartyRow},
    refusal::{Code, Refusal},
    row::{self, Data},
    settlement::{Party, Pool, Terms},
    shared::Shared,
    state::Writes,
};

/// A platform declares a feed, or gives it another key.
pub(super) fn put_feed(case: &Case<'_>, body: &FeedPut) -> Checked<Writes> {
    case.require(KeyRole::Admin)?;
    let platform = platform_of(&body.feed).ok_or_else(|| {
        let detail = format!("{:?} is not <platform>:<shop>, each 1 to 64 of a-z, 0-9 and hyphen", body.feed);
        Refusal::new(Code::RecordShape).at("/body/feed").because(detail)
    })?;
    // The platform's name is the organisation's: nobody else can report orders of that platform.
    if platform != case.party() {
        return Err(Refusal::new(Code::FeedOther).at("/body/feed").because(platform).into());
    }
    match case.get::<KeyRow>(&row::key_of_key(&body.key))? {
        Some(key) if key.party == case.party() => {}
        Some(_) => return Err(Refusal::new(Code::KeyOfOther).at("/body/key").because(body.key.to_string()).into()),
        None => return Err(Refusal::new(Code::KeyUnknown).at("/body/key").because(body.key.to_string()).into()),
    }
    let row = FeedRow { key: body.key, party: case.party().to_owned(), record: case.record().id };
    let key = row::key_of_feed(&body.feed);
    let role = if case.get::<FeedRow>(&key)?.is_some() { Role::Update } else { Role::Register };
    let mut writes = Writes::default();
    // Whoever checks an old fact needs to know which key the feed had then.
    writes.note(key, row, role);
    Ok(writes)
}

/// The platform of a feed's name.
pub(super) fn platform_of(feed: &str) -> Option<&str> {
    let (platform, shop) = feed.split_once(':')?;
    let plain = |text: &str| {
        (1..=64).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    (plain(platform) && plain(shop)).then_some(platform)
}

/// A first or further version of the terms, signed by everybody it needs.
pub(super) fn sign(case: &Case<'_>, body: &AgreementSign) -> Checked<Writes> {
    case.require_of_all(KeyRole::Contract)?;
    let terms = &body.terms;
    let contract = contract_of(terms)?;
    if terms.heading.effective_from.is_none() {
        return Err(Refusal::new(Code::FieldMissing).at("/body/terms/effective_from").into());
    }
    check_obliged(terms)?;
    check_known(case, terms)?;
    let key = row::key_of_agreement(contract);
    let mut writes = Writes::default();
    let role = match case.get::<AgreementRow>(&key)? {
        None => {
            begin(case, terms)?;
            writes.set(&*key, Desk::begin(case, contract, Terms::clone(terms)).into_row());
            Role::Register
        }
        Some(_) => {
            amend(case, contract, terms, &mut writes)?;
            Role::Update
        }
    };
    let row = TermsRow { record: case.record().id, sheet: Sheet::new(body.sheet.clone()), time: case.moment().time };
    writes.set(row::key_of_terms(contract, terms.heading.version), row);
    if let Some(Data::Agreement(mut agreement)) = writes.get(&key).cloned() {
        agreement.parties.extend(terms.parties());
        writes.note(key, agreement, role);
    }
    Ok(writes)
}

fn contract_of(terms: &Terms) -> Result<&str, Refusal> {
    let pointer = "/body/terms/contract_id";
    let contract = terms.heading.contract.as_deref().ok_or_else(|| Refusal::new(Code::FieldMissing).at(pointer))?;
    if spell::is_plain(contract) {
        return Ok(contract);
    }
    let detail = format!("{contract:?} is not 1 to 64 of A-Z, a-z, 0-9, hyphen and underscore");
    Err(Refusal::new(Code::TermsForm).at(pointer).because(detail))
}

/// Whoever owes, or bears what cannot be clawed back, must be asked.
fn check_obliged(terms: &Terms) -> Result<(), Refusal> {
    let roles = &terms.roles;
    let invested = terms.pool.iter().flat_map(Pool::obliged);
    let mut obliged = std::iter::once(&roles.obligor).chain(&roles.risk.parties).chain(invested);
    match obliged.find(|party| !roles.required_signers.contains(party)) {
        None => Ok(()),
        Some(party) => {
            Err(Refusal::new(Code::AgreementObliged).at("/body/terms/required_signers").because(party.as_str()))
        }
    }
}

/// Everybody whom the terms name is on the ledger, and the arbiter is none of the sides.
fn check_known(case: &Case<'_>, terms: &Terms) -> Checked<()> {
    for party in terms.parties() {
        if case.get::<PartyRow>(&row::key_of_party(&party))?.is_none() {
            return Err(Refusal::new(Code::PartyUnknown).at("/body/terms").because(party).into());
        }
    }
    match &terms.roles.arbiter {
        Some(arbiter) if terms.account_holders().contains(&arbiter) => {
            Err(Refusal::new(Code::AgreementParty).at("/body/terms/arbiter").because(arbiter.as_str()).into())
        }
        Some(_) | None => Ok(()),
    }
}

fn begin(case: &Case<'_>, terms: &Terms) -> Result<(), Refusal> {
    let heading = &terms.heading;
    if heading.version != 1 || heading.previous.is_some() {
        let detail = format!("version {} of a contract that was not signed before", heading.version);
        return Err(Refusal::new(Code::AgreementVersion).at("/body/terms/version").because(detail));
    }
    require_signers(case, &terms.roles.required_signers, Code::AgreementUnsigned)
}

/// That all of these have signed.
pub(super) fn require_signers(case: &Case<'_>, parties: &[Party], code: Code) -> Result<(), Refusal> {
    match parties.iter().find(|party| !signed(case, party)) {
        None => Ok(()),
        Some(party) => Err(Refusal::new(code).at("/signers").because(party.as_str())),
    }
}

fn amend(case: &Case<'_>, contract: &str, terms: &Terms, writes: &mut Writes) -> Checked<()> {
    let mut desk = Desk::open(case, contract, "/body/terms/contract_id")?;
    let last = desk.newest()?.heading.version;
    let before = row::key_of_terms(contract, last);
    let before = case.get::<TermsRow>(&before)?.map(|row| row.record);
    if terms.heading.previous.as_deref() != before.map(|record| record.to_string()).as_deref() {
        let refusal = Refusal::new(Code::AgreementVersion).at("/body/terms/prev");
        return Err(
            Refusal { conflict: before, ..refusal.because("prev must be the record of the last version") }.into()
        );
    }
    if let Some(stranger) = terms.account_holders().into_iter().find(|party| !desk.holders().contains(party)) {
        return Err(Refusal::new(Code::AgreementOther).at("/body/terms").because(stranger.as_str()).into());
    }
    let signers = case.organisations().iter().filter_map(|party| Party::new(party)).collect();
    desk.amend(terms.clone(), signers).map_err(|refusal| Refusal { conflict: before, ..refusal.at("/body/terms") })?;
    desk.write(writes)
}

fn signed(case: &Case<'_>, party: &Party) -> bool {
    case.organisations().iter().any(|by| by == party.as_str())
}

/// That the author's organisation may act for a contract.
pub(super) fn require_party(case: &Case<'_>, parties: &[&Party]) -> Result<(), Refusal> {
    if parties.iter().any(|party| party.as_str() == case.party()) {
        return Ok(());
    }
    Err(Refusal::new(Code::AgreementParty).at("/signers/0").because(case.party()))
}

/// Whether one of the signers is an auditor.
pub(super) fn has_auditor(case: &Case<'_>) -> Checked<bool> {
    for party in case.organisations() {
        let row: Option<Shared<PartyRow>> = case.get(&row::key_of_party(party))?;
        if row.is_some_and(|row| row.kind == PartyKind::Auditor) {
            return Ok(true);
        }
    }
    Ok(false)
}
