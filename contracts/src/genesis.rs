//! Genesis: the document that a chain begins with and is named after.

use hefu_keys::{Hash, PublicKey};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{
    canonical_text,
    certificate::{BadMembers, Members},
    entry::{Entry, Role},
    exact::{self, Inexact},
    height::Height,
    parties::{KeyRole, Party, Quota, QuotaRow, add_validator, register_party},
    record::Visibility,
    refusal::Refusal,
    register::Depth,
    row::{KEY_OF_MEMBERS, KEY_OF_QUOTA},
    state::{Fault, Overlay, Rows, Stamp, Writes},
    time::Time,
    validators::MembersRow,
};

/// Version of the formats of records, headers and rows.
pub const FORMAT_VERSION: u32 = 1;

/// Largest genesis document in bytes.
pub const GENESIS_BYTES_MAX: usize = 1 << 20;

/// Settings that all validators of a chain share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Parameters {
    /// Least time between two blocks in milliseconds; 0 for as fast as they are wanted.
    pub block_interval_ms: u64,
    /// Time after which a block is built although no record waits, in milliseconds.
    pub heartbeat_ms: u64,
    /// Time-out of a round's proposal in milliseconds.
    pub propose_timeout_ms: u64,
    /// What everybody may record, until a registrar sets something else; absent where the default is to hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota: Option<Quota>,
    /// Time-out of a round's prevotes and of its precommits in milliseconds.
    pub vote_timeout_ms: u64,
}

impl Default for Parameters {
    fn default() -> Parameters {
        Parameters {
            block_interval_ms: 0,
            heartbeat_ms: 60_000,
            propose_timeout_ms: 1_500,
            quota: None,
            vote_timeout_ms: 500,
        }
    }
}

/// The genesis document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Genesis {
    /// The validators of the first height.
    pub members: Members,
    /// The chain's name for people.
    pub name: String,
    /// Settings.
    pub parameters: Parameters,
    /// The organisations that found the chain; their first keys are admins and registrars.
    pub parties: Vec<Party>,
    /// Depth of the register.
    pub register_depth: Depth,
    /// When the chain begins; the first block is later.
    pub time: Time,
    /// Always `genesis`.
    #[serde(rename = "type")]
    pub kind: GenesisKind,
    /// Format version.
    pub version: u32,
}

/// The word `genesis`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GenesisKind {
    /// The only kind.
    #[default]
    Genesis,
}

/// Why a document is no genesis of ours.
#[derive(Debug, Error)]
pub enum BadGenesis {
    /// Too large.
    #[error("the genesis document has {0} bytes, at most {GENESIS_BYTES_MAX} are accepted")]
    Size(usize),
    /// Not canonical JSON of a genesis document's shape.
    #[error("the genesis document is malformed")]
    Form(#[from] Inexact),
    /// A format this program does not know.
    #[error("the genesis document has format version {0}, this program knows {FORMAT_VERSION}")]
    Version(u32),
    /// The validators are not a set.
    #[error(transparent)]
    Members(#[from] BadMembers),
    /// A founding organisation is malformed.
    #[error("a founding organisation is malformed")]
    Party(#[from] Refusal),
    /// Two founders share an id, a prefix, a GLN or a key.
    #[error("two founding organisations share {0}")]
    Shared(String),
    /// The quota is malformed.
    #[error("the quota is malformed")]
    Quota(#[source] Refusal),
    /// A founder's or validator's key is weak.
    #[error("the key {0} is of small order, torsioned or not canonical")]
    Key(hefu_keys::Address),
}

impl Genesis {
    /// Reads and checks a genesis document.
    ///
    /// # Errors
    /// [`BadGenesis`].
    pub fn read(text: &str) -> Result<Genesis, BadGenesis> {
        if text.len() > GENESIS_BYTES_MAX {
            return Err(BadGenesis::Size(text.len()));
        }
        let genesis: Genesis = exact::read(text)?;
        if genesis.version != FORMAT_VERSION {
            return Err(BadGenesis::Version(genesis.version));
        }
        genesis.members.check()?;
        let keys = genesis.members.0.iter().map(|member| &member.address);
        for key in keys.chain(genesis.parties.iter().map(|party| &party.admin)) {
            PublicKey::try_from(key).map_err(|_| BadGenesis::Key(*key))?;
        }
        genesis.check_parties()?;
        let quota = genesis.parameters.quota.as_ref();
        quota.map_or(Ok(()), |quota| quota.check("/parameters/quota")).map_err(BadGenesis::Quota)?;
        Ok(genesis)
    }

    fn check_parties(&self) -> Result<(), BadGenesis> {
        for (index, party) in self.parties.iter().enumerate() {
            party.check(&format!("/parties/{index}"))?;
            for other in self.parties.iter().take(index) {
                if let Some(shared) = shared(party, other) {
                    return Err(BadGenesis::Shared(shared));
                }
            }
        }
        Ok(())
    }

    /// The canonical text.
    pub fn text(&self) -> String {
        canonical_text(self)
    }

    /// The chain's identity: SHA-256 of the canonical text.
    pub fn chain(&self) -> Hash {
        Hash::of(self.text().as_bytes())
    }

    /// The rows that the chain begins with.
    ///
    /// # Errors
    /// None: the state it starts from is in memory.
    pub fn rows(&self) -> Result<Rows, Fault> {
        let nothing = Rows::new();
        let mut overlay = Overlay::new(&nothing);
        let entry = Entry {
            by: Vec::new(),
            containers: Vec::new(),
            data: Vec::new(),
            height: Height::GENESIS,
            record: Hash::ZERO,
            role: Role::Register,
            time: self.time,
            visibility: Visibility::Public,
        };
        let stamp = Stamp { entry };
        let roles: Vec<KeyRole> = KeyRole::OF_ADMINS.into_iter().chain([KeyRole::Registrar]).collect();
        for party in &self.parties {
            overlay.apply(register_party(party, None, &roles), stamp.clone())?;
        }
        for member in &self.members.0 {
            let writes = add_validator(&overlay, member)?;
            overlay.apply(writes, stamp.clone())?;
        }
        let mut members = Writes::default();
        let row = MembersRow { members: self.members.clone(), since: Height::GENESIS.next() };
        members.set(KEY_OF_MEMBERS, row);
        overlay.apply(members, stamp.clone())?;
        if let Some(limits) = self.parameters.quota {
            let mut quota = Writes::default();
            quota.set(KEY_OF_QUOTA, QuotaRow { limits: Some(limits), ..QuotaRow::default() });
            overlay.apply(quota, stamp)?;
        }
        Ok(overlay.into_changes().rows)
    }
}

fn shared(a: &Party, b: &Party) -> Option<String> {
    if a.id == b.id {
        return Some(format!("the id {}", a.id));
    }
    if a.admin == b.admin {
        return Some(format!("the key {}", a.admin));
    }
    if let Some(gln) = a.gln.filter(|gln| Some(*gln) == b.gln) {
        return Some(format!("the GLN {gln}"));
    }
    let overlap =
        |prefix: &&String| b.prefixes.iter().any(|other| other.starts_with(*prefix) || prefix.starts_with(other));
    a.prefixes.iter().find(overlap).map(|prefix| format!("the company prefix {prefix}"))
}
