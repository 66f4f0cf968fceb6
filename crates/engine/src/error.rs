//! The engine's one error type.

use alloy_primitives::{Address, U256};
use revm::{
    context::result::{InvalidHeader, InvalidTransaction},
    primitives::hardfork::SpecId,
};

/// Why a block could not be executed. `E` is the database's error.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError<E> {
    /// Reading the parent state failed.
    #[error("database: {0}")]
    Database(E),
    /// Replay or Verify met a transaction that may not be part of the block.
    #[error("transaction {index}: {reason}")]
    InvalidTransaction {
        /// Position in [`crate::Block::transactions`].
        index: usize,
        /// What is wrong with it.
        reason: InvalidReason,
    },
    /// The block environment is unusable for its fork.
    #[error("block environment: {0}")]
    InvalidHeader(InvalidHeader),
    /// A call that the protocol makes outside transactions failed.
    #[error("system call to {address}: {reason}")]
    SystemCall {
        /// The system contract.
        address: Address,
        /// What happened.
        reason: String,
    },
    /// Deposit logs that do not follow EIP-6110.
    #[error("deposit log: {0}")]
    DepositLog(String),
    /// A precompile or the interpreter gave up for a reason that is no
    /// transaction's fault.
    #[error("transaction {index}: fatal: {reason}")]
    Fatal {
        /// Position in [`crate::Block::transactions`].
        index: usize,
        /// What happened.
        reason: String,
    },
    /// The block's fork is newer than what the engine implements.
    #[error("fork {0:?} is not supported")]
    UnsupportedFork(SpecId),
    /// The block access list given to Verify is not the block's.
    #[error("block access list: {0}")]
    AccessList(Box<AccessListMismatch>),
}

/// Why a transaction may not be part of the block.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidReason {
    /// Against the rules for any transaction of this kind, or against the state
    /// that it meets.
    #[error("{0}")]
    Transaction(InvalidTransaction),
    /// Its gas limit is above what the block has left.
    #[error("gas limit {gas_limit} is above the {available} that the block has left")]
    BlockGasLimit {
        /// Gas limit of the transaction.
        gas_limit: u64,
        /// Gas that the block has left.
        available: u64,
    },
    /// It has more blobs than the block has room for.
    #[error("blob gas {blob_gas} is above the {available} that the block has left")]
    BlobGasLimit {
        /// Blob gas of the transaction.
        blob_gas: u64,
        /// Blob gas that the block has left.
        available: u64,
    },
}

impl From<InvalidTransaction> for InvalidReason {
    fn from(reason: InvalidTransaction) -> Self {
        Self::Transaction(reason)
    }
}

/// The first place where a block access list differs from what execution did.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "at block access index {index}, {address}, {location}: list has {expected}, execution gave {got}"
)]
pub struct AccessListMismatch {
    /// Block access index of EIP-7928: 0 before the transactions, `i + 1` for
    /// transaction `i`, then one past the last transaction.
    pub index: u64,
    /// The account.
    pub address: Address,
    /// The part of the account.
    pub location: AccessListLocation,
    /// What the list says, as text (`nothing` if it has no entry).
    pub expected: String,
    /// What execution gave, as text (`nothing` if it did not write).
    pub got: String,
}

/// A part of an account in a block access list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccessListLocation {
    /// The account itself being accessed.
    #[error("account access")]
    Account,
    /// The balance.
    #[error("balance")]
    Balance,
    /// The nonce.
    #[error("nonce")]
    Nonce,
    /// The code.
    #[error("code")]
    Code,
    /// A storage slot being written.
    #[error("slot {0:#x}")]
    Slot(U256),
    /// A storage slot being only read.
    #[error("read of slot {0:#x}")]
    SlotRead(U256),
}
