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

/// Runs both ways in turns, so that whatever else the machine does meets both.
/// What they return is dropped after the clock has stopped; the last parallel
/// result is returned, so that its caller can check what was timed.
pub(crate) fn measure<S, P, E>(
    runs: usize,
    mut sequential: impl FnMut() -> Result<S, E>,
    mut parallel: impl FnMut() -> Result<P, E>,
) -> Result<(Timing, Option<P>), E> {
    let mut sequential_times = Vec::with_capacity(runs);
    let mut parallel_times = Vec::with_capacity(runs);
    let mut last = None;
    for run in 1..=runs {
        let (time, _) = timed(&mut sequential)?;
        sequential_times.push(time);
        let (time, result) = timed(&mut parallel)?;
        parallel_times.push(time);
        last = (run == runs).then_some(result);
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
        let (_, last) = measure(3, || Ok(()), parallel).unwrap();
        assert_eq!(last, Some(3));
    }

    #[test]
    fn an_error_ends_the_runs() {
        let mut calls = 0;
        let result = measure(
            5,
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
