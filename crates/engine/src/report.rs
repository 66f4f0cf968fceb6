//! What a worker counts, and the sum of all workers.

use crate::{
    run::Run,
    stats::{Conflict, Span, Stats, Timeline},
};
use alloy_primitives::{Address, U256};
use revm::DatabaseRef;
use std::{collections::HashMap, sync::PoisonError, time::Duration};

/// A worker's counters.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) number: usize,
    pub(crate) executions: u64,
    pub(crate) repeated: u64,
    pub(crate) aborts: u64,
    pub(crate) stalls: u64,
    pub(crate) plain_transfers: u64,
    pub(crate) idle: Duration,
    pub(crate) working: Duration,
    pub(crate) claiming: Duration,
    pub(crate) committing: Duration,
    pub(crate) spans: Vec<Span>,
    pub(crate) conflicts: HashMap<(Address, Option<U256>), u64>,
}

impl Report {
    /// Adds what the same worker did later.
    pub(crate) fn add(&mut self, later: Self) {
        self.executions += later.executions;
        self.repeated += later.repeated;
        self.aborts += later.aborts;
        self.stalls += later.stalls;
        self.plain_transfers += later.plain_transfers;
        self.idle += later.idle;
        self.working += later.working;
        self.claiming += later.claiming;
        self.committing += later.committing;
        self.spans.extend(later.spans);
        for (place, count) in later.conflicts {
            *self.conflicts.entry(place).or_insert(0) += count;
        }
    }

    /// All workers' reports as one.
    pub(crate) fn merge<DB: DatabaseRef>(run: &Run<'_, DB>) -> Stats {
        let mut reports = run.reports.lock().unwrap_or_else(PoisonError::into_inner);
        reports.sort_by_key(|report| report.number);
        let mut stats = Stats {
            workers: reports.len(),
            ..Stats::default()
        };
        let mut conflicts = HashMap::new();
        for report in reports.drain(..) {
            stats.executions += report.executions;
            stats.reexecutions += report.repeated;
            stats.aborts += report.aborts;
            stats.stalls += report.stalls;
            stats.plain_transfers += report.plain_transfers;
            stats.timelines.push(Timeline {
                busy: report.working.saturating_sub(report.idle),
                claiming: report.claiming,
                committing: report.committing,
                spans: report.spans,
            });
            for (place, count) in report.conflicts {
                *conflicts.entry(place).or_insert(0) += count;
            }
        }
        stats.conflicts = conflicts
            .into_iter()
            .map(|((address, slot), count)| Conflict {
                address,
                slot,
                count,
            })
            .collect();
        stats
            .conflicts
            .sort_unstable_by_key(|c| (std::cmp::Reverse(c.count), c.address, c.slot));
        stats
    }
}
