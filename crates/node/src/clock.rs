//! The time of blocks, which a developer may move.

use std::time::{SystemTime, UNIX_EPOCH};

/// Which timestamp the next block gets.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Clock {
    /// Seconds that it is ahead of the system's.
    offset: i64,
    /// That of the next block alone; the clock goes on from there.
    next: Option<u64>,
    /// Seconds between blocks, instead of the time that passes.
    interval: Option<u64>,
}

fn system() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

impl Clock {
    /// What it shows.
    pub(crate) fn now(&self) -> u64 {
        system().saturating_add_signed(self.offset)
    }

    /// The timestamp of a block after one of `parent`.
    pub(crate) fn peek(&self, parent: u64) -> u64 {
        if let Some(next) = self.next {
            return next.max(parent + 1);
        }
        if let Some(interval) = self.interval {
            return parent.saturating_add(interval);
        }
        self.now().max(parent + 1)
    }

    /// A block of that time was made: it does not show an earlier one any more. So what it
    /// is moved on by later comes on top of the last block.
    pub(crate) fn made(&mut self, timestamp: u64) {
        if self.next.take().is_some() || timestamp > self.now() {
            self.set(timestamp);
        }
    }

    /// Lets it show another time.
    pub(crate) fn set(&mut self, time: u64) {
        self.offset = i64::try_from(i128::from(time) - i128::from(system())).unwrap_or_default();
    }

    /// Moves it on; by how many seconds it is ahead then.
    pub(crate) fn advance(&mut self, seconds: i64) -> i64 {
        self.offset = self.offset.saturating_add(seconds);
        self.offset
    }

    pub(crate) fn set_next(&mut self, timestamp: Option<u64>) {
        self.next = timestamp;
    }

    pub(crate) fn set_interval(&mut self, seconds: Option<u64>) {
        self.interval = seconds;
    }
}
