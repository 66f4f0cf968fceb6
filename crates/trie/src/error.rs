//! What can go wrong.

use crate::nibbles::Prefix;
use std::convert::Infallible;

/// Why a trie could not be changed or read. `E` is the error of its leaves.
///
/// But for [`TrieError::Order`] the trie is to be built anew after a failed change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrieError<E = Infallible> {
    /// Updates are not in ascending order, or a key is there twice.
    #[error("update {index} is not above the one before: keys must ascend")]
    Order {
        /// Position of the update.
        index: usize,
    },
    /// The flat state lacks a leaf that the trie knows of.
    #[error("no leaf begins with the {} nibbles of {}", prefix.len(), prefix.first())]
    MissingLeaf {
        /// What its key begins with.
        prefix: Prefix,
    },
    /// The leaves cannot be read.
    #[error("reading leaves: {0}")]
    Leaves(E),
}
