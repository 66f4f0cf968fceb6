//! Bounds, what the model of the scheduler predicts, and how far that is off.

use super::ms;
use eyre::Result;
use parallax_analysis::{Bound, Recording, Simulated, Trace, measure_parallel, simulate};
use parallax_engine::Block;
use revm::DatabaseRef;
use serde::Serialize;

/// Cores that bounds are given for.
pub(super) const CORES: [usize; 5] = [2, 4, 8, 16, 64];

/// Cores that are simulated.
pub(super) const SIMULATED: [usize; 8] = [1, 2, 4, 8, 16, 32, 64, 128];

#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct BoundFound {
    pub(crate) cores: usize,
    pub(crate) whole: f64,
    pub(crate) overlapped: f64,
    pub(crate) list: f64,
}

/// A point of the simulated curve.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Curve {
    pub(crate) cores: usize,
    pub(crate) ms: f64,
    pub(crate) speedup: f64,
    pub(crate) reexecutions: u64,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Validation {
    pub(crate) workers: usize,
    pub(crate) predicted_ms: f64,
    pub(crate) measured_ms: f64,
    /// Of the measured time; positive if the prediction was too long.
    pub(crate) error: f64,
    pub(crate) predicted_reexecutions: u64,
    pub(crate) measured_reexecutions: f64,
    /// What measuring it gave as speed-up.
    pub(crate) measured_speedup: f64,
}

/// Costs of the engine's operations that the model used, in nanoseconds.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct CostsFound {
    claim: u64,
    publish: u64,
    commit: u64,
    stall: u64,
    wake: u64,
    payment: u64,
    block: u64,
    gather: u64,
    speculation: f64,
}

/// Predicts two workers and measures them, where the machine has as many cores.
pub(super) fn validate<DB: DatabaseRef + Sync>(
    block: &Block,
    db: &DB,
    recording: &Recording,
    trace: &Trace,
) -> Result<Option<Validation>>
where
    DB::Error: Send + 'static,
{
    const WORKERS: usize = 2;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    if cores < WORKERS || block.transactions.len() < WORKERS {
        return Ok(None);
    }
    let measured = measure_parallel(block, db, WORKERS, recording)?;
    let predicted = simulate(trace, WORKERS);
    let [predicted_ms, measured_ms] = [predicted.elapsed, measured.elapsed].map(ms);
    Ok(Some(Validation {
        workers: WORKERS,
        predicted_ms,
        measured_ms,
        error: predicted_ms / measured_ms - 1.0,
        predicted_reexecutions: predicted.repeated,
        measured_reexecutions: measured.repeated,
        measured_speedup: ms(trace.sequential) / measured_ms,
    }))
}

pub(super) fn bound(bound: Bound) -> BoundFound {
    BoundFound {
        cores: bound.cores,
        whole: bound.whole,
        overlapped: bound.overlapped,
        list: bound.list,
    }
}

pub(super) fn curve(trace: &Trace, simulated: &Simulated) -> Curve {
    Curve {
        cores: simulated.cores,
        ms: ms(simulated.elapsed),
        speedup: simulated.speedup(trace),
        reexecutions: simulated.repeated,
    }
}

pub(super) fn costs(trace: &Trace) -> CostsFound {
    let costs = &trace.costs;
    CostsFound {
        claim: costs.claim,
        publish: costs.publish,
        commit: costs.commit,
        stall: costs.stall,
        wake: costs.wake,
        payment: costs.payment,
        block: costs.block,
        gather: costs.gather,
        speculation: costs.speculation,
    }
}
