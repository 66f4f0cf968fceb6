//! One line of the table.

use super::{
    row::Row,
    target::{self, Target},
};
use crate::harness::examine::Examination;

/// One line of the table: a block, or many together.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// The name of the row.
    pub(crate) workload: &'static str,
    pub(crate) variant: Variant,
    /// The block in question, for the worst of many.
    pub(crate) block: Option<u64>,
    pub(crate) txs: usize,
    pub(crate) gas: u64,
    pub(crate) workers: usize,
    /// Absent if a result was wrong.
    pub(crate) figures: Option<Figures>,
    pub(crate) verified: bool,
    /// What was wrong.
    pub(crate) failures: Vec<String>,
    pub(crate) target: Option<Target>,
}

/// Which of a row's lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Variant {
    /// One block in replay mode.
    Replay,
    /// Many blocks in replay mode, geometric mean.
    GeometricMean,
    /// The block with the least speed-up of these.
    Worst,
    /// Many blocks in verify mode, geometric mean.
    VerifyGeometricMean,
}

/// What was measured; times are medians.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Figures {
    pub(crate) sequential_ms: f64,
    pub(crate) parallel_ms: f64,
    /// Interquartile range as a fraction of the median.
    pub(crate) sequential_spread: f64,
    /// The same for the parallel times.
    pub(crate) parallel_spread: f64,
    pub(crate) speedup: f64,
    pub(crate) cpu_efficiency: f64,
    /// Repeated executions per run.
    pub(crate) reexecutions: f64,
}

impl Figures {
    /// The figures of one block, if its results were right.
    pub(crate) fn of(examination: &Examination) -> Option<Self> {
        let timing = examination.timing.as_ref()?;
        Some(Self {
            sequential_ms: timing.sequential.wall.median().as_secs_f64() * 1e3,
            parallel_ms: timing.parallel.wall.median().as_secs_f64() * 1e3,
            sequential_spread: timing.sequential.wall.spread(),
            parallel_spread: timing.parallel.wall.spread(),
            speedup: timing.speedup(),
            cpu_efficiency: timing.cpu_efficiency(),
            reexecutions: examination.mean_reexecutions,
        })
    }
}

impl Line {
    /// The line of a made-up block.
    pub(crate) fn made(row: Row, workers: usize, examination: &Examination) -> Self {
        Self {
            workload: row.name(),
            variant: Variant::Replay,
            block: None,
            txs: examination.transactions,
            gas: examination.gas,
            workers,
            figures: Figures::of(examination),
            verified: examination.verdict.verified(),
            failures: failures(row.name(), workers, examination),
            target: target_for(workers, target::of_made_up(row)),
        }
    }

    /// Transactions per second of the parallel way.
    pub(crate) fn transactions_per_second(&self) -> Option<f64> {
        let figures = self.figures?;
        Some(self.txs as f64 / (figures.parallel_ms / 1e3))
    }

    /// Billions of gas per second of the parallel way.
    pub(crate) fn gigagas_per_second(&self) -> Option<f64> {
        let figures = self.figures?;
        Some(self.gas as f64 / 1e9 / (figures.parallel_ms / 1e3))
    }

    /// Repeated executions per transaction and run.
    pub(crate) fn reexecution_rate(&self) -> Option<f64> {
        let figures = self.figures?;
        Some(figures.reexecutions / self.txs.max(1) as f64)
    }

    /// Whether the target was met, if there is one.
    pub(crate) fn target_met(&self) -> Option<bool> {
        let target = self.target?;
        let met = self
            .figures
            .is_some_and(|figures| target.is_met(figures.speedup, figures.cpu_efficiency));
        Some(met)
    }
}

/// One worker has nothing to gain from, so targets do not apply.
pub(super) fn target_for(workers: usize, target: Option<Target>) -> Option<Target> {
    target.filter(|_| workers > 1)
}

/// What was wrong with a block, named for the terminal.
pub(super) fn failures(name: &str, workers: usize, examination: &Examination) -> Vec<String> {
    examination
        .verdict
        .failures()
        .map(|failure| format!("{name}, {workers} workers: {failure}"))
        .collect()
}
