//! The rolling commit: the done prefix of the block, in order.
//!
//! Whoever finds the first uncommitted transaction done, commits it and what
//! follows. Little happens here: gas is added up, deltas become absolute values,
//! the outcome is filed. Everything else was done by the workers, or is done by
//! all of them afterwards.

use crate::{
    deltas,
    error::{EngineError, InvalidReason},
    ids::index_of,
    memory::Value,
    outcome::{Skipped, TxOutcome},
    run::OnInvalid,
    scheduler::Log,
    vm::Verdict,
    worker::Worker,
    writes::Target,
};
use alloy_primitives::U256;
use revm::{DatabaseRef, context::result::ExecutionResult};
use std::sync::TryLockError;

/// What has been committed.
#[derive(Debug)]
pub(crate) struct Commits<E> {
    pub(crate) outcomes: Vec<TxOutcome>,
    pub(crate) skipped: Vec<Skipped>,
    pub(crate) gas_used: u64,
    /// The sum of the committed fees.
    fees: U256,
    /// Outcomes that were delivered to the sink.
    delivered: usize,
    pub(crate) error: Option<EngineError<E>>,
}

impl<E> Default for Commits<E> {
    fn default() -> Self {
        Self {
            outcomes: Vec::new(),
            skipped: Vec::new(),
            gas_used: 0,
            fees: U256::ZERO,
            delivered: 0,
            error: None,
        }
    }
}

impl<E> Commits<E> {
    pub(crate) fn with_capacity(transactions: usize) -> Self {
        Self {
            outcomes: Vec::with_capacity(transactions),
            ..Self::default()
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
                self.commit(scheduler.committed(), &mut commits);
            }
            if let Some(sink) = self.run.request.sink
                && commits.outcomes.len() > commits.delivered
            {
                sink(&commits.outcomes[commits.delivered..]);
                commits.delivered = commits.outcomes.len();
            }
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
        // First of all, out of the reach of workers that are still telling of an
        // incarnation that is no more: what they have seen may be long past.
        if !run.scheduler.transaction(tx).status.commit() {
            return;
        }
        // SAFETY: under the commit lock, no longer to be run, and everything
        // below committed.
        let Some(verdict) = (unsafe { run.verdicts[tx].take() }) else {
            return;
        };
        match self.judge(tx, verdict, commits.gas_used) {
            Ok((result, fee)) => {
                run.scheduler.set_fees_before(tx, commits.fees);
                commits.fees += fee;
                self.settle(tx);
                commits.gas_used += result.tx_gas_used();
                commits.outcomes.push(TxOutcome {
                    index: tx,
                    tx_type: run.block.transactions[tx].tx_type,
                    result,
                    cumulative_gas_used: commits.gas_used,
                });
            }
            Err(EngineError::InvalidTransaction { index, reason })
                if run.request.on_invalid == OnInvalid::Skip =>
            {
                run.scheduler.set_fees_before(tx, commits.fees);
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

    /// Whether the transaction is part of the block.
    fn judge(
        &self,
        tx: usize,
        verdict: Verdict<DB::Error>,
        gas_used: u64,
    ) -> Result<(ExecutionResult, U256), EngineError<DB::Error>> {
        let invalid = |reason| EngineError::InvalidTransaction { index: tx, reason };
        let gas_limit = self.run.block.transactions[tx].gas_limit;
        let available = self.run.gas_left(gas_used);
        if gas_limit > available {
            return Err(invalid(InvalidReason::BlockGasLimit {
                gas_limit,
                available,
            }));
        }
        match verdict {
            Verdict::Executed(result, fee) => Ok((result, fee)),
            Verdict::Invalid(reason) => Err(invalid(reason.into())),
            Verdict::InvalidHeader(reason) => Err(EngineError::InvalidHeader(reason)),
            Verdict::Database(error) => Err(EngineError::Database(error)),
            Verdict::Mismatch(mismatch) => Err(EngineError::AccessList(mismatch)),
            Verdict::Fatal(reason) => Err(EngineError::Fatal { index: tx, reason }),
        }
    }

    /// Replaces the deltas of a transaction by absolute values.
    fn settle(&self, tx: usize) {
        let run = self.run;
        if run.request.given.is_some() {
            // The list's values are absolute and already there.
            return;
        }
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
        changed[run.fee_bit / 64] |= 1 << (run.fee_bit % 64);
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
