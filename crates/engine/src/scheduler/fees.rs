//! What transactions pay to the beneficiary, beside the memory.

use super::{Scheduler, State};
use crate::sync::atomic::{Ordering, fence};
use alloy_primitives::U256;

impl Scheduler {
    /// The fee of an executed transaction.
    pub(crate) fn fee(&self, tx: usize) -> Option<u128> {
        let transaction = &self.transactions[tx];
        match transaction.status.load().0 {
            State::Executed | State::Done | State::Committed => Some(transaction.fee()),
            State::Ready | State::Running | State::Stalled | State::Doomed => None,
        }
    }

    /// The fee that the last finished incarnation of `tx` published.
    pub(crate) fn last_fee(&self, tx: usize) -> u128 {
        self.transactions[tx].fee()
    }

    /// Takes back the fee of a transaction that is left out of the block.
    pub(crate) fn clear_fee(&self, tx: usize) {
        self.transactions[tx].set_fee(0);
        fence(Ordering::SeqCst);
    }

    /// Sum of the fees below `tx`, which must be at most [`Scheduler::committed`].
    pub(crate) fn fees_before(&self, tx: usize) -> U256 {
        if tx == 0 {
            return U256::ZERO;
        }
        let before = U256::from_limbs(self.asides[tx - 1].fees_before.load());
        before + U256::from(self.transactions[tx - 1].fee())
    }

    /// Sets the sum of the fees below `tx`; part of committing `tx`.
    pub(crate) fn set_fees_before(&self, tx: usize, sum: U256) {
        self.asides[tx].fees_before.store(*sum.as_limbs());
    }
}
