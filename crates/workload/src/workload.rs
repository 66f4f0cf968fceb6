//! A block together with the state that it runs on.

use crate::MemoryState;
use parallax_engine::Block;

/// A block together with the state that it runs on.
#[derive(Clone, Debug)]
pub struct Workload {
    /// Short, and enough to make the same block again.
    pub name: String,
    /// One line on what the transactions do.
    pub description: String,
    /// The block.
    pub block: Block,
    /// Its parent state.
    pub state: MemoryState,
    /// Transactions that are meant to revert, by index, ascending. In blocks that are
    /// not adversarial all others succeed.
    pub reverts: Vec<usize>,
}

impl Workload {
    /// The same block with only those transactions for whose index `keep` is
    /// true, for shrinking a failure.
    ///
    /// What is left out may have been needed: a later transaction of the same
    /// sender then has a nonce gap. [`adversarial::valid_part`] repairs that.
    ///
    /// [`adversarial::valid_part`]: crate::adversarial::valid_part
    #[must_use]
    pub fn subset(&self, mut keep: impl FnMut(usize) -> bool) -> Self {
        let mut subset = self.clone();
        let mut index = 0;
        let mut kept = 0;
        subset.reverts.clear();
        subset.block.transactions.retain(|_| {
            let keep = keep(index);
            if keep && self.reverts.binary_search(&index).is_ok() {
                subset.reverts.push(kept);
            }
            index += 1;
            kept += usize::from(keep);
            keep
        });
        subset
    }
}
