//! Hashing what has changed: new leaves at once, branches level by level, each level in
//! one batch.

use crate::{
    encode,
    node::{BranchId, Child, Reference, nibbles},
    subtrie::Subtrie,
};
use alloy_primitives::B256;
use parallax_crypto::{Batch, Hasher};

/// What of a subtrie is still to be hashed.
#[derive(Debug, Default)]
pub(crate) struct Dirty {
    /// References to the leaves that came since branches were hashed, by number.
    leaves: Vec<Reference>,
    /// Branches, by level: those without any changed ones below are in 1.
    levels: Vec<Vec<BranchId>>,
}

impl Dirty {
    pub(crate) fn list(&mut self, id: BranchId, height: usize) {
        if self.levels.len() <= height {
            self.levels.resize_with(height + 1, Vec::new);
        }
        self.levels[height].push(id);
    }

    /// The number of the next leaf.
    pub(crate) const fn next_leaf(&self) -> usize {
        self.leaves.len()
    }

    pub(crate) fn capacity_bytes(&self) -> usize {
        let levels = self.levels.iter().map(Vec::capacity).sum::<usize>();
        self.leaves.capacity() * size_of::<Reference>() + levels * size_of::<BranchId>()
    }
}

/// What one thread needs on its way; used again for the next subtrie.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    hasher: Hasher,
    /// Encodings of new leaves.
    leaves: Batch,
    /// The number of the first of them.
    first: usize,
    nodes: Batch,
    extensions: Batch,
    /// Branches of a level that have an extension.
    extended: Vec<BranchId>,
    done: Vec<Reference>,
}

impl Scratch {
    /// Before leaves of a subtrie come.
    pub(crate) fn begin(&mut self, dirty: &Dirty) {
        self.leaves.clear();
        self.first = dirty.next_leaf();
    }

    pub(crate) fn new_leaf(&mut self, key: &B256, depth: usize, value: &[u8]) -> Child {
        let number = self
            .leaves
            .push_with(|out| encode::leaf(out, key, depth, value));
        let number = u32::try_from(self.first + number);
        Child::NewLeaf(number.expect("memory ends before numbers do"))
    }

    /// Hashes the leaves that have come.
    pub(crate) fn hash_leaves(&mut self, dirty: &mut Dirty) {
        references(&mut self.leaves, &self.hasher, &mut dirty.leaves);
    }

    /// Hashes the branches that were listed.
    pub(crate) fn hash_branches(&mut self, trie: &mut Subtrie) {
        if let Child::NewLeaf(number) = trie.root {
            trie.root = Child::Leaf(trie.dirty.leaves[number as usize]);
        }
        let mut dirty = std::mem::take(&mut trie.dirty);
        for (level, ids) in dirty.levels.iter_mut().enumerate() {
            self.hash_level(trie, level, ids, &dirty.leaves);
            ids.clear();
        }
        dirty.leaves.clear();
        trie.dirty = dirty;
    }

    fn hash_level(
        &mut self,
        trie: &mut Subtrie,
        level: usize,
        ids: &mut Vec<BranchId>,
        new: &[Reference],
    ) {
        // Not those that are listed higher, too, or are no more.
        ids.retain(|id| usize::from(trie.branches[*id as usize].height) == level);
        self.nodes.clear();
        for id in &*ids {
            settle_leaves(trie, *id, new);
            self.nodes.push_with(|out| trie.encode_branch(*id, out));
        }
        self.done.clear();
        references(&mut self.nodes, &self.hasher, &mut self.done);
        self.extensions.clear();
        self.extended.clear();
        for (id, reference) in ids.iter().zip(&self.done) {
            trie.branches[*id as usize].height = 0;
            let path = trie.path(*id).as_slice();
            if path.is_empty() {
                trie.branches[*id as usize].reference = *reference;
            } else {
                self.extensions
                    .push_with(|out| encode::extension(out, path, reference));
                self.extended.push(*id);
            }
        }
        self.done.clear();
        references(&mut self.extensions, &self.hasher, &mut self.done);
        for (id, reference) in self.extended.iter().zip(&self.done) {
            trie.branches[*id as usize].reference = *reference;
        }
    }
}

/// Puts the hashes of new leaves where their numbers are.
fn settle_leaves(trie: &mut Subtrie, id: BranchId, new: &[Reference]) {
    let branch = &mut trie.branches[id as usize];
    let fresh = std::mem::take(&mut branch.fresh);
    if fresh == 0 {
        return;
    }
    let all = branch.mask & !branch.branches;
    let leaves = trie.leaves.get_mut(branch.leaves, branch.leaf_count());
    for nibble in nibbles(fresh) {
        let position = (all & ((1 << nibble) - 1)).count_ones() as usize;
        leaves[position] = new[leaves[position].number() as usize];
    }
}

/// Hashes a batch, and appends references to what is in it.
fn references(batch: &mut Batch, hasher: &Hasher, out: &mut Vec<Reference>) {
    batch.hash(hasher);
    let inputs = batch.digests().iter().enumerate();
    out.extend(inputs.map(|(number, digest)| Reference::new(batch.input(number), digest)));
}
