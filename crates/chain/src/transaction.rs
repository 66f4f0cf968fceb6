//! Signed transactions as the EVM takes them.

use alloy_consensus::{
    EthereumTxEnvelope, TxEip4844, crypto::RecoveryError, transaction::SignerRecoverable,
};
use alloy_evm::FromRecoveredTx;
use alloy_primitives::Address;
use revm::{context::TxEnv, primitives::hardfork::SpecId};

/// A transaction as it stands in a block (blobs without their sidecar).
pub type SignedTransaction = EthereumTxEnvelope<TxEip4844>;

/// Recovers the sender and the authorities.
///
/// # Errors
///
/// If the sender's signature is invalid; from Homestead on also if its `s` is
/// in the upper half ([EIP-2](https://eips.ethereum.org/EIPS/eip-2)).
pub fn recover(tx: &SignedTransaction, spec: SpecId) -> Result<TxEnv, RecoveryError> {
    let sender = if spec.is_enabled_in(SpecId::HOMESTEAD) {
        recover_sender(tx)?
    } else {
        recover_sender_frontier(tx)?
    };
    Ok(tx_env(tx, sender))
}

/// A transaction of a known sender. Authorities are recovered.
#[must_use]
pub fn tx_env(tx: &SignedTransaction, sender: Address) -> TxEnv {
    TxEnv::from_recovered_tx(tx, sender)
}

/// Recovers the sender under the rules of Homestead and later.
///
/// # Errors
/// If the signature is invalid or its `s` is in the upper half.
pub fn recover_sender(tx: &SignedTransaction) -> Result<Address, RecoveryError> {
    tx.recover_signer()
}

/// Recovers the sender under the rules of Frontier.
///
/// # Errors
/// If the signature is invalid.
pub fn recover_sender_frontier(tx: &SignedTransaction) -> Result<Address, RecoveryError> {
    tx.recover_signer_unchecked()
}
