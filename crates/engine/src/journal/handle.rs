//! One account of the journal, for those who may look at and change all of it.

use super::Journal;
use alloy_primitives::{Address, B256, U256};
use revm::{
    DatabaseRef,
    context::journaled_state::{JournalLoadError, account::JournaledAccountTr},
    context_interface::{
        ErasedError,
        context::{SStoreResult, StateLoad},
        journaled_state::JournalLoadErasedError,
    },
    primitives::KECCAK_EMPTY,
    state::{Account, Bytecode, EvmStorageSlot},
};

/// One account of the journal, as revm's account trait.
#[derive(Debug)]
pub(crate) struct Handle<'a, 'm, DB: DatabaseRef> {
    pub(super) journal: &'a mut Journal<'m, DB>,
    pub(super) entry: usize,
}

impl<DB: DatabaseRef> Handle<'_, '_, DB> {
    fn here(&self) -> &Account {
        &self.journal.entries[self.entry].account
    }
}

impl<DB: DatabaseRef> JournaledAccountTr for Handle<'_, '_, DB> {
    fn account(&self) -> &Account {
        self.here()
    }

    fn sload(
        &mut self,
        key: U256,
        skip_cold_load: bool,
    ) -> Result<StateLoad<&mut EvmStorageSlot>, JournalLoadErasedError> {
        let (slot, is_cold) = self
            .journal
            .load_slot(self.entry, key, skip_cold_load)
            .map_err(|error| error.map(ErasedError::new))?;
        Ok(StateLoad::new(self.journal.slot_value_mut(slot), is_cold))
    }

    fn sstore(
        &mut self,
        key: U256,
        value: U256,
        skip_cold_load: bool,
    ) -> Result<StateLoad<SStoreResult>, JournalLoadErasedError> {
        self.journal
            .write_slot(self.entry, key, value, skip_cold_load)
            .map_err(|error| error.map(ErasedError::new))
    }

    fn load_code(&mut self) -> Result<&Bytecode, JournalLoadErasedError> {
        self.journal
            .load_code(self.entry)
            .map_err(|error| JournalLoadError::DBError(ErasedError::new(error)))?;
        let code = self.here().info.code.as_ref();
        Ok(code.expect("load_code leaves code"))
    }

    fn balance(&self) -> &U256 {
        &self.here().info.balance
    }

    fn nonce(&self) -> u64 {
        self.here().info.nonce
    }

    fn code_hash(&self) -> &B256 {
        &self.here().info.code_hash
    }

    fn code(&self) -> Option<&Bytecode> {
        self.here().info.code.as_ref()
    }

    fn touch(&mut self) {
        self.journal.touch(self.entry);
    }

    fn unsafe_mark_cold(&mut self) {
        self.journal.entries[self.entry].account.mark_cold();
    }

    fn set_balance(&mut self, balance: U256) {
        self.touch();
        self.journal.set_balance(self.entry, balance);
    }

    fn incr_balance(&mut self, balance: U256) -> bool {
        self.touch();
        let Some(sum) = self.here().info.balance.checked_add(balance) else {
            return false;
        };
        self.journal.set_balance(self.entry, sum);
        true
    }

    fn decr_balance(&mut self, balance: U256) -> bool {
        self.touch();
        let Some(rest) = self.here().info.balance.checked_sub(balance) else {
            return false;
        };
        self.journal.set_balance(self.entry, rest);
        true
    }

    fn bump_nonce(&mut self) -> bool {
        self.touch();
        let Some(nonce) = self.here().info.nonce.checked_add(1) else {
            return false;
        };
        self.journal.set_nonce(self.entry, nonce);
        true
    }

    fn set_nonce(&mut self, nonce: u64) {
        self.touch();
        self.journal.set_nonce(self.entry, nonce);
    }

    fn unsafe_set_nonce(&mut self, nonce: u64) {
        self.journal.entries[self.entry].account.info.nonce = nonce;
    }

    fn set_code(&mut self, code_hash: B256, code: Bytecode) {
        self.touch();
        self.journal.set_code_of(self.entry, code_hash, code);
    }

    fn set_code_and_hash_slow(&mut self, code: Bytecode) {
        let hash = code.hash_slow();
        self.set_code(hash, code);
    }

    fn delegate(&mut self, address: Address) {
        let (code, hash) = if address.is_zero() {
            (Bytecode::default(), KECCAK_EMPTY)
        } else {
            let code = Bytecode::new_eip7702(address);
            let hash = code.hash_slow();
            (code, hash)
        };
        self.set_code(hash, code);
        self.bump_nonce();
    }
}
