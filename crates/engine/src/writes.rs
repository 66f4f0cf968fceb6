//! What a transaction wrote and accessed, as references to cells.

use crate::memory::{AccountCell, Location, SlotCell, Value};
use std::{ops::Deref, ptr};

/// A reference to a cell of the block's memory, for use inside that memory.
///
/// It has no lifetime because it is stored in the same arenas as its target.
/// Invariant: it is dropped or forgotten before the arenas are cleared.
#[derive(Debug)]
pub(crate) struct Ref<T>(*const T);

impl<T> Ref<T> {
    pub(crate) fn new(target: &T) -> Self {
        Self(target)
    }
}

impl<T> Clone for Ref<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Ref<T> {}

impl<T> Deref for Ref<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: the target lives in an arena that is cleared together with
        // the one that holds this reference; see the type's invariant.
        unsafe { &*self.0 }
    }
}

// SAFETY: a shared reference, with the same conditions.
unsafe impl<T: Sync> Send for Ref<T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Sync for Ref<T> {}

/// What a write is to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Target {
    Balance(Ref<AccountCell>),
    Nonce(Ref<AccountCell>),
    Code(Ref<AccountCell>),
    Life(Ref<AccountCell>),
    Slot(Ref<SlotCell>),
}

impl Target {
    #[inline]
    pub(crate) fn location(&self) -> &Location {
        match self {
            Self::Balance(cell) => &cell.balance,
            Self::Nonce(cell) => &cell.nonce,
            Self::Code(cell) => &cell.code,
            Self::Life(cell) => &cell.life,
            Self::Slot(cell) => &cell.value,
        }
    }

    /// The account that it is, or is a part of.
    pub(crate) fn account(&self) -> &AccountCell {
        match self {
            Self::Balance(cell) | Self::Nonce(cell) | Self::Code(cell) | Self::Life(cell) => cell,
            Self::Slot(cell) => cell.account(),
        }
    }

    /// The same for targets that are the same place, and only for those.
    pub(crate) fn identity(&self) -> usize {
        ptr::from_ref(self.location()).addr()
    }

    /// This target's bit in a [`Signature`](crate::scheduler::Signature).
    #[inline]
    pub(crate) fn bit(&self) -> usize {
        match self {
            Self::Balance(cell) => bit(cell.hash, 0),
            Self::Nonce(cell) => bit(cell.hash, 1),
            Self::Code(cell) => bit(cell.hash, 2),
            Self::Life(cell) => bit(cell.hash, 3),
            Self::Slot(cell) => bit(cell.hash, 0),
        }
    }
}

/// Bit of part `part` (balance, nonce, code, life) of a cell with this hash.
#[inline]
pub(crate) fn bit(hash: u64, part: u32) -> usize {
    (hash >> (9 * part)) as usize & 511
}

/// One write.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Write {
    pub(crate) target: Target,
    pub(crate) value: Value,
}

/// An account or slot that a transaction accessed (EIP-7928).
#[derive(Clone, Copy, Debug)]
pub(crate) enum Access {
    Account(Ref<AccountCell>),
    Slot(Ref<SlotCell>),
}
