//! What a call may pretend.

use super::{Session, evm::database};
use crate::error::RpcError;
use alloy_evm::overrides::apply_block_overrides;
use alloy_primitives::{Address, U256, map::B256HashMap};
use alloy_rpc_types_eth::{
    BlockOverrides,
    state::{AccountOverride, StateOverride},
};
use revm::{
    Database, DatabaseCommit,
    precompile::{PrecompileSpecId, Precompiles},
    primitives::{HashMap, KECCAK_EMPTY},
    state::{Account, AccountStatus, Bytecode, EvmStorageSlot, TransactionId},
};

/// Lets a call see another block.
pub(crate) fn override_block(session: &mut Session, overrides: BlockOverrides) {
    let number = overrides.number;
    apply_block_overrides(overrides, &mut session.db, &mut session.env.block_env);
    // Numbers that do not fit into 64 bits are seen as they are.
    if let Some(number) = number {
        session.env.block_env.number = number;
    }
}

/// Lets a call see another state.
pub(crate) fn override_state(
    session: &mut Session,
    overrides: StateOverride,
) -> Result<(), RpcError> {
    let mut overrides: Vec<_> = overrides.into_iter().collect();
    overrides.sort_unstable_by_key(|(address, _)| *address);
    for (address, account) in &overrides {
        move_precompile(session, *address, account, &overrides)?;
    }
    for (address, account) in overrides {
        override_account(session, address, account)?;
    }
    Ok(())
}

fn move_precompile(
    session: &mut Session,
    address: Address,
    account: &AccountOverride,
    all: &[(Address, AccountOverride)],
) -> Result<(), RpcError> {
    let Some(to) = account.move_precompile_to else {
        return Ok(());
    };
    let spec = PrecompileSpecId::from_spec_id(session.env.cfg_env.spec);
    let is_there = Precompiles::new(spec).contains(&address)
        && !session.moves.iter().any(|(from, _)| *from == address);
    if !is_there {
        return Err(RpcError::server(format!(
            "account {address:#x} is not a precompile"
        )));
    }
    if all
        .iter()
        .any(|(other, of)| *other == to && of.move_precompile_to.is_none() && *other != address)
    {
        return Err(RpcError::server(format!(
            "account {to:#x} has already been overridden"
        )));
    }
    session.moves.push((address, to));
    Ok(())
}

fn override_account(
    session: &mut Session,
    address: Address,
    account: AccountOverride,
) -> Result<(), RpcError> {
    let db = &mut session.db;
    let mut info = db.basic(address).map_err(database)?.unwrap_or_default();
    info.nonce = account.nonce.unwrap_or(info.nonce);
    info.balance = account.balance.unwrap_or(info.balance);
    if let Some(code) = account.code {
        let code =
            Bytecode::new_raw_checked(code.clone()).unwrap_or_else(|_| Bytecode::new_legacy(code));
        info.code_hash = match code.is_empty() {
            true => KECCAK_EMPTY,
            false => code.hash_slow(),
        };
        info.code = Some(code);
    }
    let mut changed = Account::from(info);
    changed.status = AccountStatus::Touched;
    let words: B256HashMap<_> = match (account.state, account.state_diff) {
        (Some(_), Some(_)) => {
            return Err(RpcError::server(format!(
                "account {address:#x} has both 'state' and 'stateDiff'"
            )));
        }
        (None, None) => B256HashMap::default(),
        (Some(state), None) => {
            let mut gone = Account::default();
            gone.status = AccountStatus::SelfDestructed | AccountStatus::Touched;
            db.commit(HashMap::from_iter([(address, gone)]));
            changed.mark_created();
            state
        }
        (None, Some(words)) => {
            if changed.info.is_empty() && !words.is_empty() {
                changed.mark_created();
            }
            words
        }
    };
    let is_new = changed.is_created();
    for (slot, word) in words {
        let slot = U256::from_be_bytes(slot.0);
        let before = match is_new {
            true => U256::ZERO,
            false => db.storage(address, slot).map_err(database)?,
        };
        let word = U256::from_be_bytes(word.0);
        let word = EvmStorageSlot::new_changed(before, word, TransactionId::ZERO);
        changed.storage.insert(slot, word);
    }
    db.commit(HashMap::from_iter([(address, changed)]));
    Ok(())
}
