//! What a block has room for, and what one database must not do to the next.

mod common;

use common::{WORKERS, assert_same, engine};
use parallax_engine::{Block, Engine, EngineConfig, EngineError, InvalidReason, sequential};
use parallax_workload::MemoryState;
use revm::{
    context::{BlockEnv, CfgEnv, TxEnv},
    context_interface::block::BlobExcessGasAndPrice,
    database::{CacheDB, EmptyDB},
    precompile::{Precompile, PrecompileId, PrecompileOutput, PrecompileSpecId, Precompiles},
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

/// Many more candidates than the block has room for; the smaller one of those that come
/// late still fits.
fn crowded(to: Address) -> (Block, MemoryState) {
    let (mut block, mut state) = with_blobs(&[]);
    block.env.gas_limit = 1_000_000;
    block.transactions = (0..3000u64)
        .map(|i| {
            let caller = Address::left_padding_from(&i.to_be_bytes());
            state.set_account(caller, U256::from(1u64 << 60), 0);
            TxEnv {
                caller,
                kind: TxKind::Call(to),
                value: U256::from(1),
                gas_price: 10,
                gas_limit: if i == 300 { 21_000 } else { 90_000 + i % 7 },
                nonce: u64::from(i % 11 == 5),
                chain_id: Some(1),
                ..TxEnv::default()
            }
        })
        .collect();
    (block, state)
}

#[test]
fn a_full_block_ends_at_once() {
    // Payments, which are settled together, and calls, which are not.
    let (payee, contract) = (Address::repeat_byte(9), Address::repeat_byte(0xcc));
    for to in [payee, contract] {
        let (block, mut state) = crowded(to);
        // Burns some gas: the gas price is pushed and dropped.
        state.set_code(
            contract,
            Bytecode::new_raw(Bytes::from_static(&[0x3a, 0x50])),
        );
        let expected = sequential::build(&block, &state, true).unwrap();
        let late = expected.outcomes.last().unwrap().index;
        assert_eq!(late, 300);
        assert!(expected.skipped.len() > 2900);
        for workers in WORKERS {
            let config = EngineConfig {
                workers,
                access_list: true,
                gas_per_helper: 0,
                ..EngineConfig::default()
            };
            let got = Engine::new(config).unwrap().build(&block, &state).unwrap();
            assert_same("crowded", &expected, &got);
            assert_eq!(got.access_list, expected.access_list);
            assert_eq!(got.considered, block.transactions.len());
            assert!(got.stats.executions < 1500, "{}", got.stats.executions);
        }
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

/// A precompile that there is from one fork on.
#[test]
fn precompiles_are_those_of_the_fork() {
    let place = Address::repeat_byte(0x99);
    let answer = |input: &[u8], _: u64, reservoir: u64| {
        Ok(PrecompileOutput::new(
            700,
            Bytes::copy_from_slice(input),
            reservoir,
        ))
    };
    let engine = engine(2).with_precompiles_of(|fork| {
        let mut all = Precompiles::new(PrecompileSpecId::from_spec_id(fork)).clone();
        if fork.is_enabled_in(SpecId::PRAGUE) {
            let id = PrecompileId::custom("echo");
            all.extend([Precompile::new(id, place, answer)]);
        }
        all
    });
    let (mut block, state) = with_blobs(&[0, 0, 0]);
    for tx in &mut block.transactions {
        tx.kind = TxKind::Call(place);
        tx.gas_limit = 50_000;
    }
    for (fork, gas) in [
        (SpecId::CANCUN, 0),
        (SpecId::PRAGUE, 700),
        (SpecId::OSAKA, 700),
    ] {
        block.cfg = CfgEnv::new().with_spec_and_mainnet_gas_params(fork);
        let output = engine.replay(&block, &state).unwrap();
        assert_eq!(output.gas_used, 3 * (21_000 + gas), "{fork:?}");
    }
}
