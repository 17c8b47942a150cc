use super::*;

const OF_ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

#[test]
fn a_hash_is_sha_256_in_lower_case_hex() {
    assert_eq!(Hash::of(b"abc").to_string(), OF_ABC);
    assert_eq!(Hash::tagged(b'a', &[b"b", b"", b"c"]).to_string(), OF_ABC);
    assert_eq!(Hash::of_cut(("a", "bc")).to_string(), OF_ABC);
    assert_eq!(format!("{:?}", Hash::ZERO), "0".repeat(64));
}

#[test]
fn a_hash_has_one_spelling() {
    assert_eq!(OF_ABC.parse(), Ok(Hash::of(b"abc")));
    for (text, refusal) in [
        (String::new(), BadHash::Length(0)),
        (OF_ABC[1..].to_owned(), BadHash::Length(63)),
        (format!("{OF_ABC}0"), BadHash::Length(65)),
        (format!("0x{}", &OF_ABC[2..]), BadHash::Digit),
        (OF_ABC.to_uppercase(), BadHash::Digit),
        (OF_ABC.replace('7', "g"), BadHash::Digit),
        (format!(" {}", &OF_ABC[1..]), BadHash::Digit),
        (format!("é{}", &OF_ABC[2..]), BadHash::Digit),
    ] {
        assert_eq!(text.parse::<Hash>(), Err(refusal), "{text}");
    }
}

#[test]
fn a_hash_travels_as_its_text() {
    let json = format!("\"{OF_ABC}\"");
    assert_eq!(serde_json::to_string(&Hash::of(b"abc")).unwrap(), json);
    assert_eq!(serde_json::from_str::<Hash>(&json).unwrap(), Hash::of(b"abc"));
    assert!(serde_json::from_str::<Hash>("7").is_err());
    assert!(serde_json::from_str::<Hash>("\"7\"").is_err());
}
