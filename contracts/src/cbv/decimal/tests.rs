use proptest::prelude::*;

use super::*;

#[test]
fn numbers_have_one_spelling() {
    for (text, spelling) in [
        ("1.0", "1"),
        ("0.3434000", "0.3434"),
        ("100", "100"),
        ("-12.50", "-12.5"),
        ("+7", "7"),
        ("007", "7"),
        ("-0.0", "0"),
        (".5", "0.5"),
        ("5.", "5"),
        ("1e3", "1000"),
        ("1.25E+2", "125"),
        ("1.25e1", "12.5"),
        ("125e-2", "1.25"),
        ("0.0001", "0.0001"),
        ("0.00012", "0.00012"),
        ("0.00005", "0.00005"),
        ("-1.5e-7", "-0.00000015"),
        ("1e-308", &format!("0.{}1", "0".repeat(307))),
        ("1e21", "1000000000000000000000"),
        ("81234567890123456789", "81234567890123456789"),
        ("50.947573340894124", "50.947573340894124"),
        ("1e308", &format!("1{}", "0".repeat(308))),
    ] {
        assert_eq!(canonical(text).as_deref(), Some(spelling), "{text}");
    }
}

#[test]
fn what_is_no_number_stays_as_it_is() {
    for text in [
        "",
        "-",
        "+",
        ".",
        "-.",
        "e3",
        "1e",
        "1e+",
        "1e3.5",
        "1_000",
        "1,5",
        "0x10",
        "1 000",
        " 1",
        "--1",
        "+-1",
        "1-2",
        "１２",
        "inf",
        "nan",
        "Infinity",
        "1e309",
        "1e-309",
        "1e99999999999999999999",
        "+01:00",
        "2026-09-18",
        "1.2.3",
    ] {
        assert_eq!(canonical(text), None, "{text:?}");
    }
}

proptest! {
    #[test]
    fn spelling_twice_changes_nothing(text in "[+-]?[0-9]{0,25}(\\.[0-9]{0,25})?([eE][+-]?[0-9]{1,4})?|\\PC{0,8}") {
        if let Some(once) = canonical(&text) {
            prop_assert_eq!(canonical(&once), Some(once));
        }
    }

    #[test]
    fn numbers_of_a_double_keep_their_value(number in proptest::num::f64::NORMAL) {
        let text = format!("{number:e}");
        if let Some(once) = canonical(&text) {
            prop_assert_eq!(once.parse::<f64>().unwrap(), number);
        }
    }
}
