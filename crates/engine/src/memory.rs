//! Multi-version memory: what every transaction of a block wrote, and the
//! parent state beneath it.
//!
//! ```text
//! address ──interner──▶ AccountCell { balance, nonce, code, life : Location ; base }
//! address, slot ──────▶ SlotCell    { value : Location ; base }
//! ```
//!
//! Cells are the identity of locations: exact (keys are compared in full) and
//! stable for the block. The four parts of an account are separate locations, so
//! that a payment to a contract does not disturb those who call it.
//!
//! All memory comes from per-worker arenas. Invariant that all `unsafe` below
//! rests on: the arenas of a block are cleared together, with exclusive access
//! ([`WorkerArenas::clear`] through `&mut`), and a [`Memory`] borrows them for as
//! long as it lives.

mod arenas;
mod interner;
mod version;

#[cfg(all(test, loom))]
mod loom_tests;

use crate::{
    arena::PerWorker,
    hash::HashKey,
    hints::{Hints, SlotHints},
    sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, Ordering},
    writes::Ref,
};
use alloy_primitives::{Address, B256, U256};
use revm::{
    primitives::KECCAK_EMPTY,
    state::{AccountInfo, Bytecode},
};
use std::ptr;

pub(crate) use arenas::WorkerArenas;
pub(crate) use interner::Table;
pub(crate) use version::{Index, Life, Location, Node, Value};

/// Code that a transaction deployed.
#[derive(Debug)]
pub(crate) struct Code {
    pub(crate) hash: B256,
    pub(crate) bytecode: Bytecode,
}

/// An account in the parent state.
#[derive(Debug)]
pub(crate) struct Base {
    pub(crate) exists: bool,
    pub(crate) info: AccountInfo,
}

impl Base {
    pub(crate) fn new(info: Option<AccountInfo>) -> Self {
        let exists = info.is_some();
        let mut info = info.unwrap_or_default();
        if info.code_hash.is_zero() {
            info.code_hash = KECCAK_EMPTY;
        }
        Self { exists, info }
    }
}

/// An account and its locations.
#[derive(Debug)]
#[repr(align(64))]
pub(crate) struct AccountCell {
    pub(crate) balance: Location,
    pub(crate) nonce: Location,
    pub(crate) code: Location,
    pub(crate) life: Location,
    base: AtomicPtr<Base>,
    pub(crate) hash: u64,
    pub(crate) address: Address,
    /// What the schedule has learned about the account.
    pub(crate) hints: Hints,
    /// A committed transaction accessed the account (EIP-7928).
    pub(crate) accessed: AtomicBool,
    /// The given access list has the account (Verify).
    pub(crate) listed: AtomicBool,
    /// The worker that made the cell, in whose caches it is likely to be.
    pub(crate) maker: u16,
    /// One more than the position of the account's change while changes are
    /// gathered.
    pub(crate) gathered: AtomicU32,
    chain: AtomicPtr<AccountCell>,
}

/// A storage slot.
#[derive(Debug)]
#[repr(align(64))]
pub(crate) struct SlotCell {
    pub(crate) value: Location,
    base: AtomicPtr<U256>,
    pub(crate) hash: u64,
    account: Ref<AccountCell>,
    pub(crate) key: U256,
    /// What the schedule has learned about the slot.
    pub(crate) hints: SlotHints,
    /// A committed transaction accessed the slot (EIP-7928).
    pub(crate) accessed: AtomicBool,
    /// The given access list has the slot (Verify).
    pub(crate) listed: AtomicBool,
    chain: AtomicPtr<SlotCell>,
}

impl AccountCell {
    /// The account in the parent state, if somebody has loaded it.
    #[inline]
    pub(crate) fn base(&self) -> Option<&Base> {
        // SAFETY: points into an arena of the block; see the module's invariant.
        unsafe { self.base.load(Ordering::Acquire).as_ref() }
    }

    /// Whether the account has a nonce in the parent state.
    pub(crate) fn had_nonce(&self) -> bool {
        self.base().is_some_and(|base| base.info.nonce != 0)
    }

    /// Sets what the parent state holds; the first caller wins.
    pub(crate) fn set_base(&self, base: &Base) {
        let base = ptr::from_ref(base).cast_mut();
        let _ =
            self.base
                .compare_exchange(ptr::null_mut(), base, Ordering::AcqRel, Ordering::Acquire);
    }
}

impl SlotCell {
    /// Whose slot it is.
    #[inline]
    pub(crate) fn account(&self) -> &AccountCell {
        &self.account
    }

    /// The same, to be kept.
    pub(crate) fn account_ref(&self) -> Ref<AccountCell> {
        self.account
    }

    /// The slot in the parent state, if somebody has loaded it.
    #[inline]
    pub(crate) fn base(&self) -> Option<U256> {
        // SAFETY: points into an arena of the block; see the module's invariant.
        unsafe { self.base.load(Ordering::Acquire).as_ref() }.copied()
    }

    /// Sets what the parent state holds; the first caller wins.
    pub(crate) fn set_base(&self, base: &U256) {
        let base = ptr::from_ref(base).cast_mut();
        let _ =
            self.base
                .compare_exchange(ptr::null_mut(), base, Ordering::AcqRel, Ordering::Acquire);
    }

    /// The value that `index` sees, given the account's `life` that it sees.
    #[inline]
    pub(crate) fn visible(&self, index: Index, life: Option<Life>) -> Visible {
        let cleared_at = life.and_then(|life| life.cleared_at);
        match self.value.latest(index) {
            Some((writer, Value::Word(word))) if cleared_at.is_none_or(|at| writer >= at) => {
                Visible::Written(*word, writer)
            }
            _ if cleared_at.is_some() => Visible::Cleared,
            _ => Visible::Base,
        }
    }
}

/// What a reader sees at a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Visible {
    /// The value of the parent state.
    Base,
    /// Zero, because the account was created or destroyed since.
    Cleared,
    /// A value and its writer.
    Written(U256, Index),
}

/// The memory of one block.
#[derive(Debug)]
pub(crate) struct Memory<'m> {
    key: HashKey,
    accounts: &'m Table<AccountCell>,
    slots: &'m Table<SlotCell>,
    pub(crate) arenas: &'m PerWorker<WorkerArenas>,
    /// Existence or destruction of an account may matter in a way that an
    /// access list does not tell (Verify).
    list_is_not_enough: AtomicBool,
    /// Some balance of the parent state is so large that sums may overflow.
    may_overflow: AtomicBool,
}

impl<'m> Memory<'m> {
    pub(crate) fn new(
        key: HashKey,
        accounts: &'m Table<AccountCell>,
        slots: &'m Table<SlotCell>,
        arenas: &'m PerWorker<WorkerArenas>,
    ) -> Self {
        Self {
            key,
            accounts,
            slots,
            arenas,
            list_is_not_enough: AtomicBool::new(false),
            may_overflow: AtomicBool::new(false),
        }
    }

    /// Notes that an access list does not tell enough to execute this block.
    pub(crate) fn note_list_is_not_enough(&self) {
        self.list_is_not_enough.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_list_enough(&self) -> bool {
        !self.list_is_not_enough.load(Ordering::Relaxed)
    }

    /// Notes a balance of the parent state. As long as all are below this, no sum
    /// of those in a block can overflow.
    pub(crate) fn note_balance(&self, balance: &U256) {
        if balance.bit_len() > 192 {
            self.may_overflow.store(true, Ordering::SeqCst);
        }
    }

    /// Whether credits and fees have to look at the balance that they are added to.
    #[inline]
    pub(crate) fn may_overflow(&self) -> bool {
        self.may_overflow.load(Ordering::SeqCst)
    }

    /// The hash that [`Memory::account`] wants.
    #[inline]
    pub(crate) fn hash(&self, address: &Address) -> u64 {
        self.key.address(address)
    }

    /// Brings near what [`Memory::account`] will need for this hash.
    #[inline]
    pub(crate) fn look_ahead(&self, hash: u64) {
        std::hint::black_box(self.accounts.peek(hash));
    }

    /// The cell of `address`, made in `arenas` if it is new.
    #[inline]
    pub(crate) fn account(
        &self,
        address: Address,
        hash: u64,
        arenas: &'m WorkerArenas,
    ) -> &'m AccountCell {
        self.accounts.intern(
            hash,
            |cell| cell.address == address,
            || {
                arenas.accounts.alloc(AccountCell {
                    balance: Location::default(),
                    nonce: Location::default(),
                    code: Location::default(),
                    life: Location::default(),
                    base: AtomicPtr::default(),
                    hash,
                    address,
                    hints: Hints::default(),
                    gathered: AtomicU32::new(0),
                    maker: arenas.number,
                    accessed: AtomicBool::new(false),
                    listed: AtomicBool::new(false),
                    chain: AtomicPtr::default(),
                })
            },
        )
    }

    /// The hash that [`Memory::slot`] wants.
    #[inline]
    pub(crate) fn slot_hash(&self, account: &AccountCell, key: &U256) -> u64 {
        self.key.slot(account.hash, key)
    }

    /// The cell of a slot of `account`, made in `arenas` if it is new.
    #[inline]
    pub(crate) fn slot(
        &self,
        account: &'m AccountCell,
        key: U256,
        hash: u64,
        arenas: &'m WorkerArenas,
    ) -> &'m SlotCell {
        self.slots.intern(
            hash,
            |cell| cell.key == key && ptr::eq(cell.account(), account),
            || {
                arenas.slots.alloc(SlotCell {
                    value: Location::default(),
                    base: AtomicPtr::default(),
                    hash,
                    // SAFETY: `'m` is the lifetime of the block's arenas, and so the
                    // account is in one of them, as this cell is.
                    account: unsafe { Ref::new(account) },
                    key,
                    hints: SlotHints::default(),
                    accessed: AtomicBool::new(false),
                    listed: AtomicBool::new(false),
                    chain: AtomicPtr::default(),
                })
            },
        )
    }
}

impl interner::Chained for AccountCell {
    fn chain(&self) -> &AtomicPtr<Self> {
        &self.chain
    }
}

impl interner::Chained for SlotCell {
    fn chain(&self) -> &AtomicPtr<Self> {
        &self.chain
    }
}
