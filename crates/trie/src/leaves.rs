//! Where the leaves are kept: not in the trie.

use crate::{TrieError, nibbles::Prefix};
use alloy_primitives::B256;
use std::{collections::BTreeMap, convert::Infallible, ops::ControlFlow};

/// What is called with one leaf after the other, until it breaks off.
pub type EachLeaf<'f> = dyn FnMut(&B256, &[u8]) -> ControlFlow<()> + 'f;

/// The leaves of a trie as they are *after* an update: the flat state.
///
/// The trie itself keeps no more than their hashes. It asks for leaves where the shape
/// changes: beside one that comes, and instead of a branch of which one child is left.
pub trait Leaves: Sync {
    /// Why leaves could not be read.
    type Error: Send;

    /// Calls `each` with the keys that begin with `prefix`, in ascending order, and their
    /// values (as the trie's leaves hold them: RLP for Ethereum's state), until it breaks
    /// off.
    ///
    /// # Errors
    /// If the leaves cannot be read.
    fn with_prefix(&self, prefix: &Prefix, each: &mut EachLeaf<'_>) -> Result<(), Self::Error>;
}

/// Leaves in memory.
pub type SortedLeaves = BTreeMap<B256, Vec<u8>>;

impl Leaves for SortedLeaves {
    type Error = Infallible;

    fn with_prefix(&self, prefix: &Prefix, each: &mut EachLeaf<'_>) -> Result<(), Infallible> {
        for (key, value) in self.range(prefix.first()..=prefix.last()) {
            if each(key, value).is_break() {
                break;
            }
        }
        Ok(())
    }
}

/// A key and its value.
pub type Leaf<'l> = (&'l B256, &'l [u8]);

/// Leaves below one place, copied.
#[derive(Debug, Default)]
pub(crate) struct Copied {
    /// With where the value ends; it begins where the one before ends.
    keys: Vec<(B256, usize)>,
    values: Vec<u8>,
}

impl Copied {
    /// All of them; `None` if there are more than `most`.
    pub(crate) fn load<L: Leaves + ?Sized>(
        leaves: &L,
        prefix: &Prefix,
        most: usize,
    ) -> Result<Option<Self>, TrieError<L::Error>> {
        let mut copied = Self::default();
        let mut is_complete = true;
        let mut each = |key: &B256, value: &[u8]| {
            if copied.keys.len() == most {
                is_complete = false;
                return ControlFlow::Break(());
            }
            copied.values.extend_from_slice(value);
            copied.keys.push((*key, copied.values.len()));
            ControlFlow::Continue(())
        };
        leaves
            .with_prefix(prefix, &mut each)
            .map_err(TrieError::Leaves)?;
        Ok(is_complete.then_some(copied))
    }

    pub(crate) fn leaves(&self) -> Vec<Leaf<'_>> {
        let starts = std::iter::once(0).chain(self.keys.iter().map(|(_, end)| *end));
        starts
            .zip(&self.keys)
            .map(|(start, (key, end))| (key, &self.values[start..*end]))
            .collect()
    }
}

/// The first leaf below a place, handed to `with`.
pub(crate) fn first<L: Leaves + ?Sized, T>(
    leaves: &L,
    prefix: &Prefix,
    with: impl FnOnce(&B256, &[u8]) -> T,
) -> Result<T, TrieError<L::Error>> {
    let (mut with, mut found) = (Some(with), None);
    let mut each = |key: &B256, value: &[u8]| {
        found = with.take().map(|with| with(key, value));
        ControlFlow::Break(())
    };
    leaves
        .with_prefix(prefix, &mut each)
        .map_err(TrieError::Leaves)?;
    found.ok_or(TrieError::MissingLeaf { prefix: *prefix })
}
