//! Times as people read them.

use hefu_contracts::time::Time;
use jiff::{
    Timestamp,
    civil::DateTime,
    tz::{self, Offset},
};

use crate::words::Words;

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// The difference of local time from UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Zone(Offset);

impl Zone {
    pub(crate) const UTC: Zone = Zone(Offset::UTC);

    /// As events spell it: `+08:00`. What is spelled otherwise counts as UTC.
    pub(crate) fn read(text: &str) -> Zone {
        let (sign, rest) = match text.split_at_checked(1) {
            Some(("+", rest)) => (1, rest),
            Some(("-", rest)) => (-1, rest),
            Some(_) | None => return Zone::UTC,
        };
        let seconds = rest.split_once(':').and_then(|(hours, minutes)| {
            let minutes = hours.parse::<i32>().ok()?.checked_mul(60)?.checked_add(minutes.parse().ok()?)?;
            minutes.checked_mul(60)?.checked_mul(sign)
        });
        seconds.and_then(|seconds| Offset::from_seconds(seconds).ok()).map_or(Zone::UTC, Zone)
    }

    /// `UTC`, `UTC+8`, `UTC−3:30`.
    fn label(self) -> String {
        let minutes = self.0.seconds() / 60;
        let (hours, rest) = (minutes.abs() / 60, minutes.abs() % 60);
        let sign = if minutes < 0 { '−' } else { '+' };
        match (minutes, rest) {
            (0, _) => "UTC".to_owned(),
            (_, 0) => format!("UTC{sign}{hours}"),
            (_, _) => format!("UTC{sign}{hours}:{rest:02}"),
        }
    }
}

fn local(time: Time, zone: Zone) -> DateTime {
    let stamp = Timestamp::from_millisecond(time.millis()).unwrap_or_default();
    tz::TimeZone::fixed(zone.0).to_datetime(stamp)
}

/// `2026年9月19日`, `19 Sep 2026`
pub(crate) fn date(time: Time, zone: Zone, words: &Words) -> String {
    let local = local(time, zone);
    let (year, month, day) = (local.year(), local.month(), local.day());
    let name = usize::try_from(month).ok().and_then(|month| MONTHS.get(month.checked_sub(1)?)).copied();
    let (zh, en) = (format!("{year}年{month}月{day}日"), format!("{day} {} {year}", name.unwrap_or_default()));
    words.pick(&zh, &en).to_owned()
}

/// `2026年9月19日 10:00 UTC+8`, `19 Sep 2026, 10:00 UTC+8`
pub(crate) fn date_and_clock(time: Time, zone: Zone, words: &Words) -> String {
    let local = local(time, zone);
    let between = words.pick(" ", ", ");
    format!("{}{between}{:02}:{:02} {}", date(time, zone, words), local.hour(), local.minute(), zone.label())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Language;

    #[test]
    fn a_time_is_told_as_the_place_of_the_event_has_it() {
        for (offset, zh, en) in [
            ("+08:00", "2026年9月20日 01:30 UTC+8", "20 Sep 2026, 01:30 UTC+8"),
            ("-03:30", "2026年9月19日 14:00 UTC−3:30", "19 Sep 2026, 14:00 UTC−3:30"),
            ("+00:00", "2026年9月19日 17:30 UTC", "19 Sep 2026, 17:30 UTC"),
            ("soon", "2026年9月19日 17:30 UTC", "19 Sep 2026, 17:30 UTC"),
        ] {
            let time = "2026-09-19T17:30:00.000Z".parse().unwrap();
            assert_eq!(date_and_clock(time, Zone::read(offset), Language::Zh.words()), zh);
            assert_eq!(date_and_clock(time, Zone::read(offset), Language::En.words()), en);
        }
    }
}
