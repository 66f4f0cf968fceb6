//! What the engine is told of a block, and what is made of its answer.

use crate::{NodeError, block::Transaction};
use alloy_consensus::{Eip658Value, Header, Receipt};
use alloy_eips::{Encodable2718, eip4895::Withdrawals};
use alloy_primitives::{B256, Bloom, Log};
use parallax_chain::{Fork, Schedule, block_env, cfg, tx_env};
use parallax_engine::{Block, Ommer, ProtocolChanges, TxOutcome};
use parallax_trie::{logs_bloom, ordered_root};
use std::fmt::Display;

/// The block as the engine takes it.
pub(crate) fn input(
    schedule: &Schedule,
    fork: Fork,
    header: &Header,
    transactions: &[Transaction],
    ommers: &[Header],
    withdrawals: Option<&Withdrawals>,
) -> Block {
    let ommer = |ommer: &Header| Ommer {
        beneficiary: ommer.beneficiary,
        number: ommer.number,
    };
    let is_prague = fork >= Fork::Prague;
    let transactions = transactions.iter();
    Block {
        cfg: cfg(schedule, fork),
        env: block_env(schedule, fork, header),
        transactions: transactions
            .map(|tx| tx_env(&tx.signed, tx.sender))
            .collect(),
        protocol: ProtocolChanges {
            parent_hash: Some(header.parent_hash),
            parent_beacon_block_root: header.parent_beacon_block_root,
            withdrawals: withdrawals.map(|all| all.to_vec()).unwrap_or_default(),
            ommers: ommers.iter().map(ommer).collect(),
            block_reward: fork.block_reward(),
            dao_fork: schedule.dao_block() == Some(header.number),
            deposit_contract: is_prague.then(|| schedule.deposit_contract()),
            collect_requests: is_prague,
        },
        max_blob_gas: (schedule.blobs(fork)).map(|blobs| blobs.max_blob_gas_per_block()),
    }
}

/// What became of transactions. Before Byzantium a receipt has the root of the state after
/// it.
pub(crate) fn receipts(outcomes: Vec<TxOutcome>, roots: Option<&[B256]>) -> Vec<Receipt<Log>> {
    let receipt = |(index, outcome): (usize, TxOutcome)| Receipt {
        status: match roots.and_then(|roots| roots.get(index)) {
            Some(root) => Eip658Value::PostState(*root),
            None => Eip658Value::Eip658(outcome.result.is_success()),
        },
        cumulative_gas_used: outcome.cumulative_gas_used,
        logs: outcome.result.into_logs(),
    };
    outcomes.into_iter().enumerate().map(receipt).collect()
}

/// What a header says about transactions and receipts.
#[derive(Debug)]
pub(crate) struct Roots {
    pub(crate) transactions: B256,
    pub(crate) receipts: B256,
    pub(crate) bloom: Bloom,
}

impl Roots {
    pub(crate) fn new(
        transactions: &[Transaction],
        receipts: &[Receipt<Log>],
        threads: usize,
    ) -> Self {
        let encoded = transactions.iter().map(|tx| tx.signed.encoded_2718());
        let encoded: Vec<_> = encoded.collect();
        let transactions_root = ordered_root(&encoded, threads);
        let blooms = receipts.iter().map(|receipt| logs_bloom(&receipt.logs));
        let blooms: Vec<_> = blooms.collect();
        let pairs = transactions.iter().zip(receipts).zip(&blooms);
        let encoded: Vec<_> = pairs
            .map(|((tx, receipt), bloom)| encode_receipt(tx, receipt, *bloom))
            .collect();
        Self {
            transactions: transactions_root,
            receipts: ordered_root(&encoded, threads),
            bloom: blooms.iter().fold(Bloom::ZERO, |all, bloom| all | *bloom),
        }
    }
}

/// A receipt as it is in the trie ([EIP-2718](https://eips.ethereum.org/EIPS/eip-2718)).
pub(crate) fn encode_receipt(tx: &Transaction, receipt: &Receipt<Log>, bloom: Bloom) -> Vec<u8> {
    use alloy_consensus::{RlpEncodableReceipt, Typed2718};
    let mut out = Vec::with_capacity(receipt.rlp_encoded_length_with_bloom(&bloom) + 1);
    match tx.signed.ty() {
        0 => {}
        ty => out.push(ty),
    }
    receipt.rlp_encode_with_bloom(&bloom, &mut out);
    out
}

/// Compares what a header says with what came out.
pub(crate) fn expect<T: PartialEq + Display>(
    number: u64,
    what: &'static str,
    expected: &T,
    got: &T,
) -> Result<(), NodeError> {
    if expected == got {
        return Ok(());
    }
    Err(NodeError::Result {
        number,
        what,
        expected: expected.to_string(),
        got: got.to_string(),
    })
}
