//! What the engine returns.

use crate::{changes::StateChanges, error::InvalidReason, stats::Stats};
use alloy_eip7928::BlockAccessList;
use alloy_eips::eip7685::Requests;
use revm::context::result::ExecutionResult;

/// Everything that executing a block produced.
#[derive(Clone, Debug, Default)]
pub struct BlockOutput {
    /// One entry for each transaction that is part of the block, in order.
    pub outcomes: Vec<TxOutcome>,
    /// Candidates that Build left out, in order. Always empty otherwise.
    pub skipped: Vec<Skipped>,
    /// How many of the transactions are either in `outcomes` or in `skipped`: all,
    /// unless Build ran out of time.
    pub considered: usize,
    /// Gas used by all transactions, after refunds.
    pub gas_used: u64,
    /// Execution-layer requests
    /// ([EIP-7685](https://eips.ethereum.org/EIPS/eip-7685)).
    pub requests: Requests,
    /// The difference between the parent state and the state after the block.
    pub changes: StateChanges,
    /// The block access list
    /// ([EIP-7928](https://eips.ethereum.org/EIPS/eip-7928)), if it was asked for.
    pub access_list: Option<BlockAccessList>,
    /// What it took.
    pub stats: Stats,
}

/// The result of one transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TxOutcome {
    /// Position in [`crate::Block::transactions`].
    pub index: usize,
    /// EIP-2718 transaction type.
    pub tx_type: u8,
    /// Success, revert or halt, with gas, logs and output.
    pub result: ExecutionResult,
    /// Gas used by the block up to and including this transaction.
    pub cumulative_gas_used: u64,
}

/// A candidate that Build left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Position in [`crate::Block::transactions`].
    pub index: usize,
    /// Why it could not be included.
    pub reason: InvalidReason,
}
