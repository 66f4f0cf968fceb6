//! Accounts that the node signs for.

use alloy_consensus::SignableTransaction;
use alloy_primitives::{Address, B256, Signature, eip191_hash_message};
use k256::ecdsa::SigningKey;
use std::fmt;

/// Keys, and accounts that are acted for without a key.
#[derive(Default)]
pub struct Wallet {
    keys: Vec<(Address, SigningKey)>,
    /// In the order in which they were added.
    impersonated: Vec<Address>,
    /// All accounts are acted for.
    impersonates_all: bool,
}

impl fmt::Debug for Wallet {
    /// Without keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wallet")
            .field("addresses", &self.addresses())
            .field("impersonated", &self.impersonated)
            .finish_non_exhaustive()
    }
}

impl Wallet {
    /// Takes a key in; whether it is one.
    pub fn add(&mut self, key: &B256) -> Option<Address> {
        let key = SigningKey::from_slice(key.as_slice()).ok()?;
        let address = Address::from_private_key(&key);
        if !self.keys.iter().any(|(own, _)| *own == address) {
            self.keys.push((address, key));
        }
        Some(address)
    }

    /// Acts for every account, or only for those whose keys are there or that were named.
    pub const fn impersonate_all(&mut self, all: bool) {
        self.impersonates_all = all;
    }

    /// The accounts of the keys, in order.
    #[must_use]
    pub fn addresses(&self) -> Vec<Address> {
        let own = self.keys.iter().map(|(address, _)| *address);
        own.chain(self.impersonated.iter().copied()).collect()
    }

    /// Signs a hash.
    pub(crate) fn sign_hash(&self, address: &Address, hash: &B256) -> Option<Signature> {
        let (_, key) = self.keys.iter().find(|(own, _)| own == address)?;
        let (signature, recovery) = key.sign_prehash_recoverable(hash.as_slice()).ok()?;
        Some(Signature::from((signature, recovery)))
    }

    /// Signs a message ([EIP-191](https://eips.ethereum.org/EIPS/eip-191)).
    pub(crate) fn sign_message(&self, address: &Address, message: &[u8]) -> Option<Signature> {
        self.sign_hash(address, &eip191_hash_message(message))
    }

    /// Signs a transaction.
    pub(crate) fn sign(
        &self,
        address: &Address,
        tx: &impl SignableTransaction<Signature>,
    ) -> Option<Signature> {
        self.sign_hash(address, &tx.signature_hash())
    }

    pub(crate) fn impersonate(&mut self, address: Address) {
        if !self.impersonated.contains(&address) {
            self.impersonated.push(address);
        }
    }

    pub(crate) fn stop_impersonating(&mut self, address: &Address) {
        self.impersonated.retain(|own| own != address);
    }

    pub(crate) fn is_impersonated(&self, address: &Address) -> bool {
        self.impersonates_all || self.impersonated.contains(address)
    }
}
