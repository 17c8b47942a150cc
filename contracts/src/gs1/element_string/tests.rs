use proptest::prelude::*;

use super::*;
use crate::gs1::{Stem, fixtures};

fn uri_of(text: &str) -> Result<String, String> {
    let link = DigitalLink::of_element_string(text);
    link.map(|link| link.uri(&Stem::default())).map_err(|bad| bad.to_string())
}

#[test]
fn both_forms_become_the_same_link() {
    for (text, uri) in [
        ("(01)09521234543213(21)7K3X", "https://id.gs1.org/01/09521234543213/21/7K3X"),
        ("^0109521234543213217K3X", "https://id.gs1.org/01/09521234543213/21/7K3X"),
        (
            "(17)261231(21)7K3X(10)L/7(01)09521234543213",
            "https://id.gs1.org/01/09521234543213/10/L%2F7/21/7K3X?17=261231",
        ),
        ("^17261231217K3X^10L/7^0109521234543213", "https://id.gs1.org/01/09521234543213/10/L%2F7/21/7K3X?17=261231"),
        ("^0109521234543213^17261231^217K3X", "https://id.gs1.org/01/09521234543213/21/7K3X?17=261231"),
        ("(01)09521234543213(10)a\\(b)(21)\\(", "https://id.gs1.org/01/09521234543213/10/a%28b%29/21/%28"),
        ("^010952123454321310a(b)^21(", "https://id.gs1.org/01/09521234543213/10/a%28b%29/21/%28"),
        ("(01)09521234543213(235)XYZ(10)L7", "https://id.gs1.org/01/09521234543213/235/XYZ?10=L7"),
        ("(01)09521234543213(10)L7(235)XYZ", "https://id.gs1.org/01/09521234543213/235/XYZ?10=L7"),
        ("^40295212340000000013^99A", "https://id.gs1.org/402/95212340000000013?99=A"),
    ] {
        assert_eq!(uri_of(text).as_deref(), Ok(uri), "{text}");
    }
}

#[test]
fn what_is_no_element_string_is_refused_with_its_place_and_reason() {
    for (text, reason) in [
        ("", "\"\" begins with neither a bracket, as in (01)09521234543213, nor ^"),
        ("0109521234543213", "\"0109521234543213\" begins with neither a bracket, as in (01)09521234543213, nor ^"),
        ("(01", "the bracket at character 1 holds no application identifier of 2 to 4 digits"),
        ("(1)09521234543213", "the bracket at character 1 holds no application identifier of 2 to 4 digits"),
        ("(01)09521234543213(ser)7", "the bracket at character 19 holds no application identifier of 2 to 4 digits"),
        ("(01)09521234543213(10)a(b", "the bracket at character 24 holds no application identifier of 2 to 4 digits"),
        ("(01)09521234543213(89)7", "\"89\" is no GS1 application identifier"),
        (
            "(01)09521234543214",
            "the value \"09521234543214\" of AI 01 ends in another check digit than the rest calls for",
        ),
        ("(01)09521234543213(21)", "the value \"\" of AI 21 has 0 characters, 1 to 20 are accepted"),
        (
            "(01)09521234543213(10)a\\",
            "the value \"a\\\\\" of AI 10 has '\\\\' as character 2, which cannot stand there",
        ),
        ("(21)7K3X", "\"(21)\" has no GS1 key in its path"),
        ("(01)09521234543213(21)7(235)8", "AI 235 cannot be an attribute of this link"),
        ("^", "\"\" at character 2 begins with no GS1 application identifier"),
        ("^0109521234543213é", "\"é\" at character 18 begins with no GS1 application identifier"),
        ("^0109521234543213217K3X^8", "\"8\" at character 25 begins with no GS1 application identifier"),
        ("^010952", "the value \"0952\" of AI 01 has 4 characters, 14 to 14 are accepted"),
    ] {
        assert_eq!(uri_of(text).unwrap_err(), reason, "{text}");
    }
    let long = format!("(01)09521234543213(99){}", "x".repeat(LINK_BYTES_MAX));
    assert_eq!(uri_of(&long).unwrap_err(), "an element string of 2070 bytes, at most 2048 are accepted");
}

#[test]
fn the_element_strings_of_the_parsing_vectors_lead_back_to_their_links() {
    let vectors = fixtures::json("digital-link/dl_parse.fixture.json");
    for vector in vectors.iter().flat_map(|all| all.as_array().unwrap()).filter(|vector| vector["valid"] == true) {
        let text = vector["element_string"].as_str().unwrap();
        let link = DigitalLink::of_element_string(text).unwrap();
        assert_eq!(link, DigitalLink::parse_older(vector["uri"].as_str().unwrap()).unwrap(), "{text}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,40}|[(^]((01|10|21|402|8003)[)]?[!-~]{0,14}[(^]?){0,4}") {
        if let Ok(link) = DigitalLink::of_element_string(&text) {
            prop_assert_eq!(DigitalLink::of_element_string(&link.element_string()).unwrap(), link);
        }
    }
}
