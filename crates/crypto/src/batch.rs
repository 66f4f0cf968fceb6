//! Inputs that are written one after the other.

use alloy_primitives::B256;

use crate::hasher::Hasher;

/// Inputs and their digests, in buffers that are used again: no allocation once they
/// have grown.
///
/// For encodings that exist only to be hashed, like the nodes of a trie.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    bytes: Vec<u8>,
    /// Where each input ends; it begins where the one before ends.
    ends: Vec<usize>,
    digests: Vec<B256>,
}

impl Batch {
    /// Without inputs.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Number of inputs.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are no inputs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Removes all inputs, and keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
        self.digests.clear();
    }

    /// Adds an input: what `write` appends. Returns its index.
    ///
    /// # Panics
    ///
    /// If `write` removes bytes that were there before.
    pub fn push_with(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> usize {
        let start = self.bytes.len();
        write(&mut self.bytes);
        assert!(self.bytes.len() >= start, "an input is appended");
        self.ends.push(self.bytes.len());
        self.ends.len() - 1
    }

    /// Adds a copy of an input. Returns its index.
    pub fn push(&mut self, input: &[u8]) -> usize {
        self.push_with(|bytes| bytes.extend_from_slice(input))
    }

    /// An input.
    ///
    /// # Panics
    ///
    /// If there is none of this index.
    #[must_use]
    pub fn input(&self, index: usize) -> &[u8] {
        input(&self.bytes, &self.ends, index)
    }

    /// The digests of all inputs, by index.
    pub fn hash(&mut self, hasher: &Hasher) -> &[B256] {
        self.digests.resize(self.ends.len(), B256::ZERO);
        hasher.each(|i| input(&self.bytes, &self.ends, i), &mut self.digests);
        &self.digests
    }

    /// What [`Batch::hash`] has last found, by index; nothing of inputs pushed since.
    #[must_use]
    pub fn digests(&self) -> &[B256] {
        &self.digests
    }
}

fn input<'a>(bytes: &'a [u8], ends: &[usize], index: usize) -> &'a [u8] {
    let start = if index == 0 { 0 } else { ends[index - 1] };
    &bytes[start..ends[index]]
}
