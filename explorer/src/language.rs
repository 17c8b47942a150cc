//! Languages: which one a page is in.

use actix_web::{
    HttpRequest,
    http::header::{self, AcceptLanguage, Header},
};

use crate::words::{Words, en::EN, zh::ZH};

/// Name of the query parameter and of the cookie.
const NAME: &str = "lang";

/// A language of the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Chinese (zh-CN).
    Zh,
    /// English.
    En,
}

impl Language {
    /// The word in addresses.
    pub const fn code(self) -> &'static str {
        match self {
            Language::Zh => "zh",
            Language::En => "en",
        }
    }

    pub(crate) const fn words(self) -> &'static Words {
        match self {
            Language::Zh => &ZH,
            Language::En => &EN,
        }
    }

    /// A language tag (RFC 5646) by its first subtag.
    fn of_tag(tag: &str) -> Option<Language> {
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        [Language::Zh, Language::En].into_iter().find(|language| primary.eq_ignore_ascii_case(language.code()))
    }
}

/// A language, and whether it was chosen in this very address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Choice {
    pub language: Language,
    pub now: bool,
}

/// The language of a request: chosen in the address, before all because some browsers keep pages by it alone; then as
/// chosen earlier; then as the browser prefers.
pub(crate) fn choose(request: &HttpRequest, default: Language) -> Choice {
    let chosen = value(request.query_string(), '&').and_then(Language::of_tag);
    if let Some(language) = chosen {
        return Choice { language, now: true };
    }
    let cookies = request.headers().get_all(header::COOKIE);
    let earlier = cookies.filter_map(|cookies| value(cookies.to_str().ok()?, ';')).find_map(Language::of_tag);
    Choice { language: earlier.or_else(|| preferred(request)).unwrap_or(default), now: false }
}

/// The value of the parameter among pairs like `a=1; lang=zh`.
fn value(pairs: &str, separator: char) -> Option<&str> {
    pairs.split(separator).find_map(|pair| pair.trim().strip_prefix(NAME)?.strip_prefix('='))
}

fn preferred(request: &HttpRequest) -> Option<Language> {
    let accepted = AcceptLanguage::parse(request).ok()?;
    accepted.ranked().iter().find_map(|tag| Language::of_tag(&tag.to_string()))
}

/// Remembers a language for a year. The cookie says nothing about anybody.
pub(crate) fn cookie(language: Language, secure: bool) -> String {
    let secure = if secure { "; Secure" } else { "" };
    format!("{NAME}={}; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly{secure}", language.code())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn the_address_wins_over_the_cookie_and_the_cookie_over_the_browser() {
        for (address, cookie, accepted, language) in [
            ("/?lang=en", "lang=zh", "zh", Language::En),
            ("/?17=261231&lang=zh", "lang=en", "en", Language::Zh),
            ("/?lang=fr", "a=b; lang=en", "zh-CN", Language::En),
            ("/", "", "en-GB,en;q=0.9", Language::En),
            ("/", "", "fr, en;q=0.5, zh;q=0.4", Language::En),
            ("/", "", "zh-Hans-CN, en;q=0.9", Language::Zh),
            ("/", "", "fr", Language::Zh),
            ("/?slang=en", "", "*", Language::Zh),
        ] {
            let request = TestRequest::with_uri(address)
                .insert_header((header::COOKIE, cookie))
                .insert_header((header::ACCEPT_LANGUAGE, accepted))
                .to_http_request();
            assert_eq!(choose(&request, Language::Zh).language, language, "{address} {cookie} {accepted}");
        }
    }
}
