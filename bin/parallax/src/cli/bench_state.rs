//! `parallax bench state`: its arguments and help.

use super::cores;
use clap::{Args, ValueEnum};
use eyre::{Result, ensure};
use std::path::PathBuf;

pub(super) const HELP: &str = "\
Print how fast the state is: roots, durable blocks, restart, reads, proofs.

Tries are measured on leaves of their own; everything else on a state of its own on
disk, in a new folder that is removed at the end: 1.5 million accounts, a token that
all of them hold, and 2,000 contracts of 500 words each, which makes four million
leaves. Blocks have 10,000 ERC-20 transfers: a nonce, a balance and two words of the
token for each, with bodies, receipts and logs as long as real ones.

Every row says what its time includes. Figures are medians; the spread is the
interquartile range in percent of the median.";

pub(super) const EXAMPLES: &str = "\
Examples:
  parallax bench state                  everything: some minutes, 6 GiB of memory
  parallax bench state chain            only what is on disk
  parallax bench state --quick          a tenth of everything: an idea
  parallax bench state --json r.json    results for a script as well
  parallax bench state --dir /mnt/disk  on another disk

Other tries, in turns with ours: cargo run --release --manifest-path peers/Cargo.toml";

/// Runs without `--quick`: fewer would not say how far they spread.
const MIN_RUNS: u16 = 10;

/// A part of the measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum StatePart {
    /// Many hashes at once
    Keccak,
    /// Roots of many changed leaves, in memory
    Tries,
    /// A state on disk: blocks, restart, reads, proofs
    Chain,
}

/// Arguments of `parallax bench state`.
#[derive(Debug, Args)]
pub(crate) struct StateBenchArguments {
    /// What to measure [default: all]
    #[arg(value_name = "PART", value_enum)]
    parts: Vec<StatePart>,

    /// Timed runs of each row; at least 10 without --quick [default: 11; with --quick 3]
    #[arg(long, short, value_name = "K", value_parser = clap::value_parser!(u16).range(1..=1000))]
    runs: Option<u16>,

    /// A tenth of all sizes, and few runs
    #[arg(long, short)]
    pub(crate) quick: bool,

    /// Threads that work on a block [default: one per core]
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,

    /// Where the folder of the state is made [default: that for temporary files]
    #[arg(long, value_name = "PATH")]
    dir: Option<PathBuf>,

    /// Also write the results to this file, as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
}

impl StateBenchArguments {
    pub(crate) fn has(&self, part: StatePart) -> bool {
        self.parts.is_empty() || self.parts.contains(&part)
    }

    pub(crate) fn runs(&self) -> usize {
        let default = if self.quick { 3 } else { 11 };
        self.runs.unwrap_or(default).into()
    }

    pub(crate) fn threads(&self) -> usize {
        self.threads.map_or_else(cores, usize::from)
    }

    pub(crate) fn dir(&self) -> PathBuf {
        self.dir.clone().unwrap_or_else(std::env::temp_dir)
    }

    /// A tenth with `--quick`.
    pub(crate) fn size(&self, full: usize) -> usize {
        if self.quick { full / 10 } else { full }
    }

    pub(crate) fn check(&self) -> Result<()> {
        ensure!(
            self.quick || self.runs() >= MIN_RUNS.into(),
            "--runs {} is fewer than {MIN_RUNS}, which is only allowed with --quick",
            self.runs()
        );
        Ok(())
    }
}
