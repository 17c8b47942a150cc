use super::*;
use crate::gs1::fixtures;

#[test]
fn the_check_digit_is_that_of_the_general_specifications() {
    for (body, digit) in [
        ("0952123454321", '3'),
        ("952123450000", '1'),
        ("629104150021", '3'),
        ("0", '0'),
        ("5", '5'),
        ("12345678901234567", '5'),
    ] {
        assert_eq!(check_digit(body), Some(digit), "{body}");
    }
}

#[test]
fn nothing_but_digits_has_a_check_digit() {
    for body in ["", " 1", "1a", "-1", "１２", "1.0"] {
        assert_eq!(check_digit(body), None, "{body:?}");
    }
}

#[test]
fn the_vectors_of_the_syntax_engine_agree() {
    for vector in fixtures::json("digital-link/check_digit.json").iter().flat_map(|all| all.as_array().unwrap()) {
        let value = vector["value"].as_str().unwrap();
        assert_eq!(has_check_digit(value), vector["valid"].as_bool().unwrap(), "{value:?}");
    }
}

#[test]
fn the_check_characters_are_those_of_the_general_specifications() {
    assert_eq!(check_pair("1987654Ad4X4bL5ttr2310c").as_deref(), Some("2K"));
    assert!(has_check_pair("1987654Ad4X4bL5ttr2310c2K"));
    assert!(!has_check_pair("1987654Ad4X4bL5ttr2310cK2"));
    assert!(!has_check_pair("1987654Ad4X4bL5ttr2310d2K"));
}

#[test]
fn a_model_number_without_a_body_or_with_strange_characters_has_no_check_characters() {
    for body in ["", "195212345~", "1987654Ad4X4bL5ttr2310cX", "型号1987654"] {
        assert_eq!(check_pair(body), None, "{body:?}");
        assert!(!has_check_pair(body), "{body:?}");
    }
}
