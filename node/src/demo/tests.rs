use std::collections::BTreeMap;

use hefu_contracts::{
    execute::{Moment, execute},
    height::Height,
    provenance::ThingRow,
    row::{self, Row},
    state::Overlay,
    submission::Unverified,
    time::Millis,
};

use super::*;

fn chain() -> Genesis {
    genesis("2026-09-18T02:00:00.000Z".parse().unwrap()).unwrap()
}

/// The rows that the story leads to.
fn told(genesis: &Genesis, story: &Story) -> BTreeMap<String, Row> {
    let base = genesis.rows().unwrap();
    let mut overlay = Overlay::new(&base);
    let mut moment = Moment { chain: genesis.chain(), height: Height::GENESIS, time: genesis.time };
    for chapter in &story.chapters {
        moment.height = moment.height.next();
        moment.time = moment.time.plus(Millis(1_000));
        for told in &chapter.records {
            let submission = Unverified::read(told.submission.as_bytes()).unwrap().verify().unwrap();
            execute(&mut overlay, &moment, &submission).unwrap_or_else(|stop| panic!("{}: {stop:?}", chapter.title));
        }
    }
    let mut rows = base.clone();
    rows.extend(overlay.into_changes().rows);
    rows
}

fn thing(rows: &BTreeMap<String, Row>, epc: &Epc) -> ThingRow {
    <ThingRow as row::Kind>::of(rows[&row::key_of_thing(epc)].data.clone()).unwrap()
}

#[test]
fn the_rules_take_the_whole_story() {
    let genesis = chain();
    let story = story(&genesis).unwrap();
    let rows = told(&genesis, &story);
    let container = thing(&rows, &story.container);
    assert_eq!(container.holder.unwrap().by, "corenest");
    assert_eq!(container.place.as_deref(), Some("https://id.gs1.org/414/9528880100029"));
    assert_eq!(story.items.len(), 12);
    let parents: Vec<_> = story.items.iter().map(|item| thing(&rows, item).parent.map(|parent| parent.key)).collect();
    let packed = Some(row::key_of_thing(&story.container));
    let inside = |bottle: usize| Some(row::key_of_thing(&story.items[bottle]));
    assert_eq!(parents[..5], vec![packed.clone(); 5]);
    assert_eq!(parents[5..], [inside(0), packed.clone(), inside(1), inside(2), inside(3), inside(4), packed]);
    assert!(story.items.iter().all(|item| thing(&rows, item).flags.is_empty()));
}

#[test]
fn the_story_of_a_chain_is_the_same_whenever_it_is_told() {
    let genesis = chain();
    let ids = |story: Story| -> Vec<_> {
        story.chapters.iter().flat_map(|chapter| &chapter.records).map(|told| told.id).collect()
    };
    assert_eq!(ids(story(&genesis).unwrap()), ids(story(&genesis).unwrap()));
    let later = super::genesis("2026-09-18T02:00:00.001Z".parse().unwrap()).unwrap();
    assert_ne!(ids(story(&genesis).unwrap()), ids(story(&later).unwrap()));
}

#[test]
fn serials_are_the_same_on_every_chain() {
    let later = super::genesis("2030-01-01T00:00:00.000Z".parse().unwrap()).unwrap();
    assert_eq!(story(&chain()).unwrap().items, story(&later).unwrap().items);
}

#[test]
fn the_genesis_document_is_one_that_nodes_read() {
    let genesis = chain();
    assert_eq!(Genesis::read(&genesis.text()).unwrap(), genesis);
}
