//! Times: RFC 3339 in UTC with exactly three decimals, `2026-09-18T02:00:00.000Z`.

use std::{fmt, str::FromStr};

use jiff::{Timestamp, fmt::temporal::DateTimePrinter};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use thiserror::Error;

/// A moment in milliseconds since 1970-01-01T00:00:00Z, of the years 0001 to 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Time(i64);

/// A span of time in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Millis(pub u64);

/// A text that is not a time in the ledger's one spelling.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{text:?} is not a time like 2026-09-18T02:00:00.000Z")]
pub struct BadTime {
    text: String,
}

const PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some(3));

/// First and last moment that four-digit years can spell.
const FIRST_MS: i64 = -62_135_596_800_000;
const LAST_MS: i64 = 253_402_207_199_999;

impl Time {
    /// The first moment of 1970.
    pub const EPOCH: Time = Time(0);

    /// From milliseconds since the epoch, or `None` outside the years 0001 to 9999.
    pub const fn from_millis(millis: i64) -> Option<Time> {
        if millis >= FIRST_MS && millis <= LAST_MS { Some(Time(millis)) } else { None }
    }

    /// Milliseconds since the epoch.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// This moment and `span` more; at the end of the year 9999 it stays.
    #[must_use]
    pub fn plus(self, span: Millis) -> Time {
        let span = i64::try_from(span.0).unwrap_or(i64::MAX);
        Time(self.0.saturating_add(span).min(LAST_MS))
    }

    /// From `earlier` to this moment; zero where `earlier` is later.
    pub fn since(self, earlier: Time) -> Millis {
        Millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Any RFC 3339 time with an offset, as EPCIS spells them, cut to milliseconds.
    ///
    /// # Errors
    /// [`BadTime`] where the text is none.
    pub fn from_rfc3339(text: &str) -> Result<Time, BadTime> {
        text.parse::<Timestamp>()
            .ok()
            .and_then(|stamp| Time::from_millis(stamp.as_millisecond()))
            .ok_or_else(|| BadTime { text: text.to_owned() })
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stamp = Timestamp::from_millisecond(self.0).map_err(|_| fmt::Error)?;
        f.write_str(&PRINTER.timestamp_to_string(&stamp))
    }
}

impl FromStr for Time {
    type Err = BadTime;

    /// Accepts the one canonical spelling only, so that a time has one hash.
    fn from_str(text: &str) -> Result<Time, BadTime> {
        let bad = || BadTime { text: text.to_owned() };
        if text.len() != "2026-09-18T02:00:00.000Z".len() {
            return Err(bad());
        }
        let time = Time::from_rfc3339(text)?;
        if time.to_string() == text { Ok(time) } else { Err(bad()) }
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_spelling_is_read_and_written() {
        for text in ["2026-09-18T02:00:00.000Z", "0001-01-01T00:00:00.000Z", "1969-12-31T23:59:59.999Z"] {
            assert_eq!(text.parse::<Time>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn every_other_spelling_is_refused() {
        for text in [
            "2026-09-18T02:00:00Z",
            "2026-09-18T02:00:00.00Z",
            "2026-09-18T02:00:00.0000Z",
            "2026-09-18t02:00:00.000z",
            "2026-09-18 02:00:00.000Z",
            "2026-09-18T02:00:60.000Z",
            "2026-02-30T02:00:00.000Z",
            "2026-09-18T02:00+00:00.0",
            "",
        ] {
            assert!(text.parse::<Time>().is_err(), "{text:?} was accepted");
        }
    }

    #[test]
    fn epcis_times_with_offsets_are_read() {
        let time = Time::from_rfc3339("2005-04-03T20:33:31.116000-06:00").unwrap();
        assert_eq!(time.to_string(), "2005-04-04T02:33:31.116Z");
    }

    #[test]
    fn a_span_before_the_start_is_nothing() {
        let (early, late) = (Time::from_millis(1_000).unwrap(), Time::from_millis(4_000).unwrap());
        assert_eq!(late.since(early), Millis(3_000));
        assert_eq!(early.since(late), Millis(0));
    }
}
