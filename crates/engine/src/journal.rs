//! The journal: the state of one running transaction.
//!
//! It stands behind revm's journal trait and replaces its hash maps by flat
//! vectors that keep their capacity. The same structure *is* the read set and
//! the write set: [`finish`](Journal::finish) lists what was observed and what
//! differs, and exactly that is validated and committed. Nothing derives a write
//! set a second time.
//!
//! Semantics follow revm's own journal (one transaction at a time, finalised
//! after each), fork by fork.

mod account;
mod entry;
mod finish;
mod handle;
mod lifetime;
mod revm_trait;
mod storage;
mod table;
mod undo;

use crate::{
    ids::Index,
    view::{View, ViewError},
};
use alloy_primitives::{Address, U256};
use revm::{
    DatabaseRef,
    context::journal::warm_addresses::WarmAddresses,
    context::journaled_state::JournalLoadError,
    primitives::{Log, hardfork::SpecId},
    state::TransientStorage,
};

pub(crate) use entry::{Entries, Entry, Observed, Slot};
pub(crate) use finish::Effects;
pub(crate) use handle::Handle;
use table::IndexTable;
use undo::Undo;

/// The journal's error: cold loads that gas forbids, or the view's.
pub(crate) type LoadError<DB> = JournalLoadError<ViewError<<DB as DatabaseRef>::Error>>;

/// State of one running transaction.
#[derive(Debug)]
pub(crate) struct Journal<'m, DB: DatabaseRef> {
    pub(crate) view: View<'m, DB>,
    pub(crate) entries: Entries<'m>,
    accounts: IndexTable,
    /// The entry that was looked up last; calls and storage accesses repeat.
    last: usize,
    slots: Vec<Slot<'m>>,
    slot_table: IndexTable,
    undo: Vec<Undo>,
    logs: Vec<Log>,
    transient: TransientStorage,
    depth: usize,
    pub(crate) spec: SpecId,
    warm: WarmAddresses,
    /// What revm calls the state; this journal has no such map.
    state: (),
    /// An error of a method that cannot return one. The execution is worthless.
    pub(crate) deferred: Option<ViewError<DB::Error>>,
}

impl<'m, DB: DatabaseRef> Journal<'m, DB> {
    pub(crate) fn with_view(view: View<'m, DB>) -> Self {
        Self {
            view,
            entries: Entries::default(),
            accounts: IndexTable::default(),
            last: usize::MAX,
            slots: Vec::new(),
            slot_table: IndexTable::default(),
            undo: Vec::new(),
            logs: Vec::new(),
            transient: TransientStorage::default(),
            depth: 0,
            spec: SpecId::default(),
            warm: WarmAddresses::new(),
            state: (),
            deferred: None,
        }
    }

    /// Forgets the last transaction and prepares for the one at `index`.
    pub(crate) fn reset(&mut self, index: Index) {
        self.view.index = index;
        self.entries.clear();
        self.accounts.clear();
        self.last = usize::MAX;
        self.slots.clear();
        self.slot_table.clear();
        self.undo.clear();
        self.logs.clear();
        if !self.transient.is_empty() {
            self.transient.clear();
        }
        self.depth = 0;
        self.deferred = None;
        self.warm.clear_coinbase_and_access_list();
    }

    /// The entry of an address that has been loaded.
    #[inline]
    pub(crate) fn find(&self, address: &Address) -> Option<usize> {
        if let Some(entry) = self.entries.get(self.last)
            && entry.cell.address == *address
        {
            return Some(self.last);
        }
        let hash = self.view.memory.hash(address);
        self.accounts
            .find(hash, |i| self.entries[i].cell.address == *address)
    }

    /// The entry of an address that revm has loaded before.
    ///
    /// # Panics
    /// If it has not, which would be a bug in revm (its own journal panics too).
    #[inline]
    fn loaded(&self, address: &Address) -> usize {
        self.find(address)
            .expect("revm loads accounts before it changes them")
    }

    pub(crate) fn is_enabled(&self, fork: SpecId) -> bool {
        self.spec.is_enabled_in(fork)
    }
}

/// Whether adding balances near this could overflow; such are read exactly.
#[inline]
fn is_huge(balance: U256) -> bool {
    balance.bit(255) || balance.bit(254)
}
