//! Schedules of subscriptions (EPCIS 2.0 §8.2.5.3): at which times a query is run. Times are in UTC.
//!
//! All fields that are given must match. Of those that are not, one that is finer than every given one is at its lowest
//! (`{"hour":"1"}` is once a day, at 01:00:00), any other matches always.

use std::collections::BTreeMap;

use hefu_contracts::time::Time;
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};

/// Names of the fields with their lowest and highest value, finest first.
pub(crate) const FIELDS: [(&str, u8, u8); 6] = [
    ("second", 0, 59),
    ("minute", 0, 59),
    ("hour", 0, 23),
    ("dayOfMonth", 1, 31),
    ("month", 1, 12),
    ("dayOfWeek", 1, 7),
];

/// A 29th of February comes at least once in so many days.
const DAYS_AHEAD: usize = 8 * 366 + 1;

/// The fields as they were written.
type Written = BTreeMap<String, String>;

/// A schedule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub(crate) struct Schedule {
    written: Written,
    /// Of each field, one bit for each value that matches.
    matching: [u64; FIELDS.len()],
}

impl From<Schedule> for Written {
    fn from(schedule: Schedule) -> Written {
        schedule.written
    }
}

impl TryFrom<Written> for Schedule {
    type Error = String;

    fn try_from(written: Written) -> Result<Schedule, String> {
        if let Some(unknown) = written.keys().find(|name| FIELDS.iter().all(|(known, ..)| known != name)) {
            return Err(format!("{unknown}: a schedule has no such field"));
        }
        // A day of the week is as coarse as one of the month.
        let finest = FIELDS.iter().position(|(name, ..)| written.contains_key(*name));
        let finest = finest.ok_or("a schedule has at least one field")?.min(3);
        let mut matching = [0; FIELDS.len()];
        for (at, ((name, low, high), bits)) in FIELDS.into_iter().zip(&mut matching).enumerate() {
            *bits = match written.get(name) {
                Some(text) => values(text, (low, high)).map_err(|bad| format!("{name}: {bad}"))?,
                None if at < finest => bit(low),
                None => range(low, high),
            };
        }
        Ok(Schedule { written, matching })
    }
}

fn bit(value: u8) -> u64 {
    1_u64.checked_shl(value.into()).unwrap_or(0)
}

fn range(low: u8, high: u8) -> u64 {
    (low..=high).map(bit).fold(0, |all, one| all | one)
}

/// The values of a field: numbers and ranges `[a-b]`, between commas. `a/n`, which GS1's own examples have, is every n-th from a.
fn values(text: &str, (low, high): (u8, u8)) -> Result<u64, String> {
    let bad = |what: &str| format!("{what:?} is no number from {low} to {high}, nor a range like [{low}-{high}]");
    let number = |text: &str| {
        let value = text.trim().parse::<u8>().ok().filter(|value| (low..=high).contains(value));
        value.ok_or_else(|| bad(text))
    };
    let mut all = 0;
    for element in text.split(',').map(str::trim) {
        let inside = element.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        all |= match (inside.and_then(|inside| inside.split_once('-')), element.split_once('/')) {
            (Some((first, last)), _) => {
                let (first, last) = (number(first)?, number(last)?);
                if first > last {
                    return Err(bad(element));
                }
                range(first, last)
            }
            (None, Some((first, step))) => {
                let step = step.trim().parse::<u8>().ok().filter(|step| *step > 0).ok_or_else(|| bad(element))?;
                (number(first)?..=high).step_by(step.into()).map(bit).fold(0, |all, one| all | one)
            }
            (None, None) => bit(number(element)?),
        };
    }
    Ok(all)
}

impl Schedule {
    fn has(&self, field: usize, value: i8) -> bool {
        let bits = self.matching.get(field).copied().unwrap_or(0);
        u8::try_from(value).is_ok_and(|value| bits & bit(value) != 0)
    }

    /// The first time behind one; `None` where there is none, such as on a 30th of February.
    pub(crate) fn after(&self, time: Time) -> Option<Time> {
        let next_second = time.millis().div_euclid(1_000).checked_add(1)?;
        let from = Timestamp::from_second(next_second).ok()?.to_zoned(TimeZone::UTC).datetime();
        let mut date = from.date();
        for day in 0..DAYS_AHEAD {
            if self.has_date(date) {
                let begin = if day == 0 { (from.hour(), from.minute(), from.second()) } else { (0, 0, 0) };
                if let Some((hour, minute, second)) = self.in_day(begin) {
                    let found = date.at(hour, minute, second, 0).to_zoned(TimeZone::UTC).ok()?;
                    return Time::from_millis(found.timestamp().as_millisecond());
                }
            }
            date = date.tomorrow().ok()?;
        }
        None
    }

    fn has_date(&self, date: Date) -> bool {
        self.has(3, date.day()) && self.has(4, date.month()) && self.has(5, date.weekday().to_monday_one_offset())
    }

    /// The first time of a day from one on.
    fn in_day(&self, (from_hour, from_minute, from_second): (i8, i8, i8)) -> Option<(i8, i8, i8)> {
        for hour in (from_hour..24).filter(|hour| self.has(2, *hour)) {
            let first_minute = if hour == from_hour { from_minute } else { 0 };
            for minute in (first_minute..60).filter(|minute| self.has(1, *minute)) {
                let first = if (hour, minute) == (from_hour, from_minute) { from_second } else { 0 };
                if let Some(second) = (first..60).find(|second| self.has(0, *second)) {
                    return Some((hour, minute, second));
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn schedule(fields: &Value) -> Result<Schedule, String> {
        serde_json::from_value(fields.clone()).map_err(|bad| bad.to_string())
    }

    #[track_caller]
    fn next(fields: &Value, time: &str) -> String {
        let after = schedule(fields).unwrap().after(Time::from_rfc3339(time).unwrap());
        after.map_or("never".to_owned(), |time| time.to_string())
    }

    #[test]
    fn the_next_time_is_the_first_one_behind() {
        for (fields, time, expected) in [
            (json!({"hour": "1", "minute": "5"}), "2026-11-28T00:00:00Z", "2026-11-28T01:05:00.000Z"),
            (json!({"hour": "1", "minute": "5"}), "2026-11-28T01:05:00Z", "2026-11-29T01:05:00.000Z"),
            (json!({"hour": "1"}), "2026-11-28T01:05:00Z", "2026-11-29T01:00:00.000Z"),
            (json!({"minute": "5"}), "2026-11-28T23:05:00.001Z", "2026-11-29T00:05:00.000Z"),
            (json!({"second": "0/30"}), "2026-11-28T23:05:00.001Z", "2026-11-28T23:05:30.000Z"),
            (json!({"second": "7,[50-52]"}), "2026-11-28T23:59:52Z", "2026-11-29T00:00:07.000Z"),
            (json!({"second": "[50-52]"}), "2026-11-28T23:59:50.500Z", "2026-11-28T23:59:51.000Z"),
            (json!({"dayOfWeek": "1"}), "2026-11-28T12:00:00Z", "2026-11-30T00:00:00.000Z"),
            (
                json!({"dayOfMonth": "13", "dayOfWeek": "5", "hour": "12"}),
                "2026-11-28T12:00:00Z",
                "2027-08-13T12:00:00.000Z",
            ),
            (json!({"dayOfMonth": "29", "month": "2"}), "2026-11-28T12:00:00Z", "2028-02-29T00:00:00.000Z"),
            (json!({"month": "[1-3]"}), "2026-11-28T12:00:00Z", "2027-01-01T00:00:00.000Z"),
            (json!({"dayOfMonth": "31", "month": "2"}), "2026-11-28T12:00:00Z", "never"),
        ] {
            let (name, found) = (fields.to_string(), next(&fields, time));
            assert_eq!(found, expected, "{name} after {time}");
        }
    }

    #[test]
    fn a_month_of_times_is_where_each_second_looked_at_by_itself_matches() {
        let schedule =
            schedule(&json!({"second": "0,30", "minute": "0/20", "hour": "[8-9]", "dayOfWeek": "[1-5]"})).unwrap();
        let first = Time::from_rfc3339("2026-11-01T00:00:00Z").unwrap();
        let (mut naive, mut told) = (Vec::new(), Vec::new());
        for second in 1..30 * 86_400_i64 {
            let millis = first.millis() + second * 1_000;
            let at = Timestamp::from_millisecond(millis).unwrap().to_zoned(TimeZone::UTC);
            let is_workday = at.weekday().to_monday_one_offset() <= 5;
            let is_time = [8, 9].contains(&at.hour()) && at.minute() % 20 == 0 && at.second() % 30 == 0;
            if is_workday && is_time {
                naive.push(millis);
            }
        }
        let mut time = first;
        while let Some(next) = schedule.after(time).filter(|next| next.millis() < first.millis() + 30 * 86_400_000) {
            told.push(next.millis());
            time = next;
        }
        assert_eq!(told, naive);
        assert_eq!(told.len(), 21 * 12);
    }

    #[test]
    fn what_is_no_schedule_is_refused() {
        for fields in [
            json!({}),
            json!({"second": "60"}),
            json!({"hour": "24"}),
            json!({"dayOfMonth": "0"}),
            json!({"dayOfWeek": "8"}),
            json!({"month": "[3-1]"}),
            json!({"minute": "*"}),
            json!({"minute": "0/0"}),
            json!({"minute": ""}),
            json!({"minute": "1,,2"}),
            json!({"year": "2026"}),
        ] {
            assert!(schedule(&fields).is_err(), "{fields}");
        }
        let written = json!({"hour": "1", "minute": "5"});
        assert_eq!(serde_json::to_value(schedule(&written).unwrap()).unwrap(), written);
    }
}
