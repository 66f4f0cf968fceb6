//! How transactions end: each worker puts the outcomes of what it runs where the
//! caller will find them, so that committing one costs no copy.

use crate::{
    outcome::{Skipped, TxOutcome},
    scheduler::Handoff,
    vm::Failure,
};
use std::{cell::UnsafeCell, fmt, mem, ptr};

/// How an execution ended, for the one that commits it. The outcome of an
/// executed transaction is in its place.
#[derive(Debug)]
pub(crate) enum Ending<E> {
    /// It can be part of the block; it used this much gas.
    Executed { gas: u64 },
    /// It cannot, or something else is wrong.
    Failed(Box<Failure<E>>),
}

/// A place for each transaction's outcome, and how it got there.
///
/// Invariant: `places` has room for one outcome for each of `endings`; the place
/// of a transaction is initialised if its ending is `Executed`, or was and has
/// been committed.
pub(crate) struct Results<E> {
    /// Empty: the outcomes are in what it has reserved.
    places: UnsafeCell<Vec<TxOutcome>>,
    endings: Box<[Handoff<Ending<E>>]>,
}

// SAFETY: the scheduler's protocol keeps the users of a place apart, as the
// methods demand; the vector itself only changes in `take_outcomes`.
unsafe impl<E: Send> Sync for Results<E> {}

impl<E> fmt::Debug for Results<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Results").finish_non_exhaustive()
    }
}

impl<E> Results<E> {
    pub(crate) fn new(transactions: usize) -> Self {
        Self {
            places: UnsafeCell::new(Vec::with_capacity(transactions)),
            endings: (0..transactions).map(|_| Handoff::default()).collect(),
        }
    }

    fn place(&self, tx: usize) -> *mut TxOutcome {
        debug_assert!(tx < self.endings.len());
        // SAFETY: nobody takes the vector meanwhile; within its capacity.
        // (Shared: an exclusive reference would race with those of other workers.)
        unsafe { (*self.places.get()).as_ptr().cast_mut().add(tx) }
    }

    /// Stores how `tx` ended, dropping what an earlier incarnation left.
    ///
    /// # Safety
    /// The caller runs the transaction: its status is RUNNING by the caller's
    /// doing. (Only one worker runs a transaction at a time, and it is not
    /// committed while it runs.)
    pub(crate) unsafe fn put(&self, tx: usize, ended: Result<TxOutcome, Box<Failure<E>>>) {
        // SAFETY: exclusive by the condition above.
        if let Some(Ending::Executed { .. }) = unsafe { self.endings[tx].take() } {
            // SAFETY: initialised, by the type's invariant, and not used again.
            unsafe { ptr::drop_in_place(self.place(tx)) };
        }
        let ending = match ended {
            Ok(outcome) => {
                let gas = outcome.result.tx_gas_used();
                // SAFETY: exclusive, and empty.
                unsafe { self.place(tx).write(outcome) };
                Ending::Executed { gas }
            }
            Err(failure) => Ending::Failed(failure),
        };
        // SAFETY: exclusive by the condition above.
        unsafe { self.endings[tx].put(ending) };
    }

    /// Stores the outcome of a transaction that is part of the block, without an
    /// ending.
    ///
    /// # Safety
    /// Nobody else uses the transaction's place, and it is empty.
    pub(crate) unsafe fn write(&self, tx: usize, outcome: TxOutcome) {
        // SAFETY: by the condition above.
        unsafe { self.place(tx).write(outcome) };
    }

    /// Takes how `tx` ended. If it was executed, the caller has to make it part
    /// of the block or [`Results::discard`] it.
    ///
    /// # Safety
    /// The caller holds the commit lock and has made the transaction COMMITTED:
    /// it will not run again.
    pub(crate) unsafe fn take(&self, tx: usize) -> Option<Ending<E>> {
        // SAFETY: exclusive by the condition above.
        unsafe { self.endings[tx].take() }
    }

    /// Completes the outcome of an executed transaction.
    ///
    /// # Safety
    /// As for [`Results::take`], which said `Executed`.
    pub(crate) unsafe fn complete(&self, tx: usize, cumulative_gas_used: u64) {
        // SAFETY: initialised and exclusive by the condition above.
        unsafe { (*self.place(tx)).cumulative_gas_used = cumulative_gas_used };
    }

    /// Drops the outcome of an executed transaction.
    ///
    /// # Safety
    /// As for [`Results::complete`], and it is not used any more.
    pub(crate) unsafe fn discard(&self, tx: usize) {
        // SAFETY: initialised and exclusive by the condition above.
        unsafe { ptr::drop_in_place(self.place(tx)) };
    }

    /// The outcomes of a range of transactions that are all part of the block.
    ///
    /// # Safety
    /// All of them are committed and completed, none was discarded.
    pub(crate) unsafe fn committed(&self, from: usize, to: usize) -> &[TxOutcome] {
        debug_assert!(from <= to && to <= self.endings.len());
        // SAFETY: initialised by the condition above, and never written again.
        unsafe { std::slice::from_raw_parts(self.place(from), to - from) }
    }

    /// The outcomes below `committed` but for those that were `skipped`, whose
    /// places are empty. Drops whatever else was executed.
    ///
    /// # Safety
    /// All below `committed` are committed, and completed or skipped; no other
    /// thread uses this any more.
    pub(crate) unsafe fn take_outcomes(
        &self,
        committed: usize,
        skipped: &[Skipped],
    ) -> Vec<TxOutcome> {
        // SAFETY: nobody else uses anything of this.
        unsafe { self.drop_from(committed) };
        // SAFETY: as above.
        let mut outcomes = mem::take(unsafe { &mut *self.places.get() });
        let start = outcomes.as_mut_ptr();
        let mut kept = 0;
        let mut gaps = skipped.iter().map(|skipped| skipped.index).peekable();
        for tx in 0..committed {
            if gaps.next_if_eq(&tx).is_some() {
                continue;
            }
            if kept < tx {
                // SAFETY: both are in the allocation; the target is empty, since
                // it was skipped or moved down.
                unsafe { ptr::copy_nonoverlapping(start.add(tx), start.add(kept), 1) };
            }
            kept += 1;
        }
        // SAFETY: the first `kept` places are initialised.
        unsafe { outcomes.set_len(kept) };
        outcomes
    }

    /// Drops what was executed and not committed.
    ///
    /// # Safety
    /// No other thread uses this any more.
    unsafe fn drop_from(&self, committed: usize) {
        for tx in committed..self.endings.len() {
            // SAFETY: by the condition above.
            if let Some(Ending::Executed { .. }) = unsafe { self.endings[tx].take() } {
                // SAFETY: initialised by the type's invariant; not used again.
                unsafe { ptr::drop_in_place(self.place(tx)) };
            }
        }
    }
}

/// Drops what was executed. Outcomes that were committed are forgotten unless
/// they were taken: see [`Results::take_outcomes`].
impl<E> Drop for Results<E> {
    fn drop(&mut self) {
        // SAFETY: exclusive access.
        unsafe { self.drop_from(0) };
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::*;
    use alloy_primitives::bytes;
    use revm::context::result::{ExecutionResult, Output, ResultGas, SuccessReason};
    use std::sync::Arc;

    fn outcome(index: usize, data: &Arc<[u8]>) -> TxOutcome {
        TxOutcome {
            index,
            tx_type: 0,
            result: ExecutionResult::Success {
                reason: SuccessReason::Stop,
                gas: ResultGas::default().with_total_gas_spent(7),
                logs: Vec::new(),
                output: Output::Call(bytes::Bytes::from_owner(Arc::clone(data)).into()),
            },
            cumulative_gas_used: 0,
        }
    }

    #[test]
    fn every_outcome_is_taken_or_dropped_once() {
        let data: Arc<[u8]> = Arc::from([1, 2, 3]);
        let results = Results::<()>::new(5);
        let put = |tx| {
            // SAFETY: only this test uses the results.
            unsafe { results.put(tx, Ok(outcome(tx, &data))) };
        };
        for tx in [0, 1, 1, 3, 4] {
            put(tx);
        }
        // SAFETY: as above; transaction 1 is committed, 3 left out of the block.
        unsafe {
            results.put(2, Err(Box::new(Failure::Fatal(String::new()))));
            for tx in 0..4 {
                let ending = results.take(tx);
                assert_eq!(matches!(ending, Some(Ending::Failed(_))), tx == 2);
            }
            results.discard(3);
            results.complete(1, 14);
            assert_eq!(results.committed(0, 2)[1].cumulative_gas_used, 14);
        }
        let skipped = [2, 3].map(|index| Skipped {
            index,
            reason: crate::InvalidReason::BlockGasLimit {
                gas_limit: 0,
                available: 0,
            },
        });
        // SAFETY: as above.
        let taken = unsafe { results.take_outcomes(4, &skipped) };
        let indices: Vec<_> = taken.iter().map(|outcome| outcome.index).collect();
        assert_eq!(indices, [0, 1], "4 was executed and not committed");
        assert_eq!(Arc::strong_count(&data), 3);
        drop((taken, results));
        assert_eq!(Arc::strong_count(&data), 1);
    }

    #[test]
    fn workers_put_side_by_side() {
        let data: Arc<[u8]> = Arc::from([]);
        let results = Results::<()>::new(6);
        std::thread::scope(|scope| {
            for worker in 0..2 {
                let (results, data) = (&results, &data);
                scope.spawn(move || {
                    for tx in (worker..6).step_by(2) {
                        // SAFETY: each transaction is put by one thread.
                        unsafe { results.put(tx, Ok(outcome(tx, data))) };
                    }
                });
            }
        });
        drop(results);
        assert_eq!(Arc::strong_count(&data), 1);
    }
}
