//! What the schedule learns about accounts and slots while a block runs.
//!
//! Two transactions of one sender always depend on each other, and so do most
//! calls of a contract that has just conflicted twice. Running such transactions
//! at the same time only wastes a core, so a later one waits for the earlier one.
//!
//! Where only a slot conflicts, less is enough: whoever reads it waits, at the
//! read, until the one that has touched it before is executed, and the call before
//! that is about the same ([`Subject`]). What comes before the read then still runs at
//! the same time. Only if that takes too long, and most calls of the contract are about
//! the same, are they made one after the other.
//!
//! These are hints: exactness does not depend on them.

mod subject;

use crate::{
    arena::Arena,
    sync::atomic::{AtomicI32, AtomicPtr, AtomicU32, Ordering},
};
use revm::context::TxEnv;
use std::ptr;
pub(crate) use subject::Subject;

/// Heat that a conflict adds. Each execution takes one away.
const CONFLICT: i32 = 64;

/// Heat from which calls are made one after the other: three recent conflicts.
const HOT: i32 = 160;

/// Heat beyond which no more is added.
const HOTTEST: i32 = 256;

/// Hints about an account.
#[derive(Debug, Default)]
pub(crate) struct Hints {
    /// One more than the highest transaction that has started with this sender.
    sender_of: AtomicU32,
    /// One more than the highest transaction that has started as a call of this
    /// account while it was hot.
    callee_of: AtomicU32,
    heat: AtomicI32,
}

impl Hints {
    /// Notes that `tx` of this sender starts; the one that started before it, if
    /// that is a lower one.
    pub(crate) fn start_as_sender(&self, tx: usize) -> Option<usize> {
        start(&self.sender_of, tx)
    }

    /// Notes that `tx` starts, which calls this account. If the account is hot:
    /// the call that started before it, if that is a lower one.
    pub(crate) fn start_as_callee(&self, tx: usize) -> Option<usize> {
        if self.heat.load(Ordering::Relaxed) < HOT {
            return None;
        }
        start(&self.callee_of, tx)
    }

    /// A transaction that calls this account had to be abandoned or repeated.
    pub(crate) fn heat_up(&self) {
        let heat = self.heat.load(Ordering::Relaxed);
        if heat < HOTTEST {
            self.heat.fetch_add(CONFLICT, Ordering::Relaxed);
        }
    }

    /// A transaction that calls this account was executed.
    pub(crate) fn cool_down(&self) {
        let heat = self.heat.load(Ordering::Relaxed);
        if heat > 0 {
            self.heat.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// Hints about a slot.
#[derive(Debug, Default)]
pub(crate) struct SlotHints {
    /// What the calls are about that conflicted here in this block; null: none did.
    subject: AtomicPtr<Subject>,
    /// One more than the highest transaction that has touched it since.
    touched_by: AtomicU32,
}

impl SlotHints {
    #[inline]
    pub(crate) fn is_contended(&self) -> bool {
        !self.subject.load(Ordering::Relaxed).is_null()
    }

    /// What the calls are about that conflict here.
    pub(crate) fn subject(&self) -> Option<&Subject> {
        // SAFETY: subjects live in arenas of the block that also holds the slot, and
        // all of them are cleared together with exclusive access.
        unsafe { self.subject.load(Ordering::Acquire).as_ref() }
    }

    /// Notes that `tx` is about to read the slot; the transaction that has touched
    /// it before, if that is a lower one.
    pub(crate) fn touch(&self, tx: usize) -> Option<usize> {
        start(&self.touched_by, tx)
    }

    /// `reader` has read a value that was stale, as `writer` has written another; says
    /// whether there have been conflicts before.
    pub(crate) fn note_conflict(
        &self,
        reader: &TxEnv,
        writer: &TxEnv,
        subjects: &Arena<Subject>,
    ) -> bool {
        if let Some(subject) = self.subject() {
            subject.narrow(writer);
            return true;
        }
        let subject = ptr::from_ref(subjects.alloc(Subject::of(reader, writer))).cast_mut();
        let (new, old) = (Ordering::AcqRel, Ordering::Relaxed);
        self.subject
            .compare_exchange(ptr::null_mut(), subject, new, old)
            .is_err()
    }
}

fn start(highest: &AtomicU32, tx: usize) -> Option<usize> {
    let before = highest.fetch_max(tx as u32 + 1, Ordering::Relaxed) as usize;
    before.checked_sub(1).filter(|before| *before < tx)
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::*;

    #[test]
    fn names_the_predecessor() {
        let hints = Hints::default();
        assert_eq!(hints.start_as_sender(3), None);
        assert_eq!(hints.start_as_sender(5), Some(3));
        assert_eq!(
            hints.start_as_sender(4),
            None,
            "a higher one is no predecessor"
        );
        assert_eq!(
            hints.start_as_sender(5),
            None,
            "nor is the transaction itself"
        );
        assert_eq!(hints.start_as_sender(9), Some(5));
    }

    #[test]
    fn calls_wait_only_while_the_account_is_hot() {
        let hints = Hints::default();
        hints.heat_up();
        hints.heat_up();
        assert_eq!(hints.start_as_callee(1), None);
        hints.heat_up();
        assert_eq!(hints.start_as_callee(2), None);
        assert_eq!(hints.start_as_callee(5), Some(2));
        for _ in 0..64 {
            hints.cool_down();
        }
        assert_eq!(hints.start_as_callee(6), None);
    }

    #[test]
    fn a_slot_is_contended_from_its_first_conflict_on() {
        let (hints, subjects, tx) = (SlotHints::default(), Arena::default(), TxEnv::default());
        assert!(!hints.is_contended() && hints.subject().is_none());
        assert!(!hints.note_conflict(&tx, &tx, &subjects));
        assert!(hints.is_contended() && hints.subject().is_some());
        assert!(hints.note_conflict(&tx, &tx, &subjects));
        assert_eq!(hints.touch(3), None);
        assert_eq!(hints.touch(7), Some(3));
        assert_eq!(hints.touch(5), None, "a higher one is nobody to wait for");
    }
}
