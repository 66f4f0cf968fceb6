//! Calls that the protocol makes outside transactions.

use super::{Evm, Run, StateError, state_error};
use crate::{Block, EngineError};
use alloy_eips::{
    eip2935::HISTORY_STORAGE_ADDRESS, eip4788::BEACON_ROOTS_ADDRESS,
    eip7002::WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS,
    eip7251::CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS,
};
use alloy_primitives::{Address, B256, Bytes};
use revm::{
    Database, DatabaseRef, ExecuteCommitEvm, ExecuteEvm,
    context::{
        ContextSetters, TxEnv,
        result::{EVMError, ExecutionResult},
    },
    handler::{Handler, MainnetHandler, SystemCallTx},
    primitives::{TxKind, hardfork::SpecId},
};

/// Gas of a system call (EIP-2935, EIP-4788, EIP-7002, EIP-7251). revm's own
/// limit adds what Amsterdam needs, which would let a call succeed that must
/// run out of gas.
const SYSTEM_CALL_GAS: u64 = 30_000_000;

/// The system calls of a block as transactions; they outlive the EVM, which
/// borrows its transaction.
#[derive(Debug)]
pub(crate) struct SystemTransactions {
    /// What the EVM holds before its first transaction.
    pub(crate) idle: TxEnv,
    pub(crate) before: Vec<TxEnv>,
    pub(crate) withdrawals: TxEnv,
    pub(crate) consolidations: TxEnv,
}

impl SystemTransactions {
    pub(crate) fn new(block: &Block) -> Self {
        Self {
            idle: TxEnv::default(),
            before: calls_before(block),
            withdrawals: system_call(WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS, Bytes::new()),
            consolidations: system_call(CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS, Bytes::new()),
        }
    }
}

fn calls_before(block: &Block) -> Vec<TxEnv> {
    // The genesis block has no parent.
    if block.env.number.is_zero() {
        return Vec::new();
    }
    let call = |fork, to, input: Option<B256>| {
        let input = input.filter(|_| block.spec().is_enabled_in(fork))?;
        Some(system_call(to, input.0.into()))
    };
    let parent_hash = block.protocol.parent_hash;
    let beacon_root = block.protocol.parent_beacon_block_root;
    [
        call(SpecId::PRAGUE, HISTORY_STORAGE_ADDRESS, parent_hash),
        call(SpecId::CANCUN, BEACON_ROOTS_ADDRESS, beacon_root),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn system_call(to: Address, input: Bytes) -> TxEnv {
    TxEnv {
        gas_limit: SYSTEM_CALL_GAS,
        ..TxEnv::new_system_tx(to, input)
    }
}

impl<'a, DB: DatabaseRef, I> Run<'a, DB, I> {
    /// Makes the calls that precede the transactions. A call that reverts or
    /// meets no code is ignored, as EIP-2935 and EIP-4788 demand.
    pub(super) fn calls_before(
        &mut self,
        system: &'a SystemTransactions,
    ) -> Result<(), EngineError<DB::Error>> {
        for tx in &system.before {
            call(&mut self.evm, tx)?;
        }
        Ok(())
    }

    /// Output of the EIP-7002 contract.
    pub(super) fn withdrawal_requests(
        &mut self,
        system: &'a SystemTransactions,
    ) -> Result<Bytes, EngineError<DB::Error>> {
        self.checked_call(&system.withdrawals)
    }

    /// Output of the EIP-7251 contract.
    pub(super) fn consolidation_requests(
        &mut self,
        system: &'a SystemTransactions,
    ) -> Result<Bytes, EngineError<DB::Error>> {
        self.checked_call(&system.consolidations)
    }

    /// A call that invalidates the block unless it succeeds.
    fn checked_call(&mut self, tx: &'a TxEnv) -> Result<Bytes, EngineError<DB::Error>> {
        let address = target(tx);
        let failed = |reason| EngineError::SystemCall { address, reason };
        let contract = self.state().basic(address).map_err(state_error)?;
        if contract.is_none_or(|info| info.is_empty_code_hash()) {
            return Err(failed("there is no code".into()));
        }
        match call(&mut self.evm, tx)? {
            ExecutionResult::Success { output, .. } => Ok(output.into_data()),
            ExecutionResult::Revert { output, .. } => Err(failed(format!("reverted: {output}"))),
            ExecutionResult::Halt { reason, .. } => Err(failed(format!("halted: {reason:?}"))),
        }
    }
}

fn target(tx: &TxEnv) -> Address {
    match tx.kind {
        TxKind::Call(address) => address,
        TxKind::Create => Address::ZERO,
    }
}

fn call<'a, DB: DatabaseRef, I>(
    evm: &mut Evm<'a, DB, I>,
    tx: &'a TxEnv,
) -> Result<ExecutionResult, EngineError<DB::Error>> {
    evm.ctx.set_tx(tx);
    let result: Result<_, EVMError<StateError<DB>>> =
        MainnetHandler::default().run_system_call(evm);
    let state = evm.finalize();
    let failed = |reason| EngineError::SystemCall {
        address: target(tx),
        reason,
    };
    let result = result.map_err(|error| match error {
        EVMError::Database(error) => state_error(error),
        error => failed(error.to_string()),
    })?;
    evm.commit(state);
    Ok(result)
}
