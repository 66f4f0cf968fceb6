//! Making all tries anew, which checks every account and word on the way.

use super::{FEW_WORDS, Tries, has_more};
use crate::{
    account::Account,
    error::StateError,
    flat::{AccountLeaves, Flat, SlotLeaves, each_account},
    layer::SHARDS,
    store::Store,
    threads::share,
};
use alloy_primitives::{B256, map::B256HashMap};
use parallax_trie::{EMPTY_ROOT, Prefix, Trie};
use std::{
    ops::ControlFlow,
    sync::{Mutex, PoisonError},
};

/// Words from which on all threads make a trie together.
const VERY_MANY: usize = 1 << 14;

/// Storage of accounts whose hashed addresses begin with a byte.
#[derive(Debug, Default)]
struct Found {
    /// Tries that are worth to be kept.
    tries: Vec<(B256, u64, Trie)>,
    /// Too large for one thread.
    large: Vec<(B256, Account)>,
}

impl Tries {
    /// Makes all tries from the flat state; the root. `step` is told of accounts that were
    /// looked at.
    ///
    /// Storage that has not the root that its account says is an error.
    pub(crate) fn build<S: Store>(
        &mut self,
        flat: &Flat<S>,
        step: &(dyn Fn(u64) + Sync),
    ) -> Result<B256, StateError> {
        let all = Mutex::new(Found::default());
        share(0..SHARDS, self.threads, |byte| {
            let found = Found::look(byte as u8, flat, step)?;
            let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
            all.tries.extend(found.tries);
            all.large.extend(found.large);
            Ok::<_, StateError>(())
        })?;
        let all = all.into_inner().unwrap_or_else(PoisonError::into_inner);
        for (key, id, trie) in all.tries {
            self.keep(key, id, trie.root(), Some(trie));
        }
        self.spill();
        for (key, account) in all.large {
            let trie = build_checked(&key, &account, flat, self.threads, self.most_bytes / 2)?;
            self.keep(key, account.id, trie.root(), Some(trie));
            self.spill();
        }
        // All of them are those that the flat state has.
        self.roots = B256HashMap::default();
        let leaves = AccountLeaves {
            flat,
            roots: &self.roots,
        };
        let left = self.most_bytes.saturating_sub(self.storage_bytes);
        let most = left.max(self.most_bytes / 2);
        self.accounts = Trie::build_within(&leaves, self.threads, most)?;
        Ok(self.accounts.root())
    }
}

impl Found {
    fn look<S: Store>(
        byte: u8,
        flat: &Flat<S>,
        step: &(dyn Fn(u64) + Sync),
    ) -> Result<Self, StateError> {
        let (mut accounts, mut count) = (Vec::new(), 0);
        let prefix = Prefix::of(&B256::repeat_byte(byte), 2);
        each_account(flat, None, &prefix, &mut |key, account| {
            count += 1;
            if account.storage_root != EMPTY_ROOT {
                accounts.push((*key, account));
            }
            ControlFlow::Continue(())
        })?;
        step(count);
        let mut found = Self::default();
        for (key, account) in accounts {
            let id = account.id;
            let leaves = SlotLeaves { flat, id };
            if has_more(&leaves, VERY_MANY)? {
                found.large.push((key, account));
                continue;
            }
            let trie = build_checked(&key, &account, flat, 1, usize::MAX)?;
            if has_more(&leaves, FEW_WORDS)? {
                found.tries.push((key, id, trie));
            }
        }
        Ok(found)
    }
}

/// The trie of an account's storage, which must have the root that the account says; no
/// more than `most_bytes` of it in memory.
pub(crate) fn build_checked<S: Store>(
    key: &B256,
    account: &Account,
    flat: &Flat<S>,
    threads: usize,
    most_bytes: usize,
) -> Result<Trie, StateError> {
    let leaves = SlotLeaves {
        flat,
        id: account.id,
    };
    let trie = Trie::build_within(&leaves, threads, most_bytes)?;
    match trie.root() == account.storage_root {
        true => Ok(trie),
        false => Err(StateError::StorageRoot {
            account: *key,
            expected: account.storage_root,
            computed: trie.root(),
        }),
    }
}
