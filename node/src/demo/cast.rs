//! Who takes part. All names are invented; numbers begin with 952, which GS1 keeps for demonstrations.

use anyhow::Context;
use hefu_contracts::{
    gs1::Gln,
    parties::{Name, Party, PartyKind},
};
use hefu_keys::SecretKey;

/// The phrase of Substrate's development accounts: published, and so fit for nothing but demonstrations.
pub const PHRASE: &str = "bottom drive obey lake curtain smoke basket hold race lonely fit walk";

/// GLN of the brand.
pub(super) const CORENEST: &str = "9528880100012";

/// GLN of the core factory.
pub(super) const HUAXU: &str = "9528880200019";

/// GLN of the flexible factory.
pub(super) const YUELING: &str = "9528880300016";

/// GLN of the carrier.
pub(super) const SWIFTBOAT: &str = "9528880800011";

/// GLN of the workshop.
pub(super) const GUIXIU: &str = "9528880400013";

/// GLN of the maker of the extract.
pub(super) const GUIYUAN: &str = "9528880500010";

/// GLN of the maker of the pump heads.
pub(super) const HENGSU: &str = "9528880600017";

/// The key at a path of [`PHRASE`].
pub(super) fn key(path: &str) -> anyhow::Result<SecretKey> {
    Ok(SecretKey::from_phrase(PHRASE, path, None)?)
}

/// An organisation with its keys.
pub struct Actor {
    /// As it joins.
    pub party: Party,
    /// Its admin key: the phrase with its id as path, `//huaxu`.
    pub admin: SecretKey,
    /// The key of a device that records events.
    pub device: SecretKey,
}

/// Everybody.
pub struct Cast {
    /// The brand, which founds the chain and owns the trade items.
    pub corenest: Actor,
    /// The core factory: bottles, assembly, packing.
    pub huaxu: Actor,
    /// The flexible factory: refills.
    pub yueling: Actor,
    /// The laboratory.
    pub puyan: Actor,
    /// The carrier.
    pub swiftboat: Actor,
}

impl Cast {
    /// Derives everybody's keys.
    ///
    /// # Errors
    /// Where a key cannot be derived, which a valid phrase never leads to.
    pub fn new() -> anyhow::Result<Cast> {
        Ok(Cast {
            corenest: actor(
                ("corenest", PartyKind::Brand, CORENEST, &["952888001", "95288801"]),
                ("CoreNest", "栖芯"),
            )?,
            huaxu: actor(("huaxu", PartyKind::Factory, HUAXU, &["95288802"]), ("Huaxu Daily Chemical", "华序日化"))?,
            yueling: actor(("yueling", PartyKind::Factory, YUELING, &["95288803"]), ("Yueling FlexMake", "越岭柔造"))?,
            puyan: actor(("puyan", PartyKind::Lab, "9528880700014", &[]), ("Puyan Testing", "谱验检测"))?,
            swiftboat: actor(("swiftboat", PartyKind::Carrier, SWIFTBOAT, &[]), ("Swiftboat Logistics", "迅舟物流"))?,
        })
    }

    /// Everybody, the founder first.
    pub fn all(&self) -> [&Actor; 5] {
        [&self.corenest, &self.huaxu, &self.yueling, &self.puyan, &self.swiftboat]
    }
}

/// Who takes part in the full story besides.
pub(super) struct Guests {
    /// The workshop: embroidered sleeves.
    pub guixiu: Actor,
    /// The maker of the extract.
    pub guiyuan: Actor,
    /// The maker of the pump heads.
    pub hengsu: Actor,
    /// The agency, which runs a validator.
    pub zhongsheng: Actor,
}

impl Guests {
    pub(super) fn new() -> anyhow::Result<Guests> {
        Ok(Guests {
            guixiu: actor(("guixiu", PartyKind::Workshop, GUIXIU, &["95288804"]), ("Guixiu Atelier", "桂绣坊"))?,
            guiyuan: actor(("guiyuan", PartyKind::Supplier, GUIYUAN, &["95288805"]), ("Guiyuan Aroma", "桂源香料"))?,
            hengsu: actor(("hengsu", PartyKind::Supplier, HENGSU, &["95288806"]), ("Hengsu Packaging", "恒塑包材"))?,
            zhongsheng: actor(
                ("zhongsheng", PartyKind::Mcn, "9528880900018", &["95288809"]),
                ("Zhongsheng Media", "众声传媒"),
            )?,
        })
    }

    pub(super) fn all(&self) -> [&Actor; 4] {
        [&self.guixiu, &self.guiyuan, &self.hengsu, &self.zhongsheng]
    }
}

/// Who sells in the tiny story: three creators, and the platform that reports what became of orders.
pub(super) struct Sellers {
    /// The creator with a strategic contract.
    pub adu: Actor,
    /// The creator who reviews.
    pub xiaoman: Actor,
    /// The creator who shows how it is made.
    pub may: Actor,
    /// The platform.
    pub douyin: Actor,
}

impl Sellers {
    pub(super) fn new() -> anyhow::Result<Sellers> {
        Ok(Sellers {
            adu: seller("adu", PartyKind::Kol, ("Adu", "阿渡"))?,
            xiaoman: seller("xiaoman", PartyKind::Kol, ("Xiaoman Reviews", "小满测评"))?,
            may: seller("may", PartyKind::Kol, ("Crafty May", "手作阿May"))?,
            douyin: seller("douyin", PartyKind::Platform, ("Douyin", "抖音"))?,
        })
    }

    pub(super) fn all(&self) -> [&Actor; 4] {
        [&self.adu, &self.xiaoman, &self.may, &self.douyin]
    }

    /// The admin key of one of them.
    pub(super) fn admin(&self, id: &str) -> anyhow::Result<&SecretKey> {
        let found = self.all().into_iter().find(|seller| seller.party.id == id);
        found.map(|seller| &seller.admin).with_context(|| format!("{id} sells nothing"))
    }
}

/// Somebody without a place of their own.
fn seller(id: &str, kind: PartyKind, (en, zh): (&str, &str)) -> anyhow::Result<Actor> {
    let admin = key(&format!("//{id}"))?;
    let party = Party {
        admin: admin.address(),
        gln: None,
        id: id.to_owned(),
        kind,
        name: Name { en: en.to_owned(), zh: zh.to_owned() },
        prefixes: Vec::new(),
    };
    Ok(Actor { party, admin, device: key(&format!("//{id}//device"))? })
}

fn actor((id, kind, gln, prefixes): (&str, PartyKind, &str, &[&str]), (en, zh): (&str, &str)) -> anyhow::Result<Actor> {
    let admin = key(&format!("//{id}"))?;
    let party = Party {
        admin: admin.address(),
        gln: Some(gln.parse::<Gln>()?),
        id: id.to_owned(),
        kind,
        name: Name { en: en.to_owned(), zh: zh.to_owned() },
        prefixes: prefixes.iter().map(|prefix| (*prefix).to_owned()).collect(),
    };
    Ok(Actor { party, admin, device: key(&format!("//{id}//device"))? })
}
