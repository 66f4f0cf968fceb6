//! One line of the table.

use super::{
    row::Row,
    target::{self, Target},
};
use crate::cli::Mode;
use crate::harness::{
    details::{Details, Hot},
    examine::Examination,
    observe::Observation,
    statistics::Times,
};

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
    /// What the workers collided at, most frequent first; of one block only.
    pub(crate) conflicts: Vec<Hot>,
    /// Transactions in the longest chain of which each read what one before wrote;
    /// of one block only.
    pub(crate) longest_chain: Option<usize>,
}

/// Which of a row's lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Variant {
    /// One block in replay mode.
    Replay,
    /// One block in build mode.
    Build,
    /// Many blocks in replay mode, geometric mean.
    GeometricMean,
    /// The block with the least speed-up of these.
    Worst,
    /// Many blocks in verify mode, geometric mean.
    VerifyGeometricMean,
}

impl Variant {
    /// That of the line of a made-up block.
    fn of_made_up(row: Row) -> Self {
        match row.mode() {
            Mode::Build => Self::Build,
            Mode::Replay | Mode::Verify => Self::Replay,
        }
    }
}

/// What was measured; times are medians.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Figures {
    /// Timed runs of each way.
    pub(crate) runs: usize,
    pub(crate) sequential_ms: f64,
    pub(crate) parallel_ms: f64,
    /// Interquartile range as a fraction of the median.
    pub(crate) sequential_spread: f64,
    /// The same for the parallel times.
    pub(crate) parallel_spread: f64,
    pub(crate) speedup: f64,
    /// CPU time of all threads.
    pub(crate) sequential_cpu_ms: f64,
    /// The same for the parallel times.
    pub(crate) parallel_cpu_ms: f64,
    pub(crate) cpu_efficiency: f64,
    /// Repeated executions per run.
    pub(crate) reexecutions: f64,
    /// Transactions that waited for an earlier one, per run.
    pub(crate) stalls: f64,
    /// Parallel time by the least that a schedule of whole transactions can take.
    pub(crate) chain_bound_ratio: Option<f64>,
    pub(crate) commit: Option<Commit>,
    /// Memory that executing the block takes.
    pub(crate) peak_bytes: Option<u64>,
}

/// How long after the call of the engine transactions were committed and delivered,
/// in microseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Commit {
    pub(crate) p50_us: f64,
    pub(crate) p99_us: f64,
}

impl Figures {
    /// The figures of one block, if its results were right.
    pub(crate) fn of(
        examination: &Examination,
        observation: Option<&Observation>,
        workers: usize,
    ) -> Option<Self> {
        let timing = examination.timing.as_ref()?;
        let (sequential, parallel) = (&timing.sequential, &timing.parallel);
        let milliseconds = |times: &Times| times.median().as_secs_f64() * 1e3;
        let parallel_ms = milliseconds(&parallel.wall);
        let least_ms = observation.map(|seen| seen.least_time(workers).as_secs_f64() * 1e3);
        let details = examination.details.as_ref();
        Some(Self {
            runs: timing.runs(),
            sequential_ms: milliseconds(&sequential.wall),
            parallel_ms,
            sequential_spread: sequential.wall.spread(),
            parallel_spread: parallel.wall.spread(),
            speedup: timing.speedup(),
            sequential_cpu_ms: milliseconds(&sequential.cpu),
            parallel_cpu_ms: milliseconds(&parallel.cpu),
            cpu_efficiency: timing.cpu_efficiency(),
            reexecutions: examination.mean_reexecutions,
            stalls: details.map_or(0.0, |details| details.stalls),
            chain_bound_ratio: least_ms
                .filter(|least| *least > 0.0)
                .map(|least| parallel_ms / least),
            commit: details.and_then(Commit::of),
            peak_bytes: details.and_then(|details| details.peak_bytes),
        })
    }
}

impl Commit {
    fn of(details: &Details) -> Option<Self> {
        let times = &details.commits;
        let microseconds = |fraction| times.quantile(fraction).as_secs_f64() * 1e6;
        (times.count() > 0).then(|| Self {
            p50_us: microseconds(0.5),
            p99_us: microseconds(0.99),
        })
    }
}

impl Line {
    /// The line of a made-up block.
    pub(crate) fn made(
        row: Row,
        workers: usize,
        examination: &Examination,
        observation: Option<&Observation>,
    ) -> Self {
        let details = examination.details.as_ref();
        Self {
            workload: row.name(),
            variant: Variant::of_made_up(row),
            block: None,
            txs: examination.transactions,
            gas: examination.gas,
            workers,
            figures: Figures::of(examination, observation, workers),
            verified: examination.verdict.verified(),
            failures: failures(row.name(), workers, examination),
            target: target_for(workers, target::of_made_up(row)),
            conflicts: details.map_or_else(Vec::new, |details| details.conflicts.clone()),
            longest_chain: observation.map(Observation::longest_chain),
        }
    }

    /// Takes the figures back, because the result is wrong after all.
    pub(crate) fn refute(&mut self, failure: String) {
        self.figures = None;
        self.verified = false;
        self.failures.push(failure);
    }

    /// What people call it.
    pub(crate) fn title(&self) -> String {
        title(self.workload, self.variant, self.block)
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
        self.per_transaction(|figures| figures.reexecutions)
    }

    /// How often a transaction waited for an earlier one, per transaction and run.
    pub(crate) fn stall_rate(&self) -> Option<f64> {
        self.per_transaction(|figures| figures.stalls)
    }

    /// CPU microseconds for each transaction, sequential and parallel.
    pub(crate) fn cpu_us_per_tx(&self) -> Option<[f64; 2]> {
        Some([
            self.per_transaction(|figures| figures.sequential_cpu_ms * 1e3)?,
            self.per_transaction(|figures| figures.parallel_cpu_ms * 1e3)?,
        ])
    }

    /// In MiB, what the engine needs.
    pub(crate) fn peak_mib(&self) -> Option<f64> {
        let bytes = self.figures?.peak_bytes?;
        Some(bytes as f64 / (1_u64 << 20) as f64)
    }

    fn per_transaction(&self, figure: impl Fn(&Figures) -> f64) -> Option<f64> {
        let figures = self.figures.as_ref()?;
        Some(figure(figures) / self.txs.max(1) as f64)
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

/// The name of a row's line for people.
pub(super) fn title(workload: &str, variant: Variant, block: Option<u64>) -> String {
    match variant {
        Variant::Replay | Variant::Build => workload.to_owned(),
        Variant::GeometricMean => "real blocks >= 4M gas: geometric mean".to_owned(),
        Variant::Worst => {
            let block = block.map_or_else(String::new, |block| format!(" {block}"));
            format!("real blocks >= 4M gas: worst{block}")
        }
        Variant::VerifyGeometricMean => "real blocks >= 4M gas: verify, geometric mean".to_owned(),
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
