//! Changing the shape of a subtrie.

use crate::{
    TrieError, Update,
    hashing::Scratch,
    leaves::{self, Copied, Leaf, Leaves},
    nibbles::{Path, Prefix, common, nibble},
    node::{BranchId, Child, Children},
    subtrie::Subtrie,
};

/// A place after a change, and how many levels of branches below are to be hashed.
type Changed<E> = Result<(Child, usize), TrieError<E>>;

/// A change on its way.
pub(crate) struct Change<'c, L: ?Sized> {
    pub(crate) trie: &'c mut Subtrie,
    pub(crate) leaves: &'c L,
    pub(crate) scratch: &'c mut Scratch,
}

impl<L: Leaves + ?Sized> Change<'_, L> {
    /// Applies `updates`, whose keys all lead to this place, to what is there.
    pub(crate) fn apply(
        &mut self,
        child: Child,
        depth: usize,
        updates: &[Update<'_>],
    ) -> Changed<L::Error> {
        match (child, updates) {
            (_, []) => Ok((child, 0)),
            (Child::Empty, _) => Ok(self.insert(depth, updates)),
            (Child::Leaf(_) | Child::NewLeaf(_), [update]) => self.one_leaf(child, depth, update),
            (Child::Leaf(_) | Child::NewLeaf(_), [update, ..]) => self.reload(depth, update),
            (Child::Branch(id), _) => self.branch(id, depth, updates),
        }
    }

    /// Leaves where there was nothing.
    fn insert(&mut self, depth: usize, updates: &[Update<'_>]) -> (Child, usize) {
        if let [update] = updates {
            return match update.value {
                Some(value) => (self.scratch.new_leaf(&update.key, depth, value), 0),
                None => (Child::Empty, 0),
            };
        }
        let leaves: Vec<Leaf<'_>> = updates
            .iter()
            .filter_map(|update| Some((&update.key, update.value?)))
            .collect();
        self.trie.build(&leaves, depth, self.scratch)
    }

    /// A change where there is one leaf. If the key was there, the leaf is its own.
    fn one_leaf(&mut self, child: Child, depth: usize, update: &Update<'_>) -> Changed<L::Error> {
        match (update.existed, update.value) {
            (true, Some(value)) => Ok((self.scratch.new_leaf(&update.key, depth, value), 0)),
            (true, None) => Ok((Child::Empty, 0)),
            (false, Some(_)) => self.reload(depth, update),
            (false, None) => Ok((child, 0)),
        }
    }

    /// Makes this place anew from the leaves: few, since there was one.
    fn reload(&mut self, depth: usize, update: &Update<'_>) -> Changed<L::Error> {
        let prefix = Prefix::of(&update.key, depth);
        let leaves = Copied::load(self.leaves, &prefix, usize::MAX)?.unwrap_or_default();
        Ok(self.trie.build(&leaves.leaves(), depth, self.scratch))
    }

    fn branch(&mut self, id: BranchId, depth: usize, updates: &[Update<'_>]) -> Changed<L::Error> {
        let path = *self.trie.path(id);
        let path = path.as_slice();
        let parting = updates
            .iter()
            .filter(|update| update.value.is_some())
            .map(|update| common(&update.key, depth, path))
            .min()
            .filter(|shared| *shared < path.len());
        let Some(shared) = parting else {
            let children = self.trie.children(id);
            return self.below(Some(id), children, path, depth, updates, 0);
        };
        // Somebody turns off before the branch: a new one there, with this one behind.
        self.trie.set_path(id, &path[shared + 1..]);
        self.trie.mark(id, 1);
        let (behind, height) = self.trie.marked(id);
        let mut children = [Child::Empty; 16];
        children[usize::from(path[shared])] = behind;
        self.below(None, children, &path[..shared], depth, updates, height)
    }

    /// Applies updates to the children of a branch behind `path`, of which those that
    /// have changed already have `height` levels to be hashed.
    fn below(
        &mut self,
        id: Option<BranchId>,
        mut children: Children,
        path: &[u8],
        depth: usize,
        updates: &[Update<'_>],
        mut height: usize,
    ) -> Changed<L::Error> {
        let at = depth + path.len();
        // Who turns off before was to be deleted, and is not there.
        let leads_here = |update: &&Update<'_>| common(&update.key, depth, path) == path.len();
        let before = updates
            .iter()
            .take_while(|update| !leads_here(update))
            .count();
        let here = updates[before..].iter().take_while(leads_here).count();
        let updates = &updates[before..before + here];
        let Some(update) = updates.first() else {
            return Ok(match id {
                Some(id) => self.trie.marked(id),
                None => self.trie.put(None, &children, path, height),
            });
        };
        for group in updates.chunk_by(|a, b| nibble(&a.key, at) == nibble(&b.key, at)) {
            let child = &mut children[usize::from(nibble(&group[0].key, at))];
            let (changed, levels) = self.apply(*child, at + 1, group)?;
            *child = changed;
            height = height.max(levels);
        }
        let prefix = Prefix::of(&update.key, at);
        self.join(id, &children, path, depth, prefix, height)
    }

    /// Puts a branch together again: it takes two children to be one.
    fn join(
        &mut self,
        id: Option<BranchId>,
        children: &Children,
        path: &[u8],
        depth: usize,
        prefix: Prefix,
        height: usize,
    ) -> Changed<L::Error> {
        let mut present = (0..16u8).filter(|n| children[usize::from(*n)] != Child::Empty);
        let (first, second) = (present.next(), present.next());
        let Some(only) = first.filter(|_| second.is_none()) else {
            if first.is_some() {
                return Ok(self.trie.put(id, children, path, height));
            }
            id.into_iter().for_each(|id| self.trie.free_branch(id));
            return Ok((Child::Empty, 0));
        };
        id.into_iter().for_each(|id| self.trie.free_branch(id));
        match children[usize::from(only)] {
            Child::Branch(branch) => {
                let joined = Path::of(path).join(Some(only), self.trie.path(branch).as_slice());
                self.trie.set_path(branch, joined.as_slice());
                self.trie.mark(branch, 1);
                Ok(self.trie.marked(branch))
            }
            _ => self.only_leaf(depth, prefix.with(only)),
        }
    }

    /// The one leaf that is left below `prefix`, as a child at `depth`.
    fn only_leaf(&mut self, depth: usize, prefix: Prefix) -> Changed<L::Error> {
        let leaf = leaves::first(self.leaves, &prefix, |key, value| {
            self.scratch.new_leaf(key, depth, value)
        })?;
        Ok((leaf, 0))
    }
}
