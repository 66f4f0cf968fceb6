//! The end of a transaction: what it observed and what it changed.

use super::{Entry, Journal, Observed, Slot};
use crate::{
    ids::FIRST,
    memory::{Code, Life, Value},
    reads::Read,
    view::ViewError,
    writes::{Access, Ref, Target, Write},
};
use alloy_primitives::U256;
use revm::{
    DatabaseRef,
    primitives::{KECCAK_EMPTY, hardfork::SpecId},
};

/// Reads and writes of one execution. Reused between transactions.
#[derive(Debug, Default)]
pub(crate) struct Effects {
    pub(crate) reads: Vec<Read>,
    pub(crate) writes: Vec<Write>,
    pub(crate) accesses: Vec<Access>,
}

impl Effects {
    pub(crate) fn clear(&mut self) {
        self.reads.clear();
        self.writes.clear();
        self.accesses.clear();
    }
}

impl<DB: DatabaseRef> Journal<'_, DB> {
    /// Adds what the transaction read and wrote to `effects`.
    ///
    /// # Errors
    /// If an observation that the end of the transaction itself needs (is a
    /// touched account empty?) cannot be made yet.
    pub(crate) fn finish(&mut self, effects: &mut Effects) -> Result<(), ViewError<DB::Error>> {
        for i in 0..self.entries.len() {
            if self.entries[i].account.is_touched() || self.entries[i].account.is_selfdestructed() {
                self.finish_account(i, effects)?;
            }
        }
        for slot in &self.slots {
            if let Some(write) = self.slot_write(slot) {
                effects.writes.push(write);
            }
        }
        if self.view.is_speculative() || self.view.log_reads {
            self.list_reads(&mut effects.reads);
        }
        Ok(())
    }

    /// Adds what the transaction accessed, in the sense of EIP-7928.
    pub(crate) fn list_accesses(&self, accesses: &mut Vec<Access>) {
        accesses.extend(
            self.entries
                .iter()
                .map(|entry| Access::Account(entry.cell_ref())),
        );
        accesses.extend(self.slots.iter().map(|slot| Access::Slot(slot.cell_ref())));
    }

    fn slot_write(&self, slot: &Slot<'_>) -> Option<Write> {
        let account = &self.entries[slot.entry].account;
        let unchanged = if account.is_created() {
            slot.value.present_value.is_zero()
        } else {
            !slot.value.is_changed()
        };
        (!unchanged && !account.is_selfdestructed()).then(|| Write {
            target: Target::Slot(slot.cell_ref()),
            value: Value::Word(slot.value.present_value),
        })
    }

    /// Writes of a touched account.
    fn finish_account(
        &mut self,
        i: usize,
        effects: &mut Effects,
    ) -> Result<(), ViewError<DB::Error>> {
        if self.entries[i].account.is_selfdestructed() {
            self.observe(i, Observed::ALL)?;
            self.destroy(i);
            if self.entries[i].existed {
                self.write_life(i, false, true, effects);
            }
        } else if self.entries[i].account.is_created() {
            self.observe(i, Observed::LIFE)?;
            self.write_life(i, true, true, effects);
        } else {
            self.finish_touched(i, effects)?;
        }
        self.write_parts(i, effects);
        Ok(())
    }

    /// EIP-161: after Spurious Dragon a touched empty account ceases to exist;
    /// before, a touched account starts to.
    fn finish_touched(
        &mut self,
        i: usize,
        effects: &mut Effects,
    ) -> Result<(), ViewError<DB::Error>> {
        if !self.is_enabled(SpecId::SPURIOUS_DRAGON) {
            if !self.entries[i].existed {
                self.write_life(i, true, false, effects);
            }
            return Ok(());
        }
        let entry = &self.entries[i];
        if entry.account.info.nonce != 0 || entry.account.info.code_hash != KECCAK_EMPTY {
            return Ok(());
        }
        if entry.balance().is_zero() {
            self.observe(i, Observed::ALL)?;
        } else if entry.delta().is_zero() {
            self.rely_on(i, U256::from(1));
        } else if entry.balance() < entry.balance_before {
            self.observe(i, Observed::BALANCE)?;
        }
        let entry = &self.entries[i];
        if entry.account.is_empty() && entry.existed {
            self.write_life(i, false, true, effects);
        }
        Ok(())
    }

    /// Leaves nothing of an account that was destroyed.
    fn destroy(&mut self, i: usize) {
        let info = &mut self.entries[i].account.info;
        info.balance = U256::ZERO;
        info.nonce = 0;
        info.code_hash = KECCAK_EMPTY;
        info.code = None;
    }

    fn write_life(&self, i: usize, exists: bool, clears: bool, effects: &mut Effects) {
        let entry = &self.entries[i];
        let before = entry.life_before.and_then(|life| life.cleared_at);
        let cleared_at = if clears {
            Some(self.view.index)
        } else {
            before
        };
        effects.writes.push(Write {
            target: Target::Life(entry.cell_ref()),
            value: Value::Life(Life { exists, cleared_at }),
        });
    }

    /// Balance, nonce and code, where they differ.
    fn write_parts(&self, i: usize, effects: &mut Effects) {
        let entry = &self.entries[i];
        let info = &entry.account.info;
        let cell = entry.cell_ref();
        let delta = entry.delta();
        if !delta.is_zero() {
            let value = if entry.observed.contains(Observed::BALANCE) {
                Value::Word(info.balance)
            } else {
                Value::Delta(delta)
            };
            effects.writes.push(Write {
                target: Target::Balance(cell),
                value,
            });
        }
        if info.nonce != entry.nonce_before {
            let value = Value::Nonce(info.nonce);
            effects.writes.push(Write {
                target: Target::Nonce(cell),
                value,
            });
        }
        if info.code_hash != entry.code_before {
            let code = self.view.arenas.codes.alloc(Code {
                hash: info.code_hash,
                bytecode: info.code.clone().unwrap_or_default(),
            });
            effects.writes.push(Write {
                target: Target::Code(cell),
                // SAFETY: in an arena of the block, as is the value that has it.
                value: Value::Code(unsafe { Ref::new(code) }),
            });
        }
    }

    /// Adds what was observed to `reads`.
    pub(crate) fn list_reads(&self, reads: &mut Vec<Read>) {
        self.entries
            .iter()
            .for_each(|entry| entry_reads(entry, |read| reads.push(read)));
        for slot in self.slots.iter().filter(|slot| slot.observed) {
            reads.push(Read::Slot(slot.cell_ref(), slot.value.original_value));
        }
    }

    /// Whether everything that was observed so far is still so.
    pub(super) fn reads_hold(&self) -> bool {
        let (index, fees) = (self.view.index, &self.view.fees);
        let mut hold = true;
        for entry in self.entries.iter() {
            entry_reads(entry, |read| hold &= read.holds(index, fees));
        }
        hold && self.stale_slots().next().is_none()
    }

    fn stale_slots(&self) -> impl Iterator<Item = &Slot<'_>> {
        let (index, fees) = (self.view.index, &self.view.fees);
        self.slots.iter().filter(move |slot| {
            let read = Read::Slot(slot.cell_ref(), slot.value.original_value);
            slot.observed && !read.holds(index, fees)
        })
    }

    /// Notes conflicts at slots; whether there are none, or all the calls of the
    /// contract are to blame for each of them.
    pub(super) fn note_stale_slots(&self) -> bool {
        let tx = (self.view.index - FIRST) as usize;
        let mut blames_callee = true;
        for slot in self.stale_slots() {
            blames_callee &= self.view.note_conflict(slot.cell, tx);
        }
        blames_callee
    }
}

fn entry_reads(entry: &Entry<'_>, mut add: impl FnMut(Read)) {
    let cell = entry.cell_ref();
    if entry.observed.contains(Observed::BALANCE) {
        add(Read::Balance(cell, entry.balance_before));
    } else if !entry.at_least.is_zero() {
        add(Read::BalanceAtLeast(cell, entry.at_least));
    }
    if entry.observed.contains(Observed::NONCE) {
        add(Read::Nonce(cell, entry.nonce_before));
    } else if entry.observed.contains(Observed::HAS_NONCE) {
        add(Read::HasNonce(cell));
    }
    if entry.observed.contains(Observed::CODE) {
        add(Read::Code(cell, entry.code_before));
    }
    if entry.observed.contains(Observed::LIFE) {
        add(Read::Life(cell, entry.life_before));
    }
}
