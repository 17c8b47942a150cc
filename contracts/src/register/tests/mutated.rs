//! A sound proof, altered in every single way: none of them may be accepted.

use hefu_keys::Hash;
use serde_json::{Value, json};

use super::Register;
use crate::register::{Multiproof, proof::ShownBucket};

/// A proof with all that proofs can have: rows that are there, rows that are not at the beginning, in the middle and
/// at the end of a bucket, and an empty bucket.
struct Sound {
    register: Register,
    present: Vec<(&'static str, Hash)>,
    absent: Vec<&'static str>,
    json: Value,
}

impl Sound {
    fn new() -> Sound {
        let (register, rows) = Register::of(4, 30);
        let present = ["row/2", "row/3", "row/28"].map(|key| (key, rows[key])).to_vec();
        let absent = ["none/0", "none/5", "none/6", "none/15", "none/55"].to_vec();
        let keys: Vec<&str> = present.iter().map(|(key, _)| *key).chain(absent.iter().copied()).collect();
        let json = serde_json::to_value(register.prove(&keys)).unwrap();
        Sound { register, present, absent, json }
    }

    fn accepts(&self, proof: &Multiproof) -> bool {
        self.register.check(proof, &self.present, &self.absent).is_ok()
    }

    fn refuses(&self, altered: &Value, how: &str) {
        assert_ne!(*altered, self.json, "{how} alters nothing");
        let accepted = serde_json::from_value(altered.clone()).is_ok_and(|proof| self.accepts(&proof));
        assert!(!accepted, "{how} is accepted: {altered}");
    }
}

/// The JSON pointers of a value and of everything in it.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, value)| pointers(value, &format!("{at}/{name}"), found))
        }
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(n, value)| pointers(value, &format!("{at}/{n}"), found));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Every value that differs from this one in one place.
fn alterations(value: &Value) -> Vec<Value> {
    let mut altered =
        vec![json!(null), json!(true), json!(""), json!("0"), json!(-1), json!(0.5), json!([]), json!({})];
    match value {
        Value::Object(fields) => {
            for name in fields.keys() {
                let mut without = fields.clone();
                without.remove(name);
                altered.push(without.into());
            }
            let mut more = fields.clone();
            more.insert("more".to_owned(), json!(null));
            altered.push(more.into());
        }
        Value::Array(list) => altered.extend(rearranged(list).into_iter().map(Value::from)),
        Value::Number(number) => {
            let number = number.as_u64().unwrap();
            let bits = (0..40).map(|bit| number ^ (1 << bit));
            altered.extend(bits.chain([number + 1, number.wrapping_sub(1), u64::from(u32::MAX)]).map(Value::from));
        }
        Value::String(text) if text.len() == 64 => {
            altered.extend([json!(text.to_uppercase()), json!(text.split_at(1).1), json!(format!("{text}0"))]);
            altered.extend([json!(Hash::ZERO), json!(Hash::of(text.as_bytes()))]);
        }
        Value::String(text) => {
            let hashes = hefu_keys::merkle::path_from(text).unwrap();
            let paths = rearranged(&hashes).into_iter().chain([[hashes.as_slice(), &[Hash::ZERO]].concat()]);
            altered.extend(paths.map(|path| Value::from(hefu_keys::merkle::path_text(&path))));
            altered.extend(["=", "A", "AA", "\n"].map(|more| json!(format!("{text}{more}"))));
        }
        Value::Null | Value::Bool(_) => {}
    }
    altered.retain(|altered| altered != value);
    altered
}

/// The list without one element, with one twice, with two neighbours exchanged.
fn rearranged<T: Clone + PartialEq>(list: &[T]) -> Vec<Vec<T>> {
    let mut rearranged = Vec::new();
    for at in 0..list.len() {
        let mut without = list.to_vec();
        without.remove(at);
        rearranged.push(without);
        let mut twice = list.to_vec();
        twice.insert(at, list[at].clone());
        rearranged.push(twice);
        let mut exchanged = list.to_vec();
        exchanged.swap(at, (at + 1) % list.len());
        rearranged.push(exchanged);
    }
    rearranged.retain(|altered| altered != list);
    rearranged
}

#[test]
fn the_proof_to_be_altered_is_sound_and_has_everything() {
    let sound = Sound::new();
    let proof: Multiproof = serde_json::from_value(sound.json.clone()).unwrap();
    assert!(sound.accepts(&proof));
    assert!(proof.buckets.iter().any(|bucket| bucket.size == 0), "an empty bucket");
    assert!(proof.buckets.iter().any(|bucket| bucket.entries.len() > 2), "several entries in one bucket");
    assert!(proof.buckets.iter().any(|bucket| bucket.path.0.len() > 1), "a path in a bucket");
    assert!(proof.path.0.len() > 3, "a path over the buckets");
    let ends = |bucket: &ShownBucket| bucket.entries.last().is_some_and(|last| last.at + 1 == bucket.size);
    assert!(proof.buckets.iter().any(ends), "the end of a bucket");
}

#[test]
fn every_altered_field_is_refused() {
    let sound = Sound::new();
    let mut places = Vec::new();
    pointers(&sound.json, "", &mut places);
    let mut count = 0;
    for place in places {
        for value in alterations(sound.json.pointer(&place).unwrap()) {
            let mut altered = sound.json.clone();
            let how = format!("{place} = {value}");
            *altered.pointer_mut(&place).unwrap() = value;
            sound.refuses(&altered, &how);
            count += 1;
        }
    }
    assert!(count > 1_000, "only {count} alterations");
}

#[test]
fn every_exchange_of_two_values_is_refused() {
    let sound = Sound::new();
    let mut places = Vec::new();
    pointers(&sound.json, "", &mut places);
    for (n, a) in places.iter().enumerate() {
        for b in places[n + 1..].iter().filter(|b| !b.starts_with(a.as_str())) {
            let mut altered = sound.json.clone();
            let (left, right) = (sound.json.pointer(a).unwrap(), sound.json.pointer(b).unwrap());
            if left != right {
                *altered.pointer_mut(a).unwrap() = right.clone();
                *altered.pointer_mut(b).unwrap() = left.clone();
                sound.refuses(&altered, &format!("{a} and {b} exchanged"));
            }
        }
    }
}

#[test]
fn every_flipped_bit_of_the_text_is_refused() {
    let sound = Sound::new();
    let text = serde_json::to_string(&sound.json).unwrap().into_bytes();
    for byte in 0..text.len() {
        for bit in 0..8 {
            let mut altered = text.clone();
            altered[byte] ^= 1 << bit;
            let accepted = serde_json::from_slice(&altered).is_ok_and(|proof| sound.accepts(&proof));
            assert!(!accepted, "bit {bit} of byte {byte} is of no account");
        }
    }
}

#[test]
fn repeated_fields_are_refused() {
    let sound = Sound::new();
    let text = serde_json::to_string(&sound.json).unwrap();
    for (field, twice) in [
        ("{\"at\":0,", "{\"at\":0,\"at\":0,"),
        ("{\"buckets\":", "{\"path\":\"\",\"buckets\":"),
        ("{\"entries\":", "{\"size\":0,\"entries\":"),
    ] {
        let altered = text.replacen(field, twice, 1);
        assert_ne!(altered, text);
        serde_json::from_str::<Multiproof>(&altered).expect_err(twice);
    }
}
