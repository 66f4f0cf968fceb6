//! The state as it was after some block.

use super::rows;
use crate::{
    account::{Account, SlotKey, WordLeaf, slot_key, slot_of},
    error::StateError,
    flat::{Flat, each_account, each_word},
    merge::Newer,
    prepare::Prepared,
    store::{Store, Table},
};
use alloy_primitives::{Address, B256, U256, keccak256};
use parallax_trie::{EachLeaf, Leaves, Prefix, Trie};
use revm::{
    DatabaseRef,
    state::{AccountInfo, Bytecode},
};
use std::collections::BTreeMap;

/// Where hashes of old blocks come from.
pub(crate) trait Headers: std::fmt::Debug + Sync {
    fn block_hash(&self, number: u64) -> Result<B256, StateError>;
}

/// The state after a block of the past.
#[derive(Debug)]
pub struct At<'s, S> {
    flat: &'s Flat<S>,
    headers: &'s (dyn Headers + 's),
    /// What has changed since the last block.
    pieces: &'s [Prepared],
    /// The first block whose changes are not part of it.
    from: u64,
}

impl<S> Clone for At<'_, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for At<'_, S> {}

impl<'s, S: Store> At<'s, S> {
    pub(crate) fn new(
        flat: &'s Flat<S>,
        headers: &'s dyn Headers,
        pieces: &'s [Prepared],
        block: u64,
    ) -> Self {
        Self {
            flat,
            headers,
            pieces,
            from: block + 1,
        }
    }

    /// An account.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn account(&self, address: &Address) -> Result<Option<Account>, StateError> {
        self.account_by_key(&keccak256(address))
    }

    fn account_by_key(&self, key: &B256) -> Result<Option<Account>, StateError> {
        if self.from < self.flat.first_in_memory()
            && let Some(account) = rows::first_account(&self.flat.store, key, self.from)?
        {
            return Ok(account);
        }
        let mut undos = self.flat.undos().filter(|undo| undo.block >= self.from);
        if let Some(account) = undos.find_map(|undo| undo.account(key)) {
            return Ok(*account);
        }
        match self.pieces.iter().find_map(|piece| piece.account(key)) {
            Some(changed) => Ok(changed.before),
            None => self.flat.account_by_key(key),
        }
    }

    /// A word of storage; zero if there was none.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn word(&self, address: &Address, slot: &U256) -> Result<U256, StateError> {
        match self.account(address)? {
            Some(account) => {
                let hash = keccak256(slot.to_be_bytes::<32>());
                let now = || self.word_before_pieces(&keccak256(address), account.id, &hash);
                self.word_by_key(&slot_key(account.id, &hash), now)
            }
            None => Ok(U256::ZERO),
        }
    }

    /// As it was after the last block.
    fn word_before_pieces(&self, key: &B256, id: u64, slot: &B256) -> Result<U256, StateError> {
        let changed = self.pieces.iter().filter_map(|piece| piece.account(key));
        let mut changed =
            changed.filter(|changed| changed.after.is_some_and(|after| after.id == id));
        match changed.find_map(|changed| changed.word(slot)) {
            Some(changed) => Ok(changed.before),
            None => self.flat.word_by_key(&slot_key(id, slot)),
        }
    }

    fn word_by_key(
        &self,
        key: &SlotKey,
        now: impl FnOnce() -> Result<U256, StateError>,
    ) -> Result<U256, StateError> {
        if self.from < self.flat.first_in_memory()
            && let Some(word) = rows::first_word(&self.flat.store, key, self.from)?
        {
            return Ok(word);
        }
        let mut undos = self.flat.undos().filter(|undo| undo.block >= self.from);
        match undos.find_map(|undo| undo.slot(key)) {
            Some(word) => Ok(*word),
            None => now(),
        }
    }

    /// Nodes that prove an account, or that there was none. `now` is the trie as it is: of
    /// it only the parts that have changed are made anew.
    pub(crate) fn account_proof(
        &self,
        key: &B256,
        now: &Trie,
        threads: usize,
    ) -> Result<Vec<Vec<u8>>, StateError> {
        let changed = changed_parts(|prefix| Ok(!self.changed_accounts(prefix)?.is_empty()));
        Ok(now.proof_of(key, &changed?, self, threads)?)
    }

    /// Nodes that prove words of an account, a list for each. `now` is the trie of the same
    /// storage as it is, if it is in memory.
    pub(crate) fn word_proofs(
        &self,
        id: u64,
        keys: &[B256],
        now: Option<&Trie>,
        threads: usize,
    ) -> Result<Vec<Vec<Vec<u8>>>, StateError> {
        let leaves = WordsAt { at: *self, id };
        let Some(now) = now else {
            let trie = Trie::build(&leaves, threads)?;
            let proofs = keys.iter().map(|key| Ok(trie.proof(key, &leaves)?));
            return proofs.collect();
        };
        let changed = changed_parts(|prefix| Ok(!self.changed_words(id, prefix)?.is_empty()))?;
        let proofs = keys
            .iter()
            .map(|key| Ok(now.proof_of(key, &changed, &leaves, threads)?));
        proofs.collect()
    }

    /// Accounts whose keys begin so and that have changed since, as they were.
    fn changed_accounts(
        &self,
        prefix: &Prefix,
    ) -> Result<BTreeMap<B256, Option<Account>>, StateError> {
        let (first, last) = (prefix.first(), prefix.last());
        let mut changed = BTreeMap::new();
        for undo in self.flat.undos().filter(|undo| undo.block >= self.from) {
            let start = undo.accounts.partition_point(|(key, _)| *key < first);
            let accounts = undo.accounts[start..].iter();
            for (key, account) in accounts.take_while(|(key, _)| *key <= last) {
                changed.entry(*key).or_insert(*account);
            }
        }
        if self.from < self.flat.first_in_memory() {
            let between = (first.as_slice(), last.as_slice());
            let table = Table::AccountHistory;
            let store = &self.flat.store;
            rows::each_first_change(store, table, between, self.from, &mut |key, row| {
                let account = rows::read_account(key, row)?;
                changed.insert(B256::from_slice(key), account);
                Ok(())
            })?;
        }
        Ok(changed)
    }

    /// As [`At::changed_accounts`], words of an account.
    fn changed_words(
        &self,
        id: u64,
        prefix: &Prefix,
    ) -> Result<BTreeMap<SlotKey, Option<U256>>, StateError> {
        let first = slot_key(id, &prefix.first());
        let last = slot_key(id, &prefix.last());
        let some = |word: U256| Some(word).filter(|word| !word.is_zero());
        let mut changed = BTreeMap::new();
        for undo in self.flat.undos().filter(|undo| undo.block >= self.from) {
            let start = undo.slots.partition_point(|(key, _)| *key < first);
            let slots = undo.slots[start..].iter();
            for (key, word) in slots.take_while(|(key, _)| *key <= last) {
                changed.entry(*key).or_insert(some(*word));
            }
        }
        if self.from < self.flat.first_in_memory() {
            let table = Table::SlotHistory;
            let store = &self.flat.store;
            let between = (&first[..], &last[..]);
            rows::each_first_change(store, table, between, self.from, &mut |key, row| {
                let word = crate::flat::read_word(table, key, row)?;
                if let Ok(key) = SlotKey::try_from(key) {
                    changed.insert(key, some(word));
                }
                Ok(())
            })?;
        }
        Ok(changed)
    }
}

/// First bytes of keys of which one has changed.
fn changed_parts(
    has_changed: impl Fn(&Prefix) -> Result<bool, StateError>,
) -> Result<Vec<u8>, StateError> {
    let mut parts = Vec::new();
    for byte in 0..=u8::MAX {
        if has_changed(&Prefix::of(&B256::repeat_byte(byte), 2))? {
            parts.push(byte);
        }
    }
    Ok(parts)
}

impl<S: Store> DatabaseRef for At<'_, S> {
    type Error = StateError;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, StateError> {
        Ok(self.account(&address)?.map(|account| account.info()))
    }

    fn code_by_hash_ref(&self, hash: B256) -> Result<Bytecode, StateError> {
        self.flat.code_by_hash_ref(hash)
    }

    fn storage_ref(&self, address: Address, slot: U256) -> Result<U256, StateError> {
        self.word(&address, &slot)
    }

    fn block_hash_ref(&self, number: u64) -> Result<B256, StateError> {
        if number >= self.from {
            return Ok(B256::ZERO);
        }
        // Of blocks before an imported state only the hash is known.
        match self.flat.block_hash_ref(number)? {
            B256::ZERO => self.headers.block_hash(number),
            hash => Ok(hash),
        }
    }
}

impl<S: Store> Leaves for At<'_, S> {
    type Error = StateError;

    fn with_prefix(&self, prefix: &Prefix, each: &mut EachLeaf<'_>) -> Result<(), StateError> {
        let changed: Newer<'_, _, _> = Box::new(self.changed_accounts(prefix)?.into_iter());
        each_account(self.flat, Some(changed), prefix, &mut |key, account| {
            each(key, account.leaf().as_ref())
        })
    }
}

/// The words of an account after a block of the past, as leaves.
#[derive(Debug)]
pub(crate) struct WordsAt<'s, S> {
    at: At<'s, S>,
    id: u64,
}

impl<S: Store> Leaves for WordsAt<'_, S> {
    type Error = StateError;

    fn with_prefix(&self, prefix: &Prefix, each: &mut EachLeaf<'_>) -> Result<(), StateError> {
        let changed = self.at.changed_words(self.id, prefix)?;
        let changed: Newer<'_, _, _> = Box::new(changed.into_iter());
        each_word(
            self.at.flat,
            Some(changed),
            self.id,
            prefix,
            &mut |key, word| each(&slot_of(key), WordLeaf::new(&word).as_ref()),
        )
    }
}
