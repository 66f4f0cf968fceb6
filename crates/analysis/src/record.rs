//! Making a trace: execute the block several times, each time watching something else.
//!
//! ```text
//! plain revm                                  sequential time
//! plain revm with an observer                 where in a transaction what is read
//! engine, 1 worker                            total
//! engine, 1 worker, timelines                 each transaction, claims, commits
//! engine, 1 worker, dependencies              who read whose writes; noting reads
//! engine, 1 worker, no runs of payments       a payment on its own and in a run
//! ```

mod clock;
mod traced;

use crate::{
    costs::{Costs, PAYMENT_RUN},
    names::Names,
    observer::Recorder,
    trace::Trace,
};
use clock::{clock, looks, wake};
use parallax_engine::{Block, BlockOutput, Engine, EngineConfig, EngineError, Stats, sequential};
use revm::DatabaseRef;
use std::time::{Duration, Instant};
use traced::traced;

/// How a trace is made.
#[derive(Clone, Copy, Debug)]
pub struct Recording {
    /// How often each way is timed; medians are taken.
    pub runs: usize,
}

impl Default for Recording {
    /// Five runs.
    fn default() -> Self {
        Self { runs: 5 }
    }
}

/// Why there is no trace.
#[derive(Debug, thiserror::Error)]
pub enum RecordError<E> {
    /// The engine's thread could not be started.
    #[error("cannot start the engine")]
    Threads(#[source] std::io::Error),
    /// The block cannot be executed.
    #[error("the block cannot be executed: {0}")]
    Execution(EngineError<E>),
    /// The engine's result is not that of plain revm. What was measured is worthless.
    #[error("the engine's receipts differ from those of plain revm at transaction {0}")]
    Wrong(usize),
}

impl<E> From<EngineError<E>> for RecordError<E> {
    fn from(error: EngineError<E>) -> Self {
        Self::Execution(error)
    }
}

/// Times that were measured with several workers, to compare predictions with.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Measured {
    /// Workers of the engine.
    pub workers: usize,
    /// Median.
    pub elapsed: Duration,
    /// Repeated executions per run.
    pub repeated: f64,
}

/// Executes a block as often as it takes, and says what each transaction took and
/// depended on, and what the things in it are called.
///
/// Times are those of one thread on an otherwise idle machine, at best.
///
/// # Errors
///
/// If the block cannot be executed.
pub fn record<DB: DatabaseRef + Sync>(
    block: &Block,
    db: &DB,
    recording: &Recording,
) -> Result<(Trace, Names), RecordError<DB::Error>> {
    record_stepwise(block, db, recording, &mut || {})
}

/// As [`record`], and calls `step` after each of the [`Recording::runs`], for whoever
/// shows progress.
///
/// # Errors
///
/// As [`record`].
pub fn record_stepwise<DB: DatabaseRef + Sync>(
    block: &Block,
    db: &DB,
    recording: &Recording,
    step: &mut dyn FnMut(),
) -> Result<(Trace, Names), RecordError<DB::Error>> {
    let runs = recording.runs.max(1);
    let observed = sequential::observe(block, db, Recorder::default())?;
    let engines = Engines::start().map_err(RecordError::Threads)?;
    let expected = sequential::replay(block, db, false)?;
    let dependencies = engines.noting.replay(block, db)?;
    if let Some(wrong) = first_difference(&expected, &dependencies) {
        return Err(RecordError::Wrong(wrong));
    }
    let mut samples = Samples::default();
    for _ in 0..runs {
        samples.take(block, db, &engines)?;
        step();
    }
    let mut trace = Trace {
        transactions: traced(block, &observed.seen, &dependencies.stats),
        sequential: median(&mut samples.sequential),
        one_worker: median(&mut samples.whole),
        touches: observed.touches.clone(),
        ..Trace::default()
    };
    // Each was timed by reading the clock twice, one of which is in the time.
    let clock = clock();
    for (tx, nanos) in trace.transactions.iter_mut().zip(&mut samples.executions) {
        tx.nanos = median(nanos).saturating_sub(clock);
    }
    trace.costs = samples.costs(&trace);
    let names = Names::new(&observed);
    Ok((trace, names))
}

/// Measures the engine with so many workers.
///
/// # Errors
///
/// As [`record`].
pub fn measure_parallel<DB: DatabaseRef + Sync>(
    block: &Block,
    db: &DB,
    workers: usize,
    recording: &Recording,
) -> Result<Measured, RecordError<DB::Error>> {
    let config = EngineConfig {
        workers,
        ..EngineConfig::default()
    };
    let engine = Engine::new(config).map_err(RecordError::Threads)?;
    engine.replay(block, db)?;
    let runs = recording.runs.max(1);
    let (mut elapsed, mut repeated) = (Vec::new(), 0);
    for _ in 0..runs {
        let stats = engine.replay(block, db)?.stats;
        elapsed.push(stats.elapsed);
        repeated += stats.reexecutions;
    }
    Ok(Measured {
        workers,
        elapsed: median(&mut elapsed),
        repeated: repeated as f64 / runs as f64,
    })
}

/// One worker each, which watches different things.
struct Engines {
    whole: Engine,
    one_by_one: Engine,
    timing: Engine,
    noting: Engine,
}

impl Engines {
    fn start() -> std::io::Result<Self> {
        let one = EngineConfig {
            workers: 1,
            ..EngineConfig::default()
        };
        Ok(Self {
            whole: Engine::new(one)?,
            one_by_one: Engine::new(EngineConfig {
                payment_run: usize::MAX,
                ..one
            })?,
            timing: Engine::new(EngineConfig {
                record_timelines: true,
                ..one
            })?,
            noting: Engine::new(EngineConfig {
                dependencies: true,
                ..one
            })?,
        })
    }
}

/// What the timed runs gave, one entry for each.
#[derive(Default)]
struct Samples {
    sequential: Vec<Duration>,
    whole: Vec<Duration>,
    one_by_one: Vec<Duration>,
    noting: Vec<Duration>,
    claiming: Vec<u64>,
    committing: Vec<u64>,
    outside: Vec<u64>,
    gathering: Vec<u64>,
    /// For each transaction.
    executions: Vec<Vec<u64>>,
}

impl Samples {
    fn take<DB: DatabaseRef + Sync>(
        &mut self,
        block: &Block,
        db: &DB,
        engines: &Engines,
    ) -> Result<(), EngineError<DB::Error>> {
        let started = Instant::now();
        let executed = sequential::replay_bundle(block, db, false)?;
        self.sequential.push(started.elapsed());
        drop(executed);
        self.whole
            .push(engines.whole.replay(block, db)?.stats.elapsed);
        let alone = engines.one_by_one.replay(block, db)?;
        self.one_by_one.push(alone.stats.elapsed);
        let noting = engines.noting.replay(block, db)?;
        self.noting.push(noting.stats.elapsed);
        self.time(block, &engines.timing.replay(block, db)?.stats);
        Ok(())
    }

    fn time(&mut self, block: &Block, stats: &Stats) {
        self.executions
            .resize_with(block.transactions.len(), Vec::new);
        let mut busy = Duration::ZERO;
        for timeline in &stats.timelines {
            busy += timeline.busy;
            self.claiming.push(nanos(timeline.claiming));
            self.committing.push(nanos(timeline.committing));
            for span in &timeline.spans {
                self.executions[span.tx].push(nanos(span.end.saturating_sub(span.start)));
            }
        }
        let outside = stats.elapsed.saturating_sub(busy + stats.gathering);
        self.outside.push(nanos(outside));
        self.gathering.push(nanos(stats.gathering));
    }

    /// What is left of the whole for each operation, so that on one worker the model
    /// takes as long as the engine did.
    fn costs(&mut self, trace: &Trace) -> Costs {
        let count = trace.transactions.len().max(1) as u64;
        let clock = clock();
        let [block, gather, claiming, committing] = [
            &mut self.outside,
            &mut self.gathering,
            &mut self.claiming,
            &mut self.committing,
        ]
        .map(|values| median(values));
        let executing = nanos(trace.total());
        let alone = nanos(median(&mut self.one_by_one));
        let working = alone.saturating_sub(block + gather);
        let claim = (claiming / count).saturating_sub(clock);
        let commit = (committing / count).saturating_sub(clock);
        let around = working.saturating_sub(executing) / count;
        let publish = around.saturating_sub(claim + commit);
        let noting = nanos(median(&mut self.noting)).saturating_sub(alone);
        let whole = nanos(trace.one_worker);
        let payment = self.payment(trace, alone, whole, claim + publish + commit);
        Costs {
            claim,
            publish,
            commit,
            stall: claim + publish / 2,
            wake: wake(),
            look: looks(LOOKS),
            patience: looks(LOOKS_AT_WRITER),
            speculation: 1.0 + (noting as f64 / executing.max(1) as f64).min(1.0),
            payment,
            block,
            gather,
        }
    }

    /// What a payment of a run takes: those outside of runs take what they took alone.
    fn payment(&self, trace: &Trace, alone: u64, whole: u64, around: u64) -> u64 {
        let runs = trace.payment_runs(PAYMENT_RUN);
        let settled: usize = runs.iter().map(ExactSizeIterator::len).sum();
        if settled == 0 {
            return 0;
        }
        let runs = runs.into_iter().flatten();
        let before: u64 = runs.map(|tx| trace.transactions[tx].nanos + around).sum();
        (whole + before).saturating_sub(alone) / settled as u64
    }
}

/// As in the engine: how often it looks for work, and at the writer of a slot.
const LOOKS: u32 = 64;
const LOOKS_AT_WRITER: u32 = 1024;

/// The first transaction whose outcome differs.
fn first_difference(expected: &BlockOutput, got: &BlockOutput) -> Option<usize> {
    let pairs = expected.outcomes.iter().zip(&got.outcomes);
    let different = pairs.enumerate().find(|(_, (a, b))| a != b);
    let missing = expected.outcomes.len().min(got.outcomes.len());
    different
        .map(|(tx, _)| tx)
        .or_else(|| (expected.outcomes.len() != got.outcomes.len()).then_some(missing))
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

fn median<T: Ord + Copy + Default>(values: &mut [T]) -> T {
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or_default()
}
