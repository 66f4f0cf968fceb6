//! Logs.

use super::quantity;
use alloy_primitives::Log;
use parallax_node::SealedBlock;
use serde_json::{Value, json};

/// A log of a transaction of a block.
pub(crate) fn log(
    log: &Log,
    block: &SealedBlock,
    transaction: usize,
    index: u64,
    is_removed: bool,
) -> Value {
    let hash = block
        .transactions
        .get(transaction)
        .map(|tx| tx.signed.tx_hash());
    json!({
        "address": log.address,
        "topics": log.topics(),
        "data": log.data.data,
        "blockHash": block.hash,
        "blockNumber": quantity(block.number()),
        "blockTimestamp": quantity(block.header.timestamp),
        "transactionHash": hash,
        "transactionIndex": quantity(transaction),
        "logIndex": quantity(index),
        "removed": is_removed,
    })
}
