//! Executes one generated block again and again, for a profiler:
//! `cargo run --release -p parallax-workload --example profile -- erc20 10000 2 200`
//! (kind, transactions, workers, rounds; 0 workers: plain revm).

use parallax_engine::{Engine, EngineConfig, sequential};
use parallax_workload::{Kind, generate};
use std::time::Instant;

/// That of the binary, whose figures this explains.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [kind, transactions, workers, rounds] = arguments.as_slice() else {
        eprintln!("usage: profile KIND TRANSACTIONS WORKERS ROUNDS");
        std::process::exit(2);
    };
    let number = |text: &str| text.parse::<usize>().expect("a number");
    let kind: Kind = kind.parse().expect("a kind of the catalogue");
    let workload = generate(kind, number(transactions), 1);
    let workers = number(workers);
    let engine = Engine::new(EngineConfig {
        workers,
        ..EngineConfig::default()
    })
    .expect("threads");
    let mut times = Vec::new();
    for _ in 0..number(rounds) {
        let started = Instant::now();
        if workers == 0 {
            let executed = sequential::replay_bundle(&workload.block, &workload.state, false);
            times.push(started.elapsed());
            drop(executed.expect("a valid block"));
        } else {
            let output = engine.replay(&workload.block, &workload.state);
            times.push(started.elapsed());
            drop(output.expect("a valid block"));
        }
    }
    if workers > 0
        && let Ok(output) = engine.replay(&workload.block, &workload.state)
    {
        let stats = output.stats;
        println!(
            "executions {} repeated {} aborts {} stalls {} conflicts {:?} busy {:?}",
            stats.executions,
            stats.reexecutions,
            stats.aborts,
            stats.stalls,
            stats.conflicts.first(),
            stats
                .timelines
                .iter()
                .map(|timeline| timeline.busy)
                .collect::<Vec<_>>(),
        );
    }
    times.sort_unstable();
    println!(
        "{kind} {transactions} txs, {workers} workers: {:?} least, {:?} median",
        times[0],
        times[times.len() / 2]
    );
}
