//! Content codings (RFC 9110 §8.4.1): what a text weighs on the wire is time that somebody waits.

use std::io::{self, Write};

use actix_web::{
    HttpRequest, HttpResponseBuilder,
    http::header::{AcceptEncoding, ContentEncoding, Encoding, Header},
};
use brotli::enc::BrotliEncoderParams;
use flate2::{Compression, write::GzEncoder};

/// How hard to press.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    brotli: i32,
    gzip: Compression,
}

impl Effort {
    /// As well as it goes: 40 ms for a page, for what is pressed once.
    pub(crate) const fn once() -> Effort {
        Effort { brotli: 11, gzip: Compression::best() }
    }

    /// For what is pressed for one answer: 1 or 2 ms for a page, a fifth smaller than at the least effort.
    pub(crate) const fn each_time() -> Effort {
        Effort { brotli: 7, gzip: Compression::new(6) }
    }
}

/// In Brotli (RFC 7932).
///
/// # Errors
/// None: it is written to memory.
pub(crate) fn brotli(bytes: &[u8], effort: Effort) -> io::Result<Vec<u8>> {
    let mut pressed = Vec::new();
    let parameters =
        BrotliEncoderParams { quality: effort.brotli, size_hint: bytes.len(), ..BrotliEncoderParams::default() };
    brotli::BrotliCompress(&mut &*bytes, &mut pressed, &parameters)?;
    Ok(pressed)
}

/// In gzip (RFC 1952).
///
/// # Errors
/// None: it is written to memory.
pub(crate) fn gzip(bytes: &[u8], effort: Effort) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), effort.gzip);
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// The coding that the client likes best of those that are made here; `None` for none of them.
pub(crate) fn accepted(request: &HttpRequest) -> Option<ContentEncoding> {
    let known = [Encoding::brotli(), Encoding::gzip(), Encoding::identity()];
    match AcceptEncoding::parse(request).ok()?.negotiate(known.iter())? {
        Encoding::Known(coding @ (ContentEncoding::Brotli | ContentEncoding::Gzip)) => Some(coding),
        Encoding::Known(_) | Encoding::Unknown(_) => None,
    }
}

/// A text as the client accepts it, and that the answer says so.
pub(crate) fn press(request: &HttpRequest, response: &mut HttpResponseBuilder, text: String) -> Vec<u8> {
    let coding = accepted(request);
    let pressed = match coding {
        Some(ContentEncoding::Brotli) => brotli(text.as_bytes(), Effort::each_time()).ok(),
        Some(ContentEncoding::Gzip) => gzip(text.as_bytes(), Effort::each_time()).ok(),
        _ => None,
    };
    match coding.zip(pressed) {
        Some((coding, pressed)) => {
            response.insert_header(coding);
            pressed
        }
        None => text.into_bytes(),
    }
}
