//! The numbers of the full story: what was made when of which lots, and what was sold.
//!
//! Days are counted from 18 September, on which the topic was seen.

/// The day of the recall, 27 September.
pub(super) const LAST_DAY: i64 = 9;

/// Minutes from the night before 18 September to when the chain begins: the evening of 27 September, 20:00.
const END: i64 = (LAST_DAY * 24 + 20) * 60;

/// How many minutes before the chain's beginning a moment of a day is.
pub(super) const fn ago(day: i64, hour: i64, minute: i64) -> i64 {
    END.saturating_sub(day.saturating_mul(24).saturating_add(hour).saturating_mul(60).saturating_add(minute))
}

/// A lot of pump heads.
pub(super) struct Pumps {
    pub lot: &'static str,
    pub count: u64,
    /// When they were made.
    pub day: i64,
    /// Bottles that came of them: their lot, how many are good, and when.
    pub bottles: (&'static str, u64, i64),
}

/// The lot of pump heads that leaks.
pub(super) const LEAKY: &str = "HP-2609B";

/// Pump heads, in the order of the bottles' codes: 2,000 bottles on hand; then 2,350 are begun with 1,200 pump heads on
/// hand and 1,150 that came by air, and 2,332 are good.
pub(super) const PUMPS: [Pumps; 4] = [
    Pumps { lot: "HP-2607C", count: 2_000, day: -30, bottles: ("HX-2608B", 2_000, -20) },
    Pumps { lot: "HP-2608A", count: 1_200, day: -12, bottles: ("HX-2609A", 1_190, 1) },
    Pumps { lot: LEAKY, count: 480, day: 0, bottles: ("HX-2609B", 480, 2) },
    Pumps { lot: "HP-2609A", count: 670, day: 0, bottles: ("HX-2609C", 662, 3) },
];

/// A day's lot of refills.
pub(super) struct Refills {
    pub lot: &'static str,
    pub day: i64,
    pub begun: u64,
    pub good: u64,
    /// Kept by the maker as samples.
    pub kept: usize,
    /// How many go to the core factory to be put into bottles; the others go to the warehouse as they are.
    pub inward: usize,
}

/// The flexible factory's refills: 2,525 begun for the firm tranche, 2,500 good; 1,675 for the option, 1,658 good.
pub(super) const YUELING_REFILLS: [Refills; 6] = [
    Refills { lot: "YL-0919", day: 1, begun: 384, good: 380, kept: 0, inward: 20 },
    Refills { lot: "YL-0920", day: 2, begun: 1_091, good: 1_080, kept: 0, inward: 460 },
    Refills { lot: "YL-0921", day: 3, begun: 1_050, good: 1_040, kept: 2, inward: 1_038 },
    Refills { lot: "YL-0923", day: 5, begun: 566, good: 560, kept: 2, inward: 558 },
    Refills { lot: "YL-0924", day: 6, begun: 707, good: 700, kept: 2, inward: 344 },
    Refills { lot: "YL-0925", day: 7, begun: 402, good: 398, kept: 2, inward: 0 },
];

/// The core factory's refills, at most 640 a day: 1,900 begun, 1,884 good.
pub(super) const HUAXU_REFILLS: [Refills; 3] = [
    Refills { lot: "HX-R-0921", day: 3, begun: 625, good: 620, kept: 2, inward: 618 },
    Refills { lot: "HX-R-0922", day: 4, begun: 646, good: 640, kept: 1, inward: 639 },
    Refills { lot: "HX-R-0923", day: 5, begun: 629, good: 624, kept: 1, inward: 623 },
];

/// Sets put together at the core factory, by day: at most 900.
pub(super) const ASSEMBLED: [(i64, usize); 5] = [(3, 900), (4, 900), (5, 900), (6, 900), (7, 700)];

/// The first day's bottles come from stock; the leaky lot's come next.
pub(super) const BEFORE_LEAKY: usize = 900;

/// Of the last day's sets the first 300 get an embroidered sleeve.
pub(super) const SLEEVED: (i64, usize) = (7, 300);

/// Sleeves that were good, of 306 begun.
pub(super) const SLEEVES: u64 = 302;

/// Sent to customers: day, sets, loose refills.
pub(super) const SOLD: [(i64, usize, usize); 8] =
    [(2, 0, 360), (3, 0, 620), (4, 800, 0), (5, 820, 0), (6, 780, 0), (7, 540, 160), (8, 440, 160), (9, 340, 140)];

/// Sets with a leaky pump that the warehouse still has: three cases, and one of an opened case.
pub(super) const LEAKY_IN_STOCK: usize = 61;

/// Sets with a leaky pump that customers sent back, by day; the rest is with customers.
pub(super) const RETURNED: [(i64, usize); 2] = [(8, 38), (9, 58)];

/// The laboratory's sample of the firm tranche.
pub(super) const SAMPLE: usize = 125;

/// Sets and loose refills in a case, and cases on a pallet.
pub(super) const SETS_IN_CASE: usize = 20;
pub(super) const REFILLS_IN_CASE: usize = 40;
pub(super) const CASES_ON_PALLET: usize = 15;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plan_adds_up() {
        let begun = |refills: &[Refills]| refills.iter().map(|refills| refills.begun).sum::<u64>();
        let good = |refills: &[Refills]| refills.iter().map(|refills| refills.good).sum::<u64>();
        assert_eq!((begun(&YUELING_REFILLS[..3]), good(&YUELING_REFILLS[..3])), (2_525, 2_500));
        assert_eq!((begun(&YUELING_REFILLS[3..]), good(&YUELING_REFILLS[3..])), (1_675, 1_658));
        assert_eq!((begun(&HUAXU_REFILLS), good(&HUAXU_REFILLS)), (1_900, 1_884));
        let all = || YUELING_REFILLS.iter().chain(&HUAXU_REFILLS);
        assert_eq!(all().map(|refills| refills.kept).sum::<usize>(), 12);
        let assembled: usize = ASSEMBLED.iter().map(|(_, sets)| sets).sum();
        assert_eq!((all().map(|refills| refills.inward).sum::<usize>(), assembled), (4_300, 4_300));
        assert_eq!(PUMPS[1..].iter().map(|pumps| pumps.count).sum::<u64>(), 2_350);
        assert_eq!(PUMPS[1..].iter().map(|pumps| pumps.bottles.1).sum::<u64>(), 2_332);
        let by_day: Vec<usize> = SOLD.iter().map(|(_, sets, refills)| sets + refills).collect();
        assert_eq!(by_day, [360, 620, 800, 820, 780, 700, 600, 480], "as dispatched up to 27 September");
        assert_eq!(480 - LEAKY_IN_STOCK - RETURNED.iter().map(|(_, sets)| sets).sum::<usize>(), 323);
    }
}
