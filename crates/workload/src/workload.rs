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
        subset.block.transactions.retain(|_| {
            index += 1;
            keep(index - 1)
        });
        subset
    }
}
