//! What happened in a block: shows that random blocks reach what they should.

use super::runner::{Executed, Rejected, Runner};
use crate::Workload;
use alloy_primitives::{Address, U256, address, map::AddressSet};
use revm::{
    context::{
        TransactionType, TxEnv,
        result::{ExecutionResult, HaltReason, InvalidTransaction},
    },
    state::{Account, AccountInfo, Bytecode},
};
use std::ops::AddAssign;

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// How often each kind of event happened.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct Coverage {
            $($(#[$doc])* pub $name: usize,)*
        }

        impl Coverage {
            /// The counters by name.
            #[must_use]
            pub fn counters(&self) -> Vec<(&'static str, usize)> {
                vec![$((stringify!($name), self.$name),)*]
            }
        }

        impl AddAssign for Coverage {
            fn add_assign(&mut self, other: Self) {
                $(self.$name += other.$name;)*
            }
        }
    };
}

counters! {
    /// Transactions that succeeded.
    successes,
    /// Transactions that reverted.
    reverts,
    /// Transactions that ran out of gas.
    out_of_gas,
    /// Transactions that halted for another reason.
    other_halts,
    /// Accounts with code or a nonce created, those of failed frames left out.
    creations,
    /// Creations by transaction that met an account already there.
    collisions,
    /// Accounts destroyed at the end of a transaction.
    destructions,
    /// Accounts created after an earlier transaction destroyed them.
    recreations,
    /// Delegations set on an account without code.
    delegations,
    /// Delegations changed to another target.
    redelegations,
    /// Delegations cleared.
    clearings,
    /// Transactions whose sender could not have paid in the parent state.
    funded_in_block,
    /// Transactions rejected because the sender could not pay any more, though
    /// the parent state had enough.
    overdrafts,
    /// Transactions rejected for their nonce.
    wrong_nonces,
    /// Transactions rejected for the gas left in the block.
    block_gas,
    /// Transactions rejected for anything else.
    other_rejections,
    /// Transactions that the coinbase sent.
    from_coinbase,
    /// Transactions that changed the coinbase by more than the fee.
    to_coinbase,
    /// Existing empty accounts, or absent ones, touched without value.
    empty_touches,
    /// Transactions with blobs.
    blobs,
    /// Transactions with access lists.
    access_lists,
    /// Transactions straight to a precompile.
    precompiles,
    /// Withdrawals, rewards and system calls.
    protocol_changes,
}

impl Coverage {
    /// Executes a block on plain revm and counts.
    #[must_use]
    pub fn of(workload: &Workload) -> Self {
        let mut coverage = Self::default();
        let mut runner = Runner::new(workload);
        let mut destroyed = AddressSet::default();
        for tx in &workload.block.transactions {
            match runner.run(tx) {
                Ok(executed) => coverage.included(workload, tx, &executed, &mut destroyed),
                Err(rejected) => coverage.rejected(workload, tx, &rejected),
            }
        }
        let protocol = &workload.block.protocol;
        coverage.protocol_changes += protocol.withdrawals.len()
            + protocol.ommers.len()
            + usize::from(protocol.block_reward.is_some())
            + usize::from(protocol.parent_hash.is_some())
            + usize::from(protocol.parent_beacon_block_root.is_some())
            + usize::from(protocol.collect_requests);
        coverage
    }

    fn included(
        &mut self,
        workload: &Workload,
        tx: &TxEnv,
        executed: &Executed,
        destroyed: &mut AddressSet,
    ) {
        self.result(&executed.result);
        self.transaction(workload, tx);
        for (address, account) in &executed.state {
            self.account(*address, account, destroyed);
        }
        let coinbase = workload.block.env.beneficiary;
        let to_coinbase = executed.state.get(&coinbase).is_some_and(|account| {
            let fees = U256::from(executed.result.tx_gas_used()) * U256::from(tx.gas_price.max(1));
            account.info.balance > account.original_info().balance.saturating_add(fees)
        });
        self.to_coinbase += usize::from(to_coinbase);
    }

    fn result(&mut self, result: &ExecutionResult) {
        let counter = match result {
            ExecutionResult::Success { .. } => &mut self.successes,
            ExecutionResult::Revert { .. } => &mut self.reverts,
            ExecutionResult::Halt { reason, .. } => match reason {
                HaltReason::OutOfGas(_) => &mut self.out_of_gas,
                HaltReason::CreateCollision => &mut self.collisions,
                _ => &mut self.other_halts,
            },
        };
        *counter += 1;
    }

    fn transaction(&mut self, workload: &Workload, tx: &TxEnv) {
        let precompile = tx.kind.to().is_some_and(|to| *to <= PRECOMPILES);
        self.precompiles += usize::from(precompile);
        self.blobs += usize::from(tx.tx_type == TransactionType::Eip4844 as u8);
        self.access_lists += usize::from(!tx.access_list.is_empty());
        self.from_coinbase += usize::from(tx.caller == workload.block.env.beneficiary);
        self.funded_in_block += usize::from(!could_pay_at_first(workload, tx));
    }

    fn account(&mut self, address: Address, account: &Account, destroyed: &mut AddressSet) {
        if account.is_selfdestructed() {
            self.destructions += 1;
            destroyed.insert(address);
        } else if account.is_created() {
            self.creations += 1;
            self.recreations += usize::from(destroyed.contains(&address));
        }
        if account.is_touched() && account.is_empty() && account.original_info().is_empty() {
            self.empty_touches += 1;
        }
        let target = |info: &AccountInfo| info.code.as_ref().and_then(Bytecode::eip7702_address);
        match (target(&account.original_info()), target(&account.info)) {
            (None, Some(_)) => self.delegations += 1,
            (Some(before), Some(after)) if before != after => self.redelegations += 1,
            (Some(_), None) => self.clearings += 1,
            _ => {}
        }
    }

    fn rejected(&mut self, workload: &Workload, tx: &TxEnv, rejected: &Rejected) {
        let counter = match rejected {
            Rejected::BlockGas => &mut self.block_gas,
            Rejected::Invalid(
                InvalidTransaction::NonceTooHigh { .. } | InvalidTransaction::NonceTooLow { .. },
            ) => &mut self.wrong_nonces,
            Rejected::Invalid(InvalidTransaction::LackOfFundForMaxFee { .. })
                if could_pay_at_first(workload, tx) =>
            {
                &mut self.overdrafts
            }
            Rejected::Invalid(_) => &mut self.other_rejections,
        };
        *counter += 1;
    }
}

/// The highest address that is a precompile in some fork (EIP-7951).
const PRECOMPILES: Address = address!("0x0000000000000000000000000000000000000100");

fn could_pay_at_first(workload: &Workload, tx: &TxEnv) -> bool {
    let cost = U256::from(tx.gas_price) * U256::from(tx.gas_limit);
    let balance = workload.state.account(tx.caller);
    let balance = balance.map_or(U256::ZERO, |info| info.balance);
    cost.saturating_add(tx.value) <= balance
}
