//! Whether a block was executed in parallel, what it took or why not, can be seen.

mod common;

use alloy_evm::{
    EvmFactory,
    block::{BlockExecutor, BlockExecutorFactory},
};
use common::{Setting, Tx, engine, execute, state, transactions};
use parallax_alloy::{Fallback, LastRun, Run};
use parallax_engine::{Engine, EngineConfig};
use parallax_workload::{Kind, MemoryState, generate};
use revm::{
    database::{State, WrapDatabaseRef},
    primitives::hardfork::SpecId,
};
use std::sync::Arc;

fn block() -> (MemoryState, Setting, Vec<Tx>) {
    let workload = generate(Kind::Swaps, 6, 5);
    let (setting, txs) = (Setting::new(&workload.block), transactions(&workload));
    (workload.state, setting, txs)
}

/// Why a block with these transactions is not executed in parallel; `None` if it is.
fn fallback(
    engine: &Arc<Engine>,
    setting: &Setting,
    db: &MemoryState,
    txs: &[Tx],
) -> Option<Fallback> {
    let factory = setting.parallel(engine);
    assert!(factory.last_run().is_none());
    // Failing is not the subject here.
    let _ = execute(&factory, setting, state(db), txs);
    let run = factory.last_run().expect("a run");
    assert_eq!(run.is_parallel(), run.stats().is_some());
    run.fallback().cloned()
}

#[test]
fn a_parallel_run_has_statistics() {
    let (db, setting, txs) = block();
    let config = EngineConfig {
        workers: 2,
        access_list: true,
        ..EngineConfig::default()
    };
    let factory = setting.parallel(&Arc::new(Engine::new(config).unwrap()));
    for shared in [false, true] {
        let evm = factory
            .evm_factory()
            .create_evm(state(&db), setting.env.clone());
        let result = if shared {
            let executor = factory.create_shared_executor(evm, setting.ctx());
            executor.execute_block(txs.iter().cloned())
        } else {
            let executor = factory.create_executor(evm, setting.ctx());
            executor.execute_block(txs.iter().cloned())
        };
        result.unwrap();
        let run = factory.last_run().unwrap();
        let Run::Parallel { stats, access_list } = &*run else {
            panic!("{run:?}");
        };
        assert!(stats.executions >= txs.len() as u64);
        let list = access_list.as_ref().unwrap();
        assert!(txs.iter().all(|(tx, _)| {
            list.iter()
                .any(|account| account.address == tx.caller && !account.nonce_changes.is_empty())
        }));
    }
}

#[test]
fn a_sequential_run_has_a_reason() {
    let (db, setting, txs) = block();
    let two = engine(2);
    let why = |setting: &Setting, txs: &[Tx]| fallback(&two, setting, &db, txs);
    assert_eq!(why(&setting, &txs), None);
    assert_eq!(why(&setting, &txs[..1]), Some(Fallback::FewTransactions));
    assert_eq!(
        fallback(&engine(1), &setting, &db, &txs),
        Some(Fallback::FewWorkers)
    );
    let twice: Vec<Tx> = txs.iter().chain(&txs).cloned().collect();
    let Some(Fallback::Engine(reason)) = why(&setting, &twice) else {
        panic!("an invalid block was executed");
    };
    assert!(reason.contains("nonce"), "{reason}");
    let mut simulation = setting.clone();
    simulation.env.cfg_env.disable_nonce_check = true;
    assert_eq!(why(&simulation, &txs), Some(Fallback::DisabledCheck));
    let mut future = setting;
    future.env.cfg_env.spec = SpecId::AMSTERDAM;
    assert_eq!(why(&future, &txs), Some(Fallback::Fork(SpecId::AMSTERDAM)));
}

#[test]
fn an_executor_can_have_a_place_of_its_own() {
    let (db, setting, txs) = block();
    let engine = engine(2);
    let factory = setting.parallel(&engine);
    let own = LastRun::default();
    let listing: State<WrapDatabaseRef<&MemoryState>> = State::builder()
        .with_database_ref(&db)
        .with_bal_builder()
        .build();
    let evm = factory
        .evm_factory()
        .create_evm(listing, setting.env.clone());
    let executor = factory.create_shared_executor(evm, setting.ctx());
    executor.record_in(&own).execute_block(txs).unwrap();
    assert!(factory.last_run().is_none());
    let run = own.get().unwrap();
    assert_eq!(run.fallback(), Some(&Fallback::AccessList));
}
