//! An order line and its units in few bytes: some forty instead of four hundred, and one allocation.

use std::collections::BTreeSet;

use smol_str::SmolStr;

use crate::{
    settlement::{
        entitlement::Worth,
        line::{Line, Progress},
        money::Minor,
        names::OrderId,
        parts::Parts,
        period::Period,
        segment::SegmentId,
        unit::{Dispute, Stage, Unit},
    },
    time::Time,
};

/// A line and its units by their component. Never leaves the program, so that its form may change.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Packed(Box<[u8]>);

impl Packed {
    /// `buffer` is for use from one line to the next.
    pub fn new(line: &Line, units: &[(usize, Unit)], buffer: &mut Vec<u8>) -> Packed {
        buffer.clear();
        let mut to = Writer(buffer);
        to.line(line);
        to.count(units.len());
        for (component, unit) in units {
            to.count(*component);
            to.unit(unit);
        }
        Packed(Box::from(buffer.as_slice()))
    }

    /// What was packed; always there.
    pub fn unpack(&self) -> Option<(Line, Vec<(usize, Unit)>)> {
        let mut from = Reader(&self.0);
        let line = from.line()?;
        let units = (0..from.count()?).map(|_| Some((from.count()?, from.unit()?))).collect::<Option<_>>()?;
        Some((line, units))
    }
}

struct Writer<'b>(&'b mut Vec<u8>);

impl Writer<'_> {
    /// Seven bits a byte, the lowest first; the sign is the lowest bit of all, so that small numbers are short.
    fn number(&mut self, number: i128) {
        let folded = if number < 0 { (!number).rotate_left(1) | 1 } else { number.rotate_left(1) };
        let mut rest = folded.cast_unsigned();
        loop {
            let [low, ..] = rest.to_le_bytes();
            rest >>= 7;
            if rest == 0 {
                return self.0.push(low & 0x7f);
            }
            self.0.push(low | 0x80);
        }
    }

    fn count(&mut self, count: usize) {
        self.number(i128::try_from(count).unwrap_or(i128::MAX));
    }

    fn truth(&mut self, truth: bool) {
        self.0.push(u8::from(truth));
    }

    fn text(&mut self, text: &str) {
        self.count(text.len());
        self.0.extend_from_slice(text.as_bytes());
    }

    fn parts(&mut self, parts: &Parts) {
        self.count(parts.iter().count());
        for (part, amount) in parts.iter() {
            self.text(part);
            self.number(amount.get());
        }
    }

    fn line(&mut self, line: &Line) {
        let Line { segment, order, paid, refunded, units, units_back, progress, has_aftersale } = line;
        match segment.period {
            Period::Whole => self.truth(false),
            Period::Month { year, month } => {
                self.truth(true);
                self.number(year.into());
                self.number(month.into());
            }
        }
        self.number(segment.version.into());
        self.truth(order.is_some());
        if let Some(order) = order {
            self.text(order.as_str());
        }
        self.parts(paid);
        self.parts(refunded);
        self.number(*units);
        self.number(*units_back);
        self.0.push(match progress {
            Progress::Paid => 0,
            Progress::Shipped => 1,
            Progress::Received => 2,
        });
        self.truth(*has_aftersale);
    }

    fn unit(&mut self, unit: &Unit) {
        let Unit { version, worth, stage, dispute, is_blocked } = unit;
        self.number((*version).into());
        self.number(worth.net.get());
        self.number(worth.fee.get());
        match stage {
            Stage::Accrued => self.0.push(0),
            Stage::Held { release_at } => {
                self.0.push(1);
                self.number(release_at.millis().into());
            }
            Stage::Released { seq } => {
                self.0.push(2);
                self.number((*seq).into());
            }
        }
        self.truth(dispute.is_some());
        if let Some(Dispute { unmoved }) = dispute {
            self.count(unmoved.len());
            unmoved.iter().for_each(|place| self.count(*place));
        }
        self.truth(*is_blocked);
    }
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn number(&mut self) -> Option<i128> {
        let (mut folded, mut shift) = (0_u128, 0_u32);
        loop {
            let byte = self.byte()?;
            folded |= u128::from(byte & 0x7f).checked_shl(shift)?;
            if byte < 0x80 {
                let half = (folded >> 1).cast_signed();
                return Some(if folded & 1 == 1 { !half } else { half });
            }
            shift = shift.checked_add(7)?;
        }
    }

    fn count(&mut self) -> Option<usize> {
        self.number()?.try_into().ok()
    }

    fn truth(&mut self) -> Option<bool> {
        Some(self.byte()? != 0)
    }

    fn text(&mut self) -> Option<&str> {
        let length = self.count()?;
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        std::str::from_utf8(text).ok()
    }

    fn amount(&mut self) -> Option<Minor> {
        self.number().map(Minor::unchecked)
    }

    fn parts(&mut self) -> Option<Parts> {
        let count = self.count()?;
        (0..count).map(|_| Some((SmolStr::new(self.text()?), self.amount()?))).collect()
    }

    fn line(&mut self) -> Option<Line> {
        let period = if self.truth()? {
            Period::Month { year: self.number()?.try_into().ok()?, month: self.number()?.try_into().ok()? }
        } else {
            Period::Whole
        };
        let segment = SegmentId { period, version: self.number()?.try_into().ok()? };
        let order = if self.truth()? { Some(OrderId::new(self.text()?)?) } else { None };
        Some(Line {
            segment,
            order,
            paid: self.parts()?,
            refunded: self.parts()?,
            units: self.number()?,
            units_back: self.number()?,
            progress: match self.byte()? {
                0 => Progress::Paid,
                1 => Progress::Shipped,
                _ => Progress::Received,
            },
            has_aftersale: self.truth()?,
        })
    }

    fn unit(&mut self) -> Option<Unit> {
        Some(Unit {
            version: self.number()?.try_into().ok()?,
            worth: Worth { net: self.amount()?, fee: self.amount()? },
            stage: match self.byte()? {
                0 => Stage::Accrued,
                1 => Stage::Held { release_at: Time::from_millis(self.number()?.try_into().ok()?)? },
                _ => Stage::Released { seq: self.number()?.try_into().ok()? },
            },
            dispute: if self.truth()? {
                let places = self.count()?;
                Some(Dispute { unmoved: (0..places).map(|_| self.count()).collect::<Option<BTreeSet<_>>>()? })
            } else {
                None
            },
            is_blocked: self.truth()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_what_is_unpacked() {
        let extremes = [0, 1, -1, 63, 64, -64, -65, 10_i128.pow(17), -(10_i128.pow(17)), i128::MAX, i128::MIN];
        for number in extremes {
            let mut buffer = Vec::new();
            Writer(&mut buffer).number(number);
            assert_eq!(Reader(&buffer).number(), Some(number));
            let amount = Minor::unchecked(number);
            let line = Line {
                segment: SegmentId { period: Period::Month { year: -44, month: 3 }, version: u32::MAX },
                order: OrderId::new("订单-1"),
                paid: [(SmolStr::new_static("goods"), amount), (SmolStr::default(), Minor::ZERO)].into_iter().collect(),
                refunded: Parts::default(),
                units: number,
                units_back: 1,
                progress: Progress::Shipped,
                has_aftersale: true,
            };
            let worth = Worth { net: amount, fee: Minor::ZERO };
            let release_at = Time::from_millis(-1).unwrap();
            let units: Vec<_> = [
                (Stage::Accrued, None),
                (Stage::Held { release_at }, Some(Dispute { unmoved: BTreeSet::new() })),
                (Stage::Released { seq: u64::MAX }, Some(Dispute { unmoved: BTreeSet::from([0, 63]) })),
            ]
            .into_iter()
            .map(|(stage, dispute)| Unit { version: 7, worth, stage, dispute, is_blocked: number < 0 })
            .enumerate()
            .collect();
            assert_eq!(Packed::new(&line, &units, &mut Vec::new()).unpack(), Some((line, units)));
        }
    }
}
