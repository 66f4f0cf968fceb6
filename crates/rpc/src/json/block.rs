//! Blocks and headers.

use super::{quantity, transaction::mined};
use alloy_consensus::Header;
use alloy_primitives::B256;
use parallax_node::SealedBlock;
use serde_json::{Value, json};

/// A block, with its transactions or only their hashes.
pub(crate) fn block(block: &SealedBlock, is_full: bool) -> Value {
    let mut json = header(&block.header, block.hash);
    let transactions = 0..block.transactions.len();
    json["transactions"] = match is_full {
        true => transactions
            .filter_map(|index| mined(block, index))
            .collect(),
        false => block
            .transactions
            .iter()
            .map(|tx| json!(tx.signed.tx_hash()))
            .collect(),
    };
    json["size"] = quantity(block.size());
    json["uncles"] = block
        .ommers
        .iter()
        .map(|ommer| json!(ommer.hash_slow()))
        .collect();
    if let Some(withdrawals) = &block.withdrawals {
        let withdrawals = withdrawals.iter().map(|withdrawal| {
            json!({
                "index": quantity(withdrawal.index),
                "validatorIndex": quantity(withdrawal.validator_index),
                "address": withdrawal.address,
                "amount": quantity(withdrawal.amount),
            })
        });
        json["withdrawals"] = withdrawals.collect();
    }
    json
}

/// A header, as those get it who wait for new ones.
pub(crate) fn header(header: &Header, hash: B256) -> Value {
    let mut json = json!({
        "difficulty": quantity(header.difficulty),
        "extraData": header.extra_data,
        "gasLimit": quantity(header.gas_limit),
        "gasUsed": quantity(header.gas_used),
        "hash": hash,
        "logsBloom": header.logs_bloom,
        "miner": header.beneficiary,
        "mixHash": header.mix_hash,
        "nonce": header.nonce,
        "number": quantity(header.number),
        "parentHash": header.parent_hash,
        "receiptsRoot": header.receipts_root,
        "sha3Uncles": header.ommers_hash,
        "stateRoot": header.state_root,
        "timestamp": quantity(header.timestamp),
        "transactionsRoot": header.transactions_root,
    });
    let numbers = [
        ("baseFeePerGas", header.base_fee_per_gas),
        ("blobGasUsed", header.blob_gas_used),
        ("excessBlobGas", header.excess_blob_gas),
    ];
    for (name, number) in numbers {
        if let Some(number) = number {
            json[name] = quantity(number);
        }
    }
    let hashes = [
        ("parentBeaconBlockRoot", header.parent_beacon_block_root),
        ("requestsHash", header.requests_hash),
        ("withdrawalsRoot", header.withdrawals_root),
    ];
    for (name, hash) in hashes {
        if let Some(hash) = hash {
            json[name] = json!(hash);
        }
    }
    json
}
