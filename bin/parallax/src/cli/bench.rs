//! `parallax bench`: its arguments and help.

use super::cores;
use crate::bench::Row;
use clap::Args;
use eyre::{Result, WrapErr, ensure};
use parallax_workload::PublishedArtifacts;
use std::path::PathBuf;

pub(super) const HELP: &str = "\
Print how fast the parallel engine is: the table of made-up and real blocks.

Every row is a block (or, for real-blocks, many) that plain revm executes one
transaction after the other and the engine in parallel, in turns, after one run
of each to warm up. Both results are compared: a wrong one has no time.

Times are medians from the call to the finished result, which is receipts and
state changes. Decoding, recovering senders, the state root and the disk are not
in them, on neither side.";

pub(super) const EXAMPLES: &str = "\
Examples:
  parallax bench                               every made-up row
  parallax bench --quick                       the same in less than a minute
  parallax bench erc20 swaps --workers 1,2,4   two rows on 1, 2 and 4 threads
  parallax bench --blocks mainnet-blocks.tar.zst
                                               real blocks as well
  parallax bench real-blocks --blocks given    nothing but real blocks
  parallax bench --json result.json            results for a script as well

Exit status: 0 if every result is right, 1 if one is wrong (named on stderr), 2
if the input cannot be used. Missing a target does not change it.";

/// Runs without `--quick`: fewer would not say how far they spread.
const MIN_RUNS: u16 = 10;

/// Arguments of `parallax bench`.
#[derive(Debug, Args)]
pub(crate) struct BenchArguments {
    /// What to measure; --list names all [default: all]
    #[arg(value_name = "ROW", value_parser = Row::parse)]
    pub(crate) rows: Vec<Row>,

    /// Threads of the parallel engine; several numbers give several lines for
    /// each row [default: one per core]
    #[arg(long, short, value_name = "N,...", value_delimiter = ',', value_parser = clap::value_parser!(u16).range(1..=1024))]
    workers: Vec<u16>,

    /// Transactions per made-up block [default: 10000; with --quick 2000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    txs: Option<u32>,

    /// Timed runs of each kind; at least 10 without --quick [default: 11; with
    /// --quick 5]
    #[arg(long, short, value_name = "K", value_parser = clap::value_parser!(u16).range(1..=10_000))]
    runs: Option<u16>,

    /// Smaller blocks and fewer runs, to get an idea in less than a minute
    #[arg(long, short)]
    pub(crate) quick: bool,

    /// What made-up blocks are made from: the same seed gives the same blocks
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,

    /// Recorded blocks for the row real-blocks: an archive (.tar.zst), a folder
    /// or one NUMBER.json
    #[arg(long, short, value_name = "PATH")]
    pub(crate) blocks: Option<PathBuf>,

    /// Folder of npm packages for the rows on published contracts [default:
    /// contracts/third-party/node_modules of the checkout]
    #[arg(long, value_name = "PATH")]
    artifacts: Option<PathBuf>,

    /// Also write the results to this file, as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,

    /// Print the rows and their targets, measure nothing
    #[arg(long)]
    pub(crate) list: bool,
}

impl BenchArguments {
    /// Numbers of threads to measure with.
    pub(crate) fn workers(&self) -> Vec<usize> {
        if self.workers.is_empty() {
            return vec![cores()];
        }
        self.workers.iter().copied().map(usize::from).collect()
    }

    /// Transactions per made-up block.
    pub(crate) fn transactions(&self) -> usize {
        let default = if self.quick { 2_000 } else { 10_000 };
        self.txs.unwrap_or(default) as usize
    }

    /// Timed runs of each way.
    pub(crate) fn runs(&self) -> usize {
        let default = if self.quick { 5 } else { 11 };
        self.runs.unwrap_or(default).into()
    }

    /// Where published contracts are.
    pub(crate) fn artifacts(&self) -> PublishedArtifacts {
        self.artifacts
            .as_ref()
            .map_or_else(PublishedArtifacts::installed, PublishedArtifacts::at)
    }

    /// The rows to measure: those named, or all. Given recorded blocks are
    /// always measured.
    pub(crate) fn chosen_rows(&self) -> Vec<Row> {
        let named = |row: &Row| self.rows.is_empty() || self.rows.contains(row);
        let given = self.blocks.is_some();
        Row::all()
            .filter(|row| match row {
                Row::RealBlocks => given,
                Row::Made(_) | Row::Published(_) => named(row),
            })
            .collect()
    }

    /// Checks what concerns more than one argument.
    pub(crate) fn check(&self) -> Result<()> {
        ensure!(
            self.quick || self.runs() >= MIN_RUNS.into(),
            "--runs {} is fewer than {MIN_RUNS}, which is only allowed with --quick",
            self.runs()
        );
        ensure!(
            self.blocks.is_some() || !self.rows.contains(&Row::RealBlocks),
            "the row real-blocks needs recorded blocks: --blocks PATH"
        );
        // Of all rows, those that cannot be measured are left out; one that was
        // asked for by name is not.
        for row in &self.rows {
            if let Row::Published(protocol) = row {
                let artifacts = self.artifacts();
                protocol.check(&artifacts).wrap_err_with(|| {
                    format!("the row {} needs published contracts", row.name())
                })?;
            }
        }
        Ok(())
    }
}
