//! Parts that are not in memory: of them only the hash is left, and the rest is made anew
//! from the leaves when one of them changes.

use crate::{
    Trie, TrieError,
    hashing::Scratch,
    leaves::{Copied, Leaves},
    node::{Child, Reference},
    subtrie::Subtrie,
    top::{SPLIT, part_prefix},
    trie::PARTS,
};
use std::sync::atomic::{AtomicUsize, Ordering};

/// How much memory parts may take, while they are changed.
#[derive(Debug)]
pub(crate) struct Budget {
    most: usize,
    used: AtomicUsize,
}

impl Budget {
    pub(crate) fn new(most: usize, used: usize) -> Self {
        Self {
            most,
            used: AtomicUsize::new(used),
        }
    }

    /// Lets go of a part that has been made and hashed, if there is no room for it.
    pub(crate) fn settle(&self, part: &mut Subtrie) {
        let bytes = part.capacity_bytes();
        if self.used.fetch_add(bytes, Ordering::Relaxed) + bytes > self.most {
            part.fold();
            self.used.fetch_sub(bytes, Ordering::Relaxed);
        }
    }
}

impl Subtrie {
    /// Keeps nothing but how it is referred to. Everything must be hashed.
    pub(crate) fn fold(&mut self) {
        let Child::Branch(id) = self.root else {
            return;
        };
        let path = *self.path(id);
        // Behind the extension, which is made anew from its path.
        let reference = match path.as_slice() {
            [] => self.branches[id as usize].reference,
            _ => self.branch_reference(id),
        };
        *self = Self::folded(path, reference);
    }

    /// Makes it anew of all leaves of its part, as they are now.
    pub(crate) fn unfold<L: Leaves + ?Sized>(
        &mut self,
        byte: u8,
        leaves: &L,
        scratch: &mut Scratch,
    ) -> Result<(), TrieError<L::Error>> {
        let own = Copied::load(leaves, &part_prefix(byte), usize::MAX)?;
        self.fill(&own.unwrap_or_default().leaves(), scratch);
        Ok(())
    }

    /// How the topmost branch is referred to, behind the extension that leads to it.
    pub(crate) fn top_reference(&self, id: crate::node::BranchId) -> Reference {
        match self.is_folded() || self.path(id).as_slice().is_empty() {
            true => self.branches[id as usize].reference,
            false => self.branch_reference(id),
        }
    }
}

impl Trie {
    /// Lets parts take so much memory at most, in bytes, besides two for those that are
    /// being changed. Those that changed longest ago are let go of first; they are made
    /// anew from the leaves when they change, which takes the longer the more leaves there
    /// are. A small trie, which has no parts, stays.
    pub fn limit(&mut self, bytes: usize) {
        self.most_bytes = bytes;
        self.fold();
    }

    /// Parts that are not in memory.
    #[must_use]
    pub fn folded(&self) -> usize {
        self.parts.iter().filter(|part| part.is_folded()).count()
    }

    /// Lets go of parts until the rest fits.
    pub(crate) fn fold(&mut self) {
        let mut bytes = self.capacity_bytes();
        if bytes <= self.most_bytes || self.parts.len() < PARTS {
            return;
        }
        let mut order: Vec<_> = (0..PARTS).collect();
        order.sort_unstable_by_key(|part| self.used[*part]);
        for number in order {
            let part = &mut self.parts[number];
            if bytes <= self.most_bytes {
                break;
            }
            if self.changed[number] || part.is_folded() {
                continue;
            }
            bytes -= part.capacity_bytes();
            part.fold();
            bytes += part.capacity_bytes();
        }
    }

    /// A part that is in memory, or one made for this.
    pub(crate) fn unfolded<L: Leaves + ?Sized, T>(
        &self,
        byte: u8,
        leaves: &L,
        with: impl FnOnce(&Subtrie) -> Result<T, TrieError<L::Error>>,
    ) -> Result<T, TrieError<L::Error>> {
        let part = &self.parts[usize::from(byte)];
        if !part.is_folded() {
            return with(part);
        }
        let mut made = Subtrie::new(SPLIT);
        made.unfold(byte, leaves, &mut Scratch::default())?;
        with(&made)
    }
}
