//! How many workers may take transactions.
//!
//! Where every transaction needs what the one before has written, more workers only
//! wait, repeat, and carry cache lines to and fro: one alone is faster. Where much is done
//! before the read that conflicts, several are. Nobody can tell which it is beforehand, so
//! it is tried: while there are many conflicts, half of the workers are sent away, and
//! what is committed meanwhile is compared with what was committed before. What was no
//! good is taken back, and tried again later, after longer each time.

use crate::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::{
    sync::{Mutex, MutexGuard, PoisonError, TryLockError},
    time::{Duration, Instant},
};

/// What a window must have at least to tell something.
const SHORTEST: Duration = Duration::from_micros(60);
const FEWEST: usize = 16;

/// A window of fewer transactions ends after this.
const LONGEST: Duration = Duration::from_millis(2);

/// Of so many committed transactions one with a conflict is many.
const MANY: u64 = 4;

/// Windows between two trials, at first and at most.
const REST: u32 = 8;
const LONGEST_REST: u32 = 64;

/// Conflicts between two looks at the clock.
const LOOK: u32 = 4;

/// Who may work, and why.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Width {
    /// Workers with lower numbers may.
    limit: AtomicUsize,
    all: AtomicUsize,
    conflicts: AtomicU32,
    control: Mutex<Control>,
}

/// What was committed when.
#[derive(Clone, Copy, Debug)]
struct Mark {
    time: Instant,
    committed: usize,
    gas: u64,
    conflicts: u32,
}

#[derive(Debug, Default)]
struct Control {
    start: Option<Mark>,
    policy: Policy,
}

impl Width {
    /// `workers` are about to begin.
    pub(crate) fn restart(&self, workers: usize) {
        let mut control = self.control.lock().unwrap_or_else(PoisonError::into_inner);
        *control = Control {
            start: None,
            policy: Policy::new(workers),
        };
        self.limit.store(workers, Ordering::Relaxed);
        self.all.store(workers, Ordering::Relaxed);
    }

    /// Whether worker `number` is to stay away for now.
    #[inline]
    pub(crate) fn excludes(&self, number: usize) -> bool {
        number >= self.limit.load(Ordering::Relaxed)
    }

    /// Whether some are away.
    #[inline]
    pub(crate) fn is_narrow(&self) -> bool {
        self.limit.load(Ordering::Relaxed) < self.all.load(Ordering::Relaxed)
    }

    /// A transaction had to wait for another, or to be repeated. Whether that was the
    /// last of some, so that it is time to [`Width::look`].
    pub(crate) fn conflict(&self) -> bool {
        (self.conflicts.fetch_add(1, Ordering::Relaxed) + 1).is_multiple_of(LOOK)
    }

    /// Sees how it goes, `committed` transactions with `gas` being committed. Whether
    /// more workers may work than before.
    pub(crate) fn look(&self, committed: usize, gas: u64) -> bool {
        if self.all.load(Ordering::Relaxed) < 2 {
            return false;
        }
        let Some(mut control) = self.try_control() else {
            return false;
        };
        let now = Mark {
            time: Instant::now(),
            committed,
            gas,
            conflicts: self.conflicts.load(Ordering::Relaxed),
        };
        let start = *control.start.get_or_insert(now);
        let Some(window) = Window::between(start, now) else {
            return false;
        };
        let before = control.policy.limit;
        control.policy.see(window);
        control.start = Some(now);
        self.limit.store(control.policy.limit, Ordering::Relaxed);
        control.policy.limit > before
    }

    /// `None` if somebody else is at it.
    fn try_control(&self) -> Option<MutexGuard<'_, Control>> {
        match self.control.try_lock() {
            Ok(control) => Some(control),
            Err(TryLockError::Poisoned(poisoned)) => Some(PoisonError::into_inner(poisoned)),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// For models: `limit` may work from now on. Whether these are more than before.
    #[cfg(test)]
    pub(super) fn set(&self, limit: usize) -> bool {
        self.limit.swap(limit, Ordering::Relaxed) < limit
    }
}

/// What happened in some time.
#[derive(Clone, Copy, Debug)]
struct Window {
    /// Gas that was committed in a second.
    pace: f64,
    has_many_conflicts: bool,
}

impl Window {
    /// `None` if it is too short to tell anything.
    fn between(from: Mark, to: Mark) -> Option<Self> {
        let time = to.time.saturating_duration_since(from.time);
        let committed = to.committed.saturating_sub(from.committed);
        if time < SHORTEST || (committed < FEWEST && time < LONGEST) {
            return None;
        }
        let conflicts = u64::from(to.conflicts.wrapping_sub(from.conflicts));
        Some(Self {
            pace: to.gas.saturating_sub(from.gas) as f64 / time.as_secs_f64(),
            has_many_conflicts: conflicts * MANY > committed as u64,
        })
    }
}

/// How many it was before a trial, and how fast that was.
#[derive(Clone, Copy, Debug)]
struct Trial {
    limit: usize,
    pace: f64,
}

/// Decides how many may work.
#[derive(Debug, Default)]
struct Policy {
    all: usize,
    limit: usize,
    trial: Option<Trial>,
    /// Windows until the next trial.
    rest: u32,
    /// How long it rests after the next trial that is no good.
    next_rest: u32,
}

impl Policy {
    const fn new(all: usize) -> Self {
        Self {
            all,
            limit: all,
            trial: None,
            rest: 0,
            next_rest: REST,
        }
    }

    fn see(&mut self, window: Window) {
        if let Some(before) = self.trial.take() {
            self.judge(before, window);
        } else if self.rest > 0 {
            self.rest -= 1;
            return;
        }
        if self.rest == 0 {
            self.try_another(window);
        }
    }

    /// Keeps or ends a trial. Fewer workers must be as good, more must be better.
    fn judge(&mut self, before: Trial, window: Window) {
        let good = match self.limit < before.limit {
            true => window.pace >= 0.97 * before.pace,
            false => window.pace > 1.05 * before.pace,
        };
        if good {
            self.next_rest = REST;
            // If it is better to go on like this, at once.
            let goes_on = window.has_many_conflicts && self.limit < before.limit;
            self.rest = if goes_on { 0 } else { REST };
        } else {
            self.limit = before.limit;
            self.rest = self.next_rest;
            self.next_rest = (2 * self.next_rest).min(LONGEST_REST);
        }
    }

    fn try_another(&mut self, window: Window) {
        let other = if window.has_many_conflicts && self.limit > 1 {
            self.limit / 2
        } else {
            (2 * self.limit).min(self.all)
        };
        if other != self.limit {
            self.trial = Some(Trial {
                limit: self.limit,
                pace: window.pace,
            });
            self.limit = other;
        }
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::*;

    /// Lets a policy see `windows` of a block whose pace depends on how many work.
    fn after(policy: &mut Policy, windows: usize, pace: impl Fn(usize) -> f64, many: usize) {
        for _ in 0..windows {
            let has_many_conflicts = policy.limit > many;
            let pace = pace(policy.limit);
            policy.see(Window {
                pace,
                has_many_conflicts,
            });
        }
    }

    #[test]
    fn a_chain_is_left_to_one() {
        let mut policy = Policy::new(16);
        after(&mut policy, 5, |width| 1.0 / width as f64, 1);
        assert_eq!(policy.limit, 1);
        let mut alone = 0;
        for _ in 0..300 {
            after(&mut policy, 1, |width| 1.0 / width as f64, 1);
            alone += usize::from(policy.limit == 1);
        }
        assert!(alone > 285, "{alone} of 300 windows alone");
    }

    #[test]
    fn those_who_are_of_use_stay() {
        let mut policy = Policy::new(16);
        let mut wide = 0;
        for _ in 0..300 {
            after(&mut policy, 1, |width| width as f64, 0);
            wide += usize::from(policy.limit == 16);
        }
        assert!(wide > 285, "{wide} of 300 windows with all");
    }

    #[test]
    fn without_conflicts_nothing_is_tried() {
        let mut policy = Policy::new(16);
        after(&mut policy, 100, |width| width as f64, 16);
        assert_eq!(policy.limit, 16);
    }

    #[test]
    fn the_best_width_is_found() {
        let mut policy = Policy::new(16);
        let pace = |width: usize| if width > 4 { 1.0 } else { width as f64 };
        after(&mut policy, 20, pace, 0);
        assert_eq!(policy.limit, 4);
    }

    #[test]
    fn all_come_back_when_the_chain_has_ended() {
        let mut policy = Policy::new(8);
        after(&mut policy, 10, |width| 1.0 / width as f64, 1);
        assert_eq!(policy.limit, 1);
        after(&mut policy, 400, |width| width as f64, 8);
        assert_eq!(policy.limit, 8);
    }

    #[test]
    fn a_window_must_tell_something() {
        let start = Mark {
            time: Instant::now(),
            committed: 10,
            gas: 0,
            conflicts: 3,
        };
        let later = |time, committed| {
            let end = Mark {
                time: start.time + time,
                committed: 10 + committed,
                gas: 1_000_000,
                conflicts: 9,
            };
            Window::between(start, end)
        };
        assert!(later(SHORTEST / 2, 100).is_none());
        assert!(later(SHORTEST, FEWEST - 1).is_none());
        assert!(later(LONGEST, 0).is_some_and(|window| window.has_many_conflicts));
        let window = later(Duration::from_millis(1), 100).expect("long enough");
        assert!(!window.has_many_conflicts && (window.pace - 1e9).abs() < 1.0);
    }

    #[test]
    fn one_worker_is_never_sent_away() {
        let width = Width::default();
        width.restart(1);
        (0..1000).for_each(|committed| assert!(!width.look(committed, 0)));
        assert!(!width.excludes(0) && !width.is_narrow());
    }
}
