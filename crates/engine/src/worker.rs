//! A worker: claim, run, publish, tell, check, commit, repeat.

mod conflicts;
mod execution;

use crate::{
    access_list,
    ids::{FIRST, index_of},
    journal::Effects,
    memory::WorkerArenas,
    report::Report,
    run::Run,
    view::{Mode, View},
    vm::{Failure, Interruption, Vm},
};
use revm::{DatabaseRef, context::result::InvalidTransaction};
use std::{cell::Cell, sync::PoisonError, time::Instant};

/// One thread's part in executing a block.
#[derive(Debug)]
pub(crate) struct Worker<'m, DB: DatabaseRef> {
    pub(crate) run: &'m Run<'m, DB>,
    number: usize,
    pub(crate) arenas: &'m WorkerArenas,
    pub(crate) vm: Vm<'m, DB>,
    pub(crate) effects: Effects,
    /// Transactions that were claimed and not run yet: the first, and a bit for
    /// each.
    claimed: (usize, u64),
    /// Transactions executed in a row that met no conflict.
    calm: u32,
    /// The transaction that is running looks at the balances that it adds to.
    looks_at_credits: bool,
    stats: Report,
}

/// How often a worker looks whether somebody else has committed before it sleeps for a
/// moment.
const YIELDS: u32 = 64;

/// Payments that are claimed together.
const PAYMENT_RUN: usize = 8;

/// Other transactions that are claimed together where there are no conflicts.
const RUN: usize = 4;

/// Transactions without conflict from which on there are none.
const CALM: u32 = 16;

impl<'m, DB: DatabaseRef> Worker<'m, DB> {
    /// Worker `number`; its arenas and caches are used by nobody else now.
    pub(crate) fn new(run: &'m Run<'m, DB>, number: usize) -> Self {
        // SAFETY: the pool runs each number on one thread, and number 0 is the
        // caller of `Run::execute`, which makes one worker at a time.
        let (arenas, caches) = unsafe { (run.memory.arenas.get(number), run.caches.get(number)) };
        let (codes, keccak) = caches.take();
        let view = View {
            db: run.db,
            memory: run.memory,
            arenas,
            fees: run.fees,
            codes,
            index: 0,
            mode: Mode::Final,
            transactions: &run.block.transactions,
            log_reads: run.config.dependencies,
            sees_existence: access_list::sees_existence(run.block.spec()),
            parties: [None; 2],
            blames_callee: Cell::new(false),
            met_contention: Cell::new(false),
            has_waited: Cell::new(false),
            transaction: None,
        };
        let vm = Vm::new(run.block, run.precompiles, &run.system.idle, view, keccak);
        let stats = Report {
            number,
            ..Report::default()
        };
        Self {
            run,
            number,
            arenas,
            vm,
            effects: Effects::default(),
            claimed: (0, 0),
            calm: 0,
            looks_at_credits: false,
            stats,
        }
    }

    /// The whole life of a helper.
    pub(crate) fn work_and_report(mut self) {
        self.work();
        self.report();
    }

    /// Files the counters and gives the caches back.
    pub(crate) fn report(self) {
        let mut reports = self
            .run
            .reports
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let number = self.number;
        match reports.iter_mut().find(|report| report.number == number) {
            Some(report) => report.add(self.stats),
            None => reports.push(self.stats),
        }
        drop(reports);
        // SAFETY: as in `new`; this worker is the only user of the number.
        let caches = unsafe { self.run.caches.get(self.number) };
        caches.put(self.vm.into_caches());
    }

    /// Does `work` and counts the time.
    pub(crate) fn timed(&mut self, work: impl FnOnce(&mut Self)) {
        let started = Instant::now();
        work(self);
        self.stats.working += started.elapsed();
    }

    /// Counts payments that were executed together.
    pub(crate) fn count_payments(&mut self, count: usize) {
        self.stats.executions += count as u64;
        self.stats.plain_transfers += count as u64;
    }

    /// Works until everything is committed, or something has failed.
    pub(crate) fn work(&mut self) {
        let guard = HaltOnPanic(self.run.scheduler);
        let started = Instant::now();
        let scheduler = self.run.scheduler;
        let mut yields = 0u32;
        while !scheduler.is_finished() {
            if scheduler.excludes(self.number) && self.claimed.1 == 0 {
                let number = self.number;
                self.idle(|| scheduler.stay_away(number));
                continue;
            }
            match self.next() {
                Some(tx) => self.run_transaction(tx),
                // Somebody is about to commit it, or handing it to a caller who takes
                // his time.
                None if scheduler.is_head_done() => {
                    yields += 1;
                    match yields.is_multiple_of(YIELDS) {
                        true => self.idle(|| scheduler.wait_for_commit()),
                        false => std::thread::yield_now(),
                    }
                }
                None => {
                    self.idle(|| scheduler.wait_for_work());
                    scheduler.wake_another();
                }
            }
            self.commit_what_is_done();
        }
        scheduler.release_all();
        self.stats.working += started.elapsed();
        std::mem::forget(guard);
    }

    /// What to run next.
    fn next(&mut self) -> Option<usize> {
        if !self.run.config.record_timelines {
            return self.next_of_run().or_else(|| self.claim());
        }
        let started = Instant::now();
        let next = self.next_of_run().or_else(|| self.claim());
        self.stats.claiming += started.elapsed();
        next
    }

    fn commit_what_is_done(&mut self) {
        if !self.run.config.record_timelines {
            return self.commit_prefix();
        }
        let started = Instant::now();
        self.commit_prefix();
        self.stats.committing += started.elapsed();
    }

    /// Takes the lowest ready transaction, and as long as there are no conflicts a
    /// few that follow: claiming them one by one means to pass cache lines to and
    /// fro between the workers.
    fn claim(&mut self) -> Option<usize> {
        let tx = self.run.scheduler.claim()?;
        let most = match self.calm {
            _ if self.vm.was_plain_transfer() => PAYMENT_RUN,
            CALM.. => RUN,
            _ => return Some(tx),
        };
        let (first, rest) = self.run.block.transactions[tx..].split_first()?;
        let more = rest
            .iter()
            .take(most - 1)
            .take_while(|tx| tx.caller != first.caller)
            .count();
        if more > 0 {
            self.claimed = (tx + 1, self.run.scheduler.claim_run(tx + 1, more));
        }
        Some(tx)
    }

    /// The next transaction of those that were claimed together.
    fn next_of_run(&mut self) -> Option<usize> {
        let (start, bits) = self.claimed;
        if bits == 0 {
            return None;
        }
        let skip = bits.trailing_zeros();
        self.claimed = (
            start + skip as usize + 1,
            bits.checked_shr(skip + 1).unwrap_or(0),
        );
        Some(start + skip as usize)
    }

    fn idle(&mut self, sleep: impl FnOnce()) {
        let started = Instant::now();
        sleep();
        self.stats.idle += started.elapsed();
    }

    /// Runs a claimed transaction until it is done, waits for another one, or
    /// belongs to somebody else. What then becomes ready is claimed like anything
    /// else, the lowest first: that is the next link of a chain, if it is one.
    fn run_transaction(&mut self, tx: usize) {
        let scheduler = self.run.scheduler;
        let Some(mut incarnation) = scheduler.begin(tx) else {
            return;
        };
        loop {
            let mode = if scheduler.committed() == tx {
                Mode::Final
            } else {
                Mode::Speculative
            };
            let ended = match self.predecessor(tx, mode) {
                Some(on) => Err(Interruption::Stall(index_of(on))),
                None => self.attempt(tx, incarnation, mode),
            };
            match ended {
                // Most likely the one before has not been started yet.
                Ok(Err(failure))
                    if mode == Mode::Speculative
                        && is_early(&failure)
                        && !scheduler.is_stable(tx - 1) =>
                {
                    match self.wait_for(tx, incarnation, tx - 1) {
                        Some(next) => incarnation = next,
                        None => return,
                    }
                }
                Ok(verdict) => {
                    self.publish(tx, incarnation, verdict);
                    // In final mode nobody is left who could have changed anything.
                    let stale = mode == Mode::Speculative && !self.own_reads_hold(tx);
                    if stale || !scheduler.transaction(tx).status.confirm(incarnation) {
                        self.calm = 0;
                        incarnation = scheduler.rerun(tx, incarnation);
                        continue;
                    }
                    self.note_end(incarnation > 0);
                    scheduler.wake_waiters(tx);
                    return;
                }
                Err(Interruption::Stale) => {
                    self.stats.aborts += 1;
                    self.calm = 0;
                    self.blame(tx);
                    incarnation = scheduler.restart(tx, incarnation);
                }
                Err(Interruption::Stall(on)) => {
                    self.blame(tx);
                    match self.wait_for(tx, incarnation, (on - FIRST) as usize) {
                        Some(next) => incarnation = next,
                        None => return,
                    }
                }
            }
        }
    }

    /// Learns from how the transaction that has just been confirmed went.
    fn note_end(&mut self, was_repeated: bool) {
        let view = &self.vm.journal().view;
        let (met_contention, has_waited) = (view.met_contention.take(), view.has_waited.take());
        self.calm = match met_contention {
            true => 0,
            false => self.calm.saturating_add(1),
        };
        if was_repeated || has_waited {
            self.run.scheduler.note_conflict();
        }
    }

    /// Puts a running transaction aside until `on` is finished. If it is by now,
    /// the incarnation with which to go on.
    fn wait_for(&mut self, tx: usize, incarnation: u32, on: usize) -> Option<u32> {
        self.stats.stalls += 1;
        self.calm = 0;
        self.run.scheduler.note_conflict();
        if self.run.scheduler.stall(tx, incarnation, on) {
            return None;
        }
        self.run.scheduler.begin(tx)
    }
}

/// Whether a transaction may have failed only because it came too early.
fn is_early<E>(failure: &Failure<E>) -> bool {
    matches!(
        failure,
        Failure::Invalid(InvalidTransaction::NonceTooHigh { .. })
    )
}

/// Lets the other workers end if this one panics; the pool passes the panic on.
struct HaltOnPanic<'m>(&'m crate::scheduler::Scheduler);

impl Drop for HaltOnPanic<'_> {
    fn drop(&mut self) {
        self.0.halt();
    }
}
