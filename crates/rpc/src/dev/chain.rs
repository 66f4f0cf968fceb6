//! Blocks, time, and what goes with them.

use super::Number;
use crate::{api::Api, error::RpcError, json, params::Params};
use alloy_primitives::{Address, B256, U64};
use serde_json::{Value, json};

/// Blocks that one call may make.
const MOST_BLOCKS: u64 = 1 << 20;

impl Api {
    /// `evm_mine`: one block, perhaps at some time.
    pub(super) fn mine_one(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        self.time_of_next(&mut params)?;
        self.node.mine()?;
        Ok(json!("0x0"))
    }

    /// The time of the next block: a number, or an object that says so.
    fn time_of_next(&self, params: &mut Params<'_>) -> Result<(), RpcError> {
        let time = match params.value()? {
            Some(Value::Object(options)) => options.get("timestamp").cloned(),
            other => other,
        };
        if let Some(time) = time.filter(|time| !time.is_null()) {
            let time: Number = time.try_into().map_err(RpcError::params)?;
            self.node.set_next_timestamp(time.small()?)?;
        }
        Ok(())
    }

    /// `anvil_mine`: so many blocks, so many seconds apart.
    pub(super) fn mine_many(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let blocks: Option<Number> = params.optional()?;
        let seconds: Option<Number> = params.optional()?;
        let blocks = blocks.map_or(Ok(1), Number::small)?;
        let seconds = seconds.map(Number::small).transpose()?;
        if blocks > MOST_BLOCKS {
            return Err(RpcError::params(format!(
                "at most {MOST_BLOCKS} blocks at once"
            )));
        }
        for number in 0..blocks {
            if let Some(seconds) = seconds.filter(|_| number > 0) {
                let last = self.node.head().header.timestamp;
                self.node.set_next_timestamp(last + seconds.max(1))?;
            }
            self.node.mine()?;
        }
        Ok(Value::Null)
    }

    /// `evm_mine_detailed`: the block that was made.
    pub(super) fn mine_detailed(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        self.time_of_next(&mut params)?;
        let block = self.node.mine()?;
        Ok(json!([json::block::block(&block, true)]))
    }

    pub(super) fn set_automine(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let mines: bool = params.next()?;
        self.set_mines_at_once(mines);
        if mines && !self.node.pool().is_empty() {
            self.node.mine()?;
        }
        Ok(json!(true))
    }

    /// `evm_revert`.
    pub(super) fn revert(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let id: Number = params.next()?;
        Ok(json!(self.node.revert(id.small()?)?))
    }

    /// `anvil_reset`: only the first block is left.
    pub(super) fn reset(&self) -> Result<Value, RpcError> {
        self.node.rewind(0)?;
        Ok(Value::Null)
    }

    /// `anvil_rollback`: so many blocks less.
    pub(super) fn rollback(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let depth: Option<Number> = params.optional()?;
        let depth = depth.map_or(Ok(1), Number::small)?;
        let head = self.node.head().number();
        let block = head.checked_sub(depth);
        let block = block.ok_or_else(|| RpcError::params(format!("there are {head} blocks")))?;
        self.node.rewind(block)?;
        Ok(Value::Null)
    }

    /// `evm_increaseTime`.
    pub(super) fn increase_time(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let seconds: Number = params.next()?;
        let seconds = i64::try_from(seconds.small()?)
            .map_err(|_| RpcError::params("the number is too large"))?;
        Ok(json!(self.node.advance_time(seconds)))
    }

    /// `evm_setTime`: in seconds, or in milliseconds if it is that large.
    pub(super) fn set_time(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let time: Number = params.next()?;
        let time = time.small()?;
        let time = if time > 1_000_000_000_000 {
            time / 1000
        } else {
            time
        };
        let before = self.node.next_timestamp();
        self.node.set_time(time);
        Ok(json!(time.abs_diff(before)))
    }

    pub(super) fn set_next_timestamp(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let time: Number = params.next()?;
        self.node.set_next_timestamp(time.small()?)?;
        Ok(Value::Null)
    }

    pub(super) fn set_timestamp_interval(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let seconds: Number = params.next()?;
        self.node.set_timestamp_interval(Some(seconds.small()?));
        Ok(Value::Null)
    }

    pub(super) fn set_next_base_fee(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let fee: Number = params.next()?;
        self.node.set_next_base_fee(fee.small()?);
        Ok(Value::Null)
    }

    pub(super) fn set_prev_randao(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let value: Number = params.next()?;
        self.node.set_next_prev_randao(B256::from(value.0));
        Ok(json!(true))
    }

    pub(super) fn set_coinbase(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let address: Address = params.next()?;
        self.node.set_beneficiary(address);
        Ok(Value::Null)
    }

    pub(super) fn set_gas_limit(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let limit: Number = params.next()?;
        self.node.set_gas_limit(limit.small()?);
        Ok(json!(true))
    }

    pub(super) fn set_chain_id(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let id: Number = params.next()?;
        self.node.set_chain_id(id.small()?);
        Ok(Value::Null)
    }

    /// `anvil_dropTransaction` tells which one, `hardhat_dropTransaction` whether it did.
    pub(super) fn drop_transaction(
        &self,
        mut params: Params<'_>,
        tells_hash: bool,
    ) -> Result<Value, RpcError> {
        let hash: B256 = params.next()?;
        let removed = self.node.pool().remove(&hash);
        Ok(match tells_hash {
            true => json!(removed.map(|tx| tx.hash())),
            false => json!(removed.is_some()),
        })
    }

    pub(super) fn drop_transactions_of(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let address: Address = params.next()?;
        self.node.pool().clear(Some(&address));
        Ok(Value::Null)
    }

    /// `anvil_nodeInfo`.
    pub(super) fn node_info(&self) -> Value {
        let head = self.node.head();
        let (next, fork) = self.node.next_header();
        json!({
            "currentBlockNumber": json::quantity(head.number()),
            "currentBlockTimestamp": head.header.timestamp,
            "currentBlockHash": head.hash,
            "hardFork": fork.to_string(),
            "transactionOrder": "fees",
            "environment": {
                "baseFee": json::quantity(next.base_fee_per_gas.unwrap_or_default()),
                "chainId": json!(U64::from(self.node.schedule().chain_id())),
                "gasLimit": json::quantity(next.gas_limit),
                "gasPrice": json::quantity(next.base_fee_per_gas.unwrap_or_default()),
            },
            "forkConfig": { "forkUrl": null, "forkBlockNumber": null, "forkRetryBackoff": null },
        })
    }

    /// `anvil_metadata`.
    pub(super) fn metadata(&self) -> Value {
        let head = self.node.head();
        json!({
            "clientVersion": self.config.client_version,
            "chainId": self.node.schedule().chain_id(),
            "instanceId": self.node.genesis().header.hash_slow(),
            "latestBlockNumber": head.number(),
            "latestBlockHash": head.hash,
            "forkedNetwork": null,
            "snapshots": {},
        })
    }
}
