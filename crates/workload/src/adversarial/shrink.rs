//! Makes a failing block smaller.

use super::runner::Runner;
use crate::Workload;

/// The same block without the transactions that are invalid at their place.
#[must_use]
pub fn valid_part(workload: &Workload) -> Workload {
    let mut runner = Runner::new(workload);
    let valid: Vec<_> = workload
        .block
        .transactions
        .iter()
        .map(|tx| runner.run(tx).is_ok())
        .collect();
    workload.subset(|index| valid[index])
}

/// Leaves transactions out as long as the block still fails, first many at a
/// time, then one by one. A block without invalid transactions stays one.
///
/// Senders' nonces close up, so addresses of created contracts may change.
#[must_use]
pub fn shrink(workload: &Workload, mut fails: impl FnMut(&Workload) -> bool) -> Workload {
    let len = |workload: &Workload| workload.block.transactions.len();
    let all_valid = len(&valid_part(workload)) == len(workload);
    let mut smallest = workload.clone();
    let mut chunk = len(workload).div_ceil(2);
    while chunk > 0 {
        let (mut start, mut progress) = (0, false);
        while start < len(&smallest) {
            let mut smaller = smallest.subset(|index| !(start..start + chunk).contains(&index));
            if all_valid {
                smaller = repaired(&smaller);
            }
            if fails(&smaller) {
                smallest = smaller;
                progress = true;
            } else {
                start += chunk;
            }
        }
        // What one could not do without may be idle once another is gone.
        if chunk > 1 || !progress {
            chunk /= 2;
        }
    }
    smallest.name = format!("{} (shrunk to {})", workload.name, len(&smallest));
    smallest
}

/// Closes the gaps that left out transactions made in their senders' nonces, and
/// leaves out what is still invalid.
fn repaired(workload: &Workload) -> Workload {
    let mut runner = Runner::new(workload);
    let mut transactions = workload.block.transactions.clone();
    transactions.retain_mut(|tx| {
        tx.nonce = runner.account(tx.caller).nonce;
        runner.run(tx).is_ok()
    });
    drop(runner);
    let mut repaired = workload.clone();
    repaired.block.transactions = transactions;
    repaired
}
