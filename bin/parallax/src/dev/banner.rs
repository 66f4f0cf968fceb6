//! What is said at the start, in anvil's words: tools look for them.

use super::Account;
use crate::cli::DevArguments;
use parallax_node::Node;
use serde_json::{Value, json};
use std::io::{self, Write};

/// Accounts, keys and settings.
pub(super) fn print(
    out: &mut impl Write,
    arguments: &DevArguments,
    accounts: &[Account],
    node: &Node,
) -> io::Result<()> {
    let version = env!("CARGO_PKG_VERSION");
    writeln!(
        out,
        "\n    parallax {version}\n    Ethereum, executed in parallel\n"
    )?;
    heading(out, "Available Accounts")?;
    for (index, account) in accounts.iter().enumerate() {
        let ether = arguments.balance;
        writeln!(
            out,
            "({index}) {} ({ether}.000000000000000000 ETH)",
            account.address
        )?;
    }
    writeln!(out)?;
    heading(out, "Private Keys")?;
    for (index, account) in accounts.iter().enumerate() {
        writeln!(out, "({index}) {:#x}", account.key)?;
    }
    writeln!(out)?;
    heading(out, "Wallet")?;
    writeln!(out, "Mnemonic:          {}", arguments.mnemonic)?;
    writeln!(out, "Derivation path:   {}\n", arguments.derivation_path)?;
    let head = node.head();
    let settings = [
        ("Chain ID", node.schedule().chain_id()),
        ("Base Fee", base_fee(node)),
        ("Gas Limit", head.header.gas_limit),
        ("Genesis Timestamp", node.genesis().header.timestamp),
    ];
    for (name, value) in settings {
        writeln!(out)?;
        heading(out, name)?;
        writeln!(out, "{value}")?;
    }
    writeln!(out)
}

/// That of the next block.
fn base_fee(node: &Node) -> u64 {
    node.next_header().0.base_fee_per_gas.unwrap_or_default()
}

fn heading(out: &mut impl Write, name: &str) -> io::Result<()> {
    writeln!(out, "{name}\n==================\n")
}

/// The same, for `--config-out`.
pub(super) fn json(arguments: &DevArguments, accounts: &[Account], node: &Node) -> Value {
    let addresses: Vec<_> = accounts
        .iter()
        .map(|account| account.address.to_string())
        .collect();
    let keys: Vec<_> = accounts
        .iter()
        .map(|account| format!("{:#x}", account.key))
        .collect();
    let head = node.head();
    json!({
        "available_accounts": addresses,
        "private_keys": keys,
        "wallet": {
            "mnemonic": arguments.mnemonic,
            "derivation_path": arguments.derivation_path,
        },
        "base_fee": base_fee(node).to_string(),
        "gas_limit": head.header.gas_limit.to_string(),
        "genesis_timestamp": node.genesis().header.timestamp.to_string(),
    })
}
