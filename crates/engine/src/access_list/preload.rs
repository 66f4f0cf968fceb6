//! Putting the values of a given access list into the block's memory.
//!
//! What a list cannot say is that an account was destroyed with its storage
//! (before Cancun). It follows from code or nonce going away, and is added to
//! the memory in the same way; see [`derived_life`].

use super::{
    listed::ListedChanges,
    verify::{Expected, mismatch, sees_existence},
};
use crate::{
    error::AccessListMismatch,
    ids::{FIRST, Index, index_of},
    memory::{AccountCell, Code, Life, Memory, SlotCell, Value, WorkerArenas},
    pool::Pool,
    run::Run,
    writes::{Ref, Target},
};
use alloy_eip7928::{AccountChanges, BlockAccessIndex};
use alloy_primitives::{Bytes, U256, keccak256};
use revm::{
    DatabaseRef,
    primitives::{KECCAK_EMPTY, hardfork::SpecId},
    state::Bytecode,
};
use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

/// Accounts that a worker puts into the memory at a time.
const CHUNK: usize = 16;

/// Puts the transactions' changes of `list` into the memory, with all workers.
///
/// # Errors
/// An index that the block does not have.
pub(crate) fn preload<DB: DatabaseRef + Sync>(
    list: &[AccountChanges],
    run: &Run<'_, DB>,
    pool: &Pool,
    helpers: usize,
) -> Result<Expected, AccessListMismatch> {
    let transactions = run.block.transactions.len();
    let ordered = list
        .windows(2)
        .all(|pair| pair[0].address < pair[1].address);
    let expected = Expected {
        changes: (0..transactions)
            .map(|_| ListedChanges::default())
            .collect(),
        protocol: AtomicUsize::new(0),
        is_odd: AtomicBool::new(!ordered),
        destroys: AtomicBool::new(false),
        sees_existence: sees_existence(run.block.spec()),
    };
    let chunks = list.len().div_ceil(CHUNK);
    let next = AtomicUsize::new(0);
    let first = Mutex::new(None);
    let load = |number: usize| {
        let loader = Loader {
            memory: run.memory,
            // SAFETY: the pool runs each number on one thread, and 0 is the caller.
            arenas: unsafe { run.memory.arenas.get(number) },
            spec: run.block.spec(),
            expected: &expected,
        };
        loop {
            let chunk = next.fetch_add(1, Ordering::Relaxed);
            if chunk >= chunks {
                return;
            }
            let accounts = list.iter().skip(chunk * CHUNK).take(CHUNK);
            let loaded = accounts
                .into_iter()
                .try_for_each(|account| loader.load(account));
            if let Err(mismatch) = loaded {
                let mut first = first.lock().unwrap_or_else(PoisonError::into_inner);
                if first.as_ref().is_none_or(|(before, _)| chunk < *before) {
                    *first = Some((chunk, mismatch));
                }
            }
        }
    };
    let helpers = helpers.min(chunks / 4);
    // One account twice would be two writers of one location.
    if ordered {
        pool.run(helpers, &|number| load(number), || load(0));
    } else {
        load(0);
    }
    match first.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some((_, mismatch)) => Err(mismatch),
        None => Ok(expected),
    }
}

struct Loader<'a, 'm> {
    memory: &'a Memory<'m>,
    arenas: &'m WorkerArenas,
    spec: SpecId,
    expected: &'a Expected,
}

impl<'m> Loader<'_, 'm> {
    fn load(&self, account: &AccountChanges) -> Result<(), AccessListMismatch> {
        let address = account.address;
        let cell = self
            .memory
            .account(address, self.memory.hash(&address), self.arenas);
        cell.listed.store(true, Ordering::Relaxed);
        let destroyed = derived_life(account, self.spec);
        if !destroyed.is_empty() {
            self.expected.destroys.store(true, Ordering::Relaxed);
        }
        self.account(account, cell, &destroyed)?;
        self.require(increasing(
            account.storage_changes.iter().map(|slot| slot.slot),
        ));
        for slot in &account.storage_changes {
            let slot_cell = self.slot(cell, slot.slot);
            let indices = slot.changes.iter().map(|change| change.block_access_index);
            self.require(!slot.changes.is_empty() && increasing(indices));
            for change in &slot.changes {
                if change.new_value.is_zero() && destroyed.contains(&change.block_access_index) {
                    // Not written: it went away with the account.
                    continue;
                }
                // SAFETY: in an arena of the block, as is where the target is put.
                let target = Target::Slot(unsafe { Ref::new(slot_cell) });
                let value = Value::Word(change.new_value);
                self.put(change.block_access_index, target, value)?;
            }
        }
        self.require(increasing(account.storage_reads.iter().copied()));
        for slot in &account.storage_reads {
            self.slot(cell, *slot);
        }
        Ok(())
    }

    /// The cell of a slot, which must not have been listed before.
    fn slot(&self, account: &'m AccountCell, slot: U256) -> &'m SlotCell {
        let hash = self.memory.slot_hash(account, &slot);
        let cell = self.memory.slot(account, slot, hash, self.arenas);
        self.require(!cell.listed.swap(true, Ordering::Relaxed));
        cell
    }

    fn require(&self, holds: bool) {
        if !holds {
            self.expected.is_odd.store(true, Ordering::Relaxed);
        }
    }

    fn account(
        &self,
        account: &AccountChanges,
        cell: &'m AccountCell,
        destroyed: &[BlockAccessIndex],
    ) -> Result<(), AccessListMismatch> {
        // SAFETY: in an arena of the block, as is where the targets are put.
        let cell = unsafe { Ref::new(cell) };
        let balances = account.balance_changes.iter();
        let nonces = account.nonce_changes.iter();
        let codes = account.code_changes.iter();
        self.require(
            increasing(balances.clone().map(|change| change.block_access_index))
                && increasing(nonces.clone().map(|change| change.block_access_index))
                && increasing(codes.clone().map(|change| change.block_access_index)),
        );
        for change in balances {
            let value = Value::Word(change.post_balance);
            self.put(change.block_access_index, Target::Balance(cell), value)?;
        }
        for change in nonces {
            let value = Value::Nonce(change.new_nonce);
            self.put(change.block_access_index, Target::Nonce(cell), value)?;
        }
        for change in codes {
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

    fn code(&self, bytes: &Bytes) -> Ref<Code> {
        let hash = if bytes.is_empty() {
            KECCAK_EMPTY
        } else {
            keccak256(bytes)
        };
        // What looks like a delegation and is none is ordinary code: before
        // London anything could be deployed.
        let bytecode = Bytecode::new_raw_checked(bytes.clone())
            .unwrap_or_else(|_| Bytecode::new_legacy(bytes.clone()));
        let code = self.arenas.codes.alloc(Code { hash, bytecode });
        // SAFETY: in an arena of the block, as is the value that has it.
        unsafe { Ref::new(code) }
    }

    /// Adds a change, unless it is the protocol's (those are compared at the end).
    fn put(
        &self,
        index: BlockAccessIndex,
        target: Target,
        value: Value,
    ) -> Result<(), AccessListMismatch> {
        match self.transaction(index, target)? {
            Some(index) => {
                let value = self.arenas.values.alloc(value);
                let node = target.location().append(index, value, &self.arenas.nodes);
                let changes = &self.expected.changes[(index - FIRST) as usize];
                changes.add(&target, node, &self.arenas.listed);
            }
            None => {
                self.expected.protocol.fetch_add(1, Ordering::Relaxed);
            }
        }
        Ok(())
    }

    /// The index of a transaction; `None` for the protocol's own.
    fn transaction(
        &self,
        index: BlockAccessIndex,
        target: Target,
    ) -> Result<Option<Index>, AccessListMismatch> {
        let transactions = self.expected.changes.len() as u64;
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

/// Whether each is greater than the one before.
fn increasing<T: PartialOrd>(mut values: impl Iterator<Item = T>) -> bool {
    let Some(mut last) = values.next() else {
        return true;
    };
    values.all(|value| {
        let rises = last < value;
        last = value;
        rises
    })
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
