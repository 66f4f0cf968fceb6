//! Which transaction runs next, and which results are still good.
//!
//! # Protocol
//!
//! A worker that runs transaction `t` does, in this order:
//!
//! 1. take `t` from the ready set and [`begin`](Status::begin) it;
//! 2. execute; every first read of a location sets a bit in `t`'s signature;
//! 3. publish the writes and the read log;
//! 4. [`finish`](Status::finish): EXECUTED, sequentially consistent, then a fence;
//! 5. *push*: for each started transaction above `t` whose signature meets the
//!    changed locations, look at its read log: if a predicate no longer holds,
//!    invalidate it (or, if it still runs, ask it to check itself);
//! 6. check `t`'s own reads;
//! 7. [`confirm`](Status::confirm): DONE.
//!
//! Why no stale result is committed: take a read of `t` and a later change of
//! that location by `s < t`. Either `t`'s check (6) comes after the change and
//! sees it, or `t` was EXECUTED before `s` looked (5) and `s` invalidates it:
//! both sides store, fence, then load, so at least one of them sees the other.
//! `s` is DONE only after it looked, and `t` commits only after `s` has. For this
//! a transaction belongs to its worker until it is DONE, even when it has become
//! stale before: a next incarnation elsewhere could write the same values, find
//! nothing changed and be DONE before this one has told of the change.
//!
//! The ready set, the hints to running transactions, what is learned about
//! accounts and the window only decide what is tried first. Exactness does not
//! depend on them.

mod fees;
mod handoff;
mod park;
mod ready;
mod record;
mod status;
mod wait;
mod width;

#[cfg(all(test, not(any(loom, shuttle))))]
mod chaos_tests;
#[cfg(all(test, loom))]
mod loom_tests;
#[cfg(all(test, not(loom)))]
mod model;
#[cfg(all(test, shuttle))]
mod shuttle_tests;

use crate::{
    reads::Read,
    sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering, fence},
};
use std::ptr;

pub(crate) use handoff::Handoff;
pub(crate) use park::Park;
pub(crate) use ready::ReadySet;
use record::Aside;
pub(crate) use record::{Log, Transaction};
pub(crate) use status::{Invalidated, State, Status};
use width::Width;

/// The schedule of one block. Its memory is used again for the next.
#[derive(Debug)]
pub(crate) struct Scheduler {
    /// As many as the largest block had, so far.
    transactions: Vec<Transaction>,
    asides: Vec<Aside>,
    /// How many transactions this block has.
    count: AtomicUsize,
    /// Transactions from here on are not to be started yet.
    end: AtomicUsize,
    ready: ReadySet,
    park: Park,
    width: Width,
    progress: Progress,
    /// Transactions that may have read something: those that were started and
    /// have not stalled since. Only these are told of changes.
    readers: ReadySet,
    /// How far ahead of the committed prefix transactions may start.
    window: usize,
    halted: AtomicBool,
}

/// What changes with every commit, away from what all workers only read.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Progress {
    /// Everything below is committed.
    committed: AtomicUsize,
    /// Gas that it has used.
    gas: AtomicU64,
    /// The committed prefix when sleepers were last told of it.
    noted: AtomicUsize,
}

impl Default for Scheduler {
    fn default() -> Self {
        Self {
            transactions: Vec::new(),
            asides: Vec::new(),
            count: AtomicUsize::new(0),
            end: AtomicUsize::new(0),
            ready: ReadySet::empty(0),
            park: Park::default(),
            width: Width::default(),
            progress: Progress::default(),
            readers: ReadySet::empty(0),
            window: 0,
            halted: AtomicBool::new(false),
        }
    }
}

impl Scheduler {
    #[cfg(test)]
    pub(crate) fn new(transactions: usize, workers: usize) -> Self {
        let mut scheduler = Self::default();
        scheduler.reset(transactions, workers);
        scheduler
    }

    /// Prepares for a block of `transactions`, all of which may be started.
    pub(crate) fn reset(&mut self, transactions: usize, workers: usize) {
        let used = self.transactions.iter_mut().zip(&mut self.asides);
        for (transaction, aside) in used.take(transactions) {
            // A load, because loom's atomics have no `get_mut`.
            if transaction.has_waiters.load(Ordering::Relaxed) {
                aside.reset();
            }
            transaction.reset();
        }
        let count = self.transactions.len().max(transactions);
        self.transactions.resize_with(count, Transaction::default);
        self.asides.resize_with(count, Aside::default);
        self.count = AtomicUsize::new(transactions);
        self.end = AtomicUsize::new(transactions);
        self.ready = ReadySet::full(transactions);
        self.progress = Progress::default();
        self.readers = ReadySet::empty(transactions);
        self.window = 32 * workers;
        self.width.restart(workers);
        self.halted = AtomicBool::new(false);
    }

    /// How many transactions the block has.
    pub(crate) fn transactions(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Makes the block end after its first `count` transactions, which are
    /// committed. No worker may be working.
    pub(crate) fn truncate(&self, count: usize) {
        self.count.store(count, Ordering::SeqCst);
    }

    /// Bytes held for the next block.
    pub(crate) fn capacity_bytes(&self) -> usize {
        self.transactions.capacity() * size_of::<Transaction>()
            + self.asides.capacity() * size_of::<Aside>()
    }

    /// `workers` are going to work, and are finished when everything below `end` is
    /// committed. Only while none is working.
    pub(crate) fn set_segment(&self, end: usize, workers: usize) {
        self.end.store(end, Ordering::SeqCst);
        self.width.restart(workers);
    }

    #[inline]
    fn end(&self) -> usize {
        self.end.load(Ordering::Relaxed)
    }

    /// The end of what may be started now.
    #[inline]
    fn limit(&self, committed: usize) -> usize {
        (committed + self.window).min(self.end())
    }

    #[inline]
    pub(crate) fn transaction(&self, tx: usize) -> &Transaction {
        &self.transactions[tx]
    }

    #[inline]
    pub(crate) fn committed(&self) -> usize {
        self.progress.committed.load(Ordering::SeqCst)
    }

    /// Gas used by everything that is committed.
    #[inline]
    pub(crate) fn gas_committed(&self) -> u64 {
        self.progress.gas.load(Ordering::Relaxed)
    }

    /// Part of committing what has used it.
    pub(crate) fn set_gas_committed(&self, gas: u64) {
        self.progress.gas.store(gas, Ordering::Relaxed);
    }

    /// The caller has committed everything below `committed`.
    pub(crate) fn set_committed(&self, committed: usize) {
        self.progress.committed.store(committed, Ordering::SeqCst);
    }

    /// Nothing is left to do, or it is pointless to go on.
    pub(crate) fn is_finished(&self) -> bool {
        self.halted.load(Ordering::Relaxed) || self.committed() == self.end()
    }

    /// Stops all workers.
    pub(crate) fn halt(&self) {
        self.halted.store(true, Ordering::SeqCst);
        self.park.notify_all();
    }

    pub(crate) fn is_halted(&self) -> bool {
        self.halted.load(Ordering::Relaxed)
    }

    /// Wakes everybody, because the end was reached.
    pub(crate) fn release_all(&self) {
        self.park.notify_all();
    }

    /// Starts a transaction that the caller has claimed. `None` if it is not
    /// ready after all.
    pub(crate) fn begin(&self, tx: usize) -> Option<u32> {
        let transaction = &self.transactions[tx];
        let incarnation = transaction.status.begin()?;
        transaction.signature.clear();
        if !self.readers.contains(tx) {
            self.readers.insert(tx);
        }
        Some(incarnation)
    }

    /// Starts the next incarnation of a transaction that the caller is running.
    pub(crate) fn restart(&self, tx: usize, incarnation: u32) -> u32 {
        let transaction = &self.transactions[tx];
        transaction.signature.clear();
        transaction.status.restart(incarnation)
    }

    /// Starts the next incarnation of a transaction that the caller has executed.
    pub(crate) fn rerun(&self, tx: usize, incarnation: u32) -> u32 {
        let transaction = &self.transactions[tx];
        let next = transaction.status.rerun(incarnation);
        transaction.signature.clear();
        next
    }

    /// Publishes the log and the fee of a transaction and makes it EXECUTED.
    pub(crate) fn finish(&self, tx: usize, incarnation: u32, log: &Log, fee: u128) {
        let transaction = &self.transactions[tx];
        self.set_log(tx, log);
        transaction.set_fee(fee);
        transaction.status.finish(incarnation);
        fence(Ordering::SeqCst);
    }

    /// Makes a transaction COMMITTED that was executed without being scheduled,
    /// before the committed prefix moves past it.
    pub(crate) fn commit_payment(&self, tx: usize, fee: u128) {
        let transaction = &self.transactions[tx];
        transaction.set_fee(fee);
        transaction.status.commit_unscheduled();
    }

    /// Publishes what `tx` read and wrote; `log` is in an arena of the block.
    pub(crate) fn set_log(&self, tx: usize, log: &Log) {
        self.transactions[tx]
            .log
            .store(ptr::from_ref(log).cast_mut(), Ordering::Release);
    }

    /// What the last finished incarnation of `tx` read and wrote.
    pub(crate) fn log(&self, tx: usize) -> Option<&Log> {
        debug_assert!(tx < self.transactions());
        // SAFETY: a log of this block: `reset` has forgotten those of blocks before
        // for all transactions that this one has. It lives in an arena of the block,
        // which is cleared with exclusive access to the engine's memory, the
        // scheduler included.
        unsafe { self.transactions[tx].log.load(Ordering::Acquire).as_ref() }
    }

    /// Tells readers above `tx` that the locations in `changed` have changed.
    ///
    /// `holds` says whether a read of a transaction is still good; `conflict` is
    /// told of each transaction that is invalidated. Those that still run check
    /// their reads at the end anyhow; they are asked to do so earlier only if a
    /// conflict is `likely`, because it takes the cache lines that they work on.
    pub(crate) fn push(
        &self,
        tx: usize,
        changed: &[u64; 8],
        likely: bool,
        holds: impl Fn(&Read, usize) -> bool,
        mut conflict: impl FnMut(usize, &Read),
    ) {
        if changed.iter().all(|word| *word == 0) {
            return;
        }
        // Nothing that is further ahead has ever been started.
        let limit = self.limit(tx + 1);
        let mut next = tx + 1;
        while let Some(reader) = self.readers.lowest(next, limit) {
            next = reader + 1;
            let transaction = &self.transactions[reader];
            let (state, incarnation) = transaction.status.load();
            match state {
                State::Running if likely && transaction.signature.meets(changed) => {
                    transaction.status.suspect(incarnation);
                }
                State::Executed | State::Done if transaction.signature.meets(changed) => {
                    let stale = self
                        .log(reader)
                        .and_then(|log| log.reads().iter().find(|read| !holds(read, reader)));
                    let Some(read) = stale else { continue };
                    match transaction.status.invalidate(incarnation) {
                        Invalidated::No => continue,
                        Invalidated::Doomed => {}
                        Invalidated::Ready => self.make_ready(reader),
                    }
                    conflict(reader, read);
                }
                _ => {}
            }
        }
    }

    /// Has the head, which is DONE, run again.
    pub(crate) fn redo(&self, tx: usize) {
        let (_, incarnation) = self.transactions[tx].status.load();
        if self.transactions[tx].status.invalidate(incarnation) == Invalidated::Ready {
            self.make_ready(tx);
        }
    }

    fn make_ready(&self, tx: usize) {
        self.ready.insert(tx);
        self.park.notify();
    }

    /// Whether the first uncommitted transaction can be committed.
    pub(crate) fn is_head_done(&self) -> bool {
        let committed = self.committed();
        committed < self.end() && self.transactions[committed].status.load().0 == State::Done
    }

    /// Whether `writer`'s version may be relied on for now.
    #[inline]
    pub(crate) fn is_stable(&self, writer: usize) -> bool {
        matches!(
            self.transactions[writer].status.load().0,
            State::Executed | State::Done | State::Committed
        )
    }
}
