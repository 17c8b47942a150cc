//! How long somebody may take, with peers that send pieces of any size in any time.

use super::*;
use crate::{store::Memory, world::World};

/// As slowly as the network bears, and quickly enough for the allowance by bytes.
const WAIT: Duration = Duration::from_secs(14);

/// Pieces that are asked for.
const COUNT: u64 = 12;

/// Peers of which each sends one such piece after so long.
struct Peers {
    pieces: Vec<(PeerId, Duration, Bytes)>,
    asked: Vec<PeerId>,
    exposed: Vec<(PeerId, String)>,
    clock: Duration,
}

fn long() -> Bytes {
    Bytes::from(vec![b'-'; 1 << 20])
}

impl Peers {
    fn new(pieces: &[(Duration, Bytes)]) -> Peers {
        let pieces = pieces.iter().map(|(wait, piece)| (PeerId::random(), *wait, piece.clone())).collect();
        Peers { pieces, asked: Vec::new(), exposed: Vec::new(), clock: Duration::ZERO }
    }

    /// How often each was asked.
    fn times(&self) -> Vec<usize> {
        let times = |peer: &PeerId| self.asked.iter().filter(|asked| *asked == peer).count();
        self.pieces.iter().map(|(peer, ..)| times(peer)).collect()
    }

    /// Gets the pieces one after another and finds out who sends others than `sound`; how many came.
    fn fetch(&mut self, sound: &Bytes) -> Result<usize, Stop> {
        let (world, store) = (World::new(4), Memory::new());
        let mut filling = Filling {
            genesis: world.genesis(),
            store: &store,
            asked: self.pieces.iter().map(|(peer, ..)| *peer).collect(),
            source: self,
            slow: BTreeSet::new(),
            exposed: Vec::new(),
            closed: false,
            progress: &mut |_| (),
        };
        let get =
            |source: &mut Peers, peer, patience| gather(source, peer, patience, (COUNT, usize::MAX), |_| Ask::Snapshot);
        let check = |pieces: Vec<Bytes>| {
            if pieces.iter().all(|piece| piece == sound) { Ok(pieces.len()) } else { Err(Lie::new("garbage")) }
        };
        filling.fetch("pieces", get, check)
    }
}

impl Source for Peers {
    fn peers(&mut self) -> Vec<PeerId> {
        self.pieces.iter().map(|(peer, ..)| *peer).collect()
    }

    fn ask(&mut self, peer: PeerId, _: Ask) -> Option<Vec<Bytes>> {
        self.asked.push(peer);
        let (_, wait, piece) = self.pieces.iter().find(|(one, ..)| *one == peer)?;
        self.clock += *wait;
        Some(vec![piece.clone()])
    }

    fn clock(&self) -> Duration {
        self.clock
    }

    fn expose(&mut self, peer: PeerId, Lie(words): &Lie) {
        self.exposed.push((peer, words.clone()));
    }
}

#[test]
fn garbage_just_within_the_allowance_is_waited_for_no_longer_than_silence_while_somebody_quick_is_there() {
    let sound = Bytes::from_static(b"sound");
    for liars in 1..4 {
        let mut pieces = vec![(WAIT, long()); liars];
        pieces.push((Duration::ZERO, sound.clone()));
        let mut peers = Peers::new(&pieces);
        assert_eq!(peers.fetch(&sound).expect("there is one"), usize::try_from(COUNT).expect("few"));
        // Three answers of each: with the third the time is over.
        let mut times = vec![3; liars];
        times.push(12);
        assert_eq!((peers.times(), peers.clock), (times, WAIT * 3 * u32::try_from(liars).expect("few")));
        assert_eq!(peers.exposed, [], "nobody has sent all of it");
    }
}

#[test]
fn where_all_lines_are_slow_what_is_long_has_more_time() {
    for honest in 1..4 {
        let mut peers = Peers::new(&vec![(WAIT, long()); honest]);
        assert_eq!(peers.fetch(&long()).expect("it comes in the end"), usize::try_from(COUNT).expect("few"));
        // The last of them is not given up for another.
        let mut times = vec![3; honest - 1];
        times.push(12);
        assert_eq!(peers.times(), times);
    }
    // Nobody has more time than the allowance.
    let short = long().slice(..1 << 10);
    let mut peers = Peers::new(&[(WAIT, short.clone())]);
    assert!(matches!(peers.fetch(&short), Err(Stop::Nobody("pieces"))));
}

#[test]
fn a_piece_without_bytes_is_a_lie_that_nobody_waits_for_the_end_of() {
    let sound = Bytes::from_static(b"sound");
    let mut peers = Peers::new(&[(Duration::ZERO, Bytes::new()), (Duration::ZERO, sound.clone())]);
    peers.fetch(&sound).expect("there is one");
    let liar = peers.pieces[0].0;
    assert_eq!((peers.times(), peers.exposed), (vec![1, 12], vec![(liar, "a piece has no bytes".to_owned())]));
    let mut alone = Peers::new(&[(Duration::ZERO, Bytes::new())]);
    assert!(matches!(alone.fetch(&Bytes::new()), Err(Stop::Nobody("pieces"))), "also where it would be sound");
}
