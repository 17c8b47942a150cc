//! A store whose tables were altered: what `verify` says.

use std::sync::Arc;

use hefu_contracts::schema::Table;
use serde_json::json;

use super::filled;
use crate::{
    core::tests::Scene,
    store::{Batch, Chain, Pair, Rocks, Store, VerifyError, onward_key, verify_store, verify_view},
    world::Deed,
};

/// Alters a sound store and returns what verification says of it.
#[track_caller]
fn check(table: Table, alter: impl FnOnce(&Chain, &mut Batch)) -> String {
    let (data, world) = filled();
    let store = Rocks::open(data.path(), world.genesis()).expect("opened");
    let chain = Chain::new(store.view(), world.genesis().clone().into()).expect("a chain");
    let mut batch = Batch::default();
    alter(&chain, &mut batch);
    assert!(!batch.is_empty(), "nothing was altered");
    store.write(batch).expect("written");
    drop((chain, store));
    let error = verify_store(data.path(), |_| ()).expect_err("not noticed");
    let (VerifyError::Differs { .. } | VerifyError::Damaged(_)) = &error else { panic!("{error}") };
    let words = error.to_string();
    assert!(words.contains(&format!("table {}", table.name())), "{words}");
    words
}

/// The last value of a table.
fn last(chain: &Chain, table: Table) -> Pair {
    chain.view().scan(table, &[], None).last().expect("a value").expect("read")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

#[test]
fn a_sound_store_passes_and_says_what_was_read() {
    let (data, world) = filled();
    let mut stages = Vec::new();
    let report = verify_store(data.path(), |progress| stages.push(progress.stage)).expect("sound");
    assert_eq!((report.chain, report.height.get(), report.records), (world.genesis().chain(), 5, 8));
    assert_eq!((report.compared.values, report.precommits), (3, 20));
    assert!(report.compared.rows > 20 && report.compared.entries > 8);
    stages.dedup();
    assert!(stages.len() > 5, "{stages:?}");
}

#[test]
fn a_changed_row_is_named_by_its_key() {
    let mut name = String::new();
    let words = check(Table::Rows, |chain, batch| {
        let (key, row) =
            chain.view().scan(Table::Rows, b"item/", Some(b"item0")).next().expect("an item").expect("read");
        name = text(&key);
        let changed = text(&row).replacen("huaxu", "yuelg", 1);
        assert_ne!(changed, text(&row));
        batch.put(Table::Rows, key.into_vec(), changed);
    });
    assert!(words.contains(&name) && words.contains("height 5"), "{words}");
}

#[test]
fn a_missing_and_an_invented_row_are_named() {
    let words = check(Table::Rows, |_, batch| batch.delete(Table::Rows, "party/huaxu"));
    assert!(words.contains("party/huaxu") && words.contains("missing"), "{words}");
    let words = check(Table::Rows, |chain, batch| {
        let row = chain.view().get(Table::Rows, b"party/huaxu").expect("read").expect("a row");
        let row = text(&row).replace("party/huaxu", "party/zzz");
        batch.put(Table::Rows, "party/zzz", row);
    });
    assert!(words.contains("party/zzz") && words.contains("no block has made"), "{words}");
}

#[test]
fn a_row_that_is_not_one_is_damaged() {
    let words = check(Table::Rows, |_, batch| batch.put(Table::Rows, "party/huaxu", "{}"));
    assert!(words.contains("party/huaxu") && words.contains("damaged"), "{words}");
}

#[test]
fn a_changed_or_missing_entry_is_named() {
    let words = check(Table::Entries, |chain, batch| {
        let (key, entry) = last(chain, Table::Entries);
        batch.put(Table::Entries, key.into_vec(), text(&entry).replacen("\"by\":[\"", "\"by\":[\"x", 1));
    });
    assert!(words.contains("do not lead to the row's head"), "{words}");
    check(Table::Entries, |chain, batch| batch.delete(Table::Entries, last(chain, Table::Entries).0.into_vec()));
    check(Table::Entries, |chain, batch| {
        let (key, entry) = last(chain, Table::Entries);
        let mut more = key.into_vec();
        *more.last_mut().expect("a number") += 1;
        batch.put(Table::Entries, more, entry.into_vec());
    });
}

#[test]
fn the_index_leads_from_a_container_to_what_is_in_it_and_is_compared_as_well() {
    let (data, mut world) = filled();
    let store: Arc<dyn Store> = Arc::new(Rocks::open(data.path(), world.genesis()).expect("opened"));
    let item = {
        let chain = Chain::new(store.view(), world.genesis().clone().into()).expect("a chain");
        let found = chain.rows("item/", None, 1).expect("read").remove(0);
        found.key
    };
    let child = format!("https://id.gs1.org/{}", item.trim_start_matches("item/"));
    world.wait(60_000);
    let mut pack = Deed::event(&world, "ADD", "packing", &[]);
    pack.body["event"]["type"] = json!("AggregationEvent");
    pack.body["event"]["parentID"] = json!("https://id.gs1.org/00/095288802000000019");
    pack.lists = [("/body/event/childEPCs".to_owned(), vec![child])].into();
    let core = crate::core::tests::open(&world, &store);
    let mut scene = Scene { world, store, core };
    scene.takes("huaxu", &pack);
    scene.block();
    let Scene { world, store, core } = scene;
    let chain = Chain::new(store.view(), world.genesis().clone().into()).expect("a chain");
    let onward =
        |from: &str, after: Option<&str>, until: Option<&str>| chain.onward(from, after, until, 10).expect("read");
    let container = "container/00/095288802000000019";
    assert_eq!(onward(container, None, None), std::slice::from_ref(&item));
    assert_eq!(onward(container, None, Some("transformation/")), std::slice::from_ref(&item));
    assert_eq!(onward(container, Some(&item), None), Vec::<String>::new());
    assert_eq!(onward(container, None, Some(&item)), Vec::<String>::new());
    assert_eq!(onward("container/00/", None, None), Vec::<String>::new());
    drop((chain, core));
    let verified = || {
        let chain = Chain::new(store.view(), world.genesis().clone().into()).expect("a chain");
        verify_view(&chain, |_| ())
    };
    let written = |alter: &dyn Fn(&mut Batch)| {
        let mut batch = Batch::default();
        alter(&mut batch);
        store.write(batch).expect("written");
    };
    let key = onward_key("container/00/095288802000000019", &item);
    written(&|batch| batch.delete(Table::Onward, key.clone()));
    let missing = verified().expect_err("not noticed").to_string();
    assert!(missing.contains("table onward") && missing.contains("missing from the index"), "{missing}");
    written(&|batch| batch.put(Table::Onward, key.clone(), Vec::new()));
    verified().expect("sound");
    written(&|batch| batch.put(Table::Onward, onward_key("lot/01/1", "lot/01/2"), Vec::new()));
    let invented = verified().expect_err("not noticed").to_string();
    assert!(invented.contains("no block has led there"), "{invented}");
}

#[test]
fn what_the_indices_miss_or_have_too_much_of_is_named() {
    for beginning in *b"litvp" {
        let first =
            |chain: &Chain| chain.view().scan(Table::Events, &[beginning], None).next().expect("a key").expect("read");
        let words = check(Table::Events, |chain, batch| batch.delete(Table::Events, first(chain).0.into_vec()));
        assert!(words.contains("missing from the index"), "{words}");
        let words = check(Table::Events, |chain, batch| {
            let (key, _) = first(chain);
            batch.put(Table::Events, [&*key, b"x"].concat(), Vec::new());
        });
        assert!(words.contains("values are there, the chain has"), "{words}");
    }
    let words = check(Table::Events, |chain, batch| {
        let (key, listing) = chain.view().scan(Table::Events, b"l", None).next().expect("a listing").expect("read");
        batch.put(Table::Events, key.into_vec(), text(&listing).replacen("commissioning", "inspecting", 1));
    });
    assert!(words.contains("it is not that of the block") && words.contains("height 2"), "{words}");
}

#[test]
fn a_number_of_what_is_alike_that_the_rows_do_not_lead_to_is_named() {
    let words = check(Table::Alike, |chain, batch| {
        let (key, count) = last(chain, Table::Alike);
        assert_eq!(*count, 4_u64.to_be_bytes());
        batch.put(Table::Alike, key.into_vec(), 3_u64.to_be_bytes().to_vec());
    });
    assert!(words.contains("lot/01/09528880010021 alike {"), "{words}");
    assert!(words.contains("the rows lead to 4, here are Some(3)"), "{words}");
    let words = check(Table::Alike, |chain, batch| batch.delete(Table::Alike, last(chain, Table::Alike).0.into_vec()));
    assert!(words.contains("missing from the index"), "{words}");
    for key in ["a", "z"] {
        let words = check(Table::Alike, |_, batch| batch.put(Table::Alike, key, [0_u8; 8].to_vec()));
        assert!(words.contains("no row leads there"), "{words}");
    }
}

#[test]
fn a_changed_height_of_a_block_or_number_of_records_is_named() {
    check(Table::Heights, |chain, batch| {
        let (key, mut height) = last(chain, Table::Heights);
        *height.last_mut().expect("a byte") ^= 1;
        batch.put(Table::Heights, key.into_vec(), height.into_vec());
    });
    check(Table::Heights, |chain, batch| batch.delete(Table::Heights, last(chain, Table::Heights).0.into_vec()));
    check(Table::Heights, |_, batch| batch.put(Table::Heights, [7_u8; 32], [0_u8; 8].to_vec()));
    let words = check(Table::Tip, |_, batch| batch.put(Table::Tip, "records", 9_u64.to_be_bytes().to_vec()));
    assert!(words.contains("records: is 9, the chain has 8"), "{words}");
}

#[test]
fn a_changed_bucket_is_named() {
    let words = check(Table::Buckets, |chain, batch| {
        let (key, bucket) = last(chain, Table::Buckets);
        let mut changed = bucket.into_vec();
        *changed.last_mut().expect("a byte") ^= 1;
        batch.put(Table::Buckets, key.into_vec(), changed);
    });
    assert!(words.contains("bucket 61"), "{words}");
}

#[test]
fn a_changed_value_is_named_and_an_erased_one_is_not_missed() {
    let words = check(Table::Values, |chain, batch| {
        let (key, value) = last(chain, Table::Values);
        batch.put(Table::Values, key.into_vec(), text(&value).replacen("4711", "4712", 1));
    });
    assert!(words.contains("/body/event/bizTransactionList"), "{words}");

    let (data, world) = filled();
    let store = Rocks::open(data.path(), world.genesis()).expect("opened");
    let chain = Chain::new(store.view(), world.genesis().clone().into()).expect("a chain");
    let mut batch = Batch::default();
    batch.delete(Table::Values, last(&chain, Table::Values).0.into_vec());
    store.write(batch).expect("written");
    drop((chain, store));
    let report = verify_store(data.path(), |_| ()).expect("erasure is no damage");
    assert_eq!(report.compared.values, 2);
}

#[test]
fn a_changed_record_is_named_by_its_block() {
    let words = check(Table::Records, |chain, batch| {
        let (key, record) = last(chain, Table::Records);
        batch.put(Table::Records, key.into_vec(), text(&record).replacen("inspecting", "inspectinx", 1));
    });
    assert!(words.contains("record 0 of block 5"), "{words}");
    let words =
        check(Table::Records, |chain, batch| batch.delete(Table::Records, last(chain, Table::Records).0.into_vec()));
    assert!(words.contains("block 5"), "{words}");
}

#[test]
fn a_changed_id_is_named() {
    check(Table::Ids, |chain, batch| {
        let (key, mut place) = last(chain, Table::Ids);
        *place.last_mut().expect("a byte") ^= 1;
        batch.put(Table::Ids, key.into_vec(), place.into_vec());
    });
    check(Table::Ids, |_, batch| batch.put(Table::Ids, [7_u8; 32], [0_u8; 12].to_vec()));
}

#[test]
fn a_changed_header_or_certificate_is_named_by_its_height() {
    let altered = |from: &'static str, to: &'static str| {
        check(Table::Blocks, move |chain, batch| {
            let key = 3_u64.to_be_bytes();
            let block = chain.view().get(Table::Blocks, &key).expect("read").expect("a block");
            let changed = text(&block).replacen(from, to, 1);
            assert_ne!(changed, text(&block));
            batch.put(Table::Blocks, key.to_vec(), changed);
        })
    };
    assert!(altered("\"membersSince\":1", "\"membersSince\":2").contains("height 3"));
    assert!(altered("\"round\":0", "\"round\":1").contains("certificate of block 3"));
    let words = check(Table::Blocks, |_, batch| batch.delete(Table::Blocks, 3_u64.to_be_bytes().to_vec()));
    assert!(words.contains("height 3"), "{words}");
}
