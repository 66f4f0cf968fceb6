//! A discrete-event model of the engine's scheduler.
//!
//! ```text
//!          claim      execute        publish   commit
//! worker 0 ├─┼───────────●───────────────┼───────┼──┤├─┼ ...
//!                        │ read: of a finished writer, of an unfinished one (stale
//!                        │ as soon as that publishes), or wait at a contended slot
//! worker 1 ├─┼────●──────┼─ ...
//! ```
//!
//! It does what `worker.rs`, `scheduler.rs` and `hints.rs` of the engine do, step by
//! step, with measured times instead of work: the lowest ready transaction of a window
//! first, a few at once where there are no conflicts; speculative reads; invalidation
//! when a writer publishes; senders and contended slots that let others wait; commits
//! in order by one worker at a time; sleeping; workers sent away while they are in the
//! way, `width.rs`.
//!
//! What it assumes:
//!
//! - A stale execution touches the same locations as the last one, takes as long, and
//!   writes other values; so its readers are stale too.
//! - A worker is never slowed down by others: caches, memory and hyper-threads are not
//!   modelled. Predictions are therefore upper limits of what a machine does.
//! - Only reads of what the block itself wrote matter.
//!
//! Everything that comes out of it is simulated and has to be called so.

mod hints;
mod machine;
mod subject;
mod transaction;
mod width;
mod worker;

use crate::{costs::PAYMENT_RUN, trace::Trace};
use machine::Machine;
use std::time::Duration;

/// How a block would run on so many cores. Not measured.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Simulated {
    /// How many cores.
    pub cores: usize,
    /// From the call to the result.
    pub elapsed: Duration,
    /// Executions of transactions, repeated and abandoned ones included.
    pub executions: u64,
    /// Executions beyond the first of each transaction.
    pub repeated: u64,
    /// Times that a transaction was put aside to wait for another one.
    pub put_aside: u64,
    /// What the workers did when, in nanoseconds from the start; by end.
    pub segments: Vec<Segment>,
}

impl Simulated {
    /// How many times faster than plain revm was when the trace was recorded; 1 if
    /// that is not known.
    #[must_use]
    pub fn speedup(&self, trace: &Trace) -> f64 {
        if trace.sequential.is_zero() || self.elapsed.is_zero() {
            return 1.0;
        }
        trace.sequential.as_secs_f64() / self.elapsed.as_secs_f64()
    }
}

/// What a worker did for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Which worker.
    pub worker: usize,
    /// With which transaction.
    pub tx: usize,
    /// Start in nanoseconds.
    pub start: u64,
    /// End in nanoseconds.
    pub end: u64,
    /// What.
    pub kind: SegmentKind,
}

/// What a worker did with a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SegmentKind {
    /// Executed it; this result was committed.
    Executed,
    /// Executed it for nothing, since it had read something stale.
    Wasted,
    /// Began it and put it aside.
    PutAside,
    /// Waited at a slot. Lies within one of the others.
    Waiting,
    /// Settled it as one of a run of payments.
    Payment,
}

/// Runs a trace on a model of the engine with so many workers, each on a core of its
/// own. The same trace gives the same result.
#[must_use]
pub fn simulate(trace: &Trace, cores: usize) -> Simulated {
    let cores = cores.max(1);
    let mut simulated = Simulated {
        cores,
        ..Simulated::default()
    };
    let mut now = trace.costs.block;
    let mut from = 0;
    let all = trace.transactions.len();
    for run in trace.payment_runs(PAYMENT_RUN) {
        now = Machine::new(trace, from..run.start, cores, now).run(&mut simulated);
        now = settle(trace, run.clone(), cores, now, &mut simulated);
        from = run.end;
    }
    now = Machine::new(trace, from..all, cores, now).run(&mut simulated);
    now += trace.costs.gather / cores as u64;
    simulated.elapsed = Duration::from_nanos(now);
    simulated
}

/// Rounds in which a run of payments is settled; workers wait for each other after
/// each.
const ROUNDS: u64 = 3;

/// A run of payments, which all workers share; when it ends.
fn settle(
    trace: &Trace,
    run: std::ops::Range<usize>,
    cores: usize,
    now: u64,
    simulated: &mut Simulated,
) -> u64 {
    let helped = if cores > 1 { 1 } else { 0 };
    let each = trace.costs.payment;
    let chunk = run.len().div_ceil(cores);
    for (worker, tx) in run.clone().step_by(chunk).enumerate() {
        let count = chunk.min(run.end - tx) as u64;
        simulated.executions += count;
        simulated.segments.push(Segment {
            worker,
            tx,
            start: now,
            end: now + count * each,
            kind: SegmentKind::Payment,
        });
    }
    now + chunk as u64 * each + helped * ROUNDS * trace.costs.wake
}

#[cfg(test)]
mod tests;
