//! `parallax replay`: its arguments and help.

use super::{Mode, cores};
use clap::Args;
use std::path::PathBuf;

pub(super) const HELP: &str = "\
Execute blocks in parallel and one by one, compare and time both.

Every block is executed by plain revm, one transaction after the other, and by
the parallel engine. Both results are checked against the block's header
(gasUsed, logsBloom, receiptsRoot from Byzantium on, stateRoot where the file
has a witness that suffices) and against each other (receipts, logs, state
changes). The last lines say how many state roots were checked, and why not all.

Times are medians of interleaved runs, from the call to the finished result;
reading files, decoding and recovering senders are not included.";

pub(super) const EXAMPLES: &str = "\
Examples:
  parallax replay                              blocks made up on the spot
  parallax replay mainnet-blocks.tar.zst       recorded mainnet blocks
  parallax replay given/15537394.json          one of them
  parallax replay --workers 8 --runs 11 given  eight threads, steadier times
  parallax replay --mode verify given          with block access lists (EIP-7928)
  parallax replay --json given | tail -1       the summary, for a script

Exit status: 0 if every check passed, 1 if one failed (named on stderr), else 2
if some input cannot be used. Other input is examined nevertheless.";

/// Arguments of `parallax replay`.
#[derive(Debug, Args)]
pub(crate) struct ReplayArguments {
    /// Recorded blocks: an archive (.tar.zst), a folder or one NUMBER.json;
    /// none: blocks made up on the spot
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,

    /// Threads of the parallel engine [default: one per core]
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) workers: Option<u16>,

    /// Timed runs of each kind per block, after one run to warm up
    #[arg(long, short, value_name = "K", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub(crate) runs: u16,

    /// How the parallel engine is used
    #[arg(long, short, value_enum, default_value_t = Mode::Replay)]
    pub(crate) mode: Mode,

    /// Transactions per made-up block
    #[arg(long, value_name = "N", default_value_t = 1000, conflicts_with = "paths", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) transactions: u32,

    /// Print one JSON object per block and one for the summary
    #[arg(long)]
    pub(crate) json: bool,
}

impl ReplayArguments {
    /// Threads to use.
    pub(crate) fn workers(&self) -> usize {
        self.workers.map_or_else(cores, usize::from)
    }
}
