//! `parallax db`: its arguments and help.

use alloy_primitives::{Address, B256, U256};
use clap::{Args, Subcommand};
use std::path::PathBuf;

pub(super) const HELP: &str = "\
Look after the state of a chain: what a node keeps in its data directory.

The node must not be running: one process has a data directory open at a time. Opening
takes over what the log has after the last checkpoint and makes all tries anew, which
checks every account and word against the state root; a state of four million leaves
takes some seconds.";

pub(super) const EXAMPLES: &str = "\
Examples:
  parallax db --datadir chain stats              how much there is
  parallax db --datadir chain verify             read and recompute everything
  parallax db --datadir chain checkpoint         make the next start fast
  parallax db --datadir chain prune --blocks 128 forget states before the last 128 blocks
  parallax db --datadir chain export state.px    the state as one file that proves itself
  parallax db --datadir other import state.px    begin another data directory with it
  parallax db --datadir chain get account 0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045
  parallax db --datadir chain get slot 0xdAC17F958D2ee523a2206206994597C13D831ec7 0x3
  parallax db --datadir chain get proof --block 100 0xdAC17F958D2ee523a2206206994597C13D831ec7 3

Exit status: 0 if all went well, 1 if verify found damage (named on stderr), 2 if something
could not be done.";

/// Arguments of `parallax db`.
#[derive(Debug, Args)]
pub(crate) struct DbArguments {
    /// The data directory
    #[arg(
        long,
        value_name = "DIR",
        global = true,
        default_value = "parallax-data"
    )]
    pub(crate) datadir: PathBuf,

    /// Print JSON, for scripts
    #[arg(long, global = true)]
    pub(crate) json: bool,

    #[command(subcommand)]
    pub(crate) command: DbCommand,
}

/// What is to be done.
#[derive(Debug, Subcommand)]
pub(crate) enum DbCommand {
    /// Say how much there is
    Stats,
    /// Read everything: checksums of the log, hashes of code, all tries and their roots
    Verify,
    /// Write what is only in the log into the store, so that the next start is fast
    Checkpoint,
    /// Forget old states, and receipts and changes of old blocks; compress the log
    Prune {
        /// How many of the last blocks can still be looked back to
        #[arg(long, value_name = "N")]
        blocks: u64,
    },
    /// Write the state after the last block as one file, in pieces that are proved against
    /// its root one by one
    Export {
        /// The file; it must not exist
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Begin a data directory with an exported state; every piece is proved
    Import {
        /// The file
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// The state root that it must have, from whom you trust
        #[arg(long, value_name = "HASH")]
        root: Option<B256>,
    },
    /// Print an account, a word of its storage, or a proof
    #[command(subcommand)]
    Get(GetCommand),
}

/// What is to be printed.
#[derive(Debug, Subcommand)]
pub(crate) enum GetCommand {
    /// Nonce, balance, hashes of code and storage
    Account {
        /// Whose
        address: Address,
        /// After this block [default: the last]
        #[arg(long, value_name = "NUMBER")]
        block: Option<u64>,
    },
    /// A word of storage
    Slot {
        /// Whose
        address: Address,
        /// Which
        slot: U256,
        /// After this block [default: the last]
        #[arg(long, value_name = "NUMBER")]
        block: Option<u64>,
    },
    /// A proof as eth_getProof gives it (EIP-1186)
    Proof {
        /// Whose
        address: Address,
        /// Which words
        slots: Vec<U256>,
        /// After this block [default: the last]
        #[arg(long, value_name = "NUMBER")]
        block: Option<u64>,
    },
}
