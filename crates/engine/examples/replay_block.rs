//! Executes a block whose order is given, and looks at everything that comes
//! back.
//!
//! ```text
//! cargo run --release -p parallax-engine --example replay_block
//! ```

use parallax_engine::{Engine, EngineConfig, sequential};
use parallax_workload::{Kind, generate};
use std::error::Error;

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    // A block and the state that it runs on: 400 swaps in one and the same pool,
    // each of which depends on the one before. Made from a seed, so you see the
    // same block as everybody else.
    let workload = generate(Kind::SwapOnePool, 400, 1);
    println!("{}: {}", workload.name, workload.description);

    // An engine has threads of its own. Start it once and keep it.
    let engine = Engine::new(EngineConfig {
        workers: 2,
        record_timelines: true,
        ..EngineConfig::default()
    })?;
    let mut output = engine.replay(&workload.block, &workload.state)?;

    // One outcome for each transaction, in order: what a receipt is made of.
    for outcome in output.outcomes.iter().take(3) {
        println!(
            "transaction {}: success {}, gas {}, cumulative gas {}, {} logs",
            outcome.index,
            outcome.result.is_success(),
            outcome.result.tx_gas_used(),
            outcome.cumulative_gas_used,
            outcome.result.logs().len(),
        );
    }
    println!(
        "... {} in all, gas {}",
        output.outcomes.len(),
        output.gas_used
    );

    // The difference that the block makes to the state.
    output.changes.sort();
    for account in output.changes.accounts.iter().take(3) {
        println!(
            "changed: {}, {} slots",
            account.address,
            account.storage.len()
        );
    }
    println!("... {} accounts in all", output.changes.accounts.len());

    // What it took. These numbers vary from run to run; nothing above does.
    let stats = &output.stats;
    println!("{:?} on {} workers", stats.elapsed, stats.workers);
    println!(
        "{} executions, {} of them repeated",
        stats.executions, stats.reexecutions
    );
    for conflict in stats.conflicts.iter().take(3) {
        let slot = conflict
            .slot
            .map_or("account".to_owned(), |slot| format!("slot {slot:#x}"));
        println!(
            "conflict: {} {slot}, {} times",
            conflict.address, conflict.count
        );
    }
    for (worker, timeline) in stats.timelines.iter().enumerate() {
        println!(
            "worker {worker}: busy {:?}, {} runs",
            timeline.busy,
            timeline.spans.len()
        );
    }

    // Parallel is sequential, to the bit. Here is the proof for this block.
    let mut expected = sequential::replay(&workload.block, &workload.state, false)?;
    expected.changes.sort();
    assert_eq!(output.outcomes, expected.outcomes);
    assert_eq!(output.changes, expected.changes);
    println!("equal to plain revm");
    Ok(())
}
