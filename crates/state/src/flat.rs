//! The flat state: what accounts and slots hold now, over cache, layers and store.

mod apply;
mod database;
mod leaves;

pub(crate) use leaves::{AccountLeaves, SlotLeaves, each_account, each_word};

use crate::{
    account::{Account, SlotKey, slot_key},
    cache::Cache,
    codec::Broken,
    error::StateError,
    history::Undo,
    layer::Layer,
    store::{Store, Table, sealed},
};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use revm::state::Bytecode;
use std::{collections::VecDeque, sync::Arc};

/// Hashes of blocks that the EVM can ask for.
const HASHES: usize = 256;

/// Accounts, storage and code as they are after the last block.
#[derive(Debug)]
pub struct Flat<S> {
    pub(crate) store: S,
    pub(crate) cache: Cache,
    /// Since the last checkpoint was begun.
    pub(crate) active: Layer,
    /// What is being written as a checkpoint.
    pub(crate) frozen: Option<Arc<Layer>>,
    /// Of the block that has begun.
    pub(crate) undo: Option<Undo>,
    /// Of the last blocks, with the number of the first.
    pub(crate) hashes: (u64, VecDeque<B256>),
}

impl<S: Store> Flat<S> {
    pub(crate) fn new(store: S, cache_bytes: usize, active: Layer) -> Self {
        Self {
            store,
            cache: Cache::new(cache_bytes),
            active,
            frozen: None,
            undo: None,
            hashes: (0, VecDeque::new()),
        }
    }

    /// The first block that is not part of it.
    #[must_use]
    pub const fn next(&self) -> u64 {
        self.active.next
    }

    /// An account.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn account(&self, address: &Address) -> Result<Option<Account>, StateError> {
        self.account_at(address, || keccak256(address))
    }

    /// An account, whose hashed address is known or can be had.
    pub(crate) fn account_at(
        &self,
        address: &Address,
        key: impl FnOnce() -> B256,
    ) -> Result<Option<Account>, StateError> {
        if let Some(account) = self.cache.accounts.get(address) {
            return Ok(account);
        }
        let account = self.account_by_key(&key())?;
        self.cache.accounts.insert(*address, account);
        Ok(account)
    }

    /// The account of a hashed address.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn account_by_key(&self, key: &B256) -> Result<Option<Account>, StateError> {
        for layer in self.layers() {
            if let Some(account) = layer.account(key) {
                return Ok(*account);
            }
        }
        let key = key.as_slice();
        let read = |row: &[u8]| read_account(key, row);
        sealed::get(&self.store, Table::Accounts, key, read)
    }

    /// A word of storage; zero if there is none.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn word(&self, address: &Address, slot: &U256) -> Result<U256, StateError> {
        match self.account(address)? {
            Some(account) => self.word_of(account.id, slot),
            None => Ok(U256::ZERO),
        }
    }

    pub(crate) fn word_of(&self, id: u64, slot: &U256) -> Result<U256, StateError> {
        if let Some(word) = self.cache.words.get(&(id, *slot)) {
            return Ok(word);
        }
        let word = self.word_by_key(&slot_key(id, &keccak256(slot.to_be_bytes::<32>())))?;
        self.cache.words.insert((id, *slot), word);
        Ok(word)
    }

    pub(crate) fn word_by_key(&self, key: &SlotKey) -> Result<U256, StateError> {
        for layer in self.layers() {
            if let Some(word) = layer.slot(key) {
                return Ok(*word);
            }
        }
        let read = |row: &[u8]| read_word(Table::Slots, key, row);
        let word = sealed::get(&self.store, Table::Slots, key, read)?;
        Ok(word.unwrap_or_default())
    }

    /// The code of a hash; `None` if no account ever had it.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn code(&self, hash: &B256) -> Result<Option<Bytecode>, StateError> {
        if let Some(code) = self.cache.codes.get(hash).flatten() {
            return Ok(Some(code));
        }
        if let Some(code) = self.layers().find_map(|layer| layer.codes.get(hash)) {
            self.cache.codes.insert(*hash, Some(code.clone()));
            return Ok(Some(code.clone()));
        }
        let key = hash.as_slice();
        let code = sealed::get(&self.store, Table::Codes, key, |row| Ok(row.to_vec()))?;
        let Some(code) = code else {
            return Ok(None);
        };
        if keccak256(&code) != *hash {
            let problem = "it is not the code of its hash";
            return Err(StateError::row(Table::Codes, hash.as_slice(), problem));
        }
        let code = code_of(code.into());
        self.cache.codes.insert(*hash, Some(code.clone()));
        Ok(Some(code))
    }

    /// Newest first.
    pub(crate) fn layers(&self) -> impl Iterator<Item = &Layer> {
        std::iter::once(&self.active).chain(self.frozen.as_deref())
    }

    /// Of the blocks since the last checkpoint, oldest first.
    pub(crate) fn undos(&self) -> impl Iterator<Item = &Arc<Undo>> {
        let frozen = self.frozen.iter().flat_map(|layer| &layer.undos);
        frozen.chain(&self.active.undos)
    }

    /// The first block whose changes are not in the store.
    pub(crate) fn first_in_memory(&self) -> u64 {
        let first = self.undos().next();
        first.map_or(self.next(), |undo| undo.block)
    }

    pub(crate) fn push_hash(&mut self, number: u64, hash: B256) {
        let (first, hashes) = &mut self.hashes;
        if hashes.is_empty() {
            *first = number;
        }
        hashes.push_back(hash);
        if hashes.len() > HASHES {
            hashes.pop_front();
            *first += 1;
        }
    }

    /// Bytes of memory that cache and layers take, roughly.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        let layers: usize = self.layers().map(Layer::bytes).sum();
        layers + self.cache.bytes()
    }
}

/// Code that begins as a delegation and is none is older than these.
pub(crate) fn code_of(bytes: Bytes) -> Bytecode {
    Bytecode::new_raw_checked(bytes.clone()).unwrap_or_else(|_| Bytecode::new_legacy(bytes))
}

pub(crate) fn read_account(key: &[u8], row: &[u8]) -> Result<Account, StateError> {
    Account::read(row).map_err(|_| StateError::row(Table::Accounts, key, Broken::PROBLEM))
}

/// Reads a word as it lies in the store: without leading zeros.
pub(crate) fn read_word(table: Table, key: &[u8], row: &[u8]) -> Result<U256, StateError> {
    if row.len() > 32 || row.first() == Some(&0) {
        return Err(StateError::row(table, key, Broken::PROBLEM));
    }
    Ok(U256::from_be_slice(row))
}
