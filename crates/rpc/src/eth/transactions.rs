//! Transactions and receipts.

use crate::{
    api::Api,
    error::RpcError,
    json::{
        receipt::receipt,
        transaction::{mined, waiting},
    },
    params::Params,
};
use alloy_consensus::Transaction as _;
use alloy_eips::{BlockNumberOrTag, Encodable2718};
use alloy_primitives::{Address, B256, U64, hex};
use serde_json::{Value, json};

impl Api {
    /// `eth_getTransactionByHash`.
    pub(crate) fn transaction_by_hash(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let hash: B256 = params.next()?;
        if let Some((block, index)) = self.node.transaction(&hash)? {
            return Ok(mined(&block, index).unwrap_or_default());
        }
        let tx = self.node.pool().get(&hash);
        Ok(tx.map_or(Value::Null, |tx| waiting(&tx.signed, tx.sender)))
    }

    /// `eth_getTransactionByBlockHashAndIndex`.
    pub(crate) fn transaction_in_hash(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let hash: B256 = params.next()?;
        let index: U64 = params.next()?;
        let block = self.node.block_by_hash(&hash)?;
        let json = block.and_then(|block| mined(&block, index.to()));
        Ok(json.unwrap_or_default())
    }

    /// `eth_getTransactionByBlockNumberAndIndex`.
    pub(crate) fn transaction_in_number(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let number: BlockNumberOrTag = params.next()?;
        let index: U64 = params.next()?;
        let block = self.find(number.into())?;
        let json = block.and_then(|block| mined(&block, index.to()));
        Ok(json.unwrap_or_default())
    }

    /// `eth_getTransactionBySenderAndNonce`.
    pub(crate) fn transaction_by_nonce(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let sender: Address = params.next()?;
        let nonce: U64 = params.next()?;
        let (pending, queued) = self.node.pool().content();
        let nonce: u64 = nonce.to();
        for all in [pending, queued] {
            if let Some(tx) = all.get(&sender).and_then(|own| own.get(&nonce)) {
                return Ok(waiting(&tx.signed, tx.sender));
            }
        }
        // The block after which the sender's nonce was higher for the first time.
        let (mut low, mut high) = (self.node.history_from(), self.node.head().number());
        let used = |block| -> Result<bool, RpcError> {
            let view = self.node.state_at(parallax_node::Moment::Block(block));
            Ok(view
                .account(&sender)?
                .is_some_and(|account| account.nonce > nonce))
        };
        if !used(high)? {
            return Ok(Value::Null);
        }
        while low < high {
            let middle = low + (high - low) / 2;
            match used(middle)? {
                true => high = middle,
                false => low = middle + 1,
            }
        }
        let Some(block) = self.node.block(high)? else {
            return Ok(Value::Null);
        };
        let is_it =
            |tx: &parallax_node::Transaction| tx.sender == sender && tx.signed.nonce() == nonce;
        let index = block.transactions.iter().position(is_it);
        Ok(index
            .and_then(|index| mined(&block, index))
            .unwrap_or_default())
    }

    /// `eth_getTransactionReceipt`.
    pub(crate) fn transaction_receipt(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let hash: B256 = params.next()?;
        Ok(self.receipt_of(&hash)?.unwrap_or_default())
    }

    pub(crate) fn receipt_of(&self, hash: &B256) -> Result<Option<Value>, RpcError> {
        let Some((block, index)) = self.node.transaction(hash)? else {
            return Ok(None);
        };
        let schedule = self.node.schedule();
        Ok(receipt(&schedule, &block, index, block.first_log(index)))
    }

    /// `eth_getRawTransactionByHash`, `debug_getRawTransaction`.
    pub(crate) fn raw_transaction(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let hash: B256 = params.next()?;
        let raw = match self.node.transaction(&hash)? {
            Some((block, index)) => block
                .transactions
                .get(index)
                .map(|tx| tx.signed.encoded_2718()),
            None => self
                .node
                .pool()
                .get(&hash)
                .map(|tx| tx.signed.encoded_2718()),
        };
        Ok(raw.map_or(Value::Null, |raw| json!(hex::encode_prefixed(raw))))
    }
}
