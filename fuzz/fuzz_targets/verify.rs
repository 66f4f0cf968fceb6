//! Bytes choose an adversarial block (see `chosen`) and changes of its access
//! list, each with up to four bytes. Verify must give what plain revm gives with
//! the list, and reject what the changes make of it.
#![no_main]

mod chosen;

use libfuzzer_sys::fuzz_target;
use parallax_conformance::{compare, tamper::tamper, verified};
use parallax_engine::{Engine, sequential};
use parallax_workload::Workload;

fuzz_target!(|bytes: &[u8]| {
    let Some((workload, engine, rest)) = chosen::choose(bytes) else {
        return;
    };
    if let Err(difference) = check(&workload, engine, rest) {
        panic!(
            "{} on {} workers: {difference}",
            workload.name,
            engine.config().workers,
        );
    }
});

fn check(workload: &Workload, engine: &Engine, changes: &[u8]) -> Result<(), String> {
    let (block, state) = (&workload.block, &workload.state);
    let list = verified::access_list(engine, block, state)?;
    let expected = sequential::replay(block, state, compare::lists_are_defined(block));
    let honest = engine.verify(block, &list, state);
    compare::results(&expected, &honest)?;

    let mut wrong = list.clone();
    let ways: Vec<_> = changes
        .chunks(4)
        .map(|chunk| {
            let mut choice = [0; 8];
            choice[..chunk.len()].copy_from_slice(chunk);
            tamper(&mut wrong, u64::from_le_bytes(choice))
        })
        .collect();
    // Several changes may undo each other.
    if wrong == list {
        return Ok(());
    }
    let got = engine.verify(block, &wrong, state);
    verified::rejected(&honest, &got).map_err(|reason| format!("list with {ways:?}: {reason}"))
}
