//! The official blockchain tests.

use parallax_conformance::{Executed, Executor, Report, Sequential, World, blockchain_test, data};
use parallax_engine::Block;

fn run<E: Executor>(archive: &str, make: impl Fn() -> E + Sync) -> Option<Report> {
    let Some(archive) = data::archive(archive) else {
        println!("skipped: data not found");
        return None;
    };
    Some(blockchain_test::run(&archive, 2, make).unwrap())
}

#[test]
fn sequential_passes_the_execution_spec_blockchain_tests() {
    if let Some(report) = run(data::EXECUTION_SPEC_TESTS, || Sequential) {
        report.assert_passed("blockchain tests, sequential");
    }
}

#[test]
fn sequential_passes_the_older_blockchain_tests() {
    if let Some(report) = run(data::ETHEREUM_TESTS, || Sequential) {
        report.assert_passed("older blockchain tests, sequential");
    }
}

/// An executor that credits one wei too much to the first account that it
/// changes, and one that accepts what it must skip.
#[test]
fn wrong_executors_are_caught() {
    struct Generous;
    impl Executor for Generous {
        fn execute(&mut self, block: &Block, world: &World) -> Executed {
            let mut output = Sequential.execute(block, world)?;
            let changed = output.changes.accounts.iter_mut();
            if let Some(info) = changed.filter_map(|change| change.after.as_mut()).next() {
                info.balance += alloy_primitives::U256::from(1);
            }
            Ok(output)
        }
    }
    struct Lenient;
    impl Executor for Lenient {
        fn execute(&mut self, block: &Block, world: &World) -> Executed {
            parallax_engine::sequential::build(block, world, false)
        }
    }
    if let Some(report) = run(data::ETHEREUM_TESTS, || Generous) {
        assert!(report.failures.len() > report.passed, "{report}");
    }
    if let Some(report) = run(data::ETHEREUM_TESTS, || Lenient) {
        assert!(report.failures.len() > 30, "{report}");
    }
}
