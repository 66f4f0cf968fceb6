//! A transaction that runs on the block's memory: the journal and the view of
//! the engine, cut down to slots and balances.

use super::program::{ACCOUNTS, Machine, SLOTS};
use crate::{
    deltas::{self, Fees},
    ids::{FIRST, Index},
    memory::{AccountCell, SlotCell, Value, Visible, WorkerArenas},
    reads::Read,
    scheduler::Transaction,
    writes::{Ref, Target, Write, bit},
};
use alloy_primitives::U256;

/// Why an execution has no end; see [`crate::vm::Interruption`].
pub(super) enum Stop {
    Stall(Index),
    Stale,
}

#[derive(Clone, Copy, Default)]
struct Slot {
    before: u64,
    now: u64,
}

#[derive(Clone, Copy, Default)]
struct Account {
    /// The balance before, or a lower bound.
    before: Option<U256>,
    /// `before` is the balance itself.
    exact: bool,
    /// The transaction depends on every bit of it.
    observed: bool,
    at_least: U256,
    delta: U256,
}

/// A cell of the model, for what is kept in its arenas.
fn kept<T>(cell: &T) -> Ref<T> {
    // SAFETY: the model's cells are in the arenas that also hold what it has read and
    // written, and lists of these are dropped by the execution that makes them.
    unsafe { Ref::new(cell) }
}

/// One execution of a transaction.
pub(super) struct Execution<'m> {
    pub(super) index: Index,
    pub(super) speculative: bool,
    pub(super) transaction: &'m Transaction,
    pub(super) fees: Fees<'m>,
    pub(super) arenas: &'m WorkerArenas,
    pub(super) slot_cells: [&'m SlotCell; SLOTS as usize],
    pub(super) accounts: [&'m AccountCell; ACCOUNTS],
    /// What the parent state holds.
    pub(super) parent: &'m super::program::Block,
    forgets_bound: bool,
    slots: [Option<Slot>; SLOTS as usize],
    balances: [Account; ACCOUNTS],
}

impl<'m> Execution<'m> {
    pub(super) fn new(
        run: &super::Run<'m>,
        tx: usize,
        speculative: bool,
        arenas: &'m WorkerArenas,
    ) -> Self {
        let account = |i: usize| {
            run.memory
                .account(super::address(i), super::hash(i), arenas)
        };
        let accounts = std::array::from_fn(account);
        let slot_cells = std::array::from_fn(|slot| {
            run.memory
                .slot(accounts[1], U256::from(slot), slot as u64, arenas)
        });
        Self {
            index: crate::ids::index_of(tx),
            speculative,
            transaction: run.scheduler.transaction(tx),
            fees: run.fees,
            arenas,
            slot_cells,
            accounts,
            parent: run.block,
            forgets_bound: run.mistake == Some(super::Mistake::ForgetsBound),
            slots: Default::default(),
            balances: Default::default(),
        }
    }

    fn check(&self, writer: Index) -> Result<(), Index> {
        let stable = !self.speculative
            || writer < FIRST
            || self.fees.scheduler.is_stable((writer - FIRST) as usize);
        if stable { Ok(()) } else { Err(writer) }
    }

    fn mark(&self, bit: usize) {
        if self.speculative {
            self.transaction.signature.insert(bit);
        }
    }

    fn recheck_if_suspect(&self) -> Result<(), Stop> {
        if self.speculative && self.transaction.status.is_suspect() {
            self.transaction.status.clear_suspicion();
            let stale = self
                .reads()
                .iter()
                .any(|read| !read.holds(self.index, &self.fees));
            if stale {
                return Err(Stop::Stale);
            }
        }
        Ok(())
    }

    fn slot(&mut self, slot: u64) -> Result<&mut Slot, Stop> {
        let i = slot as usize;
        if self.slots[i].is_none() {
            self.recheck_if_suspect()?;
            let cell = self.slot_cells[i];
            self.mark(bit(cell.hash, 0));
            let before = match cell.visible(self.index, None) {
                Visible::Written(value, writer) => {
                    self.check(writer).map_err(Stop::Stall)?;
                    value.to()
                }
                Visible::Cleared | Visible::Base => {
                    let value = self.parent.slots[i];
                    cell.set_base(self.arenas.words.alloc(U256::from(value)));
                    value
                }
            };
            self.slots[i] = Some(Slot {
                before,
                now: before,
            });
        }
        Ok(self.slots[i].get_or_insert_default())
    }

    /// Loads the balance, of the beneficiary only a bound.
    fn bound(&mut self, i: usize) -> Result<U256, Stop> {
        if let Some(before) = self.balances[i].before {
            return Ok(before);
        }
        self.recheck_if_suspect()?;
        let cell = self.accounts[i];
        self.mark(bit(cell.hash, 0));
        let fold = deltas::balance_bound(cell, self.index, &self.fees, |writer| self.check(writer));
        let bound = fold.map_err(Stop::Stall)?;
        self.balances[i].before = Some(bound);
        // Only the beneficiary's has fees that may be unknown.
        self.balances[i].exact = i != 0;
        Ok(bound)
    }

    fn observe(&mut self, i: usize) -> Result<U256, Stop> {
        if !self.balances[i].exact {
            let cell = self.accounts[i];
            self.mark(bit(cell.hash, 0));
            let fold = deltas::balance(cell, self.index, &self.fees, |writer| self.check(writer));
            let exact = fold.map_err(Stop::Stall)?;
            // The bound that was relied on is no longer one.
            if exact < self.balances[i].at_least && !self.forgets_bound {
                return Err(Stop::Stale);
            }
            self.balances[i].before = Some(exact);
            self.balances[i].exact = true;
        }
        self.balances[i].observed = true;
        Ok(self.balances[i].before.unwrap_or_default())
    }

    pub(super) fn reads(&self) -> Vec<Read> {
        let mut reads = Vec::new();
        for (account, cell) in self.balances.iter().zip(self.accounts) {
            let cell = kept(cell);
            match account.before {
                Some(exact) if account.observed => reads.push(Read::Balance(cell, exact)),
                Some(_) if !account.at_least.is_zero() => {
                    reads.push(Read::BalanceAtLeast(cell, account.at_least));
                }
                _ => {}
            }
        }
        for (slot, cell) in self.slots.iter().zip(self.slot_cells) {
            if let Some(slot) = slot {
                reads.push(Read::Slot(kept(cell), U256::from(slot.before)));
            }
        }
        reads
    }

    pub(super) fn writes(&self) -> Vec<Write> {
        let mut writes = Vec::new();
        for (account, cell) in self.balances.iter().zip(self.accounts) {
            let target = Target::Balance(kept(cell));
            let value = match account.before {
                Some(before) if account.observed => Value::Word(before.wrapping_add(account.delta)),
                _ => Value::Delta(account.delta),
            };
            if !account.delta.is_zero() {
                writes.push(Write { target, value });
            }
        }
        for (slot, cell) in self.slots.iter().zip(self.slot_cells) {
            if let Some(slot) = slot.filter(|slot| slot.now != slot.before) {
                writes.push(Write {
                    target: Target::Slot(kept(cell)),
                    value: Value::Word(U256::from(slot.now)),
                });
            }
        }
        writes
    }
}

impl Machine for Execution<'_> {
    type Stop = Stop;

    fn load(&mut self, slot: u64) -> Result<u64, Stop> {
        super::pause();
        Ok(self.slot(slot)?.now)
    }

    fn store(&mut self, slot: u64, value: u64) -> Result<(), Stop> {
        super::pause();
        self.slot(slot)?.now = value;
        Ok(())
    }

    fn credit(&mut self, account: usize, amount: u64) {
        let delta = &mut self.balances[account].delta;
        *delta = delta.wrapping_add(U256::from(amount));
    }

    fn debit(&mut self, account: usize, amount: u64) -> Result<bool, Stop> {
        super::pause();
        let amount = U256::from(amount);
        let delta = self.balances[account].delta;
        if self.bound(account)?.wrapping_add(delta) < amount
            && self.observe(account)?.wrapping_add(delta) < amount
        {
            return Ok(false);
        }
        let entry = &mut self.balances[account];
        // What must have been there before, given what was added since.
        let needed = amount.wrapping_sub(delta);
        if !needed.bit(255) {
            entry.at_least = entry.at_least.max(needed);
        }
        entry.delta = delta.wrapping_sub(amount);
        Ok(true)
    }

    fn balance(&mut self, account: usize) -> Result<u64, Stop> {
        super::pause();
        let before = self.observe(account)?;
        // Before the reads are checked it may be anything, even below zero.
        Ok(before.wrapping_add(self.balances[account].delta).as_limbs()[0])
    }
}
