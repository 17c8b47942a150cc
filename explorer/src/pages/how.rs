//! How checking works.

use actix_web::HttpResponse;
use askama::Template;

use super::Page;
use crate::{
    visit::Visit,
    words::{Block, Section, Words},
};

/// `docs.html`
#[derive(Template)]
#[template(path = "docs.html")]
struct DocsPage {
    w: &'static Words,
    page: Page,
    title: &'static str,
    lead: &'static str,
    sections: &'static [Section],
}

/// `GET /how`
pub(crate) async fn read(visit: Visit) -> HttpResponse {
    let w = visit.words;
    let (title, lead) = (w.explorer.how_title, w.explorer.how_lead);
    visit.answer(Ok(DocsPage { w, page: visit.page(visit.newest()), title, lead, sections: w.how }))
}
