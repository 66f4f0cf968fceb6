//! When a block that is being built is full.

use crate::block::Block;

/// The least gas that any of the candidates from some position on has.
///
/// Once the block has less than that left, none of them can be part of it, whatever
/// they would do: what is left only shrinks, and gas is judged before anything else.
#[derive(Debug, Default)]
pub(crate) struct LeastGas(Vec<u64>);

impl LeastGas {
    /// Of candidates that together have more gas than the block; others always fit.
    pub(crate) fn of(block: &Block) -> Self {
        let limits = block.transactions.iter().map(|tx| tx.gas_limit);
        if limits.fold(0, u64::saturating_add) <= block.env.gas_limit {
            return Self::default();
        }
        let mut least = Vec::with_capacity(block.transactions.len());
        let mut so_far = u64::MAX;
        for tx in block.transactions.iter().rev() {
            so_far = so_far.min(tx.gas_limit);
            least.push(so_far);
        }
        least.reverse();
        Self(least)
    }

    /// Whether all candidates from `tx` on, of which there are some, need more than
    /// `left`.
    #[inline]
    pub(crate) fn exceeds(&self, left: u64, tx: usize) -> bool {
        self.0.get(tx).is_some_and(|least| *least > left)
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::*;
    use revm::context::{BlockEnv, TxEnv};

    fn block(gas_limit: u64, limits: &[u64]) -> Block {
        let transaction = |gas_limit: &u64| TxEnv {
            gas_limit: *gas_limit,
            ..TxEnv::default()
        };
        Block {
            env: BlockEnv {
                gas_limit,
                ..BlockEnv::default()
            },
            transactions: limits.iter().map(transaction).collect(),
            ..Block::default()
        }
    }

    #[test]
    fn is_full_when_not_even_the_least_fits() {
        let least = LeastGas::of(&block(10, &[5, 3, 7, 6]));
        assert!(!least.exceeds(3, 0) && !least.exceeds(3, 1));
        assert!(least.exceeds(2, 1));
        assert!(least.exceeds(5, 2) && !least.exceeds(6, 2) && !least.exceeds(6, 3));
        assert!(!least.exceeds(0, 4), "none is left");
    }

    #[test]
    fn is_never_full_if_all_fit_together() {
        let least = LeastGas::of(&block(10, &[5, 5]));
        assert!(!least.exceeds(0, 0));
        assert!(LeastGas::of(&block(10, &[u64::MAX, u64::MAX])).exceeds(10, 0));
    }
}
