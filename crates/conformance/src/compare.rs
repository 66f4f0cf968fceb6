//! Comparing what two executors made of the same block.

use alloy_eip7928::{AccountChanges, BlockAccessList};
use alloy_primitives::U256;
use parallax_engine::{AccountChange, Block, BlockOutput, EngineError, StateChanges};
use revm::primitives::{KECCAK_EMPTY, hardfork::SpecId};
use std::fmt::{Debug, Display};

/// Compares the results of a replay. Errors of the same kind are the same where
/// their text is free, and must be equal where they blame a transaction.
///
/// # Errors
///
/// A description of the first difference.
pub fn results<E: PartialEq + Display>(
    expected: &Result<BlockOutput, EngineError<E>>,
    got: &Result<BlockOutput, EngineError<E>>,
) -> Result<(), String> {
    match (expected, got) {
        (Ok(expected), Ok(got)) => outputs(expected, got),
        (Err(expected), Err(got)) if same_error(expected, got) => Ok(()),
        (Err(expected), Err(got)) => Err(format!("error ({got}) instead of ({expected})")),
        (Ok(_), Err(got)) => Err(format!("unexpected error: {got}")),
        (Err(expected), Ok(_)) => Err(format!("no error instead of: {expected}")),
    }
}

fn same_error<E: PartialEq>(expected: &EngineError<E>, got: &EngineError<E>) -> bool {
    use EngineError::{DepositLog, Fatal, SystemCall};
    match (expected, got) {
        (SystemCall { address: a, .. }, SystemCall { address: b, .. }) => a == b,
        (DepositLog(_), DepositLog(_)) | (Fatal { .. }, Fatal { .. }) => true,
        (expected, got) => expected == got,
    }
}

/// Compares everything but the statistics, and access lists only if both made
/// one.
///
/// # Errors
///
/// A description of the first difference.
pub fn outputs(expected: &BlockOutput, got: &BlockOutput) -> Result<(), String> {
    lists("outcome", &expected.outcomes, &got.outcomes)?;
    lists("skipped transaction", &expected.skipped, &got.skipped)?;
    same("gas used", &expected.gas_used, &got.gas_used)?;
    same("requests", &expected.requests, &got.requests)?;
    let (mut wanted, mut changes) = (expected.changes.clone(), got.changes.clone());
    wanted.sort();
    changes.sort();
    lists("account change", &wanted.accounts, &changes.accounts)?;
    lists("contract", &wanted.contracts, &changes.contracts)?;
    match (&expected.access_list, &got.access_list) {
        (Some(expected), Some(got)) => lists("access list entry", expected, got),
        _ => Ok(()),
    }
}

/// Whether EIP-7928 says what the list of this block is. Before Cancun a
/// destroyed account takes its storage along, which no list can express, and
/// executors may differ in how they describe its slots: see
/// [`old_access_lists`].
#[must_use]
pub fn lists_are_defined(block: &Block) -> bool {
    block.spec().is_enabled_in(SpecId::CANCUN)
}

fn lists<T: PartialEq + Debug>(what: &str, expected: &[T], got: &[T]) -> Result<(), String> {
    for (index, (expected, got)) in expected.iter().zip(got).enumerate() {
        same(&format!("{what} {index}"), expected, got)?;
    }
    same(&format!("number of {what}s"), &expected.len(), &got.len())
}

fn same<T: PartialEq + Debug>(what: &str, expected: &T, got: &T) -> Result<(), String> {
    if expected == got {
        return Ok(());
    }
    Err(format!("{what} is {got:?} instead of {expected:?}"))
}

/// Checks that a block access list tells of the same final values as the
/// changes of its block.
///
/// # Errors
///
/// A description of the first difference.
pub fn access_list(list: &BlockAccessList, changes: &StateChanges) -> Result<(), String> {
    if !list.is_sorted_by(|a, b| a.address < b.address) {
        return Err("access list is not sorted".into());
    }
    for change in &changes.accounts {
        let address = change.address;
        let entry = list
            .binary_search_by_key(&address, |entry| entry.address)
            .map(|position| &list[position])
            .map_err(|_| format!("{address} changed but is not in the access list"))?;
        account(entry, change).map_err(|difference| format!("{address}: {difference}"))?;
    }
    Ok(())
}

fn account(entry: &AccountChanges, change: &AccountChange) -> Result<(), String> {
    let before = change.before.clone().unwrap_or_default();
    let after = change.after.clone().unwrap_or_default();
    let balance = entry.balance_changes.last().map(|last| last.post_balance);
    same(
        "balance",
        &after.balance,
        &balance.unwrap_or(before.balance),
    )?;
    let nonce = entry.nonce_changes.last().map(|last| last.new_nonce);
    same("nonce", &after.nonce, &nonce.unwrap_or(before.nonce))?;
    let code = entry.code_changes.last().map(|last| {
        let code = last.new_code();
        if code.is_empty() {
            KECCAK_EMPTY
        } else {
            alloy_primitives::keccak256(code)
        }
    });
    same(
        "code hash",
        &after.code_hash,
        &code.unwrap_or(before.code_hash),
    )?;
    for (slot, _, value) in &change.storage {
        let writes = entry
            .storage_changes
            .iter()
            .find(|entry| entry.slot == *slot);
        let last = writes.and_then(|slot| slot.changes.last());
        same::<Option<U256>>(
            &format!("slot {slot}"),
            &Some(*value),
            &last.map(|last| last.new_value),
        )?;
    }
    Ok(())
}

/// Compares access lists of a block before Cancun. They must be equal, but for the
/// storage of an account that its list shows to be destroyed: there, which of its
/// slots count as written, and when, is left open.
///
/// # Errors
///
/// A description of the first difference.
pub fn old_access_lists(expected: &BlockAccessList, got: &BlockAccessList) -> Result<(), String> {
    let comparable = |list: &BlockAccessList| -> BlockAccessList {
        list.iter().cloned().map(without_lost_storage).collect()
    };
    lists("access list entry", &comparable(expected), &comparable(got))
}

/// All slots of a destroyed account as if they were only read.
fn without_lost_storage(mut account: AccountChanges) -> AccountChanges {
    let mut codes = account.code_changes.iter();
    let mut nonces = account.nonce_changes.iter();
    if codes.any(|change| change.new_code.is_empty()) || nonces.any(|change| change.new_nonce == 0)
    {
        let mut slots: Vec<_> = account.storage_slots().collect();
        slots.sort_unstable();
        account.storage_changes.clear();
        account.storage_reads = slots;
    }
    account
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_eip7928::{BalanceChange, BlockAccessIndex, NonceChange, SlotChanges, StorageChange};
    use alloy_primitives::Address;
    use parallax_engine::InvalidReason;
    use revm::state::AccountInfo;
    use std::convert::Infallible;

    fn invalid(index: usize) -> EngineError<Infallible> {
        let reason = InvalidReason::BlockGasLimit {
            gas_limit: 2,
            available: 1,
        };
        EngineError::InvalidTransaction { index, reason }
    }

    fn system_call(reason: &str) -> EngineError<Infallible> {
        EngineError::SystemCall {
            address: Address::ZERO,
            reason: reason.into(),
        }
    }

    #[test]
    fn errors_must_blame_the_same_transaction() {
        let block = Ok(BlockOutput::default());
        assert!(results(&Err(invalid(1)), &Err(invalid(1))).is_ok());
        assert!(results(&Err(invalid(1)), &Err(invalid(2))).is_err());
        assert!(results(&Err(invalid(1)), &block).is_err());
        assert!(results(&block, &Err(invalid(1))).is_err());
        let reverted = Err(system_call("reverted"));
        assert!(results(&reverted, &Err(system_call("no"))).is_ok());
        assert!(results(&reverted, &Err(invalid(0))).is_err());
    }

    #[test]
    fn outputs_differ_in_gas_and_changes() {
        let expected = BlockOutput::default();
        assert!(outputs(&expected, &expected.clone()).is_ok());
        let mut got = expected.clone();
        got.gas_used = 1;
        assert_eq!(
            outputs(&expected, &got).unwrap_err(),
            "gas used is 1 instead of 0"
        );
        let mut got = expected.clone();
        got.changes = changes();
        let difference = outputs(&expected, &got).unwrap_err();
        assert_eq!(difference, "number of account changes is 1 instead of 0");
    }

    #[test]
    fn an_access_list_must_end_with_the_changes() {
        let entry = |balance| AccountChanges {
            address: Address::ZERO,
            balance_changes: vec![BalanceChange::new(
                BlockAccessIndex::new(1),
                U256::from(balance),
            )],
            ..AccountChanges::default()
        };
        assert!(access_list(&vec![entry(7)], &changes()).is_ok());
        assert!(access_list(&vec![entry(8)], &changes()).is_err());
        assert!(access_list(&vec![], &changes()).is_err());
    }

    #[test]
    fn old_lists_may_differ_in_the_storage_of_destroyed_accounts_alone() {
        let index = BlockAccessIndex::new(1);
        let written = |nonce| AccountChanges {
            storage_changes: vec![SlotChanges::new(
                U256::ONE,
                vec![StorageChange::new(index, U256::ZERO)],
            )],
            nonce_changes: vec![NonceChange::new(index, nonce)],
            ..AccountChanges::default()
        };
        let read = |nonce, slot| AccountChanges {
            storage_changes: vec![],
            storage_reads: vec![U256::from(slot)],
            ..written(nonce)
        };
        let compare = |expected, got| old_access_lists(&vec![expected], &vec![got]);
        assert!(compare(written(0), read(0, 1)).is_ok());
        assert!(compare(written(0), read(0, 2)).is_err());
        assert!(compare(written(7), read(7, 1)).is_err());
        assert!(compare(written(7), written(7)).is_ok());
        assert!(compare(written(0), written(7)).is_err());
    }

    fn changes() -> StateChanges {
        let account = AccountChange {
            address: Address::ZERO,
            before: None,
            after: Some(AccountInfo::from_balance(U256::from(7))),
            wiped: false,
            storage: vec![],
        };
        StateChanges {
            accounts: vec![account],
            contracts: vec![],
        }
    }
}
