//! What a transaction wrote and accessed, as references to cells.

use crate::memory::{AccountCell, Location, SlotCell, Value};
use std::{ops::Deref, ptr};

/// A reference to something in the block's arenas, for use inside them.
///
/// It has no lifetime because it is stored in the arenas that also hold its target,
/// and all of these are cleared together. Who makes one vouches for that, once and for
/// all copies: see [`Ref::new`].
#[derive(Debug)]
pub(crate) struct Ref<T: ?Sized>(*const T);

impl<T: ?Sized> Ref<T> {
    /// Forgets the lifetime of a reference.
    ///
    /// # Safety
    /// `target` stays where it is, and unchanged but for what is atomic in it, until
    /// the last use of this reference and of all its copies. For something in an arena
    /// of the block that means: they are only kept in arenas that are cleared together
    /// with that one, or by what ends before these are cleared.
    #[inline]
    pub(crate) unsafe fn new(target: &T) -> Self {
        Self(target)
    }
}

impl<T: ?Sized> Clone for Ref<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: ?Sized> Copy for Ref<T> {}

impl<T: ?Sized> Deref for Ref<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: whoever made it has promised that the target is still there.
        unsafe { &*self.0 }
    }
}

// SAFETY: a shared reference, with the same conditions.
unsafe impl<T: Sync + ?Sized> Send for Ref<T> {}
// SAFETY: as above.
unsafe impl<T: Sync + ?Sized> Sync for Ref<T> {}

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
