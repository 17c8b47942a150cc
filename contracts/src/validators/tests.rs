use hefu_keys::Hash;
use serde_json::{Value, json};

use super::{Evidence, Signed};
use crate::{
    action::Action,
    entry::Role,
    height::Height,
    refusal::Code,
    row::{Data, KEY_OF_MEMBERS},
    tests::{Deed, World, golden::golden, kept::Kept, key},
    votes::{Statement, Step},
};

/// A statement about a block of this name, or about none.
pub(crate) fn statement(world: &World, step: Step, block: Option<&str>) -> Statement {
    Statement {
        block: block.map(|name| Hash::of(name.as_bytes())),
        chain: world.chain,
        height: Height::new(2).unwrap(),
        pol_round: (step == Step::Proposal).then_some(-1),
        round: 3,
        step,
    }
}

pub(crate) fn signed(by: &str, statement: Statement) -> Signed {
    Signed { signature: key(by).sign(statement.text().as_bytes()), statement }
}

fn evidence(world: &World, step: Step, blocks: [Option<&str>; 2]) -> Evidence {
    let [one, other] = blocks.map(|block| signed("validator", statement(world, step, block)));
    Evidence::new(key("validator").address(), one, other)
}

fn deed(evidence: &Evidence) -> Deed {
    Deed::new(Action::SystemEvidence, json!(evidence))
}

/// A world in which three blocks were decided.
fn world() -> World {
    let mut world = World::new();
    world.height = Height::new(3).unwrap();
    world
}

#[test]
fn a_contradiction_of_every_step_is_recorded_once() {
    let mut world = world();
    let mut records = Vec::new();
    for (step, blocks) in [
        (Step::Prevote, [Some("a"), Some("b")]),
        (Step::Precommit, [Some("a"), None]),
        (Step::Proposal, [Some("b"), Some("a")]),
    ] {
        let evidence = evidence(&world, step, blocks);
        let record = world.take("validator", &deed(&evidence)).unwrap();
        let key = format!("evidence/{}/2/3/{}", evidence.validator, step.name());
        assert!(
            matches!(&world.rows[&key].data, Data::Evidence(row) if row.party == "corenest" && row.record == record)
        );
        world.refuses("validator", &deed(&evidence), Code::EvidenceKnown, Some(record));
        records.push(record);
    }
    let told: Vec<_> = Kept::new(world).told_of(KEY_OF_MEMBERS);
    assert_eq!(told, records.into_iter().map(|record| (Role::Contradict, record)).collect::<Vec<_>>());
}

#[test]
fn two_other_blocks_at_the_same_place_are_the_same_contradiction() {
    let mut world = world();
    let first = evidence(&world, Step::Prevote, [Some("a"), Some("b")]);
    let record = world.take("validator", &deed(&first)).unwrap();
    let second = evidence(&world, Step::Prevote, [Some("c"), None]);
    world.refuses("validator", &deed(&second), Code::EvidenceKnown, Some(record));
}

type Change = fn(&World, &mut Evidence);

#[test]
fn what_contradicts_nothing_is_refused() {
    let changes: [(Code, Change); 12] = [
        (Code::EvidenceForm, |_, evidence| evidence.second = evidence.first.clone()),
        (Code::EvidenceForm, |_, evidence| std::mem::swap(&mut evidence.first, &mut evidence.second)),
        (Code::EvidenceForm, |_, evidence| evidence.second.statement.round = 4),
        (Code::EvidenceForm, |_, evidence| evidence.second.statement.step = Step::Precommit),
        (Code::EvidenceForm, |_, evidence| evidence.second.statement.height = Height::new(1).unwrap()),
        (Code::EvidenceForm, |_, evidence| evidence.first.statement.pol_round = Some(-1)),
        (Code::EvidenceForm, |_, evidence| {
            // Another proof of lock for one block is no second block.
            for (signed, round) in [(&mut evidence.first, -1), (&mut evidence.second, 1)] {
                signed.statement.step = Step::Proposal;
                signed.statement.pol_round = Some(round);
                signed.statement.block = Some(Hash::ZERO);
            }
        }),
        (Code::EvidenceForm, |_, evidence| {
            for signed in [&mut evidence.first, &mut evidence.second] {
                signed.statement.height = Height::new(5).unwrap();
            }
        }),
        (Code::RecordChain, |_, evidence| evidence.first.statement.chain = Hash::ZERO),
        (Code::EvidenceSignature, |_, evidence| evidence.second.signature = evidence.first.signature),
        (Code::EvidenceSignature, |_, evidence| {
            evidence.second = signed("corenest", evidence.second.statement.clone())
        }),
        (Code::ValidatorUnknown, |world, evidence| {
            let [one, other] =
                [Some("a"), Some("b")].map(|block| signed("corenest", statement(world, Step::Prevote, block)));
            *evidence = Evidence::new(key("corenest").address(), one, other);
        }),
    ];
    for (number, (code, change)) in changes.into_iter().enumerate() {
        let mut world = world();
        let mut evidence = evidence(&world, Step::Prevote, [Some("a"), Some("b")]);
        change(&world, &mut evidence);
        let refusal = world.take("validator", &deed(&evidence)).expect_err("was accepted");
        assert_eq!(refusal.code, code, "case {number}: {refusal}");
    }
}

#[test]
fn only_a_validator_records_it() {
    let mut world = world();
    let deed = deed(&evidence(&world, Step::Prevote, [Some("a"), Some("b")]));
    world.refuses("corenest", &deed, Code::KeyRole, None);
    let grant = |to: &str, roles: &[&str]| {
        let grants: Vec<Value> = roles.iter().map(|role| json!({"role": role})).collect();
        Deed::new(Action::KeyGrant, json!({"grants": grants, "key": key(to).address()})).with(to)
    };
    world.refuses("corenest", &grant("device", &["validate"]), Code::ValidatorUnknown, None);
    // A validator's key may be given more to do, and is a validator's still.
    world.take("corenest", &grant("validator", &["validate", "read"])).unwrap();
    world.take("validator", &deed).unwrap();
}

/// Neither a missing field nor a default that is written makes a second form of the same statement.
#[test]
fn a_statement_has_one_spelling() {
    let world = world();
    let whole = json!(evidence(&world, Step::Precommit, [Some("a"), None]));
    let read = |body: &Value| crate::exact::read::<Evidence>(&hefu_keys::canonical::to_string(body).unwrap());
    assert!(read(&whole).is_ok());
    let none = if whole["first"]["statement"]["block"].is_null() { "first" } else { "second" };
    let mut without = whole.clone();
    without[none]["statement"].as_object_mut().unwrap().remove("block");
    let mut default = whole.clone();
    default["first"]["statement"]["polRound"] = Value::Null;
    let mut more = whole;
    more["first"]["statement"]["value"] = json!(1);
    for other in [without, default, more] {
        assert!(read(&other).is_err(), "{other}");
    }
}

#[test]
fn evidence_is_frozen() {
    let mut world = world();
    let evidence = evidence(&world, Step::Proposal, [Some("a"), Some("b")]);
    let submission = world.sign("validator", &deed(&evidence));
    golden("records/system.evidence.json", &submission.text());
    world.execute(&submission).unwrap();
    golden("rows/members.json", &world.rows[KEY_OF_MEMBERS].text());
    golden("rows/evidence.json", &world.rows[&format!("evidence/{}/2/3/proposal", evidence.validator)].text());
}
