#![doc = include_str!("../README.md")]

mod bloom;
mod change;
mod encode;
mod error;
mod fold;
mod hashing;
mod leaves;
mod nibbles;
mod node;
mod ordered;
mod part;
mod past;
mod pool;
mod proof;
mod share;
mod subtrie;
mod top;
mod trie;

pub use bloom::logs_bloom;
pub use error::TrieError;
pub use leaves::{EachLeaf, Leaf, Leaves, SortedLeaves};
pub use nibbles::Prefix;
pub use ordered::{OrderedTrie, ordered_root};
pub use part::{PartProof, verify_part};
pub use trie::{EMPTY_ROOT, Trie, Update};

#[cfg(test)]
mod tests;
