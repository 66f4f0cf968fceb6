//! Proofs of now and of the past.

use super::State;
use crate::{
    account::Account,
    error::StateError,
    proof::{Proof, WordProof},
    store::Store,
};
use alloy_primitives::{Address, B256, U256, keccak256};
use parallax_log::Files;
use parallax_trie::EMPTY_ROOT;

impl<S: Store + 'static, F: Files> State<S, F> {
    /// Proves an account and words of its storage against the root after the last block.
    ///
    /// # Errors
    /// If the state cannot be read, or while a block has begun and not ended.
    pub fn proof(&self, address: &Address, slots: &[U256]) -> Result<Proof, StateError> {
        self.must_be_between_blocks()?;
        let key = keccak256(address);
        let account = self.flat.account(address)?;
        let nodes = self.tries.account_proof(&key, &self.flat)?;
        let keys = hashed(slots);
        let proofs = match with_storage(account) {
            Some(account) => self.tries.word_proofs(account.id, &keys, &self.flat)?,
            None => vec![Vec::new(); slots.len()],
        };
        let word = |slot: &U256| match account {
            Some(account) => self.flat.word_of(account.id, slot),
            None => Ok(U256::ZERO),
        };
        Ok(Proof {
            address: *address,
            account,
            nodes,
            words: words(slots, proofs, word)?,
        })
    }

    /// As [`State::proof`], against the root after a block of the past. The 256th parts of
    /// tries in which something has changed since are made anew for it: that takes the
    /// longer the more blocks lie between.
    ///
    /// # Errors
    /// As [`State::proof`], and if that state cannot be had any more.
    pub fn proof_at(
        &self,
        block: u64,
        address: &Address,
        slots: &[U256],
    ) -> Result<Proof, StateError> {
        if block + 1 == self.next() && self.pieces.is_empty() {
            return self.proof(address, slots);
        }
        self.must_be_between_blocks()?;
        let at = self.at(block)?;
        let threads = self.config.threads;
        let account = at.account(address)?;
        let nodes = at.account_proof(&keccak256(address), self.tries.accounts(), threads)?;
        let keys = hashed(slots);
        let mut proofs = vec![Vec::new(); slots.len()];
        if let Some(account) = with_storage(account).filter(|_| !slots.is_empty()) {
            let now = self.tries.storage(account.id);
            proofs = at.word_proofs(account.id, &keys, now, threads)?;
        }
        let word = |slot: &U256| at.word(address, slot);
        Ok(Proof {
            address: *address,
            account,
            nodes,
            words: words(slots, proofs, word)?,
        })
    }
}

/// Words with what proves them.
fn words(
    slots: &[U256],
    proofs: Vec<Vec<Vec<u8>>>,
    word: impl Fn(&U256) -> Result<U256, StateError>,
) -> Result<Vec<WordProof>, StateError> {
    let words = slots.iter().zip(proofs).map(|(slot, nodes)| {
        let (slot, word) = (*slot, word(slot)?);
        Ok(WordProof { slot, word, nodes })
    });
    words.collect()
}

fn with_storage(account: Option<Account>) -> Option<Account> {
    account.filter(|account| account.storage_root != EMPTY_ROOT)
}

fn hashed(slots: &[U256]) -> Vec<B256> {
    let hash = |slot: &U256| keccak256(slot.to_be_bytes::<32>());
    slots.iter().map(hash).collect()
}
