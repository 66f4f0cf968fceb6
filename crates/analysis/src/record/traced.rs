//! What is known of each transaction.

use crate::{
    observer::Seen,
    trace::{Dependency, Function, Traced},
};
use alloy_primitives::Selector;
use parallax_engine::{Block, Stats};
use revm::context::TxEnv;

pub(super) fn traced(block: &Block, seen: &[Seen], stats: &Stats) -> Vec<Traced> {
    let transactions = block.transactions.iter().zip(seen);
    let mut traced: Vec<_> = transactions.map(|(tx, seen)| one(tx, seen)).collect();
    for dependency in &stats.dependencies {
        let location = dependency.location;
        let (read_at, reader) = seen[dependency.tx].read_at(&location);
        traced[dependency.tx].dependencies.push(Dependency {
            on: dependency.on,
            location,
            read_at,
            written_at: seen[dependency.on].written_at(&location),
            reader,
        });
    }
    for tx in &mut traced {
        tx.dependencies
            .sort_by(|a, b| a.read_at.total_cmp(&b.read_at).then(a.on.cmp(&b.on)));
    }
    traced
}

fn one(tx: &TxEnv, seen: &Seen) -> Traced {
    let selector = tx.data.first_chunk::<4>();
    Traced {
        nanos: 0,
        gas: seen.gas,
        sender: tx.caller,
        function: tx.kind.to().map(|to| Function {
            contract: *to,
            selector: selector.map(|bytes| Selector::from(*bytes)),
        }),
        about: about(tx),
        succeeded: seen.succeeded,
        is_payment: tx.kind.is_call()
            && tx.data.is_empty()
            && !tx.value.is_zero()
            && seen.instructions == 0,
        dependencies: Vec::new(),
    }
}

/// Words of the input that are addresses or hashes; numbers, offsets and flags are
/// smaller. As in `hints/subject.rs` of the engine.
fn about(tx: &TxEnv) -> Vec<u64> {
    let arguments = tx.data.get(4..).unwrap_or_default().chunks_exact(32);
    let words = arguments.filter_map(|word| {
        let (high, low) = word.split_at(20);
        let low = low.last_chunk().map_or(0, |tail| u64::from_be_bytes(*tail));
        high.iter().any(|byte| *byte != 0).then_some(low | 1 << 63)
    });
    words.collect()
}
