//! The official suites through the parallel engine, with parallelism forced:
//! there is no smallest block, and every result must be plain revm's in full.

use parallax_conformance::{
    Compared, Executed, World, blockchain_test, data, state_test, without_skips,
};
use parallax_engine::{Block, Engine, EngineConfig};

fn engine(workers: usize) -> Engine {
    let config = EngineConfig {
        workers,
        access_list: true,
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
