//! One block, start to end.
//!
//! ```text
//! protocol changes before ─▶ workers: transactions ─▶ protocol changes after ─▶ gather
//!        (caller)             (caller and helpers)           (caller)
//! ```

use crate::{
    EngineConfig,
    access_list::{self, Expected},
    block::Block,
    commit::Commits,
    deltas::Fees,
    dependencies,
    error::EngineError,
    gather,
    ids::index_of,
    longest_chain,
    memory::Memory,
    outcome::{BlockOutput, Skipped, TxOutcome},
    payments,
    pool::Pool,
    protocol::{self, SystemTransactions},
    resources::WorkerCaches,
    results::Results,
    room::LeastGas,
    scheduler::{Log, Scheduler},
    view::ViewError,
    worker::Worker,
    writes::Target,
};
use alloy_eip7928::BlockAccessList;
use revm::{DatabaseRef, context::Cfg, precompile::Precompiles};
use std::{
    ops::Range,
    sync::{Mutex, MutexGuard, PoisonError, atomic::AtomicBool},
    time::Instant,
};

/// What happens to a transaction that may not be part of the block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnInvalid {
    /// The block fails.
    Fail,
    /// It is left out and reported.
    Skip,
}

/// Called with the outcomes that were committed since the last call.
pub(crate) type Sink<'m> = &'m (dyn Fn(&[TxOutcome]) + Sync);

/// What the caller wants.
#[derive(Clone, Copy)]
pub(crate) struct Request<'m> {
    pub(crate) on_invalid: OnInvalid,
    /// Make the access list.
    pub(crate) access_list: bool,
    /// The access list to check the block against (Verify).
    pub(crate) given: Option<&'m BlockAccessList>,
    pub(crate) sink: Option<Sink<'m>>,
    /// When to stop committing (Build).
    pub(crate) deadline: Option<Instant>,
}

/// Transactions after a payment that is not valid that go the general way; four times
/// as many each time that a run was cut before it was worth it.
const AFTER_CUT: usize = 32;

/// What all workers of a block share.
pub(crate) struct Run<'m, DB: DatabaseRef> {
    pub(crate) block: &'m Block,
    pub(crate) db: &'m DB,
    pub(crate) config: &'m EngineConfig,
    pub(crate) precompiles: &'m Precompiles,
    pub(crate) memory: &'m Memory<'m>,
    pub(crate) scheduler: &'m Scheduler,
    pub(crate) fees: Fees<'m>,
    pub(crate) system: &'m SystemTransactions,
    pub(crate) request: Request<'m>,
    pub(crate) caches: &'m crate::arena::PerWorker<WorkerCaches>,
    pub(crate) started: Instant,
    pub(crate) beneficiary: &'m crate::memory::AccountCell,
    /// The bit of the beneficiary's balance in signatures.
    pub(crate) fee_bit: usize,
    /// Build: of the candidates from each on.
    pub(crate) least_gas: LeastGas,
    pub(crate) results: Results<DB::Error>,
    pub(crate) commits: Mutex<Commits<DB::Error>>,
    pub(crate) reports: Mutex<Vec<crate::report::Report>>,
    /// Verify: what the protocol itself wrote.
    pub(crate) protocol_writes: Mutex<Vec<Target>>,
    /// Verify: a transaction destroyed an account.
    pub(crate) destroyed: AtomicBool,
}

impl<DB: DatabaseRef> std::fmt::Debug for Run<'_, DB> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Run").finish_non_exhaustive()
    }
}

impl<'m, DB: DatabaseRef + Sync> Run<'m, DB> {
    /// Executes the block on the caller's thread and `helpers` threads of `pool`.
    pub(crate) fn execute(
        &'m self,
        pool: &Pool,
        helpers: usize,
    ) -> Result<BlockOutput, EngineError<DB::Error>> {
        let mut worker = Worker::new(self, 0);
        if self.fees.separate && !self.block.transactions.is_empty() {
            // Fees are added to it blindly, unless it has too much for that.
            let base = worker.vm.journal().view.base(self.beneficiary);
            if let Err(ViewError::Database(error)) = base {
                return Err(EngineError::Database(error));
            }
        }
        protocol::before(&mut worker)?;
        let expected = match self.request.given {
            Some(list) => Some(self.expect(list, pool, helpers)?),
            None => None,
        };
        let expected = expected.as_ref();
        match expected {
            Some(expected) => self.verify(pool, helpers, &mut worker, expected),
            None => self.transactions(pool, helpers, &mut worker),
        }
        let mut commits = self.take_commits();
        let mut considered = self.scheduler.committed();
        if considered < self.block.transactions.len() && commits.error.is_none() {
            self.leave_out_the_rest();
        }
        // SAFETY: the workers have ended, and whoever stopped them had committed
        // everything below.
        let outcomes = unsafe {
            let committed = self.scheduler.committed();
            self.results.take_outcomes(committed, &commits.skipped)
        };
        if self.is_full(considered, commits.used.gas) {
            considered = self.block.transactions.len();
            self.skip_the_rest(&mut commits);
        }
        if let Some(error) = commits.error.take() {
            worker.report();
            return Err(error);
        }
        if self.request.given.is_some() {
            worker.publish_lives();
        }
        let requests = protocol::after(&mut worker, &outcomes)?;
        worker.report();
        let access_list = self.access_list(pool, helpers, expected, &outcomes)?;
        let gathering = Instant::now();
        let changes = gather::changes(self, pool, helpers);
        let mut stats = crate::report::Report::merge(self);
        stats.gathering = gathering.elapsed();
        stats.dependencies = dependencies::find(self);
        longest_chain::measure(self, &mut stats);
        stats.elapsed = self.started.elapsed();
        Ok(BlockOutput {
            considered,
            gas_used: commits.used.gas,
            outcomes,
            skipped: commits.skipped,
            requests,
            changes,
            access_list,
            stats,
        })
    }

    /// Executes all transactions: runs of payments without speculation, what is
    /// between them by workers that claim one after the other.
    fn transactions(&'m self, pool: &Pool, helpers: usize, worker: &mut Worker<'m, DB>) {
        let all = self.block.transactions.len();
        let mut from = 0;
        let mut longest = payments::LONGEST;
        let mut after_cut = AFTER_CUT;
        while from < all && !self.scheduler.is_halted() && !self.is_late() {
            if self.is_full(from, self.scheduler.gas_committed()) {
                return;
            }
            let mut run = payments::next_run(self, from, longest);
            if run.start == from {
                from = payments::execute(self, pool, helpers, worker, run.clone());
                // What is prepared behind a cut is for nothing.
                let done = from - run.start;
                longest = if from == run.end { longest } else { done };
                longest = (2 * longest).min(payments::LONGEST);
                // Where what looks like payments is none, little is tried.
                after_cut = if done < after_cut {
                    after_cut.saturating_mul(4)
                } else {
                    AFTER_CUT
                };
                run = run.end.min(from.saturating_add(after_cut))..all;
            }
            // Up to the next run, or the first that were cut off from this one.
            if from < run.start {
                let helpers = self.helpers_for(from..run.start, helpers);
                self.scheduler.set_segment(run.start, helpers + 1);
                let help = |number| Worker::new(self, number).work_and_report();
                pool.run(helpers, &help, || worker.work());
                from = run.start;
            }
        }
    }

    /// How many of `helpers` it pays to wake for some transactions: a few payments that
    /// did not make a run are executed before anybody is awake.
    fn helpers_for(&self, range: Range<usize>, helpers: usize) -> usize {
        let each = self.config.gas_per_helper;
        if each == 0 {
            return helpers;
        }
        let mut gas = 0;
        let mut transactions = self.block.transactions[range].iter().skip(1);
        while gas / each < helpers as u64
            && let Some(tx) = transactions.next()
        {
            gas += tx.gas_limit.min(1 << 24);
        }
        helpers.min((gas / each) as usize)
    }

    fn expect(
        &self,
        list: &BlockAccessList,
        pool: &Pool,
        helpers: usize,
    ) -> Result<Expected, EngineError<DB::Error>> {
        access_list::preload(list, self, pool, helpers)
            .map_err(|mismatch| EngineError::AccessList(Box::new(mismatch)))
    }

    /// The access list, if it is wanted; checks the one that was given.
    fn access_list(
        &self,
        pool: &Pool,
        helpers: usize,
        expected: Option<&Expected>,
        outcomes: &[TxOutcome],
    ) -> Result<Option<BlockAccessList>, EngineError<DB::Error>> {
        if !self.request.access_list {
            return Ok(None);
        }
        if let (Some(given), Some(expected)) = (self.request.given, expected)
            && access_list::accepts(self, given, expected)
        {
            return Ok(self.config.access_list.then(|| given.clone()));
        }
        let list =
            access_list::produce(self, outcomes, pool, helpers).map_err(EngineError::Database)?;
        match self.request.given {
            Some(given) => match access_list::first_difference(given, &list) {
                Some(difference) => Err(EngineError::AccessList(Box::new(difference))),
                None => Ok(self.config.access_list.then_some(list)),
            },
            None => Ok(Some(list)),
        }
    }

    pub(crate) fn lock_commits(&self) -> MutexGuard<'_, Commits<DB::Error>> {
        self.commits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_commits(&self) -> Commits<DB::Error> {
        std::mem::take(&mut *self.lock_commits())
    }
}

impl<DB: DatabaseRef> Run<'_, DB> {
    pub(crate) fn lock_protocol_writes(&self) -> MutexGuard<'_, Vec<Target>> {
        self.protocol_writes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the time for the block is up.
    pub(crate) fn is_late(&self) -> bool {
        let deadline = self.request.deadline;
        deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// Build: whether none of the candidates from `tx` on fits into a block that has
    /// used so much gas.
    pub(crate) fn is_full(&self, tx: usize, used: u64) -> bool {
        self.least_gas.exceeds(self.gas_left(used), tx)
    }

    /// Leaves out all candidates that are not committed: the block is full.
    fn skip_the_rest(&self, commits: &mut Commits<DB::Error>) {
        for index in self.scheduler.transactions()..self.block.transactions.len() {
            let transaction = &self.block.transactions[index];
            if let Err(reason) = self.block.has_room(transaction, commits.used) {
                commits.skipped.push(Skipped { index, reason });
            }
        }
    }

    /// Makes the block end with what is committed. The workers have ended.
    fn leave_out_the_rest(&self) {
        let committed = self.scheduler.committed();
        for tx in committed..self.scheduler.transactions() {
            for write in self.scheduler.log(tx).map_or(&[][..], Log::writes) {
                write.target.location().withdraw(index_of(tx), &write.value);
            }
        }
        self.scheduler.truncate(committed);
    }

    /// Whether a transaction has more gas than the block will have left for it.
    pub(crate) fn is_out_of_gas(&self, tx: usize) -> bool {
        let used = self.scheduler.gas_committed();
        self.block.transactions[tx].gas_limit > self.gas_left(used)
    }

    /// Gas that the block has left after `used`.
    pub(crate) fn gas_left(&self, used: u64) -> u64 {
        if self.block.cfg.is_block_gas_limit_disabled() {
            return u64::MAX;
        }
        self.block.env.gas_limit.saturating_sub(used)
    }

    /// What a transaction pays that has no fee beside the journal.
    pub(crate) const NO_FEE: u128 = 0;
}
