//! Who takes part. All names are invented; numbers begin with 952, which GS1 keeps for demonstrations.

use hefu_contracts::{
    gs1::Gln,
    parties::{Name, Party, PartyKind},
};
use hefu_keys::SecretKey;

/// The phrase of Substrate's development accounts: published, and so fit for nothing but demonstrations.
pub const PHRASE: &str = "bottom drive obey lake curtain smoke basket hold race lonely fit walk";

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
                ("corenest", PartyKind::Brand, "9528880100012", &["952888001", "95288801"]),
                ("CoreNest", "栖芯"),
            )?,
            huaxu: actor(
                ("huaxu", PartyKind::Factory, "9528880200019", &["95288802"]),
                ("Huaxu Daily Chemical", "华序日化"),
            )?,
            yueling: actor(
                ("yueling", PartyKind::Factory, "9528880300016", &["95288803"]),
                ("Yueling FlexMake", "越岭柔造"),
            )?,
            puyan: actor(("puyan", PartyKind::Lab, "9528880700014", &[]), ("Puyan Testing", "谱验检测"))?,
            swiftboat: actor(
                ("swiftboat", PartyKind::Carrier, "9528880800011", &[]),
                ("Swiftboat Logistics", "迅舟物流"),
            )?,
        })
    }

    /// Everybody, the founder first.
    pub fn all(&self) -> [&Actor; 5] {
        [&self.corenest, &self.huaxu, &self.yueling, &self.puyan, &self.swiftboat]
    }
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
