//! Recorded blocks: each is measured on its own, lines are about all of them.

use super::{
    line::{Figures, Line, Variant, failures, target_for},
    row::Row,
    target::{self, Target},
};
use crate::{
    cli::Mode,
    harness::{
        case::Case,
        examine::{Examination, Examiner},
        statistics::geometric_mean,
    },
};
use eyre::Result;
use parallax_blocks::BlockFile;

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

/// Measures recorded blocks with every number of workers.
pub(crate) struct RealBlocks<'a> {
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
}

impl<'a> RealBlocks<'a> {
    /// Starts engines for verify mode beside those for replay mode.
    pub(crate) fn new(replay: &'a [Examiner]) -> Result<Self> {
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
            sets: replay.iter().map(start).collect::<Result<_>>()?,
            count: Count::default(),
        })
    }

    /// Measures a block unless it is too small.
    pub(crate) fn add(&mut self, file: BlockFile) {
        if file.header.gas_used < LEAST_GAS {
            self.count.small += 1;
            return;
        }
        self.count.measured += 1;
        let block = file.number();
        let mut case = Case::Recorded(Box::new(file));
        for set in &mut self.sets {
            let replayed = set.replay.examine(&mut case);
            let verified = set.verify.examine(&mut case);
            set.replayed
                .push(Measured::new(block, "replay", set.workers, &replayed));
            set.verified
                .push(Measured::new(block, "verify", set.workers, &verified));
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
    fn new(block: u64, mode: &str, workers: usize, examination: &Examination) -> Self {
        let name = format!("block {block}, {mode}");
        Self {
            block,
            txs: examination.transactions,
            gas: examination.gas,
            figures: Figures::of(examination),
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
    })
}

/// Sums of times and counts, geometric means of ratios, means of spreads.
fn mean_figures(figures: &[Figures]) -> Option<Figures> {
    let sum = |field: fn(&Figures) -> f64| figures.iter().map(field).sum::<f64>();
    let geometric = |field: fn(&Figures) -> f64| geometric_mean(figures.iter().map(field));
    let blocks = figures.len() as f64;
    Some(Figures {
        sequential_ms: sum(|figures| figures.sequential_ms),
        parallel_ms: sum(|figures| figures.parallel_ms),
        sequential_spread: sum(|figures| figures.sequential_spread) / blocks,
        parallel_spread: sum(|figures| figures.parallel_spread) / blocks,
        speedup: geometric(|figures| figures.speedup)?,
        cpu_efficiency: geometric(|figures| figures.cpu_efficiency)?,
        reexecutions: sum(|figures| figures.reexecutions),
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
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(block: u64, speedup: Option<f64>) -> Measured {
        let figures = speedup.map(|speedup| Figures {
            sequential_ms: speedup,
            parallel_ms: 1.0,
            sequential_spread: 0.0,
            parallel_spread: 0.0,
            speedup,
            cpu_efficiency: 1.0,
            reexecutions: 2.0,
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
