//! revm's journal trait, over ours.
//!
//! What revm may look at is observed: the general loading methods observe the
//! whole account, because their callers (the frame loop, custom precompiles)
//! get to see all of it. The paths that matter, calls, transfers and storage,
//! observe only what they use.

use super::{Handle, Journal, LoadError, Observed, undo::Undo};
use crate::view::{View, ViewError};
use alloy_primitives::{Address, B256, U256};
use revm::{
    DatabaseRef,
    context::journaled_state::{
        AccountInfoLoad, AccountLoad, JournalCheckpoint, JournalLoadError, TransferError,
    },
    context_interface::{
        JournalTr,
        context::{SStoreResult, SelfDestructResult, StateLoad},
    },
    primitives::{AddressMap, AddressSet, HashSet, KECCAK_EMPTY, Log, hardfork::SpecId},
    state::{Account, Bytecode},
};

impl<'m, DB: DatabaseRef> JournalTr for Journal<'m, DB> {
    type Database = View<'m, DB>;
    type State = ();
    type JournaledAccount<'a>
        = Handle<'a, 'm, DB>
    where
        Self: 'a;

    fn new(database: Self::Database) -> Self {
        Self::with_view(database)
    }

    fn db_and_state(&self) -> (&Self::Database, &Self::State) {
        (&self.view, &self.state)
    }

    fn db_and_state_mut(&mut self) -> (&mut Self::Database, &mut Self::State) {
        (&mut self.view, &mut self.state)
    }

    #[inline]
    fn sload_skip_cold_load(
        &mut self,
        address: Address,
        key: U256,
        skip_cold_load: bool,
    ) -> Result<StateLoad<U256>, LoadError<DB>> {
        let Some(entry) = self.find(&address) else {
            return Err(JournalLoadError::ColdLoadSkipped);
        };
        self.last = entry;
        self.read_slot(entry, key, skip_cold_load)
    }

    #[inline]
    fn sstore_skip_cold_load(
        &mut self,
        address: Address,
        key: U256,
        value: U256,
        skip_cold_load: bool,
    ) -> Result<StateLoad<SStoreResult>, LoadError<DB>> {
        let Some(entry) = self.find(&address) else {
            return Err(JournalLoadError::ColdLoadSkipped);
        };
        self.last = entry;
        self.write_slot(entry, key, value, skip_cold_load)
    }

    fn tload(&mut self, address: Address, key: U256) -> U256 {
        self.transient.get_value(address, key)
    }

    fn tstore(&mut self, address: Address, key: U256, value: U256) {
        let before = self.transient.get_value(address, key);
        if before == value {
            return;
        }
        if value.is_zero() {
            self.transient.remove_value(address, key);
        } else {
            self.transient.insert_value(address, key, value);
        }
        self.undo.push(Undo::Transient {
            address,
            key,
            value: before,
        });
    }

    fn log(&mut self, log: Log) {
        self.logs.push(log);
    }

    fn take_logs(&mut self) -> Vec<Log> {
        std::mem::take(&mut self.logs)
    }

    fn logs(&self) -> &[Log] {
        &self.logs
    }

    fn selfdestruct(
        &mut self,
        address: Address,
        target: Address,
        skip_cold_load: bool,
    ) -> Result<StateLoad<SelfDestructResult>, LoadError<DB>> {
        self.destroy_account(address, target, skip_cold_load)
    }

    fn warm_access_list(&mut self, access_list: AddressMap<HashSet<U256>>) {
        self.warm.set_access_list(access_list);
    }

    fn warm_coinbase_account(&mut self, address: Address) {
        self.warm.set_coinbase(address);
    }

    fn warm_precompiles(&mut self, addresses: &AddressSet) {
        self.warm.set_precompile_addresses(addresses);
    }

    fn precompile_addresses(&self) -> &AddressSet {
        self.warm.precompiles()
    }

    fn set_spec_id(&mut self, spec_id: SpecId) {
        self.spec = spec_id;
    }

    /// Both concern forks after Osaka, which the engine refuses.
    fn set_eip7708_config(&mut self, _disabled: bool, _eip8246_delayed_clear_disabled: bool) {}

    fn touch_account(&mut self, address: Address) {
        if let Some(entry) = self.find(&address) {
            self.touch(entry);
        }
    }

    fn transfer(
        &mut self,
        from: Address,
        to: Address,
        balance: U256,
    ) -> Result<Option<TransferError>, ViewError<DB::Error>> {
        let (from, _) = self
            .load_entry(from, false)
            .map_err(JournalLoadError::unwrap_db_error)?;
        let (to, _) = self
            .load_entry(to, false)
            .map_err(JournalLoadError::unwrap_db_error)?;
        self.pay(from, to, balance)
    }

    fn transfer_loaded(
        &mut self,
        from: Address,
        to: Address,
        balance: U256,
    ) -> Option<TransferError> {
        if from != to && balance.is_zero() {
            // System calls come from an address that nobody has loaded.
            let to = self.loaded(&to);
            self.touch(to);
            return None;
        }
        let (from, to) = (self.loaded(&from), self.loaded(&to));
        match self.pay(from, to, balance) {
            Ok(outcome) => outcome,
            // The trait cannot say so here; the execution is thrown away.
            Err(error) => {
                self.deferred = Some(error);
                Some(TransferError::OutOfFunds)
            }
        }
    }

    fn caller_accounting_journal_entry(
        &mut self,
        address: Address,
        old_balance: U256,
        bump_nonce: bool,
    ) {
        let entry = self.loaded(&address);
        let growth = self.entries[entry].balance().wrapping_sub(old_balance);
        self.undo.push(Undo::Balance(entry, growth));
        self.undo.push(Undo::Touched(entry));
        if bump_nonce {
            let nonce = self.entries[entry].account.info.nonce;
            self.undo.push(Undo::Nonce(entry, nonce.saturating_sub(1)));
        }
    }

    fn balance_incr(
        &mut self,
        address: Address,
        balance: U256,
    ) -> Result<(), ViewError<DB::Error>> {
        let (entry, _) = self
            .load_entry(address, false)
            .map_err(JournalLoadError::unwrap_db_error)?;
        self.touch(entry);
        self.credit(entry, balance)?;
        Ok(())
    }

    fn nonce_bump_journal_entry(&mut self, address: Address) {
        let entry = self.loaded(&address);
        let nonce = self.entries[entry].account.info.nonce;
        self.undo.push(Undo::Nonce(entry, nonce.saturating_sub(1)));
    }

    fn load_account(
        &mut self,
        address: Address,
    ) -> Result<StateLoad<&Account>, ViewError<DB::Error>> {
        let (entry, is_cold) = self.load_all(address, false)?;
        Ok(StateLoad::new(&self.entries[entry].account, is_cold))
    }

    fn load_account_with_code(
        &mut self,
        address: Address,
    ) -> Result<StateLoad<&Account>, ViewError<DB::Error>> {
        let (entry, is_cold) = self.load_all(address, true)?;
        Ok(StateLoad::new(&self.entries[entry].account, is_cold))
    }

    fn load_account_delegated(
        &mut self,
        address: Address,
    ) -> Result<StateLoad<AccountLoad>, ViewError<DB::Error>> {
        let load_code = self.is_enabled(SpecId::PRAGUE);
        let (entry, is_cold) = self.load_all(address, load_code)?;
        let account = &self.entries[entry].account;
        let is_empty = account.state_clear_aware_is_empty(self.spec);
        let delegate = account
            .info
            .code
            .as_ref()
            .and_then(Bytecode::eip7702_address);
        let mut load = StateLoad::new(
            AccountLoad {
                is_delegate_account_cold: None,
                is_empty,
            },
            is_cold,
        );
        if let Some(delegate) = delegate {
            let (_, is_cold) = self.load_all(delegate, true)?;
            load.data.is_delegate_account_cold = Some(is_cold);
        }
        Ok(load)
    }

    fn load_account_mut_skip_cold_load(
        &mut self,
        address: Address,
        skip_cold_load: bool,
    ) -> Result<StateLoad<Self::JournaledAccount<'_>>, LoadError<DB>> {
        let (entry, is_cold) = self.load_entry(address, skip_cold_load)?;
        self.observe(entry, Observed::ALL)
            .map_err(JournalLoadError::DBError)?;
        Ok(StateLoad::new(
            Handle {
                journal: self,
                entry,
            },
            is_cold,
        ))
    }

    fn load_account_mut_optional_code(
        &mut self,
        address: Address,
        load_code: bool,
    ) -> Result<StateLoad<Self::JournaledAccount<'_>>, ViewError<DB::Error>> {
        let (entry, is_cold) = self.load_all(address, load_code)?;
        Ok(StateLoad::new(
            Handle {
                journal: self,
                entry,
            },
            is_cold,
        ))
    }

    fn set_code_with_hash(&mut self, address: Address, code: Bytecode, hash: B256) {
        let entry = self.loaded(&address);
        self.touch(entry);
        self.set_code_of(entry, hash, code);
    }

    fn set_code(&mut self, address: Address, code: Bytecode) {
        if code
            .eip7702_address()
            .is_some_and(|delegate| delegate.is_zero())
        {
            self.set_code_with_hash(address, Bytecode::default(), KECCAK_EMPTY);
            return;
        }
        let hash = code.hash_slow();
        self.set_code_with_hash(address, code, hash);
    }

    fn checkpoint(&mut self) -> JournalCheckpoint {
        self.depth += 1;
        JournalCheckpoint {
            log_i: self.logs.len(),
            journal_i: self.undo.len(),
            selfdestructed_i: 0,
        }
    }

    fn checkpoint_commit(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    fn checkpoint_revert(&mut self, checkpoint: JournalCheckpoint) {
        self.depth = self.depth.saturating_sub(1);
        self.logs.truncate(checkpoint.log_i);
        self.revert_to(checkpoint.journal_i);
    }

    fn create_account_checkpoint(
        &mut self,
        caller: Address,
        address: Address,
        balance: U256,
        spec_id: SpecId,
    ) -> Result<JournalCheckpoint, TransferError> {
        self.create_account(caller, address, balance, spec_id)
    }

    fn depth(&self) -> usize {
        self.depth
    }

    /// The handler calls this at the end of a transaction. What is left is what
    /// [`Journal::finish`] reads, so nothing happens before [`Journal::reset`].
    fn commit_tx(&mut self) {}

    fn discard_tx(&mut self) {}

    fn finalize(&mut self) -> Self::State {}

    #[inline]
    fn load_account_info_skip_cold_load(
        &mut self,
        address: Address,
        load_code: bool,
        skip_cold_load: bool,
    ) -> Result<AccountInfoLoad<'_>, LoadError<DB>> {
        let (entry, is_cold) = self.load_entry(address, skip_cold_load)?;
        if load_code {
            // Calls and EXTCODESIZE: code, and whether the account is empty.
            self.load_code(entry).map_err(JournalLoadError::DBError)?;
            self.observe_emptiness(entry)
                .map_err(JournalLoadError::DBError)?;
        } else {
            // Not BALANCE and EXTCODEHASH: see `crate::vm`. From Amsterdam on, CREATE.
            self.observe(entry, Observed::ALL)
                .map_err(JournalLoadError::DBError)?;
        }
        let account = &self.entries[entry].account;
        let is_empty = account.state_clear_aware_is_empty(self.spec);
        Ok(AccountInfoLoad::new(&account.info, is_cold, is_empty))
    }
}

impl<DB: DatabaseRef> Journal<'_, DB> {
    /// Loads an account for somebody who may look at all of it.
    fn load_all(
        &mut self,
        address: Address,
        load_code: bool,
    ) -> Result<(usize, bool), ViewError<DB::Error>> {
        let (entry, is_cold) = self
            .load_entry(address, false)
            .map_err(JournalLoadError::unwrap_db_error)?;
        self.observe(entry, Observed::ALL)?;
        if load_code {
            self.load_code(entry)?;
        }
        Ok((entry, is_cold))
    }
}
