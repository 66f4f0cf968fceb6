//! Random adversarial blocks: the parallel engine must do what plain revm does.

use parallax_conformance::{compare, tamper::tamper, verified};
use parallax_engine::{Engine, EngineConfig, sequential};
use parallax_workload::{
    Workload,
    adversarial::{AdversarialConfig, random_block},
};

fn engine(workers: usize) -> Engine {
    Engine::new(EngineConfig {
        workers,
        access_list: true,
        ..EngineConfig::default()
    })
    .unwrap()
}

fn seeds() -> std::ops::Range<u64> {
    let count = std::env::var("PARALLAX_SEEDS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(150);
    0..count
}

#[test]
fn replay_equals_plain_revm() {
    let engines: Vec<_> = [1, 2, 4, 8].map(engine).into();
    for seed in seeds() {
        let workload = random_block(
            seed,
            AdversarialConfig {
                invalid: false,
                ..Default::default()
            },
        );
        let expected = sequential::replay(
            &workload.block,
            &workload.state,
            compare::lists_are_defined(&workload.block),
        );
        for engine in &engines {
            let got = engine.replay(&workload.block, &workload.state);
            if let Err(difference) = compare::results(&expected, &got) {
                panic!(
                    "seed {seed}, {} workers: {difference}",
                    engine.config().workers
                );
            }
        }
    }
}

#[test]
fn build_equals_plain_revm() {
    let engines: Vec<_> = [1, 2, 4, 8].map(engine).into();
    for seed in seeds() {
        let workload = random_block(
            seed,
            AdversarialConfig {
                invalid: true,
                ..Default::default()
            },
        );
        let expected = sequential::build(
            &workload.block,
            &workload.state,
            compare::lists_are_defined(&workload.block),
        );
        for engine in &engines {
            let got = engine.build(&workload.block, &workload.state);
            if let Err(difference) = compare::results(&expected, &got) {
                panic!(
                    "seed {seed}, {} workers: {difference}",
                    engine.config().workers
                );
            }
        }
    }
}

/// A seed whose access list does not say enough, so that Verify must replay. Such
/// blocks are rare: of the official suites, those for blocks and single
/// transactions do not notice if it does not.
const LIST_IS_NOT_ENOUGH: u64 = 1318;

#[test]
fn verify_equals_plain_revm_and_rejects_wrong_lists() {
    let engines: Vec<_> = [1, 2, 4, 8].map(engine).into();
    for seed in seeds().chain([LIST_IS_NOT_ENOUGH]) {
        let config = AdversarialConfig {
            invalid: seed % 5 == 4,
            ..Default::default()
        };
        let Workload { block, state, .. } = &random_block(seed, config);
        let list = verified::access_list(&engines[0], block, state)
            .unwrap_or_else(|difference| panic!("seed {seed}: {difference}"));
        let mut expected = sequential::replay(block, state, false);
        if let Ok(output) = &mut expected {
            output.access_list = Some(list.clone());
        }
        for engine in &engines {
            let workers = engine.config().workers;
            let got = engine.verify(block, &list, state);
            if let Err(difference) = compare::results(&expected, &got) {
                panic!("seed {seed}, {workers} workers: {difference}");
            }
            let mut wrong = list.clone();
            let way = tamper(&mut wrong, seed.wrapping_mul(31) + workers as u64);
            if let Err(reason) = verified::rejected(&got, &engine.verify(block, &wrong, state)) {
                panic!("seed {seed}, {workers} workers, list with {way}: {reason}");
            }
        }
    }
}
