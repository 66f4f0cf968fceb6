//! The official blockchain tests.

use parallax_conformance::{Sequential, blockchain_test, data};

fn run(archive: &str, suite: &str) {
    let Some(archive) = data::archive(archive) else {
        println!("skipped: data not found");
        return;
    };
    let report = blockchain_test::run(&archive, 2, || Sequential).unwrap();
    report.assert_passed(suite);
}

#[test]
fn sequential_passes_the_execution_spec_blockchain_tests() {
    run(data::EXECUTION_SPEC_TESTS, "blockchain tests, sequential");
}

#[test]
fn sequential_passes_the_older_blockchain_tests() {
    run(data::ETHEREUM_TESTS, "older blockchain tests, sequential");
}
