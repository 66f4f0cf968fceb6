//! One transaction after the other on plain revm: the oracle that the parallel
//! engine is measured against and compared with.
//!
//! ```text
//! before   DAO drain, EIP-2935 and EIP-4788 system calls   access index 0
//! each     block gas check, execute, commit                access index i + 1
//! after    deposits, EIP-7002 and EIP-7251 system calls,   access index n + 1
//!          rewards, withdrawals
//! ```
//!
//! It executes nothing with the parallel engine's code, so that one cannot hide a
//! bug of the other. What both use, besides the types of the interface, says what
//! the protocol does around transactions, not how it is executed: `credits`
//! (rewards and withdrawals), `deposits` (requests in the logs of the deposit
//! contract) and `SystemTransactions` (what the system calls are). A mistake in
//! these would be in both; the official suites and the recorded blocks would find
//! it. It is also what a client has without a parallel engine: one EVM for the
//! whole block, no transaction cloned, revm's own [`State`] underneath.
//!
//! Rules are those of mainnet up to Osaka.

mod balances;
mod observe;
mod requests;
mod system;
#[cfg(test)]
mod tests;

use crate::{
    Block, BlockOutput, EngineError, Skipped, StateChanges, Stats, TxOutcome, block::GasUsed,
};
use alloy_eip7928::BlockAccessList;
use alloy_eips::eip7685::Requests;
pub(crate) use balances::credits;
pub use observe::{Observer, observe};
pub(crate) use requests::deposits;
use revm::{
    Context, DatabaseRef, ExecuteCommitEvm, Journal, MainBuilder, MainContext, MainnetEvm,
    context::{
        BlockEnv, CfgEnv, JournalTr, Transaction, TxEnv,
        result::{EVMError, ExecutionResult},
    },
    database::{BundleState, State, WrapDatabaseRef, states::bundle_state::BundleRetention},
    database_interface::bal::EvmDatabaseError,
    primitives::hardfork::SpecId,
    state::bal::BlockAccessIndex,
};
use std::time::Instant;
pub(crate) use system::SystemTransactions;

/// The parent state with the block's changes on top.
type BlockState<'a, DB> = State<WrapDatabaseRef<&'a DB>>;

type Evm<'a, DB, I = ()> = MainnetEvm<
    Context<BlockEnv, &'a TxEnv, CfgEnv, BlockState<'a, DB>, Journal<BlockState<'a, DB>>, ()>,
    I,
>;

type StateError<DB> = EvmDatabaseError<<DB as DatabaseRef>::Error>;

/// The configuration of a fork: its gas costs included, which setting
/// [`CfgEnv::spec`] alone would leave as they were.
#[must_use]
pub fn cfg(spec: SpecId, chain_id: u64) -> CfgEnv {
    CfgEnv::new_with_spec(spec).with_chain_id(chain_id)
}

/// Executes a block in order. With `access_list` set it also produces the block
/// access list ([EIP-7928](https://eips.ethereum.org/EIPS/eip-7928)).
///
/// # Errors
///
/// The first transaction that may not be part of the block, a failing database,
/// a failing system call, or a malformed deposit log: see [`EngineError`].
pub fn replay<DB: DatabaseRef>(
    block: &Block,
    db: &DB,
    access_list: bool,
) -> Result<BlockOutput, EngineError<DB::Error>> {
    let started = Instant::now();
    let executed = replay_bundle(block, db, access_list)?;
    Ok(executed.into_output(started))
}

/// As [`replay`], but leaves transactions out that may not be part of the block
/// and reports them in [`BlockOutput::skipped`].
///
/// # Errors
///
/// As [`replay`], except for invalid transactions.
pub fn build<DB: DatabaseRef>(
    block: &Block,
    db: &DB,
    access_list: bool,
) -> Result<BlockOutput, EngineError<DB::Error>> {
    let started = Instant::now();
    let executed = build_bundle(block, db, access_list)?;
    Ok(executed.into_output(started))
}

/// As [`replay`], but returns revm's own bundle instead of sorted
/// [`StateChanges`]. This is what a benchmark should time.
///
/// # Errors
///
/// As [`replay`].
pub fn replay_bundle<DB: DatabaseRef>(
    block: &Block,
    db: &DB,
    access_list: bool,
) -> Result<Executed, EngineError<DB::Error>> {
    execute(block, db, access_list, OnInvalid::Fail)
}

/// As [`build`], but returns revm's own bundle: what a benchmark of building should
/// time.
///
/// # Errors
///
/// As [`build`].
pub fn build_bundle<DB: DatabaseRef>(
    block: &Block,
    db: &DB,
    access_list: bool,
) -> Result<Executed, EngineError<DB::Error>> {
    execute(block, db, access_list, OnInvalid::Skip)
}

/// What executing a block produced, with the changes as revm holds them.
#[derive(Clone, Debug, Default)]
pub struct Executed {
    /// One entry for each included transaction, in order.
    pub outcomes: Vec<TxOutcome>,
    /// Transactions left out by [`build`], in order.
    pub skipped: Vec<Skipped>,
    /// How many of the transactions are in either of them: all.
    pub considered: usize,
    /// Gas used by all transactions, after refunds.
    pub gas_used: u64,
    /// Execution-layer requests
    /// ([EIP-7685](https://eips.ethereum.org/EIPS/eip-7685)).
    pub requests: Requests,
    /// The difference to the parent state, with one block of reverts.
    pub bundle: BundleState,
    /// The block access list, if it was asked for.
    pub access_list: Option<BlockAccessList>,
}

impl Executed {
    fn into_output(self, started: Instant) -> BlockOutput {
        let changes = StateChanges::from_bundle(&self.bundle);
        BlockOutput {
            stats: Stats {
                workers: 1,
                executions: self.outcomes.len() as u64,
                elapsed: started.elapsed(),
                ..Stats::default()
            },
            outcomes: self.outcomes,
            skipped: self.skipped,
            considered: self.considered,
            gas_used: self.gas_used,
            requests: self.requests,
            changes,
            access_list: self.access_list,
        }
    }
}

/// What an invalid transaction does to the block.
#[derive(Clone, Copy, PartialEq, Eq)]
enum OnInvalid {
    Fail,
    Skip,
}

fn execute<DB: DatabaseRef>(
    block: &Block,
    db: &DB,
    access_list: bool,
    on_invalid: OnInvalid,
) -> Result<Executed, EngineError<DB::Error>> {
    let system = SystemTransactions::new(block);
    let mut run = Run::new(block, evm(block, db, access_list, &system, ()));
    run.before(&system)?;
    for (index, tx) in block.transactions.iter().enumerate() {
        match run.transaction(index, tx) {
            Err(EngineError::InvalidTransaction { index, reason })
                if on_invalid == OnInvalid::Skip =>
            {
                run.output.skipped.push(Skipped { index, reason });
            }
            result => result?,
        }
    }
    run.set_access_index(run.output.outcomes.len() + 1);
    run.output.requests = run.requests(&system)?;
    let credits = balances::credits(block);
    balances::credit(run.state(), credits, block.spec()).map_err(state_error)?;
    Ok(run.finish())
}

fn evm<'a, DB: DatabaseRef, I>(
    block: &'a Block,
    db: &'a DB,
    access_list: bool,
    system: &'a SystemTransactions,
    inspector: I,
) -> Evm<'a, DB, I> {
    let state = State::builder()
        .with_database_ref(db)
        .with_bundle_update()
        .with_bal_builder_if(access_list)
        .build();
    Context::mainnet()
        .with_cfg(block.cfg.clone())
        .with_block(block.env.clone())
        .with_tx(&system.idle)
        .with_db(state)
        .build_mainnet_with_inspector(inspector)
}

/// A block on its way.
struct Run<'a, DB: DatabaseRef, I = ()> {
    block: &'a Block,
    evm: Evm<'a, DB, I>,
    output: Executed,
    blob_gas_used: u64,
}

impl<'a, DB: DatabaseRef, I> Run<'a, DB, I> {
    fn new(block: &'a Block, evm: Evm<'a, DB, I>) -> Self {
        let output = Executed {
            outcomes: Vec::with_capacity(block.transactions.len()),
            considered: block.transactions.len(),
            ..Executed::default()
        };
        Self {
            block,
            evm,
            output,
            blob_gas_used: 0,
        }
    }

    /// What the protocol does before the transactions.
    fn before(&mut self, system: &'a SystemTransactions) -> Result<(), EngineError<DB::Error>> {
        if self.block.protocol.dao_fork {
            let spec = self.block.spec();
            balances::move_dao_funds(self.state(), spec).map_err(state_error)?;
        }
        self.calls_before(system)
    }

    fn state(&mut self) -> &mut BlockState<'a, DB> {
        self.evm.ctx.journaled_state.db_mut()
    }

    /// Sets the EIP-7928 index under which the next commits are recorded.
    fn set_access_index(&mut self, index: usize) {
        self.state()
            .set_bal_index(BlockAccessIndex::new(index as u64));
    }

    fn transaction(&mut self, index: usize, tx: &'a TxEnv) -> Result<(), EngineError<DB::Error>> {
        self.check_room(index, tx)?;
        self.set_access_index(self.output.outcomes.len() + 1);
        let result = self
            .evm
            .transact_commit(tx)
            .map_err(|error| transaction_error(index, error))?;
        self.add(index, tx, result);
        Ok(())
    }

    /// Whether the block has room for a transaction.
    fn check_room(&self, index: usize, tx: &TxEnv) -> Result<(), EngineError<DB::Error>> {
        let used = GasUsed {
            gas: self.output.gas_used,
            blob_gas: self.blob_gas_used,
        };
        self.block
            .has_room(tx, used)
            .map_err(|reason| EngineError::InvalidTransaction { index, reason })
    }

    fn add(&mut self, index: usize, tx: &TxEnv, result: ExecutionResult) {
        self.output.gas_used += result.tx_gas_used();
        self.blob_gas_used += tx.total_blob_gas();
        self.output.outcomes.push(TxOutcome {
            index,
            tx_type: tx.tx_type,
            result,
            cumulative_gas_used: self.output.gas_used,
        });
    }

    fn finish(mut self) -> Executed {
        let state = self.state();
        state.merge_transitions(BundleRetention::Reverts);
        let bundle = state.take_bundle();
        let access_list = state.take_built_alloy_bal();
        Executed {
            bundle,
            access_list,
            ..self.output
        }
    }
}

fn transaction_error<E>(index: usize, error: EVMError<EvmDatabaseError<E>>) -> EngineError<E> {
    match error {
        EVMError::Transaction(reason) => EngineError::InvalidTransaction {
            index,
            reason: reason.into(),
        },
        EVMError::Header(reason) => EngineError::InvalidHeader(reason),
        EVMError::Database(error) => state_error(error),
        EVMError::Custom(reason) => EngineError::Fatal { index, reason },
        EVMError::CustomAny(reason) => EngineError::Fatal {
            index,
            reason: reason.to_string(),
        },
    }
}

fn state_error<E>(error: EvmDatabaseError<E>) -> EngineError<E> {
    match error {
        EvmDatabaseError::Database(error) => EngineError::Database(error),
        EvmDatabaseError::Bal(error) => {
            // Reads are never served from an access list here, so revm cannot
            // miss an entry of one.
            unreachable!("no access list is attached: {error}")
        }
    }
}
