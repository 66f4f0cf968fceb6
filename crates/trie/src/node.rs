//! What a trie is made of.

use crate::pool::Slice;
use alloy_primitives::{B256, keccak256};

/// How a parent refers to a node: by its hash, or, if its encoding is shorter than
/// that, by the encoding itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    bytes: [u8; 32],
    /// 32 for a hash.
    len: u8,
}

impl Default for Reference {
    fn default() -> Self {
        Self::hash(B256::ZERO)
    }
}

impl Reference {
    pub(crate) const fn hash(hash: B256) -> Self {
        Self {
            bytes: hash.0,
            len: 32,
        }
    }

    /// To the node of this encoding, of which `digest` is the hash.
    #[inline]
    pub(crate) fn new(encoding: &[u8], digest: &B256) -> Self {
        if encoding.len() >= 32 {
            return Self::hash(*digest);
        }
        let mut bytes = [0; 32];
        bytes[..encoding.len()].copy_from_slice(encoding);
        Self {
            bytes,
            len: encoding.len() as u8,
        }
    }

    /// For a leaf that is still to be hashed under this number.
    pub(crate) fn pending(number: u32) -> Self {
        let mut bytes = [0; 32];
        bytes[..4].copy_from_slice(&number.to_ne_bytes());
        Self { bytes, len: 0 }
    }

    /// The number of a [`Reference::pending`].
    pub(crate) const fn number(&self) -> u32 {
        let [a, b, c, d, ..] = self.bytes;
        u32::from_ne_bytes([a, b, c, d])
    }

    const fn is_hash(&self) -> bool {
        self.len == 32
    }

    pub(crate) fn rlp_len(&self) -> usize {
        usize::from(self.len) + usize::from(self.is_hash())
    }

    #[inline]
    pub(crate) fn append(&self, out: &mut Vec<u8>) {
        if self.is_hash() {
            out.push(0xa0);
        }
        out.extend_from_slice(&self.bytes[..usize::from(self.len)]);
    }

    /// The root of the trie whose topmost node this refers to: a hash in any case.
    pub(crate) fn root(&self) -> B256 {
        if self.is_hash() {
            B256::new(self.bytes)
        } else {
            keccak256(&self.bytes[..usize::from(self.len)])
        }
    }
}

/// Number of a branch in its subtrie.
pub(crate) type BranchId = u32;

/// What is below a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Child {
    Empty,
    /// A leaf whose path begins here.
    Leaf(Reference),
    /// The same, with the number under which it is going to be hashed.
    NewLeaf(u32),
    Branch(BranchId),
}

/// A branch, with the extension that leads to it, if there is one.
#[derive(Clone, Debug)]
pub(crate) struct Branch {
    /// Bit `n`: there is a child at nibble `n`.
    pub(crate) mask: u16,
    /// Those of them that are branches.
    pub(crate) branches: u16,
    /// Those that are leaves still to be hashed.
    pub(crate) fresh: u16,
    /// 0, or from which level on it is to be hashed.
    pub(crate) height: u8,
    /// References to the leaves, in the order of their nibbles.
    pub(crate) leaves: Slice<Reference>,
    pub(crate) ids: Slice<BranchId>,
    /// Where the path of the extension is kept; 0: there is none.
    pub(crate) extension: u32,
    /// How the parent refers to it.
    pub(crate) reference: Reference,
}

impl Branch {
    pub(crate) const fn leaf_count(&self) -> usize {
        (self.mask & !self.branches).count_ones() as usize
    }

    pub(crate) const fn branch_count(&self) -> usize {
        self.branches.count_ones() as usize
    }
}

/// The children of a branch, taken apart.
pub(crate) type Children = [Child; 16];

/// Nibbles in a mask.
pub(crate) fn nibbles(mask: u16) -> impl Iterator<Item = u8> + Clone {
    (0..16u8).filter(move |nibble| mask >> nibble & 1 == 1)
}
