//! Making the list of an executed block: its versions are the changes.

use crate::{
    ids::{FIRST, Index, access_index, index_of},
    memory::{AccountCell, SlotCell, Value, WorkerArenas},
    outcome::TxOutcome,
    pool::Pool,
    protocol::mark_accessed,
    run::Run,
};
use alloy_eip7928::{
    AccountChanges, BalanceChange, BlockAccessIndex, BlockAccessList, CodeChange, NonceChange,
    SlotChanges, StorageChange,
};
use alloy_primitives::{B256, U256};
use revm::DatabaseRef;
use std::{
    collections::HashMap,
    ptr,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

/// The access list of a block whose transactions are all committed. Each worker's
/// cells are listed on their own, by `helpers` threads of `pool`.
///
/// # Errors
/// If the database fails.
pub(crate) fn produce<DB: DatabaseRef + Sync>(
    run: &Run<'_, DB>,
    outcomes: &[TxOutcome],
    pool: &Pool,
    helpers: usize,
) -> Result<BlockAccessList, DB::Error> {
    let (next, workers) = (AtomicUsize::new(0), run.memory.arenas.len());
    let chunk = outcomes.len().div_ceil(4 * workers).max(1);
    let mark = || {
        while let Some(chunk) = outcomes
            .chunks(chunk)
            .nth(next.fetch_add(1, Ordering::Relaxed))
        {
            mark(run, chunk);
        }
    };
    pool.run(helpers, &|_| mark(), mark);
    let order = Order::new(run, outcomes);
    let parts: Vec<_> = (0..workers).map(|_| Mutex::new(None)).collect();
    let list = |own: usize| {
        for number in (own..workers).chain(0..own) {
            let Ok(mut part) = parts[number].try_lock() else {
                continue;
            };
            // SAFETY: the workers have ended, and the lock keeps others away.
            let arenas = unsafe { run.memory.arenas.get(number) };
            part.get_or_insert_with(|| order.part(arenas, run));
        }
    };
    pool.run(helpers, &|number| list(number), || list(0));
    let parts = parts
        .into_iter()
        .filter_map(|part| part.into_inner().unwrap_or_else(PoisonError::into_inner));
    Ok(merge(parts.collect::<Result<_, _>>()?))
}

/// What one worker's cells contribute.
struct Part<'m> {
    accounts: Vec<(&'m AccountCell, AccountChanges)>,
    slots: Vec<(&'m SlotCell, Vec<StorageChange>)>,
}

fn merge(parts: Vec<Part<'_>>) -> BlockAccessList {
    let mut positions = HashMap::new();
    let mut list = Vec::new();
    let mut slots = Vec::new();
    for part in parts {
        for (cell, account) in part.accounts {
            positions.insert(ptr::from_ref(cell).addr(), list.len());
            list.push(account);
        }
        slots.extend(part.slots);
    }
    for (cell, changes) in slots {
        let Some(position) = positions.get(&ptr::from_ref(cell.account()).addr()) else {
            continue;
        };
        let account: &mut AccountChanges = &mut list[*position];
        if changes.is_empty() {
            account.storage_reads.push(cell.key);
        } else {
            let changes = SlotChanges::new(cell.key, changes);
            account.storage_changes.push(changes);
        }
    }
    for account in &mut list {
        account
            .storage_changes
            .sort_unstable_by_key(|changes| changes.slot);
        account.storage_reads.sort_unstable();
    }
    list.sort_unstable_by_key(|account| account.address);
    list
}

/// Marks what included transactions accessed.
fn mark<DB: DatabaseRef>(run: &Run<'_, DB>, outcomes: &[TxOutcome]) {
    for outcome in outcomes {
        if let Some(log) = run.scheduler.log(outcome.index) {
            mark_accessed(log.accesses());
        }
        if run.scheduler.last_fee(outcome.index) != 0 {
            run.beneficiary.accessed.store(true, Ordering::Relaxed);
        }
    }
}

/// Block access indices of a block that may have left candidates out.
struct Order {
    /// The block access index of each candidate.
    indices: Vec<u64>,
    transactions: usize,
}

impl Order {
    fn new<DB: DatabaseRef>(run: &Run<'_, DB>, outcomes: &[TxOutcome]) -> Self {
        let mut indices = vec![0; run.scheduler.transactions()];
        for (position, outcome) in outcomes.iter().enumerate() {
            indices[outcome.index] = position as u64 + 1;
        }
        Self {
            indices,
            transactions: outcomes.len(),
        }
    }

    fn part<'m, DB: DatabaseRef>(
        &self,
        arenas: &'m WorkerArenas,
        run: &Run<'_, DB>,
    ) -> Result<Part<'m>, DB::Error> {
        let accounts = arenas.accounts.iter();
        let accounts = accounts.filter(|cell| cell.accessed.load(Ordering::Relaxed));
        let slots = arenas.slots.iter();
        let slots = slots.filter(|cell| cell.accessed.load(Ordering::Relaxed));
        Ok(Part {
            accounts: accounts
                .map(|cell| (cell, self.account(cell, run)))
                .collect(),
            slots: slots
                .map(|cell| Ok((cell, self.slot(cell, before(cell, run)?))))
                .collect::<Result<_, _>>()?,
        })
    }

    fn of(&self, index: Index) -> BlockAccessIndex {
        let tx = index.checked_sub(FIRST).map(|tx| tx as usize);
        BlockAccessIndex(match tx.and_then(|tx| self.indices.get(tx)) {
            Some(access_index) => *access_index,
            None => access_index(
                index.min(FIRST + self.indices.len() as Index),
                self.indices.len(),
            )
            .min(self.transactions as u64 + 1),
        })
    }

    /// Values by rising index, as changes: without those that change nothing.
    fn changes<T: PartialEq + Clone>(
        &self,
        before: T,
        values: impl Iterator<Item = (Index, T)>,
    ) -> Vec<(BlockAccessIndex, T)> {
        let mut changes: Vec<(BlockAccessIndex, T)> = Vec::new();
        for (index, value) in values {
            let index = self.of(index);
            match changes.last_mut() {
                Some((last, kept)) if *last == index => *kept = value,
                _ => changes.push((index, value)),
            }
        }
        let mut current = before;
        changes.retain(|(_, value)| {
            let changed = *value != current;
            current = value.clone();
            changed
        });
        changes
    }

    fn account<DB: DatabaseRef>(&self, cell: &AccountCell, run: &Run<'_, DB>) -> AccountChanges {
        let info = cell
            .base()
            .map(|base| base.info.clone())
            .unwrap_or_default();
        let balances = if cell.address == run.fees.beneficiary {
            beneficiary_balances(cell, info.balance, run)
        } else {
            rising(&cell.balance, |value| match value {
                Value::Word(word) => Some(*word),
                _ => None,
            })
        };
        let nonces = rising(&cell.nonce, |value| match value {
            Value::Nonce(nonce) => Some(*nonce),
            _ => None,
        });
        let codes = self.code_changes(cell, info.code_hash);
        AccountChanges {
            address: cell.address,
            storage_changes: Vec::new(),
            storage_reads: Vec::new(),
            balance_changes: self
                .changes(info.balance, balances.into_iter())
                .into_iter()
                .map(|(index, balance)| BalanceChange::new(index, balance))
                .collect(),
            nonce_changes: self
                .changes(info.nonce, nonces.into_iter())
                .into_iter()
                .map(|(index, nonce)| NonceChange::new(index, nonce))
                .collect(),
            code_changes: codes,
        }
    }

    fn code_changes(&self, cell: &AccountCell, before: B256) -> Vec<CodeChange> {
        if cell.code.is_untouched() {
            return Vec::new();
        }
        let codes = rising(&cell.code, |value| match value {
            Value::Code(code) => Some(code),
            _ => None,
        });
        let hashes = codes.iter().map(|(index, code)| (*index, code.hash));
        self.changes(before, hashes)
            .into_iter()
            .map(|(index, hash)| {
                let code = codes.iter().find(|(_, code)| code.hash == hash);
                let bytes = code.map(|(_, code)| code.bytecode.original_bytes());
                CodeChange::new(index, bytes.unwrap_or_default())
            })
            .collect()
    }

    /// The changes of a slot; none if it was only read.
    fn slot(&self, cell: &SlotCell, before: U256) -> Vec<StorageChange> {
        let mut values = rising(&cell.value, |value| match value {
            Value::Word(word) => Some(*word),
            _ => None,
        });
        // Destroying the account zeroes the slot, and leaves no write of its own.
        values.extend(rising(&cell.account().life, |value| match value {
            Value::Life(life) if !life.exists => Some(U256::ZERO),
            _ => None,
        }));
        values.sort_by_key(|(index, _)| *index);
        self.changes(before, values.into_iter())
            .into_iter()
            .map(|(index, value)| StorageChange::new(index, value))
            .collect()
    }
}

/// The slot in the parent state. It matters, and may not have been read yet, if
/// the account was destroyed.
fn before<DB: DatabaseRef>(cell: &SlotCell, run: &Run<'_, DB>) -> Result<U256, DB::Error> {
    match cell.base() {
        Some(value) => Ok(value),
        None if cell.account().life.is_untouched() => Ok(U256::ZERO),
        None => run.db.storage_ref(cell.account().address, cell.key),
    }
}

/// The versions of a location by rising index.
fn rising<'a, T>(
    location: &'a crate::memory::Location,
    pick: impl Fn(&'a Value) -> Option<T>,
) -> Vec<(Index, T)> {
    let mut values: Vec<_> = location
        .nodes()
        .filter_map(|node| Some((node.index, pick(node.value()?)?)))
        .collect();
    values.reverse();
    values
}

/// The beneficiary's balance after each transaction that changed it: its
/// versions and the fees together.
fn beneficiary_balances<DB: DatabaseRef>(
    cell: &AccountCell,
    before: U256,
    run: &Run<'_, DB>,
) -> Vec<(Index, U256)> {
    let fees = (0..run.scheduler.transactions())
        .filter(|_| run.fees.separate)
        .map(|tx| (index_of(tx), U256::from(run.scheduler.last_fee(tx))))
        .filter(|(_, fee)| !fee.is_zero());
    let mut events: Vec<(Index, bool, U256)> =
        fees.map(|(index, fee)| (index, true, fee)).collect();
    events.extend(
        rising(&cell.balance, |value| match value {
            Value::Word(word) => Some(*word),
            _ => None,
        })
        .into_iter()
        .map(|(index, word)| (index, false, word)),
    );
    events.sort_unstable_by_key(|(index, is_fee, _)| (*index, *is_fee));
    let mut balance = before;
    events
        .into_iter()
        .map(|(index, is_fee, amount)| {
            balance = if is_fee {
                balance.wrapping_add(amount)
            } else {
                amount
            };
            (index, balance)
        })
        .collect()
}
