//! Wall and CPU time of two ways to do the same.

use rustix::time::{ClockId, clock_gettime};
use std::time::{Duration, Instant};

/// Medians over the runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Timing {
    pub(crate) sequential: Duration,
    pub(crate) parallel: Duration,
    sequential_cpu: Duration,
    parallel_cpu: Duration,
}

impl Timing {
    /// How many times faster the parallel way is.
    pub(crate) fn speedup(&self) -> f64 {
        ratio(self.sequential, self.parallel)
    }

    /// CPU seconds of the sequential way per CPU second of the parallel way; 1
    /// means that no work was wasted.
    pub(crate) fn cpu_efficiency(&self) -> f64 {
        ratio(self.sequential_cpu, self.parallel_cpu)
    }
}

/// Runs both ways in turns, so that whatever else the machine does meets both.
/// What they return is dropped after the clock has stopped.
pub(crate) fn measure<S, P, E>(
    runs: usize,
    mut sequential: impl FnMut() -> Result<S, E>,
    mut parallel: impl FnMut() -> Result<P, E>,
) -> Result<Timing, E> {
    let mut sequential_times = Vec::with_capacity(runs);
    let mut parallel_times = Vec::with_capacity(runs);
    for _ in 0..runs {
        sequential_times.push(time(&mut sequential)?);
        parallel_times.push(time(&mut parallel)?);
    }
    Ok(Timing {
        sequential: median(sequential_times.iter().map(|(wall, _)| *wall).collect()),
        sequential_cpu: median(sequential_times.iter().map(|(_, cpu)| *cpu).collect()),
        parallel: median(parallel_times.iter().map(|(wall, _)| *wall).collect()),
        parallel_cpu: median(parallel_times.iter().map(|(_, cpu)| *cpu).collect()),
    })
}

fn time<T, E>(work: &mut impl FnMut() -> Result<T, E>) -> Result<(Duration, Duration), E> {
    let cpu = cpu_time();
    let start = Instant::now();
    let result = work()?;
    let wall = start.elapsed();
    let cpu = cpu_time().saturating_sub(cpu);
    drop(result);
    Ok((wall, cpu))
}

/// CPU time of all threads of this process.
fn cpu_time() -> Duration {
    // The clock never runs backwards from zero, so the conversion cannot fail.
    clock_gettime(ClockId::ProcessCPUTime)
        .try_into()
        .unwrap_or_default()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    let middle = times.len() / 2;
    match times.as_slice() {
        [] => Duration::ZERO,
        times if times.len() % 2 == 1 => times[middle],
        times => (times[middle - 1] + times[middle]) / 2,
    }
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
    fn medians() {
        let median_of =
            |times: &[u64]| median(times.iter().copied().map(Duration::from_secs).collect());
        assert_eq!(median_of(&[]), Duration::ZERO);
        assert_eq!(median_of(&[3, 1, 2]), Duration::from_secs(2));
        assert_eq!(median_of(&[4, 1, 2, 3]), Duration::from_millis(2500));
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
