//! `parallax init`, `import` and `node`: their arguments and help.

use alloy_primitives::{Address, Bytes};
use clap::Args;
use std::{net::IpAddr, path::PathBuf};

pub(super) const INIT_HELP: &str = "\
Begin a chain: write the accounts of a genesis file in geth's format into a data directory.

A chain is begun once. To begin with another genesis take another directory.";

pub(super) const IMPORT_HELP: &str = "\
Append blocks from files to the chain in a data directory.

A file has blocks in RLP, one behind the other, as `geth export` writes them. Each is
validated in full and executed: header, body, receipts, state root. Blocks that the chain
has already are passed over. Seals of proof of work or of a consensus layer are not looked
at: whoever brings the blocks is trusted with their order.";

pub(super) const NODE_HELP: &str = "\
Serve the chain in a data directory: JSON-RPC over HTTP and WebSocket on one port.

Transactions are taken in, executed in parallel, and made into blocks that are durable
before anybody is told. Without --block-time nothing is made by itself; blocks can still be
imported while the node is not running.";

pub(super) const NODE_EXAMPLES: &str = "\
Examples:
  parallax init --datadir chain genesis.json     begin a chain
  parallax import --datadir chain chain.rlp      with the blocks of another one
  parallax node --datadir chain                  serve it on port 8545
  parallax node --datadir chain --block-time 0.2 and make five blocks a second

Exit status: 0 after SIGTERM or SIGINT, 2 if something could not be done.";

/// Where a chain lies.
#[derive(Debug, Args)]
pub(crate) struct DataDirectory {
    /// The data directory
    #[arg(
        long,
        value_name = "DIR",
        env = "PARALLAX_DATADIR",
        default_value = "parallax-data"
    )]
    pub(crate) datadir: PathBuf,

    /// Keep every state of the past, instead of those of the last --history blocks
    #[arg(long, env = "PARALLAX_ARCHIVE")]
    pub(crate) archive: bool,

    /// Blocks of which the state is kept
    #[arg(
        long,
        value_name = "BLOCKS",
        env = "PARALLAX_HISTORY",
        default_value_t = 100_000
    )]
    pub(crate) history: u64,
}

/// Arguments of `parallax init`.
#[derive(Debug, Args)]
pub(crate) struct InitArguments {
    #[command(flatten)]
    pub(crate) data: DataDirectory,

    /// The genesis, in geth's format
    #[arg(value_name = "GENESIS")]
    pub(crate) genesis: PathBuf,
}

/// Arguments of `parallax import`.
#[derive(Debug, Args)]
pub(crate) struct ImportArguments {
    #[command(flatten)]
    pub(crate) data: DataDirectory,

    /// Files with blocks in RLP
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
}

/// Where to listen, and who may call.
#[derive(Debug, Args)]
pub(crate) struct HttpArguments {
    /// The address to listen on
    #[arg(
        long = "http.addr",
        value_name = "ADDRESS",
        env = "PARALLAX_HTTP_ADDR",
        default_value = "127.0.0.1"
    )]
    pub(crate) address: IpAddr,

    /// The port to listen on; 0: any that is free
    #[arg(
        long = "http.port",
        value_name = "PORT",
        env = "PARALLAX_HTTP_PORT",
        default_value_t = 8545
    )]
    pub(crate) port: u16,

    /// Names by which it may be called, besides localhost and addresses; *: any
    #[arg(long = "http.vhosts", value_name = "NAME", value_delimiter = ',')]
    pub(crate) hosts: Vec<String>,

    /// Pages that may call it; *: any
    #[arg(long = "http.corsdomain", value_name = "ORIGIN", value_delimiter = ',')]
    pub(crate) origins: Vec<String>,
}

/// Arguments of `parallax node`.
#[derive(Debug, Args)]
pub(crate) struct NodeArguments {
    #[command(flatten)]
    pub(crate) data: DataDirectory,

    #[command(flatten)]
    pub(crate) http: HttpArguments,

    /// Seconds between blocks; without it none are made
    #[arg(long, value_name = "SECONDS", env = "PARALLAX_BLOCK_TIME")]
    pub(crate) block_time: Option<f64>,

    /// Who gets the fees
    #[arg(
        long,
        value_name = "ADDRESS",
        env = "PARALLAX_BENEFICIARY",
        default_value_t = Address::ZERO
    )]
    pub(crate) beneficiary: Address,

    /// What the headers of blocks say beside everything else; at most 32 bytes
    #[arg(long, value_name = "BYTES", default_value = "0x")]
    pub(crate) extra_data: Bytes,

    /// The gas limit to which blocks tend
    #[arg(
        long,
        value_name = "GAS",
        env = "PARALLAX_GAS_LIMIT",
        default_value_t = 60_000_000
    )]
    pub(crate) gas_limit: u64,

    /// Threads that execute blocks
    #[arg(short, long, value_name = "N", default_value_t = super::cores(), hide_default_value = true)]
    pub(crate) threads: usize,
}
