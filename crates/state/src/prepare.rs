//! Changes of a block, hashed and sorted.

use crate::{account::Account, error::StateError, flat::Flat, store::Store, threads::share};
use alloy_primitives::{Address, B256, U256, keccak256};
use parallax_crypto::keccak256_fixed;
use parallax_engine::{AccountChange, StateChanges};
use revm::state::AccountInfo;
use std::{
    convert::Infallible,
    sync::{Mutex, PoisonError},
};

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
        let accounts = changes.accounts.iter();
        let (hot, others): (Vec<_>, Vec<_>) = accounts.partition(|c| c.storage.len() >= HOT);
        let mut done = Vec::with_capacity(changes.accounts.len());
        for change in hot {
            let slots = hot_slots(&change.storage, threads);
            done.push(account(change, keccak256(change.address), slots, flat)?);
        }
        let done = Mutex::new(done);
        let chunks = chunks(&others);
        let threads = threads.min(chunks.len()).max(1);
        share(chunks, threads, |chunk| {
            let changed = prepare(chunk, flat)?;
            let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
            done.extend(changed);
            Ok::<_, StateError>(())
        })?;
        let accounts = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut accounts = sorted(accounts, |changed| &changed.key);
        if let Some(twice) = accounts.windows(2).find(|pair| pair[0].key == pair[1].key) {
            let address = twice[0].address;
            return Err(StateError::Changes(format!("{address} is there twice")));
        }
        for changed in accounts.iter_mut().filter(|changed| changed.is_new) {
            if let Some(after) = &mut changed.after {
                after.id = *next_id;
                *next_id += 1;
            }
        }
        Ok(Self { accounts })
    }
}

/// By these hashes in ascending order. Numbers are sorted instead of what is large, and
/// the beginning of a hash is nearly always enough.
fn sorted<T>(all: Vec<T>, hash: impl Fn(&T) -> &B256) -> Vec<T> {
    let beginning = |of: &T| {
        let bytes = hash(of)[..8].try_into().expect("a hash has more");
        u64::from_be_bytes(bytes)
    };
    let order = all.iter().enumerate();
    let mut order: Vec<(u64, usize)> = order.map(|(i, of)| (beginning(of), i)).collect();
    order.sort_unstable_by(|(a, i), (b, j)| {
        a.cmp(b).then_with(|| hash(&all[*i]).cmp(hash(&all[*j])))
    });
    let mut all: Vec<_> = all.into_iter().map(Some).collect();
    order.iter().filter_map(|(_, i)| all[*i].take()).collect()
}

/// Many words of one account, hashed by all threads.
fn hot_slots(storage: &[(U256, U256, U256)], threads: usize) -> Vec<ChangedSlot> {
    let mut slots = vec![ChangedSlot::default(); storage.len()];
    let pieces = storage.chunks(CHUNK).zip(slots.chunks_mut(CHUNK));
    let done: Result<(), Infallible> = share(pieces, threads, |(storage, slots)| {
        for (slot, hashed) in slots.iter_mut().zip(hashed(storage)) {
            *slot = hashed;
        }
        Ok(())
    });
    match done {
        Ok(()) => sorted(slots, |slot| &slot.key),
        Err(never) => match never {},
    }
}

/// Words with their hashed slots, in the given order.
fn hashed(storage: &[(U256, U256, U256)]) -> Vec<ChangedSlot> {
    let plain: Vec<[u8; 32]> = storage
        .iter()
        .map(|(slot, ..)| slot.to_be_bytes())
        .collect();
    let mut keys = vec![B256::ZERO; plain.len()];
    keccak256_fixed(&plain, &mut keys);
    let slots = storage
        .iter()
        .zip(keys)
        .map(|((slot, before, after), key)| ChangedSlot {
            key,
            slot: *slot,
            before: *before,
            after: *after,
        });
    slots.collect()
}

/// Accounts in pieces of about the same work.
fn chunks<'a, 'c>(accounts: &'a [&'c AccountChange]) -> Vec<&'a [&'c AccountChange]> {
    let (mut chunks, mut start, mut weight) = (Vec::new(), 0, 0);
    for (index, account) in accounts.iter().enumerate() {
        weight += 1 + account.storage.len();
        if weight >= CHUNK {
            chunks.push(&accounts[start..=index]);
            (start, weight) = (index + 1, 0);
        }
    }
    chunks.push(&accounts[start..]);
    chunks
}

fn prepare<S: Store>(
    accounts: &[&AccountChange],
    flat: &Flat<S>,
) -> Result<Vec<Changed>, StateError> {
    let addresses: Vec<[u8; 20]> = accounts.iter().map(|a| a.address.into_array()).collect();
    let mut keys = vec![B256::ZERO; addresses.len()];
    keccak256_fixed(&addresses, &mut keys);
    let storage = accounts
        .iter()
        .flat_map(|account| account.storage.iter().copied());
    let storage: Vec<_> = storage.collect();
    let mut hashed = hashed(&storage).into_iter();
    let changed = accounts.iter().zip(keys).map(|(change, key)| {
        let mut slots: Vec<_> = hashed.by_ref().take(change.storage.len()).collect();
        slots.sort_unstable_by_key(|slot| slot.key);
        account(change, key, slots, flat)
    });
    changed.collect()
}

fn account<S: Store>(
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
    if let Some(twice) = slots.windows(2).find(|pair| pair[0].key == pair[1].key) {
        let slot = twice[0].slot;
        return Err(StateError::Changes(format!(
            "slot {slot:#x} of {address} is there twice"
        )));
    }
    if change.after.is_none() && !slots.is_empty() {
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
