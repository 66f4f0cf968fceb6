//! Reading what others write, and waiting for them.

use super::Machine;
use crate::{
    simulate::{Segment, SegmentKind, transaction::Status, worker::Phase},
    trace::Dependency,
};
use parallax_engine::Location;

impl Machine<'_> {
    pub(super) fn read(&mut self, worker: usize, dependency: Dependency) {
        let tx = self.workers[worker].tx;
        if let Some((subject, last)) = self.hints.touch(&dependency.location, tx) {
            let transactions = &self.trace.transactions;
            // The last one that is not committed and about the same.
            let mut before = (self.committed..tx).rev();
            let call = before.find(|before| subject.covers(&transactions[*before]));
            let others = [last, call].into_iter().flatten();
            self.workers[worker].met_contention = true;
            self.workers[worker].awaited = others
                .filter(|on| !self.transactions[*on].is_stable())
                .collect();
            if !self.workers[worker].awaited.is_empty() {
                self.workers[worker].met_conflict = true;
                let patience = self.trace.costs.patience;
                self.schedule(worker, Phase::Spinning(self.now), patience);
                return;
            }
        }
        self.read_value(worker, dependency);
    }

    /// The worker's transaction has waited at a slot for too long.
    pub(super) fn blame_slot(&mut self, worker: usize) {
        let tx = self.workers[worker].tx;
        let read = self.transactions[tx].reads;
        let location = self.trace.transactions[tx].dependencies[read].location;
        if self.hints.is_broad(self.trace, tx, &location) {
            self.hints.heat_up_callee(self.trace, tx);
        }
    }

    pub(super) fn read_value(&mut self, worker: usize, dependency: Dependency) {
        let writer = &self.transactions[dependency.on];
        let must_wait = writer.has_published || matches!(dependency.location, Location::Nonce(_));
        if must_wait && !writer.is_stable() {
            self.put_aside(worker, dependency.on);
            return;
        }
        self.transactions[self.workers[worker].tx].reads += 1;
        self.go_on(worker);
    }

    pub(super) fn first_awaited(&self, worker: usize) -> usize {
        let awaited = self.workers[worker].awaited.iter();
        let unstable = awaited.filter(|on| !self.transactions[**on].is_stable());
        unstable.max().copied().unwrap_or(self.committed)
    }

    pub(super) fn stop_waiting(&mut self, worker: usize, since: u64) {
        let tx = self.workers[worker].tx;
        self.result.segments.push(Segment {
            worker,
            tx,
            start: since,
            end: self.now,
            kind: SegmentKind::Waiting,
        });
    }

    /// Lets the worker's transaction wait until `on` is done, unless it is.
    pub(super) fn put_aside(&mut self, worker: usize, on: usize) {
        let state = &mut self.workers[worker];
        state.calm = 0;
        let tx = state.tx;
        self.count_conflict();
        self.result.put_aside += 1;
        if self.workers[worker].phase != Phase::Claiming {
            self.add_segment(worker, SegmentKind::PutAside);
        }
        if self.transactions[on].is_stable() {
            self.transactions[tx].status = Status::Ready;
            self.ready.insert(tx);
        } else {
            self.transactions[tx].status = Status::Stalled;
            self.transactions[on].waiters.push(tx);
        }
        self.schedule(worker, Phase::Stalling, self.trace.costs.stall);
    }

    pub(super) fn add_segment(&mut self, worker: usize, kind: SegmentKind) {
        let state = &self.workers[worker];
        self.transactions[state.tx].segment = Some(self.result.segments.len());
        self.result.segments.push(Segment {
            worker,
            tx: state.tx,
            start: state.started,
            end: self.now,
            kind,
        });
    }
}
