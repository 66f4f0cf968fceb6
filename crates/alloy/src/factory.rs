//! What replaces `EthBlockExecutorFactory`.

use crate::{
    executor::ParallelBlockExecutor,
    parent::{Served, Shared, SharedDatabase},
    run::{LastRun, Run},
};
use alloy_consensus::{Transaction, TransactionEnvelope, TxReceipt};
use alloy_eips::Encodable2718;
use alloy_evm::{
    FromRecoveredTx, FromTxWithEncoded,
    block::{BlockExecutorFactory, StateDB},
    eth::{
        EthBlockExecutionCtx, EthBlockExecutor, EthBlockExecutorFactory, EthEvm, EthEvmContext,
        EthEvmFactory, EthTxResult,
        receipt_builder::{AlloyReceiptBuilder, ReceiptBuilder},
        spec::{EthExecutorSpec, EthSpec},
    },
    precompiles::PrecompilesMap,
};
use alloy_primitives::Log;
use parallax_engine::Engine;
use revm::{
    Inspector,
    context::{TxEnv, result::HaltReason},
};
use std::sync::Arc;

/// Makes executors that run whole blocks on a parallel [`Engine`].
///
/// Takes the place of [`EthBlockExecutorFactory`] with [`EthEvmFactory`], and
/// gives the same results. See the [crate] for an example.
#[derive(Clone, Debug)]
pub struct ParallelBlockExecutorFactory<R = AlloyReceiptBuilder, Spec = EthSpec> {
    sequential: EthBlockExecutorFactory<R, Spec, EthEvmFactory>,
    engine: Arc<Engine>,
    last_run: Arc<LastRun>,
}

impl<R, Spec> ParallelBlockExecutorFactory<R, Spec> {
    /// Creates a factory. Its executors, and any other user of `engine`, take
    /// turns.
    ///
    /// The engine must have the precompiles of the fork, that is, not those of
    /// [`Engine::with_precompiles`] or [`Engine::with_precompiles_of`].
    pub fn new(receipt_builder: R, spec: Spec, engine: Arc<Engine>) -> Self {
        let evm_factory = EthEvmFactory::default();
        Self {
            sequential: EthBlockExecutorFactory::new(receipt_builder, spec, evm_factory),
            engine,
            last_run: Arc::default(),
        }
    }

    /// The receipt builder.
    pub const fn receipt_builder(&self) -> &R {
        self.sequential.receipt_builder()
    }

    /// The chain specification.
    pub const fn spec(&self) -> &Spec {
        self.sequential.spec()
    }

    /// The engine.
    pub const fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    /// How the block was executed that an executor of this factory, or of a clone of
    /// it, has executed last: in parallel or not, and what it took or why not.
    ///
    /// Who executes blocks on several threads gives each executor a place of its own:
    /// [`ParallelBlockExecutor::record_in`].
    pub fn last_run(&self) -> Option<Arc<Run>> {
        self.last_run.get()
    }

    /// As [`create_executor`](BlockExecutorFactory::create_executor), for a
    /// database that the workers may read themselves, all at once. Wherever the
    /// database allows it this is the one to use; see the [crate].
    pub fn create_shared_executor<'a, DB, I>(
        &'a self,
        evm: EthEvm<DB, I, PrecompilesMap>,
        ctx: EthBlockExecutionCtx<'a>,
    ) -> ParallelBlockExecutor<'a, DB, I, &'a Spec, &'a R, Shared>
    where
        DB: SharedDatabase,
        R: ReceiptBuilder,
    {
        let sequential = EthBlockExecutor::new(evm, ctx, self.spec(), self.receipt_builder());
        ParallelBlockExecutor::new(sequential, &self.engine, Shared).record_in(&self.last_run)
    }
}

impl<R, Spec> BlockExecutorFactory for ParallelBlockExecutorFactory<R, Spec>
where
    R: ReceiptBuilder<Transaction: Transaction + Encodable2718, Receipt: TxReceipt<Log = Log>>
        + 'static,
    Spec: EthExecutorSpec + 'static,
    TxEnv: FromRecoveredTx<R::Transaction> + FromTxWithEncoded<R::Transaction>,
    <R::Transaction as TransactionEnvelope>::TxType: Send + 'static,
{
    type EvmFactory = EthEvmFactory;
    type ExecutionCtx<'a> = EthBlockExecutionCtx<'a>;
    type Transaction = R::Transaction;
    type Receipt = R::Receipt;
    type TxExecutionResult =
        EthTxResult<HaltReason, <R::Transaction as TransactionEnvelope>::TxType>;
    type Executor<'a, DB: StateDB, I: Inspector<EthEvmContext<DB>>> =
        ParallelBlockExecutor<'a, DB, I, &'a Spec, &'a R, Served>;

    fn evm_factory(&self) -> &EthEvmFactory {
        self.sequential.evm_factory()
    }

    /// For any database, which the calling thread then reads for the workers: slow on
    /// a state in memory; see
    /// [`create_shared_executor`](ParallelBlockExecutorFactory::create_shared_executor).
    fn create_executor<'a, DB, I>(
        &'a self,
        evm: EthEvm<DB, I, PrecompilesMap>,
        ctx: EthBlockExecutionCtx<'a>,
    ) -> Self::Executor<'a, DB, I>
    where
        DB: StateDB,
        I: Inspector<EthEvmContext<DB>>,
    {
        let sequential = EthBlockExecutor::new(evm, ctx, self.spec(), self.receipt_builder());
        ParallelBlockExecutor::new(sequential, &self.engine, Served).record_in(&self.last_run)
    }
}
