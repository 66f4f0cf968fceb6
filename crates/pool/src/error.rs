//! Why a transaction does not get in.

use alloy_primitives::{Address, B256};

/// Why a transaction does not get in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PoolError {
    /// It is there.
    #[error("already known")]
    AlreadyKnown(B256),
    /// One of the same sender and nonce is there and pays about as much.
    #[error("replacement transaction underpriced")]
    Underpriced {
        /// What is there.
        instead_of: B256,
    },
    /// A transaction with that nonce is in a block.
    #[error("nonce too low: next nonce {next}, tx nonce {nonce}")]
    NonceTooLow {
        /// The next nonce of the sender.
        next: u64,
        /// That of the transaction.
        nonce: u64,
    },
    /// The nonce leaves too large a gap.
    #[error("nonce too high: next nonce {next}, tx nonce {nonce}")]
    NonceTooHigh {
        /// The next nonce of the sender.
        next: u64,
        /// That of the transaction.
        nonce: u64,
    },
    /// The sender has as many waiting as one may have.
    #[error("too many transactions of {sender} are waiting: at most {most}")]
    SenderFull {
        /// Whose they are.
        sender: Address,
        /// [`crate::PoolConfig::per_sender`].
        most: usize,
    },
    /// There is no room, for the time being.
    #[error("txpool is full: try again later")]
    Full,
}
