//! All that a measurement found, and how it was made.

use super::{
    curve::{self, Curve},
    line::{Line, Variant},
    machine::{Machine, commit},
    real_blocks::Count,
    simulation::{Prediction, SimulatedPoint, Simulation, predictions},
};
use crate::cli::BenchArguments;
use parallax_workload::Size;

/// Everything that the table and the JSON file say.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    pub(crate) machine: Machine,
    pub(crate) commit: Option<String>,
    pub(crate) seed: u64,
    pub(crate) quick: bool,
    /// Timed runs of each way, at most.
    pub(crate) runs: usize,
    /// How large made-up blocks and their states are.
    pub(crate) size: Size,
    /// Recorded blocks, if some were given and all were measured.
    pub(crate) real_blocks: Option<Count>,
    pub(crate) lines: Vec<Line>,
    pub(crate) left_out: Vec<LeftOut>,
    /// What was not measured but computed from traces.
    pub(crate) simulated: Vec<Simulation>,
}

/// A row that was wanted and not measured.
#[derive(Clone, Debug, serde::Serialize)]
pub(crate) struct LeftOut {
    pub(crate) workload: &'static str,
    /// And what to do about it.
    pub(crate) reason: String,
}

impl Report {
    /// Without lines yet.
    pub(crate) fn new(arguments: &BenchArguments) -> Self {
        Self {
            machine: Machine::describe(),
            commit: commit(),
            seed: arguments.seed,
            quick: arguments.quick,
            runs: arguments.runs(),
            size: arguments.size(),
            real_blocks: None,
            lines: Vec::new(),
            left_out: Vec::new(),
            simulated: Vec::new(),
        }
    }

    /// How often was measured, for people.
    pub(crate) fn runs_text(&self) -> String {
        let runs = self
            .lines
            .iter()
            .filter_map(|line| Some(line.figures?.runs));
        let least = runs.min().unwrap_or(self.runs);
        let runs = if least < self.runs {
            format!("{least} to {}", self.runs)
        } else {
            self.runs.to_string()
        };
        format!(
            "{runs} of each, in turns, after one of each to warm up; medians; made-up blocks have \
             {}; the engine keeps its caches from run to run, as from block to block",
            self.size_text()
        )
    }

    fn size_text(&self) -> String {
        let mut text = format!("{} transactions", self.size.transactions);
        if self.size.accounts > 0 {
            text += &format!(" and at least {} accounts", self.size.accounts);
        }
        if self.size.pools > 0 {
            text += &format!(
                ", {} pools where swaps are spread over some",
                self.size.pools
            );
        }
        text
    }

    /// Predictions for the numbers of workers that were measured.
    pub(crate) fn predictions(&self) -> Vec<Prediction> {
        predictions(&self.simulated, &self.lines)
    }

    /// Speed-up over cores, measured and simulated.
    pub(crate) fn curves(&self) -> Vec<Curve> {
        let mut curves = curve::measured(&self.lines);
        for simulated in &self.simulated {
            let points = simulated.points.iter().map(SimulatedPoint::on_curve);
            curve::add(&mut curves, simulated.workload, Variant::Replay, points);
        }
        curves
    }
}

/// Whether the program was built to be measured.
pub(crate) const OPTIMISED: bool = !cfg!(debug_assertions);

/// What the clock covers.
pub(crate) const TIMED: &str = "from the call to the finished result: receipts and state changes; \
    not decoding, sender recovery, state root, disk";

/// What the engine is compared with.
pub(crate) const BASELINE: &str = "plain revm of the same version in the same program, one EVM for \
    the block, no transaction cloned, same allocator; its result is a BundleState";
