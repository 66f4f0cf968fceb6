//! Handing a value from the worker that made it to the one that commits it.

use std::cell::UnsafeCell;

/// A cell whose users are kept apart by the scheduler's protocol.
#[derive(Debug)]
pub(crate) struct Handoff<T>(UnsafeCell<Option<T>>);

// SAFETY: see `put` and `take`: the protocol orders all accesses.
unsafe impl<T: Send> Sync for Handoff<T> {}

impl<T> Default for Handoff<T> {
    fn default() -> Self {
        Self(UnsafeCell::new(None))
    }
}

/// One thread at a time may use a transaction's cell: the worker that runs it
/// (its status is RUNNING by that worker's doing), or, when it is COMMITTED and
/// will not run again, whoever holds the commit lock.
impl<T> Handoff<T> {
    /// Stores a value, dropping the one before.
    ///
    /// # Safety
    /// The caller is the one that may use the cell.
    pub(crate) unsafe fn put(&self, value: T) {
        // SAFETY: exclusive by the condition above.
        unsafe { *self.0.get() = Some(value) };
    }

    /// Takes the value.
    ///
    /// # Safety
    /// As for [`Handoff::put`].
    pub(crate) unsafe fn take(&self) -> Option<T> {
        // SAFETY: exclusive by the condition above.
        unsafe { (*self.0.get()).take() }
    }
}
