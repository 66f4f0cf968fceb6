//! A transaction that waits.

use alloy_consensus::Transaction as _;
use alloy_eips::Encodable2718;
use alloy_primitives::{Address, B256};
use parallax_chain::SignedTransaction;

/// A signed transaction and its sender.
#[derive(Clone, Debug)]
pub struct Transaction {
    /// As it was signed, without blobs.
    pub signed: SignedTransaction,
    /// Whose signature it is.
    pub sender: Address,
    /// Place in the order of arrival.
    pub(crate) arrival: u64,
    pub(crate) bytes: usize,
}

impl Transaction {
    /// A transaction of a sender who is known.
    #[must_use]
    pub fn new(signed: SignedTransaction, sender: Address) -> Self {
        let bytes = signed.encode_2718_len();
        Self {
            signed,
            sender,
            arrival: 0,
            bytes,
        }
    }

    /// Its hash.
    #[must_use]
    pub fn hash(&self) -> B256 {
        *self.signed.tx_hash()
    }

    /// Its nonce.
    #[must_use]
    pub fn nonce(&self) -> u64 {
        self.signed.nonce()
    }

    /// What it pays for a unit of gas beyond the base fee; `None` if it does not even pay
    /// that.
    #[must_use]
    pub fn tip(&self, base_fee: u64) -> Option<u128> {
        self.signed.effective_tip_per_gas(base_fee)
    }

    /// Whether it pays so much more than another one that it may take its place.
    pub(crate) fn outbids(&self, other: &Self, percent: u128) -> bool {
        let raised = |fee: u128| fee.saturating_add(fee.saturating_mul(percent).div_ceil(100));
        let tip = |tx: &Self| {
            let signed = &tx.signed;
            signed
                .max_priority_fee_per_gas()
                .unwrap_or_else(|| signed.max_fee_per_gas())
        };
        self.signed.max_fee_per_gas() >= raised(other.signed.max_fee_per_gas())
            && tip(self) >= raised(tip(other))
    }
}
