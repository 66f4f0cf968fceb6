//! The two levels above the parts of a split trie.

use crate::{
    TrieError, encode,
    leaves::{self, Leaves},
    nibbles::{Path, Prefix, common, nibble},
    node::{Child, Reference},
    proof::push,
    subtrie::Subtrie,
};
use alloy_primitives::{B256, keccak256};

/// Nibbles above the parts.
pub(crate) const SPLIT: usize = 2;

/// What the keys of the part of a first byte begin with.
pub(crate) fn part_prefix(byte: u8) -> Prefix {
    Prefix::of(&B256::repeat_byte(byte), SPLIT)
}

/// What is below a place above the parts.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Top {
    Empty,
    /// One leaf, the part in which it is, and how it is referred to there.
    Leaf(u8, Reference),
    /// A branch, how it is referred to without its extension, and the path of that.
    Branch(Owner, Reference, Path),
}

/// Where a branch is kept.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Owner {
    Root,
    /// The sixteen places below the root.
    Middle,
    /// The topmost of a part.
    Part,
}

/// The places above the parts.
#[derive(Debug)]
pub(crate) struct Tops {
    root: Top,
    middle: Vec<Top>,
    parts: Vec<Top>,
}

impl Tops {
    pub(crate) fn new<L: Leaves + ?Sized>(
        parts: &[Subtrie],
        leaves: &L,
    ) -> Result<Self, TrieError<L::Error>> {
        let parts = (0..=u8::MAX).zip(parts);
        Self::of(
            parts.map(|(byte, part)| Top::of(part, byte)).collect(),
            leaves,
        )
    }

    /// Above the topmost places of all parts.
    pub(crate) fn of<L: Leaves + ?Sized>(
        parts: Vec<Top>,
        leaves: &L,
    ) -> Result<Self, TrieError<L::Error>> {
        let middle = parts
            .chunks(16)
            .map(|children| Top::merge(Owner::Middle, children, leaves))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            root: Top::merge(Owner::Root, &middle, leaves)?,
            middle,
            parts,
        })
    }

    /// How the root is referred to; `None` if there is nothing.
    pub(crate) fn root<L: Leaves + ?Sized>(
        &self,
        leaves: &L,
    ) -> Result<Option<Reference>, TrieError<L::Error>> {
        self.root.reference(0, leaves)
    }

    /// Adds the nodes on the way to a key. If it leads into a part: the depth of the
    /// topmost branch there, which is the next.
    pub(crate) fn prove<L: Leaves + ?Sized>(
        &self,
        key: &B256,
        leaves: &L,
        proof: &mut Vec<Vec<u8>>,
    ) -> Result<Option<usize>, TrieError<L::Error>> {
        let (mut top, mut depth) = (&self.root, 0);
        loop {
            let Top::Branch(owner, _, path) = top else {
                push(proof, top.encoding(depth, leaves)?);
                return Ok(None);
            };
            let path = path.as_slice();
            if !path.is_empty() {
                push(proof, top.encoding(depth, leaves)?);
                if common(key, depth, path) < path.len() {
                    return Ok(None);
                }
            }
            depth += path.len();
            let (children, below) = match owner {
                Owner::Root => (&*self.middle, &self.middle[usize::from(nibble(key, 0))]),
                Owner::Middle => {
                    let first = usize::from(key[0] & 0xf0);
                    (
                        &self.parts[first..first + 16],
                        &self.parts[usize::from(key[0])],
                    )
                }
                Owner::Part => return Ok(Some(depth)),
            };
            push(proof, branch(*owner, children, leaves)?);
            (top, depth) = (below, depth + 1);
        }
    }
}

impl Tops {
    /// The branches above a part, if these are two with nothing between them.
    pub(crate) fn prove_part<L: Leaves + ?Sized>(
        &self,
        byte: u8,
        leaves: &L,
    ) -> Result<Option<[Vec<u8>; 2]>, TrieError<L::Error>> {
        let is_here = |top: &Top| {
            matches!(top, Top::Branch(Owner::Root | Owner::Middle, _, path)
                if path.as_slice().is_empty())
        };
        if !is_here(&self.root) || !is_here(&self.middle[usize::from(byte >> 4)]) {
            return Ok(None);
        }
        let first = usize::from(byte & 0xf0);
        let parts = &self.parts[first..first + 16];
        Ok(Some([
            branch(Owner::Root, &self.middle, leaves)?,
            branch(Owner::Middle, parts, leaves)?,
        ]))
    }
}

impl Owner {
    /// Nibbles that lead to the children of its branch.
    const fn below(self) -> usize {
        match self {
            Self::Root => 1,
            Self::Middle | Self::Part => SPLIT,
        }
    }
}

/// The encoding of a branch of these children, which are there.
fn branch<L: Leaves + ?Sized>(
    owner: Owner,
    children: &[Top],
    leaves: &L,
) -> Result<Vec<u8>, TrieError<L::Error>> {
    let mut mask = 0u16;
    let mut references = Vec::with_capacity(16);
    for (nibble, child) in children.iter().enumerate() {
        if let Some(reference) = child.reference(owner.below(), leaves)? {
            mask |= 1 << nibble;
            references.push(reference);
        }
    }
    let mut encoding = Vec::new();
    encode::branch(&mut encoding, mask, references.iter());
    Ok(encoding)
}

impl Top {
    pub(crate) fn of(part: &Subtrie, byte: u8) -> Self {
        match part.root {
            Child::Empty | Child::NewLeaf(_) => Self::Empty,
            Child::Leaf(reference) => Self::Leaf(byte, reference),
            Child::Branch(id) => {
                let path = *part.path(id);
                Self::Branch(Owner::Part, part.top_reference(id), path)
            }
        }
    }

    /// Sixteen places as one.
    fn merge<L: Leaves + ?Sized>(
        owner: Owner,
        children: &[Self],
        leaves: &L,
    ) -> Result<Self, TrieError<L::Error>> {
        let present = |(_, child): &(u8, &Self)| !matches!(child, Self::Empty);
        let mut present = (0..16).zip(children).filter(present);
        match (present.next(), present.next()) {
            (None, _) => Ok(Self::Empty),
            (Some((nibble, Self::Branch(owner, reference, path))), None) => {
                let path = Path::EMPTY.join(Some(nibble), path.as_slice());
                Ok(Self::Branch(*owner, *reference, path))
            }
            (Some((_, only)), None) => Ok(*only),
            _ => {
                let encoding = branch(owner, children, leaves)?;
                Ok(Self::Branch(owner, hashed(&encoding), Path::EMPTY))
            }
        }
    }

    /// How a parent refers to it from which paths begin at `depth`.
    pub(crate) fn reference<L: Leaves + ?Sized>(
        &self,
        depth: usize,
        leaves: &L,
    ) -> Result<Option<Reference>, TrieError<L::Error>> {
        match self {
            Self::Empty => Ok(None),
            Self::Leaf(_, reference) if depth == SPLIT => Ok(Some(*reference)),
            Self::Branch(_, reference, path) if path.as_slice().is_empty() => Ok(Some(*reference)),
            _ => Ok(Some(hashed(&self.encoding(depth, leaves)?))),
        }
    }

    /// The encoding of the leaf or extension whose path begins at `depth`; empty if there
    /// is neither.
    fn encoding<L: Leaves + ?Sized>(
        &self,
        depth: usize,
        leaves: &L,
    ) -> Result<Vec<u8>, TrieError<L::Error>> {
        let mut encoding = Vec::new();
        match self {
            Self::Empty => {}
            Self::Leaf(byte, _) => {
                leaves::first(leaves, &part_prefix(*byte), |key, value| {
                    encode::leaf(&mut encoding, key, depth, value);
                })?;
            }
            Self::Branch(_, reference, path) => {
                encode::extension(&mut encoding, path.as_slice(), reference);
            }
        }
        Ok(encoding)
    }
}

fn hashed(encoding: &[u8]) -> Reference {
    Reference::new(encoding, &keccak256(encoding))
}
