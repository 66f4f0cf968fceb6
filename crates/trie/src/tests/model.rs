//! A trie, and what it should be.

use crate::{SortedLeaves, Trie, Update};
use alloy_primitives::{B256, keccak256};
use alloy_trie::{HashBuilder, Nibbles};
use std::collections::BTreeMap;

/// The root by alloy-trie.
pub(super) fn oracle(leaves: &SortedLeaves) -> B256 {
    let mut builder = HashBuilder::default();
    for (key, value) in leaves {
        builder.add_leaf(Nibbles::unpack(key), value);
    }
    builder.root()
}

/// Changes of a block: the last one of a key counts.
pub(super) type Changes = BTreeMap<B256, Option<Vec<u8>>>;

/// A trie and its leaves.
#[derive(Debug, Default)]
pub(super) struct Model {
    pub(super) leaves: SortedLeaves,
    pub(super) trie: Trie,
    pub(super) threads: usize,
}

impl Model {
    pub(super) fn new(threads: usize) -> Self {
        Self {
            threads,
            ..Self::default()
        }
    }

    /// Changes leaves without hashing branches.
    pub(super) fn apply(&mut self, changes: &Changes) {
        let mut updates = Vec::new();
        for (key, value) in changes {
            let before = match value {
                Some(value) => self.leaves.insert(*key, value.clone()),
                None => self.leaves.remove(key),
            };
            updates.push(Update {
                key: *key,
                value: value.as_deref(),
                existed: before.is_some(),
            });
        }
        self.trie
            .apply(&updates, &self.leaves, self.threads)
            .unwrap();
    }

    /// Hashes, and compares.
    pub(super) fn check(&mut self) {
        let root = self.trie.hash(&self.leaves, self.threads).unwrap();
        assert_eq!(root, oracle(&self.leaves), "{} leaves", self.leaves.len());
        assert_eq!(root, self.trie.root());
    }

    pub(super) fn update(&mut self, changes: &Changes) {
        self.apply(changes);
        self.check();
    }
}

/// Numbers from a seed.
#[derive(Clone, Debug)]
pub(super) struct Random(u64);

impl Random {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }

    /// A key of one of the shapes that matter: anything, or much in common with others,
    /// up to all but the last nibble.
    pub(super) fn key(&mut self) -> B256 {
        let hash = keccak256(self.below(1 << 20).to_be_bytes());
        match self.below(4) {
            0 => hash,
            1 => {
                let mut key = B256::repeat_byte(self.below(3) as u8);
                let shared = self.below(32);
                key[shared..].copy_from_slice(&hash[shared..]);
                key
            }
            2 => {
                let mut key = B256::repeat_byte(0x11);
                key[31] = hash[0];
                key
            }
            _ => {
                let mut key = B256::ZERO;
                for _ in 0..self.below(4) {
                    let at = self.below(64);
                    key[at / 2] ^= (1 + self.below(2) as u8) << (4 * (at % 2));
                }
                key
            }
        }
    }

    /// Short ones are embedded in their parents, deep down.
    pub(super) fn value(&mut self) -> Vec<u8> {
        let len = match self.below(4) {
            0 => 1,
            1 => 1 + self.below(30),
            2 => 33 + self.below(40),
            _ => 70 + self.below(200),
        };
        (0..len).map(|_| self.below(256) as u8).collect()
    }
}
