//! The recorded mainnet blocks through the parallel engine: every mode, from 1
//! to 64 workers, every check of the header and everything that plain revm gives.

use parallax_blocks::{BlockFile, BlockFiles, report};
use parallax_conformance::{compare, data};
use parallax_engine::{BlockOutput, Engine, EngineConfig, EngineError, sequential};
use std::{collections::BTreeMap, fmt::Display};

const WORKERS: [usize; 7] = [1, 2, 3, 4, 8, 16, 64];

fn engine(workers: usize) -> Engine {
    let config = EngineConfig {
        workers,
        access_list: true,
        // Every other engine settles however few payments together.
        payment_run: if workers.is_multiple_of(2) { 2 } else { 256 },
        gas_per_helper: 0,
        ..EngineConfig::default()
    };
    Engine::new(config).expect("threads")
}

/// Compares a result with the oracle's and with the header; the names of the
/// checks of the header.
fn check<E: PartialEq + Display>(
    file: &BlockFile,
    what: &str,
    expected: &Result<BlockOutput, EngineError<E>>,
    got: &Result<BlockOutput, EngineError<E>>,
) -> Vec<&'static str> {
    let place = format!("block {}, {what}", file.number());
    compare::results(expected, got).unwrap_or_else(|difference| panic!("{place}: {difference}"));
    let output = got
        .as_ref()
        .unwrap_or_else(|error| panic!("{place}: {error}"));
    let checks = report(file, output).checks;
    for check in &checks {
        assert!(
            check.passed,
            "{place}: {} should be {}, is {}",
            check.name, check.expected, check.got
        );
    }
    checks.iter().map(|check| check.name).collect()
}

#[test]
fn every_block_in_every_mode_with_1_to_64_workers() {
    let Some(archive) = data::archive("mainnet-blocks.tar.zst") else {
        println!("skipped: data not found");
        return;
    };
    let engines = WORKERS.map(engine);
    let mut executions = 0;
    let mut checks = BTreeMap::new();
    for file in BlockFiles::open(&archive).unwrap() {
        let mut file = file.unwrap();
        // Once, to learn which hashed keys are which.
        sequential::replay(&file.block, &file.state, false).unwrap();
        file.state.translate();
        let mut expected = sequential::replay(
            &file.block,
            &file.state,
            compare::lists_are_defined(&file.block),
        );
        let list = engines[0]
            .replay(&file.block, &file.state)
            .unwrap()
            .access_list
            .unwrap();
        if let Ok(BlockOutput {
            access_list: Some(oracle),
            ..
        }) = &expected
        {
            assert_eq!(oracle, &list, "block {}", file.number());
        }
        if let Ok(output) = &mut expected {
            output.access_list = Some(list.clone());
        }
        for engine in &engines {
            let workers = engine.config().workers;
            let (block, state) = (&file.block, &file.state);
            let modes = [
                ("replay", engine.replay(block, state)),
                ("build", engine.build(block, state)),
                ("verify", engine.verify(block, &list, state)),
            ];
            for (mode, got) in modes {
                let place = format!("{mode}, {workers} workers");
                for name in check(&file, &place, &expected, &got) {
                    *checks.entry(name).or_default() += 1;
                }
                executions += 1;
            }
        }
    }
    println!("{executions} executions of recorded blocks");
    let all = WORKERS.len() * 3;
    assert_eq!(executions, 56 * all);
    // A check that is no longer made would pass unnoticed.
    let blocks_with = BTreeMap::from([
        ("transactionsRoot", 56),
        ("gasUsed", 56),
        ("logsBloom", 56),
        ("receiptsRoot", 45),
        ("requestsHash", 3),
        ("stateRoot", 5),
    ]);
    assert_eq!(
        checks,
        blocks_with
            .into_iter()
            .map(|(name, blocks)| (name, blocks * all))
            .collect()
    );
}
