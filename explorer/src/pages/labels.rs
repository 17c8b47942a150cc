//! QR codes one by one, and sheets of labels for codes that are presented: the node does not know serial numbers that
//! nobody has used.

use actix_web::{HttpResponse, ResponseError, http::header, web};
use askama::Template;
use hefu_api::{Door, Problem, items};
use hefu_contracts::gs1::{Epc, Gtin};
use serde::Deserialize;

use super::{Page, trouble::Trouble};
use crate::{
    answer,
    labels::{CODES_MAX, Code, Label, labels, sheets},
    qr::{self, BadCode, MODULE_MM},
    sentence::product,
    visit::Visit,
    words::Words,
};

/// Pixels of a PNG's module where none are asked for.
const MODULE_PIXELS: u32 = 8;

/// `labels.html`
#[derive(Template)]
#[template(path = "labels.html")]
struct LabelsPage {
    w: &'static Words,
    page: Page,
    gtin: String,
    sheets: Vec<Vec<Label>>,
}

/// How a QR code is drawn.
#[derive(Deserialize)]
pub(crate) struct Drawing {
    /// Width of a module in millimetres.
    x: Option<f64>,
    /// Width of a module in pixels.
    px: Option<u32>,
}

/// Which labels.
#[derive(Deserialize)]
pub(crate) struct Wanted {
    #[serde(default)]
    gtin: String,
    #[serde(default)]
    serials: String,
}

/// `GET /01/{gtin}/21/{serial}/qr.svg?x=0.495`
pub(crate) async fn svg(
    visit: Visit,
    path: web::Path<(String, String)>,
    how: Option<web::Query<Drawing>>,
) -> HttpResponse {
    let Some(how) = how else { return Problem::from(Door::Query).error_response() };
    let draw = |link: &str| Ok(qr::svg(link, how.x.unwrap_or(MODULE_MM))?.into_bytes());
    picture(&visit, &path.into_inner(), "image/svg+xml", draw)
}

/// `GET /01/{gtin}/21/{serial}/qr.png?x=0.495&px=8`
pub(crate) async fn png(
    visit: Visit,
    path: web::Path<(String, String)>,
    how: Option<web::Query<Drawing>>,
) -> HttpResponse {
    let Some(how) = how else { return Problem::from(Door::Query).error_response() };
    let draw = |link: &str| qr::png(link, how.x.unwrap_or(MODULE_MM), how.px.unwrap_or(MODULE_PIXELS));
    picture(&visit, &path.into_inner(), "image/png", draw)
}

/// A picture follows from its address alone, and a program asks for it: it is told in JSON what is wrong.
fn picture(
    visit: &Visit,
    (gtin, serial): &(String, String),
    media_type: &str,
    draw: impl FnOnce(&str) -> Result<Vec<u8>, BadCode>,
) -> HttpResponse {
    let picture = items::identifier(gtin, serial).and_then(|epc| {
        draw(&qr::link(&visit.explorer.site.origin, &epc)).map_err(|bad| Problem::from(Door::Query).because(bad))
    });
    match picture {
        Ok(picture) => {
            let mut response = answer::guarded(HttpResponse::Ok());
            response.content_type(media_type);
            response.insert_header((header::CACHE_CONTROL, "public, max-age=86400")).body(picture)
        }
        Err(problem) => problem.error_response(),
    }
}

/// `GET /x/labels?gtin=…&serials=…`: serial numbers stand on lines of their own, or between commas.
pub(crate) async fn read(visit: Visit, wanted: Option<web::Query<Wanted>>) -> HttpResponse {
    let Some(wanted) = wanted else { return Trouble::from(Door::Query).answer(&visit) };
    let shown = page(&visit, &wanted).await;
    visit.answer(shown)
}

async fn page(visit: &Visit, Wanted { gtin, serials }: &Wanted) -> Result<LabelsPage, Trouble> {
    let w = visit.words;
    let shown = |sheets| LabelsPage { w, page: visit.page(visit.newest()), gtin: gtin.clone(), sheets };
    let serials: Vec<&str> = serials.split([',', '\n']).map(str::trim).filter(|serial| !serial.is_empty()).collect();
    if gtin.is_empty() || serials.is_empty() {
        return Ok(shown(Vec::new()));
    }
    if serials.len() > CODES_MAX {
        let (zh, en) = (format!("一次最多 {CODES_MAX} 枚标签。"), format!("At most {CODES_MAX} labels at once."));
        return Err(Trouble::from(Door::Query).because(w.pick(&zh, &en).to_owned()));
    }
    let gtin: Gtin = gtin.trim().parse().map_err(|_| Trouble::from(Door::Query).because("GTIN".to_owned()))?;
    let name =
        visit.read(move |_, directory| Ok::<_, Problem>(directory.read(|known| product(known, &gtin, w)))).await?;
    let code = |serial: &&str| {
        let epc = Epc::item(&gtin, serial).map_err(|_| Trouble::from(Door::Query).because((*serial).to_owned()))?;
        Ok(Code { epc, name: name.clone() })
    };
    let codes: Vec<Code> = serials.iter().map(code).collect::<Result<_, Trouble>>()?;
    let made = labels(&visit.explorer.site.origin, &codes);
    let made = made.map_err(|bad| Trouble::from(Door::Query).because(bad.to_string()))?;
    Ok(shown(sheets(made)))
}
