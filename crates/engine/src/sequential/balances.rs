//! Balances that the protocol changes without a transaction: rewards,
//! withdrawals and the DAO fork.

use super::{BlockState, StateError};
use crate::{Block, Ommer};
use alloy_evm::eth::dao_fork::{DAO_HARDFORK_ACCOUNTS, DAO_HARDFORK_BENEFICIARY};
use alloy_primitives::{Address, U256};
use revm::{
    Database, DatabaseCommit, DatabaseRef,
    primitives::hardfork::SpecId,
    state::{Account, TransactionId},
};
use std::collections::BTreeMap;

/// What each account receives at the end of the block. A zero amount still
/// touches its account, which removes an empty one (EIP-161).
pub(crate) fn credits(block: &Block) -> BTreeMap<Address, U256> {
    let mut credits = BTreeMap::<Address, U256>::new();
    let mut add = |address, amount| {
        let sum = credits.entry(address).or_default();
        *sum = sum.saturating_add(amount);
    };
    let protocol = &block.protocol;
    if let Some(reward) = protocol.block_reward.map(U256::from) {
        for ommer in &protocol.ommers {
            add(
                ommer.beneficiary,
                ommer_reward(reward, block.env.number, ommer),
            );
        }
        let nephew_rewards = (reward >> 5) * U256::from(protocol.ommers.len());
        add(block.env.beneficiary, reward + nephew_rewards);
    }
    if block.spec().is_enabled_in(SpecId::SHANGHAI) {
        for withdrawal in &protocol.withdrawals {
            add(withdrawal.address, withdrawal.amount_wei());
        }
    }
    credits
}

/// `(8 + ommer - block) / 8` of the reward (yellow paper, 11.3); nothing for an
/// ommer that is more than seven blocks old.
fn ommer_reward(reward: U256, number: U256, ommer: &Ommer) -> U256 {
    let eighths = (U256::from(ommer.number) + U256::from(8)).saturating_sub(number);
    eighths.saturating_mul(reward) >> 3
}

/// Adds to balances.
pub(super) fn credit<DB: DatabaseRef>(
    state: &mut BlockState<'_, DB>,
    credits: BTreeMap<Address, U256>,
    spec: SpecId,
) -> Result<(), StateError<DB>> {
    for (address, amount) in credits {
        change_balance(state, address, spec, |balance| {
            balance.saturating_add(amount)
        })?;
    }
    Ok(())
}

/// Empties the DAO and its children into the refund contract, before the
/// transactions of the block ([EIP-779](https://eips.ethereum.org/EIPS/eip-779)).
pub(super) fn move_dao_funds<DB: DatabaseRef>(
    state: &mut BlockState<'_, DB>,
    spec: SpecId,
) -> Result<(), StateError<DB>> {
    let mut funds = U256::ZERO;
    for address in DAO_HARDFORK_ACCOUNTS {
        change_balance(state, address, spec, |balance| {
            funds = funds.saturating_add(balance);
            U256::ZERO
        })?;
    }
    change_balance(state, DAO_HARDFORK_BENEFICIARY, spec, |balance| {
        balance.saturating_add(funds)
    })
}

/// Commits a new balance as a touch of the account.
fn change_balance<DB: DatabaseRef>(
    state: &mut BlockState<'_, DB>,
    address: Address,
    spec: SpecId,
    change: impl FnOnce(U256) -> U256,
) -> Result<(), StateError<DB>> {
    let mut account = state.basic(address)?.map_or_else(
        || Account::new_not_existing(TransactionId::ZERO),
        Account::from,
    );
    account.info.balance = change(account.info.balance);
    account.mark_touch();
    if account.is_empty() && !spec.is_enabled_in(SpecId::SPURIOUS_DRAGON) {
        // State removes a touched empty account, which is wrong before EIP-161.
        // One that is created stays, and an account without nonce and code has
        // no storage that creating it again could lose.
        account.mark_created();
    }
    state.commit_iter(&mut std::iter::once((address, account)));
    Ok(())
}
