//! Wall and CPU time of two ways to do the same.

use super::statistics::Times;
use rustix::time::{ClockId, clock_gettime};
use std::time::{Duration, Instant};

/// Times of both ways.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Timing {
    pub(crate) sequential: Samples,
    pub(crate) parallel: Samples,
}

/// Times of one way, over all runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Samples {
    pub(crate) wall: Times,
    /// Of all threads together.
    pub(crate) cpu: Times,
}

impl Timing {
    /// Timed runs of each way.
    pub(crate) fn runs(&self) -> usize {
        self.parallel.wall.count()
    }

    /// How many times faster the parallel way is: a ratio of medians.
    pub(crate) fn speedup(&self) -> f64 {
        ratio(self.sequential.wall.median(), self.parallel.wall.median())
    }

    /// CPU seconds of the sequential way per CPU second of the parallel way; 1
    /// means that no work was wasted.
    pub(crate) fn cpu_efficiency(&self) -> f64 {
        ratio(self.sequential.cpu.median(), self.parallel.cpu.median())
    }
}

/// How often both ways are timed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Runs {
    pub(crate) least: usize,
    pub(crate) most: usize,
    /// After this long the least will do.
    pub(crate) time: Duration,
}

impl Runs {
    /// As often as this, however long it takes.
    pub(crate) fn exactly(runs: usize) -> Self {
        Self {
            least: runs,
            most: runs,
            time: Duration::MAX,
        }
    }

    fn are_enough(&self, runs: usize, started: Instant) -> bool {
        runs >= self.most || (runs >= self.least && started.elapsed() >= self.time)
    }
}

/// Runs both ways in turns, so that whatever else the machine does meets both.
/// What they return is dropped after the clock has stopped; the last parallel
/// result is returned, so that its caller can check what was timed. `before` is told
/// of each turn, from 1.
pub(crate) fn measure<S, P, E>(
    runs: Runs,
    before: impl Fn(usize),
    mut sequential: impl FnMut() -> Result<S, E>,
    mut parallel: impl FnMut() -> Result<P, E>,
) -> Result<(Timing, Option<P>), E> {
    let started = Instant::now();
    let mut sequential_times = Vec::with_capacity(runs.most);
    let mut parallel_times = Vec::with_capacity(runs.most);
    let mut last = None;
    while last.is_none() {
        before(parallel_times.len() + 1);
        let (time, _) = timed(&mut sequential)?;
        sequential_times.push(time);
        let (time, result) = timed(&mut parallel)?;
        parallel_times.push(time);
        last = runs
            .are_enough(parallel_times.len(), started)
            .then_some(result);
    }
    let timing = Timing {
        sequential: Samples::new(&sequential_times),
        parallel: Samples::new(&parallel_times),
    };
    Ok((timing, last))
}

/// Wall and CPU time of one run.
#[derive(Clone, Copy)]
struct Time {
    wall: Duration,
    cpu: Duration,
}

impl Samples {
    fn new(times: &[Time]) -> Self {
        Self {
            wall: times.iter().map(|time| time.wall).collect(),
            cpu: times.iter().map(|time| time.cpu).collect(),
        }
    }
}

fn timed<T, E>(work: &mut impl FnMut() -> Result<T, E>) -> Result<(Time, T), E> {
    let cpu = cpu_time();
    let start = Instant::now();
    let result = work()?;
    let wall = start.elapsed();
    let cpu = cpu_time().saturating_sub(cpu);
    Ok((Time { wall, cpu }, result))
}

/// CPU time of all threads of this process.
fn cpu_time() -> Duration {
    // The clock never runs backwards from zero, so the conversion cannot fail.
    clock_gettime(ClockId::ProcessCPUTime)
        .try_into()
        .unwrap_or_default()
}

fn ratio(numerator: Duration, denominator: Duration) -> f64 {
    // Below the resolution of the clock both took no time.
    const RESOLUTION: Duration = Duration::from_nanos(1);
    numerator.max(RESOLUTION).as_secs_f64() / denominator.max(RESOLUTION).as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_result_is_kept() {
        let mut calls = 0;
        let parallel = || {
            calls += 1;
            Ok::<_, ()>(calls)
        };
        let runs = Runs::exactly(3);
        let (timing, last) = measure(runs, |_| (), || Ok(()), parallel).unwrap();
        assert_eq!(last, Some(3));
        assert_eq!(timing.runs(), 3);
    }

    #[test]
    fn the_least_will_do_when_time_is_up() {
        let runs = |seconds| Runs {
            least: 2,
            most: 4,
            time: Duration::from_secs(seconds),
        };
        for (seconds, expected) in [(0, 2), (3600, 4)] {
            let told = std::cell::RefCell::new(Vec::new());
            let before = |run| told.borrow_mut().push(run);
            let done = || Ok::<_, ()>(());
            let (timing, _) = measure(runs(seconds), before, done, done).unwrap();
            assert_eq!(timing.runs(), expected);
            assert_eq!(told.take(), (1..=expected).collect::<Vec<_>>());
        }
    }

    #[test]
    fn an_error_ends_the_runs() {
        let mut calls = 0;
        let result = measure(
            Runs::exactly(5),
            |_| (),
            || Ok(()),
            || {
                calls += 1;
                if calls == 2 { Err("second") } else { Ok(()) }
            },
        );
        assert_eq!(result, Err("second"));
        assert_eq!(calls, 2);
    }
}
