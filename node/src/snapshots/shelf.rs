//! Snapshots on this node's disk.
//!
//! Of all that a snapshot holds only the rows change with later blocks, and only they must be found by the hash of their
//! key; entries and blocks are served from the store as they are. So a snapshot is the rows of one height, spread over
//! files by ranges of the register, with a card that says what it is. It is made under another name, and renamed when all
//! of it is on the disk.

use std::{
    collections::BTreeMap,
    fmt,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use hefu_contracts::{
    block::Header,
    certificate::{BadCertificate, Certificate},
    genesis::Genesis,
    height::Height,
    register::{Depth, Pair, Range, range_of, root_over},
    row::Row,
    schema::Table,
    state::Fault,
};
use hefu_keys::Hash;
use serde::{Deserialize, Serialize};
use tokio::{sync::watch, task};

use super::pace::{Pace, Stopped};
use crate::{
    ledger::Desk,
    space::Room,
    store::{Chain, StoreError},
};

/// Directory of snapshots within a node's data directory.
pub(super) const DIRECTORY: &str = "snapshots";

/// The file that says what a snapshot is.
const CARD: &str = "card.json";

/// What the name of one ends in that is not complete.
const TAKING: &str = ".taking";

/// Snapshots kept: the newest, and the one before for whoever is still taking it.
const KEPT_MAX: usize = 2;

/// Bytes of rows in one range, on average.
const RANGE_BYTES: u64 = 256 << 10;

/// The register is cut into at least and at most two to the power of this many ranges.
const CUT_MIN: u8 = 2;
const CUT_MAX: u8 = 14;

/// Rows held in memory before they go into their files.
const HELD_BYTES_MAX: usize = 8 << 20;

/// A complete snapshot.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Card {
    pub header: Header,
    pub certificate: Certificate,
    /// Number of rows in each range.
    pub counts: Vec<u32>,
    /// Root of each range.
    pub roots: Vec<Hash>,
}

impl Card {
    /// The register is cut into 2 to the power of this many ranges.
    pub(super) fn cut(&self) -> u8 {
        self.roots.len().checked_ilog2().and_then(|cut| u8::try_from(cut).ok()).unwrap_or_default()
    }

    /// That the members have certified the header, and that the ranges lead to its register. How many rows a range has is
    /// bound by nothing here.
    ///
    /// # Errors
    /// [`BadCard`].
    pub(super) fn check(&self, genesis: &Genesis) -> Result<(), BadCard> {
        let Card { header, certificate, counts, roots } = self;
        let chain = genesis.chain();
        if header.chain != chain || header.id() != certificate.block || header.height != certificate.height {
            return Err(BadCard::Header);
        }
        certificate.check(&chain, &genesis.members)?;
        if roots.len() != counts.len() {
            return Err(BadCard::Ranges);
        }
        if root_over(genesis.register_depth, roots) != Some(header.register) {
            return Err(BadCard::Root);
        }
        Ok(())
    }
}

/// Why a card says nothing about this chain.
#[derive(Debug, thiserror::Error)]
pub enum BadCard {
    #[error("the certificate is not for the header")]
    Header,
    #[error(transparent)]
    Certificate(#[from] BadCertificate),
    #[error("the ranges have other roots than counts")]
    Ranges,
    #[error("the ranges do not lead to the register's root")]
    Root,
}

/// A snapshot on this node's disk.
struct Kept {
    card: Arc<Card>,
    /// Of each range whose rows have led to its root: the hash of the file as it was then.
    sound: BTreeMap<u32, Hash>,
}

impl Kept {
    fn new(card: Card) -> Kept {
        Kept { card: Arc::new(card), sound: BTreeMap::new() }
    }
}

/// The snapshots of a node.
pub struct Shelf {
    directory: PathBuf,
    every: u64,
    kept: Mutex<BTreeMap<Height, Kept>>,
    /// Whether the node is about to end.
    stopped: AtomicBool,
    /// The height whose snapshot is to be taken next.
    due: watch::Sender<Option<Chain>>,
}

/// Why a snapshot is not taken, or not read.
#[derive(Debug, thiserror::Error)]
pub enum BadSnapshot {
    #[error("{path} cannot be used: {source}")]
    File { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the rows do not lead to the register's root")]
    Root,
    #[error("the register cannot be computed: {0}")]
    Register(#[from] Fault),
    #[error(transparent)]
    Stopped(#[from] Stopped),
    #[error("a row is none, or longer than any can be")]
    Row,
    #[error("the rows of range {0} are not those of its card")]
    Range(u32),
    #[error("it cannot be read: {0}")]
    Card(#[from] serde_json::Error),
}

impl BadSnapshot {
    /// Whether the snapshot is of no use any more. A file that cannot be opened may be opened later.
    pub(super) fn is_damage(&self) -> bool {
        if let BadSnapshot::File { source, .. } = self {
            return source.kind() == io::ErrorKind::NotFound;
        }
        !matches!(self, BadSnapshot::Store(_) | BadSnapshot::Stopped(_))
    }
}

impl Shelf {
    /// The snapshots in a node's data directory. What was not complete is removed.
    pub fn open(data: &Path, every: u64) -> Shelf {
        let directory = data.join(DIRECTORY);
        let mut kept = BTreeMap::new();
        for entry in fs::read_dir(&directory).into_iter().flatten().flatten() {
            let path = entry.path();
            match read_card(&path) {
                Ok(card) if every > 0 && path.ends_with(name(card.header.height)) => {
                    kept.insert(card.header.height, Kept::new(card));
                }
                // Half made, of another version, or no longer wanted: the next one is better.
                Ok(_) | Err(_) => remove(&path),
            }
        }
        let (due, _) = watch::channel(None);
        Shelf { directory, every, kept: Mutex::new(kept), stopped: AtomicBool::new(false), due }
    }

    /// No snapshots, now or later.
    pub(crate) fn none() -> Shelf {
        let (due, _) = watch::channel(None);
        Shelf { directory: PathBuf::new(), every: 0, kept: Mutex::default(), stopped: AtomicBool::new(false), due }
    }

    /// Hears of a block; of some a snapshot is taken.
    pub(crate) fn committed(&self, height: Height, chain: impl FnOnce() -> Result<Chain, Fault>) -> Result<(), Fault> {
        if self.every > 0 && height.get().is_multiple_of(self.every) {
            self.due.send_replace(Some(chain()?));
        }
        Ok(())
    }

    /// The newest.
    pub(crate) fn newest(&self) -> Option<Arc<Card>> {
        self.kept().last_key_value().map(|(_, kept)| kept.card.clone())
    }

    /// The snapshot of a height.
    pub(super) fn of(&self, height: Height) -> Option<Arc<Card>> {
        self.kept().get(&height).map(|kept| kept.card.clone())
    }

    /// The texts of the rows of a range of a snapshot, if they are those of its card: who hands over others seems to lie,
    /// though it was the disk. What was once found sound is known by the hash of its file.
    ///
    /// # Errors
    /// [`BadSnapshot`].
    pub(super) fn rows(&self, depth: Depth, card: &Card, range: u32) -> Result<Vec<Vec<u8>>, BadSnapshot> {
        let height = card.header.height;
        let bytes = read_file(&self.directory.join(name(height)), range)?;
        let rows = rows_in(&bytes).ok_or(BadSnapshot::Range(range))?;
        let hash = Hash::of(&bytes);
        let known = self.kept().get(&height).and_then(|kept| kept.sound.get(&range).copied());
        if known != Some(hash) {
            let (root, count) = (root_of(depth, (card.cut(), range), &rows)?, u32::try_from(rows.len()).ok());
            if card.roots.get(range as usize) != Some(&root) || card.counts.get(range as usize).copied() != count {
                return Err(BadSnapshot::Range(range));
            }
            if let Some(kept) = self.kept().get_mut(&height) {
                kept.sound.insert(range, hash);
            }
        }
        Ok(rows)
    }

    /// Lets go of a snapshot that has turned out to be damaged: the next one is better.
    pub(super) fn discard(&self, height: Height, why: &dyn fmt::Display) {
        if self.kept().remove(&height).is_some() {
            tracing::error!(block.height = height.get(), reason = %why, "a snapshot is damaged on the disk: it is removed");
            remove(&self.directory.join(name(height)));
        }
    }

    /// Takes no more snapshots: the node ends.
    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    fn kept(&self) -> MutexGuard<'_, BTreeMap<Height, Kept>> {
        // A panic elsewhere cannot leave it half changed.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a snapshot of a chain as it stands, and lets go of the oldest.
    pub fn take(&self, chain: &Chain) -> Result<Height, BadSnapshot> {
        let height = chain.tip().height;
        let making = self.directory.join(format!("{}{TAKING}", name(height)));
        let whole = self.directory.join(name(height));
        remove(&making);
        let mut pace = Pace::new(&self.stopped);
        let card = write(chain, &making, &mut pace).inspect_err(|_| remove(&making))?;
        remove(&whole);
        fs::rename(&making, &whole).map_err(at(&whole))?;
        sync(&self.directory)?;
        let mut kept = self.kept();
        kept.insert(height, Kept::new(card));
        while kept.len() > KEPT_MAX {
            let Some((oldest, _)) = kept.pop_first() else { break };
            remove(&self.directory.join(name(oldest)));
        }
        Ok(height)
    }
}

/// Takes snapshots as they become due, until the node ends. What goes wrong with one is no harm to the node.
pub(crate) async fn keep(desk: Arc<Desk>) {
    let (mut due, mut ended) = (desk.shelf().due.subscribe(), desk.ended());
    loop {
        tokio::select! {
            _ = ended.wait_for(Option::is_some) => return,
            changed = due.changed() => if changed.is_err() { return },
        }
        due.mark_unchanged();
        let mut taken = None;
        // Taken out: what is left there would hold the tables as they are now until the next one.
        desk.shelf().due.send_if_modified(|due| {
            taken = due.take();
            false
        });
        let Some(chain) = taken else { continue };
        if desk.space().room < Room::Ample {
            tracing::warn!("no snapshot is taken: the disk is nearly full");
            continue;
        }
        let desk = desk.clone();
        let taken = task::spawn_blocking(move || desk.shelf().take(&chain)).await;
        match taken {
            Ok(Ok(height)) => tracing::info!(block.height = height.get(), "snapshot taken"),
            Ok(Err(BadSnapshot::Stopped(_))) => return,
            Ok(Err(error)) => tracing::error!(%error, "no snapshot is taken"),
            Err(error) => tracing::error!(%error, "taking a snapshot has ended"),
        }
    }
}

fn name(height: Height) -> String {
    height.get().to_string()
}

/// Spreads the rows over files, and says what they are.
fn write(chain: &Chain, directory: &Path, pace: &mut Pace<'_>) -> Result<Card, BadSnapshot> {
    let Some((header, certificate)) = chain.tip().certified.as_deref().cloned() else {
        return Err(BadSnapshot::Root);
    };
    fs::create_dir_all(directory).map_err(at(directory))?;
    let depth = chain.genesis().register_depth;
    let mut bytes: u64 = 0;
    for pair in chain.view().scan(Table::Rows, &[], None) {
        let (_, text) = pair?;
        bytes = bytes.saturating_add(u64::try_from(text.len()).unwrap_or(u64::MAX));
        pace.take(text.len())?;
    }
    let cut = cut_for(bytes, depth.levels());
    spread(chain, directory, cut, pace)?;
    let ranges = 0..1_u32.wrapping_shl(u32::from(cut));
    let (mut counts, mut roots) = (Vec::new(), Vec::new());
    for index in ranges {
        let rows = rows_in(&read_file(directory, index)?).ok_or(BadSnapshot::Root)?;
        pace.take(rows.iter().map(Vec::len).sum())?;
        counts.push(u32::try_from(rows.len()).unwrap_or(u32::MAX));
        roots.push(root_of(depth, (cut, index), &rows)?);
    }
    if root_over(depth, &roots) != Some(header.register) {
        return Err(BadSnapshot::Root);
    }
    let card = Card { header, certificate, counts, roots };
    let path = directory.join(CARD);
    let mut file = File::create(&path).map_err(at(&path))?;
    file.write_all(&serde_json::to_vec(&card)?).and_then(|()| file.sync_all()).map_err(at(&path))?;
    sync(directory)?;
    Ok(card)
}

/// Into how many ranges so many bytes of rows are cut, as a power of two. It depends on nothing else, so that all nodes
/// cut one state alike.
fn cut_for(bytes: u64, levels: u8) -> u8 {
    let ranges = bytes.div_ceil(RANGE_BYTES).max(1);
    let cut = ranges.checked_next_power_of_two().and_then(u64::checked_ilog2).unwrap_or_default();
    u8::try_from(cut).unwrap_or(CUT_MAX).clamp(CUT_MIN, CUT_MAX).min(levels)
}

/// Writes each row into the file of its range.
fn spread(chain: &Chain, directory: &Path, cut: u8, pace: &mut Pace<'_>) -> Result<(), BadSnapshot> {
    let mut held: BTreeMap<u32, Vec<u8>> = BTreeMap::new();
    let mut bytes: usize = 0;
    for pair in chain.view().scan(Table::Rows, &[], None) {
        let (key, text) = pair?;
        let length = u32::try_from(text.len()).map_err(|_| BadSnapshot::Row)?;
        let of_range = held.entry(range_of(&Hash::of(&key), cut)).or_default();
        of_range.extend_from_slice(&length.to_be_bytes());
        of_range.extend_from_slice(&text);
        bytes = bytes.saturating_add(text.len());
        pace.take(text.len().saturating_mul(2))?;
        if bytes >= HELD_BYTES_MAX {
            flush(directory, &mut held, false)?;
            bytes = 0;
        }
    }
    for range in 0..1_u32.wrapping_shl(u32::from(cut)) {
        held.entry(range).or_default();
    }
    flush(directory, &mut held, true)
}

fn flush(directory: &Path, held: &mut BTreeMap<u32, Vec<u8>>, last: bool) -> Result<(), BadSnapshot> {
    while let Some((range, bytes)) = held.pop_first() {
        let path = directory.join(file_of(range));
        let opened = OpenOptions::new().create(true).append(true).open(&path);
        let written = opened.and_then(|mut file| {
            file.write_all(&bytes)?;
            if last { file.sync_all() } else { Ok(()) }
        });
        written.map_err(at(&path))?;
    }
    Ok(())
}

fn file_of(range: u32) -> String {
    format!("{range:05}.rows")
}

fn read_file(directory: &Path, range: u32) -> Result<Vec<u8>, BadSnapshot> {
    let path = directory.join(file_of(range));
    fs::read(&path).map_err(at(&path))
}

/// The texts of the rows in a file; `None` where it is torn.
fn rows_in(file: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut rest = file;
    let mut rows = Vec::new();
    while !rest.is_empty() {
        let (length, after) = rest.split_first_chunk::<4>()?;
        let (row, after) = after.split_at_checked(u32::from_be_bytes(*length) as usize)?;
        rows.push(row.to_vec());
        rest = after;
    }
    Some(rows)
}

/// What rows lead to as a range of the register.
fn root_of(depth: Depth, which: (u8, u32), rows: &[Vec<u8>]) -> Result<Hash, BadSnapshot> {
    let pairs = rows.iter().map(|text| pair_of(text)).collect::<Result<Vec<Pair>, _>>()?;
    Ok(Range::of(depth, which, pairs)?.root())
}

/// A row as the register sees it.
fn pair_of(text: &[u8]) -> Result<Pair, BadSnapshot> {
    let text = std::str::from_utf8(text).map_err(|_| BadSnapshot::Row)?;
    let row = Row::read_own(text).map_err(|_| BadSnapshot::Row)?;
    Ok(Pair { key: Hash::of(row.key.as_bytes()), row: Row::hash_of(text) })
}

fn read_card(directory: &Path) -> Result<Card, BadSnapshot> {
    let path = directory.join(CARD);
    let complete = directory.extension().is_none();
    let bytes =
        fs::read(&path).and_then(|bytes| if complete { Ok(bytes) } else { Err(io::ErrorKind::NotFound.into()) });
    Ok(serde_json::from_slice(&bytes.map_err(at(&path))?)?)
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> BadSnapshot {
    let path = path.to_owned();
    move |source| BadSnapshot::File { path, source }
}

fn sync(directory: &Path) -> Result<(), BadSnapshot> {
    File::open(directory).and_then(|file| file.sync_all()).map_err(at(directory))
}

fn remove(path: &Path) {
    match fs::remove_dir_all(path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => tracing::warn!(%error, path = %path.display(), "an old snapshot cannot be removed"),
    }
}
