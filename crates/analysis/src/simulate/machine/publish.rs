//! The end of an execution, and what that means for others.

use super::Machine;
use crate::simulate::{
    SegmentKind,
    transaction::Status,
    worker::{CALM, Phase, Worker},
};

impl Machine<'_> {
    pub(super) fn publish(&mut self, worker: usize) {
        let (tx, is_final) = (self.workers[worker].tx, self.workers[worker].is_final);
        let transaction = &mut self.transactions[tx];
        transaction.has_published = true;
        let stale = transaction.stale.filter(|_| !is_final);
        transaction.status = Status::Done;
        self.tell(worker, tx);
        if let Some(read) = stale {
            self.transactions[tx].status = Status::Running;
            self.note_conflict(tx, read);
            self.repeat(worker);
            return;
        }
        self.release_waiting();
        let state = &mut self.workers[worker];
        state.calm = match std::mem::take(&mut state.met_contention) {
            true => 0,
            false => state.calm + 1,
        };
        if std::mem::take(&mut state.met_conflict) {
            self.count_conflict();
        }
        let state = &mut self.workers[worker];
        state.was_payment = self.trace.transactions[tx].is_payment;
        let waiters = std::mem::take(&mut self.transactions[tx].waiters);
        let woken = waiters.len();
        for waiter in waiters {
            self.transactions[waiter].status = Status::Ready;
            self.ready.insert(waiter);
        }
        self.wake_sleepers(woken.saturating_sub(1));
        self.end_of_round(worker);
    }

    /// Executes the worker's transaction again, which has read something stale.
    pub(super) fn repeat(&mut self, worker: usize) {
        let state = &mut self.workers[worker];
        state.calm = 0;
        state.met_conflict = true;
        let (phase, tx) = (state.phase, state.tx);
        if phase == Phase::Running {
            self.add_segment(worker, SegmentKind::Wasted);
        } else {
            self.mark_wasted(tx);
        }
        self.execute(worker);
    }

    fn mark_wasted(&mut self, tx: usize) {
        if let Some(segment) = self.transactions[tx].segment {
            self.result.segments[segment].kind = SegmentKind::Wasted;
        }
    }

    /// What `tx` has published invalidates what others have read before.
    fn tell(&mut self, worker: usize, tx: usize) {
        for index in 0..self.readers[tx].len() {
            let (reader, read) = self.readers[tx][index];
            let transaction = &mut self.transactions[reader];
            if transaction.reads <= read {
                continue;
            }
            match transaction.status {
                Status::Running => {
                    transaction.stale = transaction.stale.or(Some(read));
                    if self.workers[worker].calm < CALM {
                        self.suspect(reader);
                    }
                }
                Status::Done => {
                    transaction.status = Status::Ready;
                    transaction.reads = 0;
                    self.ready.insert(reader);
                    self.mark_wasted(reader);
                    self.workers[worker].calm = 0;
                    self.note_conflict(reader, read);
                    self.wake_sleepers(1);
                }
                Status::Ready | Status::Stalled | Status::Committed => {}
            }
        }
    }

    /// Lets a running transaction look at its reads at once: it loads something every
    /// few instructions.
    fn suspect(&mut self, tx: usize) {
        let runs = |worker: &Worker| worker.phase == Phase::Running && worker.tx == tx;
        if let Some(worker) = self.workers.iter().position(runs) {
            let state = &mut self.workers[worker];
            state.is_suspect = true;
            self.schedule(worker, Phase::Running, 0);
        }
    }

    pub(super) fn note_conflict(&mut self, tx: usize, read: usize) {
        let dependency = &self.trace.transactions[tx].dependencies[read];
        if self.hints.note_conflict(self.trace, tx, dependency) {
            self.hints.heat_up_callee(self.trace, tx);
        }
    }

    /// Workers that wait at a slot go on if those are done that they wait for.
    fn release_waiting(&mut self) {
        for worker in 0..self.workers.len() {
            let state = &self.workers[worker];
            let Phase::Spinning(since) = state.phase else {
                continue;
            };
            if state
                .awaited
                .iter()
                .all(|on| self.transactions[*on].is_stable())
            {
                self.stop_waiting(worker, since);
                let tx = self.workers[worker].tx;
                let read = self.transactions[tx].reads;
                self.read_value(worker, self.trace.transactions[tx].dependencies[read]);
            }
        }
    }
}
