//! How much gas a transaction needs.

use super::{Session, evm, halted};
use crate::{api::Api, error::RpcError, json::quantity, params::Params};
use alloy_eips::eip7825::MAX_TX_GAS_LIMIT_OSAKA;
use alloy_primitives::{TxKind, U256};
use alloy_rpc_types_eth::TransactionRequest;
use parallax_chain::Fork;
use revm::{
    Database,
    context::{
        TxEnv,
        result::{EVMError, ExecutionResult, InvalidTransaction},
    },
    inspector::NoOpInspector,
};
use serde_json::Value;

/// What a payment costs.
const PAYMENT: u64 = 21_000;

/// What a called contract has to spend if value comes along.
const STIPEND: u64 = 2_300;

/// How much too high an estimate may be, in thousandths: the search ends earlier for it.
const TOLERANCE: u64 = 15;

impl Api {
    /// `eth_estimateGas`.
    pub(crate) fn estimate_gas(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let request: TransactionRequest = params.next()?;
        let (mut session, request) = self.session(request, &mut params)?;
        Ok(quantity(self.estimate(&mut session, &request)?))
    }

    /// The least gas limit, nearly, with which a request does not fail.
    pub(crate) fn estimate(
        &self,
        session: &mut Session,
        request: &TransactionRequest,
    ) -> Result<u64, RpcError> {
        let most = self.most_gas(session, request)?;
        let tx = session.transaction(request, most)?;
        if is_payment(session, &tx)? && succeeds(session, &tx, PAYMENT)?.is_ok() {
            return Ok(PAYMENT);
        }
        let result = match succeeds(session, &tx, most)? {
            Ok(result) => result,
            Err(Some(result)) => return Err(why(result, most)),
            Err(None) => {
                return Err(RpcError::server(format!(
                    "gas required exceeds allowance ({most})"
                )));
            }
        };
        search(session, &tx, most, &result)
    }

    /// What the request, the block and the sender's balance allow.
    fn most_gas(
        &self,
        session: &mut Session,
        request: &TransactionRequest,
    ) -> Result<u64, RpcError> {
        let mut most = request.gas.filter(|gas| *gas >= PAYMENT);
        let block = session.env.block_env.gas_limit;
        let most = most.get_or_insert(block);
        *most = (*most).min(self.config.call_gas);
        if session.fork >= Fork::Osaka {
            *most = (*most).min(MAX_TX_GAS_LIMIT_OSAKA);
        }
        let price = request
            .gas_price
            .or(request.max_fee_per_gas)
            .unwrap_or_default();
        if price == 0 {
            return Ok(*most);
        }
        let sender = session.db.basic(request.from.unwrap_or_default());
        let balance = sender
            .map_err(evm::database)?
            .map_or(U256::ZERO, |sender| sender.balance);
        let value = request.value.unwrap_or_default();
        let Some(left) = balance.checked_sub(value) else {
            return Err(RpcError::server("insufficient funds for transfer"));
        };
        let affordable = left / U256::from(price);
        Ok((*most).min(affordable.saturating_to()))
    }
}

/// Whether it does nothing but pay somebody.
fn is_payment(session: &mut Session, tx: &TxEnv) -> Result<bool, RpcError> {
    let TxKind::Call(to) = tx.kind else {
        return Ok(false);
    };
    if !tx.data.is_empty() || !tx.access_list.is_empty() || !tx.authorization_list.is_empty() {
        return Ok(false);
    }
    let account = session.db.basic(to).map_err(evm::database)?;
    Ok(account.is_none_or(|account| account.is_empty_code_hash()))
}

/// What comes out with a gas limit; `Err(None)`: it is too low to begin.
fn succeeds(
    session: &mut Session,
    tx: &TxEnv,
    gas_limit: u64,
) -> Result<Result<ExecutionResult, Option<ExecutionResult>>, RpcError> {
    let tx = TxEnv {
        gas_limit,
        ..tx.clone()
    };
    match session.inspect(tx, NoOpInspector {}) {
        Ok(done) if done.result.is_success() => Ok(Ok(done.result)),
        Ok(done) => Ok(Err(Some(done.result))),
        Err(EVMError::Transaction(
            InvalidTransaction::CallGasCostMoreThanGasLimit { .. }
            | InvalidTransaction::GasFloorMoreThanGasLimit { .. },
        )) => Ok(Err(None)),
        Err(error) => Err(evm::failed(error)),
    }
}

/// Between what has failed and what has not.
fn search(
    session: &mut Session,
    tx: &TxEnv,
    most: u64,
    result: &ExecutionResult,
) -> Result<u64, RpcError> {
    let (mut low, mut high) = (result.tx_gas_used().saturating_sub(1), most);
    // What was refunded at the end had to be there before, and a call leaves a 64th behind.
    let used = result.tx_gas_used() + result.gas().final_refunded();
    let guess = (used + STIPEND) * 64 / 63;
    if guess < high {
        match succeeds(session, tx, guess)? {
            Ok(_) => high = guess,
            Err(_) => low = guess,
        }
    }
    while low + 1 < high {
        if (high - low) * 1000 < high * TOLERANCE {
            break;
        }
        // Most need little more than they use.
        let middle = (low + (high - low) / 2).min(low.saturating_mul(2));
        match succeeds(session, tx, middle)? {
            Ok(_) => high = middle,
            Err(_) => low = middle,
        }
    }
    Ok(high)
}

/// Why it fails with all gas that there is.
fn why(result: ExecutionResult, most: u64) -> RpcError {
    match result {
        ExecutionResult::Revert { output, .. } => RpcError::reverted(&output),
        ExecutionResult::Halt { reason, .. } if halted(&reason).starts_with("out of gas") => {
            RpcError::server(format!("gas required exceeds allowance ({most})"))
        }
        ExecutionResult::Halt { reason, .. } => RpcError::server(halted(&reason)),
        ExecutionResult::Success { .. } => RpcError::internal("it did not fail"),
    }
}
