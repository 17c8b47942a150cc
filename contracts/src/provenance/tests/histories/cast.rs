//! Who and what the stories are about, and how an event of theirs is written down.

use serde_json::json;

use super::law::{self, REFILL};
use crate::{
    action::Action,
    record::Visibility,
    tests::{Codes, Deed, NOW, World, event, time, transform},
    time::Millis,
};

/// Organisations and the GLNs of their sites.
pub(super) const PARTIES: [(&str, &str); 4] = [
    ("corenest", "9528880100012"),
    ("huaxu", "9528880200019"),
    ("yueling", "9528880300016"),
    ("puyan", "9528880700014"),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Refill,
    Bottle,
    Item,
    Container,
    Lot,
    Class,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Role {
    pub kind: Kind,
    /// Whose prefix it bears.
    pub owner: Option<usize>,
    /// Whether the owner gave others authority over the prefix.
    pub delegated: bool,
    /// Its trade item.
    pub class: Option<usize>,
    /// Its identifier; items with issued codes have one of their batch's, in order.
    epc: &'static str,
}

const fn coded(kind: Kind, class: usize) -> Role {
    Role { kind, owner: Some(0), delegated: true, class: Some(class), epc: "" }
}

const fn thing(kind: Kind, owner: Option<usize>, class: Option<usize>, epc: &'static str) -> Role {
    Role { kind, owner, delegated: false, class, epc }
}

pub(super) const REFILLS: std::ops::Range<usize> = 0..4;
pub(super) const BOTTLES: std::ops::Range<usize> = 4..7;
pub(super) const CONTAINERS: [usize; 4] = [7, 8, 9, 11];
pub(super) const LOTS: [usize; 4] = [12, 13, 14, 15];
/// Everything that is one thing.
pub(super) const THINGS: std::ops::Range<usize> = 0..12;

pub(super) const CAST: [Role; 19] = [
    coded(Kind::Refill, 16),
    coded(Kind::Refill, 16),
    coded(Kind::Refill, 16),
    coded(Kind::Refill, 16),
    coded(Kind::Bottle, 17),
    coded(Kind::Bottle, 17),
    coded(Kind::Bottle, 17),
    thing(Kind::Container, Some(1), None, "00/095288802000000019"),
    thing(Kind::Container, Some(1), None, "00/095288802000000026"),
    thing(Kind::Container, Some(0), None, "00/095288801000000012"),
    thing(Kind::Item, None, None, "01/10614141073464/21/2017"),
    thing(Kind::Container, None, None, "00/006141411234567890"),
    thing(Kind::Lot, Some(1), Some(18), "01/09528880200019/10/L1"),
    thing(Kind::Lot, Some(1), Some(18), "01/09528880200019/10/L2"),
    thing(Kind::Lot, Some(2), None, "01/09528880300016/10/P1"),
    thing(Kind::Lot, None, None, "01/04012345123456/10/998877"),
    Role { delegated: true, ..thing(Kind::Class, Some(0), None, "01/09528880010021") },
    Role { delegated: true, ..thing(Kind::Class, Some(0), None, "01/09528880010106") },
    thing(Kind::Class, Some(1), None, "01/09528880200019"),
];

/// The trade item that a thing is one, or some, of.
pub(super) fn trade_item(thing: usize) -> Option<&'static str> {
    match (CAST[thing].kind, CAST[thing].class) {
        (Kind::Refill, _) => Some(REFILL),
        (Kind::Bottle, _) => Some("09528880010106"),
        (Kind::Container, _) => None,
        (Kind::Item | Kind::Lot | Kind::Class, _) => CAST[thing].epc.get(3..17),
    }
}

/// The company prefix that a thing bears, where that is registered here.
pub(super) fn prefix(thing: usize) -> Option<&'static str> {
    let Role { delegated, owner, .. } = CAST[thing];
    match owner? {
        0 if delegated => Some("952888001"),
        0 => Some("952888010"),
        1 => Some("952888020"),
        _ => Some("952888030"),
    }
}

/// Sites of the parties, as sources of recalls.
pub(super) const SITES: std::ops::Range<usize> = CAST.len()..CAST.len() + PARTIES.len();

pub(super) fn is_class(thing: usize) -> bool {
    matches!(CAST[thing].kind, Kind::Lot | Kind::Class)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Make,
    End,
    See,
    Ship,
    Void,
    Receive,
    Pack,
    Unpack,
    SeePacked,
    Fix,
    Unfix,
    Link,
    Transform,
}

/// An event.
#[derive(Clone, Debug)]
pub(super) struct Told {
    /// Its identity.
    pub number: usize,
    pub who: usize,
    /// Whether the key of a device signs.
    pub device: bool,
    pub what: What,
    pub step: &'static str,
    /// Milliseconds since the world began.
    pub at: u64,
    /// What it is about, or what a transformation uses up.
    pub things: Vec<usize>,
    /// Things that come into being by proven codes.
    pub outputs: Vec<usize>,
    pub parent: Option<usize>,
    pub lots: Vec<(usize, u64)>,
    pub lots_out: Vec<(usize, u64)>,
    pub to: Option<usize>,
    pub buyer: Option<usize>,
    pub how: Option<&'static str>,
    pub read_at: usize,
    pub stays_at: Option<usize>,
}

impl Told {
    pub(super) fn new(who: usize, what: What, at: u64) -> Told {
        let step = match what {
            What::Make | What::Transform => "commissioning",
            What::End => "destroying",
            What::See => "inspecting",
            What::Ship => "shipping",
            What::Void => "void_shipping",
            What::Receive => "receiving",
            What::Pack => "packing",
            What::Unpack => "unpacking",
            What::SeePacked => "storing",
            What::Fix => "assembling",
            What::Unfix => "disassembling",
            What::Link => "accepting",
        };
        Told {
            number: 0,
            who,
            device: false,
            what,
            step,
            at,
            things: Vec::new(),
            outputs: Vec::new(),
            parent: None,
            lots: Vec::new(),
            lots_out: Vec::new(),
            to: None,
            buyer: None,
            how: None,
            read_at: who,
            stays_at: None,
        }
    }

    pub(super) fn place(&self) -> usize {
        self.stays_at.unwrap_or(self.read_at)
    }

    /// The key that signs it.
    pub(super) fn author(&self) -> String {
        let party = PARTIES[self.who].0;
        if self.device { law::device(party) } else { party.to_owned() }
    }

    /// Everything that it names, each once.
    pub(super) fn named(&self) -> std::collections::BTreeSet<usize> {
        let lots = self.lots.iter().chain(&self.lots_out).map(|lot| lot.0);
        self.things.iter().chain(&self.outputs).chain(&self.parent).copied().chain(lots).collect()
    }
}

/// The batches that the items come from.
pub(super) struct Batches {
    pub refills: Codes,
    pub bottles: Codes,
}

impl Batches {
    pub(super) fn epc(&self, thing: usize) -> String {
        match CAST[thing].kind {
            Kind::Refill => self.refills.epc((thing - REFILLS.start) as u64),
            Kind::Bottle => self.bottles.epc((thing - BOTTLES.start) as u64),
            Kind::Item | Kind::Container | Kind::Lot | Kind::Class => {
                format!("https://id.gs1.org/{}", CAST[thing].epc)
            }
        }
    }

    pub(super) fn deed(&self, told: &Told) -> Deed {
        let at = time(NOW).plus(Millis(told.at)).to_string();
        let place = PARTIES[told.read_at].1;
        let epcs = |things: &[usize]| things.iter().map(|thing| self.epc(*thing)).collect::<Vec<_>>();
        let (kind, action) = match told.what {
            What::Make => ("ObjectEvent", "ADD"),
            What::End => ("ObjectEvent", "DELETE"),
            What::See | What::Ship | What::Void | What::Receive => ("ObjectEvent", "OBSERVE"),
            What::Pack => ("AggregationEvent", "ADD"),
            What::Unpack => ("AggregationEvent", "DELETE"),
            What::SeePacked => ("AggregationEvent", "OBSERVE"),
            What::Fix => ("AssociationEvent", "ADD"),
            What::Unfix => ("AssociationEvent", "DELETE"),
            What::Link => ("TransactionEvent", "ADD"),
            What::Transform => ("", ""),
        };
        let mut deed = match told.what {
            What::Transform => transform(place, &at, &epcs(&told.things), &epcs(&told.outputs), &json!({})),
            What::Make if told.things.is_empty() => event(kind, action, told.step, place, &at, &epcs(&told.outputs)),
            _ => event(kind, action, told.step, place, &at, &epcs(&told.things)),
        };
        self.prove(told, &mut deed);
        self.fill(told, &mut deed);
        deed.body["cbv"] = json!(hefu_keys::Hash::of(&told.number.to_be_bytes()));
        deed
    }

    /// The proof that the codes of what comes into being were issued.
    fn prove(&self, told: &Told, deed: &mut Deed) {
        let Some(first) = told.outputs.first() else { return };
        let (codes, start) = match CAST[*first].kind {
            Kind::Refill => (&self.refills, REFILLS.start),
            _ => (&self.bottles, BOTTLES.start),
        };
        let proven = codes.commission((first - start) as u64, told.outputs.len() as u64, "", "");
        deed.body["commissioning"] = proven.body["commissioning"].clone();
        deed.commissioning = proven.commissioning;
    }

    fn fill(&self, told: &Told, deed: &mut Deed) {
        let lots = |lots: &[(usize, u64)]| {
            // The same number of pieces in several spellings.
            let some = lots.iter().map(|(lot, amount)| match told.number.wrapping_add(*lot) % 3 {
                1 if amount.is_multiple_of(2) => {
                    json!({"epcClass": self.epc(*lot), "quantity": amount / 2, "uom": "PR"})
                }
                2 => json!({"epcClass": self.epc(*lot), "quantity": amount, "uom": "H87"}),
                _ => json!({"epcClass": self.epc(*lot), "quantity": amount}),
            });
            json!(some.collect::<Vec<_>>())
        };
        let body = &mut deed.body["event"];
        body["bizStep"] = json!(told.step);
        let field = match told.what {
            What::Transform => "inputQuantityList",
            What::Pack | What::Unpack | What::SeePacked | What::Fix | What::Unfix => "childQuantityList",
            _ => "quantityList",
        };
        if !told.lots.is_empty() {
            body[field] = lots(&told.lots);
        }
        if !told.lots_out.is_empty() {
            body["outputQuantityList"] = lots(&told.lots_out);
        }
        if let Some(parent) = told.parent {
            body["parentID"] = json!(self.epc(parent));
        }
        if told.what == What::Link {
            body["bizTransactionList"] = json!([{"type": "po", "bizTransaction": "urn:x:1"}]);
            deed.visibility = Visibility::Parties;
        }
        let body = &mut deed.body["event"];
        if let Some(how) = told.how {
            body["disposition"] = json!(how);
        }
        if let Some(site) = told.stays_at {
            body["bizLocation"] = json!({"id": format!("https://id.gs1.org/414/{}", PARTIES[site].1)});
        }
        let pgln = |party: usize| format!("https://id.gs1.org/417/{}", PARTIES[party].1);
        let to = told.to.map(|to| json!({"type": "possessing_party", "destination": pgln(to)}));
        let buyer = told.buyer.map(|buyer| json!({"type": "owning_party", "destination": pgln(buyer)}));
        let destinations: Vec<_> = to.into_iter().chain(buyer).collect();
        if !destinations.is_empty() {
            body["destinationList"] = json!(destinations);
        }
    }
}

/// A world with codes, a while after it began.
pub(super) fn world(now: u64) -> (World, Batches) {
    let (mut world, refills, bottles) = World::with_codes();
    // Shanghai and Guangzhou; nobody says where the others are.
    for (party, latitude, longitude) in [(0, 312_304_000_i64, 1_214_737_000_i64), (2, 231_291_000, 1_132_644_000)] {
        let (id, gln) = PARTIES[party];
        let position = json!({"latitude": latitude, "longitude": longitude});
        let body = json!({"gln": gln, "name": {"en": id, "zh": id}, "position": position});
        world.take(id, &Deed::new(Action::SitePut, body)).unwrap();
    }
    law::enact(&mut world);
    world.time = time(NOW).plus(Millis(now));
    (world, Batches { refills, bottles })
}

/// A recall; of a site for what it made from one time to another.
pub(super) fn recall(source: &str, made: Option<(u64, Option<u64>)>) -> Deed {
    let mut body = json!({"reason": "quality", "source": source});
    let at = |at: u64| time(NOW).plus(Millis(at)).to_string();
    if let Some((from, until)) = made {
        body["made"] = json!({"from": at(from)});
        if let Some(until) = until {
            body["made"]["until"] = json!(at(until));
        }
    }
    Deed::new(Action::RecallOpen, body)
}
