//! The whole trie: one part, or 256 that are changed side by side.

use crate::{
    TrieError,
    fold::Budget,
    hashing::Scratch,
    leaves::{Copied, Leaves},
    nibbles::Prefix,
    node::{Child, Reference},
    share::share,
    subtrie::Subtrie,
    top::{SPLIT, Tops},
};
use alloy_primitives::{B256, b256};

/// A leaf that changes.
#[derive(Clone, Copy, Debug)]
pub struct Update<'v> {
    /// Its key: for Ethereum's state the hash of an address or slot.
    pub key: B256,
    /// Its value from now on; `None`: it goes.
    pub value: Option<&'v [u8]>,
    /// Whether there was a leaf of this key before. Wrong answers make wrong roots.
    pub existed: bool,
}

/// Root of a trie without leaves: the hash of an empty string in RLP.
pub const EMPTY_ROOT: B256 =
    b256!("56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421");

/// Leaves from which on a trie is built in parts.
const MANY_LEAVES: usize = 8192;

/// Branches from which on one that has grown is split.
const MANY_BRANCHES: usize = 4096;

/// Parts of a split trie: one for each first byte.
pub(crate) const PARTS: usize = 256;

/// A Merkle-Patricia trie whose branches are in memory, and whose leaves are not.
#[derive(Debug)]
pub struct Trie {
    /// One, or one for each first byte.
    pub(crate) parts: Vec<Subtrie>,
    /// Numbers of parts that have changed since they were hashed.
    pub(crate) changed: Vec<bool>,
    /// When each part changed last, counted in changes.
    pub(crate) used: Vec<u64>,
    clock: u64,
    pub(crate) most_bytes: usize,
    scratch: Vec<Scratch>,
    root: B256,
}

impl Default for Trie {
    fn default() -> Self {
        Self::new()
    }
}

impl Trie {
    /// Without leaves.
    #[must_use]
    pub fn new() -> Self {
        Self {
            parts: vec![Subtrie::new(0)],
            changed: vec![false],
            used: vec![0],
            clock: 0,
            most_bytes: usize::MAX,
            scratch: vec![Scratch::default()],
            root: EMPTY_ROOT,
        }
    }

    /// Of all these leaves, on `threads` threads.
    ///
    /// # Errors
    /// If the leaves cannot be read.
    pub fn build<L: Leaves + ?Sized>(
        leaves: &L,
        threads: usize,
    ) -> Result<Self, TrieError<L::Error>> {
        Self::build_within(leaves, threads, usize::MAX)
    }

    /// As [`Trie::build`], of which no more than `most_bytes` stay in memory: see
    /// [`Trie::limit`].
    ///
    /// # Errors
    /// As [`Trie::build`].
    pub fn build_within<L: Leaves + ?Sized>(
        leaves: &L,
        threads: usize,
        most_bytes: usize,
    ) -> Result<Self, TrieError<L::Error>> {
        let mut trie = Self::new();
        trie.most_bytes = most_bytes;
        let all = Prefix::of(&B256::ZERO, 0);
        match Copied::load(leaves, &all, MANY_LEAVES)? {
            Some(few) => trie.parts[0].fill(&few.leaves(), &mut trie.scratch[0]),
            None => trie.build_parts(leaves, threads)?,
        }
        trie.root = trie.topmost(leaves)?;
        Ok(trie)
    }

    /// The root when [`Trie::hash`] was called last.
    #[must_use]
    pub const fn root(&self) -> B256 {
        self.root
    }

    /// Whether it is kept in 256 parts.
    #[must_use]
    pub const fn is_split(&self) -> bool {
        self.parts.len() > 1
    }

    /// Bytes of memory held.
    #[must_use]
    pub fn capacity_bytes(&self) -> usize {
        self.parts.iter().map(Subtrie::capacity_bytes).sum()
    }

    /// Changes leaves, in ascending order of their keys, on `threads` threads. `leaves`
    /// are those *after* the change.
    ///
    /// Leaves are hashed at once, branches by [`Trie::hash`]: so a block can hand over
    /// what it has changed while it still runs, and gets its root soon after its end.
    ///
    /// # Errors
    /// [`TrieError::Order`], before anything is changed; [`TrieError::MissingLeaf`] if
    /// `leaves` and this trie do not fit.
    pub fn apply<L: Leaves + ?Sized>(
        &mut self,
        updates: &[Update<'_>],
        leaves: &L,
        threads: usize,
    ) -> Result<(), TrieError<L::Error>> {
        if let Some(index) = updates
            .windows(2)
            .position(|pair| pair[0].key >= pair[1].key)
        {
            return Err(TrieError::Order { index: index + 1 });
        }
        if self.parts.len() == 1 {
            self.changed[0] = true;
            self.parts[0].apply(updates, leaves, &mut self.scratch[0])?;
            if self.parts[0].branches.len() > MANY_BRANCHES {
                self.build_parts(leaves, threads)?;
            }
            return Ok(());
        }
        self.clock += 1;
        let budget = Budget::new(self.most_bytes, self.capacity_bytes());
        let mut groups = updates
            .chunk_by(|a, b| a.key[0] == b.key[0])
            .map(|group| (usize::from(group[0].key[0]), group))
            .peekable();
        let mut jobs = Vec::new();
        for (byte, part) in self.parts.iter_mut().enumerate() {
            if let Some((_, group)) = groups.next_if(|(first, _)| *first == byte) {
                self.changed[byte] = true;
                self.used[byte] = self.clock;
                jobs.push((part, byte as u8, group));
            }
        }
        share(
            jobs,
            &mut self.scratch,
            threads,
            |(part, byte, group), scratch| {
                if !part.is_folded() {
                    return part.apply(group, leaves, scratch);
                }
                // The leaves are those after the change.
                part.unfold(byte, leaves, scratch)?;
                budget.settle(part);
                Ok(())
            },
        )
    }

    /// Hashes what has changed, on `threads` threads; the new root. `leaves` are as they
    /// were for the last change.
    ///
    /// # Errors
    /// As [`Trie::apply`].
    pub fn hash<L: Leaves + ?Sized>(
        &mut self,
        leaves: &L,
        threads: usize,
    ) -> Result<B256, TrieError<L::Error>> {
        let parts = self.parts.iter_mut().zip(&mut self.changed);
        let jobs = parts.filter_map(|(part, changed)| std::mem::take(changed).then_some(part));
        let jobs = jobs.collect();
        share(jobs, &mut self.scratch, threads, |part, scratch| {
            scratch.hash_branches(part);
            Ok(())
        })?;
        self.fold();
        self.root = self.topmost(leaves)?;
        Ok(self.root)
    }

    /// [`Trie::apply`] and [`Trie::hash`] in one.
    ///
    /// # Errors
    /// As these.
    pub fn update<L: Leaves + ?Sized>(
        &mut self,
        updates: &[Update<'_>],
        leaves: &L,
        threads: usize,
    ) -> Result<B256, TrieError<L::Error>> {
        self.apply(updates, leaves, threads)?;
        self.hash(leaves, threads)
    }

    /// The nodes on the way to a key, from the root on, as `eth_getProof` gives them: they
    /// prove the leaf, or that there is none. [`Trie::hash`] must have been called.
    ///
    /// # Errors
    /// If leaves cannot be read.
    pub fn proof<L: Leaves + ?Sized>(
        &self,
        key: &B256,
        leaves: &L,
    ) -> Result<Vec<Vec<u8>>, TrieError<L::Error>> {
        let mut proof = Vec::new();
        if let [part] = &*self.parts {
            part.prove(part.root, 0, key, leaves, &mut proof)?;
        } else {
            let Some(depth) = self.tops(leaves)?.prove(key, leaves, &mut proof)? else {
                return Ok(proof);
            };
            self.unfolded(key[0], leaves, |part| match part.root {
                Child::Branch(id) => part.prove_below(id, depth, key, leaves, &mut proof),
                _ => Ok(()),
            })?;
        }
        Ok(proof)
    }

    /// Makes everything anew, in parts.
    fn build_parts<L: Leaves + ?Sized>(
        &mut self,
        leaves: &L,
        threads: usize,
    ) -> Result<(), TrieError<L::Error>> {
        self.parts = (0..PARTS).map(|_| Subtrie::new(SPLIT)).collect();
        self.changed = vec![false; PARTS];
        self.used = vec![self.clock; PARTS];
        let budget = Budget::new(self.most_bytes, 0);
        let jobs = self.parts.iter_mut().enumerate().collect();
        share(jobs, &mut self.scratch, threads, |(byte, part), scratch| {
            part.unfold(byte as u8, leaves, scratch)?;
            budget.settle(part);
            Ok(())
        })
    }

    fn topmost<L: Leaves + ?Sized>(&self, leaves: &L) -> Result<B256, TrieError<L::Error>> {
        let root = match &*self.parts {
            [part] => match part.root {
                Child::Branch(id) => Some(part.branches[id as usize].reference),
                Child::Leaf(reference) => Some(reference),
                Child::Empty | Child::NewLeaf(_) => None,
            },
            _ => self.tops(leaves)?.root(leaves)?,
        };
        Ok(root.as_ref().map_or(EMPTY_ROOT, Reference::root))
    }

    pub(crate) fn tops<L: Leaves + ?Sized>(&self, leaves: &L) -> Result<Tops, TrieError<L::Error>> {
        Tops::new(&self.parts, leaves)
    }
}
