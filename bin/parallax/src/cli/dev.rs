//! `parallax dev`: its arguments and help.

use alloy_primitives::U256;
use clap::{Args, ValueEnum};
use std::{net::IpAddr, path::PathBuf};

pub(super) const HELP: &str = "\
Run a chain for development: prefunded accounts, a block for each transaction, JSON-RPC
and WebSocket on one port.

It takes the flags of anvil and prints what anvil prints, so that tools that start anvil
can start it instead. The chain is gone at the end, unless --datadir says where to keep it.";

pub(super) const EXAMPLES: &str = "\
Examples:
  parallax dev                                  on port 8545, accounts as anvil's
  parallax dev -p 0 -a 3 --balance 5            any free port, three accounts with 5 ether
  parallax dev -b 2                             a block every two seconds
  parallax dev --datadir chain                  keep the chain
  cast send --private-key 0xac09… 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --value 1ether

Exit status: 0 after SIGTERM or SIGINT, 2 if something could not be done.";

/// Rules of a chain for development.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Hardfork {
    /// 2021
    London,
    /// 2022
    #[value(alias = "merge")]
    Paris,
    /// 2023
    Shanghai,
    /// 2024
    Cancun,
    /// 2025
    Prague,
    /// The newest
    #[value(alias = "latest")]
    Osaka,
}

/// Which transactions come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Ordering {
    /// Those that pay most
    Fees,
    /// Those that came first
    Fifo,
}

/// Arguments of `parallax dev`.
#[derive(Debug, Args)]
pub(crate) struct DevArguments {
    /// The port to listen on; 0: any that is free
    #[arg(short, long, value_name = "NUM", default_value_t = 8545)]
    pub(crate) port: u16,

    /// The address to listen on
    #[arg(
        long,
        value_name = "IP_ADDR",
        env = "ANVIL_IP_ADDR",
        default_value = "127.0.0.1",
        value_delimiter = ','
    )]
    pub(crate) host: Vec<IpAddr>,

    /// Keep the chain in this directory, and go on with it if there is one
    #[arg(long, value_name = "DIR")]
    pub(crate) datadir: Option<PathBuf>,

    /// Accounts with a balance from the start
    #[arg(short, long, value_name = "NUM", default_value_t = 10)]
    pub(crate) accounts: u32,

    /// What each of them has, in ether
    #[arg(long, value_name = "NUM", default_value_t = U256::from(10_000))]
    pub(crate) balance: U256,

    /// The words that the accounts are derived from
    #[arg(
        short,
        long,
        value_name = "WORDS",
        default_value = "test test test test test test test test test test test junk"
    )]
    pub(crate) mnemonic: String,

    /// The path by which they are derived
    #[arg(long, value_name = "PATH", default_value = "m/44'/60'/0'/0/")]
    pub(crate) derivation_path: String,

    /// Seconds between blocks, instead of a block for each transaction
    #[arg(
        short,
        long,
        value_name = "SECONDS",
        alias = "blockTime",
        conflicts_with = "no_mining"
    )]
    pub(crate) block_time: Option<f64>,

    /// A block for each transaction also with --block-time
    #[arg(long, requires = "block_time")]
    pub(crate) mixed_mining: bool,

    /// No blocks but those that are asked for
    #[arg(long, visible_alias = "no-mine")]
    pub(crate) no_mining: bool,

    /// Begin with this genesis, in geth's format
    #[arg(long, value_name = "PATH", alias = "genesis")]
    pub(crate) init: Option<PathBuf>,

    /// The time of the first block
    #[arg(long, value_name = "NUM")]
    pub(crate) timestamp: Option<u64>,

    /// The id of the chain
    #[arg(long, value_name = "CHAIN_ID", alias = "chain")]
    pub(crate) chain_id: Option<u64>,

    /// The gas limit of blocks
    #[arg(
        long,
        value_name = "GAS",
        alias = "block-gas-limit",
        default_value_t = 30_000_000
    )]
    pub(crate) gas_limit: u64,

    /// The base fee of the first block
    #[arg(
        long,
        value_name = "FEE",
        visible_alias = "base-fee",
        default_value_t = 1_000_000_000
    )]
    pub(crate) block_base_fee_per_gas: u64,

    /// The rules
    #[arg(
        long,
        value_name = "NAME",
        value_enum,
        ignore_case = true,
        default_value = "osaka"
    )]
    pub(crate) hardfork: Hardfork,

    /// Which transactions come first
    #[arg(long, value_name = "ORDER", value_enum, default_value = "fees")]
    pub(crate) order: Ordering,

    /// Act for every account that sends, whether its key is known or not
    #[arg(long, visible_alias = "auto-unlock")]
    pub(crate) auto_impersonate: bool,

    /// Begin with the accounts of a file that anvil_dumpState made, and write one at the end
    #[arg(long, value_name = "PATH", conflicts_with_all = ["load_state", "dump_state"])]
    pub(crate) state: Option<PathBuf>,

    /// Begin with the accounts of such a file
    #[arg(long, value_name = "PATH")]
    pub(crate) load_state: Option<PathBuf>,

    /// Write such a file at the end
    #[arg(long, value_name = "PATH")]
    pub(crate) dump_state: Option<PathBuf>,

    /// Say nothing but where it listens
    #[arg(short, long, visible_alias = "silent")]
    pub(crate) quiet: bool,

    /// Write accounts and settings into this file, as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) config_out: Option<PathBuf>,

    /// Pages that may call it
    #[arg(long, value_name = "ORIGIN", default_value = "*")]
    pub(crate) allow_origin: String,

    /// No page may call it
    #[arg(long, conflicts_with = "allow_origin")]
    pub(crate) no_cors: bool,

    /// Threads that execute blocks
    #[arg(short = 'j', long, value_name = "N", default_value_t = super::cores(), hide_default_value = true)]
    pub(crate) threads: usize,
}
