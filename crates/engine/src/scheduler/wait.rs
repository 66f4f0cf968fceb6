//! What a worker does when there is nothing to run, and what becomes of a
//! transaction that has to wait for another one.

use super::{Scheduler, State};
use crate::sync::{
    LOOKS, PoisonError,
    atomic::{Ordering, fence},
};
use std::time::Duration;

/// How long a worker stays away without looking: only by mistake would it have to.
const LONGEST_NAP: Duration = Duration::from_millis(1);

/// How long a worker sleeps that has nothing to do while somebody else is at a long
/// commit: the caller takes what was committed, and may take its time.
const COMMIT_NAP: Duration = Duration::from_micros(50);

impl Scheduler {
    /// Takes the lowest ready transaction of the window.
    pub(crate) fn claim(&self) -> Option<usize> {
        let committed = self.committed();
        self.ready.take_lowest(committed, self.limit(committed))
    }

    /// Takes up to `count` transactions from `start` on that are ready: a bit for
    /// each, from the lowest. Fewer at the end of the window.
    pub(crate) fn claim_run(&self, start: usize, count: usize) -> u64 {
        let limit = self.limit(self.committed());
        match limit.saturating_sub(start).min(count) {
            0 => 0,
            count => {
                let taken = self.ready.take_run(start, count);
                // Once for all of them, instead of each when it begins.
                self.readers.insert_run(start, taken);
                taken
            }
        }
    }

    /// Puts a running transaction to sleep until `on` has finished (again).
    /// Returns false if it has already, and the caller should go on running it.
    pub(crate) fn stall(&self, tx: usize, incarnation: u32, on: usize) -> bool {
        let writer = &self.transactions[on];
        self.readers.take(tx);
        self.transactions[tx].status.stall(incarnation);
        {
            let mut waiters = self.asides[on]
                .waiters
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            waiters.push(tx);
            writer.has_waiters.store(true, Ordering::SeqCst);
        }
        fence(Ordering::SeqCst);
        let finished = matches!(
            writer.status.load().0,
            State::Executed | State::Done | State::Committed
        );
        // Either the writer sees the waiter or this sees that it has finished.
        // Both may happen; then one of them wins the transition.
        if finished && self.transactions[tx].status.wake() {
            self.ready.insert(tx);
            return !self.ready.take(tx);
        }
        true
    }

    /// Makes everything that waits for `tx` ready.
    pub(crate) fn wake_waiters(&self, tx: usize) {
        if !self.transactions[tx].has_waiters.load(Ordering::SeqCst) {
            return;
        }
        let waiters = {
            let mut waiters = self.asides[tx]
                .waiters
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            let has_waiters = &self.transactions[tx].has_waiters;
            has_waiters.store(false, Ordering::SeqCst);
            std::mem::take(&mut *waiters)
        };
        let woken = waiters.into_iter().filter(|waiter| {
            let is_woken = self.transactions[*waiter].status.wake();
            if is_woken {
                self.ready.insert(*waiter);
            }
            is_woken
        });
        // The caller looks for more to do itself.
        for _ in 1..woken.count() {
            self.park.notify();
        }
    }

    /// Lets sleeping workers have a look at what a longer committed prefix allows,
    /// now and then: waking one costs as much as a small transaction.
    pub(crate) fn window_moved(&self) {
        let committed = self.committed();
        let noted = self.progress.noted.load(Ordering::Relaxed);
        if committed < noted + self.window / 4 {
            return;
        }
        self.progress.noted.store(committed, Ordering::Relaxed);
        if self.width.is_narrow() {
            self.look_at_width();
        }
        if self
            .ready
            .lowest(committed, self.limit(committed))
            .is_some()
        {
            self.park.notify();
        }
    }

    /// Called by a worker that was woken: if there is more to do, so is the next.
    pub(crate) fn wake_another(&self) {
        let committed = self.committed();
        let mut ready = self.ready.lowest(committed, self.limit(committed));
        if let Some(own) = ready {
            ready = self.ready.lowest(own + 1, self.limit(committed));
        }
        if ready.is_some() {
            self.park.notify();
        }
    }

    /// Whether worker `number` is in the others' way, and is to stay away.
    #[inline]
    pub(crate) fn excludes(&self, number: usize) -> bool {
        self.width.excludes(number)
    }

    /// Notes that a transaction had to wait for another, or to be repeated.
    pub(crate) fn note_conflict(&self) {
        if self.width.conflict() {
            self.look_at_width();
        }
    }

    /// Sees whether those who stay away should come back, or others should go.
    fn look_at_width(&self) {
        if self.width.look(self.committed(), self.gas_committed()) {
            self.park.wake_nappers();
        }
    }

    /// Sleeps although there may be something to do, until the block has ended or
    /// more workers are wanted; now and then it looks itself.
    pub(crate) fn stay_away(&self, number: usize) {
        self.pass_on();
        self.nap(number);
    }

    /// Wakes somebody else: an excluded worker may have been woken in place of one who
    /// may work, or have left unsaid what it was going to take itself.
    fn pass_on(&self) {
        self.park.notify();
    }

    pub(super) fn nap(&self, number: usize) {
        let is_over = || self.is_finished() || !self.excludes(number);
        self.park.nap_unless(LONGEST_NAP, is_over);
    }

    /// For models: from now on so many may work.
    #[cfg(test)]
    pub(super) fn set_width(&self, workers: usize) {
        if self.width.set(workers) {
            self.park.wake_nappers();
        }
    }

    /// Sleeps for a moment while somebody else commits.
    pub(crate) fn wait_for_commit(&self) {
        self.park.nap_unless(COMMIT_NAP, || self.is_finished());
    }

    /// Sleeps until there may be something to do.
    pub(crate) fn wait_for_work(&self) {
        let work = || {
            let committed = self.committed();
            self.is_finished()
                || self
                    .ready
                    .lowest(committed, self.limit(committed))
                    .is_some()
                || self.is_head_done()
        };
        for _ in 0..LOOKS {
            if work() {
                return;
            }
            std::hint::spin_loop();
        }
        self.park.sleep_unless(work);
    }
}
