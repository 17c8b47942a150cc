use hefu_contracts::{
    agreements::StatementRow,
    execute::{Moment, execute},
    height::Height,
    provenance::{ThingRow, TransformationRow},
    row,
    state::{Overlay, Rows},
    submission::Unverified,
    time::Millis,
};

use super::*;

fn chain() -> Genesis {
    genesis("2026-09-18T02:00:00.000Z".parse().unwrap()).unwrap()
}

/// The rows that the story leads to.
fn told(genesis: &Genesis, story: &Story) -> Rows {
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

fn thing(rows: &Rows, epc: &Epc) -> ThingRow {
    rows[&row::key_of_thing(epc)].data.clone().into_kind().unwrap()
}

#[test]
fn the_rules_take_the_whole_story() {
    let genesis = chain();
    let story = story(&genesis, Edition::Tiny).unwrap();
    let rows = told(&genesis, &story);
    let story_container = story.container.clone().unwrap();
    let container = thing(&rows, &story_container);
    assert_eq!(container.holder.unwrap().by, "corenest");
    assert_eq!(container.place.as_deref(), Some("https://id.gs1.org/414/9528880100029"));
    assert_eq!(story.items.len(), 12);
    let parents: Vec<_> = story.items.iter().map(|item| thing(&rows, item).parent.map(|parent| parent.key)).collect();
    let inside = |bottle: usize| Some(row::key_of_thing(&story.items[bottle]));
    assert_eq!(parents[..5], vec![None; 5], "the box was opened");
    assert_eq!(parents[5..], [inside(0), None, inside(1), inside(2), inside(3), inside(4), None]);
    assert!(story.items.iter().all(|item| thing(&rows, item).flags.is_empty()));
    let returned = story.items.iter().filter(|item| thing(&rows, item).disposition.as_deref() == Some("returned"));
    assert_eq!(returned.collect::<Vec<_>>(), [&story.items[4], &story.items[10], &story.items[11]]);
}

/// §7.9 of the story, to the fen.
#[test]
fn creators_get_what_their_contracts_say() {
    let genesis = chain();
    let rows = told(&genesis, &story(&genesis, Edition::Tiny).unwrap());
    let closing = |contract: &str, party: &str, number: u64, bucket: &str| -> i128 {
        let row = &rows[&row::key_of_statement(contract, party, number)];
        let statement: StatementRow = row.data.clone().into_kind().unwrap();
        statement.closing.balances.get(bucket).map_or(0, |amount| amount.get())
    };
    let payable = |number: u64| {
        let of = |contracts: &[&str], party: &str| -> i128 {
            contracts.iter().map(|contract| closing(contract, party, number, "payable")).sum()
        };
        [of(&["K1", "K1-CO"], "adu"), of(&["K2"], "xiaoman"), of(&["K4", "K4-ROYALTY"], "may")]
    };
    assert_eq!(payable(1), [2_288, 356, 2_179]);
    assert_eq!(payable(2), [-67, 0, -675]);
    assert_eq!(closing("K1", "adu", 2, "settled"), 1_499);
}

#[test]
fn the_story_of_a_chain_is_the_same_whenever_it_is_told() {
    let genesis = chain();
    let ids = |story: Story| -> Vec<_> {
        story.chapters.iter().flat_map(|chapter| &chapter.records).map(|told| told.id).collect()
    };
    assert_eq!(ids(story(&genesis, Edition::Tiny).unwrap()), ids(story(&genesis, Edition::Tiny).unwrap()));
    let later = super::genesis("2026-09-18T02:00:00.001Z".parse().unwrap()).unwrap();
    assert_ne!(ids(story(&genesis, Edition::Tiny).unwrap()), ids(story(&later, Edition::Tiny).unwrap()));
}

#[test]
fn serials_are_the_same_on_every_chain() {
    let later = super::genesis("2030-01-01T00:00:00.000Z".parse().unwrap()).unwrap();
    assert_eq!(story(&chain(), Edition::Tiny).unwrap().items, story(&later, Edition::Tiny).unwrap().items);
}

#[test]
fn the_genesis_document_is_one_that_nodes_read() {
    let genesis = chain();
    assert_eq!(Genesis::read(&genesis.text()).unwrap(), genesis);
}

/// Codes of a trade item.
fn codes(rows: &Rows, gtin: &str) -> Vec<(String, ThingRow)> {
    let beginning = format!("item/01/{gtin}/21/");
    let found = rows.range(beginning.clone()..).take_while(|(key, _)| key.starts_with(&beginning));
    found.map(|(key, row)| (key.clone(), row.data.clone().into_kind().unwrap())).collect()
}

#[test]
fn the_full_story_is_what_it_says() {
    let genesis = chain();
    let story = story(&genesis, Edition::Full).unwrap();
    let rows = told(&genesis, &story);
    let (bottles, refills) = (codes(&rows, "09528880010106"), codes(&rows, "09528880010021"));
    assert_eq!((bottles.len(), refills.len()), (4_332, 6_042), "10,374 codes");
    let made_by = |things: &[(String, ThingRow)], maker: &str| {
        things.iter().filter(|(_, thing)| thing.commissioned.as_ref().unwrap().by == maker).count()
    };
    assert_eq!(
        (made_by(&bottles, "huaxu"), made_by(&refills, "huaxu"), made_by(&refills, "yueling")),
        (4_332, 1_884, 4_158)
    );
    let sleeves = Epc::parse("https://id.gs1.org/01/09528880010113/10/GX-0924").unwrap();
    assert_eq!(thing(&rows, &sleeves).commissioned.unwrap().by, "guixiu");
    assert!(bottles.iter().chain(&refills).all(|(_, thing)| thing.flags.is_empty()));
    // Every set has its refill, and 300 a sleeve.
    let parents = refills
        .iter()
        .filter(|(_, refill)| refill.parent.as_ref().is_some_and(|parent| parent.key.starts_with("item/")));
    assert_eq!(parents.count(), 4_300);
    assert_eq!(bottles.iter().filter(|(_, bottle)| !bottle.lots.is_empty()).count(), 300);
    let was = |things: &[(String, ThingRow)], disposition: &str| {
        things.iter().filter(|(_, thing)| thing.disposition.as_deref() == Some(disposition)).count()
    };
    assert_eq!(was(&refills, "reserved"), 12, "samples");
    assert_eq!(was(&bottles, "retail_sold") + was(&bottles, "returned") + was(&refills, "retail_sold"), 5_160);

    // Each pump head of the lot is in one bottle.
    let lot = Epc::parse("https://id.gs1.org/01/09528880010120/10/HP-2609B").unwrap();
    let recalled = thing(&rows, &lot);
    assert_eq!(recalled.recalls.len(), 1);
    let leaky: Vec<_> = bottles
        .into_iter()
        .filter(|(_, bottle)| {
            let made = |source: &String| rows[source].data.clone().into_kind::<TransformationRow>().unwrap();
            bottle.sources.iter().any(|source| made(source).inputs.contains(&row::key_of_thing(&lot)))
        })
        .collect();
    assert_eq!(leaky.len(), 480);
    assert_eq!(
        (was(&leaky, "returned"), was(&leaky, "non_sellable_other"), was(&leaky, "retail_sold")),
        (96, 61, 323),
        "sent back, in stock, with customers"
    );
    assert_eq!(leaky.iter().filter(|(_, bottle)| bottle.parent.is_some()).count(), 60, "three cases");
}
