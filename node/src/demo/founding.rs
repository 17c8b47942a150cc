//! How the organisations join and agree who may do what.

use hefu_contracts::{
    action::Action,
    catalogue::{ProductKind, ProductPut},
    gs1::{Gln, Gtin},
    parties::{AuthorityGrant, Grant, KeyGrant, KeyRole, Name, Scope, SitePut},
};

use super::{
    cast::{Actor, Cast},
    teller::Teller,
};

/// The brand's warehouse in Hangzhou.
pub(super) const RDC: &str = "9528880100029";

/// The bottle.
pub(super) const BOTTLE: &str = "09528880010106";

/// The refill.
pub(super) const REFILL: &str = "09528880010021";

/// Bottle and refill, sold as one.
pub(super) const SET: &str = "09528880010014";

/// The set in an embroidered sleeve.
pub(super) const GIFT_SET: &str = "09528880010038";

/// The company prefix of the trade items.
const BRAND_PREFIX: &str = "952888001";

/// A trade item: its GTIN, what it is, its English and its Chinese name.
pub(super) type TradeItem = (&'static str, ProductKind, &'static str, &'static str);

/// The trade items of every telling.
pub(super) const ITEMS: [TradeItem; 3] = [
    (BOTTLE, ProductKind::Component, "Refillable bottle UB-50", "万能瓶 UB-50"),
    (REFILL, ProductKind::Finished, "Osmanthus refill 50 g", "桂花冷萃内芯 50 g"),
    (SET, ProductKind::Kit, "Osmanthus hand cream set", "桂花护手霜套装"),
];

/// Who joins, and what they may do.
pub(super) struct Founding<'a> {
    /// Everybody but the founder.
    pub newcomers: Vec<&'a Actor>,
    /// Whom the brand gives authority for a step with its trade items.
    pub steps: &'a [(&'a str, &'a str)],
    /// Whose containers, by company prefix, the carrier moves.
    pub hauls: &'a [(&'a Actor, &'a str)],
    /// The catalogue.
    pub items: &'a [TradeItem],
}

impl Founding<'_> {
    pub(super) fn tell(&self, cast: &Cast, teller: &mut Teller) -> anyhow::Result<()> {
        teller.chapter("organisations join");
        let registrar = &cast.corenest.admin;
        for newcomer in &self.newcomers {
            teller.tell(&[registrar, &newcomer.admin], Action::PartyAdd, &newcomer.party)?;
        }
        let name = Name { en: "CoreNest RDC Hangzhou".to_owned(), zh: "栖芯杭州仓".to_owned() };
        teller.tell(&[registrar], Action::SitePut, &SitePut { gln: RDC.parse()?, name, position: None })?;

        teller.chapter("devices get keys");
        for actor in std::iter::once(&cast.corenest).chain(self.newcomers.iter().copied()) {
            device(actor, teller)?;
        }

        teller.chapter("owners give authority");
        for (to, step) in self.steps {
            teller.tell(&[registrar], Action::AuthorityGrant, &authority(BRAND_PREFIX, to, &[step]))?;
        }
        for (owner, prefix) in self.hauls {
            let carrier = authority(prefix, "swiftboat", &["arriving", "departing"]);
            teller.tell(&[&owner.admin], Action::AuthorityGrant, &carrier)?;
        }

        teller.chapter("trade items enter the catalogue");
        for (gtin, kind, en, zh) in self.items {
            let name = Name { en: (*en).to_owned(), zh: (*zh).to_owned() };
            let product = ProductPut { gtin: gtin.parse::<Gtin>()?, kind: *kind, links: Vec::new(), name, version: 1 };
            teller.tell(&[registrar], Action::ProductPut, &product)?;
        }
        Ok(())
    }
}

/// A device may record events, and nothing else; the warehouse's only at the warehouse's gate.
fn device(actor: &Actor, teller: &mut Teller) -> anyhow::Result<()> {
    let sites = if actor.party.id == "corenest" { vec![RDC.parse::<Gln>()?] } else { Vec::new() };
    let scope = Scope { sites, ..Scope::default() };
    let grant = Grant { expires: None, role: KeyRole::Capture, scope };
    let body = KeyGrant { grants: vec![grant], key: actor.device.address() };
    teller.tell(&[&actor.admin, &actor.device], Action::KeyGrant, &body)?;
    Ok(())
}

fn authority(prefix: &str, to: &str, steps: &[&str]) -> AuthorityGrant {
    AuthorityGrant {
        biz_steps: steps.iter().map(|step| (*step).to_owned()).collect(),
        expires: None,
        prefix: prefix.to_owned(),
        to: to.to_owned(),
    }
}
