//! The official state tests.

use parallax_conformance::{Sequential, data, skips::SKIPS, state_test};

#[test]
fn sequential_passes_the_execution_spec_state_tests() {
    let Some(archive) = data::archive(data::EXECUTION_SPEC_TESTS) else {
        println!("skipped: data not found");
        return;
    };
    let report = state_test::run(&archive, 2, || Sequential).unwrap();
    report.assert_passed("state tests, sequential");
    let stale = (0..SKIPS.len()).find(|group| !report.skipped.contains_key(group));
    assert!(
        stale.is_none(),
        "no case is in {:?}",
        SKIPS[stale.unwrap_or(0)]
    );
}

/// The oracle agrees with itself; what is tested is that it makes sense of such
/// blocks, down to the access list.
#[test]
fn sequential_executes_repeated_state_test_transactions() {
    let Some(archive) = data::archive(data::EXECUTION_SPEC_TESTS) else {
        println!("skipped: data not found");
        return;
    };
    let report = state_test::run_repeated(&archive, 2, 2, || Sequential).unwrap();
    report.assert_passed("repeated state tests, sequential");
}
