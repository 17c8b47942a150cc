//! One request for a page: in which language, with what behind it.

use std::{
    future::{Ready, ready},
    sync::Arc,
    time::Duration,
};

use actix_web::{
    FromRequest, HttpRequest, HttpResponse, dev::Payload, error::ErrorInternalServerError, http::StatusCode, web,
};
use askama::Template;
use hefu_api::{Ledger, Problem, ledger::Unavailable, reader, reading};
use hefu_contracts::{audience::Reader, height::Height, state::Fault};
use hefu_keys::Hash;

use crate::{
    answer::{self, Tag},
    assets::{BUILD, URLS},
    directory::{Directory, Known},
    language::{Language, choose},
    pages::{Page, trouble::Trouble},
    site::Site,
    words::Words,
};

/// A page waits so long for names of the newest blocks.
const NAMES_WITHIN: Duration = Duration::from_millis(100);

/// What the pages share.
pub(crate) struct Explorer {
    /// Hash of the genesis document.
    pub chain: Hash,
    pub directory: Arc<Directory>,
    pub ledger: Arc<dyn Ledger>,
    pub site: Site,
    /// Names the program's pages and the operator's settings.
    pub version: String,
}

impl Explorer {
    /// # Errors
    /// From the storage.
    pub(crate) fn new(ledger: Arc<dyn Ledger>, site: Site) -> Result<Explorer, Fault> {
        let directory = Arc::new(Directory::new(Known::of(&*ledger)?));
        let version = format!("{BUILD}-{}", first(&site.id()));
        Ok(Explorer { chain: ledger.genesis().chain(), directory, ledger, site, version })
    }
}

/// The first 16 digits of a hash, which tell apart what is compared in one place.
pub(crate) fn first(hash: &Hash) -> String {
    hash.to_string().chars().take(16).collect()
}

/// A request for a page.
pub(crate) struct Visit {
    /// The language that was chosen in this very address, to be remembered.
    pub chosen: Option<Language>,
    pub explorer: web::Data<Explorer>,
    pub request: HttpRequest,
    pub words: &'static Words,
}

impl FromRequest for Visit {
    type Error = actix_web::Error;
    type Future = Ready<Result<Visit, actix_web::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let Some(explorer) = request.app_data::<web::Data<Explorer>>() else {
            return ready(Err(ErrorInternalServerError("the explorer is not mounted")));
        };
        let choice = choose(request, explorer.site.language);
        ready(Ok(Visit {
            chosen: choice.now.then_some(choice.language),
            explorer: explorer.clone(),
            request: request.clone(),
            words: choice.language.words(),
        }))
    }
}

impl Visit {
    /// The last final height.
    pub(crate) fn newest(&self) -> Height {
        *self.explorer.ledger.heights().borrow()
    }

    /// What every page shows around its own content, as of a height.
    pub(crate) fn page(&self, height: Height) -> Page {
        Page {
            assets: &URLS,
            genesis: self.explorer.chain.to_string(),
            height: height.get(),
            host: self.explorer.site.origin.host().to_owned(),
            origin: self.explorer.site.origin.to_string(),
            other: self.in_other_language(),
        }
    }

    /// The address of this very page in the other language.
    fn in_other_language(&self) -> String {
        let mut address = format!("{}?", self.request.path());
        let kept = self.request.query_string().split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("lang="));
        for pair in kept {
            address.push_str(pair);
            address.push('&');
        }
        address + "lang=" + self.words.other_locale
    }

    /// Reads from the ledger on a thread of its own, names looked up in the directory as it is then.
    pub(crate) async fn read<T, E, R>(&self, read: R) -> Result<T, Trouble>
    where
        T: Send + 'static,
        E: Into<Problem> + Send + 'static,
        R: FnOnce(&dyn Ledger, &Directory) -> Result<T, E> + Send + 'static,
    {
        let directory = Arc::clone(&self.explorer.directory);
        let found = reading(&self.explorer.ledger, move |ledger| -> Result<T, Problem> {
            // After a long time without visits names may lag behind for one.
            directory.follow(ledger, NAMES_WITHIN).map_err(|fault: Fault| Problem::from(Unavailable::Fault(fault)))?;
            read(ledger, &directory).map_err(Into::into)
        });
        Ok(found.await?)
    }

    /// A tag of what follows from the ledger at a height and from nothing else.
    pub(crate) fn tag_at(&self, height: Height) -> Tag {
        let Explorer { chain, version, .. } = &**self.explorer;
        Tag::new(format!("{}-{height}-{}-{version}", first(chain), self.words.locale))
    }

    /// Who reads. Only pages that show more to some than to others ask.
    pub(crate) async fn reader(&self) -> Result<Reader, Trouble> {
        Ok(reader(&self.request).await?)
    }

    /// A page that shows a reader what is not for everybody, or the page of what went wrong.
    pub(crate) fn answer_to<T: Template>(&self, shown: Result<(T, Reader), Trouble>) -> HttpResponse {
        answer::by_reader(match shown {
            Ok((page, Reader::Public)) => self.answer(Ok(page)),
            Ok((page, Reader::Party { .. })) => answer::personal(self, &page),
            Err(trouble) => trouble.answer(self),
        })
    }

    /// A page, or the page of what went wrong.
    pub(crate) fn answer<T: Template>(&self, shown: Result<T, Trouble>) -> HttpResponse {
        match shown {
            Ok(page) => answer::html(self, StatusCode::OK, &page, None),
            Err(trouble) => trouble.answer(self),
        }
    }
}
