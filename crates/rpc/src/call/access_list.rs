//! What a transaction touches.

use super::{evm, halted};
use crate::{
    api::Api,
    error::{RpcError, reason},
    json::quantity,
    params::Params,
};
use alloy_primitives::{Address, TxKind};
use alloy_rpc_types_eth::{AccessList, TransactionRequest};
use revm::{
    context::result::ExecutionResult,
    precompile::{PrecompileSpecId, Precompiles},
};
use revm_inspectors::access_list::AccessListInspector;
use serde_json::{Value, json};

/// Rounds after which a list that still changes is taken as it is.
const ROUNDS: usize = 16;

impl Api {
    /// `eth_createAccessList`.
    pub(crate) fn create_access_list(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let request: TransactionRequest = params.next()?;
        let (mut session, mut request) = self.session(request, &mut params)?;
        let given = request.access_list.take();
        if request.gas.is_none() {
            request.gas = Some(session.env.block_env.gas_limit);
        }
        let most_gas = self.call_limits().gas;
        let from = request.from.unwrap_or_default();
        let nonce = request.nonce.map_or_else(|| session.nonce(from), Ok)?;
        let to = match request.to {
            Some(TxKind::Call(to)) => to,
            _ => from.create(nonce),
        };
        let free = self.free(&session.env, from, to);
        let mut list = given.unwrap_or_default();
        // With the list it may take another way, and touch something else.
        for _ in 0..ROUNDS {
            request.access_list = Some(list.clone());
            let tx = session.transaction(&request, most_gas)?;
            let mut inspector = AccessListInspector::new(list.clone());
            let done = session.inspect(tx, &mut inspector).map_err(evm::failed)?;
            let mut touched = inspector.into_access_list();
            touched
                .0
                .retain(|item| !free.contains(&item.address) || !item.storage_keys.is_empty());
            touched.0.sort_unstable_by_key(|item| item.address);
            if touched == list {
                return Ok(answer(&list, &done.result));
            }
            list = touched;
        }
        Err(RpcError::server("the access list changes with every round"))
    }

    /// Accounts that need not be in a list.
    fn free(&self, env: &alloy_evm::EvmEnv, from: Address, to: Address) -> Vec<Address> {
        let spec = PrecompileSpecId::from_spec_id(env.cfg_env.spec);
        let precompiles = Precompiles::new(spec).addresses().copied();
        precompiles
            .chain([from, to, env.block_env.beneficiary])
            .collect()
    }
}

fn answer(list: &AccessList, result: &ExecutionResult) -> Value {
    let mut json = json!({
        "accessList": list,
        "gasUsed": quantity(result.tx_gas_used()),
    });
    match result {
        ExecutionResult::Success { .. } => {}
        ExecutionResult::Revert { output, .. } => {
            json["error"] = json!(match reason(output) {
                Some(reason) => format!("execution reverted: {reason}"),
                None => "execution reverted".to_owned(),
            });
        }
        ExecutionResult::Halt { reason, .. } => json["error"] = json!(halted(reason)),
    }
    json
}
