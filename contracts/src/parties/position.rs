//! Where a site is, and whether two sites are farther apart than something can have travelled.
//!
//! Whole numbers only: every validator comes to the same answer.

use serde::{Deserialize, Serialize};

use crate::refusal::{Code, Refusal};

/// Steps of one degree in a position: 10^-7 of it is a centimetre.
pub const DEGREE: u64 = 10_000_000;

/// A place on Earth (WGS 84), in steps of 10^-7 degrees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Position {
    /// Degrees north of the equator, negative in the south.
    pub latitude: i64,
    /// Degrees east of Greenwich, negative in the west.
    pub longitude: i64,
}

/// One, in the fixed point that angles' functions are computed in.
const ONE: i128 = 1_000_000_000_000_000_000;

/// π in that fixed point.
const PI: i128 = 3_141_592_653_589_793_238;

const HALF_TURN: u64 = DEGREE.saturating_mul(180);
const RIGHT_ANGLE: u64 = DEGREE.saturating_mul(90);
const STEPS_OF_PI: i128 = HALF_TURN as i128;

impl Position {
    pub(super) fn check(&self, pointer: &str) -> Result<(), Refusal> {
        for (name, value, most) in [("latitude", self.latitude, RIGHT_ANGLE), ("longitude", self.longitude, HALF_TURN)]
        {
            if value.unsigned_abs() > most {
                let detail = format!("is {value}, from -{most} to {most} steps of 10^-7 degrees are accepted");
                return Err(Refusal::new(Code::RecordShape).at(format!("{pointer}/{name}")).because(detail));
            }
        }
        Ok(())
    }

    /// Whether the great circle to another position is longer than an arc, in steps of 10^-7 degrees.
    pub fn is_farther(&self, other: &Position, arc: u64) -> bool {
        let turn = self.longitude.abs_diff(other.longitude);
        let turn = turn.min(HALF_TURN.saturating_mul(2).saturating_sub(turn));
        let wide = times(cosine(self.latitude.unsigned_abs()), cosine(other.latitude.unsigned_abs()));
        let apart = haversine(self.latitude.abs_diff(other.latitude)).saturating_add(times(wide, haversine(turn)));
        arc < HALF_TURN && apart > haversine(arc)
    }
}

const fn times(a: i128, b: i128) -> i128 {
    // Neither is more than a few times ONE.
    a.saturating_mul(b) / ONE
}

/// (1 − cos α) / 2, which grows with α up to half a turn.
fn haversine(angle: u64) -> i128 {
    ONE.saturating_sub(cosine(angle)) / 2
}

/// Of an angle up to half a turn, by its series.
fn cosine(angle: u64) -> i128 {
    if angle > RIGHT_ANGLE {
        return cosine(HALF_TURN.saturating_sub(angle)).saturating_neg();
    }
    let x = PI.saturating_mul(i128::from(angle)) / STEPS_OF_PI;
    let square = times(x, x);
    let (mut term, mut sum) = (ONE, ONE);
    for step in 1..=12_i128 {
        let even = step.saturating_mul(2);
        let under = even.saturating_mul(even.saturating_sub(1));
        term = times(term, square).checked_div(under).unwrap_or_default().saturating_neg();
        sum = sum.saturating_add(term);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHANGHAI: Position = Position { latitude: 312_304_000, longitude: 1_214_737_000 };
    const GUANGZHOU: Position = Position { latitude: 231_291_000, longitude: 1_132_644_000 };
    const FIJI: Position = Position { latitude: -178_000_000, longitude: 1_799_000_000 };
    const TONGA: Position = Position { latitude: -178_000_000, longitude: -1_799_000_000 };

    /// Steps of so many kilometres on a sphere of 6,371 km.
    fn arc(kilometres: u64) -> u64 {
        kilometres * 360 * DEGREE * 1_000_000 / (2 * 3_141_593 * 6_371)
    }

    #[test]
    fn distances_are_those_of_the_sphere() {
        // 1,213 km by every calculator.
        assert!(SHANGHAI.is_farther(&GUANGZHOU, arc(1_205)) && !SHANGHAI.is_farther(&GUANGZHOU, arc(1_220)));
        assert!(GUANGZHOU.is_farther(&SHANGHAI, arc(1_205)) && !SHANGHAI.is_farther(&SHANGHAI, 0));
        // Across the date line it is 0.2 degrees, not 359.8.
        assert!(FIJI.is_farther(&TONGA, arc(20)) && !FIJI.is_farther(&TONGA, arc(22)));
        let pole = Position { latitude: 900_000_000, longitude: 0 };
        let south = Position { latitude: -900_000_000, longitude: 1_800_000_000 };
        assert!(pole.is_farther(&south, HALF_TURN - 100_000) && !pole.is_farther(&south, HALF_TURN));
        assert_eq!((cosine(0), cosine(HALF_TURN)), (ONE, -ONE));
        assert!(cosine(RIGHT_ANGLE).abs() < 100 && (cosine(60 * DEGREE) - ONE / 2).abs() < 100);
    }

    #[test]
    fn a_position_is_on_earth() {
        assert!(SHANGHAI.check("/body/position").is_ok());
        let beyond = Position { latitude: 900_000_001, longitude: 0 };
        assert_eq!(beyond.check("/body/position").unwrap_err().pointer, "/body/position/latitude");
        let beyond = Position { latitude: 0, longitude: -1_800_000_001 };
        assert_eq!(beyond.check("/body/position").unwrap_err().pointer, "/body/position/longitude");
    }
}
