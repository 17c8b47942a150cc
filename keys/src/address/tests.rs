use super::*;

/// The address and keys of the phrase that Substrate's development accounts use, with `//Alice`.
const ALICE: &str = "5FA9nQDVg267DEd8m1ZypXLBnvN7SFxYwV7ndqSYGiN9TTpu";

fn alice() -> Address {
    let bytes = hex::decode("88dc3417d5058ec4b4503e0c12ea1a0a89be200fe98922423d4334014fa6b0ee").unwrap();
    Address::from_bytes(bytes.try_into().unwrap())
}

#[test]
fn an_address_is_ss58_with_the_generic_prefix() {
    assert_eq!(alice().to_string(), ALICE);
    assert_eq!(ALICE.parse(), Ok(alice()));
    assert_eq!(serde_json::to_string(&alice()).unwrap(), format!("\"{ALICE}\""));
    assert_eq!(serde_json::from_str::<Address>(&format!("\"{ALICE}\"")).unwrap(), alice());
}

#[test]
fn every_other_text_is_refused() {
    let of_network =
        |prefix| ed25519::Public::from_raw(alice().0).to_ss58check_with_version(Ss58AddressFormat::custom(prefix));
    for (text, refusal) in [
        (String::new(), BadAddress::Text),
        (ALICE[1..].to_owned(), BadAddress::Text),
        (format!("{ALICE}1"), BadAddress::Text),
        (format!(" {}", &ALICE[..47]), BadAddress::Text),
        (ALICE.replace("TTpu", "TTpv"), BadAddress::Text),
        (ALICE.replace("5FA9", "5FA0"), BadAddress::Text),
        (ALICE.to_lowercase(), BadAddress::Text),
        (of_network(0), BadAddress::Prefix(0)),
        (of_network(2), BadAddress::Prefix(2)),
        (of_network(43), BadAddress::Prefix(43)),
    ] {
        assert_eq!(text.parse::<Address>(), Err(refusal), "{text}");
    }
    assert!(of_network(1000).parse::<Address>().is_err());
}

#[test]
fn the_prefix_spelt_in_two_bytes_is_refused() {
    // The form for networks from 64 on, holding 42: SS58 libraries read it as the same prefix.
    let text = "Zp4EtjwhyQdjhQHCzpkdyfAJipjfsstTYaqWNWt4DWssP8FWu";
    let (key, format) = ed25519::Public::from_ss58check_with_version(text).unwrap();
    assert_eq!((key.0, u16::from(format)), (alice().0, 42));
    assert_eq!(text.parse::<Address>(), Err(BadAddress::Text));
}

#[test]
fn an_address_is_also_a_multikey_and_a_did() {
    let multikey = alice().multikey();
    assert!(multikey.starts_with("z6Mk"), "{multikey}");
    assert_eq!(Address::from_multikey(&multikey), Ok(alice()));
    assert_eq!(alice().did_key(), format!("did:key:{multikey}"));
    let method = alice().verification_method();
    assert_eq!(method, format!("did:key:{multikey}#{multikey}"));
    assert_eq!(Address::from_verification_method(&method), Ok(alice()));
}

#[test]
fn other_multikeys_and_methods_are_refused() {
    let multikey = alice().multikey();
    let spelt = |bytes: &[u8]| format!("z{}", bs58::encode(bytes).into_string());
    let key = alice();
    for text in [
        String::new(),
        "z".to_owned(),
        multikey[1..].to_owned(),
        multikey.replacen('z', "Z", 1),
        format!("{multikey}1"),
        format!("z1{}", &multikey[1..]),
        multikey.replace('6', "0"),
        spelt(&[&[0xed, 0x01][..], &key.as_bytes()[1..]].concat()),
        spelt(&[&[0xed, 0x01][..], key.as_bytes(), &[0]].concat()),
        spelt(&[&[0xec, 0x01][..], key.as_bytes()].concat()), // X25519
        spelt(&[&[0x80, 0x26][..], key.as_bytes()].concat()), // an Ed25519 private key
        spelt(key.as_bytes()),
    ] {
        assert_eq!(Address::from_multikey(&text), Err(BadAddress::Multikey), "{text}");
    }
    let other = Address::from_bytes([9; 32]).multikey();
    for text in [
        format!("did:key:{multikey}"),
        format!("did:key:{multikey}#"),
        format!("did:key:{multikey}#{other}"),
        format!("did:key:{multikey}#{multikey}#{multikey}"),
        format!("did:web:{multikey}#{multikey}"),
        format!("{multikey}#{multikey}"),
    ] {
        assert_eq!(Address::from_verification_method(&text), Err(BadAddress::Multikey), "{text}");
    }
}
