//! Calls that change nothing.

mod access_list;
mod estimate;
pub(crate) mod evm;
mod overrides;
mod request;
pub(crate) mod simulate;

pub(crate) use evm::{Session, halted};
pub(crate) use overrides::{override_block, override_state};
pub(crate) use request::{must_not_contradict, sign_with, typed};

use crate::{api::Api, error::RpcError, params::Params};
use alloy_eips::BlockId;
use alloy_primitives::Bytes;
use alloy_rpc_types_eth::{BlockOverrides, TransactionRequest, state::StateOverride};
use revm::context::result::ExecutionResult;
use serde_json::{Value, json};

/// How far a call may go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CallLimits {
    pub(crate) gas: u64,
}

impl Api {
    /// `eth_call`.
    pub(crate) fn call(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let request: TransactionRequest = params.next()?;
        let (mut session, request) = self.session(request, &mut params)?;
        let tx = session.transaction(&request, self.call_limits().gas)?;
        let output = output(session.run(tx)?)?;
        Ok(json!(output))
    }

    /// What a call runs in: block, overrides.
    fn session(
        &self,
        request: TransactionRequest,
        params: &mut Params<'_>,
    ) -> Result<(Session, TransactionRequest), RpcError> {
        must_not_contradict(&request)?;
        let target = self.target(params.optional::<BlockId>()?)?;
        let state: Option<StateOverride> = params.optional()?;
        let block: Option<BlockOverrides> = params.optional()?;
        let (env, fork) = self.env(&target);
        let mut session = Session::new(self.state(&target), env, fork);
        if let Some(block) = block {
            override_block(&mut session, block);
        }
        if let Some(state) = state {
            override_state(&mut session, state)?;
        }
        Ok((session, request))
    }
}

/// What a call returned.
pub(crate) fn output(result: ExecutionResult) -> Result<Bytes, RpcError> {
    match result {
        ExecutionResult::Success { output, .. } => Ok(output.into_data()),
        ExecutionResult::Revert { output, .. } => Err(RpcError::reverted(&output)),
        ExecutionResult::Halt { reason, .. } => Err(RpcError::server(halted(&reason))),
    }
}
