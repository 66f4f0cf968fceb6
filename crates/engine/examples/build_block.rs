//! Builds a block from candidates, some of which cannot be part of it, and
//! hands out sub-blocks while the rest is still running.
//!
//! ```text
//! cargo run -p parallax-engine --example build_block
//! ```

use parallax_engine::{Block, Engine, EngineConfig};
use parallax_workload::{Kind, generate};
use revm::primitives::U256;
use std::{error::Error, sync::mpsc};

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    // A thousand token transfers in the order in which the builder would like
    // to have them, ...
    let mut workload = generate(Kind::Erc20, 1_000, 1);
    let candidates = &mut workload.block.transactions;
    // ... one from the future, one that somebody else has already replaced, one
    // that its sender cannot pay for, and one that is larger than any block.
    candidates[100].nonce += 7;
    candidates[200] = candidates[0].clone();
    candidates[300].value = U256::MAX >> 1;
    candidates[400].gas_limit = 10_000_000_000;

    // Sub-blocks go through a channel to whoever tells the users: the engine
    // waits while they are being handed over.
    let (sender, receiver) = mpsc::channel::<Vec<usize>>();
    let announcer = std::thread::spawn(move || {
        let (mut sub_blocks, mut transactions) = (0, 0);
        for included in receiver {
            sub_blocks += 1;
            transactions += included.len();
        }
        (sub_blocks, transactions)
    });

    let engine = Engine::new(EngineConfig {
        workers: 2,
        ..EngineConfig::default()
    })?;
    let output = engine.build_streaming(&workload.block, &workload.state, &|outcomes| {
        // Final: what is handed out stays as it is, in this order.
        let included: Vec<usize> = outcomes.iter().map(|outcome| outcome.index).collect();
        // Nobody listens any more only if the announcer has panicked.
        let _ = sender.send(included);
    })?;
    drop(sender);
    let (sub_blocks, announced) = announcer.join().map_err(|_| "the announcer panicked")?;

    println!(
        "{} included, gas {}",
        output.outcomes.len(),
        output.gas_used
    );
    println!("{announced} of them announced in {sub_blocks} sub-blocks");
    for skipped in &output.skipped {
        println!("candidate {} left out: {}", skipped.index, skipped.reason);
    }
    assert_eq!(announced, output.outcomes.len());
    let left_out: Vec<usize> = output.skipped.iter().map(|skipped| skipped.index).collect();
    assert_eq!(left_out, [100, 200, 300, 400]);

    // What was included is a valid block, for anybody who replays it.
    let included = output.outcomes.iter().map(|outcome| outcome.index);
    let block = Block {
        transactions: included
            .map(|index| workload.block.transactions[index].clone())
            .collect(),
        ..workload.block.clone()
    };
    let replayed = engine.replay(&block, &workload.state)?;
    assert_eq!(replayed.gas_used, output.gas_used);
    println!("replayed: the same gas");
    Ok(())
}
