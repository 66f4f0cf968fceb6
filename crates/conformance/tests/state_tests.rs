//! The official state tests.

use parallax_conformance::{World, data, state_test};
use parallax_engine::{Block, sequential};

#[test]
fn sequential_passes_the_execution_spec_state_tests() {
    let Some(archive) = data::archive(data::EXECUTION_SPEC_TESTS) else {
        println!("skipped: data not found");
        return;
    };
    let make = || |block: &Block, world: &World| sequential::replay(block, world, false);
    let report = state_test::run(&archive, 2, make).unwrap();
    report.assert_passed("state tests, sequential");
}
