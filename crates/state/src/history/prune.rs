//! Forgetting old states.

use super::rows::split;
use crate::{
    error::StateError,
    store::{Rows, Store, Table, sealed},
};
use std::ops::ControlFlow;

/// Removes rows that say how it was before blocks up to `block`.
pub(crate) fn forget<S: Store>(
    store: &S,
    block: u64,
    rows: &mut dyn Rows,
) -> Result<(), StateError> {
    for table in [Table::AccountHistory, Table::SlotHistory, Table::Postings] {
        sealed::scan(store, table, &[], &mut |key, _| {
            if split(key).is_some_and(|(_, of)| of <= block) {
                rows.remove(table, key)?;
            }
            Ok(ControlFlow::Continue(()))
        })?;
    }
    Ok(())
}

/// Removes rows that say how it was before blocks from `next` on, and what went with them.
pub(crate) fn forget_from<S: Store>(
    store: &S,
    next: u64,
    rows: &mut dyn Rows,
) -> Result<(), StateError> {
    for table in [Table::AccountHistory, Table::SlotHistory, Table::Postings] {
        sealed::scan(store, table, &[], &mut |key, _| {
            if split(key).is_some_and(|(_, of)| of >= next) {
                rows.remove(table, key)?;
            }
            Ok(ControlFlow::Continue(()))
        })?;
    }
    sealed::scan(store, Table::Dead, &dead_key(next, 0), &mut |key, _| {
        rows.remove(Table::Dead, key)?;
        Ok(ControlFlow::Continue(()))
    })
}

/// Removes storage that went with a block up to `block`, and that nobody can ask for then.
pub(crate) fn bury<S: Store>(store: &S, block: u64, rows: &mut dyn Rows) -> Result<(), StateError> {
    let mut dead = Vec::new();
    sealed::scan(store, Table::Dead, &[], &mut |key, _| {
        let Some((died, id)) = dead_of(key).filter(|(died, _)| *died <= block) else {
            return Ok(ControlFlow::Break(()));
        };
        dead.push((died, id));
        Ok(ControlFlow::Continue(()))
    })?;
    for (died, id) in dead {
        let mut slots = Vec::new();
        store.scan(Table::Slots, &id.to_be_bytes(), &mut |key, _| {
            if !key.starts_with(&id.to_be_bytes()) {
                return ControlFlow::Break(());
            }
            slots.push(key.to_vec());
            ControlFlow::Continue(())
        })?;
        for key in slots {
            rows.remove(Table::Slots, &key)?;
        }
        rows.remove(Table::Dead, &dead_key(died, id))?;
    }
    Ok(())
}

/// The key of storage that went: by block.
pub(crate) fn dead_key(block: u64, id: u64) -> [u8; 16] {
    let mut key = [0; 16];
    key[..8].copy_from_slice(&block.to_be_bytes());
    key[8..].copy_from_slice(&id.to_be_bytes());
    key
}

fn dead_of(key: &[u8]) -> Option<(u64, u64)> {
    let (block, id) = key.split_first_chunk::<8>()?;
    let id = id.try_into().ok().map(u64::from_be_bytes)?;
    Some((u64::from_be_bytes(*block), id))
}
