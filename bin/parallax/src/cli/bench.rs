//! `parallax bench`: its arguments and help.

use super::{
    bench_state::{self, StateBenchArguments},
    cores,
};
use crate::bench::Row;
use clap::{Args, Subcommand};
use eyre::{Result, WrapErr, ensure};
use parallax_workload::{PublishedArtifacts, Size};
use std::path::PathBuf;

pub(super) const HELP: &str = "\
Print how fast the parallel engine is: the table of made-up and real blocks.

Every row is a block (or, for real-blocks, many) that plain revm executes one
transaction after the other and the engine in parallel, in turns, after one run
of each to warm up. Both results are compared: a wrong one has no time.

Times are medians from the call to the finished result, which is receipts and
state changes. Decoding, recovering senders, the state root and the disk are not
in them, on neither side.

With --simulate (or --html) each made-up block is also traced on one worker, and a
model of the scheduler says how it would run on more cores than there are. These
figures are called simulated everywhere, and stand beside what was measured on as
many workers, with the error of the prediction.";

pub(super) const EXAMPLES: &str = "\
Examples:
  parallax bench                               every made-up row
  parallax bench --quick                       an idea in less than two minutes
  parallax bench erc20 swaps --workers 1,2,4   two rows on 1, 2 and 4 threads
  parallax bench --blocks mainnet-blocks.tar.zst
                                               real blocks as well
  parallax bench real-blocks --blocks given    nothing but real blocks
  parallax bench --json result.json            results for a script as well
  parallax bench --html report.html            and a page with pictures
  parallax bench swaps chain --simulate        curves for 1 to 128 cores: simulated
  parallax bench amm-v2-zipf --simulate=16,48  the same for 16 and 48 cores
  parallax bench erc20 --accounts 1000000      in a state of a million accounts

Exit status: 0 if every result is right, 1 if one is wrong (named on stderr), 2
if the input cannot be used. Missing a target does not change it.";

/// Runs without `--quick`: fewer would not say how far they spread.
const MIN_RUNS: u16 = 10;

/// Transactions of all rows together with `--quick`, and for each of them.
const QUICK_TRANSACTIONS: usize = 25_000;
const LEAST_QUICK_TRANSACTIONS: usize = 500;
const MOST_QUICK_TRANSACTIONS: usize = 2_000;

/// Cores that are simulated besides one, two, and those that are measured.
const SIMULATED: [u16; 6] = [4, 8, 16, 32, 64, 128];

/// What else can be measured.
#[derive(Debug, Subcommand)]
pub(crate) enum BenchCommand {
    /// Print how fast the state is: roots, durable blocks, restart, reads, proofs
    #[command(long_about = bench_state::HELP, after_help = bench_state::EXAMPLES)]
    State(StateBenchArguments),
}

/// Arguments of `parallax bench`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct BenchArguments {
    #[command(subcommand)]
    pub(crate) command: Option<BenchCommand>,

    /// What to measure; --list names all [default: all]
    #[arg(value_name = "ROW", value_parser = Row::parse)]
    pub(crate) rows: Vec<Row>,

    /// Threads of the parallel engine; several numbers give several lines for
    /// each row [default: one per core; with --html also 1 and the powers of two
    /// below]
    #[arg(long, short, value_name = "N,...", value_delimiter = ',', value_parser = clap::value_parser!(u16).range(1..=1024))]
    workers: Vec<u16>,

    /// Transactions per made-up block [default: 10000; with --quick 2000, or fewer
    /// if there are many rows]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    txs: Option<u32>,

    /// Accounts with ether, and tokens where a row has any, in the state of made-up
    /// blocks [default: as many as the transactions need; never fewer]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    accounts: Option<u32>,

    /// Pools of the rows that spread swaps over some: amm-...-zipf..., arbitrage,
    /// defi-day, mainnet-like [default: as in docs/benchmarks.md]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pools: Option<u32>,

    /// Timed runs of each kind; at least 10 without --quick [default: 11; with
    /// --quick 5, or fewer if time runs out]
    #[arg(long, short, value_name = "K", value_parser = clap::value_parser!(u16).range(1..=10_000))]
    runs: Option<u16>,

    /// Smaller blocks and fewer runs, to get an idea in less than two minutes
    #[arg(long, short)]
    pub(crate) quick: bool,

    /// What made-up blocks are made from: the same seed gives the same blocks
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,

    /// Also predict the speed-up of made-up blocks on so many cores, with a model of the
    /// scheduler [default with --html; without numbers 1, 2, 4 and so on up to 128]
    #[arg(
        long,
        value_name = "CORES",
        num_args = 0..,
        require_equals = true,
        value_delimiter = ',',
        default_missing_values = ["4", "8", "16", "32", "64", "128"],
        value_parser = clap::value_parser!(u16).range(1..=1024),
    )]
    simulate: Option<Vec<u16>>,

    /// Measure only, even with --html
    #[arg(long, conflicts_with = "simulate")]
    no_simulate: bool,

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

    /// Also write a report with pictures to this file: one HTML page that needs
    /// nothing else
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,

    /// Print the rows and their targets, measure nothing
    #[arg(long)]
    pub(crate) list: bool,
}

impl BenchArguments {
    /// Numbers of threads to measure with.
    pub(crate) fn workers(&self) -> Vec<usize> {
        match (self.workers.as_slice(), cores()) {
            // A curve has more than one point.
            ([], cores) if self.html.is_some() => powers_of_two_up_to(cores),
            ([], cores) => vec![cores],
            (given, _) => given.iter().copied().map(usize::from).collect(),
        }
    }

    /// Cores to simulate, ascending; none if nothing is to be simulated. One and two
    /// are among them, and all numbers of workers, to compare with.
    pub(crate) fn simulated_cores(&self) -> Vec<usize> {
        let given = match &self.simulate {
            Some(given) => given.as_slice(),
            None if self.html.is_some() && !self.no_simulate => &SIMULATED,
            None => return Vec::new(),
        };
        let given = given.iter().copied().map(usize::from);
        let mut cores: Vec<_> = [1, 2].into_iter().chain(given).collect();
        cores.extend(self.workers());
        cores.sort_unstable();
        cores.dedup();
        cores
    }

    /// How large made-up blocks and their states are.
    pub(crate) fn size(&self) -> Size {
        let or_none = |given: Option<u32>| given.map_or(0, |number| number as usize);
        Size::new(self.transactions())
            .accounts(or_none(self.accounts))
            .pools(or_none(self.pools))
    }

    /// Transactions per made-up block.
    fn transactions(&self) -> usize {
        if let Some(given) = self.txs {
            return given as usize;
        }
        if !self.quick {
            return 10_000;
        }
        // The same for a row whichever machine measures it.
        let rows = self.chosen_rows().len().max(1);
        (QUICK_TRANSACTIONS / rows).clamp(LEAST_QUICK_TRANSACTIONS, MOST_QUICK_TRANSACTIONS)
    }

    /// Whether the number of runs was asked for.
    pub(crate) fn runs_are_given(&self) -> bool {
        self.runs.is_some()
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
                Row::Made(_) | Row::InvalidFirst | Row::Published(_) => named(row),
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
        ensure!(
            self.simulate.is_none() || self.chosen_rows().into_iter().any(Row::is_traceable),
            "--simulate needs a made-up block that is replayed, but no such row is chosen"
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

/// 1, 2, 4 and so on, and `most`.
fn powers_of_two_up_to(most: usize) -> Vec<usize> {
    let powers = (0..usize::BITS).map(|power| 1_usize << power);
    let mut numbers: Vec<_> = powers.take_while(|power| *power < most).collect();
    numbers.push(most);
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curves_end_with_all_cores() {
        assert_eq!(powers_of_two_up_to(1), [1]);
        assert_eq!(powers_of_two_up_to(2), [1, 2]);
        assert_eq!(powers_of_two_up_to(6), [1, 2, 4, 6]);
        assert_eq!(powers_of_two_up_to(16), [1, 2, 4, 8, 16]);
    }
}
