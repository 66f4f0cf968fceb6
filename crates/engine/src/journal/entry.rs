//! One account and one slot of the running transaction.

use crate::memory::{AccountCell, Life, SlotCell};
use alloy_primitives::{B256, U256};
use revm::state::{Account, EvmStorageSlot};

/// What a transaction has observed of an account, as bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Observed(u8);

impl Observed {
    pub(crate) const BALANCE: Self = Self(1);
    pub(crate) const NONCE: Self = Self(2);
    pub(crate) const CODE: Self = Self(4);
    pub(crate) const LIFE: Self = Self(8);
    pub(crate) const ALL: Self = Self(15);

    #[inline]
    pub(crate) fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    pub(crate) fn insert(&mut self, other: Self) {
        self.0 |= other.0;
    }

    pub(crate) fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

/// An account that the running transaction has loaded.
#[derive(Debug)]
pub(crate) struct Entry<'m> {
    pub(crate) cell: &'m AccountCell,
    /// Current values, in the form in which revm wants them. Its storage map
    /// stays empty; slots are in [`Slot`]s.
    pub(crate) account: Account,
    pub(crate) observed: Observed,
    /// Values before the transaction.
    pub(crate) balance_before: U256,
    pub(crate) nonce_before: u64,
    pub(crate) code_before: B256,
    pub(crate) life_before: Option<Life>,
    pub(crate) existed: bool,
    /// `balance_before` is what it is, not only a lower bound.
    pub(crate) balance_is_exact: bool,
    /// The transaction relied on `balance_before` being at least this.
    pub(crate) at_least: U256,
}

impl Entry<'_> {
    #[inline]
    pub(crate) fn balance(&self) -> U256 {
        self.account.info.balance
    }

    /// The change of the balance so far, modulo 2^256.
    #[inline]
    pub(crate) fn delta(&self) -> U256 {
        self.account.info.balance.wrapping_sub(self.balance_before)
    }

    /// Relies on the current balance being at least `amount`, which it is.
    pub(crate) fn rely_on(&mut self, amount: U256) {
        let now = self.balance();
        debug_assert!(now >= amount);
        let before = if now >= self.balance_before {
            amount.saturating_sub(now - self.balance_before)
        } else {
            amount + (self.balance_before - now)
        };
        self.at_least = self.at_least.max(before);
    }
}

/// A slot that the running transaction has loaded.
#[derive(Debug)]
pub(crate) struct Slot<'m> {
    pub(crate) cell: &'m SlotCell,
    /// Index of the account's entry.
    pub(crate) entry: usize,
    pub(crate) value: EvmStorageSlot,
    /// The value came from the view (it did not when the account was created in
    /// this transaction).
    pub(crate) observed: bool,
}
