//! The nodes on the way to a key.

use crate::{
    TrieError, encode,
    leaves::{self, Leaves},
    nibbles::{Prefix, common, nibble},
    node::{BranchId, Child},
    subtrie::Subtrie,
};
use alloy_primitives::B256;

/// Adds a node. One that is part of its parent, being shorter than a hash, is not listed
/// again, but for the root.
pub(crate) fn push(proof: &mut Vec<Vec<u8>>, encoding: Vec<u8>) {
    if encoding.len() >= 32 || proof.is_empty() && !encoding.is_empty() {
        proof.push(encoding);
    }
}

impl Subtrie {
    /// Adds the nodes from a place on, to which the first `depth` nibbles of the key lead.
    pub(crate) fn prove<L: Leaves + ?Sized>(
        &self,
        place: Child,
        depth: usize,
        key: &B256,
        leaves: &L,
        proof: &mut Vec<Vec<u8>>,
    ) -> Result<(), TrieError<L::Error>> {
        let mut encoding = Vec::new();
        match place {
            Child::Empty => Ok(()),
            Child::Leaf(_) | Child::NewLeaf(_) => {
                leaves::first(leaves, &Prefix::of(key, depth), |key, value| {
                    encode::leaf(&mut encoding, key, depth, value);
                })?;
                push(proof, encoding);
                Ok(())
            }
            Child::Branch(id) => {
                let path = self.path(id).as_slice();
                if !path.is_empty() {
                    encode::extension(&mut encoding, path, &self.branch_reference(id));
                    push(proof, encoding);
                    if common(key, depth, path) < path.len() {
                        return Ok(());
                    }
                }
                self.prove_below(id, depth + path.len(), key, leaves, proof)
            }
        }
    }

    /// Adds a branch, behind its extension, and what follows.
    pub(crate) fn prove_below<L: Leaves + ?Sized>(
        &self,
        id: BranchId,
        depth: usize,
        key: &B256,
        leaves: &L,
        proof: &mut Vec<Vec<u8>>,
    ) -> Result<(), TrieError<L::Error>> {
        let mut encoding = Vec::new();
        self.encode_branch(id, &mut encoding);
        push(proof, encoding);
        let child = self.children(id)[usize::from(nibble(key, depth))];
        self.prove(child, depth + 1, key, leaves, proof)
    }
}
