//! How serial a block is: its longest chains of dependent transactions.

use crate::{
    ids::index_of,
    memory::{Value, Visible},
    reads::{Read, life},
    run::Run,
    scheduler::Log,
    stats::{Stats, Timeline},
    writes::Target,
};
use alloy_primitives::map::HashMap;
use revm::DatabaseRef;
use std::time::Duration;

/// The longest chain in which each transaction read what an earlier one of the chain
/// wrote: by number and by time, which may be different ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Length {
    transactions: usize,
    time: Duration,
}

impl Length {
    fn max(self, other: Self) -> Self {
        Self {
            transactions: self.transactions.max(other.transactions),
            time: self.time.max(other.time),
        }
    }
}

/// Adds to `stats` how long the longest chains are. Payments into and out of a
/// balance do not count as long as there is enough: they need no order. Neither do
/// transactions that were left out of the block. Nothing is known unless dependencies
/// were recorded, and of times unless timelines were.
pub(crate) fn measure<DB: DatabaseRef>(run: &Run<'_, DB>, stats: &mut Stats) {
    let times = last_executions(&stats.timelines, run.scheduler.transactions());
    stats.work = times.iter().sum();
    if !run.config.dependencies {
        return;
    }
    let mut chains = Chains {
        run,
        up_to: HashMap::default(),
        fees: Length::default(),
        longest: Length::default(),
    };
    for (tx, time) in (0..run.scheduler.committed()).zip(times) {
        if let Some(log) = run.scheduler.log(tx).filter(|log| is_included(tx, log)) {
            chains.add(tx, log, time);
        }
    }
    stats.longest_chain = chains.longest.transactions;
    stats.chain_work = chains.longest.time;
}

/// For each transaction the duration of its last execution; zero where none was
/// recorded.
fn last_executions(timelines: &[Timeline], transactions: usize) -> Vec<Duration> {
    let mut last = vec![(0, Duration::ZERO); transactions];
    let spans = timelines.iter().flat_map(|timeline| &timeline.spans);
    for span in spans.filter(|span| span.tx < transactions) {
        let (incarnation, time) = &mut last[span.tx];
        if span.incarnation >= *incarnation {
            *incarnation = span.incarnation;
            *time = span.end.saturating_sub(span.start);
        }
    }
    last.into_iter().map(|(_, time)| time).collect()
}

/// Whether something of what it wrote is still there: its sender's nonce at least,
/// unless it was left out.
fn is_included(tx: usize, log: &Log) -> bool {
    log.writes().iter().any(|write| {
        let node = write.target.location().at(index_of(tx));
        node.is_some_and(|node| node.value().is_some())
    })
}

struct Chains<'r, 'm, DB: DatabaseRef> {
    run: &'r Run<'m, DB>,
    /// The longest chain that ends in what is at a location now. More than that of
    /// the last writer if others have added to a balance before.
    up_to: HashMap<usize, Length>,
    /// The longest chain that ends in a fee.
    fees: Length,
    longest: Length,
}

impl<DB: DatabaseRef> Chains<'_, '_, DB> {
    fn add(&mut self, tx: usize, log: &Log, time: Duration) {
        let needed = log.reads().iter().map(|read| self.needed(tx, read));
        let before = needed.fold(Length::default(), Length::max);
        let length = Length {
            transactions: before.transactions + 1,
            time: before.time + time,
        };
        for write in log.writes() {
            let up_to = self.up_to.entry(write.target.identity()).or_default();
            *up_to = match write.value {
                Value::Delta(_) => length.max(*up_to),
                _ => length,
            };
        }
        let index = index_of(tx);
        // The second: in Verify fees are in the list, not in the schedule.
        if self.run.scheduler.last_fee(tx) > 0 || self.run.beneficiary.balance.at(index).is_some() {
            self.fees = self.fees.max(length);
        }
        self.longest = self.longest.max(length);
    }

    /// The longest chain that ends in what this read of `tx` has seen.
    fn needed(&self, tx: usize, read: &Read) -> Length {
        let target = match *read {
            Read::Balance(cell, _) => Target::Balance(cell),
            Read::BalanceAtLeast(..) => return Length::default(),
            Read::HasNonce(cell) if cell.had_nonce() => return Length::default(),
            Read::Nonce(cell, _) | Read::HasNonce(cell) => Target::Nonce(cell),
            Read::Code(cell, _) => Target::Code(cell),
            Read::Life(cell, _) => Target::Life(cell),
            Read::Slot(cell, _) => {
                let index = index_of(tx);
                let life = life(cell.account(), index).map(|(_, life)| life);
                match cell.visible(index, life) {
                    Visible::Written(..) => Target::Slot(cell),
                    // What was written before does not matter any more.
                    Visible::Cleared => Target::Life(cell.account_ref()),
                    Visible::Base => return Length::default(),
                }
            }
        };
        let up_to = self.up_to.get(&target.identity()).copied();
        let up_to = up_to.unwrap_or_default();
        match target {
            Target::Balance(cell) if cell.address == self.run.beneficiary.address => {
                up_to.max(self.fees)
            }
            _ => up_to,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Span;

    #[test]
    fn the_last_execution_counts() {
        let span = |tx, incarnation, milliseconds: [u64; 2]| {
            let [start, end] = milliseconds.map(Duration::from_millis);
            Span {
                tx,
                incarnation,
                start,
                end,
            }
        };
        let timeline = |spans| Timeline {
            spans,
            ..Timeline::default()
        };
        let timelines = [
            timeline(vec![span(0, 0, [0, 1]), span(2, 1, [1, 5])]),
            timeline(vec![span(2, 0, [0, 2]), span(9, 0, [2, 3])]),
        ];
        let times = last_executions(&timelines, 3);
        assert_eq!(times, [1, 0, 4].map(Duration::from_millis));
    }
}
