//! Our executors and alloy-evm's give the same results and leave the same
//! database.

mod common;

use alloy_evm::{
    EvmFactory,
    block::{BlockExecutor, BlockExecutorFactory},
};
use common::{
    Setting, Tx, assert_same, assert_same_bundle, bundle, engine, execute, state, transactions,
};
use parallax_engine::Engine;
use parallax_workload::{
    Workload,
    adversarial::{AdversarialConfig, random_block},
    catalogue, generate,
};
use std::sync::Arc;

fn seeds() -> std::ops::Range<u64> {
    let seeds = std::env::var("PARALLAX_SEEDS").ok();
    0..seeds.and_then(|seeds| seeds.parse().ok()).unwrap_or(120)
}

fn compare(workload: &Workload, engines: &[Arc<Engine>]) {
    let setting = Setting::new(&workload.block);
    let txs = transactions(workload);
    let mut db = state(&workload.state);
    let expected = execute(&setting.sequential(), &setting, &mut db, &txs);
    let expected_bundle = bundle(&mut db);
    for engine in engines {
        let what = format!("{}, {} workers", workload.name, engine.config().workers);
        let factory = setting.parallel(engine);

        let mut db = state(&workload.state);
        let got = execute(&factory, &setting, &mut db, &txs);
        assert_same(&what, &expected, &got);
        assert_same_bundle(&what, &expected_bundle, &bundle(&mut db));

        let mut db = state(&workload.state);
        let evm = factory
            .evm_factory()
            .create_evm(&mut db, setting.env.clone());
        let executor = factory.create_shared_executor(evm, setting.ctx());
        let got = executor.execute_block(txs.iter().cloned());
        let what = format!("{what}, shared");
        assert_same(&what, &expected, &got);
        assert_same_bundle(&what, &expected_bundle, &bundle(&mut db));
    }
}

#[test]
fn ordinary_blocks() {
    let engines = [1, 2, 4].map(engine);
    for kind in catalogue() {
        compare(&generate(*kind, 60, 7), &engines);
    }
}

#[test]
fn random_blocks() {
    let engines = [2, 4].map(engine);
    for seed in seeds() {
        compare(&random_block(seed, AdversarialConfig::default()), &engines);
    }
}

#[test]
fn random_blocks_with_invalid_transactions_fail_alike() {
    let engines = [engine(2)];
    for seed in seeds() {
        let config = AdversarialConfig {
            invalid: true,
            transactions: 12,
            ..Default::default()
        };
        compare(&random_block(seed, config), &engines);
    }
}

/// Several blocks on one `State`, whose cache then holds what the database
/// does not know of.
#[test]
fn blocks_on_top_of_each_other() {
    let engine = engine(2);
    for seed in seeds() {
        let workload = random_block(seed, AdversarialConfig::default());
        let setting = Setting::new(&workload.block);
        let txs = transactions(&workload);
        let (mut expected, mut served, mut shared) = (
            state(&workload.state),
            state(&workload.state),
            state(&workload.state),
        );
        let factory = setting.parallel(&engine);
        for part in txs.chunks(9) {
            let wanted = execute(&setting.sequential(), &setting, &mut expected, part);
            let got = execute(&factory, &setting, &mut served, part);
            assert_same(&workload.name, &wanted, &got);
            let evm = factory
                .evm_factory()
                .create_evm(&mut shared, setting.env.clone());
            let executor = factory.create_shared_executor(evm, setting.ctx());
            let got = executor.execute_block(part.iter().cloned());
            assert_same(&workload.name, &wanted, &got);
        }
        let expected = bundle(&mut expected);
        assert_same_bundle(&workload.name, &expected, &bundle(&mut served));
        assert_same_bundle(&workload.name, &expected, &bundle(&mut shared));
    }
}

/// The transactions of the catalogue as consensus transactions, converted by
/// alloy-evm itself.
#[test]
fn recovered_transactions() {
    let engine = engine(2);
    for kind in catalogue() {
        let workload = generate(*kind, 30, 3);
        let setting = Setting::new(&workload.block);
        let txs = transactions(&workload).into_iter().map(|(_, tx)| tx);
        let txs: Vec<_> = txs.collect();
        let run = |db: &mut _| {
            let factory = setting.parallel(&engine);
            let evm = factory.evm_factory().create_evm(db, setting.env.clone());
            factory
                .create_executor(evm, setting.ctx())
                .execute_block(&txs)
        };
        let mut db = state(&workload.state);
        let got = run(&mut db);
        let mut expected_db = state(&workload.state);
        let factory = setting.sequential();
        let evm = factory
            .evm_factory()
            .create_evm(&mut expected_db, setting.env.clone());
        let expected = factory
            .create_executor(evm, setting.ctx())
            .execute_block(&txs);
        assert_same(&workload.name, &expected, &got);
        assert_same_bundle(&workload.name, &bundle(&mut expected_db), &bundle(&mut db));
    }
}

/// The methods that take one transaction at a time, as block builders use them.
#[test]
fn one_transaction_at_a_time() {
    fn step<E: BlockExecutor>(mut executor: E, txs: &[Tx]) -> String
    where
        Tx: alloy_evm::block::ExecutableTx<E>,
        E::Receipt: std::fmt::Debug,
    {
        let mut log = vec![format!("{:?}", executor.apply_pre_execution_changes())];
        for tx in txs {
            log.push(format!("{:?}", executor.execute_transaction(tx.clone())));
            log.push(format!("{:?}", executor.receipts().last()));
        }
        log.push(format!("{:?}", executor.apply_post_execution_changes()));
        log.join("\n")
    }
    let engine = engine(2);
    for seed in 0..20 {
        let config = AdversarialConfig {
            invalid: true,
            ..Default::default()
        };
        let workload = random_block(seed, config);
        let setting = Setting::new(&workload.block);
        let txs = transactions(&workload);

        let mut expected_db = state(&workload.state);
        let factory = setting.sequential();
        let evm = factory
            .evm_factory()
            .create_evm(&mut expected_db, setting.env.clone());
        let expected = step(factory.create_executor(evm, setting.ctx()), &txs);

        let mut db = state(&workload.state);
        let factory = setting.parallel(&engine);
        let evm = factory
            .evm_factory()
            .create_evm(&mut db, setting.env.clone());
        let got = step(factory.create_executor(evm, setting.ctx()), &txs);
        assert_eq!(expected, got, "{}", workload.name);
        assert_eq!(bundle(&mut expected_db).state, bundle(&mut db).state);
    }
}
