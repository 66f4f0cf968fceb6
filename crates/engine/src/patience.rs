//! When a worker that is in the others' way leaves the field to them, and how long.
//!
//! Where every transaction needs what the one before has written, a second worker
//! mostly waits, repeats, and carries cache lines to and fro; one alone is faster. But
//! where much is done before the read that conflicts, two are. Nobody can tell which it
//! is beforehand, so it is tried: after some conflicts in a row the worker sleeps for a
//! moment, and compares how much gas was committed meanwhile with how much it was
//! before, in the same time.

use std::time::{Duration, Instant};

/// Conflicts in a row after which the first trial is made.
const FEWEST: u32 = 3;
/// Conflicts in a row that are tolerated at most.
const MOST: u32 = 192;

const SHORTEST: Duration = Duration::from_micros(50);
const LONGEST: Duration = Duration::from_micros(800);

/// A worker's patience with conflicts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// Transactions in a row that had to wait or be repeated.
    conflicts: u32,
    /// How many of them it takes to leave the field.
    tolerance: u32,
    /// How long it sleeps next time.
    nap: Duration,
    /// When the first of `conflicts` was, and the gas that was committed then.
    since: Option<(Instant, u64)>,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            conflicts: 0,
            tolerance: FEWEST,
            nap: SHORTEST,
            since: None,
        }
    }
}

impl Patience {
    /// A transaction had to wait for another or to be repeated; `gas` is committed.
    pub(crate) fn conflict(&mut self, gas: u64) {
        self.conflicts += 1;
        self.since.get_or_insert_with(|| (Instant::now(), gas));
    }

    /// A transaction met nothing in its way.
    pub(crate) fn success(&mut self) {
        self.conflicts = 0;
        self.since = None;
    }

    /// There have been no conflicts for a while.
    pub(crate) fn recover(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn is_exhausted(&self) -> bool {
        self.conflicts >= self.tolerance
    }

    /// Sleeps, and sees what that was good for. `gas` says how much is committed.
    pub(crate) fn leave(&mut self, gas: impl Fn() -> u64, sleep: impl FnOnce(Duration)) {
        let left = (Instant::now(), gas());
        sleep(self.nap);
        let back = (Instant::now(), gas());
        if back.0 - left.0 >= self.nap / 2 {
            let before = self.since.map(|since| Pace::between(since, left));
            self.judge(before.unwrap_or_default(), Pace::between(left, back));
        }
        self.success();
    }

    fn judge(&mut self, with: Pace, without: Pace) {
        if without.is_no_worse_than(with) {
            self.nap = (self.nap * 2).min(LONGEST);
            self.tolerance = FEWEST;
        } else {
            self.nap = SHORTEST;
            self.tolerance = (self.tolerance * 4).min(MOST);
        }
    }
}

/// Gas that was committed in some time.
#[derive(Clone, Copy, Debug, Default)]
struct Pace {
    gas: u64,
    time: Duration,
}

impl Pace {
    fn between(from: (Instant, u64), to: (Instant, u64)) -> Self {
        Self {
            gas: to.1.saturating_sub(from.1),
            time: to.0.saturating_duration_since(from.0),
        }
    }

    fn is_no_worse_than(self, other: Self) -> bool {
        let weigh = |gas: u64, time: Duration| u128::from(gas) * time.as_nanos();
        weigh(self.gas, other.time) >= weigh(other.gas, self.time)
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::*;

    const MOMENT: Duration = Duration::from_millis(1);

    fn pace(gas: u64) -> Pace {
        Pace { gas, time: MOMENT }
    }

    #[test]
    fn conflicts_in_a_row_exhaust_it() {
        let mut patience = Patience::default();
        for _ in 0..10 {
            patience.conflict(0);
            patience.conflict(0);
            assert!(!patience.is_exhausted());
            patience.success();
        }
        (0..FEWEST).for_each(|_| patience.conflict(0));
        assert!(patience.is_exhausted());
    }

    #[test]
    fn it_stays_away_longer_if_the_others_are_as_fast_without_it() {
        let mut patience = Patience::default();
        patience.judge(pace(100), pace(100));
        assert_eq!(patience.nap, SHORTEST * 2);
        (0..10).for_each(|_| patience.judge(pace(100), pace(150)));
        assert_eq!((patience.nap, patience.tolerance), (LONGEST, FEWEST));
    }

    #[test]
    fn it_tolerates_more_if_it_was_of_use() {
        let mut patience = Patience::default();
        patience.judge(pace(100), pace(150));
        patience.judge(pace(100), pace(60));
        assert_eq!((patience.nap, patience.tolerance), (SHORTEST, 4 * FEWEST));
        (0..10).for_each(|_| patience.judge(pace(100), pace(60)));
        assert_eq!(patience.tolerance, MOST);
        patience.recover();
        assert_eq!(patience.tolerance, FEWEST);
    }

    #[test]
    fn a_nap_that_is_cut_short_teaches_nothing() {
        let mut patience = Patience::default();
        (0..FEWEST).for_each(|_| patience.conflict(0));
        patience.leave(|| 0, |_| ());
        assert!(!patience.is_exhausted());
        assert_eq!((patience.nap, patience.tolerance), (SHORTEST, FEWEST));
    }

    #[test]
    fn paces_are_compared_by_time() {
        let slow = Pace {
            gas: 150,
            time: 2 * MOMENT,
        };
        assert!(!slow.is_no_worse_than(pace(100)) && pace(100).is_no_worse_than(slow));
    }
}
