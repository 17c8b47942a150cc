//! Who reads: an organisation that shows an access document, a session that began with one, or anybody.

pub(crate) mod session;
mod sessions;

use actix_web::{HttpRequest, http::header, web};
use hefu_contracts::{
    access::{self, Access, Here, Pass},
    audience::{self, Audience, Reader, Shown},
    parties::Name,
    record::{Record, Visibility},
    refusal::{Code, Refusal},
    row::{self, Data, Row},
    shared::Shared,
    state::{Fault, Snapshot},
    time::Time,
};
use hefu_keys::Address;

pub(crate) use sessions::Sessions;

use crate::{
    clock,
    ledger::Ledger,
    problem::{Door, Problem},
    reading::reading,
    server::Api,
};

/// Somebody who has shown who is reading.
#[derive(Clone, Debug)]
pub(crate) struct Guest {
    /// The key that signed.
    pub key: Address,
    /// Name of the organisation.
    pub name: Name,
    /// The organisation as a reader.
    pub reader: Reader,
    /// Until when.
    pub until: Time,
}

/// Who a request is from. A document that is not good is a problem, because whoever shows one means to read more than
/// anybody may; a session that is over is none.
///
/// # Errors
/// What is wrong with the document in the `Authorization` header or with its key, or a fault.
pub async fn reader(request: &HttpRequest) -> Result<Reader, Problem> {
    Ok(guest(request).await?.map_or(Reader::Public, |guest| guest.reader))
}

pub(crate) async fn guest(request: &HttpRequest) -> Result<Option<Guest>, Problem> {
    let api = request.app_data::<web::Data<Api>>().ok_or_else(|| {
        tracing::error!("the API is not mounted where its reader is asked for");
        Problem::from(Door::NodeFault)
    })?;
    let now = clock::now()?;
    if request.headers().contains_key(header::AUTHORIZATION) {
        let pass = document(request).and_then(|document| check(api, document, now)).map_err(no)?;
        return welcome(api, pass.signer(), pass.expires(), now).await.map(Some);
    }
    session::guest(request, api, now).await
}

/// Who a guest of before is now: long answers ask again, because a key may be revoked and a document ends.
///
/// # Errors
/// `E-ACCESS-EXPIRED` where the time is over, what is wrong with the key, or a fault.
pub(crate) async fn again(api: &Api, guest: &Guest) -> Result<Reader, Problem> {
    let now = clock::now()?;
    if now >= guest.until {
        return Err(no(Refusal::new(Code::AccessExpired)));
    }
    Ok(welcome(api, guest.key, guest.until, now).await?.reader)
}

/// What is wrong with a document is about no record.
fn no(refusal: Refusal) -> Problem {
    Problem::refused(refusal, None)
}

fn document(request: &HttpRequest) -> Result<Access, Refusal> {
    let mut values = request.headers().get_all(header::AUTHORIZATION);
    match (values.next().and_then(|value| value.to_str().ok()), values.next()) {
        (Some(value), None) => Access::of_header(value),
        (None, _) | (_, Some(_)) => Err(Refusal::new(Code::AccessHeader)),
    }
}

/// That a document is good at this node.
fn check(api: &Api, document: Access, now: Time) -> Result<Pass, Refusal> {
    document.verify(&Here { chain: &api.chain, now, origins: &api.origins })
}

/// Looks up for whom a key reads now.
async fn welcome(api: &Api, key: Address, until: Time, now: Time) -> Result<Guest, Problem> {
    let (name, reader) = reading(&api.ledger, move |ledger| party_of(ledger, key, now)).await?;
    Ok(Guest { key, name, reader, until })
}

/// For whom a key reads now: what is sent without being asked for looks again each time.
///
/// # Errors
/// What is wrong with the key, or a fault.
pub(crate) fn reader_of(ledger: &dyn Ledger, key: Address, now: Time) -> Result<Reader, Problem> {
    party_of(ledger, key, now).map(|(_, reader)| reader)
}

fn party_of(ledger: &dyn Ledger, key: Address, now: Time) -> Result<(Name, Reader), Problem> {
    let found = ledger.key(&key)?;
    let party = access::party_of(found.as_ref(), &key, now).map_err(no)?;
    match ledger.row(&row::key_of_party(party))?.map(|row| row.data) {
        Some(Data::Party(row)) => Ok((row.name.clone(), Reader::Party { id: party.to_owned(), kind: row.kind })),
        Some(_) | None => {
            tracing::error!(party, "the organisation of a registered key is not on the ledger");
            Err(Door::NodeFault.into())
        }
    }
}

/// The rows of a ledger, as the rules read them.
pub(crate) struct Rows<'a>(pub(crate) &'a dyn Ledger);

impl Snapshot for Rows<'_> {
    fn row(&self, key: &str) -> Result<Option<Shared<Row>>, Fault> {
        Ok(self.0.row(key)?.map(Shared::from))
    }
}

/// How much of a record of the ledger is shown to a reader.
///
/// # Errors
/// `E-NODE-FAULT` where the ledger cannot be read.
pub fn shown(ledger: &dyn Ledger, reader: &Reader, text: &str) -> Result<Shown, Problem> {
    let visibility = if Visibility::is_public_in(text) { Visibility::Public } else { Visibility::Parties };
    // Whether anybody, or an auditor, is in an audience does not depend on whom the record names.
    if *reader == Reader::Public || reader.is_auditor() {
        return Ok(audience::shown(reader, visibility, &Audience::default()));
    }
    let record = Record::read(text).map_err(Fault::new)?;
    let audience = Audience::of_record(&record, &Rows(ledger))?;
    Ok(audience::shown(reader, visibility, &audience))
}
