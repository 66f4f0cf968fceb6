//! Transactions.

use super::quantity;
use alloy_consensus::{Transaction as _, Typed2718};
use alloy_primitives::{Address, U256};
use parallax_chain::SignedTransaction;
use parallax_node::SealedBlock;
use serde_json::{Value, json};

/// A transaction of a block.
pub(crate) fn mined(block: &SealedBlock, index: usize) -> Option<Value> {
    let tx = block.transactions.get(index)?;
    let base_fee = block.header.base_fee_per_gas;
    let mut json = fields(&tx.signed, tx.sender, base_fee);
    json["blockHash"] = json!(block.hash);
    json["blockNumber"] = quantity(block.number());
    json["blockTimestamp"] = quantity(block.header.timestamp);
    json["transactionIndex"] = quantity(index);
    Some(json)
}

/// A transaction that waits.
pub(crate) fn waiting(tx: &SignedTransaction, sender: Address) -> Value {
    let mut json = fields(tx, sender, None);
    for name in [
        "blockHash",
        "blockNumber",
        "blockTimestamp",
        "transactionIndex",
    ] {
        json[name] = Value::Null;
    }
    json
}

fn fields(tx: &SignedTransaction, sender: Address, base_fee: Option<u64>) -> Value {
    let mut json = json!({
        "from": sender,
        "gas": quantity(tx.gas_limit()),
        "hash": tx.tx_hash(),
        "input": tx.input(),
        "nonce": quantity(tx.nonce()),
        "to": tx.to(),
        "value": quantity(tx.value()),
        "type": quantity(tx.ty()),
    });
    // What was paid where it is known, otherwise what may be.
    let price = match base_fee {
        Some(_) => tx.effective_gas_price(base_fee),
        None => tx.max_fee_per_gas(),
    };
    json["gasPrice"] = quantity(price);
    if let Some(tip) = tx.max_priority_fee_per_gas() {
        json["maxFeePerGas"] = quantity(tx.max_fee_per_gas());
        json["maxPriorityFeePerGas"] = quantity(tip);
    }
    if let Some(fee) = tx.max_fee_per_blob_gas() {
        json["maxFeePerBlobGas"] = quantity(fee);
        json["blobVersionedHashes"] = json!(tx.blob_versioned_hashes());
    }
    if let Some(list) = tx.access_list() {
        json["accessList"] = json!(list);
    }
    if let Some(list) = tx.authorization_list() {
        json["authorizationList"] = json!(list);
    }
    if let Some(id) = tx.chain_id() {
        json["chainId"] = quantity(id);
    }
    let signature = tx.signature();
    json["r"] = quantity(signature.r());
    json["s"] = quantity(signature.s());
    let parity = U256::from(u8::from(signature.v()));
    json["v"] = match (tx.is_legacy(), tx.chain_id()) {
        (true, Some(id)) => quantity(U256::from(id) * U256::from(2) + U256::from(35) + parity),
        (true, None) => quantity(U256::from(27) + parity),
        (false, _) => quantity(parity),
    };
    if !tx.is_legacy() {
        json["yParity"] = quantity(parity);
    }
    json
}
