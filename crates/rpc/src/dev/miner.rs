//! Blocks at regular times.

use super::Number;
use crate::{api::Api, error::RpcError, params::Params};
use serde_json::{Value, json};
use std::{
    io,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak},
    thread,
    time::{Duration, Instant},
};

/// How far apart blocks are, if they come at regular times.
#[derive(Debug, Default)]
pub(crate) struct Interval {
    wanted: Mutex<Wanted>,
    has_changed: Condvar,
}

#[derive(Debug, Default)]
struct Wanted {
    interval: Option<Duration>,
    is_over: bool,
    /// Counts changes, so that the thread begins to wait anew.
    changes: u64,
}

impl Interval {
    fn lock(&self) -> MutexGuard<'_, Wanted> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, interval: Option<Duration>) {
        let mut wanted = self.lock();
        wanted.interval = interval.filter(|interval| !interval.is_zero());
        wanted.changes += 1;
        self.has_changed.notify_all();
    }

    /// Waits until a block is due, so long after `last` was; `None`: there will be no more.
    fn wait(&self, last: Instant) -> Option<Instant> {
        let mut wanted = self.lock();
        loop {
            if wanted.is_over {
                return None;
            }
            let Some(interval) = wanted.interval else {
                wanted = self
                    .has_changed
                    .wait(wanted)
                    .unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            // What a block took is part of the time until the next one; but those that are
            // late are not made up for.
            let due = (last + interval).max(Instant::now());
            let changes = wanted.changes;
            while wanted.changes == changes && !wanted.is_over {
                let left = due.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    return Some(due);
                }
                wanted = self
                    .has_changed
                    .wait_timeout(wanted, left)
                    .unwrap_or_else(PoisonError::into_inner)
                    .0;
            }
        }
    }
}

impl Api {
    /// Starts a thread that makes blocks at regular times, as far as somebody wants that.
    ///
    /// # Errors
    /// If the system does not start a thread.
    pub fn start_miner(self: &Arc<Self>) -> io::Result<thread::JoinHandle<()>> {
        let interval = Arc::clone(&self.interval);
        let api = Arc::downgrade(self);
        let name = thread::Builder::new().name("blocks".to_owned());
        name.spawn(move || {
            let mut last = Instant::now();
            while let Some(due) = interval.wait(last) {
                last = due;
                let Some(api) = Weak::upgrade(&api) else {
                    return;
                };
                if let Err(error) = api.node.mine() {
                    tracing::error!(%error, "no block could be made");
                }
            }
        })
    }

    /// Lets blocks come so far apart; `None`: not by themselves.
    pub fn set_interval(&self, interval: Option<Duration>) {
        self.interval.set(interval);
    }

    /// Ends the thread of [`Api::start_miner`].
    pub fn stop_miner(&self) {
        let mut wanted = self.interval.lock();
        wanted.is_over = true;
        self.interval.has_changed.notify_all();
    }

    pub(super) fn interval_seconds(&self) -> Option<u64> {
        self.interval
            .lock()
            .interval
            .map(|interval| interval.as_secs())
    }

    /// `evm_setIntervalMining`: seconds for anvil; hardhat's are milliseconds.
    pub(super) fn set_interval_mining(&self, mut params: Params<'_>) -> Result<Value, RpcError> {
        let seconds: Number = params.next()?;
        let interval = Duration::from_secs(seconds.small()?);
        self.set_mines_at_once(false);
        self.set_interval(Some(interval));
        Ok(json!(true))
    }
}
