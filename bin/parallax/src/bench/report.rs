//! All that a measurement found, and how it was made.

use super::{
    line::Line,
    machine::{Machine, commit},
    real_blocks::Count,
};
use crate::cli::BenchArguments;

/// Everything that the table and the JSON file say.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    pub(crate) machine: Machine,
    pub(crate) commit: Option<String>,
    pub(crate) seed: u64,
    pub(crate) quick: bool,
    /// Timed runs of each way.
    pub(crate) runs: usize,
    /// Transactions per made-up block.
    pub(crate) transactions: usize,
    /// Recorded blocks, if some were given and all were measured.
    pub(crate) real_blocks: Option<Count>,
    pub(crate) lines: Vec<Line>,
    pub(crate) left_out: Vec<LeftOut>,
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
            transactions: arguments.transactions(),
            real_blocks: None,
            lines: Vec::new(),
            left_out: Vec::new(),
        }
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
