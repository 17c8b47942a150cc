//! The page of a code that the ledger does not have.

use askama::Template;
use hefu_api::views::AbsentView;

use super::{OtherNode, Page, Source, groups, nodes, trace::Verdict};
use crate::{directory::in_language, visit::Visit, words::Words};

/// `absent.html`
#[derive(Template)]
#[template(path = "absent.html")]
pub(crate) struct AbsentPage {
    w: &'static Words,
    page: Page,
    subject: String,
    proof: String,
    data: String,
    product: Option<String>,
    gtin: String,
    serial: Vec<String>,
    verdict: Verdict,
    nodes: Vec<OtherNode>,
}

impl AbsentPage {
    /// `data` is where the same is answered as JSON.
    pub(crate) fn new(visit: &Visit, absent: &AbsentView, data: String) -> AbsentPage {
        let w = visit.words;
        let page = visit.page(absent.as_of.height);
        AbsentPage {
            w,
            subject: absent.code.row.clone(),
            proof: format!("{data}/proof"),
            data,
            product: absent.product.as_ref().map(|product| in_language(&product.name, w.locale).to_owned()),
            gtin: absent.code.gtin.to_string(),
            serial: groups(&absent.code.serial),
            verdict: Verdict { kind: "absent", records: 0, kept: 0, reasons: Vec::new() },
            nodes: nodes(&visit.explorer.site, &visit.explorer.directory, visit.request.path(), w),
            page,
        }
    }
}
