//! Bytes choose an adversarial block; the parallel engine must do with it what
//! plain revm does.
//!
//! ```text
//! 0..8  seed of the block         10  workers (2 to 8)
//! 8     transactions (1 to 48)    11  fork, or any
//! 9     invalid ones as well      12..  a bit for each transaction: leave it out
//! ```
#![no_main]

use libfuzzer_sys::fuzz_target;
use parallax_conformance::compare;
use parallax_engine::{Engine, EngineConfig, sequential};
use parallax_workload::{
    Workload,
    adversarial::{AdversarialConfig, FORKS, random_block},
};
use std::{array, sync::LazyLock};

static ENGINES: LazyLock<[Engine; 7]> = LazyLock::new(|| {
    array::from_fn(|i| {
        let config = EngineConfig {
            workers: i + 2,
            access_list: true,
            ..EngineConfig::default()
        };
        Engine::new(config).expect("the system lets threads start")
    })
});

fuzz_target!(|bytes: &[u8]| {
    let Some((head, rest)) = bytes.split_first_chunk::<12>() else {
        return;
    };
    let (seed, choices) = head.split_first_chunk::<8>().expect("twelve bytes");
    let config = AdversarialConfig {
        transactions: usize::from(choices[0] % 48) + 1,
        spec: FORKS
            .get(usize::from(choices[3]) % (FORKS.len() + 1))
            .copied(),
        invalid: choices[1] % 2 == 1,
    };
    let left_out = |i: usize| rest.get(i / 8).is_some_and(|byte| byte >> (i % 8) & 1 == 1);
    let workload = random_block(u64::from_le_bytes(*seed), config).subset(|i| !left_out(i));
    check(&workload, &ENGINES[usize::from(choices[2]) % ENGINES.len()]);
});

fn check(workload: &Workload, engine: &Engine) {
    let (block, state) = (&workload.block, &workload.state);
    let lists = compare::lists_are_defined(block);
    let replayed = compare::results(
        &sequential::replay(block, state, lists),
        &engine.replay(block, state),
    );
    let built = compare::results(
        &sequential::build(block, state, lists),
        &engine.build(block, state),
    );
    for (way, result) in [("replay", replayed), ("build", built)] {
        if let Err(difference) = result {
            panic!(
                "{way} of {} ({} transactions) on {} workers: {difference}",
                workload.name,
                block.transactions.len(),
                engine.config().workers,
            );
        }
    }
}
