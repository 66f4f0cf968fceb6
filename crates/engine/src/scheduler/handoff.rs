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

impl<T> Handoff<T> {
    /// Stores a value, dropping the one before.
    ///
    /// # Safety
    /// The caller runs the transaction: its status is RUNNING by the caller's
    /// doing. (Only one worker runs a transaction at a time, and it is not
    /// committed while it runs.)
    pub(crate) unsafe fn put(&self, value: T) {
        // SAFETY: exclusive by the condition above.
        unsafe { *self.0.get() = Some(value) };
    }

    /// Takes the value.
    ///
    /// # Safety
    /// The caller holds the commit lock and has made the transaction COMMITTED:
    /// it will not run again.
    pub(crate) unsafe fn take(&self) -> Option<T> {
        // SAFETY: exclusive by the condition above.
        unsafe { (*self.0.get()).take() }
    }
}
