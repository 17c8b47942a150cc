//! Signing in: the browser opens a key file and signs an access document; the node sees neither key nor passphrase.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use hefu_api::Problem;
use hefu_contracts::audience::Reader;
use serde::Deserialize;

use super::{Page, trouble::Trouble};
use crate::{visit::Visit, words::Words};

/// Who reads, in words.
#[derive(Debug)]
struct Guest {
    /// The organisation.
    party: String,
    /// What it is shown.
    reads: &'static str,
}

/// `session.html`
#[derive(Template)]
#[template(path = "session.html")]
struct SessionPage {
    w: &'static Words,
    page: Page,
    guest: Option<Guest>,
    /// Where to go afterwards.
    next: String,
}

/// Where a visitor came from.
#[derive(Deserialize)]
pub(crate) struct Wanted {
    #[serde(default)]
    next: String,
}

/// Where one signs in and then comes back to this very page.
pub(crate) fn address(request: &HttpRequest, w: &Words) -> String {
    format!("/x/session?next={}&lang={}", request.path(), w.locale)
}

/// `GET /x/session?next=/x/records/…`
pub(crate) async fn read(visit: Visit, wanted: Option<web::Query<Wanted>>) -> HttpResponse {
    let next = wanted.map(|wanted| wanted.into_inner().next).filter(|next| is_own(next));
    let shown = page(&visit, next.unwrap_or_default()).await;
    visit.answer_to(shown)
}

/// A page of the explorer and nothing else: no link on another site may send people on from here.
fn is_own(path: &str) -> bool {
    path.starts_with("/x/") && path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-_".contains(&byte))
}

async fn page(visit: &Visit, next: String) -> Result<(SessionPage, Reader), Trouble> {
    let (w, reader) = (visit.words, visit.reader().await?);
    let guest = match &reader {
        Reader::Public => None,
        Reader::Party { id, .. } => {
            let id = id.clone();
            // Through the ledger, so that the directory has taken in the newest blocks.
            let party = visit.read(move |_, directory| -> Result<_, Problem> {
                Ok(directory.read(|known| known.party(&id, w.locale).to_owned()))
            });
            let reads = if reader.is_auditor() { w.session.reads_everything } else { w.session.reads_own };
            Some(Guest { party: party.await?, reads })
        }
    };
    Ok((SessionPage { w, page: visit.page(visit.newest()), guest, next }, reader))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_the_explorer_are_gone_on_to() {
        for (path, own) in [
            ("/x/records/0a1b", true),
            ("/x/blocks/17", true),
            ("/x/earnings/C1_a/adu", true),
            ("", false),
            ("/", false),
            ("//evil.example/x/", false),
            ("/x/..//evil.example", false),
            ("/x/\\evil.example", false),
            ("https://evil.example", false),
            ("javascript:alert(1)", false),
        ] {
            assert_eq!(is_own(path), own, "{path}");
        }
    }
}
