//! Orders under a name that says nothing: a commitment under the platform's secret key of the month.
//!
//! The same order has the same name in every fact, so that it cannot be two lines; without the key nobody finds it by trying
//! order numbers. The month is that of the order's creation and stands in the name, so that another month's key makes no
//! second one. Destroying a month's key ends the connection between its orders and their names for good.

use hefu_keys::Hash;
use hmac::Mac;
use zeroize::Zeroizing;

use super::spell;
use crate::{
    mac::keyed,
    settlement::{Span, Zone},
    time::Time,
};

/// A platform's secret key of a month.
pub type MonthKey = Zeroizing<[u8; 32]>;

/// The month of a moment in UTC, `2026-09`: which key an order created then is under.
pub fn month(created_at: Time) -> Option<String> {
    let span = Span::Months(Zone::new(0)?);
    span.period(Some(created_at)).ok().map(spell::month)
}

/// The name of an order: its month, a slash, and the HMAC-SHA256 of its number under the month's key.
pub fn name(month: &str, key: &MonthKey, number: &str) -> String {
    let mac = keyed(key).chain_update(number.as_bytes());
    format!("{month}/{}", Hash::from_bytes(mac.finalize().into_bytes().into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed with `openssl dgst -sha256 -mac HMAC`.
    #[test]
    fn an_order_has_one_name_under_a_months_key() {
        let key = Zeroizing::new([7; 32]);
        let named = name("2026-09", &key, "4100000000001");
        assert_eq!(named, "2026-09/2e1ff2cf0d1a993cd8924030b40070c690bd31d6591072feb4adf259f5e8194c");
        assert_ne!(named, name("2026-09", &Zeroizing::new([8; 32]), "4100000000001"));
    }

    #[test]
    fn months_are_those_of_utc() {
        let of = |text| month(Time::from_rfc3339(text).unwrap()).unwrap();
        assert_eq!(of("2026-10-01T07:59:59.999+08:00"), "2026-09");
        assert_eq!(of("2026-10-01T08:00:00+08:00"), "2026-10");
    }
}
