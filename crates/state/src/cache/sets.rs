//! A map that forgets: sets of a few entries, each under its own lock.
//!
//! An access takes one lock that hardly anybody else wants, and looks at neighbouring
//! memory only. Within a set, what was not used since the hand came by goes first (CLOCK).

use crate::threads::{share, sure};
use alloy_primitives::{Address, B256, U256};
use std::{
    hash::{BuildHasher, RandomState},
    iter,
    sync::{Mutex, PoisonError},
    thread::{self, JoinHandle},
};
use twox_hash::XxHash3_64;

/// Entries of a set.
const WAYS: usize = 4;

/// Sets that there are at first, and that are looked at to see how full it is.
const FIRST: usize = 64;

/// How many times as many sets there are when they have become full.
const GROWTH: usize = 8;

/// Bytes from which on a thread of their own makes sets.
const LARGE: usize = 4 << 20;

/// What something is found by.
pub(crate) trait Key: Copy + Default + Eq {
    /// Spread evenly, in a way that depends on the seed.
    fn hash(&self, seed: u64) -> u64;
}

impl Key for Address {
    fn hash(&self, seed: u64) -> u64 {
        XxHash3_64::oneshot_with_seed(seed, self.as_slice())
    }
}

impl Key for B256 {
    fn hash(&self, seed: u64) -> u64 {
        XxHash3_64::oneshot_with_seed(seed, self.as_slice())
    }
}

impl Key for (u64, U256) {
    fn hash(&self, seed: u64) -> u64 {
        let mut bytes = [0; 40];
        bytes[..8].copy_from_slice(&self.0.to_ne_bytes());
        bytes[8..].copy_from_slice(&self.1.to_be_bytes::<32>());
        XxHash3_64::oneshot_with_seed(seed, &bytes)
    }
}

#[derive(Debug, Default)]
#[repr(C)]
struct Set<K, V> {
    /// A byte of the hash of each entry: only where it is the same the entry is looked at.
    tags: [u8; WAYS],
    /// Bit `n`: there is something in entry `n`.
    present: u8,
    /// Bit `n`: it was used since the hand came by.
    used: u8,
    hand: u8,
    entries: [(K, V); WAYS],
}

type Table<K, V> = Vec<Mutex<Set<K, V>>>;

/// A map of at most so many entries.
pub(crate) struct Sets<K, V> {
    /// A power of two of them.
    sets: Table<K, V>,
    most: usize,
    /// By chance, so that nobody can choose keys that want the same set.
    seed: u64,
    /// Makes more.
    growing: Option<JoinHandle<Table<K, V>>>,
}

impl<K: Key + Send + 'static, V: Clone + Default + Send + 'static> Sets<K, V> {
    /// Of at most about so many bytes, of which each value has `more` elsewhere.
    pub(crate) fn new(bytes: usize, more: usize) -> Self {
        let set = size_of::<Mutex<Set<K, V>>>() + WAYS * more;
        let most = (bytes / set).max(1);
        // The power of two below.
        let most = 1 << most.ilog2();
        Self {
            sets: empty(most.min(FIRST)),
            most,
            seed: RandomState::new().hash_one(0),
            growing: None,
        }
    }

    /// Where a key belongs, and its tag.
    fn set(&self, key: &K) -> (&Mutex<Set<K, V>>, u8) {
        let hash = key.hash(self.seed);
        let set = &self.sets[hash as usize & (self.sets.len() - 1)];
        (set, tag(hash))
    }

    pub(crate) fn get(&self, key: &K) -> Option<V> {
        let (set, tag) = self.set(key);
        let mut set = set.lock().unwrap_or_else(PoisonError::into_inner);
        let way = set.find(key, tag)?;
        set.used |= 1 << way;
        Some(set.entries[way].1.clone())
    }

    pub(crate) fn insert(&self, key: K, value: V) {
        let (set, tag) = self.set(&key);
        let mut set = set.lock().unwrap_or_else(PoisonError::into_inner);
        set.insert(key, tag, value);
    }

    /// Puts all that `items` gives, without locks: each thread writes a part of the sets.
    /// No lock between two of them also means that the memory for both is waited for at
    /// once.
    pub(crate) fn insert_all<I>(&mut self, items: impl Fn() -> I + Sync, threads: usize)
    where
        I: Iterator<Item = (K, V)>,
        K: Send,
        V: Send,
    {
        let (seed, mask) = (self.seed, self.sets.len() - 1);
        let part = self.sets.len().div_ceil(threads.max(1));
        let parts = self.sets.chunks_mut(part).enumerate();
        sure(share(parts, threads, |(number, sets)| {
            for (key, value) in items() {
                let hash = key.hash(seed);
                let index = (hash as usize & mask).wrapping_sub(number * part);
                if let Some(set) = sets.get_mut(index) {
                    let set = set.get_mut().unwrap_or_else(PoisonError::into_inner);
                    set.insert(key, tag(hash), value);
                }
            }
            Ok(())
        }));
    }

    /// More sets, if most are full. Many of them are made by a thread of their own: writing
    /// fresh memory takes longer than a block may wait.
    pub(crate) fn grow(&mut self) {
        if let Some(growing) = self.growing.take_if(|growing| growing.is_finished()) {
            match growing.join() {
                Ok(sets) => self.move_to(sets),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        if self.growing.is_some() || self.sets.len() >= self.most || !self.is_full() {
            return;
        }
        let more = (GROWTH * self.sets.len()).min(self.most);
        if more * size_of::<Mutex<Set<K, V>>>() < LARGE {
            return self.move_to(empty(more));
        }
        let thread = thread::Builder::new().name("cache".to_owned());
        match thread.spawn(move || empty(more)) {
            Ok(growing) => self.growing = Some(growing),
            Err(error) => tracing::debug!(%error, "the cache stays as small as it is"),
        }
    }

    fn move_to(&mut self, sets: Table<K, V>) {
        let old = std::mem::replace(&mut self.sets, sets);
        for set in old {
            let set = set.into_inner().unwrap_or_else(PoisonError::into_inner);
            let present = set.present;
            for (way, (key, value)) in set.entries.into_iter().enumerate() {
                if present >> way & 1 == 1 {
                    self.insert(key, value);
                }
            }
        }
    }

    /// Whether more than half of the entries are there, as far as a few sets tell.
    fn is_full(&mut self) -> bool {
        let few = self.sets.iter_mut().take(FIRST);
        let (mut sets, mut present) = (0, 0);
        for set in few {
            let set = set.get_mut().unwrap_or_else(PoisonError::into_inner);
            (sets, present) = (sets + 1, present + set.present.count_ones() as usize);
        }
        present * 2 > sets * WAYS
    }

    /// Bytes of memory of the sets.
    pub(crate) fn bytes(&self) -> usize {
        self.sets.capacity() * size_of::<Mutex<Set<K, V>>>()
    }
}

/// So many sets with nothing in them.
fn empty<K: Key, V: Default>(count: usize) -> Table<K, V> {
    iter::repeat_with(Mutex::default).take(count).collect()
}

/// What of a hash does not choose the set.
const fn tag(hash: u64) -> u8 {
    (hash >> 56) as u8
}

impl<K: Eq, V> Set<K, V> {
    fn find(&self, key: &K, tag: u8) -> Option<usize> {
        let ways = (0..WAYS).filter(|way| self.present >> way & 1 == 1 && self.tags[*way] == tag);
        ways.into_iter().find(|way| self.entries[*way].0 == *key)
    }

    fn insert(&mut self, key: K, tag: u8, value: V) {
        let found = self.find(&key, tag);
        let way = found.unwrap_or_else(|| self.room());
        self.entries[way] = (key, value);
        self.tags[way] = tag;
        self.present |= 1 << way;
        if found.is_some() {
            self.used |= 1 << way;
        }
    }

    /// An entry that is empty, or was not used for the longest time.
    fn room(&mut self) -> usize {
        let empty = (!self.present).trailing_zeros() as usize;
        if empty < WAYS {
            return empty;
        }
        loop {
            let way = usize::from(self.hand) % WAYS;
            self.hand = self.hand.wrapping_add(1);
            if self.used >> way & 1 == 0 {
                return way;
            }
            self.used &= !(1 << way);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(key: u64) -> (u64, U256) {
        (1, U256::from(key))
    }

    #[test]
    fn what_is_found_is_what_was_put_there_last() {
        let mut sets = Sets::<(u64, U256), u64>::new(1 << 16, 0);
        let mut last = std::collections::HashMap::new();
        let (mut found, mut number) = (0, 7u64);
        for _ in 0..20_000 {
            number = number
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let key = number >> 40 & 0x7ff;
            if number >> 60 & 1 == 0 {
                sets.insert(of(key), number);
                last.insert(key, number);
            } else if let Some(value) = sets.get(&of(key)) {
                assert_eq!(Some(&value), last.get(&key));
                found += 1;
            }
            if number >> 50 & 0xff == 0 {
                sets.grow();
            }
        }
        assert!(found > 1000, "{found}");
        assert!(sets.bytes() <= 1 << 16);
    }

    #[test]
    fn it_grows_to_what_it_may_have_and_loses_nothing_on_the_way() {
        let mut sets = Sets::<(u64, U256), u64>::new(1 << 20, 0);
        let small = sets.bytes();
        for key in 0..3_000 {
            sets.insert(of(key), key);
            sets.grow();
        }
        assert!(sets.bytes() > 8 * small);
        let there = (0..3_000)
            .filter(|key| sets.get(&of(*key)) == Some(*key))
            .count();
        assert!(there > 2_800, "{there}");
    }

    #[test]
    fn many_sets_are_made_while_it_goes_on() {
        let mut sets = Sets::<(u64, U256), u64>::new(16 << 20, 0);
        let mut key = 0;
        while sets.growing.is_none() {
            sets.insert(of(key), key);
            sets.grow();
            key += 1;
        }
        let before = sets.bytes();
        while sets.growing.is_some() {
            sets.insert(of(0), 1);
            sets.grow();
        }
        assert!(sets.bytes() > before);
        let there = (1..key).filter(|key| sets.get(&of(*key)) == Some(*key));
        assert!(there.count() as u64 > key * 9 / 10);
        assert_eq!(sets.get(&of(0)), Some(1));
    }

    #[test]
    fn all_at_once_is_as_one_by_one() {
        for threads in [1, 2, 3, 16] {
            let mut sets = Sets::<(u64, U256), u64>::new(1 << 20, 0);
            (0..9).for_each(|_| {
                sets.insert_all(|| (0..3_000).map(|key| (of(key), key + 7)), threads);
                sets.grow();
            });
            let there = (0..3_000).filter(|key| sets.get(&of(*key)) == Some(key + 7));
            assert!(there.count() > 2_900);
            assert!((3_000..4_000).all(|key| sets.get(&of(key)).is_none()));
        }
    }

    #[test]
    fn what_is_used_stays() {
        let sets = Sets::<(u64, U256), u64>::new(1, 0);
        for key in 0..100 {
            sets.insert(of(key), key);
            if key > 0 {
                assert_eq!(sets.get(&of(0)), Some(0), "after {key}");
            }
        }
        assert_eq!(
            (0..100).filter(|key| sets.get(&of(*key)).is_some()).count(),
            WAYS
        );
    }
}
