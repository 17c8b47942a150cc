use serde_json::{Value, json};

use super::*;
use crate::golden::{assert_golden, golden};

/// The phrase of Substrate's development accounts, known to everybody.
const PHRASE: &str = "bottom drive obey lake curtain smoke basket hold race lonely fit walk";

#[test]
fn golden_keys_come_from_their_phrases() {
    let phrases = [
        (PHRASE, "", None),
        (PHRASE, "//Alice", None),
        (PHRASE, "//hard//1", None),
        (PHRASE, "//gateway//shenzhen 2//0007", None),
        (PHRASE, "//hard//1", Some("合符")),
        ("legal winner thank year wave sausage worth useful legal winner thank yellow", "//hard//1", None),
        (
            "zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo vote",
            "//x",
            None,
        ),
    ];
    let keys: Vec<Value> = phrases.iter().map(|(phrase, path, password)| describe(phrase, path, *password)).collect();
    assert_golden("keys.json", &(serde_json::to_string_pretty(&keys).unwrap() + "\n"));

    for key in serde_json::from_str::<Vec<Value>>(&golden("keys.json")).unwrap() {
        let address: Address = key["address"].as_str().unwrap().parse().unwrap();
        let secret = SecretKey::from_multikey(key["secret"].as_str().unwrap()).unwrap();
        assert_eq!(secret.address(), address);
        assert_eq!(Address::from_multikey(key["multikey"].as_str().unwrap()), Ok(address));
        assert_eq!(Address::from_verification_method(key["verificationMethod"].as_str().unwrap()), Ok(address));
    }
}

fn describe(phrase: &str, path: &str, password: Option<&str>) -> Value {
    let secret = SecretKey::from_phrase(phrase, path, password).unwrap();
    json!({
        "phrase": phrase,
        "path": path,
        "password": password,
        "secret": secret.expose_multikey().as_str(),
        "seed": hex::encode(secret.expose_seed().as_slice()),
        "address": secret.address(),
        "multikey": secret.public().multikey(),
        "did": secret.public().did_key(),
        "verificationMethod": secret.public().verification_method(),
    })
}

#[test]
fn a_phrase_gives_the_key_that_substrate_wallets_give() {
    // Known to every wallet: `subkey inspect --scheme ed25519 //Alice`.
    let alice = SecretKey::from_phrase(PHRASE, "//Alice", None).unwrap();
    assert_eq!(alice.address().to_string(), "5FA9nQDVg267DEd8m1ZypXLBnvN7SFxYwV7ndqSYGiN9TTpu");
    assert_eq!(
        hex::encode(alice.expose_seed().as_slice()),
        "abf8e5bdbe30c65656c0a3cbd181ff8a56294a69dfedd27982aace4a76909115"
    );

    for (path, password) in [("", None), ("//a//1", None), ("//1//2//3", Some("pass")), ("//0//00//x y", Some(""))] {
        let theirs = sp_core::ed25519::Pair::from_string(&format!("{PHRASE}{path}"), password).unwrap();
        let ours = SecretKey::from_phrase(PHRASE, path, password).unwrap();
        assert_eq!(ours.address().as_bytes(), &theirs.public().0, "{path}");
    }
}

#[test]
fn other_phrases_and_paths_are_refused() {
    use BadSecret::*;
    let words: Vec<&str> = PHRASE.split(' ').collect();
    for (phrase, path, refusal) in [
        ("", "", Phrase),
        ("bottom drive obey", "", Phrase),
        (&words[..11].join(" "), "", Phrase),
        (&PHRASE.replace("walk", "wall"), "", Phrase),
        (&PHRASE.replace("walk", "合符"), "", Phrase),
        (&format!("{PHRASE}//Alice"), "", Phrase),
        ("0x9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", "", Phrase),
        (PHRASE, "/soft", SoftStep),
        (PHRASE, "//hard/soft", SoftStep),
        (PHRASE, "/soft//hard", SoftStep),
        (PHRASE, "hard", Path),
        (PHRASE, "hard//1", Path),
        (PHRASE, "//", Path),
        (PHRASE, "//hard//", Path),
        (PHRASE, "////hard", Path),
        (PHRASE, "//hard///password", Path),
        (PHRASE, &"//1".repeat(17), PathLength(17)),
    ] {
        assert_eq!(SecretKey::from_phrase(phrase, path, None).err(), Some(refusal), "{phrase} {path}");
    }
    assert!(SecretKey::from_phrase(PHRASE, &"//1".repeat(16), None).is_ok());
}

#[test]
fn a_secret_is_never_printed() {
    let secret = SecretKey::from_seed([7; 32]);
    let shown = format!("{secret:?}");
    assert_eq!(shown, format!("SecretKey(of {})", secret.address()));
    for exposed in [hex::encode([7; 32]), secret.expose_multikey().to_string()] {
        assert!(!shown.contains(&exposed));
    }
    // The sentences of refusals do not repeat what was typed.
    let refused = SecretKey::from_phrase("my secret phrase", "", None).unwrap_err();
    assert!(!refused.to_string().contains("my secret"));
}

#[test]
fn a_private_multikey_is_read_back_and_every_other_text_refused() {
    let secret = SecretKey::from_seed([7; 32]);
    let multikey = secret.expose_multikey();
    assert!(multikey.starts_with("z3u2"), "{}", multikey.as_str());
    assert_eq!(SecretKey::from_multikey(&multikey).unwrap().address(), secret.address());
    let public = secret.public().multikey();
    for text in ["", "z", &multikey[1..], &multikey[..40], &format!("{}1", multikey.as_str()), &public] {
        assert_eq!(SecretKey::from_multikey(text).err(), Some(BadSecret::Multikey), "{text}");
    }
}

#[test]
fn generated_keys_differ_and_sign() {
    let first = SecretKey::generate().unwrap();
    let second = SecretKey::generate().unwrap();
    assert_ne!(first.address(), second.address());
    let signature = first.sign(b"message");
    assert_eq!(first.public().verify(b"message", &signature), Ok(()));
    assert!(second.public().verify(b"message", &signature).is_err());
    assert_eq!(PublicKey::try_from(&first.address()), Ok(first.public()));
}
