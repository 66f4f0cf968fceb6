//! Rows with checksums: what a disk has changed is named, and never served.

use super::{Rows, Store, Table};
use crate::error::StateError;
use std::ops::ControlFlow;
use twox_hash::XxHash3_64;

/// Of key and value.
fn checksum(table: Table, key: &[u8], value: &[u8]) -> [u8; 4] {
    let seed = XxHash3_64::oneshot_with_seed(table as u64, key);
    let hash = XxHash3_64::oneshot_with_seed(seed, value);
    (hash as u32).to_le_bytes()
}

/// The value of a row.
fn opened<'r>(table: Table, key: &[u8], row: &'r [u8]) -> Result<&'r [u8], StateError> {
    match row.split_last_chunk::<4>() {
        Some((value, sum)) if *sum == checksum(table, key, value) => Ok(value),
        _ => Err(StateError::row(table, key, "the checksum is another one")),
    }
}

/// Writes a row. `value` is left with the checksum behind it.
pub(crate) fn put(
    rows: &mut dyn Rows,
    table: Table,
    key: &[u8],
    value: &mut Vec<u8>,
) -> Result<(), StateError> {
    value.extend_from_slice(&checksum(table, key, value));
    rows.put(table, key, value)
}

/// The value of a key, as `read` understands it.
pub(crate) fn get<S: Store, T>(
    store: &S,
    table: Table,
    key: &[u8],
    read: impl Fn(&[u8]) -> Result<T, StateError>,
) -> Result<Option<T>, StateError> {
    let mut found = None;
    store.get(table, key, &mut |row| {
        found = Some(opened(table, key, row).and_then(&read));
    })?;
    found.transpose()
}

/// What is called with a key and its value, until it breaks off or fails.
pub(crate) type EachValue<'f> = dyn FnMut(&[u8], &[u8]) -> Result<ControlFlow<()>, StateError> + 'f;

/// Calls `each` with the keys from `from` on, in ascending order.
pub(crate) fn scan<S: Store>(
    store: &S,
    table: Table,
    from: &[u8],
    each: &mut EachValue<'_>,
) -> Result<(), StateError> {
    let mut result = Ok(());
    store.scan(table, from, &mut |key, row| {
        let step = opened(table, key, row).and_then(|value| each(key, value));
        step.unwrap_or_else(|error| {
            result = Err(error);
            ControlFlow::Break(())
        })
    })?;
    result
}
