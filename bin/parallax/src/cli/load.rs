//! `parallax load`: its arguments and help.

use alloy_primitives::B256;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

pub(super) const HELP: &str = "\
Send signed transactions to any Ethereum node at a fixed rate, and say how long each waited
for its block.

The load is open: each request has a time at which it is due, and waiting counts from then,
whether the node was ready or not. Transactions are signed beforehand. At the end nonces and
balances are compared with what was taken. It works with every node that speaks Ethereum's
JSON-RPC; `--transport bin` is Parallax's own.";

pub(super) const EXAMPLES: &str = "\
Examples:
  parallax dev -b 0.1 --gas-limit 1000000000 &
  parallax load --rate 2000 --duration 10
  parallax load erc20 --rate 20000 --duration 10 --transport bin
  parallax load swap --rate 1000 --transport batch:100 --json load.json

Exit status: 0 if all that was taken was mined and adds up, 1 if not, 2 if something could not
be done.";

/// What is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scenario {
    /// Ether to accounts that differ
    Native,
    /// An ERC-20 token to accounts that differ
    Erc20,
    /// Swaps in one pool of Uniswap V2, through its router
    Swap,
}

/// How it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    /// One JSON-RPC request each.
    Http,
    /// So many in one JSON-RPC batch.
    Batch(usize),
    /// So many in one binary request.
    Binary(usize),
}

impl std::str::FromStr for Transport {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, count) = match text.split_once(':') {
            Some((name, count)) => (name, count.parse().ok().filter(|count| *count > 0)),
            None => (text, Some(100)),
        };
        match (name, count) {
            ("http", _) if name == text => Ok(Self::Http),
            ("batch", Some(count)) => Ok(Self::Batch(count)),
            ("bin", Some(count)) => Ok(Self::Binary(count)),
            _ => Err("it is http, batch:N or bin:N".to_owned()),
        }
    }
}

impl Transport {
    /// Transactions in one request.
    pub(crate) const fn count(self) -> usize {
        match self {
            Self::Http => 1,
            Self::Batch(count) | Self::Binary(count) => count,
        }
    }
}

/// Arguments of `parallax load`.
#[derive(Debug, Args)]
pub(crate) struct LoadArguments {
    /// What is sent
    #[arg(value_enum, default_value = "native")]
    pub(crate) scenario: Scenario,

    /// The node
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8545")]
    pub(crate) url: String,

    /// Transactions in a second
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub(crate) rate: u64,

    /// Seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    pub(crate) duration: u64,

    /// How they are sent: http, batch:N, bin:N
    #[arg(long, value_name = "HOW", default_value = "batch:100")]
    pub(crate) transport: Transport,

    /// Connections that send at once
    #[arg(long, value_name = "N", default_value_t = 4)]
    pub(crate) connections: usize,

    /// Accounts that send
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub(crate) senders: usize,

    /// The key of the account that pays for all of them
    #[arg(
        long,
        value_name = "KEY",
        default_value = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
    )]
    pub(crate) key: B256,

    /// The process of the node, if it is on this machine: its time is measured too
    #[arg(long, value_name = "PID")]
    pub(crate) pid: Option<u32>,

    /// Other senders for each number
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,

    /// Also write the result to this file, as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
}
