//! What the protocol itself changes around the transactions of a block: system
//! calls, the DAO fork, rewards and withdrawals.
//!
//! These run on the caller's thread while no worker does, at indices of their
//! own (see [`crate::ids`]), through the same journal as transactions. What is
//! paid to whom is the same code as in [`crate::sequential`].

use crate::{
    block::Block,
    error::EngineError,
    ids::{FIRST, Index},
    journal::Journal,
    outcome::TxOutcome,
    sequential::{SystemTransactions as Calls, credits, deposits},
    view::{Mode, ViewError},
    vm::Failure,
    worker::Worker,
    writes::Access,
};
use alloy_eips::{
    eip6110::DEPOSIT_REQUEST_TYPE, eip7002::WITHDRAWAL_REQUEST_TYPE,
    eip7251::CONSOLIDATION_REQUEST_TYPE, eip7685::Requests,
};
use alloy_evm::eth::dao_fork::{DAO_HARDFORK_ACCOUNTS, DAO_HARDFORK_BENEFICIARY};
use alloy_primitives::{Address, Bytes, U256};
use revm::{
    DatabaseRef,
    context::{TxEnv, journaled_state::JournalLoadError, result::ExecutionResult},
    primitives::{KECCAK_EMPTY, hardfork::SpecId},
};
use std::sync::atomic::Ordering;

pub(crate) use crate::sequential::SystemTransactions;

/// Changes before the transactions.
pub(crate) fn before<DB: DatabaseRef>(
    worker: &mut Worker<'_, DB>,
) -> Result<(), EngineError<DB::Error>> {
    let run = worker.run;
    if run.block.protocol.dao_fork {
        worker.change(0, move_dao_funds)?;
    }
    for (index, call) in run.system.before.iter().enumerate() {
        worker.call(index as Index, call)?;
    }
    Ok(())
}

/// Changes after the transactions; the execution-layer requests.
pub(crate) fn after<DB: DatabaseRef>(
    worker: &mut Worker<'_, DB>,
    outcomes: &[TxOutcome],
) -> Result<Requests, EngineError<DB::Error>> {
    let run = worker.run;
    let protocol = &run.block.protocol;
    if run.scheduler.fees_before(run.scheduler.committed()) > U256::ZERO {
        // Fees are paid without looking at the account; now somebody must.
        let loaded = worker.vm.journal().view.base(run.beneficiary);
        loaded.map_err(|error| worker.interrupted(error))?;
    }
    let first = FIRST + run.block.transactions.len() as Index;
    let mut requests = Requests::default();
    if run.block.spec().is_enabled_in(SpecId::PRAGUE) {
        if let Some(contract) = protocol.deposit_contract {
            let deposits = deposits(outcomes, contract).map_err(EngineError::DepositLog)?;
            push(&mut requests, DEPOSIT_REQUEST_TYPE, deposits.into());
        }
        if protocol.collect_requests {
            let output = worker.checked_call(first, &run.system.withdrawals)?;
            push(&mut requests, WITHDRAWAL_REQUEST_TYPE, output);
            let output = worker.checked_call(first + 1, &run.system.consolidations)?;
            push(&mut requests, CONSOLIDATION_REQUEST_TYPE, output);
        }
    }
    let credits = credits(run.block);
    if !credits.is_empty() {
        worker.change(first + 2, |journal| {
            credits.into_iter().try_for_each(|(address, amount)| {
                change_balance(journal, address, |balance| balance.saturating_add(amount))
            })
        })?;
    }
    Ok(requests)
}

fn push(requests: &mut Requests, kind: u8, data: Bytes) {
    if !data.is_empty() {
        requests.push_request_with_type(kind, data);
    }
}

fn move_dao_funds<DB: DatabaseRef>(
    journal: &mut Journal<'_, DB>,
) -> Result<(), ViewError<DB::Error>> {
    let mut funds = U256::ZERO;
    for address in DAO_HARDFORK_ACCOUNTS {
        change_balance(journal, address, |balance| {
            funds = funds.saturating_add(balance);
            U256::ZERO
        })?;
    }
    change_balance(journal, DAO_HARDFORK_BENEFICIARY, |balance| {
        balance.saturating_add(funds)
    })
}

fn change_balance<DB: DatabaseRef>(
    journal: &mut Journal<'_, DB>,
    address: Address,
    change: impl FnOnce(U256) -> U256,
) -> Result<(), ViewError<DB::Error>> {
    let (entry, _) = journal
        .load_entry(address, false)
        .map_err(JournalLoadError::unwrap_db_error)?;
    journal.observe(entry, crate::journal::Observed::BALANCE)?;
    journal.touch(entry);
    let balance = change(journal.entries[entry].balance());
    journal.set_balance(entry, balance);
    Ok(())
}

impl<'m, DB: DatabaseRef> Worker<'m, DB> {
    /// Changes state directly, as `index`.
    fn change(
        &mut self,
        index: Index,
        change: impl FnOnce(&mut Journal<'m, DB>) -> Result<(), ViewError<DB::Error>>,
    ) -> Result<(), EngineError<DB::Error>> {
        let journal = self.vm.journal();
        journal.view.mode = Mode::Final;
        journal.view.transaction = None;
        journal.reset(index);
        self.effects.clear();
        let done = change(journal).and_then(|()| journal.finish(&mut self.effects));
        done.map_err(|error| self.interrupted(error))?;
        self.vm.journal().list_accesses(&mut self.effects.accesses);
        self.publish_protocol(index);
        Ok(())
    }

    fn interrupted(&self, error: ViewError<DB::Error>) -> EngineError<DB::Error> {
        match error {
            ViewError::Database(error) => EngineError::Database(error),
            ViewError::Stall(_) | ViewError::Stale => EngineError::Fatal {
                index: self.run.block.transactions.len(),
                reason: "a protocol change was interrupted".to_owned(),
            },
        }
    }

    /// A call whose outcome does not matter.
    fn call(
        &mut self,
        index: Index,
        tx: &'m TxEnv,
    ) -> Result<ExecutionResult, EngineError<DB::Error>> {
        let address = target(tx);
        match self.vm.system_call(tx, index, &mut self.effects, true) {
            Ok((result, _)) => {
                self.publish_protocol(index);
                Ok(result)
            }
            Err(failure) => Err(match *failure {
                Failure::Database(error) => EngineError::Database(error),
                Failure::InvalidHeader(reason) => EngineError::InvalidHeader(reason),
                Failure::Invalid(reason) => EngineError::SystemCall {
                    address,
                    reason: reason.to_string(),
                },
                Failure::Mismatch(mismatch) => EngineError::AccessList(mismatch),
                Failure::Fatal(reason) => EngineError::SystemCall { address, reason },
            }),
        }
    }

    /// A call that invalidates the block unless it succeeds.
    fn checked_call(
        &mut self,
        index: Index,
        tx: &'m TxEnv,
    ) -> Result<Bytes, EngineError<DB::Error>> {
        let address = target(tx);
        let failed = |reason| EngineError::SystemCall { address, reason };
        if !self.has_code(index, address)? {
            return Err(failed("there is no code".to_owned()));
        }
        match self.call(index, tx)? {
            ExecutionResult::Success { output, .. } => Ok(output.into_data()),
            ExecutionResult::Revert { output, .. } => Err(failed(format!("reverted: {output}"))),
            ExecutionResult::Halt { reason, .. } => Err(failed(format!("halted: {reason:?}"))),
        }
    }

    fn has_code(&mut self, index: Index, address: Address) -> Result<bool, EngineError<DB::Error>> {
        let mut hash = KECCAK_EMPTY;
        self.change(index, |journal| {
            let (entry, _) = journal
                .load_entry(address, false)
                .map_err(JournalLoadError::unwrap_db_error)?;
            hash = journal.entries[entry].account.info.code_hash;
            Ok(())
        })?;
        Ok(hash != KECCAK_EMPTY)
    }

    fn publish_protocol(&self, index: Index) {
        for write in self.arenas.writes.alloc_slice(&self.effects.writes) {
            write
                .target
                .location()
                .publish(index, &write.value, &self.arenas.nodes);
        }
        if self.run.request.given.is_some() {
            let targets = self.effects.writes.iter().map(|write| write.target);
            self.run.lock_protocol_writes().extend(targets);
        }
        mark_accessed(&self.effects.accesses);
    }
}

/// Marks cells as accessed by the block (EIP-7928).
pub(crate) fn mark_accessed(accesses: &[Access]) {
    for access in accesses {
        let mark = match access {
            Access::Account(cell) => &cell.accessed,
            Access::Slot(cell) => &cell.accessed,
        };
        // Most are marked already, and looking does not take the cache line away
        // from others.
        if !mark.load(Ordering::Relaxed) {
            mark.store(true, Ordering::Relaxed);
        }
    }
}

fn target(tx: &TxEnv) -> Address {
    tx.kind.to().copied().unwrap_or_default()
}

/// The system transactions of a block.
pub(crate) fn system_transactions(block: &Block) -> Calls {
    Calls::new(block)
}
