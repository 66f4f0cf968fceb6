//! What a block has room for, and what one database must not do to the next.

mod common;

use common::{WORKERS, assert_same, engine};
use parallax_engine::{Block, EngineError, InvalidReason, sequential};
use parallax_workload::MemoryState;
use revm::{
    context::{BlockEnv, CfgEnv, TxEnv},
    context_interface::block::BlobExcessGasAndPrice,
    database::{CacheDB, EmptyDB},
    primitives::{Address, B256, Bytes, TxKind, U256, hardfork::SpecId},
    state::{AccountInfo, Bytecode},
};

const BLOB_GAS: u64 = 1 << 17;

/// Transactions with so many blobs each, in a block that has room for nine.
fn with_blobs(counts: &[usize]) -> (Block, MemoryState) {
    let mut state = MemoryState::default();
    let mut versioned = B256::repeat_byte(7);
    versioned[0] = 1;
    let transactions = counts.iter().enumerate().map(|(index, count)| {
        let caller = Address::left_padding_from(&[1, index as u8]);
        state.set_account(caller, U256::from(1u64 << 60), 0);
        TxEnv {
            tx_type: if *count == 0 { 2 } else { 3 },
            caller,
            gas_limit: 21_000,
            gas_price: 10,
            kind: TxKind::Call(Address::repeat_byte(9)),
            blob_hashes: vec![versioned; *count],
            max_fee_per_blob_gas: 10,
            chain_id: Some(1),
            ..TxEnv::default()
        }
    });
    let transactions = transactions.collect();
    let spec = SpecId::PRAGUE;
    let block = Block {
        cfg: CfgEnv::new().with_spec_and_mainnet_gas_params(spec),
        env: BlockEnv {
            basefee: 0,
            blob_excess_gas_and_price: Some(BlobExcessGasAndPrice::new_with_spec(0, spec)),
            ..BlockEnv::default()
        },
        transactions,
        max_blob_gas: Some(9 * BLOB_GAS),
        ..Block::default()
    };
    (block, state)
}

#[test]
fn blobs_that_do_not_fit_are_left_out() {
    let (block, state) = with_blobs(&[4, 4, 2, 0, 1, 1]);
    let expected = sequential::build(&block, &state, false).unwrap();
    let skipped: Vec<_> = expected.skipped.iter().map(|skip| skip.index).collect();
    assert_eq!(skipped, [2, 5]);
    assert_eq!(
        expected.skipped[0].reason,
        InvalidReason::BlobGasLimit {
            blob_gas: 2 * BLOB_GAS,
            available: BLOB_GAS,
        }
    );
    for workers in WORKERS {
        let got = engine(workers).build(&block, &state).unwrap();
        assert_same("blobs", &expected, &got);
    }
}

#[test]
fn a_block_with_too_many_blobs_is_refused() {
    let (mut block, state) = with_blobs(&[4, 4, 2, 0]);
    for workers in WORKERS {
        let error = engine(workers).replay(&block, &state).unwrap_err();
        let EngineError::InvalidTransaction { index, reason } = error else {
            panic!("{error}");
        };
        assert_eq!(index, 2);
        let text = "blob gas 262144 is above the 131072 that the block has left";
        assert_eq!(reason.to_string(), text);
    }
    block.max_blob_gas = None;
    for workers in WORKERS {
        assert!(engine(workers).replay(&block, &state).is_ok());
    }
}

/// A contract that stores a number, under a hash that need not be its own.
fn storing(number: u8, code_hash: B256) -> CacheDB<EmptyDB> {
    let mut db = CacheDB::new(EmptyDB::default());
    let code = Bytes::copy_from_slice(&[0x60, number, 0x5f, 0x55]);
    let info = AccountInfo {
        code_hash,
        code: Some(Bytecode::new_legacy(code)),
        ..AccountInfo::default()
    };
    // Past `insert_account_info`, which would compute the hash.
    let account = db
        .cache
        .accounts
        .entry(Address::repeat_byte(9))
        .or_default();
    account.info = info.clone();
    db.cache.contracts.insert(code_hash, info.code.unwrap());
    db
}

#[test]
fn code_that_is_not_what_its_hash_says_is_not_kept() {
    let block = Block {
        transactions: vec![TxEnv {
            kind: TxKind::Call(Address::repeat_byte(9)),
            gas_limit: 100_000,
            ..TxEnv::default()
        }],
        ..Block::default()
    };
    let hash = B256::repeat_byte(3);
    for workers in WORKERS {
        let engine = engine(workers);
        for number in [1, 2] {
            let db = storing(number, hash);
            let expected = sequential::replay(&block, &db, false).unwrap();
            let got = engine.replay(&block, &db).unwrap();
            assert_same("code", &expected, &got);
            let stored = &got.changes.accounts.iter().find(|a| !a.storage.is_empty());
            assert_eq!(stored.unwrap().storage[0].2, U256::from(number));
        }
    }
}
