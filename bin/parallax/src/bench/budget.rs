//! How much to do for each line, so that a quick measurement ends in time.

use crate::{cli::BenchArguments, harness::measure::Runs};
use std::time::{Duration, Instant};

/// What `--quick` aims at for all lines together; two minutes are promised.
const QUICK: Duration = Duration::from_secs(80);

/// What of a line's share the timed runs may take. The rest is for making the
/// block, for comparing the results and for what is not timed.
const TIMED: f64 = 0.4;

/// Fewer have no median worth the name.
const LEAST_QUICK_RUNS: usize = 2;

/// Untimed runs for each line.
const DETAIL_RUNS: usize = 5;
const QUICK_DETAIL_RUNS: usize = 2;

/// Timed executions of each kind for a trace, and how many kinds there are.
const RECORDINGS: usize = 5;
const QUICK_RECORDINGS: usize = 3;
const RECORDED_WAYS: f64 = 5.0;

/// Shares time out among the lines that are left.
#[derive(Debug)]
pub(crate) struct Budget {
    /// Absent if every line gets what it was promised.
    end: Option<Instant>,
    lines: usize,
    runs: usize,
    detail_runs: usize,
    recordings: usize,
}

impl Budget {
    /// For so many lines, beginning now.
    pub(crate) fn new(arguments: &BenchArguments, lines: usize) -> Self {
        let may_be_fewer = arguments.quick && !arguments.runs_are_given();
        Self {
            end: may_be_fewer.then(|| Instant::now() + QUICK),
            lines,
            runs: arguments.runs(),
            detail_runs: if arguments.quick {
                QUICK_DETAIL_RUNS
            } else {
                DETAIL_RUNS
            },
            recordings: if arguments.quick {
                QUICK_RECORDINGS
            } else {
                RECORDINGS
            },
        }
    }

    /// Timed runs for the next line.
    pub(crate) fn next(&mut self) -> Runs {
        let lines = self.lines.max(1);
        self.lines = lines - 1;
        let Some(end) = self.end else {
            return Runs::exactly(self.runs);
        };
        let left = end.saturating_duration_since(Instant::now());
        Runs {
            least: LEAST_QUICK_RUNS.min(self.runs),
            most: self.runs,
            time: left.mul_f64(TIMED / lines as f64),
        }
    }

    /// How often each way is timed for a trace, if executing takes so long; a trace
    /// counts as a line.
    pub(crate) fn next_recordings(&mut self, executing: Duration) -> usize {
        let time = self.next().time.as_secs_f64();
        let once = RECORDED_WAYS * executing.as_secs_f64();
        ((time / once.max(f64::MIN_POSITIVE)) as usize).clamp(1, self.recordings)
    }

    /// Untimed runs for each line.
    pub(crate) fn detail_runs(&self) -> usize {
        self.detail_runs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_share_what_is_left() {
        let mut budget = Budget {
            end: Some(Instant::now() + QUICK),
            lines: 2,
            runs: 5,
            detail_runs: 1,
            recordings: 3,
        };
        let first = budget.next();
        assert_eq!((first.least, first.most), (LEAST_QUICK_RUNS, 5));
        assert!(first.time <= QUICK.mul_f64(TIMED / 2.0));
        // The first took nothing, so there is all the more for the second.
        assert!(budget.next().time > first.time);
        budget.end = Some(Instant::now());
        assert_eq!(budget.next().time, Duration::ZERO);
        budget.end = None;
        assert_eq!(budget.next(), Runs::exactly(5));
    }

    #[test]
    fn traces_of_slow_blocks_have_fewer_runs() {
        let mut budget = Budget {
            end: Some(Instant::now() + QUICK),
            lines: 1,
            runs: 5,
            detail_runs: 1,
            recordings: 3,
        };
        assert_eq!(budget.next_recordings(Duration::from_millis(1)), 3);
        assert_eq!(budget.next_recordings(QUICK), 1);
        budget.end = None;
        assert_eq!(budget.next_recordings(QUICK), 3);
    }
}
