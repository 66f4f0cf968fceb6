//! Whether a body is the one that its header commits to.

use crate::{Fork, RuleError, Schedule, SignedTransaction};
use alloy_consensus::{
    Block, Transaction,
    proofs::{calculate_ommers_root, calculate_transaction_root, calculate_withdrawals_root},
};

/// Largest block in bytes from Osaka on
/// ([EIP-7934](https://eips.ethereum.org/EIPS/eip-7934)).
const MAX_RLP_BLOCK_SIZE: usize = 8 << 20;

/// Checks a body of `size` bytes against its header.
///
/// This comes after execution: the invalid transactions of some suites stand in
/// blocks whose roots do not match either, and it is the executor that must
/// notice them.
///
/// # Errors
/// The first root that differs, or if it is too large.
pub fn validate(
    fork: Fork,
    block: &Block<SignedTransaction>,
    size: usize,
) -> Result<(), RuleError> {
    let header = &block.header;
    let body = &block.body;
    let withdrawals = body.withdrawals.as_deref();
    let rules = [
        (
            fork < Fork::Osaka || size <= MAX_RLP_BLOCK_SIZE,
            "block too large",
        ),
        (
            calculate_transaction_root(&body.transactions) == header.transactions_root,
            "transactions root",
        ),
        (
            calculate_ommers_root(&body.ommers) == header.ommers_hash,
            "ommers hash",
        ),
        (
            withdrawals.map(|list| calculate_withdrawals_root(list)) == header.withdrawals_root,
            "withdrawals root",
        ),
    ];
    match rules.iter().find(|(holds, _)| !holds) {
        Some((_, rule)) => Err(RuleError::Body(rule)),
        None => Ok(()),
    }
}

/// Checks the blobs of a block against its fork and its header.
///
/// # Errors
/// If there are too many, or not as many as the header says.
pub fn validate_blobs(
    schedule: &Schedule,
    fork: Fork,
    block: &Block<SignedTransaction>,
) -> Result<(), RuleError> {
    let Some(params) = schedule.blobs(fork) else {
        return Ok(());
    };
    let transactions = &block.body.transactions;
    let used: u64 = transactions
        .iter()
        .filter_map(Transaction::blob_gas_used)
        .sum();
    if used > params.max_blob_gas_per_block() {
        return Err(RuleError::Blobs("too many blobs"));
    }
    if block.header.blob_gas_used != Some(used) {
        return Err(RuleError::Header("blob gas used is not the transactions'"));
    }
    Ok(())
}
