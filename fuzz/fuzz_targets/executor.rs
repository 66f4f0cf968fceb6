//! Bytes choose an adversarial block (see `chosen`) and a bit for each of its
//! transactions: leave it out. The parallel engine must do with it what plain
//! revm does.
#![no_main]

mod chosen;

use libfuzzer_sys::fuzz_target;
use parallax_conformance::compare;
use parallax_engine::{Engine, sequential};
use parallax_workload::Workload;

fuzz_target!(|bytes: &[u8]| {
    let Some((workload, engine, rest)) = chosen::choose(bytes) else {
        return;
    };
    let left_out = |i: usize| rest.get(i / 8).is_some_and(|byte| byte >> (i % 8) & 1 == 1);
    check(&workload.subset(|i| !left_out(i)), engine);
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
