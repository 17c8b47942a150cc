//! The sessions of this node, in its memory: who signed in, and until when.
//!
//! A browser holds a random number and nothing else. So a session ends when the node says so, which a cookie that proves
//! itself by a MAC would not, and no key has to be kept. A restart ends all of them, and nodes do not share them: behind
//! a load balancer a browser stays with one node, or signs in again.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use hefu_contracts::{access::Pass, time::Time};
use hefu_keys::{Address, Hash};

/// Most sessions of one key: a person's browsers. The one that ends first makes room.
const OF_KEY_MAX: usize = 16;

/// Most sessions of a node, about a megabyte.
const SESSIONS_MAX: usize = 10_000;

/// The number that a browser holds: 32 random bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token(Hash);

impl Token {
    /// As it stands in a cookie.
    pub(crate) fn parse(text: &str) -> Option<Token> {
        text.parse().ok().map(Token)
    }

    /// The name of its session: the number itself is not kept, so that nobody who sees the memory can use it.
    fn name(self) -> Hash {
        Hash::of(self.0.as_bytes())
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Session {
    /// The last moment of it, as its document says.
    pub expires: Time,
    /// The key that signed the document. What it may read is asked at each request.
    pub key: Address,
    /// Whether it began over an encrypted connection, and so is known by no cookie of another.
    pub secure: bool,
}

/// The operating system gave no random bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NoToken;

/// Every session.
#[derive(Debug, Default)]
pub(crate) struct Sessions(Mutex<BTreeMap<Hash, Session>>);

impl Sessions {
    fn known(&self) -> MutexGuard<'_, BTreeMap<Hash, Session>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a session that lasts as long as the document that was shown.
    pub(crate) fn begin(&self, pass: &Pass, secure: bool, now: Time) -> Result<Token, NoToken> {
        let mut random = [0; 32];
        getrandom::fill(&mut random).map_err(|_| NoToken)?;
        let token = Token(Hash::from_bytes(random));
        let mut known = self.known();
        known.retain(|_, session| now <= session.expires);
        let key = pass.signer();
        make_room(&mut known, OF_KEY_MAX, |session| session.key == key);
        make_room(&mut known, SESSIONS_MAX, |_| true);
        known.insert(token.name(), Session { expires: pass.expires(), key, secure });
        Ok(token)
    }

    /// The session of a browser, if it is not over.
    pub(crate) fn find(&self, token: Token, now: Time) -> Option<Session> {
        self.known().get(&token.name()).copied().filter(|session| now <= session.expires)
    }

    /// Ends a session.
    pub(crate) fn end(&self, token: Token) {
        self.known().remove(&token.name());
    }
}

/// Ends the session that would end first, where there are `most` of a kind.
fn make_room(known: &mut BTreeMap<Hash, Session>, most: usize, of_kind: impl Fn(&Session) -> bool) {
    let alike = || known.iter().filter(|(_, session)| of_kind(session));
    if alike().count() < most {
        return;
    }
    if let Some(first) = alike().min_by_key(|(_, session)| session.expires).map(|(name, _)| *name) {
        known.remove(&first);
    }
}

#[cfg(test)]
mod tests {
    use hefu_contracts::{
        access::{Access, Here, sign},
        time::Millis,
    };
    use hefu_keys::SecretKey;

    use super::*;

    const NOW: Time = Time::from_millis(1_790_000_000_000).unwrap();

    fn after(seconds: u64) -> Time {
        NOW.plus(Millis(seconds.saturating_mul(1_000)))
    }

    /// The pass of a key, by a number, that ends so many seconds after [`NOW`].
    fn pass(key: u16, seconds: u64) -> Pass {
        let (chain, origin) = (Hash::of(b"chain"), "https://t.example".to_owned());
        let secret = SecretKey::from_seed(*Hash::of(&key.to_be_bytes()).as_bytes());
        let text = sign(&origin, &chain, after(seconds), &secret).unwrap();
        Access::read(&text).unwrap().verify(&Here { chain: &chain, now: NOW, origins: &[origin] }).unwrap()
    }

    #[test]
    fn a_session_lasts_as_long_as_its_document_and_ends_when_it_is_ended() {
        let sessions = Sessions::default();
        let (one, other) = (pass(1, 60), pass(1, 120));
        let token = sessions.begin(&one, true, NOW).unwrap();
        let second = sessions.begin(&other, false, NOW).unwrap();
        assert!(token != second && Token::parse(&token.to_string()) == Some(token));
        let found = Session { expires: after(60), key: one.signer(), secure: true };
        assert_eq!(sessions.find(token, after(60)), Some(found));
        assert_eq!(sessions.find(token, after(60).plus(Millis(1))), None);
        sessions.end(second);
        assert_eq!(sessions.find(second, NOW), None);
        assert_eq!(sessions.find(token, NOW), Some(found), "another's end ends nobody else's");
    }

    #[test]
    fn a_key_has_so_many_sessions_and_the_one_that_ends_first_makes_room() {
        let sessions = Sessions::default();
        let bystander = sessions.begin(&pass(2, 1), true, NOW).unwrap();
        let tokens: Vec<Token> =
            (0..17).map(|n| sessions.begin(&pass(1, 100_u64.saturating_sub(n)), true, NOW).unwrap()).collect();
        let lives: Vec<bool> = tokens.iter().map(|token| sessions.find(*token, NOW).is_some()).collect();
        assert_eq!(lives.iter().filter(|lives| **lives).count(), OF_KEY_MAX);
        assert!(!lives[15] && lives[16], "the sixteenth ended first when the seventeenth came");
        assert!(sessions.find(bystander, NOW).is_some());
    }

    #[test]
    fn what_is_over_is_forgotten_when_somebody_comes() {
        let sessions = Sessions::default();
        for key in 0..50 {
            sessions.begin(&pass(key, 10), true, NOW).unwrap();
        }
        sessions.begin(&pass(50, 900), true, after(11)).unwrap();
        assert_eq!(sessions.known().len(), 1);
    }

    #[test]
    fn there_are_never_more_sessions_than_the_node_has_room_for() {
        let mut known: BTreeMap<Hash, Session> = (0..4_u64)
            .map(|n| {
                let session = Session { expires: after(n), key: pass(1, 1).signer(), secure: true };
                (Hash::of(&n.to_be_bytes()), session)
            })
            .collect();
        make_room(&mut known, 5, |_| true);
        assert_eq!(known.len(), 4);
        make_room(&mut known, 4, |_| true);
        assert!(known.len() == 3 && known.values().all(|session| session.expires > NOW));
    }
}
