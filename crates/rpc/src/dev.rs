//! What developers may do: the methods of `anvil_`, `hardhat_` and `evm_`.

mod chain;
mod miner;
mod state;

pub(crate) use miner::Interval;

use crate::{api::Api, error::RpcError, params::Params};
use alloy_primitives::U256;
use serde::Deserialize;
use serde_json::{Value, json};

/// A number as developers write them: a number, or digits with or without `0x`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "Value")]
struct Number(U256);

impl TryFrom<Value> for Number {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        match &value {
            Value::Number(number) => {
                let number = number.as_u64().ok_or("it is not a whole number")?;
                Ok(Self(U256::from(number)))
            }
            Value::String(text) => text
                .parse()
                .map(Self)
                .map_err(|_| format!("{text:?} is no number")),
            _ => Err("it is no number".to_owned()),
        }
    }
}

impl Number {
    fn small(self) -> Result<u64, RpcError> {
        self.0
            .try_into()
            .map_err(|_| RpcError::params("the number is too large"))
    }
}

impl Api {
    /// Calls a method of developers. The three families share most of their names.
    pub(crate) fn develop(&self, name: &str, params: Params<'_>) -> Result<Value, RpcError> {
        let (_, short) = name.split_once('_').unwrap_or_default();
        match short {
            "mine" if name == "evm_mine" => self.mine_one(params),
            "mine" => self.mine_many(params),
            "mine_detailed" => self.mine_detailed(params),
            "getAutomine" => Ok(json!(self.mines_at_once())),
            "setAutomine" => self.set_automine(params),
            "setIntervalMining" => self.set_interval_mining(params),
            "getIntervalMining" => Ok(json!(self.interval_seconds())),
            "snapshot" => Ok(crate::json::quantity(self.node.snapshot())),
            "revert" => self.revert(params),
            "reset" => self.reset(),
            "rollback" => self.rollback(params),
            "increaseTime" => self.increase_time(params),
            "setTime" => self.set_time(params),
            "setNextBlockTimestamp" => self.set_next_timestamp(params),
            "setBlockTimestampInterval" => self.set_timestamp_interval(params),
            "removeBlockTimestampInterval" => {
                self.node.set_timestamp_interval(None);
                Ok(json!(true))
            }
            "setNextBlockBaseFeePerGas" => self.set_next_base_fee(params),
            "setPrevRandao" => self.set_prev_randao(params),
            "setCoinbase" => self.set_coinbase(params),
            "setBlockGasLimit" => self.set_gas_limit(params),
            "setChainId" => self.set_chain_id(params),
            "setBalance" => self.set_balance(params),
            "addBalance" => self.add_balance(params),
            "setNonce" => self.set_nonce(params),
            "setCode" => self.set_code(params),
            "setStorageAt" => self.set_storage_at(params),
            "impersonateAccount" => self.impersonate(params),
            "stopImpersonatingAccount" => self.stop_impersonating(params),
            "autoImpersonateAccount" => self.impersonate_all(params),
            "dropTransaction" => self.drop_transaction(params, name.starts_with("anvil_")),
            "dropAllTransactions" => {
                self.node.pool().clear(None);
                Ok(Value::Null)
            }
            "removePoolTransactions" => self.drop_transactions_of(params),
            "dumpState" => self.dump_state(),
            "loadState" => self.load_state(params),
            "nodeInfo" => Ok(self.node_info()),
            "metadata" => Ok(self.metadata()),
            // There is nothing to set: logs go where the command line says, and any price
            // above the base fee is taken.
            "setLoggingEnabled" | "setMinGasPrice" | "enableTraces" => Ok(Value::Null),
            _ => Err(RpcError::method(name)),
        }
    }
}
