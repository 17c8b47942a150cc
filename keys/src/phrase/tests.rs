use super::*;
use crate::SecretKey;

#[test]
fn published_entropy_gives_the_published_phrase() {
    // From the test vectors of BIP-39.
    for (entropy, phrase) in [
        ([0x00; 16].to_vec(), ["abandon"; 11].join(" ") + " about"),
        ([0x7f; 16].to_vec(), "legal winner thank year wave sausage worth useful legal winner thank yellow".to_owned()),
        ([0x00; 32].to_vec(), ["abandon"; 23].join(" ") + " art"),
        ([0xff; 32].to_vec(), ["zoo"; 23].join(" ") + " vote"),
    ] {
        assert_eq!(spell(&entropy).as_str(), phrase);
    }
}

#[test]
fn a_new_phrase_has_the_words_asked_for_and_makes_a_key() {
    for (words, count) in [(Words::Twelve, 12), (Words::TwentyFour, 24)] {
        let phrase = generate(words).unwrap();
        assert_eq!(phrase.split(' ').count(), count);
        assert_ne!(phrase, generate(words).unwrap());
        let first = SecretKey::from_phrase(&phrase, "", None).unwrap().address();
        assert_eq!(SecretKey::from_phrase(&phrase, "", None).unwrap().address(), first);
        assert_ne!(SecretKey::from_phrase(&phrase, "//1", None).unwrap().address(), first);
    }
}
