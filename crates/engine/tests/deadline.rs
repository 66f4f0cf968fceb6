//! Building a block for which the time is up at any moment.

mod common;

use common::{WORKERS, assert_same};
use parallax_engine::{Engine, EngineConfig, TxOutcome, sequential};
use parallax_workload::{
    Kind, Workload,
    adversarial::{AdversarialConfig, random_block},
    generate,
};
use std::{
    sync::Mutex,
    time::{Duration, Instant},
};

fn engine(workers: usize, access_list: bool) -> Engine {
    Engine::new(EngineConfig {
        workers,
        access_list,
        gas_per_helper: 0,
        ..EngineConfig::default()
    })
    .unwrap()
}

/// Whatever was considered by then is what sequential execution makes of it.
fn check(engine: &Engine, workload: &Workload, time: Duration) -> usize {
    let Workload {
        block, state, name, ..
    } = workload;
    let name = format!("{name}, {time:?}, {} workers", engine.config().workers);
    let streamed = Mutex::new(Vec::new());
    let sink = |outcomes: &[TxOutcome]| streamed.lock().unwrap().extend_from_slice(outcomes);
    let deadline = Instant::now() + time;
    let got = engine.build_until(block, state, deadline, &sink).unwrap();
    let mut part = block.clone();
    part.transactions.truncate(got.considered);
    let lists = engine.config().access_list;
    let expected = sequential::build(&part, state, lists).unwrap();
    assert_same(&name, &expected, &got);
    assert_eq!(expected.access_list, got.access_list, "{name}");
    assert_eq!(streamed.into_inner().unwrap(), got.outcomes, "{name}");
    assert_eq!(got.considered, got.outcomes.len() + got.skipped.len());
    got.considered
}

#[test]
fn a_block_ends_when_the_time_is_up() {
    let kinds = [Kind::Mixed, Kind::Counter, Kind::Transfers];
    let workloads = kinds.map(|kind| generate(kind, 2000, 3));
    for workers in WORKERS {
        for access_list in [false, true] {
            let engine = engine(workers, access_list);
            for workload in &workloads {
                assert_eq!(check(&engine, workload, Duration::ZERO), 0);
                for microseconds in [100, 400, 1600, 6400] {
                    check(&engine, workload, Duration::from_micros(microseconds));
                }
                let all = workload.block.transactions.len();
                assert_eq!(check(&engine, workload, Duration::from_secs(3600)), all);
            }
        }
    }
}

#[test]
fn random_blocks_end_when_the_time_is_up() {
    let engine = engine(4, false);
    for seed in 0..300 {
        let config = AdversarialConfig {
            transactions: 60,
            invalid: true,
            ..AdversarialConfig::default()
        };
        let workload = random_block(seed, config);
        check(&engine, &workload, Duration::from_micros(seed * 7));
    }
}
