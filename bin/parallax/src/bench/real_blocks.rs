//! Recorded blocks: each is measured on its own, lines are about all of them.

use super::{
    line::{Commit, Figures, Line, Variant, failures, target_for},
    row::Row,
    target::{self, Target},
};
use crate::{
    cli::Mode,
    harness::{
        case::Case,
        details::Hot,
        examine::{Effort, Examination, Examiner},
        observe::{Observation, Observer},
        statistics::geometric_mean,
    },
};
use eyre::Result;
use parallax_blocks::BlockFile;
use std::fmt;

/// Blocks with less gas are over before threads are awake.
const LEAST_GAS: u64 = 4_000_000;

/// How many blocks a line is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    /// Blocks that were measured.
    pub(crate) measured: usize,
    /// Blocks with too little gas.
    pub(crate) small: usize,
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} measured, {} have less than 4M gas; of all together: times and re-runs are sums, \
             speed-up, cpu and bound geometric means, spreads and commits means, memory the most",
            self.measured, self.small
        )
    }
}

/// Measures recorded blocks with every number of workers.
pub(crate) struct RealBlocks<'a> {
    observer: &'a Observer,
    sets: Vec<Set<'a>>,
    count: Count,
}

/// All blocks on one number of workers.
struct Set<'a> {
    workers: usize,
    replay: &'a Examiner,
    verify: Examiner,
    replayed: Vec<Measured>,
    verified: Vec<Measured>,
}

/// What is kept of a block.
struct Measured {
    block: u64,
    txs: usize,
    gas: u64,
    figures: Option<Figures>,
    failures: Vec<String>,
    conflicts: Vec<Hot>,
    longest_chain: Option<usize>,
}

impl<'a> RealBlocks<'a> {
    /// Starts engines for verify mode beside those for replay mode.
    pub(crate) fn new(replay: &'a [Examiner], observer: &'a Observer) -> Result<Self> {
        let start = |replay: &'a Examiner| {
            Ok(Set {
                workers: replay.workers(),
                replay,
                verify: replay.for_mode(Mode::Verify)?,
                replayed: Vec::new(),
                verified: Vec::new(),
            })
        };
        Ok(Self {
            observer,
            sets: replay.iter().map(start).collect::<Result<_>>()?,
            count: Count::default(),
        })
    }

    /// Measures a block unless it is too small. `line` is given a number of workers
    /// and what it should call with the effort for that.
    pub(crate) fn add(
        &mut self,
        file: BlockFile,
        observations: usize,
        mut line: impl FnMut(usize, &mut dyn FnMut(Effort<'_>) -> Examination) -> Examination,
    ) {
        if file.header.gas_used < LEAST_GAS {
            self.count.small += 1;
            return;
        }
        self.count.measured += 1;
        let block = file.number();
        let mut case = Case::Recorded(Box::new(file));
        let mut observation = None;
        for set in &mut self.sets {
            let workers = set.workers;
            let mut examine = |examiner: &Examiner| {
                line(workers, &mut |effort| examiner.examine(&mut case, effort))
            };
            let (replayed, verified) = (examine(set.replay), examine(&set.verify));
            if observation.is_none() {
                observation = self.observer.observe(&case, observations);
            }
            let seen = observation.as_ref();
            set.replayed
                .push(Measured::new(block, "replay", workers, &replayed, seen));
            // No chain holds up who is told all values in advance.
            set.verified
                .push(Measured::new(block, "verify", workers, &verified, None));
        }
    }

    /// How many blocks there were.
    pub(crate) fn count(&self) -> Count {
        self.count
    }

    /// The lines about all blocks added so far; none if there are no blocks.
    pub(crate) fn lines(&self) -> Vec<Line> {
        self.sets.iter().flat_map(Set::lines).collect()
    }
}

impl Measured {
    fn new(
        block: u64,
        mode: &str,
        workers: usize,
        examination: &Examination,
        observation: Option<&Observation>,
    ) -> Self {
        let name = format!("block {block}, {mode}");
        let details = examination.details.as_ref();
        Self {
            block,
            txs: examination.transactions,
            gas: examination.gas,
            figures: Figures::of(examination, observation, workers),
            conflicts: details.map_or_else(Vec::new, |details| details.conflicts.clone()),
            longest_chain: observation.map(Observation::longest_chain),
            failures: failures(&name, workers, examination),
        }
    }

    fn speedup(&self) -> Option<f64> {
        Some(self.figures?.speedup)
    }
}

impl Set<'_> {
    fn lines(&self) -> Vec<Line> {
        let lines = [
            mean(&self.replayed, Variant::GeometricMean, target::REAL_MEAN),
            worst(&self.replayed, target::REAL_WORST),
            mean(
                &self.verified,
                Variant::VerifyGeometricMean,
                target::REAL_VERIFY_MEAN,
            ),
        ];
        lines
            .into_iter()
            .flatten()
            .map(|line| Line {
                workers: self.workers,
                target: target_for(self.workers, line.target),
                ..line
            })
            .collect()
    }
}

/// All blocks together. One wrong block leaves no time for the line.
fn mean(blocks: &[Measured], variant: Variant, target: Target) -> Option<Line> {
    if blocks.is_empty() {
        return None;
    }
    let figures: Option<Vec<_>> = blocks.iter().map(|block| block.figures).collect();
    let failures: Vec<_> = blocks
        .iter()
        .flat_map(|block| block.failures.iter().cloned())
        .collect();
    Some(Line {
        workload: Row::RealBlocks.name(),
        variant,
        block: None,
        txs: blocks.iter().map(|block| block.txs).sum(),
        gas: blocks.iter().map(|block| block.gas).sum(),
        workers: 0,
        figures: figures.as_deref().and_then(mean_figures),
        verified: failures.is_empty(),
        failures,
        target: Some(target),
        conflicts: Vec::new(),
        longest_chain: None,
    })
}

/// Sums of times and counts, geometric means of ratios, means of spreads and delays,
/// the most memory.
fn mean_figures(figures: &[Figures]) -> Option<Figures> {
    let sum = |field: fn(&Figures) -> f64| figures.iter().map(field).sum::<f64>();
    let geometric = |field: fn(&Figures) -> f64| geometric_mean(figures.iter().map(field));
    let blocks = figures.len() as f64;
    let bounds: Option<Vec<_>> = figures.iter().map(|each| each.chain_bound_ratio).collect();
    Some(Figures {
        runs: figures.iter().map(|each| each.runs).min()?,
        sequential_ms: sum(|figures| figures.sequential_ms),
        parallel_ms: sum(|figures| figures.parallel_ms),
        sequential_spread: sum(|figures| figures.sequential_spread) / blocks,
        parallel_spread: sum(|figures| figures.parallel_spread) / blocks,
        speedup: geometric(|figures| figures.speedup)?,
        sequential_cpu_ms: sum(|figures| figures.sequential_cpu_ms),
        parallel_cpu_ms: sum(|figures| figures.parallel_cpu_ms),
        cpu_efficiency: geometric(|figures| figures.cpu_efficiency)?,
        reexecutions: sum(|figures| figures.reexecutions),
        stalls: sum(|figures| figures.stalls),
        chain_bound_ratio: bounds.and_then(geometric_mean),
        commit: mean_commit(figures),
        peak_bytes: figures.iter().filter_map(|each| each.peak_bytes).max(),
    })
}

fn mean_commit(figures: &[Figures]) -> Option<Commit> {
    let commits: Option<Vec<_>> = figures.iter().map(|figures| figures.commit).collect();
    let commits = commits?;
    let mean = |delay: fn(&Commit) -> f64| {
        commits.iter().map(delay).sum::<f64>() / commits.len().max(1) as f64
    };
    Some(Commit {
        p50_us: mean(|commit| commit.p50_us),
        p99_us: mean(|commit| commit.p99_us),
    })
}

/// The block with the least speed-up. Failures are told by the line of the mean.
fn worst(blocks: &[Measured], target: Target) -> Option<Line> {
    let speedup = |block: &&Measured| block.speedup().unwrap_or(0.0);
    let worst = blocks
        .iter()
        .min_by(|a, b| speedup(a).total_cmp(&speedup(b)))?;
    Some(Line {
        workload: Row::RealBlocks.name(),
        variant: Variant::Worst,
        block: Some(worst.block),
        txs: worst.txs,
        gas: worst.gas,
        workers: 0,
        figures: worst.figures,
        verified: worst.failures.is_empty(),
        failures: Vec::new(),
        target: Some(target),
        conflicts: worst.conflicts.clone(),
        longest_chain: worst.longest_chain,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(block: u64, speedup: Option<f64>) -> Measured {
        let figures = speedup.map(|speedup| Figures {
            sequential_ms: speedup,
            parallel_ms: 1.0,
            speedup,
            cpu_efficiency: 1.0,
            reexecutions: 2.0,
            chain_bound_ratio: Some(speedup),
            commit: Some(Commit {
                p50_us: speedup,
                p99_us: 2.0 * speedup,
            }),
            peak_bytes: Some(block),
            ..Figures::default()
        });
        let failures = if speedup.is_none() {
            vec!["wrong".to_owned()]
        } else {
            Vec::new()
        };
        Measured {
            block,
            txs: 10,
            gas: 5_000_000,
            figures,
            failures,
            conflicts: Vec::new(),
            longest_chain: None,
        }
    }

    const TARGET: Target = Target {
        speedup: 1.5,
        cpu_efficiency: None,
    };

    #[test]
    fn lines_are_about_all_blocks() {
        let blocks = [measured(7, Some(4.0)), measured(8, Some(1.0))];
        let line = mean(&blocks, Variant::GeometricMean, TARGET).unwrap();
        let figures = line.figures.unwrap();
        assert_eq!(figures.speedup, 2.0);
        assert_eq!((figures.sequential_ms, figures.parallel_ms), (5.0, 2.0));
        assert_eq!(line.reexecution_rate(), Some(0.2));
        assert_eq!(figures.chain_bound_ratio, Some(2.0));
        let commit = figures.commit.unwrap();
        assert_eq!((commit.p50_us, commit.p99_us), (2.5, 5.0));
        assert_eq!(figures.peak_bytes, Some(8));
        assert_eq!(line.target_met(), Some(true));
        let line = worst(&blocks, TARGET).unwrap();
        assert_eq!((line.block, line.target_met()), (Some(8), Some(false)));
    }

    #[test]
    fn one_wrong_block_leaves_no_time() {
        let blocks = [measured(7, Some(4.0)), measured(8, None)];
        let line = mean(&blocks, Variant::GeometricMean, TARGET).unwrap();
        assert!(line.figures.is_none() && !line.verified);
        assert_eq!(line.target_met(), Some(false));
        assert_eq!(worst(&blocks, TARGET).unwrap().block, Some(8));
        assert!(mean(&[], Variant::GeometricMean, TARGET).is_none());
    }
}
