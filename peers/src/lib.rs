//! Other tries behind one trait. See the README.

use alloy_primitives::B256;
use eth_trie::{EthTrie, MemoryDB, Trie as _};
use ethrex_crypto::NativeCrypto;
use parallax_trie::{SortedLeaves, Trie, Update};
use std::{collections::HashSet, sync::Arc};

/// A leaf that changes: its new value, or `None` if it goes.
pub type Change = (B256, Option<Vec<u8>>);

/// A trie that can be changed.
pub trait Peer {
    /// What it is called.
    fn name(&self) -> &'static str;
    /// Changes leaves; the new root.
    fn update(&mut self, changes: &[Change]) -> B256;
    /// The nodes that prove what is at a key.
    fn proof(&mut self, key: &B256) -> Vec<Vec<u8>>;
}

/// Ours. The flat state is a map in memory.
#[derive(Debug)]
pub struct Parallax {
    trie: Trie,
    leaves: SortedLeaves,
    threads: usize,
    name: &'static str,
}

impl Parallax {
    /// With so many threads.
    #[must_use]
    pub fn new(threads: usize) -> Self {
        Self {
            trie: Trie::new(),
            leaves: SortedLeaves::new(),
            threads,
            name: if threads == 1 {
                "parallax-trie, 1 thread"
            } else {
                "parallax-trie, more threads"
            },
        }
    }

    /// Changes the flat state, which is not part of the trie's work.
    pub fn prepare(&mut self, changes: &[Change]) -> HashSet<B256> {
        let mut known = HashSet::new();
        for (key, value) in changes {
            let before = match value {
                Some(value) => self.leaves.insert(*key, value.clone()),
                None => self.leaves.remove(key),
            };
            if before.is_some() {
                known.insert(*key);
            }
        }
        known
    }

    /// Sorts the changes, changes the trie and hashes it.
    ///
    /// # Panics
    /// If leaves are missing.
    pub fn root(&mut self, changes: &[Change], known: &HashSet<B256>) -> B256 {
        let mut updates: Vec<_> = changes
            .iter()
            .map(|(key, value)| Update {
                key: *key,
                value: value.as_deref(),
                existed: known.contains(key),
            })
            .collect();
        updates.sort_unstable_by_key(|update| update.key);
        self.trie
            .update(&updates, &self.leaves, self.threads)
            .expect("all leaves are there")
    }

    /// Bytes that the trie holds, without leaves.
    #[must_use]
    pub fn capacity_bytes(&self) -> usize {
        self.trie.capacity_bytes()
    }
}

impl Peer for Parallax {
    fn name(&self) -> &'static str {
        self.name
    }

    fn update(&mut self, changes: &[Change]) -> B256 {
        let known = self.prepare(changes);
        self.root(changes, &known)
    }

    fn proof(&mut self, key: &B256) -> Vec<Vec<u8>> {
        let proof = self.trie.proof(key, &self.leaves);
        proof.expect("all leaves are there")
    }
}

/// `eth_trie`, on its memory database.
pub struct Eth(EthTrie<MemoryDB>);

impl Default for Eth {
    fn default() -> Self {
        Self(EthTrie::new(Arc::new(MemoryDB::new(true))))
    }
}

impl Peer for Eth {
    fn name(&self) -> &'static str {
        "eth_trie"
    }

    fn update(&mut self, changes: &[Change]) -> B256 {
        for (key, value) in changes {
            match value {
                Some(value) => self.0.insert(key.as_slice(), value).expect("in memory"),
                None => self.0.remove(key.as_slice()).map(drop).expect("in memory"),
            }
        }
        let root = self.0.root_hash().expect("in memory");
        B256::from_slice(root.as_slice())
    }

    fn proof(&mut self, key: &B256) -> Vec<Vec<u8>> {
        self.0.get_proof(key.as_slice()).expect("in memory")
    }
}

/// `ethrex-trie`, with all nodes in memory.
pub struct Ethrex(ethrex_trie::Trie);

impl Default for Ethrex {
    fn default() -> Self {
        Self(ethrex_trie::Trie::empty_in_memory())
    }
}

impl Peer for Ethrex {
    fn name(&self) -> &'static str {
        "ethrex-trie"
    }

    fn update(&mut self, changes: &[Change]) -> B256 {
        for (key, value) in changes {
            match value {
                Some(value) => self
                    .0
                    .insert(key.to_vec(), value.clone())
                    .expect("in memory"),
                None => self.0.remove(key.as_slice()).map(drop).expect("in memory"),
            }
        }
        B256::from_slice(self.0.hash_no_commit(&NativeCrypto).as_bytes())
    }

    fn proof(&mut self, key: &B256) -> Vec<Vec<u8>> {
        self.0.get_proof(key.as_slice()).expect("in memory")
    }
}
