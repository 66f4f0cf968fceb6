//! What happens inside of transactions.

use crate::{
    api::Api,
    call::{Session, evm::failed, must_not_contradict, override_block, override_state},
    error::RpcError,
    params::Params,
};
use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_primitives::{B256, Bytes};
use alloy_rpc_types_eth::TransactionRequest;
use alloy_rpc_types_trace::geth::{GethDebugTracingCallOptions, GethDebugTracingOptions};
use parallax_chain::tx_env;
use parallax_node::{Moment, SealedBlock};
use revm::{context::TxEnv, inspector::NoOpInspector};
use revm_inspectors::tracing::{DebugInspector, TransactionContext};
use serde_json::{Value, json};

impl Api {
    /// `debug_traceTransaction`.
    pub(crate) fn trace_transaction(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let hash: B256 = params.next()?;
        let options = params.optional()?.unwrap_or_default();
        let found = self.node.transaction(&hash)?;
        let (block, index) = found.ok_or_else(|| RpcError::server("transaction not found"))?;
        let mut session = self.before(&block)?;
        for earlier in block.transactions.iter().take(index) {
            session.replay(tx_env(&earlier.signed, earlier.sender))?;
        }
        session.trace(&block, index, &options)
    }

    /// `debug_traceBlockByHash`.
    pub(crate) fn trace_block_by_hash(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let hash: B256 = params.next()?;
        let options = params.optional()?.unwrap_or_default();
        let block = self.node.block_by_hash(&hash)?;
        let block = block.ok_or_else(|| RpcError::server(format!("block {hash:#x} not found")))?;
        self.trace_block(&block, &options)
    }

    /// `debug_traceBlockByNumber`.
    pub(crate) fn trace_block_by_number(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let number: BlockNumberOrTag = params.next()?;
        let options = params.optional()?.unwrap_or_default();
        let block = self.find(number.into())?;
        let block = block.ok_or_else(|| RpcError::server(format!("block {number} not found")))?;
        self.trace_block(&block, &options)
    }

    /// `debug_traceBlock`, of a block in RLP that is part of the chain.
    pub(crate) fn trace_raw_block(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let rlp: Bytes = params.next()?;
        let options = params.optional()?.unwrap_or_default();
        let mut rest = &rlp[..];
        let block = <alloy_consensus::Block<parallax_chain::SignedTransaction> as alloy_rlp::Decodable>::decode(&mut rest)
            .map_err(|error| RpcError::params(format!("could not decode block: {error}")))?;
        let hash = block.header.hash_slow();
        let block = self.node.block_by_hash(&hash)?;
        let block = block.ok_or_else(|| RpcError::server(format!("block {hash:#x} not found")))?;
        self.trace_block(&block, &options)
    }

    fn trace_block(
        &self,
        block: &SealedBlock,
        options: &GethDebugTracingOptions,
    ) -> Result<Value, RpcError> {
        let mut session = self.before(block)?;
        let traces = block.transactions.iter().enumerate().map(|(index, tx)| {
            let trace = session.trace(block, index, options)?;
            Ok(json!({ "txHash": tx.signed.tx_hash(), "result": trace }))
        });
        Ok(Value::Array(traces.collect::<Result<_, RpcError>>()?))
    }

    /// `debug_traceCall`.
    pub(crate) fn trace_call(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let request: TransactionRequest = params.next()?;
        let target = self.target(params.optional::<BlockId>()?)?;
        let options: GethDebugTracingCallOptions = params.optional()?.unwrap_or_default();
        must_not_contradict(&request)?;
        let (env, fork) = self.env(&target);
        let mut session = Session::new(self.state(&target), env, fork);
        if let Some(overrides) = options.block_overrides {
            override_block(&mut session, overrides);
        }
        if let Some(overrides) = options.state_overrides {
            override_state(&mut session, overrides)?;
        }
        let tx = session.transaction(&request, self.config.call_gas)?;
        session.inspected(&tx, None, options.tracing_options)
    }

    /// The state before the transactions of a block.
    fn before(&self, block: &SealedBlock) -> Result<Session, RpcError> {
        let Some(parent) = block.number().checked_sub(1) else {
            return Err(RpcError::server("genesis is not traceable"));
        };
        let state = self.node.state_at(Moment::Block(parent));
        let env = self.env_of(&block.header, block.fork);
        let mut session = Session::new(state, env, block.fork);
        session.begin_block(&block.header)?;
        // A transaction of a block was checked when the block was made; an account that
        // nobody has a key of may be its sender.
        session.env.cfg_env.disable_nonce_check = true;
        Ok(session)
    }
}

impl Session {
    /// Executes a transaction for what it leaves behind.
    fn replay(&mut self, tx: TxEnv) -> Result<(), RpcError> {
        let done = self.inspect(tx, NoOpInspector {}).map_err(failed)?;
        self.keep(done);
        Ok(())
    }

    /// Executes the next transaction of a block and tells what happens in it.
    fn trace(
        &mut self,
        block: &SealedBlock,
        index: usize,
        options: &GethDebugTracingOptions,
    ) -> Result<Value, RpcError> {
        let Some(tx) = block.transactions.get(index) else {
            return Err(RpcError::server("transaction not found"));
        };
        let context = TransactionContext {
            block_hash: Some(block.hash),
            tx_index: Some(index),
            tx_hash: Some(*tx.signed.tx_hash()),
        };
        self.inspected(
            &tx_env(&tx.signed, tx.sender),
            Some(context),
            options.clone(),
        )
    }

    fn inspected(
        &mut self,
        tx: &TxEnv,
        context: Option<TransactionContext>,
        options: GethDebugTracingOptions,
    ) -> Result<Value, RpcError> {
        let mut inspector =
            DebugInspector::new(options).map_err(|error| RpcError::params(error.to_string()))?;
        let done = self.inspect(tx.clone(), &mut inspector).map_err(failed)?;
        let env = self.env.block_env.clone();
        let trace = inspector.get_result(context, tx, &env, &done, &mut self.db);
        let trace = trace.map_err(|error| RpcError::server(error.to_string()))?;
        self.keep(done);
        serde_json::to_value(trace).map_err(|error| RpcError::internal(error.to_string()))
    }
}
