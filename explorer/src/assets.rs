//! The browser's files: styles and scripts, built from `web/` and embedded.

use std::{collections::BTreeMap, io, sync::LazyLock};

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, ContentEncoding},
    web,
};

use crate::{
    answer,
    coding::{self, Effort},
};

/// A file.
#[derive(Debug)]
pub(crate) struct File {
    pub bytes: &'static [u8],
    /// Its name on the web, which bears the beginning of its hash.
    pub file: &'static str,
    /// Its name in the sources.
    pub name: &'static str,
}

/// Addresses of what pages ask for.
#[derive(Debug)]
pub(crate) struct Urls {
    pub blocks: &'static str,
    pub earnings: &'static str,
    pub explorer: &'static str,
    pub labels: &'static str,
    pub session: &'static str,
    pub signing: &'static str,
    pub style: &'static str,
    pub trace: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// A file in the codings that browsers accept.
struct Served {
    brotli: Vec<u8>,
    gzip: Vec<u8>,
    plain: &'static [u8],
    media_type: &'static str,
}

static SERVED: LazyLock<BTreeMap<&'static str, Served>> = LazyLock::new(|| {
    let served = |file: &File| -> io::Result<Served> {
        Ok(Served {
            brotli: coding::brotli(file.bytes, Effort::once())?,
            gzip: coding::gzip(file.bytes, Effort::once())?,
            plain: file.bytes,
            media_type: media_type(file.file),
        })
    };
    // Compressing in memory cannot fail; a file for which it did would be missing in every test.
    FILES.iter().filter_map(|file| Some((file.file, served(file).ok()?))).collect()
});

fn media_type(file: &str) -> &'static str {
    match file.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some(_) | None => "application/octet-stream",
    }
}

/// The text of a style sheet by its name in the sources; for documents that must hold everything themselves.
pub(crate) fn style(name: &str) -> &'static str {
    let found = FILES.iter().find(|file| file.name == name);
    found.and_then(|file| std::str::from_utf8(file.bytes).ok()).unwrap_or_default()
}

/// `GET /assets/{file}`: by its hash, so a browser may keep it for ever.
pub(crate) async fn file(request: HttpRequest, file: web::Path<String>) -> HttpResponse {
    let Some(served) = SERVED.get(file.as_str()) else {
        return answer::guarded(HttpResponse::NotFound()).finish();
    };
    let mut response = HttpResponse::Ok();
    answer::plain(&mut response);
    response.content_type(served.media_type);
    response.insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"));
    response.insert_header((header::VARY, "accept-encoding"));
    match coding::accepted(&request) {
        Some(coding @ ContentEncoding::Brotli) => response.insert_header(coding).body(&*served.brotli),
        Some(coding) => response.insert_header(coding).body(&*served.gzip),
        None => response.body(served.plain),
    }
}

/// `GET /favicon.ico`: browsers ask for it unasked.
pub(crate) async fn icon() -> HttpResponse {
    let mut response = answer::guarded(HttpResponse::Ok());
    response.content_type("image/svg+xml");
    response.insert_header((header::CACHE_CONTROL, "public, max-age=86400"));
    response.body(ICON)
}

/// The two halves of a tally.
const ICON: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 20" fill="#0b6b57"><path d="M4 1h5.2L7.8 5.5l1.4 4.5-1.4 4.5 1.4 4.5H4a3 3 0 0 1-3-3V4a3 3 0 0 1 3-3z"/><path d="M10.8 1H16a3 3 0 0 1 3 3v12a3 3 0 0 1-3 3h-5.2l-1.4-4.5 1.4-4.5-1.4-4.5z"/></svg>"##;
