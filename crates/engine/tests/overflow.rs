//! Balances to which nothing can be added any more.

mod common;

use common::assert_same;
use parallax_engine::{Engine, EngineConfig, sequential};
use parallax_workload::{Kind, MemoryState, generate};
use revm::{
    DatabaseRef,
    context::TxEnv,
    primitives::{Address, B256, U256},
    state::{AccountInfo, Bytecode},
};
use std::{convert::Infallible, thread, time::Duration};

fn engine(workers: usize, access_list: bool, payment_run: usize) -> Engine {
    Engine::new(EngineConfig {
        workers,
        access_list,
        payment_run,
        gas_per_helper: 0,
        ..EngineConfig::default()
    })
    .unwrap()
}

/// A state in which one account takes long to be found.
struct Slow<'a>(&'a MemoryState, Address);

impl DatabaseRef for Slow<'_> {
    type Error = Infallible;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, Infallible> {
        if address == self.1 {
            thread::sleep(Duration::from_millis(100));
        }
        self.0.basic_ref(address)
    }

    fn code_by_hash_ref(&self, hash: B256) -> Result<Bytecode, Infallible> {
        self.0.code_by_hash_ref(hash)
    }

    fn storage_ref(&self, address: Address, slot: U256) -> Result<U256, Infallible> {
        self.0.storage_ref(address, slot)
    }

    fn block_hash_ref(&self, number: u64) -> Result<B256, Infallible> {
        self.0.block_hash_ref(number)
    }
}

/// The second payment is executed before anybody knows that the first has made
/// its recipient so rich.
#[test]
fn a_recipient_that_becomes_full() {
    let [a, b, to] = [1, 2, 3].map(Address::repeat_byte);
    let mut workload = generate(Kind::Transfers, 0, 1);
    for rich in [a, b] {
        workload.state.set_account(rich, U256::MAX, 0);
    }
    workload.block.env.basefee = 0;
    let pay = |caller, value| TxEnv {
        caller,
        kind: to.into(),
        value,
        gas_limit: 21_000,
        gas_price: 1,
        ..TxEnv::default()
    };
    workload.block.transactions = vec![
        pay(a, U256::MAX - (U256::ONE << 128)),
        pay(b, U256::ONE << 200),
    ];
    let expected = sequential::replay(&workload.block, &workload.state, false).unwrap();
    assert!(!expected.outcomes[1].result.is_success());
    for workers in [1, 2] {
        let db = Slow(&workload.state, a);
        let got = engine(workers, false, 256).replay(&workload.block, &db);
        assert_same(&format!("{workers} workers"), &expected, &got.unwrap());
    }
}

/// revm keeps the balance as it is if a fee does not fit.
#[test]
fn a_beneficiary_that_is_full() {
    for (spare, access_list) in [(0_u64, false), (5, false), (30_000, false), (0, true)] {
        let mut workload = generate(Kind::Transfers, 4, 1);
        let beneficiary = workload.block.env.beneficiary;
        let balance = U256::MAX - U256::from(spare);
        workload.state.set_account(beneficiary, balance, 0);
        let expected = sequential::replay(&workload.block, &workload.state, access_list).unwrap();
        for workers in [1, 2] {
            for payment_run in [2, 256] {
                let engine = engine(workers, access_list, payment_run);
                let got = engine.replay(&workload.block, &workload.state).unwrap();
                let name = format!("{spare} to spare, {workers} workers");
                assert_same(&name, &expected, &got);
                assert_eq!(expected.access_list, got.access_list, "{name}");
            }
        }
    }
}
