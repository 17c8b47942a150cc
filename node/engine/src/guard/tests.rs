use std::fs;

use proptest::prelude::*;
use tempfile::{TempDir, tempdir};

use super::*;

const ONE: Hash = Hash::from_bytes([1; 32]);
const OTHER: Hash = Hash::from_bytes([2; 32]);
const ME: Address = Address::from_bytes([9; 32]);

fn claim(height: u64, round: u32, step: Step, block: Option<Hash>) -> Claim {
    Claim { height, round, step, block, pol_round: None, body: None }
}

/// A signature that tells what it is of.
fn mark(claim: &Claim) -> Signature {
    let mut bytes = [0; 64];
    let words = format!("{claim:?}");
    bytes[..32].copy_from_slice(Hash::of(words.as_bytes()).as_bytes());
    Signature::from_bytes(bytes)
}

fn sign(guard: &Guard, claim: Claim) -> Result<(Claim, Signature), Refused> {
    Ok(guard.sign(claim, |claim| Some(mark(claim)))?.expect("it has a text"))
}

struct Scene(TempDir);

impl Scene {
    fn new() -> Scene {
        let directory = tempdir().unwrap();
        Guard::create(directory.path(), ME).unwrap();
        Scene(directory)
    }

    fn open(&self) -> Guard {
        Guard::open(self.0.path(), ME).unwrap()
    }

    fn files(&self) -> [std::path::PathBuf; 2] {
        ["signed-a", "signed-b"].map(|name| self.0.path().join(name))
    }
}

#[test]
fn what_was_signed_is_given_out_again_after_a_restart_and_never_something_else() {
    let scene = Scene::new();
    let steps = [(0, Step::Parts), (0, Step::Proposal), (0, Step::Prevote), (0, Step::Precommit), (1, Step::Prevote)];
    let all = |block| steps.map(|(round, step)| claim(7, round, step, Some(block)));
    let guard = scene.open();
    let first: Vec<_> = all(ONE).into_iter().map(|claim| sign(&guard, claim).unwrap()).collect();
    drop(guard);
    let guard = scene.open();
    assert_eq!(guard.height(), 7);
    for (asked, stored) in all(ONE).into_iter().zip(&first) {
        assert_eq!(&sign(&guard, asked).unwrap(), stored);
    }
    for (asked, stored) in all(OTHER).into_iter().zip(&first) {
        match sign(&guard, asked.clone()) {
            Ok(again) => assert_eq!(&again, stored),
            Err(refused) => assert!(matches!(refused, Refused::Announced(7, 0)) && asked.step == Step::Parts),
        }
    }
    assert_eq!(guard.counts().repeated, 5);
}

#[test]
fn nothing_is_signed_below_what_was_signed() {
    let scene = Scene::new();
    let guard = scene.open();
    sign(&guard, claim(7, 0, Step::Prevote, Some(ONE))).unwrap();
    let refused = sign(&guard, claim(6, 0, Step::Prevote, None));
    assert!(matches!(refused, Err(Refused::Past { asked: 6, signed: 7 })));
    sign(&guard, claim(8, 0, Step::Prevote, None)).unwrap();
    assert!(matches!(sign(&guard, claim(7, 5, Step::Prevote, None)), Err(Refused::Past { .. })));
}

#[test]
fn a_precommit_that_the_engine_has_forgotten_quarantines_its_height() {
    let scene = Scene::new();
    sign(&scene.open(), claim(7, 0, Step::Precommit, Some(ONE))).unwrap();
    let guard = scene.open();
    // The engine's log has lost the precommit: it goes on to the next round and would vote for another block.
    let said = sign(&guard, claim(7, 1, Step::Prevote, Some(OTHER))).unwrap().0;
    assert_eq!(said.block, None);
    assert_eq!(sign(&guard, claim(7, 2, Step::Precommit, Some(OTHER))).unwrap().0.block, None);
    assert_eq!(sign(&guard, claim(7, 3, Step::Prevote, Some(ONE))).unwrap().0.block, Some(ONE), "its own block");
    assert_eq!(guard.counts().withheld, 2);
    assert_eq!(sign(&guard, claim(8, 0, Step::Prevote, Some(OTHER))).unwrap().0.block, Some(OTHER), "the next height");
}

#[test]
fn a_precommit_that_the_engine_knows_does_not_bind_it() {
    for logged in [true, false] {
        let scene = Scene::new();
        let precommit = claim(7, 0, Step::Precommit, Some(ONE));
        sign(&scene.open(), precommit.clone()).unwrap();
        let guard = scene.open();
        if logged {
            guard.logged(&ME, &precommit);
        } else {
            sign(&guard, precommit).unwrap();
        }
        // The engine knows the lock, so it has seen what releases it.
        assert_eq!(sign(&guard, claim(7, 1, Step::Prevote, Some(OTHER))).unwrap().0.block, Some(OTHER));
    }
}

#[test]
fn a_log_that_is_lost_between_two_engines_of_one_process_quarantines_as_after_a_restart() {
    for logged in [true, false] {
        let scene = Scene::new();
        let first = scene.open().begin();
        let precommit = claim(7, 0, Step::Precommit, Some(ONE));
        sign(&first, precommit.clone()).unwrap();
        let second = first.begin();
        if logged {
            second.logged(&ME, &precommit);
        }
        let said = sign(&second, claim(7, 1, Step::Prevote, Some(OTHER))).unwrap().0;
        assert_eq!(said.block, logged.then_some(OTHER));
    }
}

#[test]
fn a_quarantine_outlasts_the_engine_that_brought_it_about() {
    let scene = Scene::new();
    let first = scene.open().begin();
    let precommit = claim(7, 0, Step::Precommit, Some(ONE));
    sign(&first, precommit.clone()).unwrap();
    sign(&first, claim(7, 0, Step::Precommit, None)).unwrap();
    let second = first.begin();
    second.logged(&ME, &precommit);
    assert_eq!(sign(&second, claim(7, 1, Step::Prevote, Some(OTHER))).unwrap().0.block, None);
}

/// A thread of the first engine may still wait for the disk when the second has read its log.
#[test]
fn an_engine_signs_nothing_once_another_has_begun() {
    let scene = Scene::new();
    let opened = scene.open();
    let first = opened.begin();
    sign(&first, claim(7, 0, Step::Prevote, Some(ONE))).unwrap();
    let second = opened.begin();
    for earlier in [&opened, &first] {
        assert!(matches!(sign(earlier, claim(7, 0, Step::Precommit, Some(ONE))), Err(Refused::Over)));
    }
    sign(&second, claim(7, 0, Step::Precommit, Some(ONE))).unwrap();
    assert_eq!(opened.height(), 7, "it still tells how things stand");
}

#[test]
fn a_precommit_given_out_in_the_place_of_another_quarantines_too() {
    let scene = Scene::new();
    sign(&scene.open(), claim(7, 0, Step::Precommit, Some(ONE))).unwrap();
    let guard = scene.open();
    assert_eq!(sign(&guard, claim(7, 0, Step::Precommit, None)).unwrap().0.block, Some(ONE));
    assert_eq!(sign(&guard, claim(7, 1, Step::Prevote, Some(OTHER))).unwrap().0.block, None);
}

#[test]
fn a_guard_that_is_older_than_the_log_signs_nothing() {
    let scene = Scene::new();
    let guard = scene.open();
    sign(&guard, claim(7, 0, Step::Prevote, Some(ONE))).unwrap();
    guard.logged(&Address::from_bytes([1; 32]), &claim(7, 0, Step::Precommit, Some(ONE)));
    guard.logged(&ME, &claim(6, 0, Step::Precommit, Some(ONE)));
    assert!(!guard.is_behind(), "another's, and a past height's");
    guard.logged(&ME, &claim(7, 0, Step::Precommit, Some(ONE)));
    assert!(guard.is_behind());
    assert!(matches!(sign(&guard, claim(7, 1, Step::Prevote, None)), Err(Refused::Behind)));
}

#[test]
fn a_renewed_guard_sleeps_until_it_is_woken() {
    let scene = Scene::new();
    sign(&scene.open(), claim(7, 0, Step::Prevote, Some(ONE))).unwrap();
    Guard::renew(scene.0.path(), ME).unwrap();
    let guard = scene.open();
    assert!(guard.is_asleep());
    assert!(matches!(sign(&guard, claim(9, 0, Step::Prevote, None)), Err(Refused::Asleep)));
    guard.wake(12).unwrap();
    drop(guard);
    let guard = scene.open();
    assert!(!guard.is_asleep());
    assert!(matches!(sign(&guard, claim(11, 0, Step::Prevote, None)), Err(Refused::Past { .. })));
    sign(&guard, claim(12, 0, Step::Prevote, None)).unwrap();
    assert!(scene.files()[0].with_extension("old1").exists(), "the old one is kept");
}

#[test]
fn a_guard_is_one_keys_one_processs_and_made_once() {
    let scene = Scene::new();
    let guard = scene.open();
    assert!(matches!(Guard::open(scene.0.path(), ME).err(), Some(GuardError::InUse(_))));
    drop(guard);
    let stranger = Address::from_bytes([1; 32]);
    assert!(matches!(Guard::open(scene.0.path(), stranger).err(), Some(GuardError::Foreign { .. })));
    assert!(matches!(Guard::create(scene.0.path(), ME), Err(GuardError::Exists(_))));
    let nothing = tempdir().unwrap();
    assert!(matches!(Guard::open(nothing.path(), ME).err(), Some(GuardError::Missing(_))));
}

/// A guard with entries, and what it has signed.
fn filled() -> (Scene, Vec<Claim>) {
    let scene = Scene::new();
    let guard = scene.open();
    let claims = [
        claim(6, 0, Step::Precommit, Some(ONE)),
        Claim { body: Some((ME, 700)), ..claim(7, 0, Step::Parts, Some(ONE)) },
        claim(7, 0, Step::Proposal, Some(ONE)),
        claim(7, 0, Step::Prevote, Some(ONE)),
        claim(7, 0, Step::Precommit, Some(ONE)),
        Claim { pol_round: Some(0), ..claim(7, 1, Step::Proposal, Some(ONE)) },
        claim(7, 1, Step::Prevote, None),
    ];
    for claim in &claims {
        sign(&guard, claim.clone()).unwrap();
    }
    (scene, claims[1..].to_vec())
}

/// Whether an opened guard still gives out everything, and nothing in its place.
fn remembers(guard: &Guard, claims: &[Claim]) -> bool {
    claims.iter().all(|claim| {
        guard.height() == 7
            && guard.state().signed.get(&(claim.round, claim.step)).is_some_and(|entry| entry.says(claim))
    })
}

#[test]
fn every_flipped_bit_of_either_file_is_repaired() {
    let (scene, claims) = filled();
    let whole = scene.files().map(|path| fs::read(path).unwrap());
    // The slots in use and one behind them; the rest are zeros like that one.
    let bytes = (claims.len() + 3) * entry::SLOT_BYTES;
    for (file, path) in scene.files().iter().enumerate() {
        for bit in 0..bytes * 8 {
            let mut flipped = whole[file].clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let copies = if file == 0 { [flipped, whole[1].clone()] } else { [whole[0].clone(), flipped] };
            let (header, entries, sound) = book::tests::merged(path.parent().unwrap(), &copies).unwrap();
            assert!(!sound, "bit {bit} of file {file} went unnoticed");
            assert_eq!((header.validator, entries.len()), (ME, claims.len() + 1), "bit {bit} of file {file}");
        }
    }
    // And once from the disk, for all that is around it.
    for (path, bytes) in scene.files().iter().zip(&whole) {
        let mut flipped = bytes.clone();
        flipped[700] ^= 4;
        fs::write(path, flipped).unwrap();
        assert!(remembers(&scene.open(), &claims));
        assert_eq!(scene.files().map(|path| fs::read(path).unwrap()), whole, "repaired");
    }
}

#[test]
fn damage_to_both_files_at_one_place_is_refused() {
    let (scene, claims) = filled();
    let whole = scene.files().map(|path| fs::read(path).unwrap());
    for slot in 0..=claims.len() {
        for (path, bytes) in scene.files().iter().zip(&whole) {
            let mut broken = bytes.clone();
            broken[slot * entry::SLOT_BYTES + 40] ^= 1;
            fs::write(path, broken).unwrap();
        }
        let error = Guard::open(scene.0.path(), ME).err().unwrap();
        assert!(matches!(error, GuardError::Damaged { slot: found, .. } if found == slot), "slot {slot}: {error}");
    }
}

#[test]
fn a_lost_file_is_written_anew_from_the_other() {
    let (scene, claims) = filled();
    let whole = scene.files().map(|path| fs::read(path).unwrap());
    for path in scene.files() {
        fs::remove_file(path).unwrap();
        assert!(remembers(&scene.open(), &claims));
        assert_eq!(scene.files().map(|path| fs::read(path).unwrap()), whole);
    }
    for path in scene.files() {
        fs::remove_file(path).unwrap();
    }
    assert!(matches!(Guard::open(scene.0.path(), ME).err(), Some(GuardError::Missing(_))));
}

#[test]
fn a_crash_between_the_two_writes_leaves_the_first_or_nothing() {
    let (scene, claims) = filled();
    let [first, second] = scene.files();
    let before = fs::read(&second).unwrap();
    sign(&scene.open(), claim(7, 2, Step::Prevote, Some(OTHER))).unwrap();
    fs::write(&second, &before).unwrap();
    let guard = scene.open();
    assert!(remembers(&guard, &claims));
    assert!(guard.state().signed.contains_key(&(2, Step::Prevote)), "it is in the first file");
    drop(guard);
    // Torn in the first file, so it was never given out.
    let end = (claims.len() + 2) * entry::SLOT_BYTES;
    let mut torn = fs::read(&first).unwrap();
    torn[end + 100..end + entry::SLOT_BYTES].fill(0);
    fs::write(&first, torn).unwrap();
    fs::write(&second, &before).unwrap();
    let guard = scene.open();
    assert!(remembers(&guard, &claims));
    assert!(!guard.state().signed.contains_key(&(2, Step::Prevote)));
    drop(guard);
    assert_eq!(scene.files().map(|path| fs::read(path).unwrap()), [before.clone(), before], "nothing is left of it");
}

/// Files in memory, which need no syncing, of a machine whose power may fail.
#[derive(Clone, Default)]
struct Paper {
    files: Arc<Mutex<[Option<Vec<u8>>; 2]>>,
    /// How many files are changed before it fails, where it is to fail.
    power: Arc<Mutex<Option<u32>>>,
}

impl Paper {
    fn open(&self) -> Guard {
        Guard::open_on(Box::new(self.clone()), ME).unwrap()
    }

    /// Another machine with such files.
    fn copy(&self) -> Paper {
        Paper { files: Arc::new(Mutex::new(self.files.lock().unwrap().clone())), power: Arc::default() }
    }

    /// One file is changed, unless there is no power.
    fn change(&self) -> Result<(), GuardError> {
        let mut power = self.power.lock().unwrap();
        let (left, dark) = match *power {
            None => (None, false),
            Some(left) => (Some(left.saturating_sub(1)), left == 0),
        };
        *power = left;
        let error = || GuardError::Io { path: self.path().to_owned(), source: std::io::Error::other("no power") };
        if dark { Err(error()) } else { Ok(()) }
    }
}

impl Medium for Paper {
    fn path(&self) -> &Path {
        Path::new("paper")
    }

    fn read(&mut self) -> Result<[Option<Vec<u8>>; 2], GuardError> {
        Ok(self.files.lock().unwrap().clone())
    }

    fn replace(&mut self, bytes: &[u8]) -> Result<(), GuardError> {
        for file in self.files.lock().unwrap().iter_mut() {
            self.change()?;
            *file = Some(bytes.to_vec());
        }
        Ok(())
    }

    fn write(&mut self, offset: u64, bytes: &[u8]) -> Result<(), GuardError> {
        let start = usize::try_from(offset).unwrap();
        for file in self.files.lock().unwrap().iter_mut().flatten() {
            self.change()?;
            file.resize(file.len().max(start), 0);
            let replaced = bytes.len().min(file.len().saturating_sub(start));
            file.splice(start..start.saturating_add(replaced), bytes.iter().copied());
        }
        Ok(())
    }
}

#[test]
fn long_files_begin_anew_and_keep_the_height() {
    let paper = Paper::default();
    Guard::create_on(Box::new(paper.clone()), ME).unwrap();
    let guard = paper.open();
    let heights = u64::try_from(ENTRIES_MAX).unwrap().saturating_add(40);
    for height in 1..=heights {
        sign(&guard, claim(height, 0, Step::Prevote, None)).unwrap();
    }
    drop(guard);
    let slots = paper.files.lock().unwrap()[0].as_ref().unwrap().len() / 256;
    assert!(slots < 1_000, "{slots} slots");
    let guard = paper.open();
    assert_eq!(guard.height(), heights);
    assert!(matches!(sign(&guard, claim(ENTRIES_MAX as u64, 0, Step::Prevote, None)), Err(Refused::Past { .. })));
}

#[test]
fn a_crash_while_long_files_begin_anew_lets_nothing_be_signed_a_second_time() {
    let long = Paper::default();
    Guard::create_on(Box::new(long.clone()), ME).unwrap();
    let guard = long.open();
    for round in 0..u32::try_from(ENTRIES_MAX).unwrap() {
        sign(&guard, claim(7, round, Step::Prevote, Some(ONE))).unwrap();
    }
    drop(guard);
    // Both files are replaced, then the new height's first slot is written into both. Which comes first must not matter.
    for (changes, swapped) in (0..=4).flat_map(|changes| [(changes, false), (changes, true)]) {
        let paper = long.copy();
        let guard = paper.open();
        *paper.power.lock().unwrap() = Some(changes);
        let given = sign(&guard, claim(8, 0, Step::Prevote, Some(ONE)));
        assert_eq!(given.is_ok(), changes == 4);
        drop(guard);
        *paper.power.lock().unwrap() = None;
        if swapped {
            paper.files.lock().unwrap().swap(0, 1);
        }

        let guard = paper.open();
        match sign(&guard, claim(7, 0, Step::Prevote, Some(OTHER))) {
            Ok((said, _)) => assert_eq!(said.block, Some(ONE), "after {changes} changes"),
            Err(refused) => assert!(matches!(refused, Refused::Past { asked: 7, signed: 8 }), "{refused}"),
        }
        let (said, _) = sign(&guard, claim(8, 0, Step::Prevote, Some(OTHER))).unwrap();
        assert!(given.is_err() || said.block == Some(ONE), "after {changes} changes");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is asked for, in whatever order, with restarts in between: one message for each step, for ever.
    #[test]
    fn no_two_messages_for_one_step(asked in prop::collection::vec((1_u64..4, 0_u32..3, 0_u8..4, 0_u8..3, any::<bool>()), 1..40)) {
        let scene = Scene::new();
        let mut guard = scene.open();
        let mut given = BTreeMap::new();
        for (height, round, step, block, restart) in asked {
            if restart {
                drop(guard);
                guard = scene.open();
            }
            let step = [Step::Parts, Step::Proposal, Step::Prevote, Step::Precommit][usize::from(step)];
            let block = [None, Some(ONE), Some(OTHER)][usize::from(block)];
            if let Ok((said, signature)) = sign(&guard, claim(height, round, step, block)) {
                let first = given.entry((height, round, step)).or_insert((said.clone(), signature));
                prop_assert_eq!(first, &mut (said, signature));
            }
        }
    }
}
