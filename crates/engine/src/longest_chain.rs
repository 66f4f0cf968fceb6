//! How serial a block is: its longest chain of dependent transactions.

use crate::{
    ids::{FIRST, index_of},
    memory::Location,
    reads::Read,
    run::Run,
};
use revm::DatabaseRef;

/// Transactions in the longest chain in which each one read what an earlier one
/// of the chain wrote. Payments into and out of a balance do not count as long
/// as there is enough: they need no order. 0 unless dependencies were recorded.
pub(crate) fn measure<DB: DatabaseRef>(run: &Run<'_, DB>) -> usize {
    if !run.config.dependencies {
        return 0;
    }
    let mut depths = vec![0usize; run.scheduler.transactions()];
    for tx in 0..run.scheduler.committed() {
        let reads = run.scheduler.log(tx).map_or(&[][..], |log| log.reads());
        let longest = reads
            .iter()
            .filter_map(|read| location(read)?.latest(index_of(tx)))
            .filter(|(writer, _)| *writer >= FIRST)
            .map(|(writer, _)| depths[(writer - FIRST) as usize])
            .max();
        depths[tx] = longest.unwrap_or(0) + 1;
    }
    depths.into_iter().max().unwrap_or(0)
}

fn location(read: &Read) -> Option<&Location> {
    match read {
        Read::Balance(cell, _) => Some(&cell.balance),
        Read::BalanceAtLeast(..) => None,
        Read::Nonce(cell, _) => Some(&cell.nonce),
        Read::Code(cell, _) => Some(&cell.code),
        Read::Life(cell, _) => Some(&cell.life),
        Read::Slot(cell, _) => Some(&cell.value),
    }
}
