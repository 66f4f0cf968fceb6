//! Storage of the running transaction.

use super::{Journal, LoadError, Observed, Slot, undo::Undo};
use crate::{view::ViewError, writes};
use alloy_primitives::U256;
use revm::{
    DatabaseRef,
    context::journaled_state::JournalLoadError,
    context_interface::context::{SStoreResult, StateLoad},
    state::{EvmStorageSlot, TransactionId},
};

impl<DB: DatabaseRef> Journal<'_, DB> {
    /// Loads a slot and warms it; its position and whether it was cold.
    #[inline]
    pub(crate) fn load_slot(
        &mut self,
        entry: usize,
        key: U256,
        skip_cold_load: bool,
    ) -> Result<(usize, bool), LoadError<DB>> {
        let hash = self.view.memory.slot_hash(self.entries[entry].cell, &key);
        let found = self.slot_table.find(hash, |i| {
            let slot = &self.slots[i];
            slot.entry == entry && slot.cell.key == key
        });
        if let Some(i) = found {
            let mut is_cold = false;
            if self.slots[i].value.is_cold {
                is_cold = self.is_slot_cold(entry, &key);
                if is_cold && skip_cold_load {
                    return Err(JournalLoadError::ColdLoadSkipped);
                }
            }
            self.slots[i]
                .value
                .mark_warm_with_transaction_id(TransactionId::ZERO);
            if is_cold {
                self.undo.push(Undo::SlotWarmed(i));
            }
            return Ok((i, is_cold));
        }
        let is_cold = self.is_slot_cold(entry, &key);
        if is_cold && skip_cold_load {
            return Err(JournalLoadError::ColdLoadSkipped);
        }
        let i = self
            .insert_slot(entry, key, hash)
            .map_err(JournalLoadError::DBError)?;
        if is_cold {
            self.undo.push(Undo::SlotWarmed(i));
        }
        Ok((i, is_cold))
    }

    fn is_slot_cold(&self, entry: usize, key: &U256) -> bool {
        !self
            .warm
            .is_storage_warm(&self.entries[entry].cell.address, key)
    }

    fn insert_slot(
        &mut self,
        entry: usize,
        key: U256,
        hash: u64,
    ) -> Result<usize, ViewError<DB::Error>> {
        if self.view.is_suspect() {
            self.recheck()?;
        }
        let cell = self
            .view
            .memory
            .slot(self.entries[entry].cell, key, hash, self.view.arenas);
        let created = self.entries[entry].account.is_created();
        let value = if created {
            U256::ZERO
        } else {
            self.observe(entry, Observed::LIFE)?;
            self.view.mark(writes::bit(cell.hash, 0));
            self.view.slot(cell, self.entries[entry].life_before)?
        };
        let i = self.slots.len();
        self.slots.push(Slot {
            cell,
            entry,
            value: EvmStorageSlot::new(value, TransactionId::ZERO),
            observed: !created,
        });
        self.slot_table.insert(hash, i);
        Ok(i)
    }

    /// SLOAD.
    #[inline]
    pub(crate) fn read_slot(
        &mut self,
        entry: usize,
        key: U256,
        skip_cold_load: bool,
    ) -> Result<StateLoad<U256>, LoadError<DB>> {
        let (i, is_cold) = self.load_slot(entry, key, skip_cold_load)?;
        Ok(StateLoad::new(self.slots[i].value.present_value, is_cold))
    }

    /// SSTORE.
    #[inline]
    pub(crate) fn write_slot(
        &mut self,
        entry: usize,
        key: U256,
        new_value: U256,
        skip_cold_load: bool,
    ) -> Result<StateLoad<SStoreResult>, LoadError<DB>> {
        self.touch(entry);
        let (i, is_cold) = self.load_slot(entry, key, skip_cold_load)?;
        let value = &mut self.slots[i].value;
        let result = SStoreResult {
            original_value: value.original_value,
            present_value: value.present_value,
            new_value,
        };
        if value.present_value != new_value {
            self.undo.push(Undo::Slot(i, value.present_value));
            value.present_value = new_value;
        }
        Ok(StateLoad::new(result, is_cold))
    }

    /// The loaded slot at `i`, in revm's form.
    pub(super) fn slot_value_mut(&mut self, i: usize) -> &mut EvmStorageSlot {
        &mut self.slots[i].value
    }
}
