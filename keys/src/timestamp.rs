//! The form of an XSD 1.1 dateTimeStamp: a date, a time and a time zone.

/// The longest text that is looked at; fractions of a second have no limit of their own.
const TEXT_BYTES_MAX: usize = 64;

/// Whether `text` is an XSD dateTimeStamp (`2026-09-18T02:00:00.000Z`): a day that exists, the end of a day as 24:00:00,
/// and a time zone of at most 14 hours.
pub(crate) fn is_date_time_stamp(text: &str) -> bool {
    text.len() <= TEXT_BYTES_MAX && parse(text).is_some()
}

fn parse(text: &str) -> Option<()> {
    let (date, rest) = text.split_once('T')?;
    date_is_a_day(date)?;
    let zone = rest.find(['Z', '+', '-'])?;
    let (time, zone) = rest.split_at_checked(zone)?;
    time_is_of_a_day(time)?;
    zone_is_near(zone)
}

fn date_is_a_day(date: &str) -> Option<()> {
    let date = date.strip_prefix('-').unwrap_or(date);
    let (year, month_and_day) = date.split_once('-')?;
    let (month, day) = month_and_day.split_once('-')?;
    if year.len() < 4 || (year.len() > 4 && year.starts_with('0')) || !year.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    // The calendar repeats every 400 years, so the last four digits tell leap years whatever stands before them.
    let year: u32 = year.get(year.len().checked_sub(4)?..)?.parse().ok()?;
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match two_digits(month)? {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => return None,
    };
    (1..=days).contains(&two_digits(day)?).then_some(())
}

fn time_is_of_a_day(time: &str) -> Option<()> {
    let (whole, fraction) = time.split_once('.').unwrap_or((time, "0"));
    if fraction.is_empty() || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (hour, rest) = whole.split_once(':')?;
    let (minute, second) = rest.split_once(':')?;
    let ends_the_day = whole == "24:00:00" && fraction.bytes().all(|b| b == b'0');
    let is_within = two_digits(hour)? < 24 && two_digits(minute)? < 60 && two_digits(second)? < 60;
    (is_within || ends_the_day).then_some(())
}

fn zone_is_near(zone: &str) -> Option<()> {
    if zone == "Z" {
        return Some(());
    }
    let (hour, minute) = zone.strip_prefix(['+', '-'])?.split_once(':')?;
    let is_near = two_digits(hour)? < 14 && two_digits(minute)? < 60;
    (is_near || (hour == "14" && minute == "00")).then_some(())
}

fn two_digits(text: &str) -> Option<u32> {
    let is_two = text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
    if is_two { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests;
