//! The official suites through the parallel engine, with parallelism forced:
//! there is no smallest block, and every result must be plain revm's in full.

use parallax_conformance::{
    Compared, Executed, Report, Verified, World, blockchain_test, data, state_test,
    verified::Tally, without_skips,
};
use parallax_engine::{Block, Engine, EngineConfig};
use std::sync::atomic::{AtomicUsize, Ordering};

/// `PARALLAX_WORKERS` sets how many workers all tests have; otherwise, `usual`.
fn workers(usual: usize) -> usize {
    let wanted = std::env::var("PARALLAX_WORKERS").ok();
    wanted.map_or(usual, |n| n.parse().expect("PARALLAX_WORKERS is a number"))
}

fn engine(usual: usize) -> Engine {
    let config = EngineConfig {
        workers: workers(usual),
        access_list: true,
        payment_run: 1,
        gas_per_helper: 0,
        ..EngineConfig::default()
    };
    Engine::new(config).expect("threads")
}

fn assert_passed(report: &Report, suite: &str, usual: usize) {
    report.assert_passed(&format!("{suite}, {} workers", workers(usual)));
}

/// The archive, or a note that there is none.
fn archive(name: &str) -> Option<std::path::PathBuf> {
    let archive = data::archive(name);
    if archive.is_none() {
        println!("skipped: data not found");
    }
    archive
}

/// Blocks in which more than one worker took part.
static SHARED: AtomicUsize = AtomicUsize::new(0);

fn replay(workers: usize) -> impl FnMut(&Block, &World) -> Executed {
    let engine = engine(workers);
    move |block: &Block, world: &World| {
        let output = engine.replay(block, world)?;
        let took_part = output.stats.timelines.len();
        SHARED.fetch_add(usize::from(took_part > 1), Ordering::Relaxed);
        Ok(output)
    }
}

fn build(workers: usize) -> impl FnMut(&Block, &World) -> Executed {
    let engine = engine(workers);
    move |block: &Block, world: &World| without_skips(engine.build(block, world)?)
}

/// `PARALLAX_WRONG_LISTS` sets how many wrong lists each block is verified with.
/// Unless it does, there are two, and none for blocks that take long.
fn verify(workers: usize, tally: &Tally) -> Verified<'_> {
    let wrong = std::env::var("PARALLAX_WRONG_LISTS").ok();
    let wrong = wrong.map(|n| n.parse().expect("PARALLAX_WRONG_LISTS is a number"));
    Verified {
        engine: engine(workers),
        wrong: wrong.unwrap_or(2),
        wrong_below_gas: wrong.map_or(2_000_000, |_| u64::MAX),
        tally,
    }
}

#[test]
fn replay_passes_the_state_tests() {
    let Some(archive) = archive(data::EXECUTION_SPEC_TESTS) else {
        return;
    };
    let report = state_test::run(&archive, 2, || Compared(replay(2))).unwrap();
    assert_passed(&report, "state tests, replay", 2);
}

#[test]
fn replay_executes_repeated_state_test_transactions() {
    let Some(archive) = archive(data::EXECUTION_SPEC_TESTS) else {
        return;
    };
    let report = state_test::run_repeated(&archive, 4, 2, || replay(3)).unwrap();
    assert_passed(&report, "repeated state tests, replay", 3);
    let shared = SHARED.load(Ordering::Relaxed);
    println!("{shared} blocks were executed by more than one worker");
    assert!(shared > 0 || workers(3) == 1);
}

#[test]
fn replay_and_build_pass_the_blockchain_tests() {
    for suite in [data::EXECUTION_SPEC_TESTS, data::ETHEREUM_TESTS] {
        let Some(archive) = archive(suite) else {
            return;
        };
        let report = blockchain_test::run(&archive, 2, || Compared(replay(2))).unwrap();
        assert_passed(&report, "blockchain tests, replay", 2);
        let report = blockchain_test::run(&archive, 2, || Compared(build(4))).unwrap();
        assert_passed(&report, "blockchain tests, build", 4);
    }
}

#[test]
fn verify_passes_the_state_tests() {
    let Some(archive) = archive(data::EXECUTION_SPEC_TESTS) else {
        return;
    };
    let tally = Tally::default();
    let report = state_test::run(&archive, 2, || Compared(verify(2, &tally))).unwrap();
    assert_passed(&report, "state tests, verify", 2);
    println!("{tally:?}");
}

#[test]
fn verify_executes_repeated_state_test_transactions() {
    let Some(archive) = archive(data::EXECUTION_SPEC_TESTS) else {
        return;
    };
    let tally = Tally::default();
    let report = state_test::run_repeated(&archive, 4, 2, || verify(3, &tally)).unwrap();
    assert_passed(&report, "repeated state tests, verify", 3);
    println!("{tally:?}");
}

#[test]
fn verify_passes_the_blockchain_tests() {
    for suite in [data::EXECUTION_SPEC_TESTS, data::ETHEREUM_TESTS] {
        let Some(archive) = archive(suite) else {
            return;
        };
        let tally = Tally::default();
        let report = blockchain_test::run(&archive, 2, || Compared(verify(4, &tally))).unwrap();
        assert_passed(&report, "blockchain tests, verify", 4);
        println!("{tally:?}");
    }
}
