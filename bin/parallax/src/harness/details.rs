//! What untimed executions tell about a block on the engine of an examination: when
//! each transaction was committed, what the workers collided at, how much memory it
//! took.

use super::{executor::Executor, statistics::Times};
use crate::memory;
use alloy_eip7928::BlockAccessList;
use parallax_engine::{Block, Conflict, Stats};
use revm::{
    DatabaseRef,
    primitives::{Address, U256},
};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// What was found. Runs are executions beside the timed ones.
#[derive(Clone, Debug, Default)]
pub(crate) struct Details {
    /// For each transaction of each run: from the call of the engine to the delivery
    /// of the sub-block that it is in. Empty where sub-blocks are not delivered.
    pub(crate) commits: Times,
    /// Locations whose change made a transaction run again, most frequent first.
    pub(crate) conflicts: Vec<Hot>,
    /// Transactions that waited for an earlier one, per run.
    pub(crate) stalls: f64,
    /// By how much the memory of the process grew, at most, while an engine was
    /// started and executed the block for the first time.
    pub(crate) peak_bytes: Option<u64>,
}

/// A location and how often per run it made a transaction run again.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub(crate) struct Hot {
    pub(crate) address: Address,
    /// `None` for the balance, nonce or code of the account.
    pub(crate) slot: Option<U256>,
    pub(crate) per_run: f64,
}

/// Executes a block so often with delivery, and once on an engine of its own. What
/// fails is left out: the examination has executed the block before.
pub(crate) fn details<DB: DatabaseRef + Sync>(
    executor: &Executor,
    block: &Block,
    list: &BlockAccessList,
    db: &DB,
    runs: usize,
) -> Details {
    let mut delays = Vec::new();
    let mut all_stats = Vec::new();
    for _ in 0..runs {
        let (stats, delivered) = deliver(executor, block, list, db);
        all_stats.extend(stats);
        delays.extend(delivered);
    }
    let ran = all_stats.len().max(1) as f64;
    Details {
        commits: delays.into_iter().collect(),
        conflicts: conflicts(&all_stats),
        stalls: all_stats
            .iter()
            .map(|stats| stats.stalls as f64)
            .sum::<f64>()
            / ran,
        peak_bytes: peak(executor, block, list, db),
    }
}

/// One execution with delivery; how long after the call each transaction came.
fn deliver<DB: DatabaseRef + Sync>(
    executor: &Executor,
    block: &Block,
    list: &BlockAccessList,
    db: &DB,
) -> (Option<Stats>, Vec<Duration>) {
    let delivered = Mutex::new(Vec::with_capacity(block.transactions.len()));
    let started = Instant::now();
    let output = executor.streaming(block, db, &|outcomes| {
        let delay = started.elapsed();
        let mut delivered = delivered.lock().unwrap_or_else(PoisonError::into_inner);
        delivered.extend(outcomes.iter().map(|_| delay));
    });
    let output = output.unwrap_or_else(|| executor.parallel(block, list, db));
    let delivered = delivered
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    (output.ok().map(|output| output.stats), delivered)
}

/// All conflicts of all runs, as means.
fn conflicts(runs: &[Stats]) -> Vec<Hot> {
    let mut counts = HashMap::new();
    for conflict in runs.iter().flat_map(|stats| &stats.conflicts) {
        let Conflict {
            address,
            slot,
            count,
        } = *conflict;
        *counts.entry((address, slot)).or_insert(0) += count;
    }
    let mut hot: Vec<_> = counts
        .into_iter()
        .map(|((address, slot), count)| Hot {
            address,
            slot,
            per_run: count as f64 / runs.len() as f64,
        })
        .collect();
    hot.sort_unstable_by(|a, b| {
        let place = |hot: &Hot| (hot.address, hot.slot);
        b.per_run
            .total_cmp(&a.per_run)
            .then_with(|| place(a).cmp(&place(b)))
    });
    hot
}

/// Block and state are in memory before, the result is not.
fn peak<DB: DatabaseRef + Sync>(
    executor: &Executor,
    block: &Block,
    list: &BlockAccessList,
    db: &DB,
) -> Option<u64> {
    memory::give_back_freed_pages();
    memory::forget_peak().ok()?;
    let before = memory::resident_bytes()?;
    let output = executor.fresh().ok()?.parallel(block, list, db).ok()?;
    let peak = memory::peak_resident_bytes()?;
    drop(output);
    Some(peak.saturating_sub(before))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Mode;
    use parallax_workload::{Kind, generate};

    #[test]
    fn every_transaction_is_delivered_once_a_run() {
        let executor = Executor::new(Mode::Replay, 2).unwrap();
        let workload = generate(Kind::Counter, 40, 1);
        let (block, state) = (&workload.block, &workload.state);
        let details = details(&executor, block, &Vec::new(), state, 3);
        assert_eq!(details.commits.count(), 3 * 40);
        let [first, last] = [0.0, 1.0].map(|fraction| details.commits.quantile(fraction));
        assert!(Duration::ZERO < first && first <= last);
    }

    #[test]
    fn means_of_conflicts() {
        let conflict = |byte, count| Conflict {
            address: Address::repeat_byte(byte),
            slot: None,
            count,
        };
        let run = |conflicts| Stats {
            conflicts,
            ..Stats::default()
        };
        let runs = [
            run(vec![conflict(1, 4)]),
            run(vec![conflict(2, 9), conflict(1, 1)]),
        ];
        let means: Vec<_> = conflicts(&runs)
            .iter()
            .map(|hot| (hot.address[0], hot.per_run))
            .collect();
        assert_eq!(means, [(2, 4.5), (1, 2.5)]);
    }
}
