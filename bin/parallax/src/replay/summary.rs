//! All blocks together.

use crate::{
    Outcome,
    harness::{examine::Examination, measure::Timing, statistics::geometric_mean, verdict::Of},
};
use parallax_blocks::Gap;
use std::collections::BTreeMap;

/// All blocks together.
#[derive(Clone, Debug)]
pub(crate) struct Summary {
    pub(crate) workers: usize,
    pub(crate) verified: usize,
    pub(crate) failed: usize,
    /// Files and paths of which no block could be made.
    pub(crate) unusable: usize,
    /// Blocks whose state root was compared with the header's.
    pub(crate) state_roots: usize,
    /// Blocks that have a witness, but not enough to compare the state root.
    pub(crate) unchecked: BTreeMap<Gap, usize>,
    speedups: Vec<f64>,
}

impl Summary {
    pub(crate) fn new(workers: usize) -> Self {
        Self {
            workers,
            verified: 0,
            failed: 0,
            unusable: 0,
            state_roots: 0,
            unchecked: BTreeMap::new(),
            speedups: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, examination: &Examination) {
        if examination.verdict.verified() {
            self.verified += 1;
        } else {
            self.failed += 1;
        }
        let verdict = &examination.verdict;
        for unchecked in &verdict.unchecked {
            *self.unchecked.entry(unchecked.gap).or_default() += 1;
        }
        let mut findings = verdict.findings.iter();
        let compared =
            findings.any(|finding| finding.name == "stateRoot" && finding.of == Of::Sequential);
        self.state_roots += usize::from(compared);
        let timing = examination.timing.as_ref();
        self.speedups.extend(timing.map(Timing::speedup));
    }

    pub(crate) fn blocks(&self) -> usize {
        self.verified + self.failed + self.unusable
    }

    /// Blocks that have a witness.
    pub(crate) fn witnesses(&self) -> usize {
        self.state_roots + self.unchecked.values().sum::<usize>()
    }

    /// What the exit status says. A failed check is worse than input that says
    /// nothing about the engine.
    pub(crate) fn outcome(&self) -> Outcome {
        if self.failed > 0 {
            Outcome::CheckFailed
        } else if self.unusable > 0 {
            Outcome::Unusable
        } else {
            Outcome::Verified
        }
    }

    /// Geometric mean of the speed-ups, if a block was timed.
    pub(crate) fn geomean_speedup(&self) -> Option<f64> {
        geometric_mean(self.speedups.iter().copied())
    }

    /// The smallest speed-up, if a block was timed.
    pub(crate) fn min_speedup(&self) -> Option<f64> {
        self.speedups.iter().copied().reduce(f64::min)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means() {
        let mut summary = Summary::new(2);
        assert_eq!(summary.geomean_speedup(), None);
        assert_eq!(summary.min_speedup(), None);
        summary.speedups = vec![4.0, 1.0];
        assert_eq!(summary.geomean_speedup(), Some(2.0));
        assert_eq!(summary.min_speedup(), Some(1.0));
    }
}
