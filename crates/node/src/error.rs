//! What can go wrong.

use alloy_primitives::{B256, U256};
use parallax_chain::{GenesisError, RuleError};
use parallax_engine::EngineError;
use parallax_pool::PoolError;
use parallax_state::StateError;

/// Why a node cannot be started, or cannot do what it was asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NodeError {
    /// The state cannot be read or written.
    #[error(transparent)]
    State(#[from] StateError),
    /// The genesis cannot be used.
    #[error("the genesis: {0}")]
    Genesis(#[from] GenesisError),
    /// The chain in the folder began otherwise.
    #[error("the chain there begins with block {there}, not with {given}: use another folder")]
    OtherGenesis {
        /// The hash of its first block.
        there: B256,
        /// That of the genesis that was given.
        given: B256,
    },
    /// A block does not decode.
    #[error("not a block: {0}")]
    Encoding(#[from] alloy_rlp::Error),
    /// A block does not follow the head.
    #[error("block {number} follows {parent}, and the last block is {head_number} ({head})")]
    NotNext {
        /// Its number.
        number: u64,
        /// Its parent.
        parent: B256,
        /// The number of the last block.
        head_number: u64,
        /// The last block.
        head: B256,
    },
    /// A block breaks a rule.
    #[error("block {number}: {rule}")]
    Rule {
        /// Its number.
        number: u64,
        /// Which.
        rule: RuleError,
    },
    /// A transaction of a block has no valid signature.
    #[error("block {number}: transaction {index} has no valid signature")]
    Sender {
        /// The number of the block.
        number: u64,
        /// The transaction's place in it.
        index: usize,
    },
    /// A block cannot be executed.
    #[error("block {number}: {source}")]
    Execution {
        /// Its number.
        number: u64,
        /// Why not.
        source: Box<EngineError<StateError>>,
    },
    /// Executing a block gives something else than its header says.
    #[error("block {number}: {what} is {got} instead of {expected}")]
    Result {
        /// Its number.
        number: u64,
        /// What differs.
        what: &'static str,
        /// According to the header.
        expected: String,
        /// According to the execution.
        got: String,
    },
    /// What the log has of a block is not what the node wrote.
    #[error("block {number} in the log is not one that this program wrote")]
    Stored {
        /// Its number.
        number: u64,
    },
    /// A block cannot be made on top of the head.
    #[error("no block can be made: {0}")]
    Attributes(&'static str),
    /// The node is being stopped.
    #[error("the node is being stopped")]
    Stopping,
}

/// Why a transaction is not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransactionError {
    /// It is not encoded as one.
    #[error("failed to decode signed transaction: {0}")]
    Encoding(String),
    /// Its signature is nobody's.
    #[error("invalid signature: {0}")]
    Signature(String),
    /// It was signed for another chain.
    #[error("invalid chain id for signer: have {got:?}, want {want}")]
    ChainId {
        /// What it says.
        got: Option<u64>,
        /// This chain.
        want: u64,
    },
    /// Its blobs are not those that were signed for.
    #[error("blobs: {0}")]
    Blobs(String),
    /// The fork does not know the type.
    #[error("transaction type not supported: {0}")]
    Type(&'static str),
    /// Its gas limit is above that of blocks.
    #[error("exceeds block gas limit: {gas} above {limit}")]
    GasAboveBlock {
        /// Its gas limit.
        gas: u64,
        /// That of blocks, or the protocol's for one transaction.
        limit: u64,
    },
    /// Its gas limit does not pay for what it is.
    #[error("intrinsic gas too low: gas {gas}, minimum needed {needed}")]
    IntrinsicGas {
        /// Its gas limit.
        gas: u64,
        /// What is needed.
        needed: u64,
    },
    /// It pays less than the base fee allows.
    #[error("max fee per gas less than block base fee: maxFeePerGas {fee}, baseFee {base_fee}")]
    FeeTooLow {
        /// What it pays at most.
        fee: u128,
        /// The base fee.
        base_fee: u64,
    },
    /// The tip is above the fee.
    #[error(
        "max priority fee per gas higher than max fee per gas: maxPriorityFeePerGas {tip}, maxFeePerGas {fee}"
    )]
    TipAboveFee {
        /// What it gives beyond the base fee.
        tip: u128,
        /// What it pays at most.
        fee: u128,
    },
    /// The sender cannot pay for it.
    #[error("insufficient funds for gas * price + value: have {have} want {want}")]
    Funds {
        /// The balance.
        have: U256,
        /// The most that it may cost.
        want: U256,
    },
    /// The sender is a contract
    /// ([EIP-3607](https://eips.ethereum.org/EIPS/eip-3607)).
    #[error("sender not an eoa: {0}")]
    NotAnEoa(alloy_primitives::Address),
    /// The code that it deploys is too long
    /// ([EIP-3860](https://eips.ethereum.org/EIPS/eip-3860)).
    #[error("max initcode size exceeded: code size {size}, limit {limit}")]
    Initcode {
        /// How long it is.
        size: usize,
        /// How long it may be.
        limit: usize,
    },
    /// The nonce is the last one
    /// ([EIP-2681](https://eips.ethereum.org/EIPS/eip-2681)).
    #[error("nonce has max value")]
    NonceMax,
    /// The pool does not take it.
    #[error(transparent)]
    Pool(#[from] PoolError),
    /// The state cannot be read.
    #[error(transparent)]
    State(#[from] StateError),
}
