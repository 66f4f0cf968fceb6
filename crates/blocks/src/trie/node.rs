//! Nodes of a partial trie and their encoding.

use alloy_primitives::{B256, keccak256};
use alloy_rlp::Decodable;
use alloy_trie::{
    EMPTY_ROOT_HASH, Nibbles, TrieMask,
    nodes::{BranchNode, ExtensionNode, LeafNode, RlpNode, TrieNode},
};

/// A node; its place in the trie is implied by the nodes above it.
#[derive(Clone, Debug, Default)]
pub(super) enum Node {
    /// Nothing below here.
    #[default]
    Empty,
    /// A node of which only the hash is known so far.
    Unread(B256),
    /// The end of a key and its value.
    Leaf { path: Nibbles, value: Vec<u8> },
    /// A stretch that all keys below share; never empty.
    Extension { path: Nibbles, child: Box<Node> },
    /// At least two children, by the next nibble.
    Branch(Box<[Node; 16]>),
}

impl Node {
    /// Decodes a node; its children stay unread unless they are embedded in it.
    pub(super) fn decode(mut rlp: &[u8]) -> alloy_rlp::Result<Self> {
        let node = TrieNode::decode(&mut rlp)?;
        if !rlp.is_empty() {
            return Err(alloy_rlp::Error::UnexpectedLength);
        }
        Ok(match node {
            TrieNode::EmptyRoot => Self::Empty,
            TrieNode::Leaf(LeafNode { key, value }) => Self::Leaf { path: key, value },
            TrieNode::Extension(ExtensionNode { key, child }) => Self::Extension {
                path: key,
                child: Box::new(Self::from_reference(&child)?),
            },
            TrieNode::Branch(BranchNode { stack, state_mask }) => {
                let mut children = Self::no_children();
                let present = (0..16).filter(|index| state_mask.is_bit_set(*index));
                for (index, child) in present.zip(&stack) {
                    children[usize::from(index)] = Self::from_reference(child)?;
                }
                Self::Branch(children)
            }
        })
    }

    /// Whether all keys below this node end after `rest` more nibbles, as far as
    /// is known, and the node is as compact as it must be.
    pub(super) fn fits(&self, rest: usize) -> bool {
        match self {
            Self::Empty => false,
            Self::Unread(_) => true,
            Self::Leaf { path, .. } => path.len() == rest,
            Self::Extension { path, child } => {
                !path.is_empty() && path.len() < rest && child.fits(rest - path.len())
            }
            Self::Branch(children) => {
                let mut present = children
                    .iter()
                    .filter(|child| !matches!(child, Self::Empty));
                rest > 0 && present.clone().count() > 1 && present.all(|child| child.fits(rest - 1))
            }
        }
    }

    /// What a parent holds: the hash of a node, or the node itself if it is
    /// shorter than a hash.
    fn from_reference(reference: &RlpNode) -> alloy_rlp::Result<Self> {
        match reference.as_hash() {
            Some(hash) => Ok(Self::Unread(hash)),
            None => Self::decode(reference),
        }
    }

    /// Children of a branch to be filled in.
    pub(super) fn no_children() -> Box<[Self; 16]> {
        Box::default()
    }

    /// This node below a stretch of nibbles.
    pub(super) fn below(self, prefix: Nibbles) -> Self {
        if prefix.is_empty() {
            return self;
        }
        match self {
            Self::Empty => Self::Empty,
            Self::Leaf { path, value } => Self::Leaf {
                path: prefix.join(&path),
                value,
            },
            Self::Extension { path, child } => Self::Extension {
                path: prefix.join(&path),
                child,
            },
            Self::Unread(_) | Self::Branch(_) => Self::Extension {
                path: prefix,
                child: Box::new(self),
            },
        }
    }

    /// The hash of the trie of which this is the root.
    pub(super) fn root_hash(&self) -> B256 {
        match self {
            Self::Empty => EMPTY_ROOT_HASH,
            Self::Unread(hash) => *hash,
            known => keccak256(known.encode()),
        }
    }

    fn reference(&self) -> RlpNode {
        match self {
            Self::Unread(hash) => RlpNode::word_rlp(hash),
            known => RlpNode::from_rlp(&known.encode()),
        }
    }

    fn encode(&self) -> Vec<u8> {
        let node = match self {
            Self::Empty => TrieNode::EmptyRoot,
            // The only node that consists of a hash.
            Self::Unread(hash) => return RlpNode::word_rlp(hash).to_vec(),
            Self::Leaf { path, value } => TrieNode::Leaf(LeafNode::new(*path, value.clone())),
            Self::Extension { path, child } => {
                TrieNode::Extension(ExtensionNode::new(*path, child.reference()))
            }
            Self::Branch(children) => {
                let mut stack = Vec::with_capacity(children.len());
                let mut mask = TrieMask::default();
                for (index, child) in (0..).zip(children.iter()) {
                    if !matches!(child, Self::Empty) {
                        stack.push(child.reference());
                        mask.set_bit(index);
                    }
                }
                TrieNode::Branch(BranchNode::new(stack, mask))
            }
        };
        alloy_rlp::encode(node)
    }
}
