//! Plain revm, one transaction after the other, while the block is being made.

use crate::{MemoryState, Workload};
use alloy_eips::{eip2935::HISTORY_STORAGE_ADDRESS, eip4788::BEACON_ROOTS_ADDRESS};
use alloy_primitives::{Address, B256, Bytes};
use revm::{
    Context, Database, ExecuteCommitEvm, ExecuteEvm, MainBuilder, MainContext, MainnetEvm,
    SystemCallCommitEvm,
    context::{
        Transaction, TxEnv,
        result::{EVMError, ExecResultAndState, ExecutionResult, InvalidTransaction},
    },
    database::{State, WrapDatabaseRef},
    handler::MainnetContext,
    primitives::hardfork::SpecId,
    state::{AccountInfo, EvmState},
};

type Evm<'a> = MainnetEvm<MainnetContext<State<WrapDatabaseRef<&'a MemoryState>>>>;

/// What a transaction did, before it is committed.
pub(super) type Executed = ExecResultAndState<ExecutionResult, EvmState>;

/// Why a transaction may not come next.
#[derive(Debug)]
pub(super) enum Rejected {
    /// By the rules for transactions.
    Invalid(InvalidTransaction),
    /// The block has not that much gas or blob gas left.
    BlockGas,
}

/// The state in the middle of a block.
pub(super) struct Runner<'a> {
    evm: Evm<'a>,
    gas_left: u64,
    blob_gas_left: u64,
}

impl<'a> Runner<'a> {
    /// Makes the changes that come before the first transaction.
    pub(super) fn new(workload: &'a Workload) -> Self {
        let block = &workload.block;
        let state = State::builder().with_database_ref(&workload.state).build();
        let evm = Context::mainnet()
            .with_db(state)
            .with_block(block.env.clone())
            .with_cfg(block.cfg.clone())
            .build_mainnet();
        let mut runner = Self {
            evm,
            gas_left: block.env.gas_limit,
            blob_gas_left: block.max_blob_gas.unwrap_or(u64::MAX),
        };
        if block.spec().is_enabled_in(SpecId::PRAGUE) {
            runner.system_call(HISTORY_STORAGE_ADDRESS, block.protocol.parent_hash);
        }
        if block.spec().is_enabled_in(SpecId::CANCUN) {
            let root = block.protocol.parent_beacon_block_root;
            runner.system_call(BEACON_ROOTS_ADDRESS, root);
        }
        runner
    }

    fn system_call(&mut self, contract: Address, word: Option<B256>) {
        if let Some(word) = word {
            let data = Bytes::copy_from_slice(word.as_slice());
            // Cannot fail: the database cannot, and a system call has no funds or
            // nonce to be checked.
            self.evm
                .system_call_commit(contract, data)
                .expect("system call on a memory database");
        }
    }

    /// Executes a transaction and forgets what it did.
    pub(super) fn dry_run(&mut self, tx: &TxEnv) -> Result<Executed, Rejected> {
        if tx.gas_limit > self.gas_left || tx.total_blob_gas() > self.blob_gas_left {
            return Err(Rejected::BlockGas);
        }
        match self.evm.transact(tx.clone()) {
            Ok(executed) => Ok(executed),
            Err(EVMError::Transaction(reason)) => Err(Rejected::Invalid(reason)),
            Err(other) => unreachable!("a memory database and a complete header: {other}"),
        }
    }

    /// Executes a transaction and commits it.
    pub(super) fn run(&mut self, tx: &TxEnv) -> Result<Executed, Rejected> {
        let executed = self.dry_run(tx)?;
        self.gas_left -= executed.result.tx_gas_used();
        self.blob_gas_left -= tx.total_blob_gas();
        self.evm.commit(executed.state.clone());
        Ok(executed)
    }

    /// An account as it is now.
    pub(super) fn account(&mut self, address: Address) -> AccountInfo {
        let db = &mut self.evm.ctx.journaled_state.database;
        // Cannot fail: nor can the database.
        db.basic(address)
            .expect("memory database")
            .unwrap_or_default()
    }

    /// The code of an account as it is now.
    pub(super) fn code(&mut self, address: Address) -> Bytes {
        let info = self.account(address);
        let db = &mut self.evm.ctx.journaled_state.database;
        info.code
            .or_else(|| db.code_by_hash(info.code_hash).ok())
            .map(|code| code.original_bytes())
            .unwrap_or_default()
    }

    /// What the block has left.
    pub(super) fn gas_left(&self) -> u64 {
        self.gas_left
    }
}
