//! A chain on which contracts are deployed and initialised before a block.
//!
//! ```text
//! state ─> Setup ─> deploy, call, ... (plain revm, one at a time) ─> state
//! ```
//!
//! Everything is done by transactions, so nothing depends on how a contract lays
//! its storage out (but for what [`Setup::state_mut`] is used for). They cost no ether
//! and are not part of any block, and may take more gas than one of today: there are
//! protocols whose set-up does not fit under the cap of EIP-7825, because they were
//! deployed before it.

use crate::MemoryState;
use alloy_primitives::{Address, Bytes, TxKind, U256};
use revm::{
    Context, ExecuteCommitEvm, ExecuteEvm, MainBuilder, MainContext, MainnetEvm,
    context::{
        BlockEnv, CfgEnv, ContextTr, Journal, TxEnv,
        result::{EVMError, ExecutionResult, Output},
        transaction::TransactionType,
    },
    context_interface::block::BlobExcessGasAndPrice,
    database_interface::WrapDatabaseRef,
    primitives::hardfork::SpecId,
};
use std::convert::Infallible;

/// What a transaction may take: a whole block of the time before the cap.
const GAS_LIMIT: u64 = 30_000_000;

type Db = WrapDatabaseRef<MemoryState>;
type Evm = MainnetEvm<Context<BlockEnv, TxEnv, CfgEnv, Db, Journal<Db>, ()>>;

/// A chain on which contracts are deployed and initialised.
pub struct Setup {
    evm: Evm,
}

/// A transaction that should have succeeded.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// It could not be executed.
    #[error("{what} is not a valid transaction")]
    Invalid {
        /// What it should have done.
        what: String,
        /// What revm says.
        source: EVMError<Infallible>,
    },
    /// It reverted or halted.
    #[error("{what} failed: {result:?}")]
    Failed {
        /// What it should have done.
        what: String,
        /// How it ended.
        result: Box<ExecutionResult>,
    },
    /// It succeeded, but what it returned says that nothing was done.
    #[error("a call of {to} by {from} was refused with code {code}")]
    Refused {
        /// Who called.
        from: Address,
        /// The contract.
        to: Address,
        /// Its reason.
        code: U256,
    },
}

impl Setup {
    /// Goes on from a state, in a block of this number and time, under the rules
    /// of Osaka.
    #[must_use]
    pub fn new(state: MemoryState, number: u64, timestamp: u64) -> Self {
        let block = BlockEnv {
            number: U256::from(number),
            timestamp: U256::from(timestamp),
            gas_limit: u64::MAX,
            basefee: 0,
            prevrandao: Some(U256::from(number).into()),
            difficulty: U256::ZERO,
            blob_excess_gas_and_price: Some(BlobExcessGasAndPrice::new_with_spec(0, SpecId::OSAKA)),
            ..BlockEnv::default()
        };
        Self::within(state, block)
    }

    fn within(state: MemoryState, block: BlockEnv) -> Self {
        let mut cfg = CfgEnv::new().with_spec_and_mainnet_gas_params(SpecId::OSAKA);
        cfg.tx_gas_limit_cap = Some(GAS_LIMIT);
        let evm = Context::mainnet()
            .with_cfg(cfg)
            .with_block(block)
            .with_db(WrapDatabaseRef(state))
            .build_mainnet();
        Self { evm }
    }

    /// A copy to try things out on: what is done there does not happen here.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self::within(self.state().clone(), self.evm.ctx.block.clone())
    }

    /// Goes on in the next block, so many seconds later.
    pub fn next_block(&mut self, seconds: u64) {
        self.evm.ctx.modify_block(|block| {
            block.number += U256::ONE;
            block.timestamp += U256::from(seconds);
        });
    }

    /// Creates a contract; where it is.
    ///
    /// # Errors
    ///
    /// If its constructor fails.
    pub fn deploy(&mut self, from: Address, code: Bytes) -> Result<Address, SetupError> {
        let result = self.execute(from, TxKind::Create, U256::ZERO, code)?;
        match result {
            ExecutionResult::Success {
                output: Output::Create(_, Some(address)),
                ..
            } => Ok(address),
            result => Err(SetupError::Failed {
                what: format!("a creation by {from}"),
                result: Box::new(result),
            }),
        }
    }

    /// Calls a contract; what it returns.
    ///
    /// # Errors
    ///
    /// If the call fails.
    pub fn call(&mut self, from: Address, to: Address, data: Bytes) -> Result<Bytes, SetupError> {
        self.pay(from, to, U256::ZERO, data)
    }

    /// Calls a contract and sends ether along; what it returns.
    ///
    /// # Errors
    ///
    /// If the call fails.
    pub fn pay(
        &mut self,
        from: Address,
        to: Address,
        value: U256,
        data: Bytes,
    ) -> Result<Bytes, SetupError> {
        let result = self.execute(from, TxKind::Call(to), value, data)?;
        match result {
            ExecutionResult::Success { output, .. } => Ok(output.into_data()),
            result => Err(SetupError::Failed {
                what: format!("a call of {to} by {from}"),
                result: Box::new(result),
            }),
        }
    }

    /// Asks a contract, by a call that changes nothing.
    ///
    /// # Errors
    ///
    /// If the call fails.
    pub fn read(&mut self, to: Address, data: Bytes) -> Result<Bytes, SetupError> {
        let tx = self.transaction(Address::ZERO, TxKind::Call(to), U256::ZERO, data);
        let what = || format!("a read of {to}");
        let result = self
            .evm
            .transact(tx)
            .map_err(|source| SetupError::Invalid {
                what: what(),
                source,
            })?;
        match result.result {
            ExecutionResult::Success { output, .. } => Ok(output.into_data()),
            result => Err(SetupError::Failed {
                what: what(),
                result: Box::new(result),
            }),
        }
    }

    /// The state as it is now.
    #[must_use]
    pub fn state(&self) -> &MemoryState {
        &self.evm.ctx.journaled_state.database.0
    }

    /// The state as it is now, to write what takes too many transactions or is not
    /// done by any.
    pub fn state_mut(&mut self) -> &mut MemoryState {
        &mut self.evm.ctx.journaled_state.database.0
    }

    /// The state after all of this.
    #[must_use]
    pub fn finish(self) -> MemoryState {
        self.evm.ctx.journaled_state.database.0
    }

    fn transaction(&self, from: Address, kind: TxKind, value: U256, data: Bytes) -> TxEnv {
        let sender = self.evm.ctx.db_ref().0.account(from);
        TxEnv {
            tx_type: TransactionType::Legacy.into(),
            caller: from,
            kind,
            value,
            data,
            gas_limit: GAS_LIMIT,
            gas_price: 0,
            nonce: sender.map_or(0, |info| info.nonce),
            chain_id: Some(1),
            ..TxEnv::default()
        }
    }

    fn execute(
        &mut self,
        from: Address,
        kind: TxKind,
        value: U256,
        data: Bytes,
    ) -> Result<ExecutionResult, SetupError> {
        let tx = self.transaction(from, kind, value, data);
        self.evm
            .transact_commit(tx)
            .map_err(|source| SetupError::Invalid {
                what: format!("a transaction of {from}"),
                source,
            })
    }
}
