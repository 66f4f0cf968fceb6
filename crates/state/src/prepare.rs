//! Changes of a block, hashed and sorted.

use crate::{
    account::{Account, slot_key},
    changes::Before,
    error::StateError,
    flat::Flat,
    store::Store,
    threads::{share, sure},
};
use alloy_primitives::{Address, B256, U256, keccak256, map::B256HashMap};
use parallax_crypto::keccak256_fixed;
use parallax_engine::{AccountChange, StateChanges};
use revm::state::AccountInfo;
use std::sync::{Mutex, PoisonError};

/// Accounts and slots that one thread takes at once.
const CHUNK: usize = 512;

/// Changed words from which on all threads look at one account together.
const HOT: usize = 1024;

/// Changes of accounts, by hashed address.
#[derive(Debug, Default)]
pub(crate) struct Prepared {
    pub(crate) accounts: Vec<Changed>,
}

/// An account that changes.
#[derive(Debug)]
pub(crate) struct Changed {
    /// Its position in the changes.
    index: usize,
    /// The hashed address.
    pub(crate) key: B256,
    pub(crate) address: Address,
    pub(crate) before: Option<Account>,
    /// The root of its storage is that before.
    pub(crate) after: Option<Account>,
    /// Its storage goes: under which id that was.
    pub(crate) dead: Option<u64>,
    /// It gets a new id.
    is_new: bool,
    /// Words that change, by hashed slot.
    pub(crate) slots: Vec<ChangedSlot>,
}

/// A word that changes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ChangedSlot {
    /// The hashed slot.
    pub(crate) key: B256,
    pub(crate) slot: U256,
    pub(crate) before: U256,
    pub(crate) after: U256,
}

impl Prepared {
    /// Looks up what is there, and gives accounts that begin ids from `next_id` on.
    pub(crate) fn new<S: Store>(
        changes: &StateChanges,
        flat: &Flat<S>,
        next_id: &mut u64,
        threads: usize,
    ) -> Result<Self, StateError> {
        let all = &changes.accounts;
        let address = |account: &AccountChange| account.address.into_array();
        let keys = hashes(all, address, threads);
        let order = order(&keys);
        if let Some(twice) = order.windows(2).find(|pair| keys[pair[0]] == keys[pair[1]]) {
            let address = all[twice[0]].address;
            return Err(StateError::Changes(format!("{address} is there twice")));
        }
        let pieces = pieces(&order, all);
        let done = Mutex::new(Vec::with_capacity(pieces.len()));
        share(
            pieces.into_iter().enumerate(),
            threads,
            |(number, piece)| {
                let changed = prepare(piece, all, &keys, flat)?;
                let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
                done.push((number, changed));
                Ok::<_, StateError>(())
            },
        )?;
        let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        done.sort_unstable_by_key(|(number, _)| *number);
        let mut accounts = Vec::with_capacity(all.len());
        done.into_iter()
            .for_each(|(_, changed)| accounts.extend(changed));
        for changed in &mut accounts {
            changed.finish(changes, next_id, threads)?;
        }
        Ok(Self { accounts })
    }
}

/// An id that an account does not have any more, and the words that it had under it: hashed
/// slot and slot.
pub(crate) type Left = (u64, Vec<(B256, U256)>);

impl Prepared {
    /// What takes it back again; and ids that are given back with their words.
    pub(crate) fn inverse(&self) -> (Self, Vec<Left>) {
        let mut left = Vec::new();
        let accounts = self.accounts.iter().map(|changed| {
            let (now, then) = (changed.after, changed.before);
            let is_same_storage = match (now, then) {
                (Some(now), Some(then)) => now.id == then.id,
                _ => false,
            };
            if let Some(now) = now.filter(|_| !is_same_storage) {
                let slots = changed.slots.iter().map(|slot| (slot.key, slot.slot));
                left.push((now.id, slots.collect()));
            }
            let slots = changed.slots.iter().filter(|_| is_same_storage);
            Changed {
                before: now,
                after: then,
                dead: None,
                is_new: false,
                slots: slots
                    .map(|slot| ChangedSlot {
                        before: slot.after,
                        after: slot.before,
                        ..*slot
                    })
                    .collect(),
                ..*changed
            }
        });
        let accounts = accounts.collect();
        (Self { accounts }, left)
    }

    /// What brings accounts back to how they were, as a block's change-set tells; and ids
    /// that are given back with their words.
    pub(crate) fn back<S: Store>(
        to: &[Before],
        flat: &Flat<S>,
    ) -> Result<(Self, Vec<Left>), StateError> {
        let mut accounts: Vec<Changed> = Vec::with_capacity(to.len());
        let mut places = B256HashMap::default();
        let mut left = Vec::new();
        // The last piece of the block first: what is there several times goes back in steps.
        for (index, before) in to.iter().enumerate().rev() {
            let key = keccak256(before.address);
            let place = *places.entry(key).or_insert(accounts.len());
            if place == accounts.len() {
                let now = flat.account_by_key(&key)?;
                accounts.push(Changed {
                    index,
                    key,
                    address: before.address,
                    before: now,
                    after: now,
                    dead: None,
                    is_new: false,
                    slots: Vec::new(),
                });
            }
            let changed = &mut accounts[place];
            let (now, then) = (changed.after, before.account);
            changed.after = then;
            let hash = |slot: &U256| keccak256(slot.to_be_bytes::<32>());
            let id = match (now, then) {
                (Some(now), Some(then)) if now.id == then.id => now.id,
                _ => {
                    // Those of later pieces are gone with it.
                    let later = changed.slots.drain(..).map(|slot| (slot.key, slot.slot));
                    let slots = before.slots.iter().map(|(slot, _)| (hash(slot), *slot));
                    left.extend(now.map(|now| (now.id, slots.chain(later).collect())));
                    continue;
                }
            };
            for (slot, word) in &before.slots {
                let key = hash(slot);
                changed.slots.push(ChangedSlot {
                    key,
                    slot: *slot,
                    before: flat.word_by_key(&slot_key(id, &key))?,
                    after: *word,
                });
            }
        }
        for changed in &mut accounts {
            // Of a word that is there several times the first piece, which came last here,
            // knows how it was.
            changed.slots.reverse();
            changed.slots.sort_by_key(|slot| slot.key);
            changed.slots.dedup_by_key(|slot| slot.key);
        }
        accounts.sort_unstable_by_key(|changed| changed.key);
        Ok((Self { accounts }, left))
    }

    /// The account of a hashed address, if it changes.
    pub(crate) fn account(&self, key: &B256) -> Option<&Changed> {
        let index = self
            .accounts
            .binary_search_by_key(key, |changed| changed.key);
        Some(&self.accounts[index.ok()?])
    }
}

impl Changed {
    /// The word of a hashed slot, if it changes.
    pub(crate) fn word(&self, slot: &B256) -> Option<&ChangedSlot> {
        let index = self.slots.binary_search_by_key(slot, |changed| changed.key);
        Some(&self.slots[index.ok()?])
    }

    /// What needs all threads, or the accounts before.
    fn finish(
        &mut self,
        changes: &StateChanges,
        next_id: &mut u64,
        threads: usize,
    ) -> Result<(), StateError> {
        let storage = &changes.accounts[self.index].storage;
        if storage.len() >= HOT {
            let slot = |(slot, ..): &(U256, U256, U256)| slot.to_be_bytes::<32>();
            self.slots = slots(storage, &hashes(storage, slot, threads), threads);
        }
        if let Some(twice) = self
            .slots
            .windows(2)
            .find(|pair| pair[0].key == pair[1].key)
        {
            let (slot, address) = (twice[0].slot, self.address);
            return Err(StateError::Changes(format!(
                "slot {slot:#x} of {address} is there twice"
            )));
        }
        if let Some(after) = self.after.as_mut().filter(|_| self.is_new) {
            after.id = *next_id;
            *next_id += 1;
        }
        Ok(())
    }
}

/// Hashes of all, a piece by each thread.
fn hashes<T: Sync, const N: usize>(
    all: &[T],
    bytes: impl Fn(&T) -> [u8; N] + Sync,
    threads: usize,
) -> Vec<B256> {
    let mut hashes = vec![B256::ZERO; all.len()];
    let pieces = all.chunks(CHUNK).zip(hashes.chunks_mut(CHUNK));
    sure(share(
        pieces,
        threads.min(all.len().div_ceil(CHUNK)),
        |(all, hashes)| {
            let inputs: Vec<_> = all.iter().map(&bytes).collect();
            keccak256_fixed(&inputs, hashes);
            Ok(())
        },
    ));
    hashes
}

/// Positions of hashes in ascending order. Numbers are sorted instead of what is large, and
/// the beginning of a hash is nearly always enough.
fn order(hashes: &[B256]) -> Vec<usize> {
    let beginning = |hash: &B256| {
        let bytes = hash[..8].try_into().expect("a hash has more");
        u64::from_be_bytes(bytes)
    };
    let order = hashes.iter().enumerate();
    let mut order: Vec<_> = order.map(|(i, hash)| (beginning(hash), i)).collect();
    order.sort_unstable_by(|(a, i), (b, j)| a.cmp(b).then_with(|| hashes[*i].cmp(&hashes[*j])));
    order.into_iter().map(|(_, i)| i).collect()
}

/// Words in the order of their hashed slots.
fn slots(storage: &[(U256, U256, U256)], keys: &[B256], threads: usize) -> Vec<ChangedSlot> {
    let of = |index: &usize| {
        let (slot, before, after) = storage[*index];
        ChangedSlot {
            key: keys[*index],
            slot,
            before,
            after,
        }
    };
    let order = order(keys);
    if order.len() < HOT {
        return order.iter().map(of).collect();
    }
    let mut slots = vec![ChangedSlot::default(); order.len()];
    let pieces = order.chunks(CHUNK).zip(slots.chunks_mut(CHUNK));
    sure(share(pieces, threads, |(order, slots)| {
        slots
            .iter_mut()
            .zip(order)
            .for_each(|(slot, index)| *slot = of(index));
        Ok(())
    }));
    slots
}

/// Accounts in pieces of about the same work.
fn pieces<'o>(order: &'o [usize], accounts: &[AccountChange]) -> Vec<&'o [usize]> {
    let (mut pieces, mut start, mut weight) = (Vec::new(), 0, 0);
    for (end, index) in (1..).zip(order) {
        weight += 1 + accounts[*index].storage.len().min(HOT);
        if weight >= CHUNK {
            pieces.push(&order[start..end]);
            (start, weight) = (end, 0);
        }
    }
    pieces.push(&order[start..]);
    pieces
}

/// Some accounts, without the words of those that have very many.
fn prepare<S: Store>(
    piece: &[usize],
    all: &[AccountChange],
    keys: &[B256],
    flat: &Flat<S>,
) -> Result<Vec<Changed>, StateError> {
    let storage = |index: &usize| match &all[*index].storage {
        hot if hot.len() >= HOT => &[][..],
        storage => storage,
    };
    let plain = piece.iter().flat_map(storage);
    let plain: Vec<_> = plain.map(|(slot, ..)| slot.to_be_bytes::<32>()).collect();
    let mut hashed = vec![B256::ZERO; plain.len()];
    keccak256_fixed(&plain, &mut hashed);
    let mut hashed = &hashed[..];
    let changed = piece.iter().map(|index| {
        let storage = storage(index);
        let (own, others) = hashed.split_at(storage.len());
        hashed = others;
        let slots = slots(storage, own, 1);
        account(*index, &all[*index], keys[*index], slots, flat)
    });
    changed.collect()
}

fn account<S: Store>(
    index: usize,
    change: &AccountChange,
    key: B256,
    slots: Vec<ChangedSlot>,
    flat: &Flat<S>,
) -> Result<Changed, StateError> {
    let address = change.address;
    let before = flat.account_at(&address, || key)?;
    if !is_same(before.as_ref(), change.before.as_ref()) {
        return Err(StateError::Changes(format!(
            "{address} was not as it is said to have been"
        )));
    }
    if change.after.is_none() && !change.storage.is_empty() {
        return Err(StateError::Changes(format!(
            "{address} is not there any more and has storage"
        )));
    }
    let is_gone = change.wiped || change.after.is_none();
    let is_new = before.is_none() || is_gone;
    let after = change.after.as_ref().map(|info| match before {
        Some(before) if !is_new => Account {
            nonce: info.nonce,
            balance: info.balance,
            code_hash: info.code_hash,
            ..before
        },
        _ => Account::new(address, 0, info),
    });
    Ok(Changed {
        index,
        key,
        address,
        before,
        after,
        dead: before.filter(|_| is_gone).map(|account| account.id),
        is_new,
        slots,
    })
}

fn is_same(account: Option<&Account>, info: Option<&AccountInfo>) -> bool {
    match (account, info) {
        (None, None) => true,
        (Some(account), Some(info)) => {
            account.nonce == info.nonce
                && account.balance == info.balance
                && account.code_hash == info.code_hash
        }
        _ => false,
    }
}
