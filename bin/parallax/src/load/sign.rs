//! Accounts, and transactions signed by them.

use alloy_consensus::{
    SignableTransaction, TxEip1559, TxEnvelope, crypto::secp256k1::sign_message,
};
use alloy_eips::Encodable2718;
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, keccak256};
use eyre::eyre;

/// An account that signs.
#[derive(Clone, Debug)]
pub(super) struct Signer {
    pub(super) address: Address,
    key: B256,
}

/// What is the same in all transactions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chain {
    pub(super) id: u64,
    /// What is paid for gas at most.
    pub(super) max_fee: u128,
}

/// The tip, in wei.
pub(super) const TIP: u128 = 1_000_000_000;

impl Signer {
    pub(super) fn new(key: B256) -> eyre::Result<Self> {
        let signing = k256::ecdsa::SigningKey::from_slice(key.as_slice())
            .map_err(|_| eyre!("{key} is no key"))?;
        let address = Address::from_private_key(&signing);
        Ok(Self { address, key })
    }

    /// The accounts of a seed.
    pub(super) fn many(seed: u64, count: usize) -> eyre::Result<Vec<Self>> {
        let key = |index: usize| keccak256(format!("parallax load {seed} {index}"));
        (0..count).map(|index| Self::new(key(index))).collect()
    }

    /// A signed transaction and its hash.
    pub(super) fn sign(
        &self,
        chain: Chain,
        nonce: u64,
        to: TxKind,
        value: U256,
        input: Bytes,
        gas_limit: u64,
    ) -> eyre::Result<(Vec<u8>, B256)> {
        let tx = TxEip1559 {
            chain_id: chain.id,
            nonce,
            gas_limit,
            max_fee_per_gas: chain.max_fee,
            max_priority_fee_per_gas: TIP,
            to,
            value,
            access_list: Default::default(),
            input,
        };
        let signature = sign_message(self.key, tx.signature_hash());
        let signature = signature.map_err(|error| eyre!("signing: {error}"))?;
        let signed = TxEnvelope::from(tx.into_signed(signature));
        Ok((signed.encoded_2718(), *signed.tx_hash()))
    }
}
