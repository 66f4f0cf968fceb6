//! Making the list of an executed block: its versions are the changes.

use crate::{
    gather::all_arenas,
    ids::{FIRST, Index, access_index, index_of},
    memory::{AccountCell, SlotCell, Value, code},
    outcome::TxOutcome,
    protocol::mark_accessed,
    run::Run,
};
use alloy_eip7928::{
    AccountChanges, BalanceChange, BlockAccessIndex, BlockAccessList, CodeChange, NonceChange,
    SlotChanges, StorageChange,
};
use alloy_primitives::{B256, U256};
use revm::DatabaseRef;
use std::{collections::HashMap, ptr, sync::atomic::Ordering};

/// The access list of a block whose transactions are all committed.
///
/// # Errors
/// If the database fails.
pub(crate) fn produce<DB: DatabaseRef>(
    run: &Run<'_, DB>,
    outcomes: &[TxOutcome],
) -> Result<BlockAccessList, DB::Error> {
    mark(run, outcomes);
    let order = Order::new(run, outcomes);
    let mut accounts = Vec::new();
    let mut positions = HashMap::new();
    for arenas in all_arenas(run) {
        for cell in arenas
            .accounts
            .iter()
            .filter(|cell| cell.accessed.load(Ordering::Relaxed))
        {
            positions.insert(ptr::from_ref(cell).addr(), accounts.len());
            accounts.push(order.account(cell, run));
        }
    }
    for arenas in all_arenas(run) {
        for cell in arenas
            .slots
            .iter()
            .filter(|cell| cell.accessed.load(Ordering::Relaxed))
        {
            if let Some(position) = positions.get(&ptr::from_ref(cell.account()).addr()) {
                let before = before(cell, run)?;
                order.slot(cell, before, &mut accounts[*position]);
            }
        }
    }
    for account in &mut accounts {
        account
            .storage_changes
            .sort_unstable_by_key(|changes| changes.slot);
        account.storage_reads.sort_unstable();
    }
    accounts.sort_unstable_by_key(|account| account.address);
    Ok(accounts)
}

/// Marks what the included transactions accessed.
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
            Value::Code(pointer) => Some(code(*pointer)),
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

    fn slot(&self, cell: &SlotCell, before: U256, account: &mut AccountChanges) {
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
        let changes = self.changes(before, values.into_iter());
        if changes.is_empty() {
            account.storage_reads.push(cell.key);
        } else {
            let changes = changes
                .into_iter()
                .map(|(index, value)| StorageChange::new(index, value))
                .collect();
            account
                .storage_changes
                .push(SlotChanges::new(cell.key, changes));
        }
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
