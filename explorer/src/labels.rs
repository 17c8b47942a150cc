//! Labels: a QR code, what it says in plain characters, and the domain, which is how people tell the real page.

use askama::Template;
use hefu_contracts::gs1::{Epc, EpcKind};
use thiserror::Error;

use crate::{
    Language, Origin, assets,
    qr::{self, BadCode, MODULE_MM},
    words::Words,
};

/// Labels of 70 × 36 mm on a sheet of A4.
pub const SHEET_LABELS: usize = 24;

/// Most labels of one page on the web: ten sheets. A file has no limit.
pub const CODES_MAX: usize = 240;

/// What a label is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// The item.
    pub epc: Epc,
    /// What it is called.
    pub name: String,
}

/// Why labels cannot be made.
#[derive(Debug, Error)]
pub enum BadLabel {
    /// The QR code cannot be drawn.
    #[error(transparent)]
    Code(#[from] BadCode),
    /// The identifier is not of one trade item.
    #[error("{0} is not a GTIN with a serial number")]
    NoItem(Epc),
    /// The document could not be written.
    #[error("the document could not be written")]
    Document(#[from] askama::Error),
}

/// A label.
#[derive(Clone, Debug)]
pub(crate) struct Label {
    pub qr: String,
    pub name: String,
    pub gtin: String,
    pub serial: String,
}

/// `sheet.html`: a document by itself.
#[derive(Template)]
#[template(path = "sheet.html")]
struct Sheet<'a> {
    w: &'static Words,
    host: &'a str,
    labels_style: &'static str,
    sheets: Vec<Vec<Label>>,
    style: &'static str,
}

/// Sheets of labels as an HTML document that needs nothing beside itself: opened in any browser, it prints 24 labels of
/// 70 × 36 mm on each sheet of A4.
///
/// # Errors
/// [`BadLabel`] with the first code of which there cannot be a label.
pub fn sheet(origin: &Origin, codes: &[Code], language: Language) -> Result<String, BadLabel> {
    let sheets = sheets(labels(origin, codes)?);
    let (style, labels_style) = (assets::style("style.css"), assets::style("labels.css"));
    Ok(Sheet { w: language.words(), host: origin.host(), labels_style, sheets, style }.render()?)
}

pub(crate) fn labels(origin: &Origin, codes: &[Code]) -> Result<Vec<Label>, BadLabel> {
    codes.iter().map(|code| label(origin, code)).collect()
}

fn label(origin: &Origin, Code { epc, name }: &Code) -> Result<Label, BadLabel> {
    let EpcKind::Item { gtin, serial } = epc.kind() else { return Err(BadLabel::NoItem(epc.clone())) };
    let qr = qr::svg(&qr::link(origin, epc), MODULE_MM)?;
    Ok(Label { qr, name: name.clone(), gtin: gtin.to_string(), serial })
}

pub(crate) fn sheets(labels: Vec<Label>) -> Vec<Vec<Label>> {
    let mut labels = labels.into_iter().peekable();
    let mut sheets = Vec::new();
    while labels.peek().is_some() {
        sheets.push(labels.by_ref().take(SHEET_LABELS).collect());
    }
    sheets
}
