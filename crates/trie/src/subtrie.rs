//! A trie, or the part of one below a place: branches and what they refer to.

use crate::{
    TrieError, Update,
    change::Change,
    encode,
    hashing::{Dirty, Scratch},
    leaves::{Leaf, Leaves},
    nibbles::{Path, nibble},
    node::{Branch, BranchId, Child, Children, Reference, nibbles},
    pool::Pool,
    top::SPLIT,
};
use alloy_primitives::keccak256;

/// Branches with all their references. Leaves are hashes only.
#[derive(Debug)]
pub(crate) struct Subtrie {
    /// Nibbles of the keys that lead here.
    depth: usize,
    pub(crate) root: Child,
    pub(crate) branches: Vec<Branch>,
    free: Vec<BranchId>,
    pub(crate) leaves: Pool<Reference>,
    pub(crate) ids: Pool<BranchId>,
    /// Paths of extensions, from 1 on.
    paths: Vec<Path>,
    free_paths: Vec<u32>,
    /// What has changed and is not hashed yet.
    pub(crate) dirty: Dirty,
    /// Nothing is here but the topmost branch, and of it only how it is referred to.
    is_folded: bool,
}

impl Subtrie {
    pub(crate) fn new(depth: usize) -> Self {
        Self {
            depth,
            root: Child::Empty,
            branches: Vec::new(),
            free: Vec::new(),
            leaves: Pool::default(),
            ids: Pool::default(),
            paths: vec![Path::EMPTY],
            free_paths: Vec::new(),
            dirty: Dirty::default(),
            is_folded: false,
        }
    }

    /// Nothing but a branch behind a path, and how that is referred to.
    pub(crate) fn folded(path: Path, reference: Reference) -> Self {
        let mut folded = Self::new(SPLIT);
        let id = folded.new_branch();
        folded.branches[id as usize].reference = reference;
        folded.set_path(id, path.as_slice());
        folded.branches.shrink_to_fit();
        folded.root = Child::Branch(id);
        folded.is_folded = true;
        folded
    }

    /// Whether it is not in memory.
    pub(crate) const fn is_folded(&self) -> bool {
        self.is_folded
    }

    /// Changes leaves, which are in ascending order and all below this place. What depends
    /// on them is not hashed yet.
    pub(crate) fn apply<L: Leaves + ?Sized>(
        &mut self,
        updates: &[Update<'_>],
        leaves: &L,
        scratch: &mut Scratch,
    ) -> Result<(), TrieError<L::Error>> {
        scratch.begin(&self.dirty);
        let (depth, root) = (self.depth, self.root);
        let mut change = Change {
            trie: self,
            leaves,
            scratch,
        };
        let (root, _) = change.apply(root, depth, updates)?;
        self.root = root;
        scratch.hash_leaves(&mut self.dirty);
        Ok(())
    }

    /// Makes it of these leaves, which are in ascending order, and hashes it.
    pub(crate) fn fill(&mut self, leaves: &[Leaf<'_>], scratch: &mut Scratch) {
        *self = Self::new(self.depth);
        scratch.begin(&self.dirty);
        let (root, _) = self.build(leaves, self.depth, scratch);
        self.root = root;
        scratch.hash_leaves(&mut self.dirty);
        scratch.hash_branches(self);
    }

    pub(crate) fn build(
        &mut self,
        leaves: &[Leaf<'_>],
        depth: usize,
        scratch: &mut Scratch,
    ) -> (Child, usize) {
        let (first, last) = match leaves {
            [] => return (Child::Empty, 0),
            [(key, value)] => return (scratch.new_leaf(key, depth, value), 0),
            [(first, _), .., (last, _)] => (first, last),
        };
        let mut at = depth;
        while nibble(first, at) == nibble(last, at) {
            at += 1;
        }
        let mut children = [Child::Empty; 16];
        let mut height = 0;
        for group in leaves.chunk_by(|(a, _), (b, _)| nibble(a, at) == nibble(b, at)) {
            let (child, below) = self.build(group, at + 1, scratch);
            children[usize::from(nibble(group[0].0, at))] = child;
            height = height.max(below);
        }
        let path = Path::between(first, depth, at);
        self.put(None, &children, path.as_slice(), height)
    }

    /// Makes `children` a branch, that of number `id` if there is one, behind the path.
    pub(crate) fn put(
        &mut self,
        id: Option<BranchId>,
        children: &Children,
        path: &[u8],
        height: usize,
    ) -> (Child, usize) {
        let id = id.unwrap_or_else(|| self.new_branch());
        self.set_children(id, children);
        self.set_path(id, path);
        self.mark(id, height + 1);
        self.marked(id)
    }

    /// A branch, and how many levels are to be hashed with it: more than the last change
    /// needs if an earlier one has not been hashed.
    pub(crate) fn marked(&self, id: BranchId) -> (Child, usize) {
        let height = self.branches[id as usize].height;
        (Child::Branch(id), usize::from(height))
    }

    fn new_branch(&mut self) -> BranchId {
        if let Some(id) = self.free.pop() {
            return id;
        }
        let branch = Branch {
            mask: 0,
            branches: 0,
            fresh: 0,
            height: 0,
            leaves: self.leaves.insert(&[]),
            ids: self.ids.insert(&[]),
            extension: 0,
            reference: Reference::default(),
        };
        self.branches.push(branch);
        BranchId::try_from(self.branches.len() - 1).expect("memory ends before numbers do")
    }

    pub(crate) fn free_branch(&mut self, id: BranchId) {
        self.set_children(id, &[Child::Empty; 16]);
        self.set_path(id, &[]);
        self.branches[id as usize].height = 0;
        self.free.push(id);
    }

    /// Has the branch hashed when everything `height - 1` levels below is.
    pub(crate) fn mark(&mut self, id: BranchId, height: usize) {
        let branch = &mut self.branches[id as usize];
        if usize::from(branch.height) < height {
            branch.height = height as u8;
            self.dirty.list(id, height);
        }
    }

    pub(crate) fn children(&self, id: BranchId) -> Children {
        let branch = &self.branches[id as usize];
        let mut leaves = self.leaves_of(branch).iter();
        let mut ids = self.ids_of(branch).iter();
        let mut children = [Child::Empty; 16];
        for nibble in nibbles(branch.mask) {
            let child = if branch.branches >> nibble & 1 == 1 {
                ids.next().map(|id| Child::Branch(*id))
            } else if branch.fresh >> nibble & 1 == 1 {
                leaves.next().map(|leaf| Child::NewLeaf(leaf.number()))
            } else {
                leaves.next().map(|leaf| Child::Leaf(*leaf))
            };
            children[usize::from(nibble)] = child.unwrap_or(Child::Empty);
        }
        children
    }

    fn set_children(&mut self, id: BranchId, children: &Children) {
        let branch = &mut self.branches[id as usize];
        let before = (branch.leaf_count(), branch.branch_count());
        let (mut leaves, mut ids) = (Few::default(), Few::default());
        (branch.mask, branch.branches, branch.fresh) = (0, 0, 0);
        for (nibble, child) in children.iter().enumerate() {
            let bit = 1u16 << nibble;
            branch.mask |= if *child == Child::Empty { 0 } else { bit };
            match child {
                Child::Empty => {}
                Child::Leaf(reference) => leaves.push(*reference),
                Child::NewLeaf(number) => {
                    leaves.push(Reference::pending(*number));
                    branch.fresh |= bit;
                }
                Child::Branch(id) => {
                    ids.push(*id);
                    branch.branches |= bit;
                }
            }
        }
        branch.leaves = self
            .leaves
            .replace(branch.leaves, before.0, leaves.as_slice());
        branch.ids = self.ids.replace(branch.ids, before.1, ids.as_slice());
    }

    pub(crate) fn leaves_of(&self, branch: &Branch) -> &[Reference] {
        self.leaves.get(branch.leaves, branch.leaf_count())
    }

    pub(crate) fn ids_of(&self, branch: &Branch) -> &[BranchId] {
        self.ids.get(branch.ids, branch.branch_count())
    }

    /// The path of the extension that leads to a branch.
    pub(crate) fn path(&self, id: BranchId) -> &Path {
        &self.paths[self.branches[id as usize].extension as usize]
    }

    pub(crate) fn set_path(&mut self, id: BranchId, path: &[u8]) {
        let extension = &mut self.branches[id as usize].extension;
        match (*extension, path) {
            (0, []) => {}
            (number, []) => {
                self.free_paths.push(number);
                *extension = 0;
            }
            (0, path) => match self.free_paths.pop() {
                Some(number) => {
                    self.paths[number as usize] = Path::of(path);
                    *extension = number;
                }
                None => {
                    *extension = self.paths.len() as u32;
                    self.paths.push(Path::of(path));
                }
            },
            (number, path) => self.paths[number as usize] = Path::of(path),
        }
    }

    /// How the branch behind the extension is referred to.
    pub(crate) fn branch_reference(&self, id: BranchId) -> Reference {
        let mut encoding = Vec::new();
        self.encode_branch(id, &mut encoding);
        Reference::new(&encoding, &keccak256(&encoding))
    }

    /// Appends the encoding of a branch all of whose children are hashed.
    pub(crate) fn encode_branch(&self, id: BranchId, out: &mut Vec<u8>) {
        let branch = &self.branches[id as usize];
        let (leaves, ids) = (self.leaves_of(branch), self.ids_of(branch));
        let reference = |nibble: u8| {
            let below = (1u16 << nibble) - 1;
            if branch.branches >> nibble & 1 == 1 {
                let position = (branch.branches & below).count_ones();
                &self.branches[ids[position as usize] as usize].reference
            } else {
                let position = (branch.mask & !branch.branches & below).count_ones();
                &leaves[position as usize]
            }
        };
        encode::branch(out, branch.mask, nibbles(branch.mask).map(reference));
    }

    /// Bytes of memory held.
    pub(crate) fn capacity_bytes(&self) -> usize {
        self.branches.capacity() * size_of::<Branch>()
            + self.free.capacity() * size_of::<BranchId>()
            + self.leaves.capacity_bytes()
            + self.ids.capacity_bytes()
            + self.paths.capacity() * size_of::<Path>()
            + self.dirty.capacity_bytes()
    }
}

/// Up to 16 elements.
struct Few<T> {
    elements: [T; 16],
    len: usize,
}

impl<T: Copy + Default> Default for Few<T> {
    fn default() -> Self {
        Self {
            elements: [T::default(); 16],
            len: 0,
        }
    }
}

impl<T> Few<T> {
    fn push(&mut self, element: T) {
        self.elements[self.len] = element;
        self.len += 1;
    }

    fn as_slice(&self) -> &[T] {
        &self.elements[..self.len]
    }
}
