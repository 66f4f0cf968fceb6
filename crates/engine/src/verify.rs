//! Verify: every transaction on its own, on the values of the given access list.
//!
//! Nobody waits for anybody, so there is no schedule: workers take transactions
//! from a list, the long ones first. What each of them writes is compared with
//! the access list at its index. The lowest that differs is the one to report:
//! everything below it is right, and so is what it was executed on.

use crate::{
    access_list::Expected,
    block::Block,
    ids::index_of,
    memory::Value,
    pool::Pool,
    protocol::mark_accessed,
    run::Run,
    scheduler::Log,
    view::Mode,
    vm::Failure,
    worker::Worker,
    writes::{Target, Write},
};
use alloy_primitives::U256;
use revm::DatabaseRef;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many times the average a gas limit is that makes a transaction long.
const LONG: u64 = 4;

/// The order in which transactions are best executed if none depends on another:
/// one that takes long had better not be the last.
fn order(block: &Block) -> Vec<usize> {
    let limits = block.transactions.iter().map(|tx| tx.gas_limit);
    let count = block.transactions.len() as u64;
    let average = limits.fold(0, u64::saturating_add) / count.max(1);
    let long = average.saturating_mul(LONG);
    let is_long = |tx: &usize| block.transactions[*tx].gas_limit > long;
    let (mut order, others): (Vec<_>, Vec<_>) = (0..block.transactions.len()).partition(is_long);
    order.sort_by_key(|tx| std::cmp::Reverse(block.transactions[*tx].gas_limit));
    order.extend(others);
    order
}

impl<'m, DB: DatabaseRef + Sync> Run<'m, DB> {
    /// Executes all transactions and commits them.
    pub(crate) fn verify(
        &'m self,
        pool: &Pool,
        helpers: usize,
        worker: &mut Worker<'m, DB>,
        expected: &Expected,
    ) {
        let order = order(self.block);
        let next = AtomicUsize::new(0);
        let first_wrong = AtomicUsize::new(usize::MAX);
        let verify = |worker: &mut Worker<'m, DB>| {
            while let Some(tx) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
                // What comes after a wrong one does not matter any more.
                if *tx < first_wrong.load(Ordering::Relaxed)
                    && !worker.verify_transaction(*tx, expected)
                {
                    first_wrong.fetch_min(*tx, Ordering::Relaxed);
                }
            }
        };
        let help = |number: usize| {
            let mut worker = Worker::new(self, number);
            worker.timed(verify);
            worker.report();
        };
        pool.run(helpers, &help, || worker.timed(verify));
        self.commit_verified();
    }

    /// Adds up what the transactions have used, up to the first that is wrong.
    fn commit_verified(&self) {
        let mut commits = self.lock_commits();
        for tx in 0..self.block.transactions.len() {
            // SAFETY: the workers have ended, and this takes each ending once.
            let Some(ending) = (unsafe { self.results.take(tx) }) else {
                return;
            };
            match self.judge(tx, ending, commits.used) {
                Ok(gas) => {
                    commits.used.add(&self.block.transactions[tx], gas);
                    // SAFETY: as above; it was executed.
                    unsafe { self.results.complete(tx, commits.used.gas) };
                }
                Err(error) => {
                    commits.error = Some(error);
                    self.scheduler.halt();
                    return;
                }
            }
            self.scheduler.set_fees_before(tx, U256::ZERO);
            self.scheduler.set_committed(tx + 1);
        }
    }
}

impl<DB: DatabaseRef> Worker<'_, DB> {
    /// Executes a transaction on the values of the given access list and compares
    /// what it writes; false if it is not what the list says.
    fn verify_transaction(&mut self, tx: usize, expected: &Expected) -> bool {
        let run = self.run;
        let mut verdict = match self.attempt(tx, 0, Mode::Final) {
            Ok(verdict) => verdict,
            Err(interruption) => {
                Err(Failure::Fatal(format!("interrupted: {interruption:?}")).into())
            }
        };
        let writes = &self.effects.writes;
        if let (Ok(_), Some(list)) = (&verdict, run.request.given)
            && let Err(mismatch) = expected.check(tx, writes, &run.fees, list)
        {
            verdict = Err(Failure::Mismatch(Box::new(mismatch)).into());
        }
        if !expected.implies_lives(tx, writes) {
            run.memory.note_list_is_not_enough();
        }
        mark_accessed(&self.effects.accesses);
        self.keep(tx);
        let is_right = verdict.is_ok();
        self.put(tx, verdict);
        is_right
    }

    /// Keeps what the end of the block needs: what was read, if that is recorded,
    /// and which accounts were created and destroyed.
    fn keep(&self, tx: usize) {
        let writes = &self.effects.writes;
        let mut lives = writes.iter().filter_map(life).peekable();
        let has_lives = lives.peek().is_some();
        if lives.any(|exists| !exists) {
            self.run.destroyed.store(true, Ordering::Relaxed);
        }
        if !has_lives && self.effects.reads.is_empty() {
            return;
        }
        let log = self.arenas.log(&self.effects.reads, writes, &[], false);
        self.run.scheduler.set_log(tx, log);
    }

    /// Adds to a verified block's memory what its list does not say: which
    /// accounts were created and destroyed.
    pub(crate) fn publish_lives(&self) {
        for tx in 0..self.run.scheduler.transactions() {
            for write in self.run.scheduler.log(tx).map_or(&[][..], Log::writes) {
                if let Target::Life(cell) = &write.target {
                    cell.life
                        .publish(index_of(tx), &write.value, &self.arenas.nodes);
                }
            }
        }
    }
}

/// Whether the account exists, if that is what is written.
fn life(write: &Write) -> Option<bool> {
    match &write.value {
        Value::Life(life) => Some(life.exists),
        _ => None,
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::*;
    use revm::context::TxEnv;

    fn with_gas_limits(limits: &[u64]) -> Block {
        let transaction = |gas_limit: &u64| TxEnv {
            gas_limit: *gas_limit,
            ..TxEnv::default()
        };
        Block {
            transactions: limits.iter().map(transaction).collect(),
            ..Block::default()
        }
    }

    #[test]
    fn the_long_ones_come_first() {
        let block = with_gas_limits(&[1, 2, 90, 1, 80, 1, 1, 1, 1, 1, 1, 1]);
        let all = order(&block);
        assert_eq!(all[..4], [2, 4, 0, 1]);
        assert_eq!(all.len(), 12);
        assert!(order(&Block::default()).is_empty());
    }

    #[test]
    fn gas_limits_may_be_anything() {
        let block = with_gas_limits(&[u64::MAX, 1, u64::MAX]);
        assert_eq!(order(&block), [0, 1, 2]);
    }
}
