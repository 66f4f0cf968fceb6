//! Receipts of a result, as the header commits to them.

use alloy_consensus::{
    EthereumReceipt, ReceiptWithBloom, TxReceipt, TxType, proofs::calculate_receipt_root,
};
use alloy_primitives::{B256, Bloom};
use parallax_engine::{BlockOutput, TxOutcome};

/// The receipts of a result, with their blooms.
///
/// They say success or failure, as receipts do since
/// [EIP-658](https://eips.ethereum.org/EIPS/eip-658) (Byzantium).
///
/// # Errors
///
/// The type of the first transaction that is none of Ethereum's.
pub fn receipts(output: &BlockOutput) -> Result<Vec<ReceiptWithBloom<EthereumReceipt>>, u8> {
    output.outcomes.iter().map(receipt).collect()
}

fn receipt(outcome: &TxOutcome) -> Result<ReceiptWithBloom<EthereumReceipt>, u8> {
    let receipt = EthereumReceipt {
        tx_type: TxType::try_from(outcome.tx_type).map_err(|_| outcome.tx_type)?,
        success: outcome.result.is_success(),
        cumulative_gas_used: outcome.cumulative_gas_used,
        logs: outcome.result.logs().to_vec(),
    };
    Ok(receipt.into_with_bloom())
}

/// Root of the trie of these receipts.
#[must_use]
pub fn receipts_root(receipts: &[ReceiptWithBloom<EthereumReceipt>]) -> B256 {
    calculate_receipt_root(receipts)
}

/// Bloom filter over the logs of all these receipts.
#[must_use]
pub fn logs_bloom(receipts: &[ReceiptWithBloom<EthereumReceipt>]) -> Bloom {
    let mut bloom = Bloom::ZERO;
    for receipt in receipts {
        bloom.accrue_bloom(&receipt.logs_bloom);
    }
    bloom
}
