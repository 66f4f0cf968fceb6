//! Reading and changing a partial trie along the path of one key.

use super::{NodeSet, TrieError, node::Node};
use alloy_primitives::B256;
use alloy_trie::Nibbles;
use std::mem::take;

/// A key on its way down the trie.
pub(super) struct Path<'a> {
    nodes: &'a NodeSet,
    siblings: Siblings,
    key: B256,
    nibbles: Nibbles,
}

/// How a sibling is treated that is needed and not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Siblings {
    /// As an error.
    MustBeKnown,
    /// As a branch.
    AreBranches,
}

impl<'a> Path<'a> {
    pub(super) fn new(nodes: &'a NodeSet, siblings: Siblings, key: &B256) -> Self {
        Self {
            nodes,
            siblings,
            key: *key,
            nibbles: Nibbles::unpack(key),
        }
    }

    /// The part of the key that is still to come at `depth`.
    fn rest(&self, depth: usize) -> Nibbles {
        self.nibbles.slice(depth..)
    }

    /// The child of a branch at `depth` that the key leads to. Nodes that are
    /// read fit the length of keys, so no branch is deeper than a key is long.
    fn child(&self, depth: usize) -> usize {
        usize::from(self.nibbles.get_unchecked(depth))
    }

    pub(super) fn malformed(&self, depth: usize, reason: &'static str) -> TrieError {
        TrieError::Malformed {
            key: self.key,
            depth,
            reason,
        }
    }

    /// Makes sure that a node is known.
    fn read(&self, node: &mut Node, depth: usize) -> Result<(), TrieError> {
        let Node::Unread(hash) = *node else {
            return Ok(());
        };
        let rlp = self.nodes.0.get(&hash).ok_or(TrieError::Missing {
            hash,
            key: self.key,
            depth,
        })?;
        let read = Node::decode(rlp).map_err(|reason| TrieError::Decode { hash, reason })?;
        if !read.fits(self.nibbles.len() - depth) {
            return Err(self.malformed(depth, "it does not fit keys of 32 bytes"));
        }
        *node = read;
        Ok(())
    }
}

pub(super) fn get(
    node: &mut Node,
    path: &Path<'_>,
    depth: usize,
) -> Result<Option<Vec<u8>>, TrieError> {
    path.read(node, depth)?;
    match node {
        Node::Empty | Node::Unread(_) => Ok(None),
        Node::Leaf { path: end, value } => Ok((*end == path.rest(depth)).then(|| value.clone())),
        Node::Extension {
            path: stretch,
            child,
        } => {
            if path.rest(depth).starts_with(stretch) {
                get(child, path, depth + stretch.len())
            } else {
                Ok(None)
            }
        }
        Node::Branch(children) => get(&mut children[path.child(depth)], path, depth + 1),
    }
}

pub(super) fn insert(
    node: &mut Node,
    path: &Path<'_>,
    depth: usize,
    new: Vec<u8>,
) -> Result<(), TrieError> {
    path.read(node, depth)?;
    let rest = path.rest(depth);
    let shared = match node {
        Node::Empty | Node::Unread(_) => {
            *node = Node::Leaf {
                path: rest,
                value: new,
            };
            return Ok(());
        }
        Node::Branch(children) => {
            return insert(&mut children[path.child(depth)], path, depth + 1, new);
        }
        Node::Leaf { path: end, value } if *end == rest => {
            *value = new;
            return Ok(());
        }
        Node::Extension {
            path: stretch,
            child,
        } if rest.starts_with(stretch) => {
            return insert(child, path, depth + stretch.len(), new);
        }
        Node::Leaf { path: other, .. } | Node::Extension { path: other, .. } => {
            other.common_prefix_length(&rest)
        }
    };
    let mut children = Node::no_children();
    let (nibble, old) = split(take(node), shared);
    children[usize::from(nibble)] = old;
    children[path.child(depth + shared)] = Node::Leaf {
        path: rest.slice(shared + 1..),
        value: new,
    };
    *node = Node::Branch(children).below(rest.slice(..shared));
    Ok(())
}

/// Cuts the first `shared` nibbles off a leaf or an extension; gives the next
/// nibble and what is below it.
fn split(node: Node, shared: usize) -> (u8, Node) {
    match node {
        Node::Leaf { path, value } => {
            let rest = path.slice(shared + 1..);
            (path.get_unchecked(shared), Node::Leaf { path: rest, value })
        }
        Node::Extension { path, child } => {
            let rest = path.slice(shared + 1..);
            (path.get_unchecked(shared), child.below(rest))
        }
        Node::Empty | Node::Unread(_) | Node::Branch(_) => {
            unreachable!("only nodes with a path of their own are split")
        }
    }
}

pub(super) fn remove(node: &mut Node, path: &Path<'_>, depth: usize) -> Result<bool, TrieError> {
    path.read(node, depth)?;
    match node {
        Node::Empty | Node::Unread(_) => Ok(false),
        Node::Leaf { path: end, .. } => {
            let found = *end == path.rest(depth);
            if found {
                *node = Node::Empty;
            }
            Ok(found)
        }
        Node::Extension {
            path: stretch,
            child,
        } => {
            let found = path.rest(depth).starts_with(stretch)
                && remove(child, path, depth + stretch.len())?;
            if found {
                *node = take(&mut **child).below(*stretch);
            }
            Ok(found)
        }
        Node::Branch(children) => {
            let nibble = path.child(depth);
            let found = remove(&mut children[nibble], path, depth + 1)?;
            if found && matches!(children[nibble], Node::Empty) {
                collapse(node, path, depth)?;
            }
            Ok(found)
        }
    }
}

/// Merges a branch that has lost a child with its last child, if only one is
/// left. That child must be known, or taken for a branch: whether it is a leaf, an
/// extension or a branch decides the shape of the result.
fn collapse(node: &mut Node, path: &Path<'_>, depth: usize) -> Result<(), TrieError> {
    let Node::Branch(children) = node else {
        return Ok(());
    };
    let mut left = (0..)
        .zip(children.iter_mut())
        .filter(|(_, child)| !matches!(child, Node::Empty));
    let (Some((nibble, last)), None) = (left.next(), left.next()) else {
        return Ok(());
    };
    match path.read(last, depth + 1) {
        // Unread, it is put below an extension like any branch.
        Err(TrieError::Missing { .. }) if path.siblings == Siblings::AreBranches => {}
        Err(TrieError::Missing { hash, key, .. }) => {
            return Err(TrieError::MissingSibling { hash, key, depth });
        }
        read => read?,
    }
    *node = take(last).below(Nibbles::from_nibbles([nibble]));
    Ok(())
}
