//! What the model of the scheduler predicts of a row, and how far that is off.
//!
//! ```text
//! block ─> trace on one worker ─> simulated on 1, 2, 4, ... cores
//!                                     └ beside what was measured: predictions
//! ```

use super::{
    curve::Point,
    line::{Line, Variant},
};
use parallax_analysis::{RecordError, Recording, Trace, record, simulate};
use parallax_workload::Workload;
use serde::Serialize;
use std::convert::Infallible;

/// A row on more cores than there may be. Nothing of it is measured but the trace.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Simulation {
    pub(crate) workload: &'static str,
    pub(crate) txs: usize,
    /// How often each way of executing was timed for the trace.
    pub(crate) runs: usize,
    /// Plain revm, as it was measured: what speed-ups are over.
    pub(crate) sequential_ms: f64,
    pub(crate) points: Vec<SimulatedPoint>,
}

/// A row on so many cores, simulated.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct SimulatedPoint {
    pub(crate) cores: usize,
    pub(crate) ms: f64,
    pub(crate) speedup: f64,
    /// Repeated executions.
    pub(crate) reexecutions: u64,
}

impl SimulatedPoint {
    fn of(trace: &Trace, cores: usize, sequential_ms: f64) -> Self {
        let simulated = simulate(trace, cores);
        let ms = simulated.elapsed.as_secs_f64() * 1e3;
        Self {
            cores,
            ms,
            speedup: sequential_ms / ms.max(f64::MIN_POSITIVE),
            reexecutions: simulated.repeated,
        }
    }

    /// As a point of the curve that shows measured ones too.
    pub(crate) fn on_curve(&self) -> Point {
        Point {
            cores: self.cores,
            speedup: self.speedup,
            simulated: true,
        }
    }
}

impl Simulation {
    /// Records a trace of a block on one worker and runs it on a model of so many cores.
    /// `sequential_ms` is what plain revm takes.
    pub(crate) fn of(
        workload: &'static str,
        made: &Workload,
        runs: usize,
        sequential_ms: f64,
        cores: &[usize],
    ) -> Result<Self, RecordError<Infallible>> {
        let (trace, _) = record(&made.block, &made.state, &Recording { runs })?;
        let points = cores
            .iter()
            .map(|cores| SimulatedPoint::of(&trace, *cores, sequential_ms))
            .collect();
        Ok(Self {
            workload,
            txs: made.block.transactions.len(),
            runs,
            sequential_ms,
            points,
        })
    }

    /// What it says of so many cores.
    pub(crate) fn on(&self, cores: usize) -> Option<&SimulatedPoint> {
        self.points.iter().find(|point| point.cores == cores)
    }
}

/// What was predicted from one worker for as many cores as were then measured.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Prediction {
    pub(crate) workload: &'static str,
    pub(crate) workers: usize,
    pub(crate) predicted_ms: f64,
    pub(crate) measured_ms: f64,
    /// Of the measured time; positive if the engine was faster than predicted.
    pub(crate) error: f64,
    pub(crate) predicted_speedup: f64,
    pub(crate) measured_speedup: f64,
    pub(crate) predicted_reexecutions: u64,
    /// Per run.
    pub(crate) measured_reexecutions: f64,
}

/// One for each measured line of a row that was simulated.
pub(crate) fn predictions(simulations: &[Simulation], lines: &[Line]) -> Vec<Prediction> {
    let predict = |line: &Line| {
        let of_line = |simulation: &&Simulation| {
            simulation.workload == line.workload && line.variant == Variant::Replay
        };
        let point = simulations.iter().find(of_line)?.on(line.workers)?;
        let figures = line.figures?;
        Some(Prediction {
            workload: line.workload,
            workers: line.workers,
            predicted_ms: point.ms,
            measured_ms: figures.parallel_ms,
            error: point.ms / figures.parallel_ms - 1.0,
            predicted_speedup: point.speedup,
            measured_speedup: figures.speedup,
            predicted_reexecutions: point.reexecutions,
            measured_reexecutions: figures.reexecutions,
        })
    };
    lines.iter().filter_map(predict).collect()
}

/// How far predictions are off, for each number of workers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct TypicalError {
    pub(crate) workers: usize,
    pub(crate) rows: usize,
    /// Half of the rows are off by this or less, in either direction.
    pub(crate) median: f64,
    /// The one that is off furthest.
    pub(crate) most: f64,
}

/// In the order of workers.
pub(crate) fn typical_errors(predictions: &[Prediction]) -> Vec<TypicalError> {
    let mut all: Vec<_> = predictions
        .iter()
        .map(|prediction| (prediction.workers, prediction.error.abs()))
        .collect();
    all.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    all.chunk_by(|a, b| a.0 == b.0)
        .map(|same| TypicalError {
            workers: same[0].0,
            rows: same.len(),
            median: same[(same.len() - 1) / 2].1,
            most: same[same.len() - 1].1,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use parallax_workload::{Kind, generate};

    #[test]
    fn a_chain_does_not_scale_and_swaps_do() {
        let last = |kind: Kind| {
            let made = generate(kind, 60, 1);
            let simulation = Simulation::of(kind.name(), &made, 1, 1.0, &[1, 8]).unwrap();
            assert_eq!((simulation.txs, simulation.points.len()), (60, 2));
            let [one, eight] = [1, 8].map(|cores| simulation.on(cores).unwrap().ms);
            assert!(simulation.on(4).is_none());
            one / eight
        };
        assert!(last(Kind::Chain) < 1.5);
        assert!(last(Kind::Swaps) > 2.0);
    }

    #[test]
    fn errors_are_summed_up_by_workers() {
        let prediction = |workers, error| Prediction {
            workload: "swaps",
            workers,
            predicted_ms: 1.0,
            measured_ms: 1.0,
            error,
            predicted_speedup: 1.0,
            measured_speedup: 1.0,
            predicted_reexecutions: 0,
            measured_reexecutions: 0.0,
        };
        let all = [(2, -0.5), (1, 0.01), (2, 0.1), (2, 0.2)];
        let errors = typical_errors(&all.map(|(workers, error)| prediction(workers, error)));
        let of = |workers, rows, median, most| TypicalError {
            workers,
            rows,
            median,
            most,
        };
        assert_eq!(errors, [of(1, 1, 0.01, 0.01), of(2, 3, 0.2, 0.5)]);
    }
}
