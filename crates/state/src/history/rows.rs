//! History as rows of the store.

use super::{Undo, postings::posting_key};
use crate::{
    account::Account,
    codec::Broken,
    error::StateError,
    flat::read_word,
    store::{Rows, Store, Table, sealed},
};
use alloy_primitives::{B256, U256};
use std::ops::ControlFlow;

/// A key and the block before which it had a value.
pub(crate) fn history_key(key: &[u8], block: u64) -> Vec<u8> {
    [key, &block.to_be_bytes()].concat()
}

/// The key and the block of a row.
pub(crate) fn split(row: &[u8]) -> Option<(&[u8], u64)> {
    let (key, block) = row.split_last_chunk::<8>()?;
    Some((key, u64::from_be_bytes(*block)))
}

/// Writes what was before these blocks.
pub(crate) fn put<'u>(
    undos: impl Iterator<Item = &'u Undo> + Clone,
    rows: &mut dyn Rows,
) -> Result<(), StateError> {
    let accounts = undos.clone().flat_map(|undo| {
        let accounts = undo.accounts.iter();
        accounts.map(|(key, account)| (history_key(key.as_slice(), undo.block), account))
    });
    let mut accounts: Vec<_> = accounts.collect();
    // The store is fastest in the order in which it lies.
    accounts.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    let mut row = Vec::new();
    for (key, account) in accounts {
        row.clear();
        if let Some(account) = account {
            account.put(&mut row);
        }
        sealed::put(rows, Table::AccountHistory, &key, &mut row)?;
    }
    let slots = undos.clone().flat_map(|undo| {
        let slots = undo.slots.iter();
        slots.map(|(key, word)| (history_key(key, undo.block), word))
    });
    let mut slots: Vec<_> = slots.collect();
    slots.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    for (key, word) in slots {
        let mut row = word.to_be_bytes_trimmed_vec();
        sealed::put(rows, Table::SlotHistory, &key, &mut row)?;
    }
    let mut postings: Vec<_> = undos
        .flat_map(|undo| {
            let postings = undo.postings.iter();
            postings.map(|digest| posting_key(digest, undo.block))
        })
        .collect();
    postings.sort_unstable();
    for key in postings {
        row.clear();
        sealed::put(rows, Table::Postings, &key, &mut row)?;
    }
    Ok(())
}

pub(crate) fn read_account(key: &[u8], row: &[u8]) -> Result<Option<Account>, StateError> {
    match row {
        [] => Ok(None),
        row => Account::read(row)
            .map(Some)
            .map_err(|Broken| StateError::row(Table::AccountHistory, key, Broken::PROBLEM)),
    }
}

/// The value of a key before the first block from `from` on that changed it.
fn first_change<S: Store, T>(
    store: &S,
    table: Table,
    key: &[u8],
    from: u64,
    read: impl Fn(&[u8], &[u8]) -> Result<T, StateError>,
) -> Result<Option<T>, StateError> {
    let mut found = None;
    sealed::scan(store, table, &history_key(key, from), &mut |row, value| {
        if split(row).is_some_and(|(of, _)| of == key) {
            found = Some(read(row, value)?);
        }
        Ok(ControlFlow::Break(()))
    })?;
    Ok(found)
}

pub(crate) fn first_account<S: Store>(
    store: &S,
    key: &B256,
    from: u64,
) -> Result<Option<Option<Account>>, StateError> {
    let table = Table::AccountHistory;
    first_change(store, table, key.as_slice(), from, read_account)
}

pub(crate) fn first_word<S: Store>(
    store: &S,
    key: &[u8],
    from: u64,
) -> Result<Option<U256>, StateError> {
    let table = Table::SlotHistory;
    let read = |key: &[u8], row: &[u8]| read_word(table, key, row);
    first_change(store, table, key, from, read)
}

/// What is called with a key and its value, until it fails.
pub(crate) type EachChange<'f> = dyn FnMut(&[u8], &[u8]) -> Result<(), StateError> + 'f;

/// Calls `each` with the value of each key between `first` and `last` before the first
/// block from `from` on that changed it.
pub(crate) fn each_first_change<S: Store>(
    store: &S,
    table: Table,
    (first, last): (&[u8], &[u8]),
    from: u64,
    each: &mut EachChange<'_>,
) -> Result<(), StateError> {
    let mut done = Vec::new();
    sealed::scan(store, table, &history_key(first, 0), &mut |row, value| {
        let (key, block) =
            split(row).ok_or_else(|| StateError::row(table, row, Broken::PROBLEM))?;
        if key > last {
            return Ok(ControlFlow::Break(()));
        }
        if block >= from && done != key {
            done.clear();
            done.extend_from_slice(key);
            each(key, value)?;
        }
        Ok(ControlFlow::Continue(()))
    })
}
