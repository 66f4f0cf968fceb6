//! Changes of a block, hashed and sorted.

use crate::{account::Account, error::StateError, flat::Flat, store::Store, threads::share};
use alloy_primitives::{Address, B256, U256};
use parallax_crypto::keccak256_fixed;
use parallax_engine::{AccountChange, StateChanges};
use revm::state::AccountInfo;
use std::sync::{Mutex, PoisonError};

/// Accounts and slots that one thread takes at once.
const CHUNK: usize = 512;

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
#[derive(Clone, Copy, Debug)]
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
        let done = Mutex::new(Vec::with_capacity(changes.accounts.len()));
        let chunks = chunks(&changes.accounts);
        let threads = threads.min(chunks.len()).max(1);
        share(chunks, threads, |chunk| {
            let changed = prepare(chunk, flat)?;
            let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
            done.extend(changed);
            Ok::<_, StateError>(())
        })?;
        let mut accounts = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        accounts.sort_unstable_by_key(|changed: &Changed| changed.key);
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

/// Accounts in pieces of about the same work.
fn chunks(accounts: &[AccountChange]) -> Vec<&[AccountChange]> {
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
    accounts: &[AccountChange],
    flat: &Flat<S>,
) -> Result<Vec<Changed>, StateError> {
    let addresses: Vec<[u8; 20]> = accounts.iter().map(|a| a.address.into_array()).collect();
    let mut keys = vec![B256::ZERO; addresses.len()];
    keccak256_fixed(&addresses, &mut keys);
    let slots = accounts.iter().flat_map(|account| &account.storage);
    let slots: Vec<[u8; 32]> = slots.map(|(slot, ..)| slot.to_be_bytes()).collect();
    let mut hashes = vec![B256::ZERO; slots.len()];
    keccak256_fixed(&slots, &mut hashes);
    let mut hashes = hashes.into_iter();
    let changed = accounts.iter().zip(keys).map(|(change, key)| {
        let mut slots: Vec<_> = change
            .storage
            .iter()
            .zip(&mut hashes)
            .map(|((slot, before, after), key)| ChangedSlot {
                key,
                slot: *slot,
                before: *before,
                after: *after,
            })
            .collect();
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
