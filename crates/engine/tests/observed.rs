//! What a transaction that looks at an account depends on.

mod common;

use common::{WORKERS, assert_same};
use parallax_engine::{Block, Engine, EngineConfig, Location, sequential};
use parallax_workload::MemoryState;
use revm::{
    context::{CfgEnv, TxEnv},
    primitives::{Address, B256, TxKind, U256, hardfork::SpecId},
};

/// Looks at the balance of the account that the input names.
const BALANCE: &[u8] = &[0x5f, 0x35, 0x31, 0x50];
/// ... its own balance.
const SELFBALANCE: &[u8] = &[0x47, 0x50];
/// ... the hash of its code.
const EXTCODEHASH: &[u8] = &[0x5f, 0x35, 0x3f, 0x50];
/// Pays it one wei.
const PAY: &[u8] = &[
    0x5f, 0x5f, 0x5f, 0x5f, 0x60, 1, 0x5f, 0x35, 0x5a, 0xf1, 0x50,
];

fn address(byte: u8) -> Address {
    Address::repeat_byte(byte)
}

/// A transaction of somebody, which moves their nonce and balance, and one of somebody
/// else that runs `code` on them.
fn block(code: &'static [u8], nonce: u64) -> (Block, MemoryState) {
    let mut state = MemoryState::default();
    let [looked_at, other, contract, payee] = [1, 2, 3, 4].map(address);
    for sender in [looked_at, other, contract] {
        state.set_account(sender, U256::from(1_000_000u64), 0);
    }
    state.set_account(looked_at, U256::from(1_000_000u64), nonce);
    state.set_raw_code(contract, code.into());
    let tx = |caller, nonce, to, value: u64| TxEnv {
        caller,
        nonce,
        kind: TxKind::Call(to),
        value: U256::from(value),
        data: B256::left_padding_from(looked_at.as_slice()).0.into(),
        gas_limit: 100_000,
        ..TxEnv::default()
    };
    let block = Block {
        cfg: CfgEnv::new().with_spec_and_mainnet_gas_params(SpecId::CANCUN),
        transactions: vec![tx(looked_at, nonce, payee, 7), tx(other, 0, contract, 0)],
        ..Block::default()
    };
    (block, state)
}

/// What of the account the second transaction read that the first one wrote.
fn dependencies(code: &'static [u8], nonce: u64) -> Vec<Location> {
    let (block, state) = block(code, nonce);
    let expected = sequential::replay(&block, &state, false).unwrap();
    assert!(expected.outcomes.iter().all(|tx| tx.result.is_success()));
    let mut found = Vec::new();
    for workers in WORKERS {
        let config = EngineConfig {
            workers,
            dependencies: true,
            gas_per_helper: 0,
            ..EngineConfig::default()
        };
        let got = Engine::new(config).unwrap().replay(&block, &state).unwrap();
        assert_same("two transactions", &expected, &got);
        let locations = got.stats.dependencies.iter().map(|found| found.location);
        let of_account = |location: &Location| match location {
            Location::Balance(at)
            | Location::Nonce(at)
            | Location::Code(at)
            | Location::Life(at)
            | Location::Slot(at, _) => *at == address(1),
        };
        found = locations.filter(of_account).collect();
    }
    found
}

#[test]
fn who_asks_for_a_balance_depends_on_nothing_else() {
    for nonce in [0, 5] {
        let balance = Location::Balance(address(1));
        assert_eq!(dependencies(BALANCE, nonce), [balance]);
        assert_eq!(dependencies(SELFBALANCE, nonce), []);
    }
}

#[test]
fn an_account_with_a_nonce_is_not_empty_whatever_it_is() {
    assert_eq!(dependencies(EXTCODEHASH, 5), []);
    assert_eq!(dependencies(PAY, 5), []);
    // The first transaction makes the nonce.
    let nonce = Location::Nonce(address(1));
    assert_eq!(dependencies(EXTCODEHASH, 0), [nonce]);
}
