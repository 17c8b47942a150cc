//! What a contract-period is: the whole contract, a campaign, or a calendar month in the contract's own time (§8).

use std::fmt;

use jiff::{Timestamp, civil::Date, tz::Offset};

use super::reason::Reason;
use crate::time::Time;

/// How the terms cut time into periods, each half-open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Span {
    /// One period that ends when it is closed.
    Whole,
    /// One period from a moment to before another.
    Campaign {
        /// First moment.
        from: Time,
        /// First moment after it.
        to: Time,
    },
    /// Calendar months.
    Months(Zone),
}

/// A fixed offset from UTC in minutes, −1,080 to 1,080: a contract's months do not follow daylight saving.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Zone(i32);

impl Zone {
    /// The offset, or `None` beyond 18 hours.
    pub fn new(minutes: i128) -> Option<Zone> {
        i32::try_from(minutes).ok().filter(|minutes| minutes.unsigned_abs() <= 1_080).map(Zone)
    }

    /// The calendar day of a moment, `2026-09-30`.
    pub fn day(self, at: Time) -> String {
        self.date(at).map_or_else(String::new, |day| day.to_string())
    }

    fn date(self, at: Time) -> Option<Date> {
        let stamp = Timestamp::from_millisecond(at.millis()).ok()?;
        Some(self.offset()?.to_datetime(stamp).date())
    }

    fn offset(self) -> Option<Offset> {
        Offset::from_seconds(self.0.checked_mul(60)?).ok()
    }
}

/// One contract-period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Period {
    /// The only one.
    Whole,
    /// A calendar month.
    Month {
        /// The year.
        year: i16,
        /// 1 to 12.
        month: i8,
    },
}

impl Span {
    /// In whose days it reckons; UTC where the terms name none.
    pub fn zone(self) -> Zone {
        match self {
            Span::Months(zone) => zone,
            Span::Whole | Span::Campaign { .. } => Zone::default(),
        }
    }

    /// The period that a moment lies in.
    ///
    /// # Errors
    /// [`Reason::TimeMissing`] where the terms need a time, [`Reason::PeriodOutside`].
    pub fn period(self, at: Option<Time>) -> Result<Period, Reason> {
        match (self, at) {
            (Span::Whole, _) => Ok(Period::Whole),
            (Span::Campaign { from, to }, Some(at)) if from <= at && at < to => Ok(Period::Whole),
            (Span::Campaign { .. }, Some(_)) => Err(Reason::PeriodOutside),
            (Span::Months(zone), Some(at)) => month_of(zone, at).ok_or(Reason::PeriodOutside),
            (Span::Campaign { .. } | Span::Months(_), None) => Err(Reason::TimeMissing),
        }
    }

    /// Whether a period is over at a moment.
    pub fn is_over(self, period: Period, at: Time) -> bool {
        match (self, period) {
            (Span::Campaign { to, .. }, _) => to <= at,
            (Span::Months(zone), Period::Month { .. }) => month_of(zone, at).is_some_and(|now| period < now),
            (Span::Whole, _) | (Span::Months(_), Period::Whole) => true,
        }
    }
}

fn month_of(zone: Zone, at: Time) -> Option<Period> {
    let day = zone.date(at)?;
    Some(Period::Month { year: day.year(), month: day.month() })
}

impl fmt::Display for Period {
    /// What a unit's name ends with: nothing, or `@2026-09`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Period::Whole => Ok(()),
            Period::Month { year, month } => write!(f, "@{year:04}-{month:02}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_ends_at_midnight_of_the_contracts_own_zone() {
        let span = Span::Months(Zone::new(480).unwrap());
        let period = |text| span.period(Some(Time::from_rfc3339(text).unwrap())).unwrap();
        assert_eq!(period("2026-09-30T15:59:59.999Z").to_string(), "@2026-09");
        assert_eq!(period("2026-09-30T16:00:00Z").to_string(), "@2026-10");
        let september = period("2026-09-01T00:00:00+08:00");
        let over = |text| span.is_over(september, Time::from_rfc3339(text).unwrap());
        assert!(!over("2026-09-30T23:59:59.999+08:00") && over("2026-10-01T00:00:00+08:00"));
    }
}
