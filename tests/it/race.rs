//! Two validators are handed two records at the same moment of which only one can take effect.

use std::sync::Barrier;

use hefu_contracts::{action::Action, submission::Unverified};
use hefu_keys::{Hash, SecretKey, file};
use hefu_tests::{
    people::{Person, now},
    testnet::Testnet,
};
use serde_json::{Value, json};

const VALIDATORS: usize = 2;

/// How often the two race: in some rounds one has heard of the other's record before its own, in others not.
const ROUNDS: u64 = 8;

const QUICK: [&str; 6] = ["--heartbeat", "2000", "--propose-timeout", "700", "--vote-timeout", "300"];

const HUAXU: &str = "9528880200019";

/// Of this trade item's lots something is made and used up.
const MATERIAL: &str = "09528880200019";

fn lot(name: &str) -> String {
    format!("https://id.gs1.org/01/{MATERIAL}/10/{name}")
}

/// What an organisation hands in to the validators of a network.
struct Maker<'a> {
    net: &'a Testnet,
    person: Person,
}

impl Maker<'_> {
    fn submission(&mut self, action: Action, body: Value, others: &[&SecretKey]) -> String {
        let draft = self.person.draft(action, body);
        let keys: Vec<&SecretKey> = std::iter::once(&self.person.key).chain(others.iter().copied()).collect();
        format!("{{\"record\":{}}}", draft.sign(&keys).unwrap())
    }

    /// An event of lots alone, which has no annex.
    fn event(&mut self, event: &Value) -> String {
        let mut event = event.clone();
        event["eventTime"] = json!(now());
        event["eventTimeZoneOffset"] = json!("+08:00");
        event["bizStep"] = json!("commissioning");
        event["readPoint"] = json!({"id": format!("https://id.gs1.org/414/{HUAXU}")});
        let cbv = Hash::of(event.to_string().as_bytes());
        self.submission(Action::EventCapture, json!({"cbv": cbv, "event": event}), &[])
    }

    fn make(&mut self, made: &str) -> String {
        let quantities = json!([{"epcClass": lot(made), "quantity": 8}]);
        self.event(&json!({"action": "ADD", "quantityList": quantities, "type": "ObjectEvent"}))
    }

    fn use_up(&mut self, used: &str, made: &str) -> String {
        let some = |name: &str, quantity: u64| json!([{"epcClass": lot(name), "quantity": quantity}]);
        self.event(&json!({
            "inputQuantityList": some(used, 8), "outputQuantityList": some(made, 1), "type": "TransformationEvent",
        }))
    }

    /// Hands a record in at a validator and waits until it is decided.
    fn hand_in(&self, at: usize, submission: &str) -> Answer {
        hand_in(&self.net.validators[at].url, submission)
    }
}

/// What became of a record.
#[derive(Debug)]
struct Answer {
    id: String,
    is_final: bool,
    /// The refusal's code, and the record in the way.
    refusal: Option<(String, String)>,
    told: Value,
}

fn hand_in(url: &str, submission: &str) -> Answer {
    let agent = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
    let sent = agent.post(format!("{url}/v1/records?wait=final")).header("content-type", "application/json");
    let mut answer = sent.send(submission).unwrap();
    let told: Value = answer.body_mut().read_json().unwrap();
    let id = Unverified::read(submission.as_bytes()).unwrap().record().id.to_string();
    let text = |member: &str| told[member].as_str().unwrap_or_default().to_owned();
    // Refused at the door is a problem; refused in a block that came before is told by the receipt.
    let refusal = (!text("code").is_empty()).then(|| (text("code"), text("conflict")));
    Answer { id, is_final: told["status"] == "final", refusal, told }
}

#[test]
fn of_two_records_that_use_up_one_lot_at_two_validators_one_takes_effect() {
    let mut net = Testnet::init(VALIDATORS, &QUICK).unwrap();
    net.up().unwrap();
    let passphrase = std::fs::read_to_string(net.passphrase()).unwrap();
    let open = || file::open(&net.home(1).join("keys/admin.key"), passphrase.trim()).unwrap();
    let chain: Hash = net.genesis.parse().unwrap();
    let device = SecretKey::from_seed(*Hash::of(b"a second device").as_bytes());
    let mut office = Maker { net: &net, person: Person::new(open(), chain, 1) };
    let site = json!({"gln": HUAXU, "name": {"en": "Huaxu", "zh": "华序"}});
    let grant = json!({"grants": [{"role": "capture"}], "key": device.address()});
    for submission in
        [office.submission(Action::SitePut, site, &[]), office.submission(Action::KeyGrant, grant, &[&device])]
    {
        let answer = office.hand_in(0, &submission);
        assert!(answer.is_final, "{}", answer.told);
    }
    let mut line = Maker { net: &net, person: Person::new(device, chain, 1) };

    for round in 0..ROUNDS {
        let material = format!("M{round}");
        let submission = office.make(&material);
        let made = office.hand_in(0, &submission);
        assert!(made.is_final, "{}", made.told);
        let rivals = [office.use_up(&material, &format!("A{round}")), line.use_up(&material, &format!("B{round}"))];
        let together = Barrier::new(VALIDATORS);
        let answers: Vec<Answer> = std::thread::scope(|scope| {
            let race = |at: usize| {
                let (url, rival, together) = (&net.validators[at].url, &rivals[at], &together);
                scope.spawn(move || {
                    together.wait();
                    hand_in(url, rival)
                })
            };
            let racing: Vec<_> = (0..VALIDATORS).map(race).collect();
            racing.into_iter().map(|thread| thread.join().unwrap()).collect()
        });

        let won: Vec<usize> = (0..VALIDATORS).filter(|at| answers[*at].is_final).collect();
        assert_eq!(won.len(), 1, "round {round}: {answers:?}");
        let (winner, loser) = (&answers[won[0]], &answers[1 - won[0]]);
        let refusal = loser.refusal.clone().unwrap();
        assert_eq!(refusal, ("E-BALANCE-SHORT".to_owned(), winner.id.clone()), "round {round}: {}", loser.told);
        net.level().unwrap();
        for at in 0..VALIDATORS {
            let trace = |name: &str| net.get(at, &format!("/v1/trace/{}", lot(name).replace('/', "%2F"))).unwrap().0;
            let (kept, lost) = if won[0] == 0 { ("A", "B") } else { ("B", "A") };
            assert_eq!(trace(&format!("{kept}{round}")), 200, "round {round} at {at}");
            assert_eq!(trace(&format!("{lost}{round}")), 404, "round {round} at {at}: what was refused left something");
            assert_eq!(net.get(at, &format!("/v1/records/{}", winner.id)).unwrap().1["status"], "final");
        }
    }
    net.down().unwrap();
}
