//! `parallax analyze`: its arguments and help.

use crate::bench::Row;
use clap::Args;
use eyre::{Result, WrapErr, bail, ensure};
use parallax_workload::PublishedArtifacts;
use std::path::PathBuf;

pub(super) const HELP: &str = "\
Say why a block is or is not parallel, and what its contracts could change.

The block is executed on one thread, over and over, each time watching something
else: how long each transaction takes, and which of them read what earlier ones of
the block wrote, where. From that follow

  the longest chain   transactions of which each needs the one before: no number of
                      cores is faster than that
  hottest locations   what the transactions wait for, by name: the balance of an
                      account in a token, the reserves of a pool, slot 3[key], a nonce
  advice              what the author of the contract could do about it
  bounds              how much 2, 4, 8, ... cores could gain at most
  a simulated curve   how much the engine would gain on 1 to 128 cores, from a model
                      of its scheduler; checked against this machine's own cores

Payments that nobody looks at are nobody's conflict, as in the engine.";

pub(super) const EXAMPLES: &str = "\
Examples:
  parallax analyze swap-one-pool               why do swaps in one pool not scale?
  parallax analyze given/15537394.json         the same of a recorded block
  parallax analyze mainnet-blocks.tar.zst --block 15537394 --block 14000000
                                               some blocks of an archive
  parallax analyze erc20 erc20-to-one --html report.html
                                               pictures of two, for a browser: who ran
                                               what when, the conflicts, the chain
  parallax analyze mixed --txs 5000 --seed 7   a larger block, of another seed
  parallax analyze counter --json | jq .advice for a script

How to read the report:
  waits        transactions that read what an earlier one of the block wrote here
  on chain     links of the longest chain that go through it
  whole        bound if transactions run one after the other along the chain
  overlapped   bound if each starts at once and waits where it reads
  list         what perfect knowledge of all this reaches, without any cost
  simulated    what the model of the engine reaches: not measured

Exit status: 0, or 2 if the input cannot be used.";

/// Arguments of `parallax analyze`.
#[derive(Debug, Args)]
pub(crate) struct AnalyzeArguments {
    /// What to look into: recorded blocks (an archive .tar.zst, a folder or one
    /// NUMBER.json), or a workload of `parallax bench --list` by name
    #[arg(value_name = "PATH|WORKLOAD", required = true)]
    subjects: Vec<String>,

    /// Of recorded blocks only this one; may be given several times
    #[arg(long = "block", value_name = "NUMBER")]
    pub(crate) blocks: Vec<u64>,

    /// Transactions per made-up block
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) txs: u32,

    /// What made-up blocks are made from
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,

    /// Times that each way of executing is timed; medians are taken
    #[arg(long, short, value_name = "K", default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub(crate) runs: u16,

    /// Rows of each list on the terminal
    #[arg(long, value_name = "N", default_value_t = 12)]
    pub(crate) top: usize,

    /// Folder of npm packages for workloads on published contracts [default:
    /// contracts/third-party/node_modules of the checkout]
    #[arg(long, value_name = "PATH")]
    artifacts: Option<PathBuf>,

    /// Print one JSON object per block instead of text
    #[arg(long)]
    pub(crate) json: bool,

    /// Also write a page with pictures to this file; it needs nothing else
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
}

/// Something to analyse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// A made-up block.
    Workload(Row),
    /// Recorded blocks.
    Path(PathBuf),
}

impl AnalyzeArguments {
    /// What to analyse; names that are neither are errors, before anything runs.
    pub(crate) fn subjects(&self) -> Result<Vec<Subject>> {
        let subjects = self.subjects.iter().map(|text| self.subject(text));
        let subjects: Vec<_> = subjects.collect::<Result<_>>()?;
        let is_recorded = |subject: &Subject| matches!(subject, Subject::Path(_));
        ensure!(
            self.blocks.is_empty() || subjects.iter().any(is_recorded),
            "--block chooses among recorded blocks, but none are given"
        );
        Ok(subjects)
    }

    fn subject(&self, text: &str) -> Result<Subject> {
        let row = Row::all().find(|row| row.name() == text);
        match row {
            Some(Row::RealBlocks) => {
                bail!("real-blocks: give the path of the recorded blocks instead")
            }
            Some(Row::InvalidFirst) => {
                bail!("invalid-first: the block can only be built; what is analysed is replayed")
            }
            Some(row) => {
                if let Row::Published(protocol) = row {
                    let checked = protocol.check(&self.artifacts());
                    checked.wrap_err_with(|| format!("{text} needs published contracts"))?;
                }
                Ok(Subject::Workload(row))
            }
            None => {
                let path = PathBuf::from(text);
                let names = Row::all()
                    .filter(|row| row.is_traceable())
                    .map(Row::name)
                    .collect::<Vec<_>>()
                    .join(", ");
                ensure!(
                    path.exists(),
                    "{text} is neither a file or folder nor a workload; workloads are {names}"
                );
                Ok(Subject::Path(path))
            }
        }
    }

    /// Where published contracts are.
    pub(crate) fn artifacts(&self) -> PublishedArtifacts {
        self.artifacts
            .as_ref()
            .map_or_else(PublishedArtifacts::installed, PublishedArtifacts::at)
    }
}
