//! Sleeping without work, and without losing a wake-up.
//!
//! An event count: a worker reads the counter, looks for work once more, and
//! sleeps only while the counter has not moved. Whoever makes work available
//! does so first and moves the counter after; both sides are sequentially
//! consistent, so one of them sees the other.

use crate::sync::{
    Condvar, Mutex, PoisonError,
    atomic::{AtomicU32, Ordering, fence},
};
use std::time::Duration;

#[derive(Debug, Default)]
pub(crate) struct Park {
    events: AtomicU32,
    sleepers: AtomicU32,
    lock: Mutex<()>,
    wake: Condvar,
    naps: Condvar,
}

impl Park {
    /// Sleeps until [`Park::notify`], unless `work` says that there is some.
    pub(crate) fn sleep_unless(&self, work: impl Fn() -> bool) {
        self.sleepers.fetch_add(1, Ordering::SeqCst);
        let seen = self.events.load(Ordering::SeqCst);
        fence(Ordering::SeqCst);
        if !work() {
            let mut guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
            while self.events.load(Ordering::SeqCst) == seen {
                guard = self
                    .wake
                    .wait(guard)
                    .unwrap_or_else(PoisonError::into_inner);
            }
        }
        self.sleepers.fetch_sub(1, Ordering::SeqCst);
    }

    /// Sleeps for `time`, or until [`Park::wake_nappers`] or [`Park::notify_all`],
    /// unless `ended`. New work for one does not wake a napper: it naps because others
    /// do the work better.
    pub(crate) fn nap_unless(&self, time: Duration, ended: impl Fn() -> bool) {
        let guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        if !ended() {
            // Whether it was woken or the time was up does not matter.
            drop(self.naps.wait_timeout(guard, time));
        }
    }

    /// Wakes one sleeper, if there is any.
    #[inline]
    pub(crate) fn notify(&self) {
        fence(Ordering::SeqCst);
        if self.sleepers.load(Ordering::SeqCst) > 0 {
            self.event();
            self.wake.notify_one();
        }
    }

    /// Wakes those who nap.
    pub(crate) fn wake_nappers(&self) {
        let _guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        self.naps.notify_all();
    }

    /// Wakes everybody.
    pub(crate) fn notify_all(&self) {
        self.event();
        self.wake.notify_all();
        self.naps.notify_all();
    }

    fn event(&self) {
        let _guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        self.events.fetch_add(1, Ordering::SeqCst);
    }
}
