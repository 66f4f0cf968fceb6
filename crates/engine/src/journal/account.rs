//! Accounts of the running transaction: loading, observing, paying.

use super::{Journal, LoadError, Observed, is_huge, undo::Undo};
use crate::{view::ViewError, writes};
use alloy_primitives::{Address, U256};
use revm::{
    DatabaseRef,
    context::journaled_state::{JournalLoadError, TransferError},
    primitives::{KECCAK_EMPTY, hardfork::SpecId},
    state::{AccountStatus, Bytecode, TransactionId},
};

impl<'m, DB: DatabaseRef> Journal<'m, DB> {
    /// Loads an account and warms it; its position and whether it was cold.
    /// Observes nothing but, before Spurious Dragon, its existence.
    #[inline]
    pub(crate) fn load_entry(
        &mut self,
        address: Address,
        skip_cold_load: bool,
    ) -> Result<(usize, bool), LoadError<DB>> {
        if let Some(i) = self.find(&address) {
            self.last = i;
            if !self.entries[i].account.status.contains(AccountStatus::Cold) {
                return Ok((i, false));
            }
            let is_cold = self.warm.check_is_cold(&address, skip_cold_load)?;
            self.entries[i]
                .account
                .mark_warm_with_transaction_id(TransactionId::ZERO);
            self.undo.push(Undo::AccountWarmed(i));
            return Ok((i, is_cold));
        }
        let is_cold = self.warm.check_is_cold(&address, skip_cold_load)?;
        let i = self.insert(address).map_err(JournalLoadError::DBError)?;
        if is_cold {
            self.undo.push(Undo::AccountWarmed(i));
        }
        Ok((i, is_cold))
    }

    /// Adds the entry of an account that is not loaded yet.
    fn insert(&mut self, address: Address) -> Result<usize, ViewError<DB::Error>> {
        if self.view.is_suspect() {
            self.recheck()?;
        }
        let cell = self.view.cell(address);
        let loaded = self.view.load(cell)?;
        let balance = loaded.balance;
        let i = self.entries.add(cell, loaded);
        self.accounts.insert(cell.hash, i);
        self.last = i;
        if !self.is_enabled(SpecId::SPURIOUS_DRAGON) {
            self.observe(i, Observed::LIFE)?;
        }
        if is_huge(balance) {
            self.observe(i, Observed::BALANCE)?;
        }
        Ok(i)
    }

    /// Notes that the transaction depends on these parts of the account as they
    /// were before it.
    #[inline]
    pub(crate) fn observe(
        &mut self,
        i: usize,
        parts: Observed,
    ) -> Result<(), ViewError<DB::Error>> {
        let entry = &mut self.entries[i];
        if entry.observed.contains(parts) {
            return Ok(());
        }
        let new = parts.without(entry.observed);
        if new.contains(Observed::BALANCE) && !entry.balance_is_exact {
            let exact = self.view.exact_balance(entry.cell)?;
            if exact < entry.at_least {
                // It was a lower bound, and something below has changed since:
                // what was decided by it may be wrong.
                return Err(ViewError::Stale);
            }
            let delta = entry.delta();
            entry.balance_before = exact;
            entry.account.info.balance = exact.wrapping_add(delta);
            entry.balance_is_exact = true;
        }
        entry.observed.insert(parts);
        let hash = entry.cell.hash;
        for (part, observed) in [
            (0, Observed::BALANCE),
            (1, Observed::NONCE),
            (1, Observed::HAS_NONCE),
            (2, Observed::CODE),
            (3, Observed::LIFE),
        ] {
            if new.contains(observed) {
                self.view.mark(writes::bit(hash, part));
            }
        }
        Ok(())
    }

    /// Observes whether an account is empty. Relies on no more than is needed: that it
    /// has code, or had a nonce, or that its balance is zero, or that it is not.
    pub(crate) fn observe_emptiness(&mut self, i: usize) -> Result<(), ViewError<DB::Error>> {
        if self.entries[i].account.info.code_hash != KECCAK_EMPTY {
            return self.observe(i, Observed::CODE);
        }
        let entry = &self.entries[i];
        if entry.account.info.nonce != 0 {
            // Only ever counted up where it is not observed, so any other that it might
            // have had would not be zero now either.
            let had_one = entry.nonce_before != 0;
            let part = if had_one {
                Observed::HAS_NONCE
            } else {
                Observed::NONCE
            };
            return self.observe(i, part);
        }
        self.observe(i, Observed::CODE)?;
        self.observe(i, Observed::NONCE)?;
        if self.entries[i].balance().is_zero() {
            self.observe(i, Observed::BALANCE)
        } else {
            self.rely_on(i, U256::from(1));
            Ok(())
        }
    }

    /// Relies on the current balance being at least `amount`, which it is.
    pub(crate) fn rely_on(&mut self, i: usize, amount: U256) {
        self.entries[i].rely_on(amount);
        self.view.mark(writes::bit(self.entries[i].cell.hash, 0));
    }

    /// Makes sure that the entry has its code.
    pub(crate) fn load_code(&mut self, i: usize) -> Result<(), ViewError<DB::Error>> {
        self.observe(i, Observed::CODE)?;
        let info = &self.entries[i].account.info;
        if info.code.is_none() {
            let code = if info.code_hash == KECCAK_EMPTY {
                self.view.codes.empty()
            } else {
                self.view.code(info.code_hash)?
            };
            self.entries[i].account.info.code = Some(code);
        }
        Ok(())
    }

    pub(crate) fn touch(&mut self, i: usize) {
        let account = &mut self.entries[i].account;
        if !account.is_touched() {
            account.mark_touch();
            self.undo.push(Undo::Touched(i));
        }
    }

    /// Sets the balance to `balance`, which is `before + growth`.
    fn grow_balance(&mut self, i: usize, growth: U256) {
        let balance = &mut self.entries[i].account.info.balance;
        *balance = balance.wrapping_add(growth);
        self.undo.push(Undo::Balance(i, growth));
    }

    /// Adds to a balance; `false` if it would overflow.
    pub(crate) fn credit(&mut self, i: usize, amount: U256) -> Result<bool, ViewError<DB::Error>> {
        let may_overflow = self.view.memory.may_overflow();
        if may_overflow || is_huge(amount) || is_huge(self.entries[i].balance()) {
            self.observe(i, Observed::BALANCE)?;
        }
        if self.entries[i].balance().checked_add(amount).is_none() {
            return Ok(false);
        }
        if !amount.is_zero() {
            self.grow_balance(i, amount);
        }
        Ok(true)
    }

    /// Takes from a balance; `false` if there is not enough.
    pub(crate) fn debit(&mut self, i: usize, amount: U256) -> Result<bool, ViewError<DB::Error>> {
        if self.entries[i].balance() < amount {
            self.observe(i, Observed::BALANCE)?;
            if self.entries[i].balance() < amount {
                return Ok(false);
            }
        }
        if !amount.is_zero() {
            self.rely_on(i, amount);
            self.grow_balance(i, amount.wrapping_neg());
        }
        Ok(true)
    }

    /// Sets a balance outright.
    pub(crate) fn set_balance(&mut self, i: usize, balance: U256) {
        let growth = balance.wrapping_sub(self.entries[i].balance());
        if !growth.is_zero() {
            self.grow_balance(i, growth);
        }
    }

    pub(crate) fn set_nonce(&mut self, i: usize, nonce: u64) {
        let info = &mut self.entries[i].account.info;
        self.undo.push(Undo::Nonce(i, info.nonce));
        info.nonce = nonce;
    }

    pub(crate) fn set_code_of(&mut self, i: usize, hash: alloy_primitives::B256, code: Bytecode) {
        let info = &mut self.entries[i].account.info;
        self.undo
            .push(Undo::Code(i, info.code_hash, info.code.take()));
        info.code_hash = hash;
        info.code = Some(code);
    }

    /// Moves value between two accounts, in revm's order of steps.
    pub(super) fn pay(
        &mut self,
        from: usize,
        to: usize,
        amount: U256,
    ) -> Result<Option<TransferError>, ViewError<DB::Error>> {
        if from == to {
            if self.entries[from].balance() < amount {
                self.observe(from, Observed::BALANCE)?;
                if self.entries[from].balance() < amount {
                    return Ok(Some(TransferError::OutOfFunds));
                }
            }
            if !amount.is_zero() {
                self.rely_on(from, amount);
            }
            return Ok(None);
        }
        if amount.is_zero() {
            self.touch(to);
            return Ok(None);
        }
        self.touch(from);
        if !self.debit(from, amount)? {
            return Ok(Some(TransferError::OutOfFunds));
        }
        let debit = self.undo.len() - 1;
        self.touch(to);
        if !self.credit(to, amount)? {
            // revm does not return the money in this case, which cannot happen
            // with the ether that there is.
            self.undo.remove(debit);
            return Ok(Some(TransferError::OverflowPayment));
        }
        Ok(None)
    }

    /// Somebody suspects that a value read so far has changed: finds out.
    ///
    /// # Errors
    /// [`ViewError::Stale`] if one has.
    pub(crate) fn recheck(&mut self) -> Result<(), ViewError<DB::Error>> {
        if let Some(transaction) = self.view.transaction {
            transaction.status.clear_suspicion();
        }
        if self.reads_hold() {
            return Ok(());
        }
        let blames_callee = self.note_stale_slots();
        self.view.blames_callee.set(blames_callee);
        Err(ViewError::Stale)
    }
}
