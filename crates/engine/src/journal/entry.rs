//! One account and one slot of the running transaction.

use crate::{
    memory::{AccountCell, Life, SlotCell},
    view::Loaded,
    writes::Ref,
};
use alloy_primitives::{B256, U256};
use revm::state::{Account, AccountStatus, EvmStorageSlot, TransactionId};
use std::ops::{Deref, DerefMut};

/// What a transaction has observed of an account, as bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Observed(u8);

impl Observed {
    pub(crate) const BALANCE: Self = Self(1);
    pub(crate) const NONCE: Self = Self(2);
    pub(crate) const CODE: Self = Self(4);
    pub(crate) const LIFE: Self = Self(8);
    pub(crate) const ALL: Self = Self(15);
    /// That the nonce was not zero, whatever it was.
    pub(crate) const HAS_NONCE: Self = Self(16);

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

impl<'m> Entry<'m> {
    fn new(cell: &'m AccountCell) -> Self {
        Self {
            cell,
            account: Account::default(),
            observed: Observed::default(),
            balance_before: U256::ZERO,
            nonce_before: 0,
            code_before: B256::ZERO,
            life_before: None,
            existed: false,
            balance_is_exact: true,
            at_least: U256::ZERO,
        }
    }

    /// Makes this the entry of another account, as it was loaded.
    fn fill(&mut self, cell: &'m AccountCell, loaded: Loaded) {
        self.cell = cell;
        let info = &mut self.account.info;
        info.balance = loaded.balance;
        info.nonce = loaded.nonce;
        info.code_hash = loaded.code_hash;
        info.code = loaded.code;
        self.account.transaction_id = TransactionId::ZERO;
        self.account.status = if loaded.exists {
            AccountStatus::empty()
        } else {
            AccountStatus::LoadedAsNotExisting
        };
        self.observed = Observed::default();
        self.balance_before = loaded.balance;
        self.nonce_before = loaded.nonce;
        self.code_before = loaded.code_hash;
        self.life_before = loaded.life;
        self.existed = loaded.exists;
        self.balance_is_exact = loaded.balance_is_exact;
        self.at_least = U256::ZERO;
    }

    /// The account's cell, for what outlives this entry.
    #[inline]
    pub(super) fn cell_ref(&self) -> Ref<AccountCell> {
        // SAFETY: cells with the lifetime of the block's memory are in its arenas, and
        // what a transaction has read and written is kept in those too, or forgotten
        // at the latest when the block's workers end.
        unsafe { Ref::new(self.cell) }
    }

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

/// The loaded accounts. Entries of earlier transactions stay behind the live
/// ones and are filled anew: they are large, and most of one never changes.
#[derive(Debug, Default)]
pub(crate) struct Entries<'m> {
    all: Vec<Entry<'m>>,
    live: usize,
}

impl<'m> Entries<'m> {
    pub(crate) fn clear(&mut self) {
        self.live = 0;
    }

    /// Adds an account as it was loaded; its position.
    pub(crate) fn add(&mut self, cell: &'m AccountCell, loaded: Loaded) -> usize {
        let position = self.live;
        if position == self.all.len() {
            self.all.push(Entry::new(cell));
        }
        self.live += 1;
        self.all[position].fill(cell, loaded);
        position
    }
}

impl<'m> Deref for Entries<'m> {
    type Target = [Entry<'m>];

    #[inline]
    fn deref(&self) -> &[Entry<'m>] {
        &self.all[..self.live]
    }
}

impl DerefMut for Entries<'_> {
    #[inline]
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.all[..self.live]
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

impl Slot<'_> {
    /// The slot's cell, for what outlives this entry.
    #[inline]
    pub(super) fn cell_ref(&self) -> Ref<SlotCell> {
        // SAFETY: as for the cell of an account.
        unsafe { Ref::new(self.cell) }
    }
}
