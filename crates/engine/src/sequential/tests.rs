use super::*;
use crate::{InvalidReason, Ommer};
use alloy_eips::eip4895::Withdrawal;
use alloy_primitives::{Address, TxKind, U256, bytes};
use revm::{
    context::result::InvalidTransaction,
    database::{CacheDB, EmptyDB},
    state::{AccountInfo, Bytecode},
};

const ALICE: Address = Address::repeat_byte(0xa1);
const BOB: Address = Address::repeat_byte(0xb0);
const MINER: Address = Address::repeat_byte(0xc0);
const ETHER: u128 = 1_000_000_000_000_000_000;

fn db() -> CacheDB<EmptyDB> {
    let mut db = CacheDB::default();
    db.insert_account_info(ALICE, AccountInfo::from_balance(U256::from(ETHER)));
    db
}

fn block(spec: SpecId, transactions: Vec<TxEnv>) -> Block {
    Block {
        cfg: cfg(spec, 1),
        env: BlockEnv {
            number: U256::from(10),
            beneficiary: MINER,
            gas_limit: 1_000_000,
            ..BlockEnv::default()
        },
        transactions,
        ..Block::default()
    }
}

fn transfer(nonce: u64, value: u64) -> TxEnv {
    TxEnv {
        caller: ALICE,
        kind: TxKind::Call(BOB),
        nonce,
        value: U256::from(value),
        gas_limit: 21_000,
        gas_price: 1,
        ..TxEnv::default()
    }
}

fn balance_after(output: &BlockOutput, address: Address) -> Option<U256> {
    let changes = &output.changes.accounts;
    let change = changes.iter().find(|change| change.address == address)?;
    change.after.as_ref().map(|info| info.balance)
}

#[test]
fn transfers_move_value_and_pay_the_beneficiary() {
    let block = block(SpecId::OSAKA, vec![transfer(0, 7), transfer(1, 5)]);
    let output = replay(&block, &db(), true).unwrap();
    assert_eq!(output.gas_used, 42_000);
    assert_eq!(output.outcomes[1].cumulative_gas_used, 42_000);
    assert_eq!(balance_after(&output, BOB), Some(U256::from(12)));
    assert_eq!(balance_after(&output, MINER), Some(U256::from(42_000)));

    let list = output.access_list.unwrap();
    let addresses: Vec<_> = list.iter().map(|account| account.address).collect();
    assert_eq!(addresses, [ALICE, BOB, MINER]);
    let indices: Vec<_> = list[1]
        .balance_changes
        .iter()
        .map(|change| (change.block_access_index.get(), change.post_balance))
        .collect();
    assert_eq!(indices, [(1, U256::from(7)), (2, U256::from(12))]);
}

#[test]
fn an_invalid_transaction_fails_replay_and_is_skipped_by_build() {
    let too_high = InvalidReason::Transaction(InvalidTransaction::NonceTooHigh { tx: 5, state: 1 });
    let block = block(
        SpecId::OSAKA,
        vec![transfer(0, 7), transfer(5, 1), transfer(1, 5)],
    );
    assert_eq!(
        replay(&block, &db(), false).unwrap_err(),
        EngineError::InvalidTransaction {
            index: 1,
            reason: too_high.clone()
        }
    );
    let output = build(&block, &db(), true).unwrap();
    assert_eq!(
        output.skipped,
        [Skipped {
            index: 1,
            reason: too_high
        }]
    );
    let indices: Vec<_> = output
        .outcomes
        .iter()
        .map(|outcome| outcome.index)
        .collect();
    assert_eq!(indices, [0, 2]);
    let list = output.access_list.unwrap();
    let last = list[0].nonce_changes.last().unwrap();
    assert_eq!((last.block_access_index.get(), last.new_nonce), (2, 2));
}

#[test]
fn a_transaction_above_the_remaining_block_gas_is_invalid() {
    let mut block = block(SpecId::OSAKA, vec![transfer(0, 1), transfer(1, 1)]);
    block.env.gas_limit = 41_999;
    let error = replay(&block, &db(), false).unwrap_err();
    let reason = InvalidReason::BlockGasLimit {
        gas_limit: 21_000,
        available: 20_999,
    };
    assert_eq!(error, EngineError::InvalidTransaction { index: 1, reason });
}

#[test]
fn withdrawals_are_in_gwei_and_begin_with_shanghai() {
    let withdrawal = |address, amount| Withdrawal {
        address,
        amount,
        ..Withdrawal::default()
    };
    let mut block = block(SpecId::SHANGHAI, vec![]);
    block.protocol.withdrawals = vec![withdrawal(BOB, 3), withdrawal(BOB, 4), withdrawal(MINER, 0)];
    let output = replay(&block, &db(), false).unwrap();
    assert_eq!(
        balance_after(&output, BOB),
        Some(U256::from(7_000_000_000_u64))
    );
    assert_eq!(output.changes.accounts.len(), 1);

    block.cfg = cfg(SpecId::MERGE, 1);
    let output = replay(&block, &db(), false).unwrap();
    assert!(output.changes.accounts.is_empty());
}

#[test]
fn ommers_share_the_reward() {
    let mut block = block(SpecId::ISTANBUL, vec![]);
    block.protocol.block_reward = Some(32);
    block.protocol.ommers = vec![
        Ommer {
            beneficiary: BOB,
            number: 9,
        },
        Ommer {
            beneficiary: ALICE,
            number: 1,
        },
    ];
    let output = replay(&block, &db(), false).unwrap();
    assert_eq!(balance_after(&output, BOB), Some(U256::from(28)));
    assert_eq!(balance_after(&output, MINER), Some(U256::from(34)));
    assert_eq!(balance_after(&output, ALICE), None);
}

#[test]
fn a_zero_reward_creates_the_beneficiary_only_before_eip_161() {
    let mut block = block(SpecId::HOMESTEAD, vec![]);
    block.protocol.block_reward = Some(0);
    let output = replay(&block, &db(), false).unwrap();
    assert_eq!(balance_after(&output, MINER), Some(U256::ZERO));

    block.cfg = cfg(SpecId::BYZANTIUM, 1);
    let output = replay(&block, &db(), false).unwrap();
    assert!(output.changes.accounts.is_empty());
}

#[test]
fn the_dao_fork_moves_balances() {
    let victim = alloy_evm::eth::dao_fork::DAO_HARDFORK_ACCOUNTS[3];
    let mut db = db();
    let info = AccountInfo::from_bytecode(Bytecode::new_raw(bytes!("00")));
    db.insert_account_info(victim, info.with_balance(U256::from(9)));
    let mut block = block(SpecId::HOMESTEAD, vec![]);
    block.protocol.dao_fork = true;
    let output = replay(&block, &db, false).unwrap();
    let refund = alloy_evm::eth::dao_fork::DAO_HARDFORK_BENEFICIARY;
    assert_eq!(balance_after(&output, victim), Some(U256::ZERO));
    assert_eq!(balance_after(&output, refund), Some(U256::from(9)));
}

#[test]
fn collecting_requests_needs_the_system_contracts() {
    let mut block = block(SpecId::PRAGUE, vec![]);
    block.protocol.collect_requests = true;
    let error = replay(&block, &db(), false).unwrap_err();
    assert!(matches!(error, EngineError::SystemCall { .. }), "{error}");
}

#[test]
fn the_parent_hash_is_stored_in_the_history_contract() {
    let mut block = block(SpecId::PRAGUE, vec![]);
    block.protocol.parent_hash = Some(alloy_primitives::B256::repeat_byte(7));
    let mut db = db();
    let history = alloy_eips::eip2935::HISTORY_STORAGE_ADDRESS;
    let code = Bytecode::new_raw(alloy_eips::eip2935::HISTORY_STORAGE_CODE.clone());
    db.insert_account_info(history, AccountInfo::from_bytecode(code));
    let output = replay(&block, &db, true).unwrap();
    let storage = &output.changes.accounts[0].storage;
    let hash = U256::from_be_bytes([7; 32]);
    assert_eq!(*storage, [(U256::from(9), U256::ZERO, hash)]);
    let slot = &output.access_list.unwrap()[0].storage_changes[0];
    assert_eq!(slot.changes[0].block_access_index.get(), 0);
}
