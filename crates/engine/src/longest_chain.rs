//! How serial a block is: its longest chain of dependent transactions.

use crate::{
    ids::index_of,
    memory::{Value, Visible},
    reads::{Read, life},
    run::Run,
    scheduler::Log,
    writes::{Ref, Target},
};
use alloy_primitives::map::HashMap;
use revm::DatabaseRef;

/// Transactions in the longest chain in which each one read what an earlier one
/// of the chain wrote. Payments into and out of a balance do not count as long
/// as there is enough: they need no order. Neither do transactions that were left
/// out of the block. 0 unless dependencies were recorded.
pub(crate) fn measure<DB: DatabaseRef>(run: &Run<'_, DB>) -> usize {
    if !run.config.dependencies {
        return 0;
    }
    let mut chains = Chains {
        run,
        up_to: HashMap::default(),
        fees: 0,
        longest: 0,
    };
    for tx in 0..run.scheduler.committed() {
        if let Some(log) = run.scheduler.log(tx).filter(|log| is_included(tx, log)) {
            chains.add(tx, log);
        }
    }
    chains.longest
}

/// Whether something of what it wrote is still there: its sender's nonce at least,
/// unless it was left out.
fn is_included(tx: usize, log: &Log) -> bool {
    log.writes().iter().any(|write| {
        let node = write.target.location().at(index_of(tx));
        node.is_some_and(|node| node.value().is_some())
    })
}

struct Chains<'r, 'm, DB: DatabaseRef> {
    run: &'r Run<'m, DB>,
    /// The longest chain that ends in what is at a location now. More than that of
    /// the last writer if others have added to a balance before.
    up_to: HashMap<usize, usize>,
    /// The longest chain that ends in a fee.
    fees: usize,
    longest: usize,
}

impl<DB: DatabaseRef> Chains<'_, '_, DB> {
    fn add(&mut self, tx: usize, log: &Log) {
        let before = log.reads().iter().map(|read| self.needed(tx, read)).max();
        let length = before.unwrap_or(0) + 1;
        for write in log.writes() {
            let up_to = self.up_to.entry(write.target.identity()).or_insert(0);
            *up_to = match write.value {
                Value::Delta(_) => length.max(*up_to),
                _ => length,
            };
        }
        let index = index_of(tx);
        // The second: in Verify fees are in the list, not in the schedule.
        if self.run.scheduler.last_fee(tx) > 0 || self.run.beneficiary.balance.at(index).is_some() {
            self.fees = self.fees.max(length);
        }
        self.longest = self.longest.max(length);
    }

    /// The longest chain that ends in what this read of `tx` has seen.
    fn needed(&self, tx: usize, read: &Read) -> usize {
        let target = match *read {
            Read::Balance(cell, _) => Target::Balance(cell),
            Read::BalanceAtLeast(..) => return 0,
            Read::Nonce(cell, _) => Target::Nonce(cell),
            Read::Code(cell, _) => Target::Code(cell),
            Read::Life(cell, _) => Target::Life(cell),
            Read::Slot(cell, _) => {
                let index = index_of(tx);
                let life = life(cell.account(), index).map(|(_, life)| life);
                match cell.visible(index, life) {
                    Visible::Written(..) => Target::Slot(cell),
                    // What was written before does not matter any more.
                    Visible::Cleared => Target::Life(Ref::new(cell.account())),
                    Visible::Base => return 0,
                }
            }
        };
        let up_to = self.up_to.get(&target.identity()).copied().unwrap_or(0);
        match target {
            Target::Balance(cell) if cell.address == self.run.beneficiary.address => {
                up_to.max(self.fees)
            }
            _ => up_to,
        }
    }
}
