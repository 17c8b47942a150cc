use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::canonical;
use crate::golden::{assert_golden, golden};

#[test]
fn golden_parts_do_not_change() {
    let salt = salt();
    let elements = codes(5);
    let list = list(&salt, &elements).unwrap();
    let shown = disclose(&salt, &elements, 3).unwrap();
    let private = json!([{"type": "po", "bizTransaction": "urn:epcglobal:cbv:bt:0614141000012:42"}]);
    let value = value(&salt, &canonical::to_string(&private).unwrap());
    let parts = json!({"salt": salt, "elements": elements, "list": list, "disclosed": shown, "private": private, "value": value});
    assert_golden("parts.json", &canonical::to_string(&parts).unwrap());

    let parts: serde_json::Value = serde_json::from_str(&golden("parts.json")).unwrap();
    let read_list: ListPart = serde_json::from_value(parts["list"].clone()).unwrap();
    let read_shown: Disclosed = serde_json::from_value(parts["disclosed"].clone()).unwrap();
    assert_eq!((read_list, &read_shown), (list, &shown));
    assert_eq!(serde_json::from_value::<ValuePart>(parts["value"].clone()).unwrap(), value);
    assert_eq!(serde_json::from_value::<Salt>(parts["salt"].clone()).unwrap(), salt);
    assert_eq!(check(&read_list, &read_shown), Ok(()));
}

#[test]
fn commitments_are_the_hashes_they_are_said_to_be() {
    // Written out by hand, byte by byte, and independently of the functions above.
    let salt = salt();
    let salt_of = |index: u8| Hash::of(&[&salt.0[..], &[0, 0, 0, index]].concat());
    let leaf = |index, element: &str| Hash::of(&[&[0][..], salt_of(index).as_bytes(), element.as_bytes()].concat());
    let node = |left: Hash, right: Hash| Hash::of(&[&[1][..], left.as_bytes(), right.as_bytes()].concat());

    let elements = ["a".to_owned(), "b".to_owned(), "c".to_owned()];
    let root = node(node(leaf(0, "a"), leaf(1, "b")), leaf(2, "c"));
    assert_eq!(list(&salt, &elements), Ok(ListPart { count: 3, root }));
    assert_eq!(disclose(&salt, &elements, 2).unwrap().path, merkle::path_text(&[node(leaf(0, "a"), leaf(1, "b"))]));
    assert_eq!(list(&salt, &elements[..1]), Ok(ListPart { count: 1, root: leaf(0, "a") }));
    assert_eq!(list(&salt, &[]), Ok(ListPart { count: 0, root: Hash::ZERO }));
    assert_eq!(value(&salt, "null").sha256, Hash::of(&[&[0][..], &salt.0, b"null"].concat()));
}

#[test]
fn lists_out_of_order_are_refused() {
    for (elements, refusal) in [
        (&["b", "a"][..], BadList::Order(1)),
        (&["a", "b", "b"], BadList::Twice(2)),
        (&["a", "c", "b"], BadList::Order(2)),
        (&["a", "aa", "a"], BadList::Order(2)),
        // Sorted by UTF-8 bytes: the order of code points, not of UTF-16 units.
        (&["😀", "\u{e000}"], BadList::Order(1)),
    ] {
        let elements: Vec<String> = elements.iter().map(|element| (*element).to_owned()).collect();
        assert_eq!(list(&salt(), &elements), Err(refusal), "{elements:?}");
        assert_eq!(disclose(&salt(), &elements, 0), Err(refusal), "{elements:?}");
    }
    assert_eq!(disclose(&salt(), &codes(3), 3), Err(BadList::Index { index: 3, count: 3 }));
    assert_eq!(disclose(&salt(), &[], 0), Err(BadList::Index { index: 0, count: 0 }));
}

#[test]
fn an_element_that_was_changed_in_any_way_is_refused() {
    let elements = codes(6);
    let part = list(&salt(), &elements).unwrap();
    let shown = disclose(&salt(), &elements, 2).unwrap();
    assert_eq!(check(&part, &shown), Ok(()));

    let other = disclose(&salt(), &elements, 4).unwrap();
    let changed = |change: &dyn Fn(&mut Disclosed)| {
        let mut shown = shown.clone();
        change(&mut shown);
        check(&part, &shown)
    };
    assert_eq!(changed(&|shown| shown.element.push('x')), Err(NotDisclosed::Root));
    assert_eq!(changed(&|shown| shown.salt = other.salt), Err(NotDisclosed::Root));
    assert_eq!(changed(&|shown| shown.index = 3), Err(NotDisclosed::Root));
    assert_eq!(changed(&|shown| shown.index = 4), Err(NotDisclosed::Path(BadPath::TooLong(1))));
    assert_eq!(changed(&|shown| shown.index = 6), Err(NotDisclosed::Path(BadPath::Position { position: 6, size: 6 })));
    assert_eq!(changed(&|shown| shown.path.clear()), Err(NotDisclosed::Path(BadPath::TooShort)));
    assert_eq!(changed(&|shown| shown.path.push('=')), Err(NotDisclosed::Path(BadPath::Text)));
    assert_eq!(changed(&|shown| shown.path.clone_from(&other.path)), Err(NotDisclosed::Path(BadPath::TooShort)));
}

#[test]
fn what_is_shown_does_not_give_away_the_salt_or_a_sibling() {
    let elements = codes(2);
    let shown = canonical::to_string(&disclose(&salt(), &elements, 0).unwrap()).unwrap();
    assert!(!shown.contains(&elements[1]));
    assert!(!shown.contains(&salt().to_string()));
    assert_eq!(format!("{:?}", salt()), "Salt(…)");
}

#[test]
fn unknown_fields_and_other_salts_are_refused() {
    let root = Hash::ZERO;
    assert!(serde_json::from_value::<ListPart>(json!({"count": 1, "root": root, "more": 1})).is_err());
    assert!(serde_json::from_value::<ListPart>(json!({"count": -1, "root": root})).is_err());
    assert!(serde_json::from_value::<ValuePart>(json!({"sha256": root, "salt": ""})).is_err());
    let text = salt().to_string();
    for other in
        ["", &text[1..], &format!("{text}="), &format!("{text}A"), &format!("{}_", &text[..42]), &"+".repeat(43)]
    {
        assert_eq!(other.parse::<Salt>(), Err(BadSalt), "{other}");
    }
    assert_ne!(Salt::generate().unwrap(), Salt::generate().unwrap());
}

proptest! {
    #[test]
    fn every_element_of_every_list_can_be_shown(elements in prop::collection::btree_set(".{0,12}", 1..40)) {
        let elements: Vec<String> = elements.into_iter().collect();
        let part = list(&salt(), &elements).unwrap();
        for index in 0..elements.len() {
            prop_assert_eq!(check(&part, &disclose(&salt(), &elements, index).unwrap()), Ok(()));
        }
    }
}

fn salt() -> Salt {
    Salt::from_bytes(std::array::from_fn(|index| u8::try_from(index).unwrap()))
}

fn codes(count: usize) -> Vec<String> {
    (0..count).map(|index| format!("https://id.gs1.org/01/09506000134352/21/S{index:04}")).collect()
}
