//! What no schedule can beat, and what a plain one reaches.
//!
//! Three numbers for each count of cores:
//!
//! - *bound*: total time divided by the larger of a core's share and the longest
//!   chain. Nobody who executes whole transactions on finished values is faster.
//! - *overlapped bound*: the same with the longest chain in which a transaction may
//!   start at once and only waits where it reads. The engine can get there.
//! - *list schedule*: transactions are started in the order of the block, each when
//!   all that it depends on have ended, by whichever core is free: perfect knowledge,
//!   no cost of scheduling, nothing executed twice.

use crate::trace::Trace;
use std::{cmp::Reverse, collections::BinaryHeap, time::Duration};

/// A chain of transactions, each of which reads what the one before wrote.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chain {
    /// In the order of the block. Each but the first has a dependency on the one
    /// before it.
    pub transactions: Vec<usize>,
    /// How long it takes.
    pub time: Duration,
}

/// What a number of cores can gain at most.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bound {
    /// How many cores.
    pub cores: usize,
    /// By the longest chain of whole transactions.
    pub whole: f64,
    /// By the longest chain in which transactions wait where they read.
    pub overlapped: f64,
    /// What the list schedule reaches.
    pub list: f64,
}

/// The bounds for a number of cores, as speed-ups over executing one transaction
/// after the other.
#[must_use]
pub fn speedup_bound(trace: &Trace, cores: usize) -> Bound {
    let total = trace.total();
    let share = total.div_f64(cores.max(1) as f64);
    let speedup = |time: Duration| ratio(total, time.max(share));
    Bound {
        cores,
        whole: speedup(longest_chain(trace).time),
        overlapped: speedup(overlapped_chain(trace).time),
        list: ratio(total, list_schedule(trace, cores)),
    }
}

fn ratio(total: Duration, time: Duration) -> f64 {
    if time.is_zero() {
        return 1.0;
    }
    total.as_secs_f64() / time.as_secs_f64()
}

/// The chain that takes longest if a transaction starts when the one before has ended.
#[must_use]
pub fn longest_chain(trace: &Trace) -> Chain {
    chain_of(trace, |ends, tx| {
        let traced = &trace.transactions[tx];
        let before = traced.dependencies.iter().map(|dependency| dependency.on);
        let last = before.max_by_key(|on| (ends[*on], Reverse(*on)));
        let start = last.map_or(0, |on| ends[on]);
        (start + traced.nanos, last)
    })
}

/// The chain that takes longest if a transaction starts at once and waits where it
/// reads what another one has not finished writing.
#[must_use]
pub fn overlapped_chain(trace: &Trace) -> Chain {
    chain_of(trace, |ends, tx| {
        let traced = &trace.transactions[tx];
        let (mut time, mut done, mut last) = (0, 0, None);
        for dependency in &traced.dependencies {
            let until = (traced.nanos as f64 * dependency.read_at) as u64;
            time += until - done.min(until);
            done = until.max(done);
            if ends[dependency.on] > time {
                time = ends[dependency.on];
                last = Some(dependency.on);
            }
        }
        (time + traced.nanos - done.min(traced.nanos), last)
    })
}

/// `end` says when a transaction ends, and whom it waited for last, given when those
/// below it end.
fn chain_of(trace: &Trace, end: impl Fn(&[u64], usize) -> (u64, Option<usize>)) -> Chain {
    let mut ends = Vec::with_capacity(trace.transactions.len());
    let mut before = Vec::with_capacity(trace.transactions.len());
    for tx in 0..trace.transactions.len() {
        let (time, last) = end(&ends, tx);
        ends.push(time);
        before.push(last);
    }
    let Some(latest) = (0..ends.len()).max_by_key(|tx| (ends[*tx], Reverse(*tx))) else {
        return Chain::default();
    };
    let mut transactions: Vec<_> =
        std::iter::successors(Some(latest), |tx: &usize| before[*tx]).collect();
    transactions.reverse();
    Chain {
        transactions,
        time: Duration::from_nanos(ends[latest]),
    }
}

/// How far ahead of the first unfinished transaction others may start, for each core;
/// that of the engine's scheduler.
pub(crate) const WINDOW: usize = 32;

/// The time that the list schedule takes on so many cores.
#[must_use]
pub fn list_schedule(trace: &Trace, cores: usize) -> Duration {
    let cores = cores.max(1);
    let transactions = &trace.transactions;
    let mut waits: Vec<_> = transactions
        .iter()
        .map(|tx| tx.dependencies.len())
        .collect();
    let mut waiters = vec![Vec::new(); transactions.len()];
    for (tx, traced) in transactions.iter().enumerate() {
        for dependency in &traced.dependencies {
            waiters[dependency.on].push(tx);
        }
    }
    let free_of_waits = |tx: &usize| waits[*tx] == 0;
    let mut ready: BinaryHeap<_> = (0..transactions.len())
        .filter(free_of_waits)
        .map(Reverse)
        .collect();
    let mut running = BinaryHeap::new();
    let mut ended = vec![false; transactions.len()];
    let (mut now, mut head) = (0, 0);
    loop {
        while running.len() < cores
            && let Some(Reverse(tx)) = ready.peek().copied()
            && tx < head + WINDOW * cores
        {
            ready.pop();
            running.push(Reverse((now + transactions[tx].nanos, tx)));
        }
        let Some(Reverse((time, tx))) = running.pop() else {
            return Duration::from_nanos(now);
        };
        now = time;
        ended[tx] = true;
        while ended.get(head) == Some(&true) {
            head += 1;
        }
        for waiter in std::mem::take(&mut waiters[tx]) {
            waits[waiter] -= 1;
            if waits[waiter] == 0 {
                ready.push(Reverse(waiter));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nanos(nanos: u64) -> Duration {
        Duration::from_nanos(nanos)
    }

    #[test]
    fn independent_transactions_share_the_cores() {
        let trace = Trace::of(&[(10, &[][..]); 8]);
        assert_eq!(longest_chain(&trace).time, nanos(10));
        assert_eq!(longest_chain(&trace).transactions, [0]);
        let bound = speedup_bound(&trace, 4);
        assert_eq!((bound.whole, bound.overlapped, bound.list), (4.0, 4.0, 4.0));
        assert_eq!(speedup_bound(&trace, 64).list, 8.0);
    }

    #[test]
    fn a_chain_gains_nothing() {
        let trace = Trace::of(&[(10, &[]), (20, &[(0, 0.0)]), (30, &[(1, 0.0)])]);
        let chain = longest_chain(&trace);
        assert_eq!((chain.transactions, chain.time), (vec![0, 1, 2], nanos(60)));
        let bound = speedup_bound(&trace, 8);
        assert_eq!((bound.whole, bound.overlapped, bound.list), (1.0, 1.0, 1.0));
    }

    #[test]
    fn a_chain_that_reads_late_overlaps() {
        // Each reads in the middle: 100, then 50 more for each that follows.
        let trace = Trace::of(&[(100, &[]), (100, &[(0, 0.5)]), (100, &[(1, 0.5)])]);
        assert_eq!(longest_chain(&trace).time, nanos(300));
        assert_eq!(overlapped_chain(&trace).time, nanos(200));
        assert_eq!(overlapped_chain(&trace).transactions, [0, 1, 2]);
        assert_eq!(speedup_bound(&trace, 2).overlapped, 1.5);
        // With two reads, the second decides.
        let trace = Trace::of(&[(100, &[]), (300, &[]), (100, &[(0, 0.2), (1, 0.9)])]);
        assert_eq!(overlapped_chain(&trace).time, nanos(310));
        assert_eq!(overlapped_chain(&trace).transactions, [1, 2]);
    }

    #[test]
    fn a_diamond_takes_its_longer_side() {
        let trace = Trace::of(&[
            (10, &[]),
            (20, &[(0, 0.0)]),
            (50, &[(0, 0.0)]),
            (10, &[(1, 0.0), (2, 0.0)]),
        ]);
        let chain = longest_chain(&trace);
        assert_eq!((chain.transactions, chain.time), (vec![0, 2, 3], nanos(70)));
        assert_eq!(list_schedule(&trace, 2), nanos(70));
        assert_eq!(list_schedule(&trace, 1), nanos(90));
        assert!((speedup_bound(&trace, 2).whole - 90.0 / 70.0).abs() < 1e-9);
    }

    #[test]
    fn the_window_holds_the_list_schedule_back() {
        // The first takes long, and of the others only a window may start meanwhile.
        let mut transactions: Vec<(u64, &[(usize, f64)])> = vec![(10, &[]); 2 * WINDOW * 2];
        transactions[0].0 = 100_000;
        let trace = Trace::of(&transactions);
        let beyond = (transactions.len() - WINDOW * 2) as u64;
        assert_eq!(
            list_schedule(&trace, 2),
            nanos(100_000 + beyond.div_ceil(2) * 10)
        );
    }

    #[test]
    fn nothing_takes_no_time() {
        let trace = Trace::default();
        assert_eq!(longest_chain(&trace), Chain::default());
        assert_eq!(list_schedule(&trace, 4), Duration::ZERO);
        assert_eq!(speedup_bound(&trace, 4).whole, 1.0);
    }
}
