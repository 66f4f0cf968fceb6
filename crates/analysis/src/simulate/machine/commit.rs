//! Commits, and who is woken.

use super::Machine;
use crate::simulate::{transaction::Status, worker::Phase};

impl Machine<'_> {
    /// Commits what is done, unless somebody else is at it, and goes on.
    pub(super) fn end_of_round(&mut self, worker: usize) {
        if self.is_head_done() && !self.is_committing {
            self.is_committing = true;
            self.schedule(worker, Phase::Committing, self.trace.costs.commit);
            return;
        }
        self.look_for_work(worker);
    }

    pub(super) fn commit(&mut self, worker: usize) {
        self.transactions[self.committed].status = Status::Committed;
        self.gas_committed += self.trace.transactions[self.committed].gas;
        self.committed += 1;
        if self.is_head_done() {
            self.schedule(worker, Phase::Committing, self.trace.costs.commit);
            return;
        }
        self.is_committing = false;
        if self.committed >= self.noted + self.window / 4 {
            self.noted = self.committed;
            if self.width.is_narrow() {
                self.look_at_width();
            }
            self.wake_sleepers(1);
        }
        self.end_of_round(worker);
    }

    /// Wakes so many that sleep, if there is something to do. Each that is woken wakes
    /// the next in its turn, which takes as long.
    pub(super) fn wake_sleepers(&mut self, most: usize) {
        let there = self
            .ready
            .range(..self.limit())
            .take(self.workers.len())
            .count();
        let mut left = most.min(there);
        for worker in 0..self.workers.len() {
            if left == 0 {
                break;
            }
            if let Phase::Idle(since) = self.workers[worker].phase
                && since + self.trace.costs.look < self.now
            {
                self.schedule(worker, Phase::Waking, self.trace.costs.wake);
                left -= 1;
            }
        }
    }

    /// Whoever looks for work and does not sleep yet sees it at once.
    pub(super) fn let_lookers_look(&mut self) {
        if !self.is_work_there() {
            return;
        }
        for worker in 0..self.workers.len() {
            if let Phase::Idle(since) = self.workers[worker].phase
                && since + self.trace.costs.look >= self.now
            {
                self.schedule(worker, Phase::Waking, 0);
            }
        }
    }
}
