//! The tries over the flat state: that of the accounts, and those of their storage.

mod build;

use crate::{
    account::{Account, WordLeaf},
    error::StateError,
    flat::{AccountLeaves, Flat, SlotLeaves},
    prepare::{Changed, Prepared},
    store::Store,
    threads::share,
};
use alloy_primitives::{B256, map::B256HashMap};
use parallax_trie::{EMPTY_ROOT, Leaves, Prefix, Trie, Update};
use std::{
    collections::HashMap,
    ops::ControlFlow,
    sync::{Mutex, PoisonError},
};

/// Words up to which a storage trie is made anew for each change instead of kept.
const FEW_WORDS: usize = 24;

/// Changed words from which on a storage trie is changed by all threads.
const MANY_WORDS: usize = 1024;

/// Accounts whose storage one thread takes at once.
const CHUNK: usize = 16;

/// Tries, resident as far as they are worth it.
#[derive(Debug)]
pub(crate) struct Tries {
    accounts: Trie,
    /// By account id.
    storages: HashMap<u64, Storage>,
    /// Roots that accounts have got and the flat state does not know yet.
    pub(crate) roots: B256HashMap<B256>,
    /// Most bytes that storage tries may take.
    most_bytes: usize,
    storage_bytes: usize,
    /// Counts changes, to tell old ones from new ones.
    clock: u64,
    threads: usize,
}

#[derive(Debug)]
struct Storage {
    trie: Trie,
    used: u64,
    bytes: usize,
}

/// An account whose storage changes, and its trie if there is one.
type Job<'c> = (&'c Changed, Account, Option<Storage>);

impl Tries {
    pub(crate) fn new(most_bytes: usize, threads: usize) -> Self {
        Self {
            accounts: Trie::new(),
            storages: HashMap::new(),
            roots: B256HashMap::default(),
            most_bytes,
            storage_bytes: 0,
            clock: 0,
            threads,
        }
    }

    /// The root when it was computed last.
    pub(crate) const fn root(&self) -> B256 {
        self.accounts.root()
    }

    /// That of the accounts.
    pub(crate) const fn accounts(&self) -> &Trie {
        &self.accounts
    }

    /// That of an account's storage, if it is in memory.
    pub(crate) fn storage(&self, id: u64) -> Option<&Trie> {
        self.storages.get(&id).map(|storage| &storage.trie)
    }

    /// Bytes of memory held.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.accounts.capacity_bytes() + self.storage_bytes
    }

    /// Storage tries that are held.
    pub(crate) fn storages(&self) -> usize {
        self.storages.len()
    }

    /// Takes over changes that were made to the flat state.
    pub(crate) fn apply<S: Store>(
        &mut self,
        prepared: &Prepared,
        flat: &Flat<S>,
    ) -> Result<(), StateError> {
        self.clock += 1;
        self.change_storages(prepared, flat)?;
        let leaves: Vec<_> = prepared
            .accounts
            .iter()
            .map(|changed| {
                changed.after.map(|mut account| {
                    if let Some(root) = self.roots.get(&changed.key) {
                        account.storage_root = *root;
                    }
                    account.leaf()
                })
            })
            .collect();
        let updates: Vec<_> = prepared
            .accounts
            .iter()
            .zip(&leaves)
            .filter(|(changed, leaf)| changed.before.is_some() || leaf.is_some())
            .map(|(changed, leaf)| Update {
                key: changed.key,
                value: leaf.as_ref().map(AsRef::as_ref),
                existed: changed.before.is_some(),
            })
            .collect();
        let leaves = AccountLeaves {
            flat,
            roots: &self.roots,
        };
        self.accounts.apply(&updates, &leaves, self.threads)?;
        Ok(())
    }

    /// Hashes what has changed; the root, and the new roots of accounts' storage.
    pub(crate) fn hash<S: Store>(
        &mut self,
        flat: &Flat<S>,
    ) -> Result<(B256, Vec<(B256, B256)>), StateError> {
        let leaves = AccountLeaves {
            flat,
            roots: &self.roots,
        };
        let root = self.accounts.hash(&leaves, self.threads)?;
        Ok((root, self.roots.drain().collect()))
    }

    fn change_storages<S: Store>(
        &mut self,
        prepared: &Prepared,
        flat: &Flat<S>,
    ) -> Result<(), StateError> {
        let (mut few, mut many) = (Vec::new(), Vec::new());
        for changed in &prepared.accounts {
            if let Some(storage) = changed.dead.and_then(|id| self.storages.remove(&id)) {
                self.storage_bytes -= storage.bytes;
            }
            let Some(account) = changed.after else {
                self.roots.remove(&changed.key);
                continue;
            };
            if changed.dead.is_some() {
                self.roots.insert(changed.key, EMPTY_ROOT);
            }
            if changed.slots.is_empty() {
                continue;
            }
            let storage = self.storages.remove(&account.id);
            self.storage_bytes -= storage.as_ref().map_or(0, |storage| storage.bytes);
            match changed.slots.len() < MANY_WORDS {
                true => few.push((changed, account, storage)),
                false => many.push((changed, account, storage)),
            }
        }
        for job in many {
            let (changed, account, _) = &job;
            let (key, id) = (changed.key, account.id);
            let (root, storage) = change_storage(job, flat, self.threads, self.most_bytes / 2)?;
            self.keep(key, id, root, storage);
        }
        for (key, id, root, storage) in change_many(few, flat, self.threads, self.most_bytes / 2)? {
            self.keep(key, id, root, storage);
        }
        self.spill();
        Ok(())
    }

    fn keep(&mut self, key: B256, id: u64, root: B256, storage: Option<Trie>) {
        self.roots.insert(key, root);
        if let Some(trie) = storage {
            let storage = Storage {
                bytes: size_of::<(u64, Storage)>() + trie.capacity_bytes(),
                used: self.clock,
                trie,
            };
            self.storage_bytes += storage.bytes;
            self.storages.insert(id, storage);
        }
    }

    /// An id is free again.
    pub(crate) fn give_back(&mut self, id: u64) {
        if let Some(storage) = self.storages.remove(&id) {
            self.storage_bytes -= storage.bytes;
        }
    }

    /// Lets go of storage tries until the rest fits, longest unused first, and of parts of
    /// the account trie. They are made anew from the flat state when they change again.
    /// Each of both may have what the other leaves, and half of all in any case.
    fn spill(&mut self) {
        let half = self.most_bytes / 2;
        let left = self.most_bytes.saturating_sub(self.storage_bytes);
        self.accounts.limit(left.max(half));
        let left = self
            .most_bytes
            .saturating_sub(self.accounts.capacity_bytes());
        let most = left.max(half);
        if self.storage_bytes <= most {
            return;
        }
        let mut used: Vec<_> = self.storages.iter().map(|(id, s)| (s.used, *id)).collect();
        used.sort_unstable();
        // A little more, so that it is not the same again after the next block.
        let enough = most / 8 * 7;
        for (_, id) in used {
            if self.storage_bytes <= enough {
                break;
            }
            if let Some(storage) = self.storages.remove(&id) {
                self.storage_bytes -= storage.bytes;
            }
        }
    }

    /// Nodes that prove an account, or that there is none.
    pub(crate) fn account_proof<S: Store>(
        &self,
        key: &B256,
        flat: &Flat<S>,
    ) -> Result<Vec<Vec<u8>>, StateError> {
        let leaves = AccountLeaves {
            flat,
            roots: &self.roots,
        };
        Ok(self.accounts.proof(key, &leaves)?)
    }

    /// Nodes that prove words of an account, or that they are zero; a list for each.
    pub(crate) fn word_proofs<S: Store>(
        &self,
        id: u64,
        keys: &[B256],
        flat: &Flat<S>,
    ) -> Result<Vec<Vec<Vec<u8>>>, StateError> {
        let leaves = SlotLeaves { flat, id };
        let built;
        let trie = match self.storages.get(&id) {
            Some(storage) => &storage.trie,
            None => {
                built = Trie::build(&leaves, self.threads)?;
                &built
            }
        };
        let proofs = keys.iter().map(|key| Ok(trie.proof(key, &leaves)?));
        proofs.collect()
    }
}

type Changes = Vec<(B256, u64, B256, Option<Trie>)>;

/// Changes many small storage tries, side by side.
fn change_many<S: Store>(
    mut jobs: Vec<Job<'_>>,
    flat: &Flat<S>,
    threads: usize,
    most_bytes: usize,
) -> Result<Changes, StateError> {
    let mut chunks = Vec::new();
    while !jobs.is_empty() {
        chunks.push(jobs.split_off(jobs.len().saturating_sub(CHUNK)));
    }
    let threads = threads.min(chunks.len());
    let done = Mutex::new(Vec::new());
    share(chunks, threads, |chunk| {
        let mut own = Vec::with_capacity(chunk.len());
        for job in chunk {
            let (key, id) = (job.0.key, job.1.id);
            let (root, storage) = change_storage(job, flat, 1, most_bytes)?;
            own.push((key, id, root, storage));
        }
        done.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(own);
        Ok::<_, StateError>(())
    })?;
    Ok(done.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// The new root of an account's storage, and its trie if it is worth to be kept.
fn change_storage<S: Store>(
    (changed, account, storage): Job<'_>,
    flat: &Flat<S>,
    threads: usize,
    most_bytes: usize,
) -> Result<(B256, Option<Trie>), StateError> {
    let leaves = SlotLeaves {
        flat,
        id: account.id,
    };
    let mut trie = match storage {
        Some(storage) => storage.trie,
        None if has_more(&leaves, FEW_WORDS)? => {
            return built(Trie::build_within(&leaves, threads, most_bytes)?);
        }
        None => return Ok((Trie::build(&leaves, 1)?.root(), None)),
    };
    let values: Vec<_> = changed
        .slots
        .iter()
        .map(|slot| WordLeaf::new(&slot.after))
        .collect();
    let updates: Vec<_> = changed
        .slots
        .iter()
        .zip(&values)
        .filter(|(slot, _)| slot.before != slot.after)
        .map(|(slot, value)| Update {
            key: slot.key,
            value: Some(value.as_ref()).filter(|_| !slot.after.is_zero()),
            existed: !slot.before.is_zero(),
        })
        .collect();
    trie.update(&updates, &leaves, threads)?;
    built(trie)
}

fn built(trie: Trie) -> Result<(B256, Option<Trie>), StateError> {
    Ok((trie.root(), Some(trie)))
}

/// Whether there are more leaves than `most`.
fn has_more<L: Leaves<Error = StateError>>(leaves: &L, most: usize) -> Result<bool, StateError> {
    let mut words = 0;
    leaves.with_prefix(&Prefix::of(&B256::ZERO, 0), &mut |_, _| {
        words += 1;
        match words > most {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    })?;
    Ok(words > most)
}
