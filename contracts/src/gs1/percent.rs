//! Percent-encoding of values in a Digital Link (RFC 3986 §2.1, Digital Link URI Syntax §4) and in an EPC URN.

/// What stays as it is in a path besides letters and digits.
///
/// Digital Link has `! # % & ( ) * + , / :` and the space encoded; the CBV hash vectors also keep the escapes that EPC
/// URNs need (`" < > ?`), while `'`, `;` and `=` stand for themselves in both.
const PATH_PLAIN: &[u8] = b"-._';=";

/// What stays as it is in a query besides letters and digits: there `;` and `=` may separate.
const QUERY_PLAIN: &[u8] = b"-._";

/// What stays as it is in the fields of an EPC URN besides letters and digits (EPC Tag Data Standard §6.3.1).
const URN_PLAIN: &[u8] = b"-._!'()*+,:;=";

/// A value decoded once, or `None` for a broken escape or bytes that are no UTF-8. In a query a plus is a space.
pub(super) fn decode(text: &str, in_query: bool) -> Option<String> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => hex(bytes.next()?)?.checked_mul(16)?.checked_add(hex(bytes.next()?)?)?,
            b'+' if in_query => b' ',
            _ => byte,
        });
    }
    String::from_utf8(decoded).ok()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// A value as it stands in the path.
pub(super) fn encode_in_path(value: &str) -> String {
    encode(value, PATH_PLAIN)
}

/// A value as it stands in the query.
pub(super) fn encode_in_query(value: &str) -> String {
    encode(value, QUERY_PLAIN)
}

/// A value as it stands in an EPC URN.
pub(super) fn encode_in_urn(value: &str) -> String {
    encode(value, URN_PLAIN)
}

fn encode(value: &str, plain: &[u8]) -> String {
    let mut encoded = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || plain.contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}
