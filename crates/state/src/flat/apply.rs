//! Changing the flat state, and remembering what was there.

use super::Flat;
use crate::{
    account::{Account, slot_key},
    cache::Cache,
    error::StateError,
    history::Undo,
    layer::{Accounts, Layer, SHARDS, Slots},
    prepare::{Changed, ChangedSlot, Prepared},
    store::Store,
    threads::{share, sure},
};
use alloy_primitives::{B256, U256};
use parallax_engine::StateChanges;
use std::{mem, sync::Arc};

/// Changes below which one thread is as fast as several.
const FEW: usize = 512;

impl<S: Store> Flat<S> {
    /// Makes changes, which belong to the block that comes next.
    pub(crate) fn apply(
        &mut self,
        changes: &StateChanges,
        threads: usize,
    ) -> Result<Prepared, StateError> {
        let mut next_id = self.active.next_id;
        let prepared = Prepared::new(changes, self, &mut next_id, threads)?;
        self.active.next_id = next_id;
        for (hash, code) in &changes.contracts {
            self.active.add_code(*hash, code);
        }
        let block = self.next();
        let dead = prepared.accounts.iter().filter_map(|changed| changed.dead);
        self.active.dead.extend(dead.map(|id| (block, id)));
        let undo = self.undo.get_or_insert_with(|| Undo::new(block));
        undo.add(&prepared);
        self.write(&prepared, threads);
        Ok(prepared)
    }

    /// Makes changes of which nobody need know what was before.
    pub(crate) fn write(&mut self, prepared: &Prepared, threads: usize) {
        let slots: usize = prepared.accounts.iter().map(|a| a.slots.len()).sum();
        let threads = match prepared.accounts.len() + slots < FEW {
            true => 1,
            false => threads,
        };
        write_layer(&mut self.active, &prepared.accounts, threads);
        self.cache.grow();
        self.write_cache(&prepared.accounts, threads);
    }

    fn write_cache(&mut self, changed: &[Changed], threads: usize) {
        let Cache {
            accounts, words, ..
        } = &mut self.cache;
        let all = || {
            changed
                .iter()
                .map(|changed| (changed.address, changed.after))
        };
        accounts.insert_all(all, threads);
        let all = || {
            let accounts = changed.iter().filter_map(|changed| {
                let Account { id, .. } = changed.after?;
                Some(
                    changed
                        .slots
                        .iter()
                        .map(move |slot| ((id, slot.slot), slot.after)),
                )
            });
            accounts.flatten()
        };
        words.insert_all(all, threads);
    }

    /// Gives accounts the roots that their storage has now.
    pub(crate) fn set_storage_roots(&mut self, roots: &[(B256, B256)]) -> Result<(), StateError> {
        for (key, root) in roots {
            let Some(account) = self.account_by_key(key)? else {
                continue;
            };
            let account = Account {
                storage_root: *root,
                ..account
            };
            self.active.accounts[usize::from(key[0])].insert(*key, Some(account));
            self.cache.accounts.insert(account.address, Some(account));
        }
        Ok(())
    }

    /// Ends the block: its root and what can be found in its logs.
    pub(crate) fn end_block(&mut self, root: B256, postings: Vec<crate::Digest>) {
        let next = self.next();
        let undo = self.undo.take().unwrap_or_else(|| Undo::new(next));
        self.active.add_undo(Arc::new(undo.end(postings)));
        self.active.next = next + 1;
        self.active.root = root;
    }

    /// An id is free again, with nothing under it. Ids are given as after a restart, so that
    /// what the log says of them stays right.
    pub(crate) fn give_back(&mut self, id: u64, slots: &[(B256, U256)]) {
        for (key, slot) in slots {
            let key = slot_key(id, key);
            self.active.slots[usize::from(key[8])].insert(key, U256::ZERO);
            self.cache.words.insert((id, *slot), U256::ZERO);
        }
        self.active.next_id = self.active.next_id.min(id);
    }

    /// Forgets the blocks from `next` on, whose changes have been taken back.
    pub(crate) fn forget_blocks(&mut self, next: u64, root: B256) {
        self.undo = None;
        self.active.drop_undos(next);
        self.active.next = next;
        self.active.root = root;
        let (first, hashes) = &mut self.hashes;
        hashes.truncate(usize::try_from(next.saturating_sub(*first)).unwrap_or(usize::MAX));
    }

    /// Begins a new layer; the one that was is to be written.
    pub(crate) fn freeze(&mut self) -> Arc<Layer> {
        let Layer {
            next,
            root,
            next_id,
            ..
        } = self.active;
        let frozen = mem::replace(&mut self.active, Layer::new(next, root, next_id));
        let frozen = Arc::new(frozen);
        self.frozen = Some(Arc::clone(&frozen));
        frozen
    }
}

/// Some work on a shard.
enum Job<'j> {
    Accounts(&'j mut Accounts, &'j [Changed]),
    Words(&'j mut Slots, Vec<(u64, &'j [ChangedSlot])>),
}

impl Job<'_> {
    fn run(self) {
        match self {
            Self::Accounts(shard, group) => {
                shard.extend(group.iter().map(|changed| (changed.key, changed.after)));
            }
            Self::Words(shard, runs) => {
                for (id, slots) in runs {
                    let slots = slots.iter();
                    shard.extend(slots.map(|slot| (slot_key(id, &slot.key), slot.after)));
                }
            }
        }
    }
}

/// Writes changed accounts, which are sorted, and their words.
fn write_layer(layer: &mut Layer, changed: &[Changed], threads: usize) {
    let mut runs = vec![Vec::new(); SHARDS];
    for account in changed {
        let Some(Account { id, .. }) = account.after else {
            continue;
        };
        for run in account.slots.chunk_by(|a, b| a.key[0] == b.key[0]) {
            runs[usize::from(run[0].key[0])].push((id, run));
        }
    }
    let mut groups = changed.chunk_by(|a, b| a.key[0] == b.key[0]).peekable();
    let mut jobs = Vec::new();
    for (byte, shard) in layer.accounts.iter_mut().enumerate() {
        let of_shard = |group: &&[Changed]| usize::from(group[0].key[0]) == byte;
        if let Some(group) = groups.next_if(of_shard) {
            jobs.push(Job::Accounts(shard, group));
        }
    }
    let words = layer.slots.iter_mut().zip(runs);
    let words = words.filter(|(_, runs)| !runs.is_empty());
    jobs.extend(words.map(|(shard, runs)| Job::Words(shard, runs)));
    sure(share(jobs, threads, |job| {
        job.run();
        Ok(())
    }));
}
