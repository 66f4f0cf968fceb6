//! What fails around the engine comes out as an error or a panic of the call,
//! never as a hang or a wrong result, and the engine works afterwards.

mod common;

use common::{Fault, Faulty, OnPurpose, WORKERS, assert_same, engine, in_time};
use parallax_engine::{Block, Engine, EngineError, sequential};
use parallax_workload::{
    Kind, Workload,
    adversarial::{AdversarialConfig, random_block},
    generate,
};
use revm::{
    precompile::{
        Precompile, PrecompileError, PrecompileId, PrecompileResult, PrecompileSpecId, Precompiles,
    },
    primitives::{Address, hardfork::SpecId},
};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Small, with everything in them: several forks, system calls, creation.
fn workloads() -> Vec<Workload> {
    let mut workloads = vec![
        generate(Kind::Mixed, 12, 1),
        generate(Kind::SwapOnePool, 6, 1),
        generate(Kind::TransfersFromOne, 6, 1),
    ];
    for (seed, fork) in [
        (1, SpecId::HOMESTEAD),
        (2, SpecId::CANCUN),
        (3, SpecId::OSAKA),
    ] {
        let config = AdversarialConfig {
            payments: false,
            transactions: 12,
            spec: Some(fork),
            invalid: false,
        };
        workloads.push(random_block(seed, config));
    }
    workloads
}

/// Lets the n-th read misbehave for every n, until there are not that many.
fn break_every_read(fault: Fault, check: impl Fn(&Engine, &Workload, &Faulty<'_>) -> bool) {
    for workers in WORKERS {
        let engine = engine(workers);
        for workload in workloads() {
            let mut after = 0;
            while !check(
                &engine,
                &workload,
                &Faulty::new(&workload.state, fault, after),
            ) {
                after += 1;
                assert!(after < 10_000, "{}: no end of reads", workload.name);
            }
            assert!(after > 5, "{}: {after} reads", workload.name);
        }
    }
}

/// Whether the block succeeded; that it failed must be the database's fault.
fn database_error_or_success(engine: &Engine, workload: &Workload, db: &Faulty<'_>) -> bool {
    let what = format!("{}, read {}", workload.name, db.after);
    match engine.replay(&workload.block, db) {
        Ok(output) => {
            let expected = sequential::replay(&workload.block, &workload.state, false);
            assert_same(&what, &expected.expect("a valid block"), &output);
            true
        }
        Err(error) => {
            assert_eq!(error, EngineError::Database(OnPurpose), "{what}");
            false
        }
    }
}

#[test]
fn a_database_that_fails_from_the_nth_read_on() {
    in_time(|| break_every_read(Fault::Fail, database_error_or_success));
}

#[test]
fn a_database_that_fails_at_the_nth_read_only() {
    in_time(|| break_every_read(Fault::FailOnce, database_error_or_success));
}

#[test]
fn building_does_not_skip_what_the_database_failed_to_read() {
    in_time(|| {
        break_every_read(Fault::Fail, |engine, workload, db| {
            match engine.build(&workload.block, db) {
                Ok(output) => {
                    assert_eq!(output.skipped, [], "{}", workload.name);
                    true
                }
                Err(error) => {
                    assert_eq!(error, EngineError::Database(OnPurpose));
                    false
                }
            }
        });
    });
}

#[test]
fn a_database_that_panics() {
    in_time(|| {
        break_every_read(Fault::Panic, |engine, workload, db| {
            let run = || engine.replay(&workload.block, db).expect("a valid block");
            match catch_unwind(AssertUnwindSafe(run)) {
                Ok(_) => true,
                Err(panic) => {
                    assert_eq!(panic.downcast_ref(), Some(&"on purpose"));
                    let output = engine.replay(&workload.block, &workload.state);
                    let expected = sequential::replay(&workload.block, &workload.state, false);
                    assert_same("afterwards", &expected.unwrap(), &output.unwrap());
                    false
                }
            }
        });
    });
}

#[test]
fn a_fork_of_the_future_is_refused() {
    for workers in WORKERS {
        let mut workload = generate(Kind::Transfers, 4, 1);
        workload.block.cfg.spec = SpecId::AMSTERDAM;
        let refused = EngineError::UnsupportedFork(SpecId::AMSTERDAM);
        let engine = engine(workers);
        assert_eq!(
            engine.replay(&workload.block, &workload.state).unwrap_err(),
            refused
        );
        assert_eq!(
            engine.build(&workload.block, &workload.state).unwrap_err(),
            refused
        );
    }
}

fn fatal(_: &[u8], _: u64, _: u64) -> PrecompileResult {
    Err(PrecompileError::Fatal("the device is on fire".to_owned()))
}

fn panicking(_: &[u8], _: u64, _: u64) -> PrecompileResult {
    std::panic::resume_unwind(Box::new("on purpose"))
}

/// An engine with an extra precompile, and a block whose transactions 5 and 7
/// call it.
fn with_precompile(
    workers: usize,
    function: fn(&[u8], u64, u64) -> PrecompileResult,
) -> (Engine, Workload) {
    let mut workload = generate(Kind::Transfers, 20, 1);
    let place = Address::repeat_byte(0x99);
    for index in [5, 7] {
        let tx = &mut workload.block.transactions[index];
        tx.kind = place.into();
        tx.gas_limit = 50_000;
    }
    let spec = PrecompileSpecId::from_spec_id(workload.block.spec());
    let mut precompiles = Precompiles::new(spec).clone();
    let id = PrecompileId::custom("faulty");
    precompiles.extend([Precompile::new(id, place, function)]);
    (engine(workers).with_precompiles(precompiles), workload)
}

#[test]
fn a_precompile_that_fails_fatally_fails_the_block() {
    in_time(|| {
        for workers in WORKERS {
            let (engine, workload) = with_precompile(workers, fatal);
            let replayed = engine.replay(&workload.block, &workload.state);
            let built = engine.build(&workload.block, &workload.state);
            for result in [replayed, built] {
                let Err(EngineError::Fatal { index: 5, reason }) = result else {
                    panic!("{result:?}");
                };
                assert!(reason.contains("the device is on fire"), "{reason}");
            }
        }
    });
}

#[test]
fn a_precompile_that_panics() {
    in_time(|| {
        for workers in WORKERS {
            let (engine, workload) = with_precompile(workers, panicking);
            for _ in 0..20 {
                let run = || engine.replay(&workload.block, &workload.state);
                let panic = catch_unwind(AssertUnwindSafe(run)).unwrap_err();
                assert_eq!(panic.downcast_ref(), Some(&"on purpose"));
            }
            let harmless = workload.subset(|index| index < 5);
            let output = engine.replay(&harmless.block, &harmless.state).unwrap();
            assert_eq!(output.outcomes.len(), 5);
        }
    });
}

#[test]
fn a_sink_that_panics() {
    in_time(|| {
        let workload = generate(Kind::Erc20, 50, 1);
        for workers in WORKERS {
            let engine = engine(workers);
            for _ in 0..20 {
                let sink = |_: &[_]| std::panic::resume_unwind(Box::new("on purpose"));
                let run = || engine.replay_streaming(&workload.block, &workload.state, &sink);
                let panic = catch_unwind(AssertUnwindSafe(run)).unwrap_err();
                assert_eq!(panic.downcast_ref(), Some(&"on purpose"));
            }
            let output = engine.replay(&workload.block, &workload.state).unwrap();
            assert_eq!(output.outcomes.len(), 50);
        }
    });
}

/// An invalid transaction is named, wherever it is, and so is the reason that
/// plain revm would give.
#[test]
fn an_invalid_transaction_at_every_place() {
    in_time(|| {
        let engines = WORKERS.map(engine);
        for place in 0..12 {
            let mut workload = generate(Kind::TransfersFromOne, 12, 1);
            let transactions = &mut workload.block.transactions;
            match place % 3 {
                0 => transactions[place].nonce += 1,
                1 => transactions[place].gas_limit = u64::MAX,
                _ => transactions[place].gas_price = u128::MAX,
            }
            let expected = sequential::replay(&workload.block, &workload.state, false);
            let expected = expected.unwrap_err();
            assert!(
                matches!(expected, EngineError::InvalidTransaction { index, .. } if index == place)
            );
            for engine in &engines {
                let got = engine.replay(&workload.block, &workload.state).unwrap_err();
                assert_eq!(got, expected);
            }
        }
    });
}

#[test]
fn a_block_without_gas() {
    let mut workload = generate(Kind::Transfers, 8, 1);
    workload.block.env.gas_limit = 0;
    for workers in WORKERS {
        let engine = engine(workers);
        let built = engine.build(&workload.block, &workload.state).unwrap();
        let expected = sequential::build(&workload.block, &workload.state, false).unwrap();
        assert_same("no gas", &expected, &built);
        assert_eq!(built.skipped.len(), 8);
        assert_eq!(
            engine.replay(&workload.block, &workload.state).unwrap_err(),
            sequential::replay(&workload.block, &workload.state, false).unwrap_err(),
        );
    }
}

/// A header that lacks what its fork demands.
#[test]
fn a_header_without_its_fields() {
    for lacks in ["prevrandao", "blob price"] {
        let mut workload = generate(Kind::Transfers, 8, 1);
        let Block { env, .. } = &mut workload.block;
        match lacks {
            "prevrandao" => env.prevrandao = None,
            _ => env.blob_excess_gas_and_price = None,
        }
        let expected = sequential::replay(&workload.block, &workload.state, false).unwrap_err();
        assert!(
            matches!(expected, EngineError::InvalidHeader(_)),
            "{expected}"
        );
        for workers in WORKERS {
            let engine = engine(workers);
            let replayed = engine.replay(&workload.block, &workload.state).unwrap_err();
            assert_eq!(replayed, expected);
            let built = engine.build(&workload.block, &workload.state).unwrap_err();
            assert_eq!(built, expected);
        }
    }
}
