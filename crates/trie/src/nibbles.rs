//! Paths: keys as 64 halves of bytes.

use alloy_primitives::B256;

/// Nibbles of a key.
pub(crate) const KEY: usize = 64;

/// The nibble of `key` at `depth`.
#[inline]
pub(crate) fn nibble(key: &B256, depth: usize) -> u8 {
    let byte = key[depth / 2];
    if depth.is_multiple_of(2) {
        byte >> 4
    } else {
        byte & 15
    }
}

/// The first nibbles of a key: what all keys below a place of the trie begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefix {
    /// A key that begins so; what follows is 0.
    first: B256,
    len: u8,
}

impl Prefix {
    /// The first `len` nibbles of `key`.
    ///
    /// # Panics
    /// If a key has not so many: 64.
    #[must_use]
    pub fn of(key: &B256, len: usize) -> Self {
        assert!(len <= KEY, "a key has {KEY} nibbles");
        let mut first = *key;
        first[len.div_ceil(2)..].fill(0);
        if !len.is_multiple_of(2) {
            first[len / 2] &= 0xf0;
        }
        Self {
            first,
            len: len as u8,
        }
    }

    /// Number of nibbles.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether every key begins so.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The lowest key that begins so.
    #[must_use]
    pub const fn first(&self) -> B256 {
        self.first
    }

    /// The highest key that begins so.
    #[must_use]
    pub fn last(&self) -> B256 {
        let mut last = self.first;
        let len = self.len();
        last[len.div_ceil(2)..].fill(0xff);
        if !len.is_multiple_of(2) {
            last[len / 2] |= 0x0f;
        }
        last
    }

    /// Whether `key` begins so.
    #[must_use]
    pub fn covers(&self, key: &B256) -> bool {
        Self::of(key, self.len()).first == self.first
    }

    /// With one more nibble.
    pub(crate) fn with(mut self, nibble: u8) -> Self {
        let depth = self.len();
        let shift = if depth.is_multiple_of(2) { 4 } else { 0 };
        self.first[depth / 2] |= nibble << shift;
        self.len += 1;
        self
    }
}

/// Some nibbles on the way between two branches: the path of an extension node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Path {
    nibbles: [u8; KEY],
    len: u8,
}

impl Path {
    pub(crate) const EMPTY: Self = Self {
        nibbles: [0; KEY],
        len: 0,
    };

    /// Those of `key` from `from` up to `to`.
    pub(crate) fn between(key: &B256, from: usize, to: usize) -> Self {
        let mut path = Self::EMPTY;
        (from..to).for_each(|depth| path.push(nibble(key, depth)));
        path
    }

    pub(crate) fn push(&mut self, nibble: u8) {
        self.nibbles[usize::from(self.len)] = nibble;
        self.len += 1;
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.nibbles[..usize::from(self.len)]
    }

    pub(crate) fn of(nibbles: &[u8]) -> Self {
        let mut path = Self::EMPTY;
        nibbles.iter().for_each(|nibble| path.push(*nibble));
        path
    }

    /// This one, followed by another.
    pub(crate) fn join(mut self, nibble: Option<u8>, rest: &[u8]) -> Self {
        nibble
            .iter()
            .chain(rest)
            .for_each(|nibble| self.push(*nibble));
        self
    }
}

/// How many nibbles of `path` the key has from `depth` on.
pub(crate) fn common(key: &B256, depth: usize, path: &[u8]) -> usize {
    let same = |(i, wanted): &(usize, &u8)| nibble(key, depth + i) == **wanted;
    path.iter().enumerate().take_while(same).count()
}
