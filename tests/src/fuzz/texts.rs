//! Types that are one text: each has one spelling, so that whatever names it has one hash.

use std::{fmt::Display, str::FromStr};

use hefu_contracts::{
    cbv,
    gs1::{Gln, Gtin, Sscc},
    time::Time,
};
use hefu_keys::{Address, Hash, PublicKey, SecretKey, Signature, merkle, parts::Salt};

use super::{Verdict, golden, text};

/// A key's texts, SS58, multikey, `did:key` and verification method, are read from one spelling each and name one key.
pub(super) fn address(bytes: &[u8]) -> Verdict {
    let Some(text) = text(bytes) else { return Verdict::Refused };
    if let Ok(secret) = SecretKey::from_multikey(text) {
        assert_eq!(secret.expose_multikey().as_str(), text, "a secret key has two spellings");
        assert_eq!(PublicKey::try_from(&secret.address()), Ok(secret.public()), "a secret of an unusable key");
        return Verdict::Accepted;
    }
    let did = text.strip_prefix("did:key:").and_then(|multikey| Address::from_multikey(multikey).ok());
    let read = [
        text.parse().ok().map(|address: Address| (address, address.to_string())),
        Address::from_multikey(text).ok().map(|address| (address, address.multikey())),
        did.map(|address| (address, address.did_key())),
        Address::from_verification_method(text).ok().map(|address| (address, address.verification_method())),
    ];
    let mut forms = read.into_iter().flatten();
    let Some((address, written)) = forms.next() else { return Verdict::Refused };
    assert_eq!(written, text, "a key has two spellings");
    assert_eq!(forms.next(), None, "one text is two forms of a key");
    names_one_key(&address);
    Verdict::Accepted
}

fn names_one_key(address: &Address) {
    assert_eq!(address.to_string().parse(), Ok(*address));
    assert_eq!(Address::from_multikey(&address.multikey()), Ok(*address));
    assert_eq!(Address::from_verification_method(&address.verification_method()), Ok(*address));
    if let Ok(new) = PublicKey::try_from(address) {
        assert_eq!(PublicKey::registered(address), Ok(new), "it may be registered but not be used");
        assert_eq!(new.address(), *address);
    }
}

/// Whatever reads this text gives it back as it was.
pub(super) fn spelling(bytes: &[u8]) -> Verdict {
    let Some(text) = text(bytes) else { return Verdict::Refused };
    let read = [
        read_as::<Hash>(text),
        read_as::<Signature>(text),
        read_as::<Salt>(text),
        read_as::<Time>(text),
        read_as::<Gln>(text),
        read_as::<Sscc>(text),
        // Shorter ones are the same number without its leading zeros.
        read_as::<Gtin>(text).map(|written| if text.len() < 14 { unpadded(&written, text) } else { written }),
        Signature::from_base58(text).ok().map(|signature| signature.to_base58()),
        merkle::path_from(text).ok().map(|path| merkle::path_text(&path)),
        cbv::hash_of_event_id(text).map(|hash| cbv::event_id(&hash)),
    ];
    for written in read.iter().flatten() {
        assert_eq!(written, text, "it has two spellings");
    }
    let any_time = Time::from_rfc3339(text).ok();
    if let Some(time) = any_time {
        assert_eq!(time.to_string().parse(), Ok(time), "a time cannot be read back");
    }
    if any_time.is_some() || read.iter().any(Option::is_some) { Verdict::Accepted } else { Verdict::Refused }
}

fn read_as<T: FromStr + Display>(text: &str) -> Option<String> {
    text.parse::<T>().ok().map(|value| value.to_string())
}

fn unpadded(written: &str, text: &str) -> String {
    written.get(14 - text.len()..).unwrap_or_default().to_owned()
}

pub(super) fn address_seeds() -> Vec<Vec<u8>> {
    let mut texts = Vec::new();
    golden::texts(&golden::json("keys", "keys.json"), &mut texts);
    texts.into_iter().map(String::into_bytes).collect()
}

pub(super) fn spelling_seeds() -> Vec<Vec<u8>> {
    let mut texts = Vec::new();
    for name in ["certificate.json", "entry.json", "records/event.commission.json", "records/event.aggregation.json"] {
        golden::texts(&golden::json("contracts", name), &mut texts);
    }
    golden::texts(&golden::json("keys", "secured-one.json"), &mut texts);
    texts.extend(["9528880100012", "09528880010021", "95012346", "095288802000000019"].map(str::to_owned));
    texts.push(cbv::event_id(&Hash::ZERO));
    texts.push("2005-04-03T20:33:31.116000-06:00".to_owned());
    texts.into_iter().map(String::into_bytes).collect()
}
