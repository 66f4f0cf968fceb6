//! The flat state as the EVM reads it.

use super::Flat;
use crate::{error::StateError, store::Store, threads::share};
use alloy_primitives::{Address, B256, U256};
use revm::{
    DatabaseRef,
    primitives::KECCAK_EMPTY,
    state::{AccountInfo, Bytecode},
};

/// Entries of an access list that one thread fetches at once.
const CHUNK: usize = 64;

impl<S: Store> DatabaseRef for Flat<S> {
    type Error = StateError;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, StateError> {
        Ok(self.account(&address)?.map(|account| account.info()))
    }

    fn code_by_hash_ref(&self, hash: B256) -> Result<Bytecode, StateError> {
        if hash == KECCAK_EMPTY {
            return Ok(Bytecode::default());
        }
        let missing = || StateError::row(crate::Table::Codes, hash.as_slice(), "it is missing");
        self.code(&hash)?.ok_or_else(missing)
    }

    fn storage_ref(&self, address: Address, slot: U256) -> Result<U256, StateError> {
        self.word(&address, &slot)
    }

    fn block_hash_ref(&self, number: u64) -> Result<B256, StateError> {
        let (first, hashes) = &self.hashes;
        let hash = number
            .checked_sub(*first)
            .and_then(|index| hashes.get(usize::try_from(index).ok()?));
        Ok(hash.copied().unwrap_or_default())
    }
}

impl<S: Store> Flat<S> {
    /// Brings what an access list names into the cache, on `threads` threads, so that a
    /// block does not wait for the disk. Code comes with its account.
    ///
    /// # Errors
    /// If something cannot be read.
    pub fn prefetch(
        &self,
        accesses: &[(Address, Vec<U256>)],
        threads: usize,
    ) -> Result<(), StateError> {
        share(accesses.chunks(CHUNK), threads, |chunk| {
            for (address, slots) in chunk {
                let Some(account) = self.account(address)? else {
                    continue;
                };
                if account.code_hash != KECCAK_EMPTY {
                    self.code(&account.code_hash)?;
                }
                for slot in slots {
                    self.word_of(account.id, slot)?;
                }
            }
            Ok(())
        })
    }
}
