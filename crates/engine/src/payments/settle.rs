//! Round two: each account's payments, in order.

use super::prepare::Entry;
use crate::{
    deltas::{self, Fees},
    ids::{Index, index_of},
    memory::{AccountCell, Value, WorkerArenas},
};
use alloy_primitives::U256;
use std::sync::atomic::{AtomicUsize, Ordering};

/// An account of a run and what has become of it.
#[derive(Debug)]
pub(super) struct Ledger<'m> {
    cell: &'m AccountCell,
    balance: U256,
    nonce: u64,
    /// The last payment from or to it.
    last: u32,
    /// The last payment from it.
    last_debit: Option<u32>,
}

/// Balances from here on are left to the general way, which looks out for
/// overflows.
const HUGE_BITS: usize = 250;

/// Applies `entries`, which are of one part of the accounts and in order, to the
/// state that `before` sees, as long as they are below `cut`. The first that
/// fails lowers `cut`. `step` is told of each new state, and whether it comes
/// from a debit.
pub(super) fn settle<'m: 'e, 'e>(
    entries: impl Iterator<Item = &'e Entry<'m>> + Clone,
    before: Index,
    fees: &Fees<'_>,
    cut: &AtomicUsize,
    mut step: impl FnMut(&Ledger<'m>, bool),
) -> Vec<Ledger<'m>> {
    let mut ledgers = Vec::with_capacity(entries.clone().count());
    for entry in entries {
        if entry.tx as usize >= cut.load(Ordering::Relaxed) {
            break;
        }
        let position = match entry.cell.gathered.load(Ordering::Relaxed) {
            0 => {
                ledgers.push(Ledger::open(entry.cell, before, fees));
                entry
                    .cell
                    .gathered
                    .store(ledgers.len() as u32, Ordering::Relaxed);
                ledgers.len()
            }
            position => position as usize,
        };
        let ledger = &mut ledgers[position - 1];
        if ledger.apply(entry).is_none() {
            cut.fetch_min(entry.tx as usize, Ordering::Relaxed);
            break;
        }
        step(ledger, entry.least > 0);
    }
    ledgers
}

impl<'m> Ledger<'m> {
    fn open(cell: &'m AccountCell, before: Index, fees: &Fees<'_>) -> Self {
        let base = cell
            .base()
            .map_or((U256::ZERO, 0), |base| (base.info.balance, base.info.nonce));
        let balance = if cell.balance.is_untouched() {
            base.0
        } else {
            deltas::balance(cell, before, fees, |_| Ok(())).unwrap_or(base.0)
        };
        let nonce = match cell.nonce.latest(before) {
            Some((_, Value::Nonce(nonce))) => *nonce,
            _ => base.1,
        };
        Self {
            cell,
            balance,
            nonce,
            last: 0,
            last_debit: None,
        }
    }

    /// `None` if the payment is not valid or not for this path.
    #[inline]
    fn apply(&mut self, entry: &Entry<'_>) -> Option<()> {
        if self.balance.bit_len() > HUGE_BITS {
            return None;
        }
        if entry.least > 0 {
            if entry.nonce != self.nonce
                || entry.nonce == u64::MAX
                || self.balance < U256::from(entry.least)
            {
                return None;
            }
            self.balance -= U256::from(entry.amount);
            self.nonce += 1;
            self.last_debit = Some(entry.tx);
        } else {
            self.balance += U256::from(entry.amount);
        }
        self.last = entry.tx;
        Some(())
    }

    /// Publishes the final values.
    pub(super) fn publish(&self, arenas: &'m WorkerArenas) {
        self.reset();
        self.publish_balance(arenas);
        if let Some(tx) = self.last_debit {
            self.publish_nonce(tx, arenas);
        }
    }

    /// Publishes the values after the last entry, for the access list.
    pub(super) fn publish_step(&self, is_debit: bool, arenas: &'m WorkerArenas) {
        self.cell.accessed.store(true, Ordering::Relaxed);
        self.publish_balance(arenas);
        if is_debit {
            self.publish_nonce(self.last, arenas);
        }
    }

    fn publish_balance(&self, arenas: &'m WorkerArenas) {
        let value = arenas.values.alloc(Value::Word(self.balance));
        let index = index_of(self.last as usize);
        self.cell.balance.append(index, value, &arenas.nodes);
    }

    fn publish_nonce(&self, tx: u32, arenas: &'m WorkerArenas) {
        let value = arenas.values.alloc(Value::Nonce(self.nonce));
        let index = index_of(tx as usize);
        self.cell.nonce.append(index, value, &arenas.nodes);
    }

    /// Makes the account one that has no ledger.
    pub(super) fn reset(&self) {
        self.cell.gathered.store(0, Ordering::Relaxed);
    }
}
