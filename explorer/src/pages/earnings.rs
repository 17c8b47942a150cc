//! What somebody earns: first which accounts there are, then one of them, line by line.

mod sheet;
mod statement;

use actix_web::HttpResponse;
use askama::Template;
use hefu_api::{Ledger, Problem, Readable, agreements};
use hefu_contracts::{
    audience::Reader,
    settlement::{Currency, Minor, Money},
};

use super::{Page, session, trouble::Trouble};
use crate::{directory::Directory, visit::Visit, words::Words};

pub(crate) use sheet::read as read_sheet;
pub(crate) use statement::read as read_statement;

/// An account among others.
#[derive(Debug)]
struct Line {
    contract: String,
    held: String,
    href: String,
    party: String,
    payable: String,
    pending: String,
}

/// `earnings.html`
#[derive(Template)]
#[template(path = "earnings.html")]
struct EarningsPage {
    w: &'static Words,
    page: Page,
    accounts: Vec<Line>,
    /// Whether there are more contracts than are listed.
    is_cut: bool,
    /// Where one signs in, for whoever did not.
    sign_in: Option<String>,
}

/// `GET /x/earnings`
pub(crate) async fn read(visit: Visit) -> HttpResponse {
    let shown = page(&visit).await;
    visit.answer_to(shown)
}

async fn page(visit: &Visit) -> Result<(EarningsPage, Reader), Trouble> {
    let (w, reader) = (visit.words, visit.reader().await?);
    let reads = reader.clone();
    let (accounts, is_cut) = visit.read(move |ledger, directory| look_up(ledger, directory, &reads, w)).await?;
    let sign_in = (reader == Reader::Public).then(|| session::address(&visit.request, w));
    Ok((EarningsPage { w, page: visit.page(visit.newest()), accounts, is_cut, sign_in }, reader))
}

fn look_up(
    ledger: &dyn Ledger,
    directory: &Directory,
    reader: &Reader,
    w: &Words,
) -> Result<(Vec<Line>, bool), Problem> {
    let found = agreements(ledger, reader, None)?;
    let mut lines = Vec::new();
    for line in found.agreements {
        let view = Readable::find(ledger, reader.clone(), &line.contract)?.view()?;
        for (party, balances) in view.accounts {
            let holds = |bucket: &str| money(&view.currency, balances.get(bucket).copied().unwrap_or_default());
            lines.push(Line {
                held: holds("held"),
                href: format!("/x/earnings/{}/{party}?lang={}", view.contract, w.locale),
                party: directory.read(|known| known.party(&party, w.locale).to_owned()),
                payable: holds("payable"),
                pending: holds("accrued"),
                contract: view.contract.clone(),
            });
        }
    }
    Ok((lines, found.next.is_some()))
}

/// `¥86,664.81`, `−KWD 1.234`: with a sign that is not a hyphen, so that it never breaks from its number.
fn money(code: &str, minor: Minor) -> String {
    let Some(currency) = Currency::of(code) else { return format!("{minor} {code}") };
    let decimal = Money { currency, minor }.decimal();
    let (sign, magnitude) = decimal.strip_prefix('-').map_or(("", &*decimal), |magnitude| ("−", magnitude));
    let (whole, rest) = magnitude.split_at(magnitude.find('.').unwrap_or(magnitude.len()));
    let mut grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && whole.len().saturating_sub(place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let unit = if currency == Currency::CNY { "¥".to_owned() } else { format!("{code}\u{a0}") };
    format!("{sign}{unit}{grouped}{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_grouped_and_bear_their_currency() {
        for (code, minor, text) in [
            ("CNY", 8_666_481, "¥86,664.81"),
            ("CNY", -5_386, "−¥53.86"),
            ("CNY", 0, "¥0.00"),
            ("CNY", 100_000_000_000, "¥1,000,000,000.00"),
            ("KWD", 1_234, "KWD\u{a0}1.234"),
            ("JPY", 999, "JPY\u{a0}999"),
            ("JPY", 1_000, "JPY\u{a0}1,000"),
        ] {
            assert_eq!(money(code, Minor::new(minor).unwrap()), text);
        }
    }
}
