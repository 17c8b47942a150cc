//! When things happen that take months: days of calendar months before the chain began, in the story's own time.

use anyhow::Context;
use hefu_contracts::{
    settlement::{Period, Span, Zone},
    time::Time,
};

/// China Standard Time, in minutes east of UTC.
pub(super) const ZONE_MIN: i128 = 480;

/// A calendar month.
#[derive(Clone, Copy, Debug)]
pub(super) struct Month {
    year: i16,
    month: i8,
}

impl Month {
    /// The month that a moment lies in.
    pub(super) fn of(at: Time) -> anyhow::Result<Month> {
        let zone = Zone::new(ZONE_MIN).context("no such offset")?;
        match Span::Months(zone).period(Some(at)).map_err(anyhow::Error::new)? {
            Period::Month { year, month } => Ok(Month { year, month }),
            Period::Whole => anyhow::bail!("months are not one period"),
        }
    }

    /// The one before.
    pub(super) const fn before(self) -> Month {
        match self.month {
            1 => Month { year: self.year.saturating_sub(1), month: 12 },
            _ => Month { month: self.month.saturating_sub(1), ..self },
        }
    }

    /// As contracts name it, `2026-09`.
    pub(super) fn name(self) -> String {
        format!("{:04}-{:02}", self.year, self.month)
    }

    /// A moment of one of its days.
    pub(super) fn at(self, day: u8, hour: u8, minute: u8) -> anyhow::Result<Time> {
        let text = format!("{}-{day:02}T{hour:02}:{minute:02}:00+08:00", self.name());
        Time::from_rfc3339(&text).with_context(|| format!("{text} is no moment"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_those_of_the_story_and_go_back_over_the_year() {
        let month = Month::of("2027-01-31T16:00:00.000Z".parse().unwrap()).unwrap();
        let names = [month, month.before(), month.before().before()].map(Month::name);
        assert_eq!(names, ["2027-02", "2027-01", "2026-12"]);
        assert_eq!(month.before().at(20, 8, 30).unwrap().to_string(), "2027-01-20T00:30:00.000Z");
    }
}
