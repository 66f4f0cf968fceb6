//! The read log: what a transaction saw, and what it relied on.
//!
//! A read stays valid while its predicate holds on what the reader would see
//! now. Comparing values instead of versions removes false conflicts: a lock
//! that was taken and released, a balance that returned to where it was, a
//! sender that still has enough.

use crate::{
    deltas::{self, Fees},
    ids::Index,
    memory::{AccountCell, Life, SlotCell, Value, Visible},
    writes::Ref,
};
use alloy_primitives::{B256, U256};

/// One read and its predicate.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Read {
    /// The balance is exactly this.
    Balance(Ref<AccountCell>, U256),
    /// The balance is at least this (a debit that succeeded).
    BalanceAtLeast(Ref<AccountCell>, U256),
    /// The nonce is this.
    Nonce(Ref<AccountCell>, u64),
    /// The nonce is not zero.
    HasNonce(Ref<AccountCell>),
    /// The code hash is this.
    Code(Ref<AccountCell>, B256),
    /// Nothing happened to existence and storage epoch, or exactly this did.
    Life(Ref<AccountCell>, Option<Life>),
    /// The slot's value is this.
    Slot(Ref<SlotCell>, U256),
}

impl Read {
    /// Whether the predicate holds on what `index` sees now.
    pub(crate) fn holds(&self, index: Index, fees: &Fees<'_>) -> bool {
        match self {
            Self::Balance(cell, seen) => {
                deltas::balance(cell, index, fees, |_| Ok(())).is_ok_and(|now| now == *seen)
            }
            Self::BalanceAtLeast(cell, least) => {
                deltas::balance_bound(cell, index, fees, |_| Ok(())).is_ok_and(|now| now >= *least)
            }
            Self::Nonce(cell, seen) => nonce(cell, index) == Some(*seen),
            Self::HasNonce(cell) => nonce(cell, index).is_some_and(|now| now != 0),
            Self::Code(cell, seen) => match cell.code.latest(index) {
                Some((_, Value::Code(now))) => now.hash == *seen,
                _ => cell.base().is_some_and(|base| base.info.code_hash == *seen),
            },
            Self::Life(cell, seen) => life(cell, index).map(|(_, life)| life) == *seen,
            Self::Slot(cell, seen) => {
                let life = life(cell.account(), index).map(|(_, life)| life);
                match cell.visible(index, life) {
                    Visible::Written(now, _) => now == *seen,
                    Visible::Cleared => seen.is_zero(),
                    Visible::Base => cell.base() == Some(*seen),
                }
            }
        }
    }
}

/// The nonce that `index` sees, if the account was loaded.
fn nonce(cell: &AccountCell, index: Index) -> Option<u64> {
    match cell.nonce.latest(index) {
        Some((_, Value::Nonce(now))) => Some(*now),
        _ => cell.base().map(|base| base.info.nonce),
    }
}

/// The newest life of an account below `index`, and who wrote it.
#[inline]
pub(crate) fn life(cell: &AccountCell, index: Index) -> Option<(Index, Life)> {
    match cell.life.latest(index) {
        Some((writer, Value::Life(life))) => Some((writer, *life)),
        _ => None,
    }
}
