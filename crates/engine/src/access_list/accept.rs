//! Accepting a list without making another one to compare it with.
//!
//! Each transaction has found all of its writes in the list, and the list had no
//! more for it. What is left to see is that the list has no more and no fewer
//! accesses, that the protocol's own changes are right, and that everything is
//! in its canonical place. Whatever is not plainly so is left to the comparison
//! with a list of our own, which also names the difference.

use super::verify::Expected;
use crate::{
    deltas,
    gather::{END, all_arenas},
    ids::{FIRST, Index, index_of},
    memory::{AccountCell, SlotCell, Value, Visible},
    reads::life,
    run::Run,
    writes::Target,
};
use alloy_eip7928::AccountChanges;
use alloy_primitives::U256;
use revm::DatabaseRef;
use std::sync::atomic::Ordering;

/// Whether `list`, against which every transaction of the block was checked, is
/// the block's. False if that takes a closer look.
pub(crate) fn accepts<DB: DatabaseRef>(
    run: &Run<'_, DB>,
    list: &[AccountChanges],
    expected: &Expected,
) -> bool {
    // What a destroyed account leaves behind is not written by anybody.
    !expected.is_odd.load(Ordering::Relaxed)
        && !expected.destroys.load(Ordering::Relaxed)
        && !run.destroyed.load(Ordering::Relaxed)
        && accesses_are_listed(run)
        && protocol_changes(run, list) == Some(expected.protocol.load(Ordering::Relaxed))
}

fn accesses_are_listed<DB: DatabaseRef>(run: &Run<'_, DB>) -> bool {
    let account = |cell: &AccountCell| {
        cell.accessed.load(Ordering::Relaxed) == cell.listed.load(Ordering::Relaxed)
    };
    let slot = |cell: &SlotCell| {
        cell.accessed.load(Ordering::Relaxed) == cell.listed.load(Ordering::Relaxed)
    };
    all_arenas(run)
        .all(|arenas| arenas.accounts.iter().all(account) && arenas.slots.iter().all(slot))
}

/// How many changes the protocol made, if each of them is in the list.
fn protocol_changes<DB: DatabaseRef>(run: &Run<'_, DB>, list: &[AccountChanges]) -> Option<usize> {
    let mut targets = run.lock_protocol_writes().clone();
    targets.sort_unstable_by_key(Target::identity);
    targets.dedup_by_key(|target| target.identity());
    let transactions = run.block.transactions.len();
    let phases = [
        (0, 0, FIRST),
        (transactions as u64 + 1, index_of(transactions), END),
    ];
    let mut changes = 0;
    for target in targets {
        for (access_index, from, to) in phases {
            let before = value(run, &target, from)?;
            let after = value(run, &target, to)?;
            if before != after {
                if listed(list, &target, access_index)? != after {
                    return None;
                }
                changes += 1;
            }
        }
    }
    Some(changes)
}

/// The value that `index` sees, as a number. `None` for parts of an account that
/// the protocol does not change.
fn value<DB: DatabaseRef>(run: &Run<'_, DB>, target: &Target, index: Index) -> Option<U256> {
    match target {
        Target::Balance(cell) => {
            cell.base()?;
            deltas::balance(cell, index, &run.fees, |_| Ok(())).ok()
        }
        Target::Nonce(cell) => match cell.nonce.latest(index) {
            Some((_, Value::Nonce(nonce))) => Some(U256::from(*nonce)),
            _ => Some(U256::from(cell.base()?.info.nonce)),
        },
        Target::Slot(cell) => {
            let life = life(cell.account(), index).map(|(_, life)| life);
            match cell.visible(index, life) {
                Visible::Written(value, _) => Some(value),
                Visible::Cleared => Some(U256::ZERO),
                Visible::Base => cell.base(),
            }
        }
        Target::Code(_) | Target::Life(_) => None,
    }
}

/// What the list, which is in order, says about a place at an index.
fn listed(list: &[AccountChanges], target: &Target, index: u64) -> Option<U256> {
    let address = target.account().address;
    let position = list.binary_search_by_key(&address, |account| account.address);
    let account = &list[position.ok()?];
    match target {
        Target::Balance(_) => {
            let mut changes = account.balance_changes.iter();
            let change = changes.find(|change| change.block_access_index.0 == index)?;
            Some(change.post_balance)
        }
        Target::Nonce(_) => {
            let mut changes = account.nonce_changes.iter();
            let change = changes.find(|change| change.block_access_index.0 == index)?;
            Some(U256::from(change.new_nonce))
        }
        Target::Slot(cell) => {
            let slots = &account.storage_changes;
            let position = slots.binary_search_by_key(&cell.key, |slot| slot.slot);
            let mut changes = slots[position.ok()?].changes.iter();
            let change = changes.find(|change| change.block_access_index.0 == index)?;
            Some(change.new_value)
        }
        Target::Code(_) | Target::Life(_) => None,
    }
}
