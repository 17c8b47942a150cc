//! Stores that are opened again, damaged, or altered behind the node's back.

mod altered;
mod flips;
mod memory;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use hefu_contracts::schema::{STORE_VERSION, Table};
use tempfile::TempDir;

use super::{Batch, Rocks, Store, create_store, verify_store};
use crate::{
    core::tests::Scene,
    world::{Deed, World},
};

/// A data directory whose chain has a few blocks.
pub(super) fn filled() -> (TempDir, World) {
    let directory = tempfile::tempdir().expect("a directory");
    let world = World::new(4);
    create_store(directory.path(), world.genesis()).expect("created");
    let store: Arc<dyn Store> = Arc::new(Rocks::open(directory.path(), world.genesis()).expect("opened"));
    let core = crate::core::tests::open(&world, &store);
    let mut scene = Scene { world, store, core };
    let codes = scene.prepare(8);
    let commission = codes.commission(&scene.world, 0, 4);
    scene.takes("huaxu", &commission);
    scene.block();
    for index in 0..3 {
        let observe = Deed::event(&scene.world, "OBSERVE", "inspecting", &[codes.epc(index)]).with_transactions();
        scene.takes("huaxu", &observe);
        scene.block();
    }
    let Scene { world, store, core } = scene;
    drop((store, core));
    (directory, world)
}

/// Why a store is not opened.
fn refusal(data: &Path, world: &World) -> String {
    match Rocks::open(data, world.genesis()) {
        Ok(_) => panic!("it was opened"),
        Err(error) => error.to_string(),
    }
}

fn tables(data: &Path, suffix: &str) -> Vec<PathBuf> {
    let files = fs::read_dir(data.join("store")).expect("a store");
    let mut files: Vec<PathBuf> = files.map(|file| file.expect("a file").path()).collect();
    files.retain(|path| path.to_string_lossy().ends_with(suffix));
    files.sort();
    files
}

/// RocksDB would read round in circles for ever after some of these.
#[test]
fn a_changed_type_in_the_list_of_files_is_named() {
    let (data, _) = filled();
    let store = data.path().join("store");
    let name = fs::read_to_string(store.join("CURRENT")).expect("CURRENT");
    let list = store.join(name.trim_end());
    let sound = fs::read(&list).expect("a list");
    let (mut at, mut changed) = (0, 0);
    while let Some([_, _, _, _, low, high, kind]) = sound.get(at..at + 7) {
        let mut bytes = sound.clone();
        bytes[at + 6] = kind ^ 4;
        fs::write(&list, &bytes).expect("written");
        let error = verify_store(data.path(), |_| ()).expect_err("not noticed").to_string();
        assert!(error.contains(name.trim_end()) && error.contains(&format!("byte {at}")), "{error}");
        (at, changed) = (at + 7 + usize::from(u16::from_le_bytes([*low, *high])), changed + 1);
    }
    assert!(changed > 20 && at == sound.len(), "only {changed} records were found");
    fs::write(&list, &sound).expect("written");
    verify_store(data.path(), |_| ()).expect("it is sound again");
}

/// … and of these.
#[test]
fn a_changed_type_in_what_was_written_last_is_named() {
    let (data, _) = filled();
    let logs = tables(data.path(), ".log");
    let last = logs.iter().find(|path| fs::metadata(path).is_ok_and(|file| file.len() > 0)).expect("a log");
    let sound = fs::read(last).expect("a log");
    let mut bytes = sound.clone();
    bytes[6] |= 4;
    fs::write(last, &bytes).expect("written");
    let error = verify_store(data.path(), |_| ()).expect_err("not noticed").to_string();
    assert!(error.contains(".log is damaged at byte 0"), "{error}");
    fs::write(last, &sound).expect("written");
    verify_store(data.path(), |_| ()).expect("it is sound again");
}

#[test]
fn a_store_is_opened_again_as_it_was_left() {
    let (data, world) = filled();
    let store: Arc<dyn Store> = Arc::new(Rocks::open(data.path(), world.genesis()).expect("opened"));
    let core = crate::core::tests::open(&world, &store);
    assert_eq!(core.height().get(), 5);
    let mut scene = Scene { world, store, core };
    scene.block();
    let report = scene.verify();
    assert_eq!((report.height.get(), report.records, report.compared.values), (6, 8, 3));
}

#[test]
fn a_store_in_use_is_not_opened_twice() {
    let (data, world) = filled();
    let _held = Rocks::open(data.path(), world.genesis()).expect("opened");
    assert!(refusal(data.path(), &world).contains("lock"));
}

#[test]
fn a_store_is_created_only_where_there_is_none() {
    let (data, world) = filled();
    let error = create_store(data.path(), world.genesis()).expect_err("created twice").to_string();
    assert!(error.contains("already"), "{error}");
    let empty = tempfile::tempdir().expect("a directory");
    assert!(refusal(empty.path(), &world).contains("there is no store"));
}

#[test]
fn a_store_of_another_chain_is_refused() {
    let (data, world) = filled();
    let other = World::new(5);
    let error = refusal(data.path(), &other);
    assert!(error.contains(&world.genesis().chain().to_string()), "{error}");
    assert!(error.contains(&other.genesis().chain().to_string()), "{error}");
}

#[test]
fn a_store_that_was_not_completely_created_is_refused_with_advice() {
    let world = World::new(4);
    let data = tempfile::tempdir().expect("a directory");
    drop(Rocks::create(data.path()).expect("begun"));
    let error = refusal(data.path(), &world);
    assert!(error.contains("not completely created") && error.contains("remove"), "{error}");

    let data = tempfile::tempdir().expect("a directory");
    fs::create_dir(data.path().join("store")).expect("begun even less");
    assert!(refusal(data.path(), &world).contains("not completely created"));
}

#[test]
fn a_store_of_another_format_or_engine_is_refused_with_advice() {
    for (key, value, words) in [
        ("version", format!("{}", STORE_VERSION + 1), "format version"),
        ("engine", "hotstuff-1".to_owned(), "consensus engine"),
    ] {
        let (data, world) = filled();
        let store = Rocks::open(data.path(), world.genesis()).expect("opened");
        let mut batch = Batch::default();
        batch.put(Table::Genesis, key, value.clone());
        store.write(batch).expect("written");
        drop(store);
        let error = refusal(data.path(), &world);
        assert!(error.contains(words) && error.contains(&value), "{error}");
    }
}

#[test]
fn a_store_that_has_lost_blocks_is_refused() {
    let (data, world) = filled();
    // Everything since the store was created is still in the log; the disk loses the second half of it.
    let log = tables(data.path(), ".log").pop().expect("a log");
    let bytes = fs::read(&log).expect("read");
    fs::write(&log, &bytes[..bytes.len() / 2]).expect("cut");
    let error = refusal(data.path(), &world);
    assert!(error.contains("had committed 5") && error.contains("lost"), "{error}");
    let error = verify_store(data.path(), |_| ()).expect_err("noticed").to_string();
    assert!(error.contains("had committed 5"), "{error}");
}

#[test]
fn a_store_without_its_watermark_is_refused() {
    let (data, world) = filled();
    let path = data.path().join("watermark");
    let bytes = fs::read(&path).expect("read");
    fs::remove_file(&path).expect("removed");
    assert!(refusal(data.path(), &world).contains("damaged or missing"));
    fs::write(&path, vec![0; 1_024]).expect("written");
    assert!(refusal(data.path(), &world).contains("damaged or missing"));
    fs::write(&path, bytes).expect("written");
    drop(Rocks::open(data.path(), world.genesis()).expect("opened"));
}

#[test]
fn a_damaged_table_is_named_with_its_file() {
    let (data, world) = filled();
    // The first opening writes what the log holds into table files.
    drop(Rocks::open(data.path(), world.genesis()).expect("opened"));
    verify_store(data.path(), |_| ()).expect("sound");
    let mut named = 0;
    for path in tables(data.path(), ".sst").into_iter().chain(tables(data.path(), ".blob")) {
        let sound = fs::read(&path).expect("read");
        let mut bytes = sound.clone();
        // Behind the header of a file of values, within the first block of any other.
        bytes[80] ^= 0x10;
        fs::write(&path, &bytes).expect("written");
        if let Err(error) = verify_store(data.path(), |_| ()) {
            let file = path.file_name().expect("a name").to_string_lossy().into_owned();
            let error = error.to_string();
            // RocksDB does not say in which file a value lies that is kept apart from its key.
            let named_so = if file.ends_with(".blob") { "at block" } else { &file };
            // What is read of a file when it is opened is damage of all tables.
            assert!(error.contains(named_so) && error.contains("table"), "{file}: {error}");
            named += 1;
        }
        fs::write(&path, &sound).expect("restored");
    }
    // Tables that nothing is read of, the candidates', may go unnoticed.
    assert!(named >= 8, "only {named} damaged files were noticed");
}
