//! The chain as a whole.

use crate::{api::Api, error::RpcError, json::quantity, params::Params};
use alloy_eip2124::{ForkFilterKey, ForkHash};
use alloy_eips::{eip2935, eip4788, eip7002, eip7251, eip7840::BlobParams};
use alloy_primitives::{Address, Bytes, hex, keccak256};
use parallax_chain::{Activation, Fork, Schedule};
use revm::precompile::{PrecompileSpecId, Precompiles};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

impl Api {
    /// `eth_chainId`.
    pub(crate) fn chain_id(&self) -> Value {
        quantity(self.node.schedule().chain_id())
    }

    /// `eth_blockNumber`.
    pub(crate) fn block_number(&self) -> Value {
        quantity(self.node.head().number())
    }

    /// `eth_accounts`.
    pub(crate) fn accounts(&self) -> Value {
        json!(self.wallet().addresses())
    }

    /// `eth_capabilities`: from which block on there is what.
    pub(crate) fn capabilities(&self) -> Value {
        let head = self.node.head();
        let all = json!({ "disabled": false, "oldestBlock": "0x0" });
        let kept = json!({
            "disabled": false,
            "oldestBlock": quantity(self.node.history_from()),
        });
        json!({
            "head": { "number": quantity(head.number()), "hash": head.hash },
            "state": kept,
            "stateproofs": kept,
            "tx": all,
            "logs": all,
            "receipts": all,
            "blocks": all,
        })
    }

    /// `eth_config` ([EIP-7910](https://eips.ethereum.org/EIPS/eip-7910)).
    pub(crate) fn config(&self) -> Result<Value, RpcError> {
        let schedule = self.node.schedule();
        let head = self.node.head();
        let now = head.header.timestamp;
        let times: Vec<(Fork, u64)> = schedule
            .forks()
            .iter()
            .filter_map(|(fork, at)| match at {
                Activation::Timestamp(at) => Some((*fork, *at)),
                _ => None,
            })
            .collect();
        let describe = |(fork, at): (Fork, u64)| self.describe(&schedule, fork, at);
        let of_now = times.iter().rfind(|(_, at)| *at <= now).copied();
        let current = of_now.unwrap_or((head.fork, self.node.genesis().header.timestamp));
        let next = times.iter().find(|(_, at)| *at > now).copied();
        let last = times.last().copied().filter(|_| next.is_some());
        Ok(json!({
            "current": describe(current),
            "next": next.map(describe),
            "last": last.map(describe),
        }))
    }

    fn describe(&self, schedule: &Schedule, fork: Fork, at: u64) -> Value {
        let blobs = schedule.blobs(fork).map(|blobs: BlobParams| {
            json!({
                "target": blobs.target_blob_count,
                "max": blobs.max_blob_count,
                "baseFeeUpdateFraction": u64::try_from(blobs.update_fraction).unwrap_or_default(),
            })
        });
        json!({
            "activationTime": at,
            "blobSchedule": blobs,
            "chainId": quantity(schedule.chain_id()),
            "forkId": fork_id(schedule, self.node.genesis().header.hash_slow(), at),
            "precompiles": precompiles(fork),
            "systemContracts": system_contracts(schedule, fork),
        })
    }

    /// `web3_sha3`.
    pub(crate) fn sha3(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let data: Bytes = params.next()?;
        Ok(json!(keccak256(data)))
    }
}

/// The checksum of all forks up to a time
/// ([EIP-2124](https://eips.ethereum.org/EIPS/eip-2124)).
fn fork_id(schedule: &Schedule, genesis: alloy_primitives::B256, until: u64) -> String {
    let keys = schedule.forks().iter().filter_map(|(_, at)| match *at {
        Activation::Number(number) if number > 0 => Some(ForkFilterKey::Block(number)),
        Activation::Timestamp(time) if time > 0 && time <= until => Some(ForkFilterKey::Time(time)),
        _ => None,
    });
    let netsplit = schedule.netsplit().map(ForkFilterKey::Block);
    let keys: BTreeSet<_> = keys.chain(netsplit).collect();
    let mut hash = ForkHash::from(genesis);
    for key in keys {
        hash += key;
    }
    hex::encode_prefixed(hash.0)
}

fn precompiles(fork: Fork) -> Value {
    let spec = PrecompileSpecId::from_spec_id(fork.spec());
    let named = Precompiles::new(spec).addresses().filter_map(|address| {
        let name = precompile_name(address)?;
        Some((name.to_owned(), json!(address)))
    });
    Value::Object(named.collect::<Map<_, _>>())
}

/// Names of [EIP-7910](https://eips.ethereum.org/EIPS/eip-7910).
fn precompile_name(address: &Address) -> Option<&'static str> {
    let number = u16::from_be_bytes([address[18], address[19]]);
    Some(match number {
        0x01 => "ECREC",
        0x02 => "SHA256",
        0x03 => "RIPEMD160",
        0x04 => "ID",
        0x05 => "MODEXP",
        0x06 => "BN254_ADD",
        0x07 => "BN254_MUL",
        0x08 => "BN254_PAIRING",
        0x09 => "BLAKE2F",
        0x0a => "KZG_POINT_EVALUATION",
        0x0b => "BLS12_G1ADD",
        0x0c => "BLS12_G1MSM",
        0x0d => "BLS12_G2ADD",
        0x0e => "BLS12_G2MSM",
        0x0f => "BLS12_PAIRING_CHECK",
        0x10 => "BLS12_MAP_FP_TO_G1",
        0x11 => "BLS12_MAP_FP2_TO_G2",
        0x100 => "P256VERIFY",
        _ => return None,
    })
}

fn system_contracts(schedule: &Schedule, fork: Fork) -> Value {
    let mut contracts = Map::new();
    let mut add = |name: &str, address: Address| contracts.insert(name.to_owned(), json!(address));
    if fork >= Fork::Cancun {
        add("BEACON_ROOTS_ADDRESS", eip4788::BEACON_ROOTS_ADDRESS);
    }
    if fork >= Fork::Prague {
        add("HISTORY_STORAGE_ADDRESS", eip2935::HISTORY_STORAGE_ADDRESS);
        add("DEPOSIT_CONTRACT_ADDRESS", schedule.deposit_contract());
        add(
            "WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS",
            eip7002::WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS,
        );
        add(
            "CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS",
            eip7251::CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS,
        );
    }
    Value::Object(contracts)
}
