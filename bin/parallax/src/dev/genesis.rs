//! The genesis of a chain for development.

use super::Account;
use crate::cli::{DevArguments, Hardfork};
use alloy_eips::{
    eip2935::{HISTORY_STORAGE_ADDRESS, HISTORY_STORAGE_CODE},
    eip4788::{BEACON_ROOTS_ADDRESS, BEACON_ROOTS_CODE},
    eip7002::{WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS, WITHDRAWAL_REQUEST_PREDEPLOY_CODE},
    eip7251::{CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS, CONSOLIDATION_REQUEST_PREDEPLOY_CODE},
};
use alloy_primitives::{Address, U256, address, hex};
use eyre::WrapErr;
use serde_json::{Map, Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

/// Deploys contracts to addresses that do not depend on who asks: what `forge` expects.
const CREATE2_DEPLOYER: (Address, &str) = (
    address!("4e59b44847b379578588920cA78FbF26c0B4956C"),
    "0x7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe03601600081602082378035828234f58015156039578182fd5b8082525050506014600cf3",
);

/// The id of anvil's chain.
const CHAIN_ID: u64 = 31_337;

/// A chain with prefunded accounts.
pub(super) fn new(arguments: &DevArguments, accounts: &[Account]) -> Value {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let time = arguments
        .timestamp
        .unwrap_or(now.map_or(0, |now| now.as_secs()));
    let mut alloc = Map::new();
    fund(&mut alloc, arguments, accounts);
    deploy(&mut alloc, arguments.hardfork);
    json!({
        "config": config(arguments),
        "nonce": "0x0",
        "timestamp": format!("{time:#x}"),
        "extraData": "0x",
        "gasLimit": format!("{:#x}", arguments.gas_limit),
        "difficulty": "0x0",
        "mixHash": format!("{:#066x}", 0),
        "coinbase": Address::ZERO,
        "baseFeePerGas": format!("{:#x}", before(arguments.block_base_fee_per_gas)),
        "alloc": alloc,
    })
}

/// A given genesis with the accounts in addition.
pub(super) fn with_accounts(
    json: &[u8],
    arguments: &DevArguments,
    accounts: &[Account],
) -> eyre::Result<Value> {
    let mut genesis: Value = serde_json::from_slice(json).wrap_err("the genesis")?;
    if let Some(alloc) = genesis["alloc"].as_object_mut() {
        fund(alloc, arguments, accounts);
    }
    if let Some(id) = arguments.chain_id {
        genesis["config"]["chainId"] = json!(id);
    }
    Ok(genesis)
}

/// The base fee of an empty block that is followed by one with this base fee
/// ([EIP-1559](https://eips.ethereum.org/EIPS/eip-1559)): as anvil's, the first block that
/// is made has what was asked for.
fn before(base_fee: u64) -> u64 {
    let next = |fee: u64| fee - fee / 8;
    let guess = base_fee.saturating_mul(8) / 7;
    (guess.saturating_sub(1)..=guess.saturating_add(1))
        .find(|fee| next(*fee) == base_fee)
        .unwrap_or(base_fee)
}

fn config(arguments: &DevArguments) -> Value {
    let mut config = json!({
        "chainId": arguments.chain_id.unwrap_or(CHAIN_ID),
        "homesteadBlock": 0, "eip150Block": 0, "eip155Block": 0, "eip158Block": 0,
        "byzantiumBlock": 0, "constantinopleBlock": 0, "petersburgBlock": 0,
        "istanbulBlock": 0, "muirGlacierBlock": 0, "berlinBlock": 0, "londonBlock": 0,
        "arrowGlacierBlock": 0, "grayGlacierBlock": 0,
        // Nobody mines, whatever the rules: blocks are made as under proof of stake.
        "terminalTotalDifficulty": 0,
    });
    let times = [
        ("shanghaiTime", Hardfork::Shanghai),
        ("cancunTime", Hardfork::Cancun),
        ("pragueTime", Hardfork::Prague),
        ("osakaTime", Hardfork::Osaka),
    ];
    for (name, fork) in times {
        if arguments.hardfork as u8 >= fork as u8 {
            config[name] = json!(0);
        }
    }
    config
}

fn fund(alloc: &mut Map<String, Value>, arguments: &DevArguments, accounts: &[Account]) {
    let wei = U256::from(10).pow(U256::from(18));
    let balance = arguments.balance.saturating_mul(wei);
    for account in accounts {
        let entry = json!({ "balance": format!("{balance:#x}") });
        alloc.insert(format!("{:#x}", account.address), entry);
    }
}

fn deploy(alloc: &mut Map<String, Value>, fork: Hardfork) {
    let mut add = |address: Address, code: &str| {
        let entry = json!({ "balance": "0x0", "nonce": "0x1", "code": code });
        alloc.insert(format!("{address:#x}"), entry);
    };
    add(CREATE2_DEPLOYER.0, CREATE2_DEPLOYER.1);
    let contracts = [
        (Hardfork::Cancun, BEACON_ROOTS_ADDRESS, &BEACON_ROOTS_CODE),
        (
            Hardfork::Prague,
            HISTORY_STORAGE_ADDRESS,
            &HISTORY_STORAGE_CODE,
        ),
        (
            Hardfork::Prague,
            WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS,
            &WITHDRAWAL_REQUEST_PREDEPLOY_CODE,
        ),
        (
            Hardfork::Prague,
            CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS,
            &CONSOLIDATION_REQUEST_PREDEPLOY_CODE,
        ),
    ];
    for (since, address, code) in contracts {
        if fork as u8 >= since as u8 {
            add(address, &hex::encode_prefixed(code));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_block_has_the_base_fee() {
        for fee in (0..2000).chain([1_000_000_000, 875_000_001, u64::MAX / 16]) {
            let first = before(fee);
            assert_eq!(first - first / 8, fee);
        }
    }
}
