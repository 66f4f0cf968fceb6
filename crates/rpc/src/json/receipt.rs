//! Receipts.

use super::{log::log, quantity};
use alloy_consensus::{Eip658Value, Transaction as _, Typed2718};
use parallax_chain::{Schedule, blob_price};
use parallax_node::SealedBlock;
use parallax_trie::logs_bloom;
use serde_json::{Value, json};

/// What became of a transaction of a block.
pub(crate) fn receipt(
    schedule: &Schedule,
    block: &SealedBlock,
    index: usize,
    first_log: u64,
) -> Option<Value> {
    let tx = block.transactions.get(index)?;
    let receipt = block.receipts.get(index)?;
    let logs = (first_log..).zip(&receipt.logs);
    let logs: Vec<_> = logs
        .map(|(number, entry)| log(entry, block, index, number, false))
        .collect();
    let created = match tx.signed.to() {
        Some(_) => None,
        None => Some(tx.sender.create(tx.signed.nonce())),
    };
    let price = tx.signed.effective_gas_price(block.header.base_fee_per_gas);
    let mut json = json!({
        "blockHash": block.hash,
        "blockNumber": quantity(block.number()),
        "contractAddress": created,
        "cumulativeGasUsed": quantity(receipt.cumulative_gas_used),
        "effectiveGasPrice": quantity(price),
        "from": tx.sender,
        "gasUsed": quantity(block.gas_used(index)),
        "logs": logs,
        "logsBloom": logs_bloom(&receipt.logs),
        "to": tx.signed.to(),
        "transactionHash": tx.signed.tx_hash(),
        "transactionIndex": quantity(index),
        "type": quantity(tx.signed.ty()),
    });
    match receipt.status {
        Eip658Value::Eip658(status) => json["status"] = quantity(u8::from(status)),
        Eip658Value::PostState(root) => json["root"] = json!(root),
    }
    if let Some(gas) = tx.signed.blob_gas_used() {
        let excess = block.header.excess_blob_gas.unwrap_or_default();
        let price = blob_price(schedule, block.fork, excess);
        json["blobGasUsed"] = quantity(gas);
        json["blobGasPrice"] = quantity(price.map_or(0, |price| price.blob_gasprice));
    }
    Some(json)
}

/// Those of all transactions of a block.
pub(crate) fn receipts(schedule: &Schedule, block: &SealedBlock) -> Vec<Value> {
    let mut first_log = 0;
    let all = block
        .receipts
        .iter()
        .enumerate()
        .filter_map(|(index, own)| {
            let json = receipt(schedule, block, index, first_log);
            first_log += own.logs.len() as u64;
            json
        });
    all.collect()
}
