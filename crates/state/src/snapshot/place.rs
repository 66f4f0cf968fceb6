//! Where leaves are in their trie, and what proves that these are all.

use crate::codec::{Broken, Input, put_bytes};
use alloy_primitives::B256;
use parallax_trie::{Leaf, PartProof, Prefix, SortedLeaves, Trie, verify_part};

/// Where some leaves are.
#[derive(Debug)]
pub(super) enum Place {
    /// All leaves of the trie.
    All,
    /// Those whose keys begin with a byte.
    Part(u8, PartProof),
}

impl Place {
    /// What their keys begin with.
    pub(super) fn prefix(&self) -> Prefix {
        match self {
            Self::All => Prefix::of(&B256::ZERO, 0),
            Self::Part(byte, _) => Prefix::of(&B256::repeat_byte(*byte), 2),
        }
    }

    pub(super) fn put(&self, out: &mut Vec<u8>) {
        match self {
            Self::All => out.push(0),
            Self::Part(byte, nodes) => {
                out.extend_from_slice(&[1, *byte]);
                nodes.iter().for_each(|node| put_bytes(out, node));
            }
        }
    }

    pub(super) fn read(input: &mut Input<'_>) -> Result<Self, Broken> {
        match input.byte()? {
            0 => Ok(Self::All),
            1 => {
                let byte = input.byte()?;
                let nodes = [input.bytes()?.to_vec(), input.bytes()?.to_vec()];
                Ok(Self::Part(byte, nodes))
            }
            _ => Err(Broken),
        }
    }

    /// Whether these are all leaves of this place in the trie with this root.
    pub(super) fn proves(&self, root: &B256, leaves: &[Leaf<'_>], threads: usize) -> bool {
        match self {
            Self::Part(byte, nodes) => verify_part(root, *byte, leaves, nodes),
            Self::All => {
                let all: SortedLeaves = leaves
                    .iter()
                    .map(|(key, value)| (**key, value.to_vec()))
                    .collect();
                let ascends = leaves.windows(2).all(|pair| pair[0].0 < pair[1].0);
                let trie = Trie::build(&all, threads);
                ascends && trie.is_ok_and(|trie| trie.root() == *root)
            }
        }
    }
}

/// Which parts of a trie have been there.
#[derive(Clone, Debug, Default)]
pub(super) struct Parts(Vec<u8>);

impl Parts {
    /// One more; whether it has not been there yet.
    pub(super) fn add(&mut self, place: &Place) -> bool {
        let bytes: Vec<u8> = match place {
            Place::All => (0..=u8::MAX).collect(),
            Place::Part(byte, _) => vec![*byte],
        };
        let is_new = bytes.iter().all(|byte| !self.0.contains(byte));
        self.0.extend(bytes);
        is_new
    }

    pub(super) const fn is_complete(&self) -> bool {
        self.0.len() == 256
    }
}
