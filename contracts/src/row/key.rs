//! Keys of rows: what a row is about, by the kind that its key begins with.

use hefu_keys::{Address, Hash};

use crate::{
    gs1::{Epc, EpcKind, Gln, Gtin},
    height::Height,
    provenance::Quantity,
    votes::Step,
};

/// `party/<id>`
pub fn key_of_party(id: &str) -> String {
    format!("party/{id}")
}

/// `prefix/<digits>`
pub fn key_of_prefix(digits: &str) -> String {
    format!("prefix/{digits}")
}

/// `site/<gln>`
pub fn key_of_site(gln: &Gln) -> String {
    format!("site/{gln}")
}

/// `thing/414/<gln>`: a place as something that is recalled.
pub fn key_of_place(gln: &Gln) -> String {
    format!("thing/414/{gln}")
}

/// `key/<address>`
pub fn key_of_key(address: &Address) -> String {
    format!("key/{address}")
}

/// The same, where the address is spelt already.
pub(crate) fn key_of_key_text(address: &str) -> String {
    format!("key/{address}")
}

/// `authority/<prefix>/<party>`
pub fn key_of_authority(prefix: &str, party: &str) -> String {
    format!("authority/{prefix}/{party}")
}

/// `product/<gtin>`
pub fn key_of_product(gtin: &Gtin) -> String {
    format!("product/{gtin}")
}

/// `batch/<record id>`
pub fn key_of_batch(record: &Hash) -> String {
    format!("batch/{record}")
}

/// `event/<party>/<cbv hash>`
pub fn key_of_event(party: &str, cbv: &Hash) -> String {
    format!("event/{party}/{cbv}")
}

/// `feed/<name>`
pub fn key_of_feed(feed: &str) -> String {
    format!("feed/{feed}")
}

/// `agreement/<contract>`
pub fn key_of_agreement(contract: &str) -> String {
    format!("agreement/{contract}")
}

/// `terms/<contract>/<version>`
pub fn key_of_terms(contract: &str, version: u32) -> String {
    format!("terms/{contract}/{version}")
}

/// `account/<contract>/<party>`
pub fn key_of_account(contract: &str, party: &str) -> String {
    format!("account/{contract}/{party}")
}

/// `sale/<contract>/<line>`
pub fn key_of_sale(contract: &str, line: &str) -> String {
    format!("sale/{contract}/{line}")
}

/// `segment/<contract>/<period>/<version>`
pub fn key_of_segment(contract: &str, segment: &str) -> String {
    format!("segment/{contract}/{segment}")
}

/// `order/<contract>/<period>/<version>/<order>`
pub fn key_of_order(contract: &str, segment: &str, order: &str) -> String {
    format!("order/{contract}/{segment}/{order}")
}

/// `payout/<contract>/<batch>/<party>`
pub fn key_of_payout(contract: &str, batch: &str, party: &str) -> String {
    format!("payout/{contract}/{batch}/{party}")
}

/// `cost/<contract>/<item>`
pub fn key_of_cost(contract: &str, item: &str) -> String {
    format!("cost/{contract}/{item}")
}

/// `adjustment/<contract>/<name>`
pub fn key_of_adjustment(contract: &str, name: &str) -> String {
    format!("adjustment/{contract}/{name}")
}

/// `dispute/<contract>/<unit>`
pub fn key_of_dispute(contract: &str, unit: &str) -> String {
    format!("dispute/{contract}/{unit}")
}

/// `statement/<contract>/<party>/<number>`
pub fn key_of_statement(contract: &str, party: &str, number: u64) -> String {
    format!("statement/{contract}/{party}/{number}")
}

/// `line/<platform>/<month>/<order>/<line>`
pub fn key_of_line(line: &str) -> String {
    format!("line/{line}")
}

/// `sold/<item>`
pub fn key_of_sold(item: &Epc) -> String {
    format!("sold/{}", item.path())
}

/// `bom/<gtin>`
pub fn key_of_bom(gtin: &Gtin) -> String {
    format!("bom/{gtin}")
}

/// `recall/<record id>`
pub fn key_of_recall(record: &Hash) -> String {
    format!("recall/{record}")
}

/// `balance/<unit>/<lot>@<who>`. No path of a lot holds an `@`.
pub fn key_of_balance(quantity: &Quantity, who: &str) -> String {
    format!("balance/{}/{}@{who}", quantity.unit, quantity.class.path())
}

/// `transit/<unit>/<lot>@<receiver>`
pub fn key_of_transit(quantity: &Quantity, to: &str) -> String {
    format!("transit/{}/{}@{to}", quantity.unit, quantity.class.path())
}

/// `transformation/<party>/<hash>`, by the record's id or the hash of the transformation's own
pub fn key_of_transformation(party: &str, hash: &Hash) -> String {
    format!("transformation/{party}/{hash}")
}

/// `quota`: what everybody may record who has no quota of its own.
pub const KEY_OF_QUOTA: &str = "quota";

/// `quota/<party>`
pub fn key_of_quota(party: &str) -> String {
    format!("quota/{party}")
}

/// The row of the validators.
pub const KEY_OF_MEMBERS: &str = "members";

/// `evidence/<validator>/<height>/<round>/<step>`
pub fn key_of_evidence(validator: &Address, (height, round, step): (Height, u32, Step)) -> String {
    format!("evidence/{validator}/{height}/{round}/{}", step.name())
}

/// `item/…`, `lot/…`, `container/…` or `thing/…`, by the kind of identifier.
pub fn key_of_thing(epc: &Epc) -> String {
    let kind = match epc.kind() {
        EpcKind::Item { .. } => "item",
        EpcKind::Class { .. } => "lot",
        EpcKind::Container => "container",
        EpcKind::Other => "thing",
    };
    format!("{kind}/{}", epc.path())
}

/// The identifier whose row a key names ([`key_of_thing`]); `None` where it is another kind of row's.
pub fn thing_of_key(key: &str) -> Option<Epc> {
    let (_, path) = key.split_once('/')?;
    let epc = Epc::of_path(path).or_else(|_| Epc::parse(path)).ok()?;
    (key_of_thing(&epc) == key).then_some(epc)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thing_is_known_by_the_key_of_its_row() {
        let things = [
            ("https://id.gs1.org/01/09521234543213/21/7K%2F3X", "item/01/09521234543213/21/7K%2F3X"),
            ("https://id.gs1.org/01/09521234543213/10/L1", "lot/01/09521234543213/10/L1"),
            ("https://id.gs1.org/01/09521234543213", "lot/01/09521234543213"),
            ("https://id.gs1.org/00/095212345000000018", "container/00/095212345000000018"),
            ("https://id.gs1.org/414/9521234500001", "thing/414/9521234500001"),
            ("https://example.org/things/7", "thing/https://example.org/things/7"),
            ("urn:uuid:9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d", "thing/urn:uuid:9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d"),
        ];
        for (thing, key) in things {
            let epc = Epc::parse(thing).expect(thing);
            assert_eq!(key_of_thing(&epc), key);
            assert_eq!(thing_of_key(key), Some(epc));
        }
        for other in ["party/corenest", "lot/01/09521234543213/21/7K3X", "members", "site/9521234500001", "item/"] {
            assert_eq!(thing_of_key(other), None, "{other}");
        }
    }
}
