//! An EVM on some state.

use super::request::fill;
use crate::error::RpcError;
use alloy_consensus::Header;
use alloy_eips::{
    eip2935::HISTORY_STORAGE_ADDRESS,
    eip4788::{BEACON_ROOTS_ADDRESS, SYSTEM_ADDRESS},
};
use alloy_evm::{
    EthEvm, Evm, EvmEnv, EvmFactory,
    eth::{EthEvmContext, EthEvmFactory},
    precompiles::PrecompilesMap,
};
use alloy_primitives::{Address, Bytes};
use alloy_rpc_types_eth::TransactionRequest;
use parallax_chain::Fork;
use parallax_node::StateView;
use parallax_state::StateError;
use revm::{
    Database, DatabaseCommit, Inspector,
    context::{
        TxEnv,
        result::{
            EVMError, ExecutionResult, HaltReason, InvalidTransaction, OutOfGasError,
            ResultAndState,
        },
    },
    database::{State, WrapDatabaseRef},
    database_interface::bal::EvmDatabaseError,
    inspector::NoOpInspector,
};
use std::fmt;

/// A state on which calls leave what they have changed.
pub(crate) type CallDb = State<WrapDatabaseRef<StateView>>;

/// Why an EVM gives up.
pub(crate) type CallError = EVMError<EvmDatabaseError<StateError>>;

/// A state, a block, and what a call may change of them.
pub(crate) struct Session {
    pub(crate) db: CallDb,
    pub(crate) env: EvmEnv,
    pub(crate) fork: Fork,
    /// Precompiled contracts that are somewhere else.
    pub(crate) moves: Vec<(Address, Address)>,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("env", &self.env)
            .field("moves", &self.moves)
            .finish_non_exhaustive()
    }
}

impl Session {
    /// On a state, in a block.
    pub(crate) fn new(state: StateView, mut env: EvmEnv, fork: Fork) -> Self {
        // A call is no transaction: nobody has signed it, and it is not in the block.
        let cfg = &mut env.cfg_env;
        cfg.disable_eip3607 = true;
        cfg.disable_nonce_check = true;
        cfg.disable_block_gas_limit = true;
        cfg.tx_gas_limit_cap = Some(u64::MAX);
        Self {
            db: State::builder()
                .with_database_ref(state)
                .with_bundle_update()
                .build(),
            env,
            fork,
            moves: Vec::new(),
        }
    }

    /// The transaction of a request.
    pub(crate) fn transaction(
        &mut self,
        request: &TransactionRequest,
        most_gas: u64,
    ) -> Result<TxEnv, RpcError> {
        let chain_id = self.env.cfg_env.chain_id;
        let nonce = match request.nonce {
            Some(nonce) => nonce,
            None => self.nonce(request.from.unwrap_or_default())?,
        };
        let tx = fill(request, nonce, chain_id, most_gas)?;
        if tx.gas_price == 0 && tx.gas_priority_fee.unwrap_or_default() == 0 {
            // What pays nothing must not be below the base fee.
            self.env.block_env.basefee = 0;
        }
        Ok(tx)
    }

    pub(crate) fn nonce(&mut self, address: Address) -> Result<u64, RpcError> {
        let account = self.db.basic(address).map_err(database)?;
        Ok(account.map_or(0, |account| account.nonce))
    }

    /// Runs a transaction and forgets what it has changed.
    pub(crate) fn run(&mut self, tx: TxEnv) -> Result<ExecutionResult, RpcError> {
        let done = self.inspect(tx, NoOpInspector {}).map_err(failed)?;
        Ok(done.result)
    }

    /// Runs a transaction and lets somebody watch.
    pub(crate) fn inspect<I>(
        &mut self,
        tx: TxEnv,
        inspector: I,
    ) -> Result<ResultAndState, CallError>
    where
        I: for<'d> Inspector<EthEvmContext<&'d mut CallDb>>,
    {
        self.evm(inspector).transact_raw(tx)
    }

    /// Keeps what a transaction has changed, for those after it.
    pub(crate) fn keep(&mut self, done: ResultAndState) -> ExecutionResult {
        self.db.commit(done.state);
        done.result
    }

    /// Makes the changes that the protocol makes before the transactions of a block.
    pub(crate) fn begin_block(&mut self, header: &Header) -> Result<(), RpcError> {
        if self.fork >= Fork::Prague {
            let input = Bytes::copy_from_slice(header.parent_hash.as_slice());
            self.system_call(HISTORY_STORAGE_ADDRESS, input)?;
        }
        if let Some(root) = header.parent_beacon_block_root {
            let input = Bytes::copy_from_slice(root.as_slice());
            self.system_call(BEACON_ROOTS_ADDRESS, input)?;
        }
        Ok(())
    }

    /// A call of the protocol's own; what it returned. Nothing happens where there is no
    /// code.
    pub(crate) fn system_call(
        &mut self,
        contract: Address,
        input: Bytes,
    ) -> Result<Bytes, RpcError> {
        let account = self.db.basic(contract).map_err(database)?;
        if account.is_none_or(|account| account.is_empty_code_hash()) {
            return Ok(Bytes::new());
        }
        let mut evm = self.evm(NoOpInspector {});
        let done = evm.transact_system_call(SYSTEM_ADDRESS, contract, input);
        drop(evm);
        let mut done = done.map_err(failed)?;
        done.state.remove(&SYSTEM_ADDRESS);
        self.db.commit(done.state);
        Ok(done.result.into_output().unwrap_or_default())
    }

    /// An EVM with somebody who watches.
    pub(crate) fn evm<I>(&mut self, inspector: I) -> EthEvm<&mut CallDb, I, PrecompilesMap>
    where
        I: for<'d> Inspector<EthEvmContext<&'d mut CallDb>>,
    {
        let mut evm = EthEvmFactory::default().create_evm_with_inspector(
            &mut self.db,
            self.env.clone(),
            inspector,
        );
        let moves = self.moves.iter().copied();
        // Whoever noted them has looked at whether they can be moved.
        let _ = evm.precompiles_mut().move_precompiles(moves);
        evm
    }
}

/// The state could not be read.
pub(crate) fn database(error: EvmDatabaseError<StateError>) -> RpcError {
    match error {
        EvmDatabaseError::Database(error) => error.into(),
        error => RpcError::internal(error.to_string()),
    }
}

/// A transaction that was not even begun.
pub(crate) fn failed(error: CallError) -> RpcError {
    match error {
        EVMError::Transaction(reason) => RpcError::server(invalid(&reason)),
        EVMError::Database(error) => database(error),
        error => RpcError::server(error.to_string()),
    }
}

/// Why a transaction is not valid, in geth's words where clients look for them.
pub(crate) fn invalid(reason: &InvalidTransaction) -> String {
    match reason {
        InvalidTransaction::LackOfFundForMaxFee { fee, balance } => {
            format!("insufficient funds for gas * price + value: have {balance} want {fee}")
        }
        InvalidTransaction::CallGasCostMoreThanGasLimit {
            initial_gas,
            gas_limit,
        }
        | InvalidTransaction::GasFloorMoreThanGasLimit {
            gas_floor: initial_gas,
            gas_limit,
        } => format!("intrinsic gas too low: have {gas_limit}, want {initial_gas}"),
        InvalidTransaction::GasPriceLessThanBasefee => {
            "max fee per gas less than block base fee".to_owned()
        }
        InvalidTransaction::PriorityFeeGreaterThanMaxFee => {
            "max priority fee per gas higher than max fee per gas".to_owned()
        }
        InvalidTransaction::NonceTooLow { tx, state } => {
            format!("nonce too low: next nonce {state}, tx nonce {tx}")
        }
        InvalidTransaction::NonceTooHigh { tx, state } => {
            format!("nonce too high: next nonce {state}, tx nonce {tx}")
        }
        InvalidTransaction::NonceOverflowInTransaction => "nonce has max value".to_owned(),
        InvalidTransaction::CreateInitCodeSizeLimit => "max initcode size exceeded".to_owned(),
        reason => reason.to_string(),
    }
}

/// Why the EVM stopped, in geth's words.
pub(crate) fn halted(reason: &HaltReason) -> String {
    match reason {
        HaltReason::OutOfGas(OutOfGasError::Basic | OutOfGasError::Memory) => {
            "out of gas".to_owned()
        }
        HaltReason::OutOfGas(kind) => format!("out of gas: {kind:?}"),
        HaltReason::OpcodeNotFound => "invalid opcode".to_owned(),
        HaltReason::InvalidFEOpcode => "invalid opcode: INVALID".to_owned(),
        HaltReason::InvalidJump => "invalid jump destination".to_owned(),
        HaltReason::StackUnderflow => "stack underflow".to_owned(),
        HaltReason::StackOverflow => "stack limit reached".to_owned(),
        HaltReason::CallTooDeep => "max call depth exceeded".to_owned(),
        HaltReason::StateChangeDuringStaticCall | HaltReason::CallNotAllowedInsideStatic => {
            "write protection".to_owned()
        }
        HaltReason::CreateCollision => "contract address collision".to_owned(),
        HaltReason::CreateContractSizeLimit => "max code size exceeded".to_owned(),
        HaltReason::CreateContractStartingWithEF => {
            "invalid code: must not begin with 0xef".to_owned()
        }
        HaltReason::OutOfFunds => "insufficient balance for transfer".to_owned(),
        HaltReason::NonceOverflow => "nonce uint64 overflow".to_owned(),
        reason => format!("{reason:?}"),
    }
}
