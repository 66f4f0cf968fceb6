//! The rolling commit: the done prefix of the block, in order.
//!
//! Whoever finds the first uncommitted transaction done, commits it and what
//! follows. Little happens here: gas is added up, deltas become absolute values,
//! the outcome is filed. Everything else was done by the workers, or is done by
//! all of them afterwards.

use crate::{
    block::GasUsed,
    deltas,
    error::EngineError,
    ids::index_of,
    memory::Value,
    outcome::Skipped,
    results::Ending,
    run::{OnInvalid, Run},
    scheduler::Log,
    vm::Failure,
    worker::Worker,
    writes::Target,
};
use alloy_primitives::U256;
use revm::DatabaseRef;
use std::sync::TryLockError;

/// What has been committed.
#[derive(Debug)]
pub(crate) struct Commits<E> {
    pub(crate) skipped: Vec<Skipped>,
    pub(crate) used: GasUsed,
    /// The sum of the committed fees.
    pub(crate) fees: U256,
    /// Transactions whose outcomes were delivered to the sink.
    delivered: usize,
    pub(crate) error: Option<EngineError<E>>,
}

impl<E> Default for Commits<E> {
    fn default() -> Self {
        Self {
            skipped: Vec::new(),
            used: GasUsed::default(),
            fees: U256::ZERO,
            delivered: 0,
            error: None,
        }
    }
}

impl<DB: DatabaseRef> Run<'_, DB> {
    /// Whether the transaction is part of the block: the gas that it used. If it
    /// is not, its outcome is dropped.
    pub(crate) fn judge(
        &self,
        tx: usize,
        ending: Ending<DB::Error>,
        used: GasUsed,
    ) -> Result<u64, EngineError<DB::Error>> {
        let invalid = |reason| EngineError::InvalidTransaction { index: tx, reason };
        if let Err(reason) = self.block.has_room(&self.block.transactions[tx], used) {
            if let Ending::Executed { .. } = ending {
                // SAFETY: the caller has taken the ending, as it may; not used again.
                unsafe { self.results.discard(tx) };
            }
            return Err(invalid(reason));
        }
        let failure = match ending {
            Ending::Executed { gas } => return Ok(gas),
            Ending::Failed(failure) => *failure,
        };
        Err(match failure {
            Failure::Invalid(reason) => invalid(reason.into()),
            Failure::InvalidHeader(reason) => EngineError::InvalidHeader(reason),
            Failure::Database(error) => EngineError::Database(error),
            Failure::Mismatch(mismatch) => EngineError::AccessList(mismatch),
            Failure::Fatal(reason) => EngineError::Fatal { index: tx, reason },
        })
    }

    /// Hands the caller the outcomes that were committed since the last time: a
    /// slice for each range without gaps.
    pub(crate) fn deliver(&self, commits: &mut Commits<DB::Error>) {
        let committed = self.scheduler.committed();
        let from = std::mem::replace(&mut commits.delivered, committed);
        let Some(sink) = self.request.sink else {
            return;
        };
        let known = commits.skipped.partition_point(|skip| skip.index < from);
        let gaps = commits.skipped[known..].iter().map(|skip| skip.index);
        let mut start = from;
        for end in gaps.chain([committed]) {
            if start < end {
                // SAFETY: committed, and part of the block.
                sink(unsafe { self.results.committed(start, end) });
            }
            start = end + 1;
        }
    }
}

impl<DB: DatabaseRef> Worker<'_, DB> {
    /// Commits what is done at the head, unless somebody else is at it.
    pub(crate) fn commit_prefix(&mut self) {
        let scheduler = self.run.scheduler;
        // Checked again after unlocking: a transaction that became done while
        // the lock was held found nobody else to commit it.
        while scheduler.is_head_done() && !scheduler.is_halted() {
            let mut commits = match self.run.commits.try_lock() {
                Ok(commits) => commits,
                Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => return,
            };
            while scheduler.is_head_done() && !scheduler.is_halted() {
                let head = scheduler.committed();
                if self.run.is_late() || self.run.is_full(head, commits.used.gas) {
                    scheduler.halt();
                    break;
                }
                self.commit(head, &mut commits);
            }
            self.run.deliver(&mut commits);
            drop(commits);
            if scheduler.is_finished() {
                scheduler.release_all();
            } else {
                scheduler.window_moved();
            }
        }
    }

    /// Commits `tx`, the first that is not committed, if it is (still) done.
    fn commit(&mut self, tx: usize, commits: &mut Commits<DB::Error>) {
        let run = self.run;
        // It added to balances blindly, before somebody met one so large that sums
        // may overflow.
        let is_blind = |log: &Log| !log.looks_at_credits;
        if run.request.given.is_none()
            && run.memory.may_overflow()
            && run.scheduler.log(tx).is_some_and(is_blind)
        {
            run.scheduler.redo(tx);
            return;
        }
        // First of all, out of the reach of workers that are still telling of an
        // incarnation that is no more: what they have seen may be long past.
        if !run.scheduler.transaction(tx).status.commit() {
            return;
        }
        // SAFETY: under the commit lock, no longer to be run, and everything
        // below committed.
        let Some(ending) = (unsafe { run.results.take(tx) }) else {
            let reason = "a transaction was done without a result".to_owned();
            commits.error = Some(EngineError::Fatal { index: tx, reason });
            run.scheduler.halt();
            return;
        };
        run.scheduler.set_fees_before(tx, commits.fees);
        match run.judge(tx, ending, commits.used) {
            Ok(gas) => {
                commits.used.add(&run.block.transactions[tx], gas);
                run.scheduler.set_gas_committed(commits.used.gas);
                // SAFETY: as above; it was executed.
                unsafe { run.results.complete(tx, commits.used.gas) };
                commits.fees += U256::from(run.scheduler.last_fee(tx));
                self.settle(tx);
            }
            Err(EngineError::InvalidTransaction { index, reason })
                if run.request.on_invalid == OnInvalid::Skip =>
            {
                self.retract(tx);
                commits.skipped.push(Skipped { index, reason });
            }
            Err(error) => {
                commits.error = Some(error);
                run.scheduler.halt();
                return;
            }
        }
        run.scheduler.set_committed(tx + 1);
    }

    /// Replaces the deltas of a transaction by absolute values.
    fn settle(&self, tx: usize) {
        let run = self.run;
        let index = index_of(tx);
        for write in run.scheduler.log(tx).map_or(&[][..], Log::writes) {
            let (Target::Balance(cell), Value::Delta(delta)) = (&write.target, &write.value) else {
                continue;
            };
            // Everything below is committed, so every fee is known.
            if let Ok(before) = deltas::balance(cell, index, &run.fees, |_| Ok(())) {
                let after = self
                    .arenas
                    .values
                    .alloc(Value::Word(before.wrapping_add(*delta)));
                cell.balance.publish(index, after, &self.arenas.nodes);
            }
        }
    }

    /// Removes the effects of a transaction that is left out of the block.
    fn retract(&mut self, tx: usize) {
        let run = self.run;
        let mut changed = [0u64; 8];
        if run.scheduler.last_fee(tx) != 0 {
            changed[run.fee_bit / 64] |= 1 << (run.fee_bit % 64);
        }
        for write in run.scheduler.log(tx).map_or(&[][..], Log::writes) {
            if write.target.location().withdraw(index_of(tx), &write.value) {
                let bit = write.target.bit();
                changed[bit / 64] |= 1 << (bit % 64);
            }
        }
        run.scheduler.clear_fee(tx);
        self.tell(tx, &changed);
    }
}
