//! Names of segments, units and parts in row keys and rows, and back.

use crate::settlement::{Part, Period, SegmentId, UnitId};

/// `2026-09/1`, or `all/1` where the contract has one period: period and version.
pub(super) fn segment(id: SegmentId) -> String {
    match id.period {
        Period::Whole => format!("all/{}", id.version),
        Period::Month { .. } => format!("{}/{}", month(id.period), id.version),
    }
}

/// `2026-09`; empty where the contract has one period.
pub(super) fn month(period: Period) -> String {
    period.to_string().trim_start_matches('@').to_owned()
}

/// The segment of a text that [`segment`] wrote.
pub(super) fn read_segment(text: &str) -> Option<SegmentId> {
    let (period, version) = text.split_once('/')?;
    let period = if period == "all" { Period::Whole } else { read_month(period)? };
    Some(SegmentId { period, version: version.parse().ok()? })
}

/// A calendar month in its one spelling.
pub(super) fn read_month(text: &str) -> Option<Period> {
    let (year, number) = text.split_once('-')?;
    let period = Period::Month { year: year.parse().ok()?, month: number.parse().ok()? };
    let is_one = matches!(period, Period::Month { month: 1..=12, .. }) && month(period) == text;
    is_one.then_some(period)
}

/// Where a unit's state stands within its row.
pub(super) fn place(id: &UnitId) -> String {
    match id {
        UnitId::Line { component, .. } | UnitId::Segment { part: Part::Component(component), .. } => {
            component.to_string()
        }
        UnitId::Segment { part: Part::Cap, .. } => "cap".to_owned(),
        UnitId::Segment { part: Part::Guarantee, .. } => "guarantee".to_owned(),
        UnitId::Segment { part: Part::Pool(taker), .. } => format!("pool:{taker}"),
    }
}

/// The part of a segment that [`place`] wrote.
pub(super) fn read_part(text: &str) -> Option<Part> {
    match text {
        "cap" => Some(Part::Cap),
        "guarantee" => Some(Part::Guarantee),
        text => match text.strip_prefix("pool:") {
            Some(taker) => taker.parse().ok().map(Part::Pool),
            None => text.parse().ok().map(Part::Component),
        },
    }
}

/// What the name of a unit says about where its state is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum UnitAt {
    /// In the row of this line.
    Line(String),
    /// In the row of this segment.
    Segment(SegmentId),
}

/// Where the unit of a name is to be found: `line:<line>:<component>`, or `comp:<component>`, `cap`, `guarantee`
/// and `pool:<party>` with the end that its segment gives them. It need not exist.
pub(super) fn unit_at(name: &str) -> Option<UnitAt> {
    if let Some(line) = name.strip_prefix("line:") {
        return line.rsplit_once(':').map(|(line, _)| UnitAt::Line(line.to_owned()));
    }
    let mut ends = name.split('@').skip(1).peekable();
    let period = match ends.peek().and_then(|end| read_month(end)) {
        Some(month) => {
            ends.next();
            month
        }
        None => Period::Whole,
    };
    let version = match ends.next() {
        Some(end) => end.strip_prefix('v')?.parse().ok()?,
        None => 1,
    };
    ends.next().is_none().then_some(UnitAt::Segment(SegmentId { period, version }))
}

/// A contract's id: 1 to 64 of A–Z, a–z, 0–9, hyphen and underscore.
pub(super) fn is_plain(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_found_again_by_what_they_are_called() {
        for period in [Period::Whole, Period::Month { year: 2026, month: 9 }] {
            for version in [1, 2, 11] {
                let id = SegmentId { period, version };
                assert_eq!(read_segment(&segment(id)), Some(id));
                assert_eq!(unit_at(&format!("comp:tier{id}")), Some(UnitAt::Segment(id)), "{id}");
                assert_eq!(unit_at(&format!("cap{id}")), Some(UnitAt::Segment(id)), "{id}");
            }
        }
        assert_eq!(unit_at("line:douyin/2026-09/ab/1:comm"), Some(UnitAt::Line("douyin/2026-09/ab/1".to_owned())));
    }

    #[test]
    fn what_is_no_month_is_none() {
        for text in ["2026-13", "2026-0", "2026-9", "26-09", "2026-00", "-026-01", ""] {
            assert_eq!(read_month(text), None, "{text}");
        }
    }
}
