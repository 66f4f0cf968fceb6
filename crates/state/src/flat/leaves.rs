//! The flat state as leaves of tries.

use super::{Flat, read_account, read_word};
use crate::{
    account::{Account, SlotKey, WordLeaf, slot_key, slot_of},
    error::StateError,
    merge::{Below, Newer, merge},
    store::{Store, Table},
};
use alloy_primitives::{B256, U256, map::B256HashMap};
use parallax_trie::{EachLeaf, Leaves, Prefix};
use std::ops::ControlFlow;

/// Calls `each` with all accounts whose keys begin so, in ascending order, those of `newer`
/// before the ones of now.
pub(crate) fn each_account<'f, S: Store>(
    flat: &'f Flat<S>,
    newer: Option<Newer<'f, B256, Account>>,
    prefix: &Prefix,
    each: &mut dyn FnMut(&B256, Account) -> ControlFlow<()>,
) -> Result<(), StateError> {
    let (first, last) = (prefix.first(), prefix.last());
    let layers = flat.layers().map(|layer| {
        let accounts = layer.accounts_with(prefix);
        Box::new(accounts) as Newer<'_, B256, Account>
    });
    let newer = newer.into_iter().chain(layers).collect();
    let below = Below {
        store: &flat.store,
        table: Table::Accounts,
        first: first.as_slice(),
        last: last.as_slice(),
        read: |key, row| {
            let hash = <[u8; 32]>::try_from(key);
            let hash = hash.map_err(|_| StateError::row(Table::Accounts, key, "its length"))?;
            Ok((B256::new(hash), read_account(key, row)?))
        },
    };
    merge(newer, &below, each)
}

/// As [`each_account`], with the words of an account.
pub(crate) fn each_word<'f, S: Store>(
    flat: &'f Flat<S>,
    newer: Option<Newer<'f, SlotKey, U256>>,
    id: u64,
    prefix: &Prefix,
    each: &mut dyn FnMut(&SlotKey, U256) -> ControlFlow<()>,
) -> Result<(), StateError> {
    let first = slot_key(id, &prefix.first());
    let last = slot_key(id, &prefix.last());
    let layers = flat.layers().map(|layer| {
        let words = layer.slots_with(id, prefix);
        let words = words.map(|(key, word)| (key, Some(word).filter(|word| !word.is_zero())));
        Box::new(words) as Newer<'_, SlotKey, U256>
    });
    let newer = newer.into_iter().chain(layers).collect();
    let below = Below {
        store: &flat.store,
        table: Table::Slots,
        first: &first,
        last: &last,
        read: |key, row| {
            let slot = SlotKey::try_from(key);
            let slot = slot.map_err(|_| StateError::row(Table::Slots, key, "its length"))?;
            Ok((slot, read_word(Table::Slots, key, row)?))
        },
    };
    merge(newer, &below, each)
}

/// Leaves of the account trie.
#[derive(Debug)]
pub(crate) struct AccountLeaves<'f, S> {
    pub(crate) flat: &'f Flat<S>,
    /// Roots that accounts are about to get.
    pub(crate) roots: &'f B256HashMap<B256>,
}

impl<S: Store> Leaves for AccountLeaves<'_, S> {
    type Error = StateError;

    fn with_prefix(&self, prefix: &Prefix, each: &mut EachLeaf<'_>) -> Result<(), StateError> {
        each_account(self.flat, None, prefix, &mut |key, mut account| {
            if let Some(root) = self.roots.get(key) {
                account.storage_root = *root;
            }
            each(key, account.leaf().as_ref())
        })
    }
}

/// Leaves of the storage trie of an account.
#[derive(Debug)]
pub(crate) struct SlotLeaves<'f, S> {
    pub(crate) flat: &'f Flat<S>,
    pub(crate) id: u64,
}

impl<S: Store> Leaves for SlotLeaves<'_, S> {
    type Error = StateError;

    fn with_prefix(&self, prefix: &Prefix, each: &mut EachLeaf<'_>) -> Result<(), StateError> {
        each_word(self.flat, None, self.id, prefix, &mut |key, word| {
            each(&slot_of(key), WordLeaf::new(&word).as_ref())
        })
    }
}
