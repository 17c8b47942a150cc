//! The newest height: its chain and its register.

use std::{collections::BTreeMap, sync::Arc};

use hefu_contracts::{
    block::Header,
    certificate::Certificate,
    genesis::Genesis,
    height::Height,
    register::{Bucket, Depth, Fault, Patch, Tree, plan},
    schema::Table,
    state::Rows,
    time::Time,
};
use hefu_keys::Hash;

use super::{Chain, Store, StoreError};

/// The last block.
#[derive(Clone, Debug)]
pub struct Tip {
    /// Its height; 0 before the first.
    pub height: Height,
    /// Its id; the chain's hash before the first.
    pub block: Hash,
    /// Its time; that of genesis before the first.
    pub time: Time,
    /// Header and certificate, once there is a block.
    pub certified: Option<Arc<(Header, Certificate)>>,
}

/// Everything that a reader needs of one height, and that changes together.
pub struct Head {
    /// What the tables hold.
    pub chain: Chain,
    /// The register over the rows.
    pub tree: Tree,
}

/// The register and the last header do not fit each other.
#[derive(Debug, thiserror::Error)]
#[error(
    "the rows in the store have the root {found}, block {height} certifies {expected}: the store is damaged. Restore a \
     backup, or move the directory away and let the node catch up from others; `hefu verify --store` says what differs"
)]
struct OtherRoot {
    height: Height,
    found: Hash,
    expected: Hash,
}

/// The header of the last block is not the one that its certificate is for.
#[derive(Debug, thiserror::Error)]
#[error("block {height} has the id {found}, its certificate is for {expected}")]
struct OtherBlock {
    height: Height,
    found: Hash,
    expected: Hash,
}

impl Tip {
    /// Before the first block.
    pub fn of_genesis(genesis: &Genesis) -> Tip {
        Tip { height: Height::GENESIS, block: genesis.chain(), time: genesis.time, certified: None }
    }

    /// After a block.
    pub fn of_block(header: Header, certificate: Certificate) -> Tip {
        Tip {
            height: header.height,
            block: header.id(),
            time: header.time,
            certified: Some(Arc::new((header, certificate))),
        }
    }
}

impl Head {
    /// Reads the last block and builds the register's tree from the buckets. The tree must have the root that the
    /// block certifies.
    ///
    /// # Errors
    /// [`Fault`] from the storage, or where tree and block differ. Nothing is repaired or executed again.
    pub fn load(store: &dyn Store, genesis: &Arc<Genesis>) -> Result<Head, Fault> {
        let chain = Chain::new(store.view(), genesis.clone())?;
        let tip = chain.tip();
        let expected = match tip.certified.as_deref() {
            Some((header, certificate)) => {
                let (found, expected) = (header.id(), certificate.block);
                if found != expected || header.chain != genesis.chain() {
                    return Err(Fault::new(OtherBlock { height: header.height, found, expected }));
                }
                header.register
            }
            None => first(genesis.register_depth, &genesis.rows()?)?.root(),
        };
        let tree = Tree::build(genesis.register_depth, buckets(&chain))?;
        if tree.root() != expected {
            return Err(Fault::new(OtherRoot { height: tip.height, found: tree.root(), expected }));
        }
        Ok(Head { tree, chain })
    }

    /// Goes on to the next height.
    pub(crate) fn advance(&mut self, chain: Chain, patch: Patch) -> Result<(), Fault> {
        self.tree.apply(patch)?;
        self.chain = chain;
        Ok(())
    }
}

/// Every bucket that was ever written, ascending.
pub(super) fn buckets(chain: &Chain) -> impl Iterator<Item = Result<(u32, Bucket), Fault>> {
    chain.view().scan(Table::Buckets, &[], None).map(|pair| {
        let (key, bytes) = pair?;
        let index = <[u8; 4]>::try_from(&*key).map(u32::from_be_bytes);
        let index = index.map_err(|bad| StoreError::damaged(Table::Buckets, hex(&key), bad))?;
        let bucket = Bucket::decode(&bytes).map_err(|cause| Fault::Damaged { index, cause })?;
        Ok((index, bucket))
    })
}

/// Bytes that should have been a number, for a message.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The register of the rows that a chain begins with.
pub(super) fn first(depth: Depth, rows: &Rows) -> Result<Patch, Fault> {
    let changes = rows.iter().map(|(key, row)| (Hash::of(key.as_bytes()), row.hash())).collect();
    plan(&Tree::empty(depth), &BTreeMap::new(), &changes, None)
}
