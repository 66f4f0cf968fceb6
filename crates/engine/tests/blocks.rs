//! Blocks at the edges of what there is, and the engine in many hands.

mod common;

use common::{WORKERS, assert_same, engine, in_time};
use parallax_engine::{Block, Engine, EngineConfig, EngineError, TxOutcome, sequential};
use parallax_workload::{
    Kind, MemoryState, Workload,
    adversarial::{AdversarialConfig, random_block},
    catalogue, generate,
};
use revm::{
    context::TxEnv,
    primitives::{Address, U256, hardfork::SpecId},
};
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

fn check(engine: &Engine, workload: &Workload) {
    let what = format!("{}, {} workers", workload.name, engine.config().workers);
    let expected = sequential::replay(&workload.block, &workload.state, false);
    let got = engine.replay(&workload.block, &workload.state);
    match (expected, got) {
        (Ok(expected), Ok(got)) => assert_same(&what, &expected, &got),
        (expected, got) => assert_eq!(expected.unwrap_err(), got.unwrap_err(), "{what}"),
    }
}

#[test]
fn an_empty_block() {
    for workers in WORKERS {
        let engine = engine(workers);
        let output = engine.replay(&Block::default(), &MemoryState::default());
        let output = output.unwrap();
        assert_eq!(output.outcomes, []);
        assert_eq!(output.gas_used, 0);
        assert_eq!(output.changes, Default::default());
        // The protocol's own changes happen without transactions too.
        for fork in parallax_workload::adversarial::FORKS {
            let config = AdversarialConfig {
                spec: Some(fork),
                ..Default::default()
            };
            for seed in 0..10 {
                check(&engine, &random_block(seed, config).subset(|_| false));
            }
        }
    }
}

#[test]
fn a_block_with_one_transaction() {
    for workers in WORKERS {
        let engine = engine(workers);
        for kind in catalogue() {
            check(&engine, &generate(*kind, 1, 1));
        }
        for seed in 0..50 {
            let workload = random_block(seed, AdversarialConfig::default());
            check(&engine, &workload.subset(|index| index == 0));
        }
    }
}

#[test]
fn no_workers_means_one() {
    let engine = engine(0);
    assert_eq!(engine.config().workers, 1);
    check(&engine, &generate(Kind::Mixed, 20, 1));
}

/// More workers than transactions, and a different number each time.
#[test]
fn many_workers_and_few_transactions() {
    in_time(|| {
        let engine = engine(16);
        for transactions in 0..40 {
            check(&engine, &generate(Kind::Counter, transactions, 1));
        }
    });
}

#[test]
fn several_threads_share_an_engine() {
    in_time(|| {
        let engine = Arc::new(engine(2));
        let threads: Vec<_> = catalogue()
            .iter()
            .map(|kind| {
                let engine = Arc::clone(&engine);
                thread::spawn(move || {
                    for seed in 0..10 {
                        check(&engine, &generate(*kind, 30, seed));
                    }
                })
            })
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
    });
}

/// Collects what a sink is given, and makes sure that it is called by one
/// worker at a time.
#[derive(Default)]
struct Collected {
    outcomes: Mutex<Vec<TxOutcome>>,
    busy: AtomicBool,
}

impl Collected {
    fn take(&self, outcomes: &[TxOutcome]) {
        assert!(!self.busy.swap(true, Ordering::SeqCst), "two at a time");
        assert!(!outcomes.is_empty());
        thread::yield_now();
        self.outcomes.lock().unwrap().extend_from_slice(outcomes);
        self.busy.store(false, Ordering::SeqCst);
    }

    fn into_outcomes(self) -> Vec<TxOutcome> {
        self.outcomes.into_inner().unwrap()
    }
}

#[test]
fn a_sink_gets_every_outcome_once_and_in_order() {
    in_time(|| {
        for workers in WORKERS {
            let engine = engine(workers);
            for seed in 0..30 {
                let config = AdversarialConfig {
                    invalid: true,
                    ..Default::default()
                };
                let workload = random_block(seed, config);
                let collected = Collected::default();
                let sink = |outcomes: &[TxOutcome]| collected.take(outcomes);
                let built = engine.build_streaming(&workload.block, &workload.state, &sink);
                let built = built.unwrap();
                assert_eq!(built.outcomes, collected.into_outcomes());
                let expected = sequential::build(&workload.block, &workload.state, false);
                assert_same(&workload.name, &expected.unwrap(), &built);

                let included: Vec<_> = built.outcomes.iter().map(|tx| tx.index).collect();
                let block = workload.subset(|index| included.contains(&index)).block;
                let collected = Collected::default();
                let sink = |outcomes: &[TxOutcome]| collected.take(outcomes);
                let replayed = engine.replay_streaming(&block, &workload.state, &sink);
                assert_eq!(replayed.unwrap().outcomes, collected.into_outcomes());
            }
        }
    });
}

/// What was delivered before the block turned out to be invalid is what
/// precedes the invalid transaction.
#[test]
fn a_sink_of_a_block_that_fails() {
    in_time(|| {
        for workers in WORKERS {
            let engine = engine(workers);
            for place in 0..30 {
                let mut workload = generate(Kind::Erc20ToOne, 30, 1);
                let valid = engine.replay(&workload.block, &workload.state).unwrap();
                workload.block.transactions[place].nonce = 99;
                let collected = Collected::default();
                let sink = |outcomes: &[TxOutcome]| collected.take(outcomes);
                let failed = engine.replay_streaming(&workload.block, &workload.state, &sink);
                let Err(EngineError::InvalidTransaction { index, .. }) = failed else {
                    panic!("{failed:?}");
                };
                assert_eq!(index, place);
                let delivered = collected.into_outcomes();
                assert!(delivered.len() <= place);
                assert_eq!(delivered, valid.outcomes[..delivered.len()]);
            }
        }
    });
}

/// A block between accounts that own half of all the money there can be.
fn absurd(payments: &[(usize, usize, U256)]) -> Workload {
    let accounts = [1, 2, 3].map(Address::repeat_byte);
    let mut workload = generate(Kind::Transfers, 0, 1);
    for rich in &accounts[..2] {
        workload.state.set_account(*rich, U256::MAX >> 1, 0);
    }
    workload.block.env.basefee = 0;
    let mut nonces = [0; 3];
    let payments = payments.iter().map(|(from, to, value)| {
        nonces[*from] += 1;
        TxEnv {
            caller: accounts[*from],
            nonce: nonces[*from] - 1,
            kind: accounts[*to].into(),
            value: *value,
            gas_limit: 21_000,
            gas_price: u128::from(u64::MAX),
            ..TxEnv::default()
        }
    });
    workload.block.transactions = payments.collect();
    workload
}

/// Balances and amounts at the ends of their ranges.
#[test]
fn absurd_amounts() {
    let (half, quarter) = (U256::MAX >> 1, U256::MAX >> 2);
    let workload = absurd(&[
        (0, 2, quarter),
        (1, 2, quarter),
        (2, 0, quarter),
        (0, 1, half), // more than there is
        (2, 1, U256::ONE),
        (1, 0, U256::MAX), // more than there can be
        (0, 1, quarter),
    ]);
    for workers in WORKERS {
        let engine = engine(workers);
        check(&engine, &workload);
        let expected = sequential::build(&workload.block, &workload.state, false).unwrap();
        assert!(!expected.skipped.is_empty() && expected.outcomes.len() > 3);
        let built = engine.build(&workload.block, &workload.state).unwrap();
        assert_same("absurd", &expected, &built);
    }
}

/// More money than there can be: the payment that would overflow fails, and the
/// engine does with the sender's money what revm does.
#[test]
fn a_balance_that_would_overflow() {
    let mut workload = absurd(&[(0, 1, U256::MAX >> 2), (0, 2, U256::ONE)]);
    let full = Address::repeat_byte(2);
    workload.state.set_account(full, U256::MAX, 0);
    for workers in WORKERS {
        let expected = sequential::replay(&workload.block, &workload.state, false).unwrap();
        assert!(!expected.outcomes[0].result.is_success());
        assert!(expected.outcomes[1].result.is_success());
        let got = engine(workers).replay(&workload.block, &workload.state);
        assert_same("overflow", &expected, &got.unwrap());
    }
}

/// An engine forgets everything of the block before: its fork, its state, its
/// failure.
#[test]
fn blocks_do_not_leak_into_each_other() {
    in_time(|| {
        let config = EngineConfig {
            workers: 2,
            access_list: true,
            record_timelines: true,
            dependencies: true,
            gas_per_helper: 0,
            ..EngineConfig::default()
        };
        let engine = Engine::new(config).unwrap();
        for seed in 0..200 {
            let config = AdversarialConfig {
                spec: (seed % 3 == 0).then_some(SpecId::OSAKA),
                invalid: seed % 4 == 0,
                transactions: (seed % 40) as usize,
                payments: false,
            };
            check(&engine, &random_block(seed, config));
        }
    });
}
