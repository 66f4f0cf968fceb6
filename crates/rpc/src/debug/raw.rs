//! Blocks as they are encoded.

use crate::{api::Api, error::RpcError, json, params::Params};
use alloy_consensus::TxReceipt;
use alloy_eips::{BlockId, eip2718::Encodable2718};
use alloy_primitives::{Bytes, hex};
use parallax_node::SealedBlock;
use serde_json::{Value, json};
use std::sync::Arc;

impl Api {
    fn wanted(&self, params: &mut Params<'_>) -> Result<Arc<SealedBlock>, RpcError> {
        let id: BlockId = params.next()?;
        let block = self.find(id)?;
        block.ok_or_else(|| RpcError::server("block not found"))
    }

    /// `debug_getRawBlock`.
    pub(crate) fn raw_block(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let block = self.wanted(&mut params)?;
        Ok(json!(hex::encode_prefixed(alloy_rlp::encode(
            block.to_consensus()
        ))))
    }

    /// `debug_getRawHeader`.
    pub(crate) fn raw_header(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let block = self.wanted(&mut params)?;
        Ok(json!(hex::encode_prefixed(alloy_rlp::encode(
            &block.header
        ))))
    }

    /// `debug_getRawReceipts`.
    pub(crate) fn raw_receipts(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let block = self.wanted(&mut params)?;
        let receipts = block.transactions.iter().zip(&block.receipts);
        let receipts = receipts.map(|(tx, receipt)| {
            use alloy_consensus::{ReceiptEnvelope, Typed2718};
            let receipt = receipt.clone().into_with_bloom();
            let envelope = match tx.signed.ty() {
                1 => ReceiptEnvelope::Eip2930(receipt),
                2 => ReceiptEnvelope::Eip1559(receipt),
                3 => ReceiptEnvelope::Eip4844(receipt),
                4 => ReceiptEnvelope::Eip7702(receipt),
                _ => ReceiptEnvelope::Legacy(receipt),
            };
            Bytes::from(envelope.encoded_2718())
        });
        Ok(json!(receipts.collect::<Vec<_>>()))
    }

    /// `debug_getBadBlocks`: there are none.
    pub(crate) fn bad_blocks() -> Value {
        Value::Array(Vec::new())
    }

    /// `debug_setHead`: later blocks are gone.
    pub(crate) fn set_head(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let number: alloy_primitives::U64 = params.next()?;
        let head = self.node.rewind(number.to())?;
        Ok(json::quantity(head.number()))
    }
}
