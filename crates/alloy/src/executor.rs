//! What replaces `EthBlockExecutor`.
//!
//! ```text
//! apply_pre_execution_changes   alloy-evm's executor, into the EVM's database
//! all transactions              engine, on what is now in the database
//!   receipts, gas               into alloy-evm's executor
//!   state changes               into the database (see write_back)
//! finish                        alloy-evm's executor
//! ```
//!
//! Until the engine has succeeded nothing has changed, so whatever it cannot do
//! or refuses to do is left to alloy-evm's executor: a block that is invalid
//! fails with the very error, and leaves the very state, that it always did.

use crate::{conditions, parent::ParentState, write_back::WriteBack};
use alloy_consensus::{Transaction, TransactionEnvelope, TxReceipt};
use alloy_eips::Encodable2718;
use alloy_evm::{
    Database, Evm, FromRecoveredTx, FromTxWithEncoded, RecoveredTx,
    block::{
        BlockExecutionError, BlockExecutionResult, BlockExecutor, ExecutableTx, ExecutableTxParts,
        GasOutput, StateDB,
    },
    eth::{
        EthBlockExecutor, EthEvm, EthEvmContext, EthTxResult,
        receipt_builder::{ReceiptBuilder, ReceiptBuilderCtx},
        spec::EthExecutorSpec,
    },
    precompiles::PrecompilesMap,
};
use alloy_primitives::Log;
use parallax_engine::{Block, BlockOutput, Engine, ProtocolChanges, TxOutcome};
use revm::{
    Inspector,
    context::{TxEnv, result::HaltReason},
    state::EvmState,
};
use std::fmt;

/// alloy-evm's executor of a sequence of transactions, without its EVM.
type Sequential<'a, DB, I, Spec, R> = EthBlockExecutor<'a, EthEvm<DB, I, PrecompilesMap>, Spec, R>;

/// Executes a block as [`EthBlockExecutor`] does, but
/// [`execute_block`](BlockExecutor::execute_block) in parallel.
///
/// `P` says how the engine's workers read the parent state:
/// [`Served`](crate::Served) or [`Shared`](crate::Shared).
pub struct ParallelBlockExecutor<'a, DB: Database, I, Spec, R: ReceiptBuilder, P> {
    sequential: Sequential<'a, DB, I, Spec, R>,
    engine: &'a Engine,
    parent: P,
}

impl<DB: Database, I, Spec, R: ReceiptBuilder, P: fmt::Debug> fmt::Debug
    for ParallelBlockExecutor<'_, DB, I, Spec, R, P>
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ParallelBlockExecutor")
            .field("engine", self.engine)
            .field("parent", &self.parent)
            .finish_non_exhaustive()
    }
}

impl<'a, DB: Database, I, Spec, R: ReceiptBuilder, P> ParallelBlockExecutor<'a, DB, I, Spec, R, P> {
    /// Wraps alloy-evm's executor.
    pub const fn new(
        sequential: Sequential<'a, DB, I, Spec, R>,
        engine: &'a Engine,
        parent: P,
    ) -> Self {
        Self {
            sequential,
            engine,
            parent,
        }
    }

    /// alloy-evm's executor, with all that has been executed so far.
    pub fn into_sequential(self) -> Sequential<'a, DB, I, Spec, R> {
        self.sequential
    }
}

impl<DB, I, Spec, R, P> ParallelBlockExecutor<'_, DB, I, Spec, R, P>
where
    DB: StateDB,
    I: Inspector<EthEvmContext<DB>>,
    Spec: EthExecutorSpec,
    R: ReceiptBuilder<Transaction: Transaction>,
    P: ParentState<DB>,
{
    /// Executes all transactions on the engine, or changes nothing and returns
    /// false.
    fn execute_parallel(
        &mut self,
        block: &Block,
        transactions: &[impl RecoveredTx<R::Transaction>],
    ) -> bool {
        let untouched =
            self.sequential.receipts.is_empty() && self.sequential.cumulative_tx_gas_used == 0;
        if !untouched || !conditions::hold(block, &self.sequential.evm) {
            return false;
        }
        let db = self.sequential.evm.db_mut();
        let Some(output) = self.parent.replay(self.engine, block, db) else {
            return false;
        };
        let BlockOutput {
            outcomes, changes, ..
        } = output;
        let Ok(write_back) = WriteBack::prepare(self.sequential.evm.db_mut(), changes) else {
            return false;
        };
        for (outcome, transaction) in outcomes.into_iter().zip(transactions) {
            self.add(outcome, transaction.tx());
        }
        write_back.commit(self.sequential.evm.db_mut());
        true
    }

    /// Takes a transaction's gas and receipt into account.
    fn add(&mut self, outcome: TxOutcome, transaction: &R::Transaction) {
        let TxOutcome { result, .. } = outcome;
        let sequential = &mut self.sequential;
        let gas = result.gas();
        sequential.cumulative_tx_gas_used += gas.tx_gas_used();
        sequential.block_regular_gas_used += gas.block_regular_gas_used();
        sequential.block_state_gas_used += gas.block_state_gas_used();
        let timestamp = sequential.evm.block().timestamp.saturating_to();
        if sequential.spec.is_cancun_active_at_timestamp(timestamp) {
            let blob_gas = transaction.blob_gas_used().unwrap_or_default();
            sequential.blob_gas_used = sequential.blob_gas_used.saturating_add(blob_gas);
        }
        let receipt = sequential.receipt_builder.build_receipt(ReceiptBuilderCtx {
            tx_type: transaction.tx_type(),
            evm: &sequential.evm,
            result,
            state: &EvmState::default(),
            cumulative_gas_used: sequential.cumulative_tx_gas_used,
        });
        sequential.receipts.push(receipt);
    }

    fn block(&self, transactions: Vec<TxEnv>) -> Block {
        let evm = &self.sequential.evm;
        Block {
            cfg: evm.cfg_env().clone(),
            env: evm.block().clone(),
            transactions,
            // alloy-evm's executor makes the protocol's changes, and judges blobs.
            protocol: ProtocolChanges::default(),
            max_blob_gas: None,
        }
    }
}

impl<DB, I, Spec, R, P> BlockExecutor for ParallelBlockExecutor<'_, DB, I, Spec, R, P>
where
    DB: StateDB,
    I: Inspector<EthEvmContext<DB>>,
    Spec: EthExecutorSpec,
    R: ReceiptBuilder<Transaction: Transaction + Encodable2718, Receipt: TxReceipt<Log = Log>>,
    P: ParentState<DB>,
    TxEnv: FromRecoveredTx<R::Transaction> + FromTxWithEncoded<R::Transaction>,
    <R::Transaction as TransactionEnvelope>::TxType: Send + 'static,
{
    type Transaction = R::Transaction;
    type Receipt = R::Receipt;
    type Evm = EthEvm<DB, I, PrecompilesMap>;
    type Result = EthTxResult<HaltReason, <R::Transaction as TransactionEnvelope>::TxType>;

    fn apply_pre_execution_changes(&mut self) -> Result<(), BlockExecutionError> {
        self.sequential.apply_pre_execution_changes()
    }

    fn execute_transaction_without_commit(
        &mut self,
        tx: impl ExecutableTx<Self>,
    ) -> Result<Self::Result, BlockExecutionError> {
        self.sequential.execute_transaction_without_commit(tx)
    }

    fn commit_transaction(&mut self, output: Self::Result) -> GasOutput {
        self.sequential.commit_transaction(output)
    }

    fn finish(self) -> Result<(Self::Evm, BlockExecutionResult<R::Receipt>), BlockExecutionError> {
        self.sequential.finish()
    }

    fn evm_mut(&mut self) -> &mut Self::Evm {
        self.sequential.evm_mut()
    }

    fn evm(&self) -> &Self::Evm {
        self.sequential.evm()
    }

    fn receipts(&self) -> &[Self::Receipt] {
        self.sequential.receipts()
    }

    fn execute_block(
        mut self,
        transactions: impl IntoIterator<Item = impl ExecutableTx<Self>>,
    ) -> Result<BlockExecutionResult<R::Receipt>, BlockExecutionError> {
        self.sequential.apply_pre_execution_changes()?;
        let (environments, recovered): (Vec<TxEnv>, Vec<_>) = transactions
            .into_iter()
            .map(ExecutableTxParts::into_parts)
            .unzip();
        let block = self.block(environments);
        if !self.execute_parallel(&block, &recovered) {
            for transaction in block.transactions.into_iter().zip(recovered) {
                self.sequential.execute_transaction(transaction)?;
            }
        }
        self.sequential.apply_post_execution_changes()
    }
}
