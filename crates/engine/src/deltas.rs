//! Balances as sums: base value, absolute versions, deltas and fees.
//!
//! Most balance changes need no read: a payment adds, a debit subtracts and only
//! relies on there being enough. They are stored as deltas and folded when
//! somebody looks:
//!
//! ```text
//! balance(i) = newest absolute version below i, or the base value
//!            + deltas between it and i
//!            + fees of transactions between it and i, if this is the beneficiary
//! ```
//!
//! Fees never become versions: every transaction pays one to the same account,
//! and a list that all workers append to would be the block's hottest location.
//! They stay with the transaction; the committed prefix has running sums. An
//! absolute version of the beneficiary's balance counts the fees of the
//! transactions before its writer, not the writer's own.
//!
//! When a transaction commits, its deltas are replaced by absolute values, so
//! that folds stay short.

use crate::{
    ids::{FIRST, Index},
    memory::{AccountCell, Value},
    scheduler::Scheduler,
};
use alloy_primitives::{Address, U256};

/// The fees of the block's transactions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fees<'m> {
    pub(crate) beneficiary: Address,
    pub(crate) scheduler: &'m Scheduler,
    /// False where the beneficiary's versions already include fees (Verify).
    pub(crate) separate: bool,
}

/// What to do about a transaction whose fee is not known yet.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unknown {
    Fails,
    CountsAsZero,
}

impl Fees<'_> {
    /// Fees of the transactions in `from..to`, or the first one whose fee is not
    /// known yet.
    fn between(&self, from: Index, to: Index, unknown: Unknown) -> Result<U256, Index> {
        let transactions = self.scheduler.transactions();
        let from = (from.max(FIRST) - FIRST) as usize;
        let to = ((to.max(FIRST) - FIRST) as usize).min(transactions);
        if !self.separate || from >= to {
            return Ok(U256::ZERO);
        }
        let committed = self.scheduler.committed().min(to);
        let mut sum = U256::ZERO;
        if committed > from {
            sum = self.scheduler.fees_before(committed) - self.scheduler.fees_before(from);
        }
        for tx in committed.max(from)..to {
            match self.scheduler.fee(tx) {
                Some(fee) => sum += U256::from(fee),
                None if unknown == Unknown::CountsAsZero => {}
                None => return Err(FIRST + tx as Index),
            }
        }
        Ok(sum)
    }
}

/// The balance of `cell` that `index` sees. `check` is asked about the writer of
/// each version that goes into it. The base must be loaded.
///
/// # Errors
/// What `check` returned, or the index of a transaction whose fee is not known.
pub(crate) fn balance(
    cell: &AccountCell,
    index: Index,
    fees: &Fees<'_>,
    check: impl FnMut(Index) -> Result<(), Index>,
) -> Result<U256, Index> {
    fold(cell, index, fees, Unknown::Fails, check)
}

/// Like [`balance`], but counts fees that are not known yet as zero: a lower
/// bound, as fees are never negative.
///
/// # Errors
/// What `check` returned.
pub(crate) fn balance_bound(
    cell: &AccountCell,
    index: Index,
    fees: &Fees<'_>,
    check: impl FnMut(Index) -> Result<(), Index>,
) -> Result<U256, Index> {
    fold(cell, index, fees, Unknown::CountsAsZero, check)
}

fn fold(
    cell: &AccountCell,
    index: Index,
    fees: &Fees<'_>,
    unknown: Unknown,
    mut check: impl FnMut(Index) -> Result<(), Index>,
) -> Result<U256, Index> {
    let mut sum = U256::ZERO;
    let mut absolute = None;
    for (writer, value) in cell.balance.below(index) {
        check(writer)?;
        match value {
            Value::Delta(delta) => sum = sum.wrapping_add(*delta),
            Value::Word(word) => {
                absolute = Some((writer, *word));
                break;
            }
            _ => {}
        }
    }
    let (since, start) =
        absolute.unwrap_or_else(|| (0, cell.base().map_or(U256::ZERO, |base| base.info.balance)));
    sum = sum.wrapping_add(start);
    if cell.address == fees.beneficiary {
        sum = sum.wrapping_add(fees.between(since, index, unknown)?);
    }
    Ok(sum)
}
