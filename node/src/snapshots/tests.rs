//! A ledger that is handed over, by honest nodes and by others, without a network.

#![expect(clippy::ptr_arg, reason = "some lies need the whole list, so all have one shape")]

mod lies;
mod limits;
mod rot;

use std::{collections::BTreeMap, fs, sync::Arc, time::Duration};

use bytes::Bytes;
use hefu_contracts::schema::Table;
use hefu_gossip::{Ask, PeerId};
use tempfile::TempDir;

use super::{
    Shelf, answer,
    restore::{Lie, Progress, Source, Stop, fill},
};
use crate::{
    core::{
        Next,
        tests::{Scene, open},
    },
    store::{Chain, Memory, Pair, Restoring, Rocks, Store, verify_store, verify_view},
    world::{Deed, World},
};

/// What somebody does to an answer.
type Twist = fn(&Ask, &mut Vec<Bytes>);

/// Those who can be asked, each with what it does to its answers; `None` gives none.
struct Others {
    scene: Scene,
    shelf: Shelf,
    directory: TempDir,
    twists: BTreeMap<PeerId, Option<Twist>>,
    exposed: Vec<(PeerId, String)>,
    asked: Vec<(PeerId, Ask)>,
    /// How long each takes for an answer.
    delays: BTreeMap<PeerId, Duration>,
    clock: Duration,
}

impl Source for Others {
    fn peers(&mut self) -> Vec<PeerId> {
        self.twists.keys().copied().collect()
    }

    fn ask(&mut self, peer: PeerId, ask: Ask) -> Option<Vec<Bytes>> {
        self.asked.push((peer, ask.clone()));
        self.clock += self.delays.get(&peer).copied().unwrap_or_default();
        let twist = self.twists.get(&peer).copied().flatten()?;
        let mut pieces = answer(&self.shelf, &chain(&self.scene), &ask).expect("no fault");
        twist(&ask, &mut pieces);
        Some(pieces)
    }

    fn clock(&self) -> Duration {
        self.clock
    }

    fn expose(&mut self, peer: PeerId, Lie(words): &Lie) {
        self.exposed.push((peer, words.clone()));
    }
}

fn chain(scene: &Scene) -> Chain {
    scene.core.head().read().expect("not poisoned").chain.clone()
}

fn honest(_: &Ask, _: &mut Vec<Bytes>) {}

/// A chain with things that have long histories, and blocks after the snapshot.
fn scene() -> (Scene, Chain) {
    let (mut scene, codes) = Scene::with_codes(64);
    let commission = codes.commission(&scene.world, 0, 12);
    scene.takes("huaxu", &commission);
    scene.block();
    for round in 0..6 {
        for index in 0..4 {
            let step = if round % 2 == 0 { "inspecting" } else { "storing" };
            let observe = Deed::event(&scene.world, "OBSERVE", step, &[codes.epc(index)]).with_transactions();
            scene.takes("huaxu", &observe);
        }
        scene.block();
    }
    let then = chain(&scene);
    for index in 0..3 {
        let observe = Deed::event(&scene.world, "OBSERVE", "inspecting", &[codes.epc(index)]);
        scene.takes("huaxu", &observe);
        scene.block();
    }
    (scene, then)
}

/// These, of whom all have the snapshot.
fn others(twists: &[Option<Twist>]) -> Others {
    let (scene, then) = scene();
    let directory = tempfile::tempdir().expect("a directory");
    let shelf = Shelf::open(directory.path(), 1);
    shelf.take(&then).expect("taken");
    // In the order in which they are asked.
    let mut peers: Vec<PeerId> = twists.iter().map(|_| PeerId::random()).collect();
    peers.sort();
    let twists = peers.into_iter().zip(twists.iter().copied()).collect();
    Others {
        scene,
        shelf,
        directory,
        twists,
        exposed: Vec::new(),
        asked: Vec::new(),
        delays: BTreeMap::new(),
        clock: Duration::ZERO,
    }
}

/// As a node does: again while somebody offers something else.
fn restore(others: &mut Others) -> Result<Arc<dyn Store>, Stop> {
    let genesis = others.scene.world.genesis().clone();
    let mut left_out = Vec::new();
    loop {
        let store: Arc<dyn Store> = Arc::new(Memory::new());
        match fill(&genesis, &*store, others, &mut left_out, &mut |_| ()) {
            Err(Stop::Nobody(_)) => {}
            filled => return filled.map(|_| store),
        }
    }
}

fn table(view: &dyn crate::store::View, table: Table) -> Vec<Pair> {
    view.scan(table, &[], None).collect::<Result<_, _>>().expect("read")
}

/// The store is the one that has executed every block up to the snapshot, and goes on from there.
#[track_caller]
fn assert_restored(others: &Others, store: &Arc<dyn Store>) {
    let newest = others.shelf.newest().expect("a snapshot");
    let mut core = open(&others.scene.world, store);
    assert_eq!(core.height(), newest.header.height);
    let all = chain(&others.scene);
    for height in newest.header.height.get() + 1..=all.tip().height.get() {
        let served = core.history_min().get();
        assert_eq!(served, 1, "it has all blocks");
        let height = hefu_contracts::height::Height::new(height).expect("small");
        let (certificate, body) = all.body(height).expect("read").expect("a block");
        let block = Some(certificate.block);
        let proposal = crate::core::Proposal { height: height.get(), round: 0, block, fresh: false };
        let bound = core.prepare(&proposal, body.into()).bind();
        core.validate(others.scene.world.now, &proposal, bound).expect("no fault");
        core.commit(others.scene.world.now, certificate, Next::Elsewhere).expect("committed");
    }
    let restored = core.head().read().expect("not poisoned").chain.clone();
    let tables = [Table::Rows, Table::Entries, Table::Buckets, Table::Blocks, Table::Records, Table::Ids, Table::Tip];
    for which in tables.into_iter().chain([Table::Heights, Table::Events]) {
        assert!(table(&**restored.view(), which) == table(&**all.view(), which), "{}", which.name());
    }
    verify_view(&restored, |_| ()).expect("sound");
}

#[test]
fn what_is_restored_is_what_would_have_been_executed() {
    let mut others = others(&[Some(honest), Some(honest), Some(honest)]);
    let store = restore(&mut others).expect("restored");
    assert_restored(&others, &store);
    assert!(others.exposed.is_empty(), "{:?}", others.exposed);
    let asked = |peer: &PeerId| others.asked.iter().any(|(who, ask)| who == peer && *ask != Ask::Snapshot);
    assert!(others.twists.keys().all(asked), "the work is shared");
}

/// Each kind of lie, in each piece that it can be in.
#[test]
fn who_lies_is_found_out_by_the_first_piece_and_others_are_asked() {
    let lies: [(Twist, &str); 13] = [
        (lies::changes_a_row, "row"),
        (lies::breaks_a_row, "row"),
        (lies::repeats_a_row, "range"),
        (lies::swaps_entries, "do not lead to its head"),
        (lies::changes_an_entry, "not canonical"),
        (lies::leaves_an_entry_out, "do not lead to its head"),
        (lies::changes_a_certificate, "signature"),
        (lies::leaves_a_block_out, "does not follow"),
        (lies::changes_a_record, "records are not those"),
        (lies::sends_half_a_block, "two pieces"),
        (lies::sends_more_blocks_than_there_are, "were asked for"),
        (lies::sends_nothing_in_pieces, "no bytes"),
        (lies::forges_an_issuance, "not proven to be in their batch"),
    ];
    for (at, (lie, words)) in lies.into_iter().enumerate() {
        let mut exposed = 0;
        for liar in 0..3 {
            let mut twists = [Some(honest as Twist); 3];
            twists[liar] = Some(lie);
            let mut others = others(&twists);
            let store = restore(&mut others).unwrap_or_else(|stop| panic!("lie {at}: {stop}"));
            assert_restored(&others, &store);
            let liar = *others.twists.keys().nth(liar).expect("one of three");
            for (peer, told) in &others.exposed {
                assert_eq!(*peer, liar, "lie {at}: another one was exposed: {told}");
                assert!(told.contains(words), "lie {at}: {told}");
                let (last, _) = others.asked.last().expect("somebody was asked");
                assert_ne!(*last, liar, "lie {at}: it was asked to the end");
            }
            assert!(others.exposed.len() <= 1, "lie {at}: it was asked again");
            exposed += others.exposed.len();
        }
        assert!(exposed > 0, "lie {at} was never noticed");
    }
}

/// One who answers as slowly as the network bears, a row at a time, and one who does not answer at all.
#[test]
fn who_is_slow_holds_nothing_up_and_is_asked_where_nobody_else_has_it() {
    fn one_by_one(ask: &Ask, pieces: &mut Vec<Bytes>) {
        if *ask != Ask::Snapshot {
            pieces.truncate(1);
        }
    }
    let wait = Duration::from_secs(14);
    for bad in [Some(one_by_one as Twist), None] {
        let mut others = others(&[bad, Some(honest), bad]);
        let peers: Vec<PeerId> = others.twists.keys().copied().collect();
        others.delays = [(peers[0], wait), (peers[2], wait)].into();
        let store = restore(&mut others).expect("restored");
        assert_restored(&others, &store);
        assert!(others.exposed.is_empty(), "{:?}", others.exposed);
        // Each of both: the card, and one piece that takes three answers.
        assert!(others.clock <= wait * 8, "{:?} for {} answers", others.clock, others.asked.len());
    }
    let mut alone = others(&[Some(honest)]);
    alone.delays = alone.twists.keys().map(|peer| (*peer, wait)).collect();
    let store = restore(&mut alone).expect("restored");
    assert_restored(&alone, &store);
}

#[test]
fn a_card_that_nobody_has_certified_is_a_lie() {
    fn changes_the_root(ask: &Ask, pieces: &mut Vec<Bytes>) {
        if let (Ask::Snapshot, Some(roots)) = (ask, pieces.get_mut(2)) {
            let mut bytes = roots.to_vec();
            bytes[0] ^= 1;
            *roots = Bytes::from(bytes);
        }
    }
    fn changes_the_header(ask: &Ask, pieces: &mut Vec<Bytes>) {
        if let (Ask::Snapshot, Some(header)) = (ask, pieces.first_mut()) {
            let text = String::from_utf8(header.to_vec()).expect("text");
            let (before, after) = text.split_once("\"register\":\"").expect("a header");
            let digit = if after.starts_with('0') { '1' } else { '0' };
            *header = Bytes::from(format!("{before}\"register\":\"{digit}{}", &after[1..]));
        }
    }
    fn leaves_signatures_out(ask: &Ask, pieces: &mut Vec<Bytes>) {
        if let (Ask::Snapshot, Some(certificate)) = (ask, pieces.get_mut(1)) {
            let text = String::from_utf8(certificate.to_vec()).expect("text");
            let (before, _) = text.split_once("\"signatures\":[").expect("a certificate");
            *certificate = Bytes::from(format!("{before}\"signatures\":[]}}"));
        }
    }
    for lie in [changes_the_root as Twist, changes_the_header, leaves_signatures_out] {
        let mut alone = others(&[Some(lie)]);
        assert!(matches!(restore(&mut alone), Err(Stop::None)));
        assert_eq!(alone.exposed.len(), 1);
        let mut others = others(&[Some(lie), Some(honest)]);
        let store = restore(&mut others).expect("restored");
        assert_restored(&others, &store);
    }
}

#[test]
fn a_card_with_nothing_behind_it_keeps_nobody_from_a_true_one() {
    fn counts(ask: &Ask, pieces: &mut Vec<Bytes>, change: impl Fn(u32) -> u32) {
        match (ask, pieces.get_mut(3)) {
            (Ask::Snapshot, Some(counts)) => {
                let (each, _) = counts.as_chunks::<4>();
                *counts = each.iter().flat_map(|count| change(u32::from_be_bytes(*count)).to_be_bytes()).collect();
            }
            _ => pieces.clear(),
        }
    }
    let more: Twist = |ask, pieces| counts(ask, pieces, |count| count + 1);
    let less: Twist = |ask, pieces| counts(ask, pieces, |count| count.saturating_sub(1));
    for liar in [more, less] {
        for honest_ones in [1, 3] {
            for first in [true, false] {
                let mut twists = vec![Some(honest as Twist); honest_ones];
                twists.insert(if first { 0 } else { honest_ones }, Some(liar));
                let mut others = others(&twists);
                let store = restore(&mut others).expect("restored");
                assert_restored(&others, &store);
                assert_eq!(others.exposed, [], "nobody was found to lie");
            }
        }
    }
}

#[test]
fn who_has_nothing_or_does_not_answer_is_passed_over() {
    fn has_nothing(_: &Ask, pieces: &mut Vec<Bytes>) {
        pieces.clear();
    }
    let mut nobody = others(&[Some(has_nothing), None]);
    assert!(matches!(restore(&mut nobody), Err(Stop::None)));
    assert!(nobody.exposed.is_empty());
    let mut others = others(&[None, Some(has_nothing), Some(honest)]);
    let store = restore(&mut others).expect("restored");
    assert_restored(&others, &store);
    assert!(others.exposed.is_empty());
}

#[test]
fn who_goes_away_in_the_middle_leaves_nothing_to_be_used() {
    fn has_only_rows(ask: &Ask, pieces: &mut Vec<Bytes>) {
        if let Ask::Entries { .. } | Ask::Blocks { .. } = ask {
            pieces.clear();
        }
    }
    let mut others = others(&[Some(has_only_rows)]);
    let data = tempfile::tempdir().expect("a directory");
    let (_, store) = Restoring::begin(data.path()).expect("begun");
    let genesis = others.scene.world.genesis().clone();
    let stop = fill(&genesis, &store, &mut others, &mut Vec::new(), &mut |_| ()).expect_err("not all is there");
    assert!(stop.to_string().contains("entries"), "{stop}");
    drop(store);
    // As a kill would leave it: the next attempt begins anew, and what is whole takes its place.
    assert!(Rocks::open(data.path(), &genesis).is_err(), "there is no store yet");
    for twist in others.twists.values_mut() {
        *twist = Some(honest);
    }
    let (place, store) = Restoring::begin(data.path()).expect("begun again");
    let mut told: Vec<Progress> = Vec::new();
    fill(&genesis, &store, &mut others, &mut Vec::new(), &mut |progress| told.push(progress)).expect("restored");
    drop(store);
    place.finish().expect("in its place");
    assert!(["rows", "entries of rows", "blocks"].iter().all(|what| told.iter().any(|one| one.what == *what)));
    assert!(told.iter().all(|one| one.done <= one.total), "{told:?}");
    let report = verify_store(data.path(), |_| ()).expect("sound");
    assert_eq!(report.height, others.shelf.newest().expect("a snapshot").header.height);
    let left: Vec<_> = fs::read_dir(data.path()).expect("read").map(|one| one.expect("a file").file_name()).collect();
    assert_eq!(left.len(), 2, "{left:?}");
}

#[test]
fn the_newest_two_snapshots_are_kept_also_over_a_restart() {
    let (mut scene, codes) = Scene::with_codes(8);
    let directory = tempfile::tempdir().expect("a directory");
    let shelf = Shelf::open(directory.path(), 1);
    let mut heights = Vec::new();
    for index in 0..4 {
        let commission = codes.commission(&scene.world, index, 1);
        scene.takes("huaxu", &commission);
        scene.block();
        heights.push(shelf.take(&chain(&scene)).expect("taken"));
    }
    let there = |shelf: &Shelf| heights.iter().filter(|height| shelf.of(**height).is_some()).count();
    assert_eq!((there(&shelf), shelf.newest().map(|card| card.header.height)), (2, heights.last().copied()));
    let snapshots = directory.path().join(super::shelf::DIRECTORY);
    let half = snapshots.join("9.taking");
    fs::create_dir(&half).expect("made");
    let again = Shelf::open(directory.path(), 1);
    assert_eq!((there(&again), half.exists()), (2, false));
    let none = Shelf::open(directory.path(), 0);
    assert_eq!((there(&none), fs::read_dir(&snapshots).expect("read").count()), (0, 0), "they are not wanted any more");
}

#[test]
fn a_world_of_another_chain_restores_nothing() {
    let mut others = others(&[Some(honest)]);
    let parameters = hefu_contracts::genesis::Parameters { heartbeat_ms: 1, ..Default::default() };
    let elsewhere = World::new(4).with_parameters(parameters);
    let stop = fill(elsewhere.genesis(), &Memory::new(), &mut others, &mut Vec::new(), &mut |_| ());
    let stop = stop.expect_err("another chain");
    assert!(matches!(stop, Stop::None) && others.exposed.len() == 1);
}
