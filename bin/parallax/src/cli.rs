//! What the command line accepts.

mod analyze;
mod bench;
mod bench_state;
mod db;
mod dev;
mod load;
mod node;
mod replay;

pub(crate) use analyze::{AnalyzeArguments, Subject};
pub(crate) use bench::{BenchArguments, BenchCommand};
pub(crate) use bench_state::{StateBenchArguments, StatePart};
use clap::{Parser, Subcommand, ValueEnum};
pub(crate) use db::{DbArguments, DbCommand, GetCommand};
pub(crate) use dev::{DevArguments, Hardfork, Ordering};
pub(crate) use load::{LoadArguments, Scenario, Transport};
pub(crate) use node::{DataDirectory, ImportArguments, InitArguments, NodeArguments};
pub(crate) use replay::ReplayArguments;

/// Ethereum blocks executed in parallel.
#[derive(Debug, Parser)]
#[command(name = "parallax", version, propagate_version = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a chain for development: a drop-in for anvil
    #[command(long_about = dev::HELP, after_help = dev::EXAMPLES)]
    Dev(Box<DevArguments>),
    /// Begin a chain with a genesis file
    #[command(long_about = node::INIT_HELP, after_help = node::NODE_EXAMPLES)]
    Init(InitArguments),
    /// Append blocks from files to a chain
    #[command(long_about = node::IMPORT_HELP, after_help = node::NODE_EXAMPLES)]
    Import(ImportArguments),
    /// Serve a chain: JSON-RPC over HTTP and WebSocket
    #[command(long_about = node::NODE_HELP, after_help = node::NODE_EXAMPLES)]
    Node(NodeArguments),
    /// Send transactions to any Ethereum node at a fixed rate, and measure
    #[command(long_about = load::HELP, after_help = load::EXAMPLES)]
    Load(LoadArguments),
    /// Execute blocks in parallel and one by one, compare and time both
    #[command(long_about = replay::HELP, after_help = replay::EXAMPLES)]
    Replay(ReplayArguments),
    /// Print how fast the parallel engine is: the table of made-up and real blocks
    #[command(long_about = bench::HELP, after_help = bench::EXAMPLES)]
    Bench(BenchArguments),
    /// Say why a block is or is not parallel, and what its contracts could change
    #[command(long_about = analyze::HELP, after_help = analyze::EXAMPLES)]
    Analyze(AnalyzeArguments),
    /// Look after the state of a chain: verify, export, import, look up
    #[command(long_about = db::HELP, after_help = db::EXAMPLES)]
    Db(DbArguments),
}

/// How the parallel engine is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mode {
    /// The order is given and nothing else
    Replay,
    /// The block access list is given as well
    Verify,
    /// The transactions are candidates; invalid ones are left out
    Build,
}

/// Cores that this process may use.
fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }
}
