//! A sorted map that usually holds a handful: what one event touches.

use std::{
    collections::{BTreeMap, btree_map},
    mem, slice, vec,
};

use serde::{Deserialize, Deserializer};

/// From how many entries on a tree is faster than looking through them.
const MANY: usize = 16;

/// A sorted map in one allocation while it holds few entries, and a [`BTreeMap`] when there are more of them.
#[derive(Clone, Debug)]
pub struct Few<K, V>(Kept<K, V>);

#[derive(Clone, Debug)]
enum Kept<K, V> {
    Few(Vec<(K, V)>),
    Many(BTreeMap<K, V>),
}

impl<K, V> Default for Few<K, V> {
    fn default() -> Few<K, V> {
        Few(Kept::Few(Vec::new()))
    }
}

impl<K: Ord, V> Few<K, V> {
    /// The value of a key.
    pub fn get(&self, key: &K) -> Option<&V> {
        match &self.0 {
            // Comparing for equality is cheaper than for order, and there are few to compare with.
            Kept::Few(entries) => entries.iter().find(|(known, _)| known == key).map(|(_, value)| value),
            Kept::Many(map) => map.get(key),
        }
    }

    /// The value of a key, to change it.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        match &mut self.0 {
            Kept::Few(entries) => entries.iter_mut().find(|(known, _)| known == key).map(|(_, value)| value),
            Kept::Many(map) => map.get_mut(key),
        }
    }

    /// Whether there is a value of this key.
    pub fn contains_key(&self, key: &K) -> bool {
        self.get(key).is_some()
    }

    /// Sets the value of a key.
    pub fn insert(&mut self, key: K, value: V) {
        match &mut self.0 {
            Kept::Few(entries) => {
                if let Some((_, known)) = entries.iter_mut().find(|(known, _)| *known == key) {
                    *known = value;
                } else if entries.len() < MANY {
                    let place = entries.partition_point(|(known, _)| *known < key);
                    entries.insert(place, (key, value));
                } else {
                    let many = mem::take(entries).into_iter().chain([(key, value)]).collect();
                    self.0 = Kept::Many(many);
                }
            }
            Kept::Many(map) => {
                map.insert(key, value);
            }
        }
    }

    /// Takes a key's value away.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        match &mut self.0 {
            Kept::Few(entries) => {
                let place = entries.iter().position(|(known, _)| known == key)?;
                Some(entries.remove(place).1)
            }
            Kept::Many(map) => map.remove(key),
        }
    }

    /// Takes the first entry away.
    pub fn pop_first(&mut self) -> Option<(K, V)> {
        match &mut self.0 {
            Kept::Few(entries) => (!entries.is_empty()).then(|| entries.remove(0)),
            Kept::Many(map) => {
                let first = map.pop_first();
                if map.is_empty() {
                    self.0 = Kept::Few(Vec::new());
                }
                first
            }
        }
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        match &self.0 {
            Kept::Few(entries) => entries.len(),
            Kept::Many(map) => map.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Every entry, by key.
    pub fn iter(&self) -> Entries<'_, K, V> {
        match &self.0 {
            Kept::Few(entries) => Entries::Few(entries.iter()),
            Kept::Many(map) => Entries::Many(map.iter()),
        }
    }

    /// Every key, in order.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.iter().map(|(key, _)| key)
    }

    /// Every value, by key.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.iter().map(|(_, value)| value)
    }
}

impl<K: Ord, V> FromIterator<(K, V)> for Few<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Few<K, V> {
        let mut few = Few::default();
        few.extend(entries);
        few
    }
}

impl<K: Ord, V> Extend<(K, V)> for Few<K, V> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        entries.into_iter().for_each(|(key, value)| self.insert(key, value));
    }
}

impl<'de, K: Ord + Deserialize<'de>, V: Deserialize<'de>> Deserialize<'de> for Few<K, V> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Few<K, V>, D::Error> {
        BTreeMap::deserialize(from).map(Few::from_iter)
    }
}

impl<K: Ord, V: PartialEq> PartialEq for Few<K, V> {
    fn eq(&self, other: &Few<K, V>) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl<K: Ord, V: Eq> Eq for Few<K, V> {}

impl<K: Ord + std::hash::Hash, V: std::hash::Hash> std::hash::Hash for Few<K, V> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.len().hash(state);
        self.iter().for_each(|entry| entry.hash(state));
    }
}

/// Entries of a [`Few`] by key.
#[derive(Debug)]
pub enum Entries<'a, K, V> {
    /// Of few.
    Few(slice::Iter<'a, (K, V)>),
    /// Of many.
    Many(btree_map::Iter<'a, K, V>),
}

impl<'a, K, V> Iterator for Entries<'a, K, V> {
    type Item = (&'a K, &'a V);

    fn next(&mut self) -> Option<(&'a K, &'a V)> {
        match self {
            Entries::Few(entries) => entries.next().map(|(key, value)| (key, value)),
            Entries::Many(entries) => entries.next(),
        }
    }
}

impl<'a, K: Ord, V> IntoIterator for &'a Few<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = Entries<'a, K, V>;

    fn into_iter(self) -> Entries<'a, K, V> {
        self.iter()
    }
}

/// Entries of a [`Few`] that is given away, by key.
#[derive(Debug)]
pub enum Given<K, V> {
    /// Of few.
    Few(vec::IntoIter<(K, V)>),
    /// Of many.
    Many(btree_map::IntoIter<K, V>),
}

impl<K, V> Iterator for Given<K, V> {
    type Item = (K, V);

    fn next(&mut self) -> Option<(K, V)> {
        match self {
            Given::Few(entries) => entries.next(),
            Given::Many(entries) => entries.next(),
        }
    }
}

impl<K, V> IntoIterator for Few<K, V> {
    type Item = (K, V);
    type IntoIter = Given<K, V>;

    fn into_iter(self) -> Given<K, V> {
        match self.0 {
            Kept::Few(entries) => Given::Few(entries.into_iter()),
            Kept::Many(map) => Given::Many(map.into_iter()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn few_or_many_it_is_a_sorted_map(entries in prop::collection::vec((0_u8..40, any::<u8>()), 0..60)) {
            let (mut few, mut map) = (Few::default(), BTreeMap::new());
            for (key, value) in entries {
                prop_assert_eq!(few.get(&key), map.get(&key));
                few.insert(key, value);
                map.insert(key, value);
                prop_assert_eq!((few.len(), few.is_empty(), few.contains_key(&key)), (map.len(), false, true));
            }
            if let Some(value) = few.get_mut(&7) {
                *value = 1;
                map.insert(7, 1);
            }
            prop_assert!(few.iter().eq(map.iter()) && few.keys().eq(map.keys()) && few.values().eq(map.values()));
            prop_assert_eq!(&map.clone().into_iter().collect::<Few<_, _>>(), &few);
            prop_assert_eq!(few.remove(&3), map.remove(&3));
            prop_assert!(few.clone().into_iter().eq(map.clone()));
            while let Some(first) = map.pop_first() {
                prop_assert_eq!(few.pop_first(), Some(first));
            }
            prop_assert!(few.is_empty() && few.pop_first().is_none());
        }
    }
}
