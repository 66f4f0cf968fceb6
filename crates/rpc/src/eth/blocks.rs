//! Blocks.

use crate::{api::Api, error::RpcError, json, params::Params};
use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_primitives::B256;
use parallax_node::SealedBlock;
use serde_json::Value;
use std::sync::Arc;

impl Api {
    fn by_hash(&self, params: &mut Params<'_>) -> Result<Option<Arc<SealedBlock>>, RpcError> {
        let hash: B256 = params.next()?;
        Ok(self.node.block_by_hash(&hash)?)
    }

    fn by_number(&self, params: &mut Params<'_>) -> Result<Option<Arc<SealedBlock>>, RpcError> {
        let number: BlockNumberOrTag = params.next()?;
        self.find(number.into())
    }

    /// `eth_getBlockByHash`.
    pub(crate) fn block_by_hash(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let block = self.by_hash(&mut params)?;
        let is_full = params.optional()?.unwrap_or_default();
        Ok(block.map_or(Value::Null, |block| json::block::block(&block, is_full)))
    }

    /// `eth_getBlockByNumber`.
    pub(crate) fn block_by_number(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let number: BlockNumberOrTag = params.next()?;
        let is_full = params.optional()?.unwrap_or_default();
        if number.is_pending() {
            return Ok(self.pending_block(is_full));
        }
        let block = self.find(number.into())?;
        Ok(block.map_or(Value::Null, |block| json::block::block(&block, is_full)))
    }

    /// The next block as far as it is known.
    fn pending_block(&self, is_full: bool) -> Value {
        let (header, fork) = self.node.next_header();
        let base_fee = header.base_fee_per_gas.unwrap_or_default();
        let most = self.node.config().block_transactions;
        let waiting = self.node.pool().candidates(base_fee, most);
        let transactions = waiting.iter().map(|tx| parallax_node::Transaction {
            signed: tx.signed.clone(),
            sender: tx.sender,
        });
        let block = SealedBlock {
            hash: B256::ZERO,
            fork,
            total_difficulty: self.node.head().total_difficulty,
            transactions: transactions.collect(),
            ommers: Vec::new(),
            withdrawals: header.withdrawals_root.map(|_| Default::default()),
            receipts: Vec::new(),
            header,
        };
        let mut json = json::block::block(&block, is_full);
        for name in ["hash", "nonce", "miner"] {
            json[name] = Value::Null;
        }
        json
    }

    /// `eth_getBlockTransactionCountByHash`.
    pub(crate) fn count_by_hash(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let block = self.by_hash(&mut params)?;
        Ok(count(block, |block| block.transactions.len()))
    }

    /// `eth_getBlockTransactionCountByNumber`.
    pub(crate) fn count_by_number(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let block = self.by_number(&mut params)?;
        Ok(count(block, |block| block.transactions.len()))
    }

    /// `eth_getUncleCountByBlockHash`.
    pub(crate) fn uncles_by_hash(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let block = self.by_hash(&mut params)?;
        Ok(count(block, |block| block.ommers.len()))
    }

    /// `eth_getUncleCountByBlockNumber`.
    pub(crate) fn uncles_by_number(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let block = self.by_number(&mut params)?;
        Ok(count(block, |block| block.ommers.len()))
    }

    /// `eth_getUncleByBlockHashAndIndex`.
    pub(crate) fn uncle_by_hash(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let block = self.by_hash(&mut params)?;
        uncle(block, &mut params)
    }

    /// `eth_getUncleByBlockNumberAndIndex`.
    pub(crate) fn uncle_by_number(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let block = self.by_number(&mut params)?;
        uncle(block, &mut params)
    }

    /// `eth_getHeaderByHash`.
    pub(crate) fn header_by_hash(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let block = self.by_hash(&mut params)?;
        Ok(block.map_or(Value::Null, |b| json::block::header(&b.header, b.hash)))
    }

    /// `eth_getHeaderByNumber`.
    pub(crate) fn header_by_number(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let block = self.by_number(&mut params)?;
        Ok(block.map_or(Value::Null, |b| json::block::header(&b.header, b.hash)))
    }

    /// `eth_getBlockReceipts`.
    pub(crate) fn block_receipts(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let id: BlockId = params.next()?;
        let Some(block) = self.find(id)? else {
            return Ok(Value::Null);
        };
        let schedule = self.node.schedule();
        Ok(Value::Array(json::receipt::receipts(&schedule, &block)))
    }
}

fn count(block: Option<Arc<SealedBlock>>, of: impl FnOnce(&SealedBlock) -> usize) -> Value {
    block.map_or(Value::Null, |block| json::quantity(of(&block)))
}

fn uncle(block: Option<Arc<SealedBlock>>, params: &mut Params<'_>) -> Result<Value, RpcError> {
    let index: alloy_primitives::U64 = params.next()?;
    let header = block.and_then(|block| block.ommers.get(index.to::<usize>()).cloned());
    Ok(header.map_or(Value::Null, |header| {
        let hash = header.hash_slow();
        let mut json = json::block::header(&header, hash);
        json["uncles"] = Value::Array(Vec::new());
        json["size"] = json::quantity(alloy_rlp::Encodable::length(&header));
        json
    }))
}
