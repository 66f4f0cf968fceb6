//! The order of a block, as numbers.
//!
//! ```text
//! index   0 .. FIRST        protocol changes before the transactions
//!         FIRST + i         transaction i
//!         FIRST + n ..      protocol changes after the transactions
//! ```
//!
//! EIP-7928 numbers the same order `0`, `i + 1`, `n + 1`; see [`access_index`].

pub(crate) use crate::memory::Index;

/// Index of the first transaction: there is room for two system calls before it.
pub(crate) const FIRST: Index = 2;

/// The index of transaction `tx`.
#[inline]
pub(crate) fn index_of(tx: usize) -> Index {
    FIRST + tx as Index
}

/// The block access index (EIP-7928) of `index` in a block of `txs` transactions.
#[inline]
pub(crate) fn access_index(index: Index, txs: usize) -> u64 {
    if index < FIRST {
        0
    } else {
        u64::from(index - FIRST + 1).min(txs as u64 + 1)
    }
}
