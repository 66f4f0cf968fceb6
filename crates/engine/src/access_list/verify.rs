//! Executing a block against its access list.
//!
//! The list says what each transaction leaves behind, so nobody has to wait for
//! anybody: its values are put into the block's memory, each transaction reads
//! those below it and its own writes are compared with those at its index. If
//! all are equal then, by induction over the order, the list is the block's
//! true trace. Nothing is committed a second time.
//!
//! What a list cannot say is that an account was destroyed with its storage
//! (before Cancun). It follows from code or nonce going away, and is added to
//! the memory in the same way; see [`derived_life`].

use crate::{
    access_list::compare,
    deltas::{self, Fees},
    error::{AccessListLocation, AccessListMismatch},
    ids::{FIRST, Index, index_of},
    memory::{AccountCell, Code, Life, Memory, Value, WorkerArenas, code},
    writes::{Ref, Target, Write},
};
use alloy_eip7928::{AccountChanges, BlockAccessIndex};
use alloy_primitives::{Bytes, U256, keccak256};
use revm::{
    primitives::{KECCAK_EMPTY, hardfork::SpecId},
    state::Bytecode,
};

/// What the list wants of each transaction.
#[derive(Debug)]
pub(crate) struct Expected {
    /// Number of changes at each transaction.
    counts: Vec<usize>,
}

/// Puts the transactions' changes of `list` into the memory.
///
/// # Errors
/// An index that the block does not have.
pub(crate) fn preload<'m>(
    list: &[AccountChanges],
    memory: &Memory<'m>,
    arenas: &'m WorkerArenas,
    transactions: usize,
    spec: SpecId,
) -> Result<Expected, AccessListMismatch> {
    let mut loader = Loader {
        arenas,
        counts: vec![0; transactions],
    };
    for account in list {
        let address = account.address;
        let cell = memory.account(address, memory.hash(&address), arenas);
        let destroyed = derived_life(account, spec);
        loader.account(account, cell, &destroyed)?;
        for slot in &account.storage_changes {
            let hash = memory.slot_hash(cell, &slot.slot);
            let slot_cell = memory.slot(cell, slot.slot, hash, arenas);
            for change in &slot.changes {
                if change.new_value.is_zero() && destroyed.contains(&change.block_access_index) {
                    // Not written: it went away with the account.
                    continue;
                }
                let target = Target::Slot(Ref::new(slot_cell));
                loader.put(
                    change.block_access_index,
                    target,
                    Value::Word(change.new_value),
                )?;
            }
        }
    }
    Ok(Expected {
        counts: loader.counts,
    })
}

struct Loader<'m> {
    arenas: &'m WorkerArenas,
    counts: Vec<usize>,
}

impl<'m> Loader<'m> {
    fn account(
        &mut self,
        account: &AccountChanges,
        cell: &'m AccountCell,
        destroyed: &[BlockAccessIndex],
    ) -> Result<(), AccessListMismatch> {
        let cell = Ref::new(cell);
        for change in &account.balance_changes {
            let value = Value::Word(change.post_balance);
            self.put(change.block_access_index, Target::Balance(cell), value)?;
        }
        for change in &account.nonce_changes {
            let value = Value::Nonce(change.new_nonce);
            self.put(change.block_access_index, Target::Nonce(cell), value)?;
        }
        for change in &account.code_changes {
            let value = Value::Code(self.code(change.new_code()));
            self.put(change.block_access_index, Target::Code(cell), value)?;
        }
        for index in destroyed {
            if let Some(index) = self.transaction(*index, Target::Life(cell))? {
                let life = Life {
                    exists: false,
                    cleared_at: Some(index),
                };
                let life = self.arenas.values.alloc(Value::Life(life));
                cell.life.append(index, life, &self.arenas.nodes);
            }
        }
        Ok(())
    }

    fn code(&self, bytes: &Bytes) -> &'m Code {
        let hash = if bytes.is_empty() {
            KECCAK_EMPTY
        } else {
            keccak256(bytes)
        };
        // What looks like a delegation and is none is ordinary code: before
        // London anything could be deployed.
        let bytecode = Bytecode::new_raw_checked(bytes.clone())
            .unwrap_or_else(|_| Bytecode::new_legacy(bytes.clone()));
        self.arenas.codes.alloc(Code { hash, bytecode })
    }

    /// Adds a change, unless it is the protocol's (those are compared at the end).
    fn put(
        &mut self,
        index: BlockAccessIndex,
        target: Target,
        value: Value,
    ) -> Result<(), AccessListMismatch> {
        if let Some(index) = self.transaction(index, target)? {
            let value = self.arenas.values.alloc(value);
            target.location().append(index, value, &self.arenas.nodes);
            self.counts[(index - FIRST) as usize] += 1;
        }
        Ok(())
    }

    /// The index of a transaction; `None` for the protocol's own.
    fn transaction(
        &self,
        index: BlockAccessIndex,
        target: Target,
    ) -> Result<Option<Index>, AccessListMismatch> {
        let transactions = self.counts.len() as u64;
        match index.0 {
            0 => Ok(None),
            index if index <= transactions => Ok(Some(index_of(index as usize - 1))),
            index if index == transactions + 1 => Ok(None),
            index => Err(mismatch(
                index,
                target,
                "a change",
                "nothing: no such index",
            )),
        }
    }
}

/// Where the list implies that an account was destroyed (before Cancun): its
/// code or its nonce went away. Delegations, which also can, are younger.
fn derived_life(account: &AccountChanges, spec: SpecId) -> Vec<BlockAccessIndex> {
    if spec.is_enabled_in(SpecId::CANCUN) {
        return Vec::new();
    }
    let codes = account
        .code_changes
        .iter()
        .filter(|change| change.new_code().is_empty());
    let nonces = account
        .nonce_changes
        .iter()
        .filter(|change| change.new_nonce == 0);
    let mut indices: Vec<_> = codes
        .map(|change| change.block_access_index)
        .chain(nonces.map(|change| change.block_access_index))
        .collect();
    indices.sort_unstable();
    indices.dedup();
    indices
}

impl Expected {
    /// Whether the list implies all destructions among `writes`.
    pub(crate) fn implies_lives(&self, tx: usize, writes: &[Write]) -> bool {
        let index = index_of(tx);
        writes
            .iter()
            .all(|write| match (&write.target, &write.value) {
                (Target::Life(cell), Value::Life(life)) if !life.exists => {
                    cell.life.at(index).is_some()
                }
                _ => true,
            })
    }

    /// Compares what transaction `tx` wrote with the list.
    ///
    /// # Errors
    /// The first difference.
    pub(crate) fn check(
        &self,
        tx: usize,
        writes: &[Write],
        fees: &Fees<'_>,
        list: &[AccountChanges],
    ) -> Result<(), AccessListMismatch> {
        let index = index_of(tx);
        let mut matched = 0;
        for write in writes
            .iter()
            .filter(|write| !matches!(write.target, Target::Life(_)))
        {
            let got = absolute(write, index, fees);
            let expected = write
                .target
                .location()
                .at(index)
                .and_then(|node| node.value());
            if !expected.is_some_and(|expected| expected.same(&got)) {
                let expected = expected.map_or_else(|| "nothing".to_owned(), describe);
                return Err(mismatch(
                    tx as u64 + 1,
                    write.target,
                    &expected,
                    &describe(&got),
                ));
            }
            matched += 1;
        }
        if matched == self.counts[tx] {
            return Ok(());
        }
        Err(compare::unwritten(tx as u64 + 1, writes, list))
    }
}

/// The value that a write leaves.
fn absolute(write: &Write, index: Index, fees: &Fees<'_>) -> Value {
    match (&write.target, write.value) {
        (Target::Balance(cell), Value::Delta(delta)) => {
            let before = deltas::balance(cell, index, fees, |_| Ok(())).unwrap_or_default();
            Value::Word(before.wrapping_add(delta))
        }
        (_, value) => value,
    }
}

fn mismatch(index: u64, target: Target, expected: &str, got: &str) -> AccessListMismatch {
    let (address, location) = place(&target);
    AccessListMismatch {
        index,
        address,
        location,
        expected: expected.to_owned(),
        got: got.to_owned(),
    }
}

/// Where a target is, in the words of an access list.
pub(super) fn place(target: &Target) -> (alloy_primitives::Address, AccessListLocation) {
    match target {
        Target::Balance(cell) => (cell.address, AccessListLocation::Balance),
        Target::Nonce(cell) => (cell.address, AccessListLocation::Nonce),
        Target::Code(cell) => (cell.address, AccessListLocation::Code),
        Target::Life(cell) => (cell.address, AccessListLocation::Account),
        Target::Slot(cell) => (cell.account().address, AccessListLocation::Slot(cell.key)),
    }
}

fn describe(value: &Value) -> String {
    match value {
        Value::Word(word) => format!("{word:#x}"),
        Value::Delta(delta) => format!("a change by {delta:#x}"),
        Value::Nonce(nonce) => nonce.to_string(),
        Value::Code(pointer) => format!("code with hash {}", code(*pointer).hash),
        Value::Life(life) => format!("{life:?}"),
    }
}

/// Formats a balance or slot value as mismatches show it.
pub(super) fn word(value: &U256) -> String {
    format!("{value:#x}")
}
