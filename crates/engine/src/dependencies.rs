//! Who read what whom wrote.

use crate::{
    ids::{FIRST, index_of},
    memory::Location,
    reads::Read,
    run::Run,
    stats::{self, Dependency},
};
use revm::DatabaseRef;

/// Who read what whom wrote, by reader. Payments into and out of a balance do not
/// count as long as there is enough: they need no order. Empty unless dependencies
/// were recorded.
pub(crate) fn find<DB: DatabaseRef>(run: &Run<'_, DB>) -> Vec<Dependency> {
    let mut dependencies = Vec::new();
    if !run.config.dependencies {
        return dependencies;
    }
    for tx in 0..run.scheduler.committed() {
        let reads = run.scheduler.log(tx).map_or(&[][..], |log| log.reads());
        let found = reads.iter().filter_map(|read| {
            let (cell, location) = location(read)?;
            let (writer, _) = cell.latest(index_of(tx))?;
            let on = writer.checked_sub(FIRST)? as usize;
            Some(Dependency { tx, on, location })
        });
        dependencies.extend(found);
    }
    dependencies
}

fn location(read: &Read) -> Option<(&Location, stats::Location)> {
    Some(match read {
        Read::Balance(cell, _) => (&cell.balance, stats::Location::Balance(cell.address)),
        Read::BalanceAtLeast(..) => return None,
        Read::HasNonce(cell) if cell.had_nonce() => return None,
        Read::Nonce(cell, _) | Read::HasNonce(cell) => {
            (&cell.nonce, stats::Location::Nonce(cell.address))
        }
        Read::Code(cell, _) => (&cell.code, stats::Location::Code(cell.address)),
        Read::Life(cell, _) => (&cell.life, stats::Location::Life(cell.address)),
        Read::Slot(cell, _) => {
            let location = stats::Location::Slot(cell.account().address, cell.key);
            (&cell.value, location)
        }
    })
}
