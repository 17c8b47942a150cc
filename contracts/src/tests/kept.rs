//! A world's chain as a node keeps it, for proofs.

use std::collections::BTreeMap;

use hefu_keys::Hash;

use super::{World, genesis, key};
use crate::{
    block::{Header, records_root},
    certificate::{Certificate, Precommit},
    entry::{Entry, Role},
    genesis::{FORMAT_VERSION, Genesis},
    height::Height,
    proof::{
        Proof,
        build::{self, Archive},
    },
    register::{Bucket, Buckets, Depth, Fault, Tree, plan},
    row::Row,
    shared::Shared,
    state::Snapshot,
    votes::{self, VoteKind},
};

/// A world's chain as a node keeps it, certified by its one validator.
pub(crate) struct Kept {
    pub world: World,
    pub genesis: Genesis,
    pub tree: Tree,
    buckets: BTreeMap<u32, Bucket>,
}

impl Kept {
    pub(crate) fn new(world: World) -> Kept {
        let mut tree = Tree::empty(Depth::DEV);
        let changes = world.rows.iter().map(|(key, row)| (Hash::of(key.as_bytes()), row.hash())).collect();
        let mut buckets = BTreeMap::new();
        let patch = plan(&tree, &buckets, &changes, None).unwrap();
        buckets.extend(patch.buckets().clone());
        tree.apply(patch).unwrap();
        Kept { world, genesis: genesis(), buckets, tree }
    }

    pub(crate) fn prove(&self, subject: &str) -> Proof {
        build::build(self, &self.tree, subject).unwrap().unwrap()
    }

    /// What a row's proof tells, step by step; every step's record is shown.
    pub(crate) fn told_of(&self, subject: &str) -> Vec<(Role, Hash)> {
        let story = self.prove(subject).check(&self.chain()).unwrap();
        story.steps.iter().map(|step| (step.entry.role, step.record.as_ref().unwrap().id)).collect()
    }

    pub(crate) fn chain(&self) -> Hash {
        self.world.chain
    }
}

impl Snapshot for Kept {
    fn row(&self, key: &str) -> Result<Option<Shared<Row>>, Fault> {
        self.world.rows.row(key)
    }
}

impl Buckets for Kept {
    fn bucket(&self, index: u32) -> Result<Bucket, Fault> {
        self.buckets.bucket(index)
    }
}

impl Archive for Kept {
    fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    fn head(&self) -> Result<Option<(Header, Certificate)>, Fault> {
        let members = self.genesis.members.hash();
        let header = Header {
            builder: key("validator").address(),
            chain: self.chain(),
            height: self.world.height,
            members,
            members_since: Height::new(1).unwrap(),
            next_members: members,
            previous: Hash::of(b"the block before"),
            records: records_root(std::iter::empty()),
            register: self.tree.root(),
            time: self.world.time,
            version: FORMAT_VERSION,
        };
        let block = header.id();
        let text = votes::vote(&self.chain(), header.height, 0, VoteKind::Precommit, Some(&block));
        let signature = key("validator").sign(text.as_bytes());
        let signatures = vec![Precommit { signature, validator: key("validator").address() }];
        let certificate = Certificate { block, height: header.height, round: 0, signatures };
        Ok(Some((header, certificate)))
    }

    fn entries(&self, key: &str, after: u64, until: Option<u64>) -> Result<Vec<Entry>, Fault> {
        let range = (key.to_owned(), after + 1)..=(key.to_owned(), until.unwrap_or(u64::MAX));
        Ok(self.world.entries.range(range).map(|(_, text)| serde_json::from_str(text).unwrap()).collect())
    }

    fn record(&self, id: &Hash) -> Result<Option<build::Kept>, Fault> {
        let found = self.world.submissions.get(id);
        Ok(found.map(|found| build::Kept { text: found.record().text.clone(), lists: found.annex().lists.clone() }))
    }
}
