//! The official suites through the parallel engine, with parallelism forced:
//! there is no smallest block, and every result must be plain revm's in full.

use parallax_conformance::{
    Compared, Executed, Verified, World, blockchain_test, data, state_test, verified::Tally,
    without_skips,
};
use parallax_engine::{Block, Engine, EngineConfig};

fn engine(workers: usize) -> Engine {
    let config = EngineConfig {
        workers,
        access_list: true,
        payment_run: 1,
        ..EngineConfig::default()
    };
    Engine::new(config).expect("threads")
}

/// The archive, or a note that there is none.
fn archive(name: &str) -> Option<std::path::PathBuf> {
    let archive = data::archive(name);
    if archive.is_none() {
        println!("skipped: data not found");
    }
    archive
}

fn replay(workers: usize) -> impl FnMut(&Block, &World) -> Executed {
    let engine = engine(workers);
    move |block: &Block, world: &World| engine.replay(block, world)
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
    report.assert_passed("state tests, replay, 2 workers");
}

#[test]
fn replay_executes_repeated_state_test_transactions() {
    let Some(archive) = archive(data::EXECUTION_SPEC_TESTS) else {
        return;
    };
    let report = state_test::run_repeated(&archive, 4, 2, || replay(3)).unwrap();
    report.assert_passed("repeated state tests, replay, 3 workers");
}

#[test]
fn replay_and_build_pass_the_blockchain_tests() {
    for suite in [data::EXECUTION_SPEC_TESTS, data::ETHEREUM_TESTS] {
        let Some(archive) = archive(suite) else {
            return;
        };
        let report = blockchain_test::run(&archive, 2, || Compared(replay(2))).unwrap();
        report.assert_passed("blockchain tests, replay, 2 workers");
        let report = blockchain_test::run(&archive, 2, || Compared(build(4))).unwrap();
        report.assert_passed("blockchain tests, build, 4 workers");
    }
}

#[test]
fn verify_passes_the_state_tests() {
    let Some(archive) = archive(data::EXECUTION_SPEC_TESTS) else {
        return;
    };
    let tally = Tally::default();
    let report = state_test::run(&archive, 2, || Compared(verify(2, &tally))).unwrap();
    report.assert_passed("state tests, verify, 2 workers");
    println!("{tally:?}");
}

#[test]
fn verify_executes_repeated_state_test_transactions() {
    let Some(archive) = archive(data::EXECUTION_SPEC_TESTS) else {
        return;
    };
    let tally = Tally::default();
    let report = state_test::run_repeated(&archive, 4, 2, || verify(3, &tally)).unwrap();
    report.assert_passed("repeated state tests, verify, 3 workers");
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
        report.assert_passed("blockchain tests, verify, 4 workers");
        println!("{tally:?}");
    }
}
