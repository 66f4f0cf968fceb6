//! The end of a transaction in the model; see `crate::commit`.

use super::{Commits, Log, Worker, hash, mark, program};
use crate::{deltas, ids::index_of, memory::Value, writes::Target};
use alloy_primitives::U256;

impl Worker<'_, '_> {
    pub(super) fn commit_prefix(&self) {
        let scheduler = self.run.scheduler;
        while scheduler.is_head_done() && !scheduler.is_halted() {
            let Ok(mut commits) = self.run.commits.try_lock() else {
                return;
            };
            while scheduler.is_head_done() && !scheduler.is_halted() {
                self.commit(scheduler.committed(), &mut commits);
            }
            drop(commits);
            if scheduler.is_finished() {
                scheduler.release_all();
            } else {
                scheduler.window_moved();
            }
        }
    }

    fn commit(&self, tx: usize, commits: &mut Commits) {
        let scheduler = self.run.scheduler;
        if !scheduler.transaction(tx).status.commit() {
            return;
        }
        // SAFETY: under the commit lock, claimed, and everything below committed.
        let verdict = unsafe { self.run.verdicts[tx].take() }.expect("every run leaves a verdict");
        scheduler.set_fees_before(tx, commits.fees);
        let used = program::gas(verdict.acc, self.run.block.gas - commits.gas_used);
        if let (Some(used), true) = (used, verdict.valid) {
            commits.gas_used += used;
            commits.fees += U256::from(scheduler.last_fee(tx));
            self.settle(tx);
            commits.included.push((tx, verdict.acc));
        } else {
            self.retract(tx);
        }
        scheduler.set_committed(tx + 1);
    }

    fn settle(&self, tx: usize) {
        let index = index_of(tx);
        for write in self.run.scheduler.log(tx).map_or(&[][..], Log::writes) {
            let (Target::Balance(cell), Value::Delta(delta)) = (&write.target, &write.value) else {
                continue;
            };
            if let Ok(before) = deltas::balance(cell, index, &self.run.fees, |_| Ok(())) {
                let after = Value::Word(before.wrapping_add(*delta));
                let after = self.arenas.values.alloc(after);
                cell.balance.publish(index, after, &self.arenas.nodes);
            }
        }
    }

    fn retract(&self, tx: usize) {
        let mut changed = [0; 8];
        mark(&mut changed, hash(0) as usize);
        for write in self.run.scheduler.log(tx).map_or(&[][..], Log::writes) {
            if write.target.location().withdraw(index_of(tx), &write.value) {
                mark(&mut changed, write.target.bit());
            }
        }
        self.run.scheduler.clear_fee(tx);
        self.tell(tx, &changed);
    }
}
