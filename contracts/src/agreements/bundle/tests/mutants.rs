//! I7: whatever a single change does to a bundle, wherever it is made, the bundle does not hold any more.

use std::sync::LazyLock;

use hefu_keys::Hash;
use proptest::prelude::*;
use serde_json::Value;

use super::{bundle, checked, stated};
use crate::tests::kept::Kept;

/// The bundle, the genesis that it is checked against, and where everything in it is.
static GOOD: LazyLock<(Value, Hash, Vec<String>)> = LazyLock::new(|| {
    let kept = Kept::new(stated().world);
    let good = serde_json::to_value(bundle(&kept, "adu", 2)).unwrap();
    let mut places = Vec::new();
    walk(&good, String::new(), &mut places);
    (good, kept.chain(), places)
});

/// Pointers to every value below.
fn walk(value: &Value, at: String, places: &mut Vec<String>) {
    match value {
        Value::Array(values) => {
            values.iter().enumerate().for_each(|(place, value)| walk(value, format!("{at}/{place}"), places));
        }
        Value::Object(members) => members.iter().for_each(|(name, value)| {
            walk(value, format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")), places);
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    places.push(at);
}

/// One change at a place, such as somebody would make who wants to be paid more, or less.
fn change(value: &mut Value, how: u8, at: usize) {
    match value {
        Value::Null => *value = Value::Bool(false),
        Value::Bool(truth) => *truth = !*truth,
        Value::Number(number) => *value = Value::from(number.as_i64().unwrap() + 1 + i64::from(how)),
        Value::String(text) => {
            let mut chars: Vec<char> = text.chars().collect();
            let place = at % (chars.len() + 1);
            match (how % 3, chars.get_mut(place)) {
                (0, Some(char)) => *char = if *char == '1' { '2' } else { '1' },
                (1, Some(_)) => drop(chars.remove(place)),
                _ => chars.insert(place, '0'),
            }
            *text = chars.into_iter().collect();
        }
        Value::Array(values) if !values.is_empty() => {
            let place = at % values.len();
            match how % 3 {
                0 => drop(values.remove(place)),
                1 => values.insert(place, values[place].clone()),
                _ => values.rotate_left(place),
            }
        }
        Value::Array(values) => values.push(Value::from("1")),
        Value::Object(members) => match members.keys().nth(at % (members.len() + 1)).cloned() {
            Some(name) => drop(members.remove(&name)),
            None => drop(members.insert("more".to_owned(), Value::from("1"))),
        },
    }
}

proptest! {
    #[test]
    fn no_change_holds(place in any::<prop::sample::Index>(), how in any::<u8>(), at in any::<u16>()) {
        let (good, chain, places) = &*GOOD;
        let pointer = place.get(places);
        let mut changed = good.clone();
        change(changed.pointer_mut(pointer).unwrap(), how, usize::from(at));
        prop_assume!(changed != *good);
        prop_assert!(checked(&changed, chain).is_err(), "{} of {}", pointer, good.pointer(pointer).unwrap());
    }
}

#[test]
fn the_bundle_that_is_changed_holds() {
    let (good, chain, places) = &*GOOD;
    assert_eq!(checked(good, chain), Ok(()));
    assert!(places.len() > 500, "{} places", places.len());
}
