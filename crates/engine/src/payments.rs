//! Runs of plain payments, executed without speculation.
//!
//! A payment takes from one balance, adds to another and counts up a nonce. In a
//! run of nothing but payments each account can be settled on its own, in order,
//! by the worker that owns it:
//!
//! ```text
//! prepare   workers share the transactions: check each, look its accounts up,
//!           send a debit and a credit to the owners of the two accounts
//! settle    workers share the accounts: apply debits and credits in order,
//!           check nonces and funds
//! publish   workers share both: final values, outcomes
//! ```
//!
//! Why that is exact: whether a payment is valid depends on its sender's nonce
//! and funds after all payments before it. Settling assumes that those were made.
//! Take the lowest payment that fails: everything below it has passed, so for it
//! the assumption holds, and it does fail. The run is cut there; what is left of
//! it goes through the scheduler like anything else, and finds nothing published
//! by the payments that were cut off.

mod prepare;
mod settle;

use crate::{ids::index_of, outcome::TxOutcome, pool::Pool, run::Run, worker::Worker};
use alloy_primitives::{Bytes, U256};
pub(crate) use prepare::Terms;
use prepare::{Chunk, is_candidate};
use revm::{
    DatabaseRef,
    context::result::{ExecutionResult, Output, SuccessReason},
    primitives::hardfork::SpecId,
};
use settle::{Ledger, settle};
use std::{
    ops::Range,
    sync::{
        OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
};

/// Payments that are committed together: a sub-block.
pub(crate) const LONGEST: usize = 8192;

/// Most and fewest payments that a worker prepares at a time.
const LARGEST_CHUNK: usize = 256;
const SMALLEST_CHUNK: usize = 8;

/// Transactions behind the shortest run that are looked at beforehand: a longer run is
/// looked at by all workers, as they prepare it.
const NEAR: usize = 256;

/// Payments for which it pays to wake a helper.
const WORTH_A_HELPER: usize = 128;

/// Parts of each worker's accounts, so that others can help.
const PARTS: usize = 4;

/// The next run of what look like payments in `from..`, of at most `longest` if
/// that is no less than a run must have; empty, at the end of the block, if there
/// is none. Beyond some hundred transactions it may turn out to be shorter.
pub(crate) fn next_run<DB: DatabaseRef>(
    run: &Run<'_, DB>,
    from: usize,
    longest: usize,
) -> Range<usize> {
    let transactions = &run.block.transactions;
    let all = transactions.len();
    let observed = run.config.dependencies || run.config.record_timelines;
    if observed || !run.fees.separate || !run.block.spec().is_enabled_in(SpecId::SPURIOUS_DRAGON) {
        return all..all;
    }
    let is_candidate = |tx: usize| is_candidate(&transactions[tx], run.fees.beneficiary);
    let shortest = run.config.payment_run.clamp(1, LONGEST);
    let mut start = from;
    while start + shortest <= all {
        // From the end: if one is none, no run can have started before it.
        let Some(none) = (start..start + shortest)
            .rev()
            .find(|tx| !is_candidate(*tx))
        else {
            let most = (start + longest.max(shortest)).min(all);
            let near = (start + shortest + NEAR).min(most);
            let end = (start + shortest..near).find(|tx| !is_candidate(*tx));
            return start..end.unwrap_or(most);
        };
        start = none + 1;
    }
    all..all
}

/// Executes and commits the run `range`, below which everything is committed, up
/// to the first transaction that is no valid payment; the end of what it did.
pub(crate) fn execute<'m, DB: DatabaseRef + Sync>(
    run: &'m Run<'m, DB>,
    pool: &Pool,
    helpers: usize,
    worker: &mut Worker<'m, DB>,
    range: Range<usize>,
) -> usize {
    let helpers = match run.config.gas_per_helper {
        0 => helpers,
        _ => helpers.min(range.len() / WORTH_A_HELPER),
    };
    let workers = helpers + 1;
    let parts = if helpers == 0 { 1 } else { PARTS };
    let chunk = (range.len() / (4 * workers)).clamp(SMALLEST_CHUNK, LARGEST_CHUNK);
    let payments = Payments {
        run,
        workers,
        parts,
        shards: workers * parts,
        chunk,
        gas_before: run.lock_commits().used.gas,
        chunks: (0..range.len().div_ceil(chunk))
            .map(|_| OnceLock::new())
            .collect(),
        range,
    };
    payments.prepare(pool, helpers, worker);
    let Range { start, mut end } = payments.prepared();
    if run.memory.may_overflow() {
        // Fees are added blindly here.
        end = start;
    }
    let cut = AtomicUsize::new(end);
    let ledgers = payments.settle(pool, helpers, &cut);
    let end = cut.into_inner();
    if end > start {
        payments.publish(pool, helpers, &ledgers, end);
        payments.commit(end);
    } else {
        ledgers.iter().flatten().for_each(Ledger::reset);
    }
    worker.count_payments(end - start);
    end
}

/// A run on its way.
struct Payments<'m, DB: DatabaseRef> {
    run: &'m Run<'m, DB>,
    range: Range<usize>,
    /// Those who take part.
    workers: usize,
    /// Parts of the accounts that a worker has made.
    parts: usize,
    /// Parts of all accounts.
    shards: usize,
    /// Payments in a chunk.
    chunk: usize,
    /// Gas that the block has used before.
    gas_before: u64,
    chunks: Box<[OnceLock<Chunk<'m>>]>,
}

/// Calls `work` with each of `0..count` that this thread gets hold of.
fn share(next: &AtomicUsize, count: usize, mut work: impl FnMut(usize)) {
    loop {
        let part = next.fetch_add(1, Ordering::Relaxed);
        if part >= count {
            return;
        }
        work(part);
    }
}

/// Parts of work that each have a worker to whom they come easiest.
struct Parts {
    next: Vec<AtomicUsize>,
    each: usize,
}

impl Parts {
    fn new(workers: usize, each: usize) -> Self {
        let next = (0..workers).map(|_| AtomicUsize::new(0)).collect();
        Self { next, each }
    }

    /// Calls `work` with each part that this thread gets hold of, those of worker
    /// `number` first.
    fn share(&self, number: usize, mut work: impl FnMut(usize)) {
        let workers = self.next.len();
        for worker in (number..workers).chain(0..number) {
            share(&self.next[worker], self.each, |part| {
                work(worker * self.each + part);
            });
        }
    }
}

impl<'m, DB: DatabaseRef + Sync> Payments<'m, DB> {
    fn prepare(&self, pool: &Pool, helpers: usize, worker: &mut Worker<'m, DB>) {
        let next = AtomicUsize::new(0);
        let prepare = |worker: &mut Worker<'m, DB>| {
            share(&next, self.chunks.len(), |chunk| {
                let start = self.range.start + chunk * self.chunk;
                let end = (start + self.chunk).min(self.range.end);
                let _ = self.chunks[chunk].set(self.prepare_chunk(worker, start..end));
            });
        };
        let help = |number| {
            let mut worker = Worker::new(self.run, number);
            worker.timed(prepare);
            worker.report();
        };
        pool.run(helpers, &help, || worker.timed(prepare));
    }

    /// All of the run that was found to be payments.
    fn prepared(&self) -> Range<usize> {
        let ends = self.chunks.iter().filter_map(|chunk| chunk.get());
        let mut end = self.range.start;
        for chunk in ends {
            end = chunk.range.end;
            if chunk.is_cut {
                break;
            }
        }
        self.range.start..end
    }

    fn chunks(&self) -> impl Iterator<Item = &Chunk<'m>> + Clone {
        self.chunks.iter().filter_map(OnceLock::get)
    }

    /// Lowers `cut` to the first payment that is not valid; the ledgers of each
    /// shard, of no use if there is one.
    fn settle(&self, pool: &Pool, helpers: usize, cut: &AtomicUsize) -> Vec<Vec<Ledger<'m>>> {
        let ledgers: Vec<OnceLock<Vec<Ledger<'m>>>> =
            (0..self.shards).map(|_| OnceLock::new()).collect();
        let parts = Parts::new(self.workers, self.parts);
        let work = |number: usize| {
            parts.share(number, |shard| {
                let entries = self.chunks().flat_map(|chunk| &chunk.shards[shard]);
                let settled = settle(entries, self.before(), &self.run.fees, cut, |_, _| ());
                let _ = ledgers[shard].set(settled);
            });
        };
        pool.run(helpers, &|number| work(number), || work(0));
        ledgers
            .into_iter()
            .filter_map(OnceLock::into_inner)
            .collect()
    }

    /// The index from which the state before the run is seen.
    fn before(&self) -> u32 {
        index_of(self.range.start)
    }

    /// Makes the effects of the payments below `end` visible.
    fn publish(&self, pool: &Pool, helpers: usize, ledgers: &[Vec<Ledger<'m>>], end: usize) {
        let whole = end == self.prepared().end && !self.run.request.access_list;
        if !whole {
            ledgers.iter().flatten().for_each(Ledger::reset);
        }
        let parts = Parts::new(self.workers, self.parts);
        let next = AtomicUsize::new(0);
        let work = |number: usize| {
            // SAFETY: the pool runs each number on one thread, and 0 is the caller.
            let arenas = unsafe { self.run.memory.arenas.get(number) };
            parts.share(number, |shard| {
                if whole {
                    let ledgers = ledgers[shard].iter();
                    ledgers.for_each(|ledger| ledger.publish(arenas));
                } else {
                    self.settle_again(shard, end, arenas);
                }
            });
            share(&next, self.chunks.len(), |chunk| {
                self.file_outcomes(chunk, end);
            });
        };
        pool.run(helpers, &|number| work(number), || work(0));
    }

    /// Settles what is below `end`, which is known to be valid, and publishes
    /// each step if the access list needs it, or the last.
    fn settle_again(&self, shard: usize, end: usize, arenas: &'m crate::memory::WorkerArenas) {
        let entries = self.chunks().flat_map(|chunk| &chunk.shards[shard]);
        let each = self.run.request.access_list;
        let limit = AtomicUsize::new(end);
        let step = |ledger: &Ledger<'m>, is_debit: bool| {
            if each {
                ledger.publish_step(is_debit, arenas);
            }
        };
        for ledger in settle(entries, self.before(), &self.run.fees, &limit, step) {
            if each {
                ledger.reset();
            } else {
                ledger.publish(arenas);
            }
        }
    }

    /// Puts the outcomes of a chunk's payments below `end` where the caller will
    /// find them.
    fn file_outcomes(&self, chunk: usize, end: usize) {
        let Some(chunk) = self.chunks[chunk].get() else {
            return;
        };
        let run = self.run;
        for (tx, fee) in chunk.range.clone().zip(&chunk.fees) {
            if tx >= end {
                return;
            }
            let outcome = TxOutcome {
                index: tx,
                tx_type: run.block.transactions[tx].tx_type,
                result: ExecutionResult::Success {
                    reason: SuccessReason::Stop,
                    gas: chunk.gas,
                    logs: Vec::new(),
                    output: Output::Call(Bytes::new()),
                },
                cumulative_gas_used: self.gas_up_to(tx + 1, chunk),
            };
            // SAFETY: a run is executed by nobody else, and before any worker
            // may start its transactions.
            unsafe { run.results.write(tx, outcome) };
            run.scheduler.commit_payment(tx, *fee);
        }
    }

    /// Gas that the block has used before transaction `tx` of the run.
    fn gas_up_to(&self, tx: usize, chunk: &Chunk<'_>) -> u64 {
        self.gas_before + (tx - self.range.start) as u64 * chunk.gas.tx_gas_used()
    }

    /// Moves the committed prefix to `end`.
    fn commit(&self, end: usize) {
        let run = self.run;
        let mut commits = run.lock_commits();
        let mut last_fee = 0;
        let below = |chunk: &&Chunk<'m>| chunk.range.start < end;
        for chunk in self.chunks().filter(below) {
            let count = end.min(chunk.range.end) - chunk.range.start;
            for fee in &chunk.fees[..count] {
                commits.fees += U256::from(last_fee);
                last_fee = *fee;
            }
            commits.used.gas += count as u64 * chunk.gas.tx_gas_used();
        }
        run.scheduler.set_gas_committed(commits.used.gas);
        run.scheduler.set_fees_before(end - 1, commits.fees);
        commits.fees += U256::from(last_fee);
        run.scheduler.set_committed(end);
        run.deliver(&mut commits);
    }
}
