//! Accounts that come and go in the running transaction.

use super::{Journal, LoadError, Observed, undo::Undo};
use alloy_primitives::{Address, U256};
use revm::{
    DatabaseRef,
    context::journaled_state::{JournalCheckpoint, JournalLoadError, TransferError},
    context_interface::{
        JournalTr,
        context::{SelfDestructResult, StateLoad},
    },
    primitives::{KECCAK_EMPTY, hardfork::SpecId},
};

impl<DB: DatabaseRef> Journal<'_, DB> {
    /// SELFDESTRUCT.
    pub(super) fn destroy_account(
        &mut self,
        address: Address,
        target: Address,
        skip_cold_load: bool,
    ) -> Result<StateLoad<SelfDestructResult>, LoadError<DB>> {
        let (to, is_cold) = self.load_entry(target, skip_cold_load)?;
        let from = self.loaded(&address);
        self.observe(from, Observed::ALL)
            .map_err(JournalLoadError::DBError)?;
        self.observe_emptiness(to)
            .map_err(JournalLoadError::DBError)?;
        let target_is_empty = self.entries[to]
            .account
            .state_clear_aware_is_empty(self.spec);
        let balance = self.entries[from].balance();
        let previously_destroyed = self.entries[from].account.is_selfdestructed();

        if from != to {
            self.touch(to);
            // revm adds without a check; like it, wrap.
            if !self
                .credit(to, balance)
                .map_err(JournalLoadError::DBError)?
            {
                let sum = self.entries[to].balance().wrapping_add(balance);
                self.set_balance(to, sum);
            }
        }
        // EIP-6780: from Cancun on only what was created in this transaction goes.
        let destroys =
            self.entries[from].account.is_created_locally() || !self.is_enabled(SpecId::CANCUN);
        if destroys {
            self.entries[from].account.mark_selfdestructed_locally();
            self.undo.push(Undo::Destroyed {
                entry: from,
                first: !previously_destroyed,
            });
        }
        if destroys || from != to {
            self.set_balance(from, U256::ZERO);
        }
        Ok(StateLoad::new(
            SelfDestructResult {
                had_value: !balance.is_zero(),
                target_exists: !target_is_empty,
                previously_destroyed,
            },
            is_cold,
        ))
    }

    /// Creates an account, under a checkpoint that the frame ends.
    pub(super) fn create_account(
        &mut self,
        caller: Address,
        address: Address,
        balance: U256,
        spec_id: SpecId,
    ) -> Result<JournalCheckpoint, TransferError> {
        let checkpoint = self.checkpoint();
        let target = self.loaded(&address);
        let info = &self.entries[target].account.info;
        if info.code_hash != KECCAK_EMPTY || info.nonce != 0 {
            self.checkpoint_revert(checkpoint);
            return Err(TransferError::CreateCollision);
        }
        let first = self.entries[target].account.mark_created_locally();
        self.undo.push(Undo::Created {
            entry: target,
            first,
        });
        let info = &mut self.entries[target].account.info;
        info.code = None;
        if spec_id.is_enabled_in(SpecId::SPURIOUS_DRAGON) {
            info.nonce = 1;
        }
        self.touch(target);
        if balance.is_zero() {
            return Ok(checkpoint);
        }
        // Both accounts were loaded, and therefore observed, in full.
        if !matches!(self.credit(target, balance), Ok(true)) {
            self.checkpoint_revert(checkpoint);
            return Err(TransferError::OverflowPayment);
        }
        let payer = self.loaded(&caller);
        let rest = self.entries[payer].balance().wrapping_sub(balance);
        self.set_balance(payer, rest);
        Ok(checkpoint)
    }
}
