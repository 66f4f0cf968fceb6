//! What conflicts teach: whom to wait for, and whom to let wait.

use super::Worker;
use crate::{reads::Read, view::Mode};
use alloy_primitives::{Address, U256};
use revm::DatabaseRef;

impl<DB: DatabaseRef> Worker<'_, DB> {
    /// A lower transaction that `tx` had better wait for.
    pub(super) fn predecessor(&mut self, tx: usize, mode: Mode) -> Option<usize> {
        let run = self.run;
        let transaction = &run.block.transactions[tx];
        let view = &mut self.vm.journal().view;
        let sender = view.cell(transaction.caller);
        let callee = transaction.kind.to().map(|to| view.cell(*to));
        view.parties = [Some(sender), callee];
        let before_sender = sender.hints.start_as_sender(tx);
        let before_callee = callee.and_then(|callee| callee.hints.start_as_callee(tx));
        if mode == Mode::Speculative {
            let scheduler = run.scheduler;
            // A call of a hot contract waits until the one before is committed:
            // that one may have run on values as stale as its own would be.
            let head = scheduler.committed();
            let uncommitted = before_callee.filter(|before| *before >= head && head < tx);
            let before = before_sender.into_iter().chain(uncommitted.map(|_| head));
            let before = before.filter(|before| !scheduler.is_stable(*before)).max();
            if before.is_some() {
                return before;
            }
        }
        if let Some(callee) = callee {
            callee.hints.cool_down();
        }
        None
    }

    /// Notes the conflict for which `tx` was abandoned, unless it is a slot's.
    pub(super) fn blame(&mut self, tx: usize) {
        if self.vm.journal().view.blames_callee.take() {
            self.heat_up(tx);
        }
    }

    /// Notes that `read`, which is of `tx`, has turned out to be stale.
    pub(super) fn note_conflict(&mut self, tx: usize, read: &Read) {
        *self.stats.conflicts.entry(place(read)).or_insert(0) += 1;
        let view = &self.vm.journal().view;
        if match read {
            Read::Slot(cell, _) => view.note_conflict(cell, tx),
            _ => true,
        } {
            self.heat_up(tx);
        }
    }

    /// Lets the calls of the contract that `tx` calls be made one after the other,
    /// if this happens again.
    fn heat_up(&mut self, tx: usize) {
        if let Some(to) = self.run.block.transactions[tx].kind.to() {
            self.vm.journal().view.cell(*to).hints.heat_up();
        }
    }
}

fn place(read: &Read) -> (Address, Option<U256>) {
    match read {
        Read::Balance(cell, _)
        | Read::BalanceAtLeast(cell, _)
        | Read::Nonce(cell, _)
        | Read::HasNonce(cell)
        | Read::Code(cell, _)
        | Read::Life(cell, _) => (cell.address, None),
        Read::Slot(cell, _) => (cell.account().address, Some(cell.key)),
    }
}
