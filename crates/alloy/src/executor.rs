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

use crate::{
    conditions,
    parent::ParentState,
    run::{Fallback, LastRun, Run},
    write_back::WriteBack,
};
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
    last_run: Option<&'a LastRun>,
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
            last_run: None,
        }
    }

    /// Says in `last_run`, when the transactions of a block have been executed, whether
    /// that was in parallel, and what it took or why not.
    #[must_use]
    pub const fn record_in(mut self, last_run: &'a LastRun) -> Self {
        self.last_run = Some(last_run);
        self
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
    /// Executes all transactions on the engine, or changes nothing.
    fn execute_parallel(
        &mut self,
        block: &Block,
        transactions: &[impl RecoveredTx<R::Transaction>],
    ) -> Result<Run, Fallback> {
        let untouched =
            self.sequential.receipts.is_empty() && self.sequential.cumulative_tx_gas_used == 0;
        if !untouched {
            return Err(Fallback::Started);
        }
        conditions::check(block, &self.sequential.evm)?;
        let db = self.sequential.evm.db_mut();
        let mut output = self.parent.replay(self.engine, block, db)?;
        let run = Run::parallel(&mut output);
        let BlockOutput {
            outcomes, changes, ..
        } = output;
        let write_back =
            WriteBack::prepare(db, changes).map_err(|e| Fallback::Database(e.to_string()))?;
        for (outcome, transaction) in outcomes.into_iter().zip(transactions) {
            self.add(outcome, transaction.tx());
        }
        write_back.commit(self.sequential.evm.db_mut());
        Ok(run)
    }

    /// Tells those who want to know how the transactions are executed.
    fn report(&self, block: &Block, run: Run) {
        let number = block.env.number;
        let transactions = block.transactions.len();
        match &run {
            Run::Parallel { stats, .. } => tracing::trace!(
                %number, transactions, elapsed = ?stats.elapsed, "executed in parallel"
            ),
            Run::Sequential(reason) => {
                tracing::debug!(%number, transactions, %reason, "executing sequentially");
            }
        }
        if let Some(last_run) = self.last_run {
            last_run.set(run);
        }
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
        let run = self
            .execute_parallel(&block, &recovered)
            .unwrap_or_else(Run::Sequential);
        let is_done = run.is_parallel();
        self.report(&block, run);
        if !is_done {
            for transaction in block.transactions.into_iter().zip(recovered) {
                self.sequential.execute_transaction(transaction)?;
            }
        }
        self.sequential.apply_post_execution_changes()
    }
}
