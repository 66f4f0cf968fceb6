//! Parts of a trie, each proved by itself: all leaves whose keys begin with one byte.

use crate::{
    Trie, TrieError,
    hashing::Scratch,
    leaves::{Leaf, Leaves, SortedLeaves},
    subtrie::Subtrie,
    top::{SPLIT, Top},
};
use alloy_primitives::{B256, keccak256};
use alloy_rlp::{EMPTY_STRING_CODE, Header};

/// The two branches above a part, from the root on: they say which leaves it has, and that
/// there are no others.
pub type PartProof = [Vec<u8>; 2];

impl Trie {
    /// What proves all leaves whose keys begin with `byte`; `None` if there are not two
    /// branches above them, as in a small trie.
    ///
    /// # Errors
    /// If leaves cannot be read.
    pub fn prove_part<L: Leaves + ?Sized>(
        &self,
        byte: u8,
        leaves: &L,
    ) -> Result<Option<PartProof>, TrieError<L::Error>> {
        match self.is_split() {
            true => self.tops(leaves)?.prove_part(byte, leaves),
            false => Ok(None),
        }
    }
}

/// Whether these are all leaves of the trie with this root whose keys begin with `byte`,
/// in ascending order. Any `proof` may be given.
#[must_use]
pub fn verify_part(root: &B256, byte: u8, leaves: &[Leaf<'_>], proof: &PartProof) -> bool {
    let ascends = leaves.windows(2).all(|pair| pair[0].0 < pair[1].0);
    if !ascends || leaves.iter().any(|(key, _)| key[0] != byte) {
        return false;
    }
    let [above, below] = proof;
    let is_below = |item: &[u8]| item.first() == Some(&0xa0) && item[1..] == *keccak256(below);
    keccak256(above) == *root
        && child(above, byte >> 4).is_some_and(is_below)
        && child(below, byte & 15) == reference(byte, leaves).as_deref()
}

/// How a branch refers to a part of these leaves.
fn reference(byte: u8, leaves: &[Leaf<'_>]) -> Option<Vec<u8>> {
    let mut part = Subtrie::new(SPLIT);
    part.fill(leaves, &mut Scratch::default());
    // Neither a branch nor a leaf at this depth is asked for its leaves.
    let reference = Top::of(&part, byte).reference(SPLIT, &SortedLeaves::new());
    let mut item = Vec::new();
    match reference.ok()? {
        Some(reference) => reference.append(&mut item),
        None => item.push(EMPTY_STRING_CODE),
    }
    Some(item)
}

/// The item of a branch at a nibble, as it is encoded; `None` if it is not a branch.
fn child(mut node: &[u8], nibble: u8) -> Option<&[u8]> {
    let list = Header::decode(&mut node).ok()?;
    if !list.list || list.payload_length != node.len() {
        return None;
    }
    let (mut found, mut items) = (None, 0);
    while !node.is_empty() {
        let mut rest = node;
        let header = Header::decode(&mut rest).ok()?;
        rest = rest.get(header.payload_length..)?;
        if items == nibble {
            found = Some(&node[..node.len() - rest.len()]);
        }
        (node, items) = (rest, items + 1);
    }
    found.filter(|_| items == 17)
}
