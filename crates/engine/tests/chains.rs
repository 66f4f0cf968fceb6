//! How serial a block is, by number and by time.

use parallax_engine::{Engine, EngineConfig, Stats};
use parallax_workload::{Kind, generate};
use std::time::Duration;

const TRANSACTIONS: usize = 40;

fn stats(kind: Kind, config: EngineConfig) -> Stats {
    let workload = generate(kind, TRANSACTIONS, 1);
    let engine = Engine::new(config).unwrap();
    let output = engine.replay(&workload.block, &workload.state).unwrap();
    output.stats
}

fn observing(workers: usize) -> EngineConfig {
    EngineConfig {
        workers,
        record_timelines: true,
        dependencies: true,
        ..EngineConfig::default()
    }
}

#[test]
fn all_work_of_a_chain_is_in_the_chain() {
    for workers in [1, 2] {
        for kind in [Kind::Chain, Kind::Counter, Kind::SwapOnePool] {
            let stats = stats(kind, observing(workers));
            assert_eq!(stats.longest_chain, TRANSACTIONS, "{kind}");
            assert_eq!(stats.chain_work, stats.work, "{kind}");
            assert!(stats.work > Duration::ZERO);
            assert_eq!(stats.least_time(16), stats.work, "{kind}");
        }
    }
}

#[test]
fn independent_work_can_be_shared() {
    for workers in [1, 2] {
        for kind in [Kind::Transfers, Kind::Swaps] {
            let stats = stats(kind, observing(workers));
            assert_eq!(stats.longest_chain, 1, "{kind}");
            let spans = stats.timelines.iter().flat_map(|timeline| &timeline.spans);
            let longest = spans.map(|span| span.end - span.start).max();
            assert!(Some(stats.chain_work) <= longest, "{kind}");
            assert!(stats.chain_work < stats.work, "{kind}");
            assert_eq!(stats.least_time(1), stats.work, "{kind}");
            assert_eq!(stats.least_time(1000), stats.chain_work, "{kind}");
        }
    }
}

#[test]
fn without_records_nothing_is_known() {
    let nothing = stats(Kind::Chain, EngineConfig::default());
    assert_eq!((nothing.longest_chain, nothing.work), (0, Duration::ZERO));
    let times = EngineConfig {
        dependencies: false,
        ..observing(1)
    };
    let times = stats(Kind::Chain, times);
    assert!(times.work > Duration::ZERO);
    assert_eq!(times.chain_work, Duration::ZERO);
}
