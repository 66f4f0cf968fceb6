//! All blocks together.

use crate::harness::{examine::Examination, measure::Timing, statistics::geometric_mean};

/// All blocks together.
#[derive(Clone, Debug)]
pub(crate) struct Summary {
    pub(crate) workers: usize,
    pub(crate) verified: usize,
    pub(crate) failed: usize,
    /// Checks that a file has a witness for, but not enough.
    pub(crate) unchecked: usize,
    speedups: Vec<f64>,
}

impl Summary {
    pub(crate) fn new(workers: usize) -> Self {
        Self {
            workers,
            verified: 0,
            failed: 0,
            unchecked: 0,
            speedups: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, examination: &Examination) {
        if examination.verdict.verified() {
            self.verified += 1;
        } else {
            self.failed += 1;
        }
        self.unchecked += examination.verdict.unchecked.len();
        let timing = examination.timing.as_ref();
        self.speedups.extend(timing.map(Timing::speedup));
    }

    pub(crate) fn blocks(&self) -> usize {
        self.verified + self.failed
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
