//! Writing a layer into the store, beside everything else.

use crate::{
    codec::Input,
    error::StateError,
    history::{self, History},
    layer::Layer,
    store::{Rows, Store, Table, sealed},
};
use alloy_primitives::{B256, keccak256};
use std::{
    sync::Arc,
    thread::{self, JoinHandle},
};

/// The row of [`Table::Meta`] that says how far the store has come.
const HEAD: &[u8] = b"head";

/// Rows of the same table about what was before a state that was imported.
const HASHES: &[u8] = b"hashes";
const HEADER: &[u8] = b"header";

/// What is in the rows: another number if it is something else.
const VERSION: u8 = 1;

/// How far the store has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// The first block that is not part of it.
    pub(crate) next: u64,
    /// Of the state.
    pub(crate) root: B256,
    pub(crate) next_id: u64,
    /// The first block after which the state can still be had.
    pub(crate) history_from: u64,
    /// History of blocks up to this one is not there any more.
    pub(crate) forgotten: u64,
    /// The first block of which there may be anything: the others came as a snapshot.
    pub(crate) first: u64,
}

impl Head {
    pub(crate) const EMPTY: Self = Self {
        next: 0,
        root: parallax_trie::EMPTY_ROOT,
        next_id: 1,
        history_from: 0,
        forgotten: 0,
        first: 0,
    };

    pub(crate) fn read<S: Store>(store: &S) -> Result<Self, StateError> {
        let row = sealed::get(store, Table::Meta, HEAD, |row| Ok(row.to_vec()))?;
        let Some(row) = row else {
            return Ok(Self::EMPTY);
        };
        let mut input = Input(&row);
        let damaged = |_| StateError::row(Table::Meta, HEAD, "it cannot be read");
        let version = input.byte().map_err(damaged)?;
        if version != VERSION {
            return Err(StateError::Foreign(format!(
                "has version {version}, and this program reads version {VERSION}"
            )));
        }
        let mut read = || {
            Ok(Self {
                next: input.fixed()?,
                root: input.hash()?,
                next_id: input.fixed()?,
                history_from: input.fixed()?,
                forgotten: input.fixed()?,
                first: input.fixed()?,
            })
        };
        let head = read().map_err(damaged)?;
        input.end().map_err(damaged)?;
        Ok(head)
    }

    pub(crate) fn put(&self, rows: &mut dyn Rows) -> Result<(), StateError> {
        let mut row = vec![VERSION];
        row.extend_from_slice(&self.next.to_be_bytes());
        row.extend_from_slice(self.root.as_slice());
        for number in [self.next_id, self.history_from, self.forgotten, self.first] {
            row.extend_from_slice(&number.to_be_bytes());
        }
        sealed::put(rows, Table::Meta, HEAD, &mut row)
    }
}

/// What was before a state that was imported.
impl Head {
    /// That of a state that was imported.
    pub(crate) const fn imported(next: u64, root: B256, next_id: u64) -> Self {
        let last = next.saturating_sub(1);
        Self {
            next,
            root,
            next_id,
            history_from: last,
            forgotten: last,
            first: next,
        }
    }

    /// Writes the headers of the blocks before the first, of which the last is kept, and
    /// the hashes of all.
    pub(crate) fn put_before(headers: &[Vec<u8>], rows: &mut dyn Rows) -> Result<(), StateError> {
        let mut hashes: Vec<u8> = headers.iter().flat_map(|h| keccak256(h).0).collect();
        sealed::put(rows, Table::Meta, HASHES, &mut hashes)?;
        let mut last = headers.last().cloned().unwrap_or_default();
        sealed::put(rows, Table::Meta, HEADER, &mut last)
    }

    /// Hashes of blocks before the first.
    pub(crate) fn read_hashes<S: Store>(store: &S) -> Result<Vec<B256>, StateError> {
        let read = |row: &[u8]| Ok(row.chunks_exact(32).map(B256::from_slice).collect());
        let hashes = sealed::get(store, Table::Meta, HASHES, read)?;
        Ok(hashes.unwrap_or_default())
    }

    /// The header of the block before the first.
    pub(crate) fn read_header<S: Store>(store: &S) -> Result<Vec<u8>, StateError> {
        let header = sealed::get(store, Table::Meta, HEADER, |row| Ok(row.to_vec()))?;
        header.ok_or_else(|| StateError::row(Table::Meta, HEADER, "it is missing"))
    }
}

/// A checkpoint that is being written.
#[derive(Debug)]
pub(crate) struct Running(JoinHandle<Result<Head, StateError>>);

impl Running {
    /// Begins.
    pub(crate) fn start<S: Store + 'static>(
        layer: Arc<Layer>,
        store: S,
        head: Head,
        history: History,
    ) -> Result<Self, StateError> {
        let thread = thread::Builder::new().name("checkpoint".to_owned());
        let work = move || write(&layer, &store, head, history, false);
        let handle = thread.spawn(work);
        handle.map(Self).map_err(StateError::store("writing"))
    }

    pub(crate) fn is_done(&self) -> bool {
        self.0.is_finished()
    }

    /// Waits until everything is durable.
    pub(crate) fn wait(self) -> Result<Head, StateError> {
        match self.0.join() {
            Ok(written) => written,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}

/// Writes a layer, and how far the store has come with it. Old history is removed if there
/// is much of it, or in any case if that is wanted.
pub(crate) fn write<S: Store>(
    layer: &Layer,
    store: &S,
    before: Head,
    history: History,
    removes_all: bool,
) -> Result<Head, StateError> {
    let first_kept = history.first_kept(layer.next);
    let mut head = Head {
        next: layer.next,
        root: layer.root,
        next_id: layer.next_id,
        history_from: before.history_from.max(first_kept),
        ..before
    };
    // Looking through all of history only pays for much of it.
    let is_much = history != History::Archive
        && (removes_all
            || (first_kept - before.forgotten.min(first_kept)) * 2 > layer.next - first_kept);
    store.write(&mut |rows| {
        put_layer(layer, rows)?;
        let kept = layer.undos.iter().map(|undo| &**undo);
        let kept = kept.filter(|undo| undo.block > first_kept || history == History::Archive);
        history::put(kept, rows)?;
        if is_much {
            history::forget(store, first_kept, rows)?;
            head.forgotten = first_kept;
        }
        if history != History::Archive {
            history::bury(store, head.history_from, rows)?;
        }
        head.put(rows)
    })?;
    Ok(head)
}

/// Writes a layer in which blocks were taken back that the store has, as if they had never
/// been.
pub(crate) fn write_back<S: Store>(
    layer: &Layer,
    store: &S,
    before: Head,
) -> Result<Head, StateError> {
    let head = Head {
        next: layer.next,
        root: layer.root,
        next_id: layer.next_id,
        ..before
    };
    store.write(&mut |rows| {
        history::forget_from(store, layer.next, rows)?;
        put_layer(layer, rows)?;
        head.put(rows)
    })?;
    Ok(head)
}

fn put_layer(layer: &Layer, rows: &mut dyn Rows) -> Result<(), StateError> {
    let mut row = Vec::new();
    for (key, account) in layer.accounts.iter().flatten() {
        match account {
            Some(account) => {
                row.clear();
                account.put(&mut row);
                sealed::put(rows, Table::Accounts, key.as_slice(), &mut row)?;
            }
            None => rows.remove(Table::Accounts, key.as_slice())?,
        }
    }
    // In the order of the store: by account first.
    let mut slots: Vec<_> = layer.slots.iter().flatten().collect();
    slots.sort_unstable_by_key(|(key, _)| **key);
    for (key, word) in slots {
        match word.is_zero() {
            true => rows.remove(Table::Slots, key)?,
            false => {
                let mut word = word.to_be_bytes_trimmed_vec();
                sealed::put(rows, Table::Slots, key, &mut word)?;
            }
        }
    }
    for (hash, code) in &layer.codes {
        let mut code = code.original_byte_slice().to_vec();
        sealed::put(rows, Table::Codes, hash.as_slice(), &mut code)?;
    }
    for (block, id) in &layer.dead {
        let key = history::dead_key(*block, *id);
        sealed::put(rows, Table::Dead, &key, &mut Vec::new())?;
    }
    Ok(())
}
