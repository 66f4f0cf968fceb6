//! Receipts, their root and their bloom.

use alloy_consensus::{
    Eip658Value, Receipt, ReceiptEnvelope, TxReceipt, proofs::calculate_receipt_root,
};
use alloy_primitives::{B256, Bloom};
use parallax_engine::TxOutcome;

/// The receipts of a block. Before Byzantium a receipt holds the state root
/// after its transaction (`roots`), since then a status.
#[must_use]
pub fn receipts(outcomes: &[TxOutcome], roots: Option<&[B256]>) -> Vec<ReceiptEnvelope> {
    let receipt = |(position, outcome): (usize, &TxOutcome)| {
        let status = match roots.and_then(|roots| roots.get(position)) {
            Some(root) => Eip658Value::PostState(*root),
            None => Eip658Value::Eip658(outcome.result.is_success()),
        };
        let receipt = Receipt {
            status,
            cumulative_gas_used: outcome.cumulative_gas_used,
            logs: outcome.result.logs().to_vec(),
        }
        .with_bloom();
        match outcome.tx_type {
            1 => ReceiptEnvelope::Eip2930(receipt),
            2 => ReceiptEnvelope::Eip1559(receipt),
            3 => ReceiptEnvelope::Eip4844(receipt),
            4 => ReceiptEnvelope::Eip7702(receipt),
            _ => ReceiptEnvelope::Legacy(receipt),
        }
    };
    outcomes.iter().enumerate().map(receipt).collect()
}

/// The root that the header commits to.
#[must_use]
pub fn root(receipts: &[ReceiptEnvelope]) -> B256 {
    calculate_receipt_root(receipts)
}

/// The bloom that the header commits to.
#[must_use]
pub fn bloom(receipts: &[ReceiptEnvelope]) -> Bloom {
    receipts
        .iter()
        .fold(Bloom::ZERO, |bloom, receipt| bloom | receipt.bloom())
}
