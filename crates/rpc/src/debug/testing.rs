//! Blocks for tests of other programs.

use crate::{api::Api, error::RpcError, json::quantity, params::Params};
use alloy_consensus::Header;
use alloy_eips::{Decodable2718, Encodable2718, eip4895::Withdrawal};
use alloy_primitives::{Address, B256, Bytes, U64};
use parallax_chain::SignedTransaction;
use parallax_node::{Attributes, Built};
use serde::Deserialize;
use serde_json::{Value, json};

/// The payload attributes of the engine API, version 3.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PayloadAttributes {
    timestamp: U64,
    prev_randao: B256,
    suggested_fee_recipient: Address,
    withdrawals: Option<Vec<Withdrawal>>,
    parent_beacon_block_root: Option<B256>,
}

impl Api {
    /// `testing_buildBlockV1`: makes a block and does not append it.
    pub(crate) fn build_block(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let parent: B256 = params.next()?;
        let attributes: PayloadAttributes = params.next()?;
        let raw: Option<Vec<Bytes>> = params.optional()?;
        let extra_data: Option<Bytes> = params.optional()?;
        if self.node.head().hash != parent {
            return Err(RpcError::server("the parent is not the last block"));
        }
        let transactions = raw.map(|raw| {
            let decode = |raw: &Bytes| SignedTransaction::decode_2718(&mut &raw[..]);
            raw.iter().map(decode).collect::<Result<Vec<_>, _>>()
        });
        let transactions = transactions.transpose();
        let transactions = transactions.map_err(|error| RpcError::params(error.to_string()))?;
        let attributes = Attributes {
            timestamp: Some(attributes.timestamp.to()),
            beneficiary: Some(attributes.suggested_fee_recipient),
            prev_randao: Some(attributes.prev_randao),
            parent_beacon_block_root: attributes.parent_beacon_block_root,
            withdrawals: attributes.withdrawals.unwrap_or_default(),
            extra_data,
        };
        Ok(envelope(&self.node.build(&attributes, transactions)?))
    }
}

/// As `engine_getPayloadV5` has it.
fn envelope(built: &Built) -> Value {
    let Header {
        parent_hash,
        beneficiary,
        state_root,
        receipts_root,
        logs_bloom,
        mix_hash,
        number,
        gas_limit,
        gas_used,
        timestamp,
        extra_data,
        base_fee_per_gas,
        blob_gas_used,
        excess_blob_gas,
        ..
    } = &built.block.header;
    let transactions = built.block.transactions.iter();
    let transactions = transactions.map(|tx| Bytes::from(tx.signed.encoded_2718()));
    json!({
        "executionPayload": {
            "parentHash": parent_hash,
            "feeRecipient": beneficiary,
            "stateRoot": state_root,
            "receiptsRoot": receipts_root,
            "logsBloom": logs_bloom,
            "prevRandao": mix_hash,
            "blockNumber": quantity(*number),
            "gasLimit": quantity(*gas_limit),
            "gasUsed": quantity(*gas_used),
            "timestamp": quantity(*timestamp),
            "extraData": extra_data,
            "baseFeePerGas": quantity(base_fee_per_gas.unwrap_or_default()),
            "blockHash": built.block.hash,
            "transactions": transactions.collect::<Vec<_>>(),
            "withdrawals": built.block.withdrawals,
            "blobGasUsed": quantity(blob_gas_used.unwrap_or_default()),
            "excessBlobGas": quantity(excess_blob_gas.unwrap_or_default()),
        },
        "blockValue": quantity(built.value),
        "blobsBundle": { "commitments": [], "proofs": [], "blobs": [] },
        "executionRequests": built.requests,
        "shouldOverrideBuilder": false,
    })
}
