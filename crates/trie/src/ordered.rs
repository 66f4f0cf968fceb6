//! Tries over lists: the roots of transactions, receipts and withdrawals in a header.
//!
//! The key of a value is the RLP of its place, so sixteen places in a row are the children
//! of one branch, once there are sixteen:
//!
//! ```text
//! place        key        nibbles
//!   1 ..  127  i          a b
//!   0          80         8 0
//! 128 ..  255  81 i       8 1 a b
//! 256 ..       82 i i     8 2 a b c d         (and so on)
//! ```
//!
//! Such a group is hashed as soon as it is full, all its leaves in one batch; what is left
//! for the end is one reference for each group.

use crate::{EMPTY_ROOT, encode, node::Reference};
use alloy_primitives::{B256, keccak256};
use parallax_crypto::{Batch, Hasher};
use std::thread;

/// Values in a group.
const GROUP: usize = 16;

/// Places below are not the children of full branches.
const FIRST_GROUP: usize = 16;

/// The trie of a list that grows: give it one encoded transaction or receipt after the
/// other, and get the root when the block is complete.
///
/// ```
/// use parallax_trie::OrderedTrie;
///
/// let mut receipts = OrderedTrie::new();
/// assert_eq!(receipts.root(), parallax_trie::EMPTY_ROOT);
/// for receipt in [&b"first"[..], b"second"] {
///     receipts.push(receipt);
/// }
/// assert_eq!(receipts.root(), parallax_trie::ordered_root(&["first", "second"], 1));
/// ```
#[derive(Debug, Default)]
pub struct OrderedTrie {
    hasher: Hasher,
    batch: Batch,
    len: usize,
    /// Values that are in no full group, with their places.
    loose: Vec<(usize, Vec<u8>)>,
    /// Of the full groups, by their first place.
    groups: Vec<(usize, Reference)>,
}

impl OrderedTrie {
    /// Of nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a value, encoded as the list's leaves hold it.
    pub fn push(&mut self, value: &[u8]) {
        let place = self.len;
        self.len += 1;
        self.loose.push((place, value.to_vec()));
        if place >= FIRST_GROUP && place % GROUP == GROUP - 1 {
            let group = self.loose.split_off(self.loose.len() - GROUP);
            let values = group.iter().map(|(_, value)| value.as_slice());
            let reference = group_reference(values, &self.hasher, &mut self.batch);
            self.groups.push((place + 1 - GROUP, reference));
        }
    }

    /// How many values there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The root of the values so far.
    #[must_use]
    pub fn root(&self) -> B256 {
        let loose = self.loose.iter();
        let loose = loose.map(|(place, value)| Item::leaf(*place, value));
        let groups = self.groups.iter();
        let groups = groups.map(|(place, reference)| Item::group(*place, reference));
        top(loose.chain(groups).collect())
    }
}

/// The root of a list of encoded values, hashed on `threads` threads.
#[must_use]
pub fn ordered_root<V: AsRef<[u8]> + Sync>(values: &[V], threads: usize) -> B256 {
    let full = values.len() / GROUP * GROUP;
    let grouped = values.get(FIRST_GROUP..full).unwrap_or_default();
    let groups = grouped.len() / GROUP;
    let mut references = vec![Reference::default(); groups];
    let share = groups.div_ceil(threads.max(1)).max(1);
    thread::scope(|scope| {
        let shares = references.chunks_mut(share);
        for (references, values) in shares.zip(grouped.chunks(share * GROUP)) {
            let mut work = move || hash_groups(values, references);
            if threads > 1 {
                scope.spawn(work);
            } else {
                work();
            }
        }
    });
    let loose = (0..values.len()).filter(|place| !(FIRST_GROUP..full).contains(place));
    let loose = loose.map(|place| Item::leaf(place, values[place].as_ref()));
    let places = (FIRST_GROUP..).step_by(GROUP);
    let groups = places.zip(&references);
    let groups = groups.map(|(place, reference)| Item::group(place, reference));
    top(loose.chain(groups).collect())
}

fn hash_groups<V: AsRef<[u8]>>(values: &[V], references: &mut [Reference]) {
    let (hasher, mut batch) = (Hasher::default(), Batch::default());
    for (values, reference) in values.chunks(GROUP).zip(references) {
        let values = values.iter().map(AsRef::as_ref);
        *reference = group_reference(values, &hasher, &mut batch);
    }
}

/// How the branch of sixteen values is referred to.
fn group_reference<'v>(
    values: impl Iterator<Item = &'v [u8]>,
    hasher: &Hasher,
    batch: &mut Batch,
) -> Reference {
    batch.clear();
    for value in values {
        batch.push_with(|out| encode::leaf_of(out, &[], value));
    }
    batch.hash(hasher);
    let leaves = batch.digests().iter().enumerate();
    let leaves: Vec<_> = leaves
        .map(|(number, digest)| Reference::new(batch.input(number), digest))
        .collect();
    let mut encoding = Vec::new();
    encode::branch(&mut encoding, u16::MAX, leaves.iter());
    Reference::new(&encoding, &keccak256(&encoding))
}

/// Something whose place in the trie is known.
struct Item<'v> {
    path: Vec<u8>,
    what: What<'v>,
}

enum What<'v> {
    Leaf(&'v [u8]),
    Branch(&'v Reference),
}

impl<'v> Item<'v> {
    fn leaf(place: usize, value: &'v [u8]) -> Self {
        Self {
            path: path(place),
            what: What::Leaf(value),
        }
    }

    fn group(place: usize, reference: &'v Reference) -> Self {
        let mut path = path(place);
        path.pop();
        Self {
            path,
            what: What::Branch(reference),
        }
    }
}

/// The nibbles of the RLP of a place.
fn path(place: usize) -> Vec<u8> {
    let key = alloy_rlp::encode(place);
    key.iter().flat_map(|byte| [byte >> 4, byte & 15]).collect()
}

fn top(mut items: Vec<Item<'_>>) -> B256 {
    items.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    match items.as_slice() {
        [] => EMPTY_ROOT,
        items => reference(items, 0).root(),
    }
}

/// How what is at `depth` is referred to.
fn reference(items: &[Item<'_>], depth: usize) -> Reference {
    let mut encoding = Vec::new();
    let first = &items[0].path;
    if let [item] = items {
        let rest = &first[depth..];
        match item.what {
            What::Leaf(value) => encode::leaf_of(&mut encoding, rest, value),
            What::Branch(branch) if rest.is_empty() => return *branch,
            What::Branch(branch) => encode::extension(&mut encoding, rest, branch),
        }
        return hashed(&encoding);
    }
    let last = &items[items.len() - 1].path;
    let same = |(a, b): &(&u8, &u8)| a == b;
    let at = depth
        + first[depth..]
            .iter()
            .zip(&last[depth..])
            .take_while(same)
            .count();
    let (mut mask, mut children) = (0u16, Vec::with_capacity(16));
    for group in items.chunk_by(|a, b| a.path[at] == b.path[at]) {
        mask |= 1 << group[0].path[at];
        children.push(reference(group, at + 1));
    }
    encode::branch(&mut encoding, mask, children.iter());
    let branch = hashed(&encoding);
    if at == depth {
        return branch;
    }
    encoding.clear();
    encode::extension(&mut encoding, &first[depth..at], &branch);
    hashed(&encoding)
}

fn hashed(encoding: &[u8]) -> Reference {
    Reference::new(encoding, &keccak256(encoding))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_trie::root::ordered_trie_root_encoded;

    fn value(place: usize, short: bool) -> Vec<u8> {
        let len = if short {
            1 + place % 9
        } else {
            33 + place % 700
        };
        (0..len).map(|i| (place * 31 + i * 7) as u8).collect()
    }

    #[test]
    fn every_length_has_the_root_of_alloy_trie() {
        for short in [true, false] {
            let mut streamed = OrderedTrie::new();
            let mut values = Vec::new();
            for len in 0..700 {
                assert_eq!((streamed.len(), streamed.is_empty()), (len, len == 0));
                let expected = ordered_trie_root_encoded(&values);
                assert_eq!(streamed.root(), expected, "{len} values");
                let threads = 1 + len % 3;
                assert_eq!(ordered_root(&values, threads), expected, "{len} values");
                let value = value(len, short);
                streamed.push(&value);
                values.push(value);
            }
        }
    }

    #[test]
    fn long_lists() {
        for len in [4_095, 4_096, 65_535, 65_536, 70_000] {
            let values: Vec<_> = (0..len).map(|place| value(place, place % 2 == 0)).collect();
            let mut streamed = OrderedTrie::new();
            values.iter().for_each(|value| streamed.push(value));
            let expected = ordered_trie_root_encoded(&values);
            assert_eq!(streamed.root(), expected, "{len} values");
            assert_eq!(ordered_root(&values, 2), expected, "{len} values");
        }
    }
}
