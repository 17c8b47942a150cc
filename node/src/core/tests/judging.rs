//! What is said of the blocks of others.

use std::sync::Arc;

use bytes::Bytes;
use hefu_contracts::{
    block::{BODY_BYTES_MAX, Header},
    height::Height,
    schema::Table,
};
use hefu_keys::Hash;

use super::{Codes, Deed, Judged, Next, REFILL, Scene, millis, rewritten, world};
use crate::core::{CANDIDATES_PER_ROUND_MAX, Proposal, Sealed, Verifying};

/// Two cores at the same height; the first has built a block that the second has not seen.
fn proposal() -> (Scene, Scene, Bytes, Codes) {
    let (mut proposer, codes) = Scene::with_codes(8);
    let mut other = Scene::new();
    let _ = other.prepare(8);
    assert_eq!(other.root(), proposer.root(), "the same records lead to the same register");
    proposer.takes("huaxu", &codes.commission(&proposer.world, 0, 2));
    proposer.takes("corenest", &Deed::product(REFILL, 2));
    let body = proposer.build(0).body;
    (proposer, other, body, codes)
}

#[test]
fn the_same_block_has_the_same_effect_everywhere() {
    let (mut proposer, mut other, body, _) = proposal();
    let Judged::Valid(block) = other.judge(body, true) else { panic!("a valid block") };
    proposer.commit(&block);
    other.commit(&block);
    assert_eq!(proposer.root(), other.root());
    assert_eq!(proposer.verify(), other.verify());
}

#[test]
fn what_was_verified_ahead_is_found_until_its_height_is_over() {
    let (_, mut other, body, _) = proposal();
    let cut = |body: &Bytes| Verifying::cut(body.clone()).expect("a block");
    let block = other.core.keep_ahead(cut(&body)).expect("it comes");
    assert_eq!(block.unverified(), 2);
    block.work(1);
    assert_eq!(block.unverified(), 0);
    let again = other.core.keep_ahead(cut(&body)).expect("it comes");
    assert!(Arc::ptr_eq(&block, &again), "it is not begun twice");
    assert!(Arc::ptr_eq(&block, &other.core.taken_up(body.clone()).expect("a block")), "who judges it has it");
    let served = Proposal { height: 2, round: 0, block: None, fresh: false };
    drop(other.core.prepare_served(&served, body.clone()));
    assert_eq!(Arc::strong_count(&block), 3, "a block that is served twice is kept once");
    drop(again);

    let far = rewritten(&body, |header, _| header.height = Height::new(500).expect("a height"));
    assert!(other.core.keep_ahead(cut(&far)).is_none(), "its turn is far away");
    assert!(Verifying::cut(Bytes::from_static(b"{}")).is_err());

    let Judged::Valid(id) = other.judge(body.clone(), false) else { panic!("a valid block") };
    other.commit(&id);
    assert_eq!(Arc::strong_count(&block), 1, "it is kept for nothing else");
    assert!(other.core.keep_ahead(cut(&body)).is_none(), "its turn is over");
}

#[test]
fn records_that_wait_here_are_known_in_a_block() {
    let (proposer, mut other, body, _) = proposal();
    let waiting: Vec<Arc<Sealed>> = proposer.core.pool.in_order().map(|(_, sealed)| sealed.clone()).collect();
    for sealed in &waiting {
        other.admit(sealed.whole_text().to_vec()).expect("taken");
    }
    assert_eq!(waiting.len(), 2);
    assert_eq!(other.core.taken_up(body).expect("a block").unverified(), 0);
}

#[test]
fn many_who_verify_a_block_do_each_record_once() {
    let (_, other, body, _) = proposal();
    let block = other.core.taken_up(body).expect("a block");
    let found = |block: &Verifying| -> Vec<Arc<Sealed>> {
        let mut all = Vec::new();
        let done = block.each(2, |at, found| {
            assert_eq!(at, all.len(), "they come in their order");
            all.push(found.as_ref().map_err(|_| ())?.clone());
            Ok::<(), ()>(())
        });
        assert_eq!(done, Ok(()));
        all
    };
    let every: Vec<Vec<Arc<Sealed>>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    block.work(2);
                    found(&block)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    let first = found(&block);
    for others in every {
        assert!(first.iter().zip(&others).all(|(one, other)| Arc::ptr_eq(one, other)), "two have read the same record");
    }
}

/// Blocks on the disk that are not decided.
fn stored(scene: &Scene) -> usize {
    scene.store.view().scan(Table::Candidates, &[], None).count()
}

/// Has a block's records verified before its turn, where it can be cut at all.
fn verified_ahead(scene: &mut Scene, body: &Bytes) {
    if let Ok(block) = Verifying::cut(body.clone())
        && let Some(block) = scene.core.keep_ahead(block)
    {
        block.work(1);
        assert_eq!(block.unverified(), 0);
    }
}

type Lie = Box<dyn Fn(&mut Header)>;

#[test]
fn a_header_that_does_not_follow_is_invalid() {
    let (mut proposer, mut other, body, _) = proposal();
    let elsewhere = Hash::of(b"elsewhere");
    let tip = proposer.core.head().read().expect("not poisoned").chain.tip().clone();
    let lies: Vec<(&str, Lie)> = vec![
        ("previous", Box::new(move |header| header.previous = elsewhere)),
        ("chain", Box::new(move |header| header.chain = elsewhere)),
        ("height", Box::new(|header| header.height = Height::new(7).expect("a height"))),
        ("members", Box::new(move |header| header.members = elsewhere)),
        ("next members", Box::new(move |header| header.next_members = elsewhere)),
        ("members since", Box::new(|header| header.members_since = Height::GENESIS)),
        ("register", Box::new(move |header| header.register = elsewhere)),
        ("time", Box::new(move |header| header.time = tip.time)),
        ("version", Box::new(|header| header.version = 2)),
        ("builder", Box::new(|header| header.builder = world::key("huaxu").address())),
    ];
    for (what, lie) in lies {
        let body = rewritten(&body, |header, _| lie(header));
        let backed = other.judge(body.clone(), false);
        let Judged::Invalid(block) = backed else { panic!("a wrong {what} is {backed:?}") };
        assert_eq!(other.judge(body, false), Judged::Invalid(block), "{what}, asked again");
    }
    let Judged::Valid(block) = other.judge(body, true) else { panic!("the true block is still valid") };
    other.commit(&block);
    proposer.commit(&block);
    assert_eq!(other.root(), proposer.root());
}

#[test]
fn a_refused_record_makes_a_block_invalid() {
    let (mut proposer, mut other, body, _) = proposal();
    let early = Deed::product(REFILL, 9);
    let text = String::from_utf8(proposer.world.sign("corenest", &early)).expect("text");
    let sealed = crate::core::Sealed::read(text.clone().into_bytes()).expect("sound");
    let body = rewritten(&body, |header, records| {
        *records = vec![text];
        header.records = hefu_contracts::block::records_root([sealed.submission().record().seal].iter());
    });
    assert!(matches!(other.judge(body, true), Judged::Invalid(_)));
}

#[test]
fn a_record_with_a_wrong_signature_makes_a_block_invalid() {
    let (_, mut other, body, _) = proposal();
    let mut forged = None;
    let body = rewritten(&body, |_, records| {
        let text = records.last_mut().expect("a record");
        // Another character of the signature, from the same alphabet.
        let at = text.find("\"proofValue\":\"").expect("signed") + 40;
        let replacement = if text.as_bytes()[at] == b'2' { "3" } else { "2" };
        text.replace_range(at..=at, replacement);
        forged = Some(text.clone());
    });
    let rejected = crate::core::Sealed::read(forged.expect("forged").into_bytes()).expect_err("forged");
    let seal = rejected.seal.expect("its form is right");
    let seals = super::super::body::Body::cut(body.clone()).expect("a block").records;
    let first = crate::core::Sealed::read(seals[0].to_vec()).expect("sound").submission().record().seal;
    let body = rewritten(&body, |header, _| {
        header.records = hefu_contracts::block::records_root([first, seal].iter());
    });
    verified_ahead(&mut other, &body);
    assert!(matches!(other.judge(body, true), Judged::Invalid(_)));
}

#[test]
fn bytes_that_no_header_binds_say_nothing_about_a_block() {
    let (_, mut other, body, codes) = proposal();
    let text = String::from_utf8(body.to_vec()).expect("text");
    let other_code = codes.commission(&other.world, 4, 2).commissioning.expect("codes");
    let mangled: Vec<(&str, Bytes)> = vec![
        ("nothing", Bytes::new()),
        ("not JSON", Bytes::from_static(b"{\"header\":")),
        ("white space", Bytes::from(format!("{text} "))),
        ("white space inside", Bytes::from(text.replacen("\"records\":[", "\"records\": [", 1))),
        (
            "another order",
            Bytes::from({
                let (header, records) = text.split_once(",\"records\":").expect("a block");
                let header = header.strip_prefix('{').expect("a block");
                format!("{{\"records\":{},{header}}}", records.strip_suffix('}').expect("a block"))
            }),
        ),
        (
            "another order in the header",
            Bytes::from({
                let builder =
                    text.split("\"builder\":\"").nth(1).and_then(|rest| rest.split('"').next()).expect("built");
                let chain = text.split("\"chain\":\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a chain");
                let (a, b) = (format!("\"builder\":\"{builder}\""), format!("\"chain\":\"{chain}\""));
                text.replacen(&format!("{a},{b}"), &format!("{b},{a}"), 1)
            }),
        ),
        ("a field more", Bytes::from(text.replacen("{\"header\"", "{\"extra\":1,\"header\"", 1))),
        ("oversized", Bytes::from(format!("{text}{}", " ".repeat(BODY_BYTES_MAX)))),
        ("a record less", rewritten(&body, |_, records| drop(records.pop()))),
        ("a record twice", rewritten(&body, |_, records| records.push(records[0].clone()))),
        ("another order of records", rewritten(&body, |_, records| records.reverse())),
        (
            "more records than its bytes can hold",
            rewritten(&body, |_, records| *records = vec!["0".to_owned(); 1_000_000]),
        ),
        (
            "a list that is not the record's",
            rewritten(&body, |_, records| {
                records[0] = records[0].replacen(&codes.epc(0), &codes.epc(5), 1);
            }),
        ),
        (
            "codes that are not proven",
            rewritten(&body, |_, records| {
                let at = records[0].find("\"serials\"").expect("codes");
                let end = records[0][at..].find(']').expect("codes") + at;
                let serials = serde_json::to_string(&other_code.serials).expect("JSON");
                records[0].replace_range(at..=end, &format!("\"serials\":{serials}"));
            }),
        ),
    ];
    for (what, bytes) in mangled {
        verified_ahead(&mut other, &bytes);
        assert_eq!(other.judge(bytes, false), Judged::Malformed, "{what}");
        assert_eq!(stored(&other), 0, "{what} is not kept");
    }
    assert!(matches!(other.judge(body, true), Judged::Valid(_)), "the true block may still come");
}

/// A header binds each record, but not all that travels beside it. Where a record is refused that every body of a block has,
/// what comes after it is of no account; where one is mangled, nothing after it is.
#[test]
fn the_first_record_of_which_anything_is_wrong_decides() {
    let (mut proposer, mut other, body, codes) = proposal();
    let early = String::from_utf8(proposer.world.sign("corenest", &Deed::product(REFILL, 9))).expect("text");
    let seal = |text: &str| Sealed::read(text.as_bytes().to_vec()).expect("sound").submission().record().seal;
    let texts = super::super::body::Body::cut(body.clone()).expect("a block").records;
    let commissions = texts.iter().map(|text| String::from_utf8(text.to_vec()).expect("text"));
    let commissions = commissions.into_iter().find(|text| text.contains("\"serials\"")).expect("codes");
    let mangled = commissions.replacen(&codes.epc(0), &codes.epc(5), 1);
    assert_ne!(mangled, commissions);
    let of = |sound: [&String; 2], sent: [&String; 2]| {
        let seals = sound.map(|text| seal(text));
        rewritten(&body, |header, records| {
            header.records = hefu_contracts::block::records_root(seals.iter());
            *records = sent.map(Clone::clone).into();
        })
    };
    let refused_first = of([&early, &commissions], [&early, &mangled]);
    let refused_last = of([&commissions, &early], [&mangled, &early]);
    for ahead in [false, true] {
        if ahead {
            verified_ahead(&mut other, &refused_first);
            verified_ahead(&mut other, &refused_last);
        }
        let before = stored(&other);
        assert_eq!(other.judge(refused_last.clone(), true), Judged::Malformed);
        assert_eq!(stored(&other), before, "it is not kept");
        assert!(matches!(other.judge(refused_first.clone(), true), Judged::Invalid(_)));
    }
    let whole = of([&commissions, &early], [&commissions, &early]);
    assert!(matches!(other.judge(whole, true), Judged::Invalid(_)), "its true body may still come");
}

#[test]
fn a_block_ahead_of_the_clock_is_held_back_until_it_fits() {
    let (proposer, mut other, body, _) = proposal();
    other.world.now = millis(proposer.world.now, -5_001);
    let next = other.core.height().get() + 1;
    assert_eq!(other.judge(body.clone(), true), Judged::HeldBack);
    assert!(other.core.undecided(other.world.now, next).is_empty());
    assert_eq!(other.judge(body.clone(), true), Judged::HeldBack, "sent again");

    let undecided = other.core.undecided(millis(other.world.now, 1), next);
    assert_eq!(undecided.len(), 1);
    assert!(undecided[0].valid);
    other.world.wait(1);
    let Judged::Valid(block) = other.judge(body, true) else { panic!("it fits now") };
    other.commit(&block);
}

#[test]
fn the_clock_does_not_judge_what_a_quorum_has_backed() {
    let (proposer, mut other, body, _) = proposal();
    other.world.now = millis(proposer.world.now, -600_000);
    assert_eq!(other.judge(body.clone(), true), Judged::HeldBack);
    let Judged::Valid(block) = other.judge(body, false) else { panic!("a quorum has voted for it") };
    let undecided = other.core.undecided(other.world.now, other.core.height().get() + 1);
    assert_eq!(undecided.len(), 1);
    other.commit(&block);
}

/// A quorum's votes for one block excuse it from the clock. Whoever sends another under its name must not have it excused too.
#[test]
fn what_is_known_of_one_block_is_not_taken_for_anothers() {
    let (_, mut other, body, _) = proposal();
    let id = |body: &Bytes| super::super::body::Body::cut(body.clone()).expect("a block").id;
    let ahead = rewritten(&body, |header, _| header.time = millis(header.time, 60_000));
    assert_eq!(other.judge_as(Some(id(&body)), ahead.clone(), false), Judged::Malformed);
    let undecided = |other: &Scene| other.core.undecided(other.world.now, other.core.height().get() + 1).len();
    assert_eq!(undecided(&other), 0, "nothing of it is kept");
    assert_eq!(other.judge_as(Some(id(&ahead)), ahead.clone(), true), Judged::HeldBack, "the clock judges it");
    assert_eq!(undecided(&other), 0);
    let named = id(&body);
    assert_eq!(other.judge_as(Some(named), body, true), Judged::Valid(named), "the true body may still come");
    assert_eq!(undecided(&other), 1);
}

/// Whoever puts other records under a genuine header costs nobody a signature.
#[test]
fn records_that_the_header_does_not_bind_are_not_verified() {
    let (_, other, body, _) = proposal();
    let block = other.core.taken_up(body.clone()).expect("a block");
    assert_eq!(block.seals().expect("records").len(), 2);
    let swapped = rewritten(&body, |_, records| records.swap(0, 1));
    let proposal = Proposal { height: 2, round: 0, block: None, fresh: true };
    let prepared = other.core.prepare(&proposal, swapped);
    let block = prepared.verifying().expect("a new block").clone();
    assert!(prepared.bind().is_malformed());
    assert_eq!(block.unverified(), 2);
}

#[test]
fn more_blocks_of_a_round_than_an_honest_proposer_sends_are_not_kept() {
    let (_, mut other, body, _) = proposal();
    let at = |body: &Bytes, more| rewritten(body, |header, _| header.time = millis(header.time, more));
    for more in (0..).take(CANDIDATES_PER_ROUND_MAX) {
        let kept = other.judge(at(&body, more), true);
        assert!(matches!(kept, Judged::Valid(_) | Judged::Invalid(_)), "{kept:?}");
    }
    let more = at(&body, 77);
    assert_eq!(other.judge(more.clone(), true), Judged::HeldBack);
    assert!(!matches!(other.judge(more, false), Judged::HeldBack), "one that a quorum backs is kept");
}

#[test]
fn a_block_for_another_height_is_not_judged() {
    let (_, mut other, body, _) = proposal();
    let height = other.core.height().get() + 2;
    let proposal = Proposal { height, round: 0, block: None, fresh: false };
    let bound = other.core.prepare(&proposal, body).bind();
    assert_eq!(other.core.validate(other.world.now, &proposal, bound).expect("no fault"), Judged::HeldBack);
}

#[test]
fn decided_blocks_are_served_as_they_were_proposed() {
    let (mut proposer, _, body, _) = proposal();
    let block = proposer.build(0).block;
    proposer.commit(&block);
    proposer.block();
    let served = proposer.core.decided(2..=99, usize::MAX).expect("served");
    assert_eq!(served.len(), 2, "as many as there are");
    assert_eq!((served[0].certificate.block, &served[0].body), (block, &body));
    assert_eq!(proposer.core.decided(1..=3, 1).expect("served").len(), 1, "at least one");
    assert!(proposer.core.decided(9..=12, 1_000_000).expect("served").is_empty());
}

#[test]
fn a_decision_on_an_unknown_or_invalid_block_is_a_fault() {
    let (proposer, mut other, body, _) = proposal();
    let parsed = super::super::body::Body::cut(body.clone()).expect("a block");
    let unknown = proposer.world.certify(&parsed.header);
    assert!(other.core.commit(other.world.now, unknown, Next::Any).is_err());
    let lie = rewritten(&body, |header, _| header.register = Hash::ZERO);
    let header = super::super::body::Body::cut(lie.clone()).expect("a block").header;
    assert!(matches!(other.judge(lie, true), Judged::Invalid(_)));
    let certificate = other.world.certify(&header);
    assert!(other.core.commit(other.world.now, certificate, Next::Any).is_err());
    assert_eq!(other.core.height(), Height::new(1).expect("a height"), "nothing was committed");
}
