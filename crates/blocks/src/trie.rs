//! A Merkle-Patricia trie of which only some nodes are known.
//!
//! ```text
//!              branch                 known: read from the node set
//!             /  |   \
//!       unread  leaf  extension      unread: only the hash is known
//!                        |
//!                      branch ...
//! ```
//!
//! Nodes are read when a path leads to them. What is never read keeps its hash,
//! so the root after a change needs the nodes along the changed paths and, where
//! a removal leaves a branch with one child, that child.
//!
//! Keys are 32 bytes long, as in Ethereum's state; so no key is the prefix of
//! another and branches hold no values.

mod edit;
mod node;

use alloy_primitives::{B256, Bytes, keccak256, map::B256Map};
use alloy_trie::{EMPTY_ROOT_HASH, Nibbles};
use edit::{Path, Siblings};
use node::Node;

/// Trie nodes in RLP, found by their hash.
#[derive(Clone, Debug, Default)]
pub struct NodeSet(B256Map<Bytes>);

impl FromIterator<Bytes> for NodeSet {
    fn from_iter<I: IntoIterator<Item = Bytes>>(nodes: I) -> Self {
        let hashed = nodes.into_iter().map(|node| (keccak256(&node), node));
        Self(hashed.collect())
    }
}

/// Why a path of a trie could not be followed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrieError {
    /// The node set lacks a node.
    #[error("trie node {hash} is missing, on the path of key {key} after {depth} nibbles")]
    Missing {
        /// Hash of the node.
        hash: B256,
        /// The key whose path needs it.
        key: B256,
        /// How many nibbles of the key lead to it.
        depth: usize,
    },
    /// Removing a key leaves a branch with one child, and the node set lacks
    /// that child, so the shape of the trie after the removal is not known.
    ///
    /// Sets that are made of proofs of the touched keys alone have this gap.
    #[error(
        "trie node {hash} is missing; it is what the removal of key {key} leaves beside it after {depth} nibbles"
    )]
    MissingSibling {
        /// Hash of the node.
        hash: B256,
        /// The key that is removed.
        key: B256,
        /// How many nibbles the two have in common.
        depth: usize,
    },
    /// A node is not what a trie with keys of 32 bytes consists of.
    #[error("trie node on the path of key {key} after {depth} nibbles: {reason}")]
    Malformed {
        /// The key whose path leads to it.
        key: B256,
        /// How many nibbles of the key lead to it.
        depth: usize,
        /// What is wrong.
        reason: &'static str,
    },
    /// A node is not RLP of a trie node.
    #[error("trie node {hash}: {reason}")]
    Decode {
        /// Hash of the node.
        hash: B256,
        /// What the decoder said.
        reason: alloy_rlp::Error,
    },
}

/// A trie that starts as a root hash and reads nodes as it needs them.
///
/// ```
/// use parallax_blocks::{NodeSet, PartialTrie};
/// use alloy_primitives::{B256, keccak256};
///
/// let nodes = NodeSet::default();
/// let mut trie = PartialTrie::new(alloy_trie::EMPTY_ROOT_HASH, &nodes);
/// trie.insert(&keccak256("key"), b"value".to_vec())?;
/// assert_eq!(trie.get(&keccak256("key"))?, Some(b"value".to_vec()));
///
/// // Nothing is known below a root whose node is not in the set.
/// let mut unknown = PartialTrie::new(B256::repeat_byte(1), &nodes);
/// assert!(unknown.get(&keccak256("key")).is_err());
/// # Ok::<(), parallax_blocks::TrieError>(())
/// ```
#[derive(Clone, Debug)]
pub struct PartialTrie<'a> {
    nodes: &'a NodeSet,
    siblings: Siblings,
    root: Node,
}

impl<'a> PartialTrie<'a> {
    /// The trie with this root; its nodes are taken from `nodes`.
    #[must_use]
    pub fn new(root: B256, nodes: &'a NodeSet) -> Self {
        let root = if root == EMPTY_ROOT_HASH {
            Node::Empty
        } else {
            Node::Unread(root)
        };
        Self {
            nodes,
            siblings: Siblings::MustBeKnown,
            root,
        }
    }

    /// Takes siblings that the set lacks for branches, instead of giving
    /// [`TrieError::MissingSibling`].
    ///
    /// A branch that is left alone goes below an extension as it is, so its hash
    /// is enough. The root is only a guess then: where a sibling is no branch, it
    /// is that of no well-formed trie. That makes it a proof if a root that is
    /// known to be right is the same.
    #[must_use]
    pub fn assuming_branches(mut self) -> Self {
        self.siblings = Siblings::AreBranches;
        self
    }

    fn path(&self, key: &B256) -> Path<'a> {
        Path::new(self.nodes, self.siblings, key)
    }

    /// The value of a key.
    pub fn get(&mut self, key: &B256) -> Result<Option<Vec<u8>>, TrieError> {
        let path = self.path(key);
        edit::get(&mut self.root, &path, 0)
    }

    /// Sets the value of a key. The value must not be empty: absence is
    /// expressed by [`PartialTrie::remove`].
    pub fn insert(&mut self, key: &B256, value: Vec<u8>) -> Result<(), TrieError> {
        let path = self.path(key);
        if value.is_empty() {
            return Err(path.malformed(Nibbles::unpack(key).len(), "an empty value"));
        }
        edit::insert(&mut self.root, &path, 0, value)
    }

    /// Removes a key; says whether it was there.
    pub fn remove(&mut self, key: &B256) -> Result<bool, TrieError> {
        let path = self.path(key);
        edit::remove(&mut self.root, &path, 0)
    }

    /// The root hash.
    #[must_use]
    pub fn root(&self) -> B256 {
        self.root.root_hash()
    }
}

#[cfg(test)]
mod tests;
