use proptest::prelude::*;

use super::*;

#[test]
fn gtins_of_all_lengths_are_the_same_number_of_14_digits() {
    for (text, gtin) in [
        ("09521234543213", "09521234543213"),
        ("9521234543213", "09521234543213"),
        ("614141000012", "00614141000012"),
        ("95212340", "00000095212340"),
        ("19521234543210", "19521234543210"),
    ] {
        assert_eq!(text.parse::<Gtin>().unwrap().to_string(), gtin, "{text}");
    }
}

#[test]
fn the_company_prefix_is_searched_behind_indicator_and_extension() {
    assert_eq!("19521234543210".parse::<Gtin>().unwrap().company_digits(), "9521234543210");
    assert_eq!("9521234500001".parse::<Gln>().unwrap().company_digits(), "9521234500001");
    assert_eq!("395212340000000014".parse::<Sscc>().unwrap().company_digits(), "95212340000000014");
}

#[test]
fn a_refusal_tells_what_the_value_and_the_limit() {
    let sentence = |text: &str| text.parse::<Gtin>().unwrap_err().to_string();
    assert_eq!(sentence("952123454321"), "GTIN 00952123454321 ends in another digit than its check digit 4");
    assert_eq!(sentence("0952123454321a"), "GTIN \"0952123454321a\" has characters other than the digits 0 to 9");
    assert_eq!(sentence("123"), "GTIN \"123\" has 3 characters, 8, 12, 13 or 14 digits are accepted");
    assert_eq!(
        "95212345000".parse::<Gln>().unwrap_err().to_string(),
        "GLN \"95212345000\" has 11 characters, 13 digits are accepted"
    );
    assert_eq!(
        "395212340000000015".parse::<Sscc>().unwrap_err().to_string(),
        "SSCC 395212340000000015 ends in another digit than its check digit 4"
    );
    assert!(sentence(&"9".repeat(1_000)).len() < 200);
}

#[test]
fn json_has_one_spelling_of_a_gtin() {
    let gtin: Gtin = serde_json::from_str("\"09521234543213\"").unwrap();
    assert_eq!(serde_json::to_string(&gtin).unwrap(), "\"09521234543213\"");
    for text in ["\"9521234543213\"", "\"09521234543214\"", "9521234543213", "\" 09521234543213\"", "null"] {
        assert!(serde_json::from_str::<Gtin>(text).is_err(), "{text} was accepted");
    }
}

#[test]
fn keys_are_ordered_as_their_texts_are() {
    let mut glns: Vec<Gln> = ["9521234500018", "0614141000005"].iter().map(|text| text.parse().unwrap()).collect();
    glns.sort();
    assert_eq!(glns[0].as_str(), "0614141000005");
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,20}|[0-9]{0,20}") {
        if let Ok(gtin) = text.parse::<Gtin>() {
            prop_assert_eq!(gtin.as_str().parse::<Gtin>().unwrap(), gtin);
        }
        if let Ok(gln) = text.parse::<Gln>() {
            prop_assert_eq!(gln.as_str(), text.as_str());
        }
        if let Ok(sscc) = text.parse::<Sscc>() {
            prop_assert_eq!(sscc.as_str(), text.as_str());
        }
    }

    #[test]
    fn one_wrong_digit_is_always_noticed(body in "[0-9]{13}", at in 0_usize..14, by in 1_u8..10) {
        let right = format!("{body}{}", check::check_digit(&body).unwrap());
        let wrong: String = right
            .chars()
            .enumerate()
            .map(|(place, digit)| if place == at { char::from(b'0' + (digit as u8 - b'0' + by) % 10) } else { digit })
            .collect();
        prop_assert!(right.parse::<Gtin>().is_ok());
        prop_assert!(wrong.parse::<Gtin>().is_err());
    }
}
