//! The store in memory keeps its promises: views stay as they are.

use hefu_contracts::schema::Table;

use crate::store::{Batch, Memory, Store, View};

fn put(store: &Memory, key: &str, value: Option<&str>) {
    let mut batch = Batch::default();
    match value {
        Some(value) => batch.put(Table::Rows, key, value.to_owned()),
        None => batch.delete(Table::Rows, key),
    }
    store.write(batch).expect("written");
}

fn all(view: &dyn View) -> Vec<String> {
    let pairs = view.scan(Table::Rows, &[], None).map(|pair| pair.expect("read"));
    pairs.map(|(key, value)| format!("{}={}", String::from_utf8_lossy(&key), String::from_utf8_lossy(&value))).collect()
}

#[test]
fn a_view_does_not_see_later_writes() {
    let store = Memory::new();
    put(&store, "a", Some("1"));
    let first = store.view();
    put(&store, "a", Some("2"));
    put(&store, "b", Some("1"));
    let second = store.view();
    put(&store, "a", None);
    put(&store, "b", Some("3"));
    assert_eq!(all(&*first), ["a=1"]);
    assert_eq!(all(&*second), ["a=2", "b=1"]);
    assert_eq!(all(&*store.view()), ["b=3"]);
    assert_eq!(first.get(Table::Rows, b"b").expect("read"), None);
    assert_eq!(second.get(Table::Rows, b"a").expect("read").as_deref(), Some(&b"2"[..]));
}

#[test]
fn a_scan_stays_within_its_table_and_its_bounds() {
    let store = Memory::new();
    for key in ["a", "b", "c"] {
        put(&store, key, Some("1"));
    }
    let mut batch = Batch::default();
    batch.put(Table::Entries, "b", "another table");
    store.write(batch).expect("written");
    let view = store.view();
    let keys = |from: &[u8], until: Option<&[u8]>| -> Vec<u8> {
        view.scan(Table::Rows, from, until).flat_map(|pair| pair.expect("read").0.into_vec()).collect()
    };
    assert_eq!(keys(b"", None), b"abc");
    assert_eq!(keys(b"b", None), b"bc");
    assert_eq!(keys(b"a", Some(b"c")), b"ab");
    assert_eq!(keys(b"aa", Some(b"b")), b"");
}
