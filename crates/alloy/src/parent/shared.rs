//! Reading at once: for databases that several threads may read.

use super::ParentState;
use crate::run::Fallback;
use alloy_evm::block::StateDB;
use alloy_primitives::{Address, B256, U256};
use parallax_engine::{Block, BlockOutput, Engine};
use revm::{
    DatabaseRef,
    database::{
        BundleState, CacheDB, State,
        states::{CacheState, block_hash_cache::BlockHashCache},
    },
    state::{AccountInfo, Bytecode},
};
use std::fmt;

/// The workers read, all at once: for a [`SharedDatabase`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Shared;

impl<DB: SharedDatabase> ParentState<DB> for Shared {
    fn replay(&self, engine: &Engine, block: &Block, db: &mut DB) -> Result<BlockOutput, Fallback> {
        let reader = db.reader().ok_or(Fallback::AccessList)?;
        Ok(engine.replay(block, &reader)?)
    }
}

/// A database of an EVM that several threads may read at once.
pub trait SharedDatabase: StateDB {
    /// A view of it that reads what the database's own `Database` methods would.
    type Reader<'r>: DatabaseRef + Sync
    where
        Self: 'r;

    /// A view of what is in it now; `None` if its present settings need it to
    /// see each transaction.
    fn reader(&self) -> Option<Self::Reader<'_>>;
}

impl<DB: SharedDatabase> SharedDatabase for &mut DB {
    type Reader<'r>
        = DB::Reader<'r>
    where
        Self: 'r;

    fn reader(&self) -> Option<Self::Reader<'_>> {
        (**self).reader()
    }
}

impl<DB> SharedDatabase for CacheDB<DB>
where
    DB: DatabaseRef + Sync,
    Self: StateDB,
{
    type Reader<'r>
        = &'r Self
    where
        Self: 'r;

    fn reader(&self) -> Option<&Self> {
        Some(self)
    }
}

impl<DB> SharedDatabase for State<DB>
where
    DB: DatabaseRef + Sync,
    Self: StateDB,
{
    type Reader<'r>
        = StateReader<'r, DB>
    where
        Self: 'r;

    fn reader(&self) -> Option<StateReader<'_, DB>> {
        // A block access list, being built or being followed, has an index for
        // each transaction.
        let lists = &self.bal_state;
        let has_lists = lists.bal.is_some() || lists.bal_builder.is_some();
        (!has_lists).then_some(StateReader {
            cache: &self.cache,
            bundle: self.use_preloaded_bundle.then_some(&self.bundle_state),
            block_hashes: &self.block_hashes,
            database: &self.database,
        })
    }
}

/// What a [`State`] would read, without its state hook, which need not be
/// `Sync`, and without filling its cache.
pub struct StateReader<'r, DB> {
    cache: &'r CacheState,
    bundle: Option<&'r BundleState>,
    block_hashes: &'r BlockHashCache,
    database: &'r DB,
}

impl<DB> fmt::Debug for StateReader<'_, DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StateReader").finish_non_exhaustive()
    }
}

impl<DB: DatabaseRef> DatabaseRef for StateReader<'_, DB> {
    type Error = DB::Error;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, DB::Error> {
        if let Some(account) = self.cache.accounts.get(&address) {
            return Ok(account.account_info());
        }
        if let Some(account) = self.bundle.and_then(|bundle| bundle.account(&address)) {
            return Ok(account.account_info());
        }
        self.database.basic_ref(address)
    }

    fn code_by_hash_ref(&self, hash: B256) -> Result<Bytecode, DB::Error> {
        let in_bundle = || self.bundle.and_then(|bundle| bundle.contracts.get(&hash));
        match self.cache.contracts.get(&hash).or_else(in_bundle) {
            Some(code) => Ok(code.clone()),
            None => self.database.code_by_hash_ref(hash),
        }
    }

    fn storage_ref(&self, address: Address, slot: U256) -> Result<U256, DB::Error> {
        // An account that does not exist has no storage, though the database
        // below may still know that of an account that has been destroyed.
        if let Some(cached) = self.cache.accounts.get(&address) {
            let Some(account) = &cached.account else {
                return Ok(U256::ZERO);
            };
            if let Some(value) = account.storage.get(&slot) {
                return Ok(*value);
            }
            if cached.status.is_storage_known() {
                return Ok(U256::ZERO);
            }
        } else if let Some(account) = self.bundle.and_then(|bundle| bundle.account(&address)) {
            if account.info.is_none() {
                return Ok(U256::ZERO);
            }
            if let Some(value) = account.storage_slot(slot) {
                return Ok(value);
            }
        }
        self.database.storage_ref(address, slot)
    }

    fn block_hash_ref(&self, number: u64) -> Result<B256, DB::Error> {
        match self.block_hashes.get(number) {
            Some(hash) => Ok(hash),
            None => self.database.block_hash_ref(number),
        }
    }
}
