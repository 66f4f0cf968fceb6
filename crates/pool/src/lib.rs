#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]

mod error;
mod order;
mod pool;
mod shard;
mod transaction;

pub use error::PoolError;
pub use pool::{BySender, Pool};
pub use transaction::Transaction;

/// Which transactions come first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Those that pay most beyond the base fee; of equals those that came first.
    #[default]
    Fees,
    /// Those that came first.
    Arrival,
}

/// Settings of a pool.
#[derive(Clone, Copy, Debug)]
pub struct PoolConfig {
    /// Which transactions come first.
    pub order: Order,
    /// Most transactions. 262,144.
    pub count: usize,
    /// Most bytes of them, as they are signed. 256 MiB.
    pub bytes: usize,
    /// Most transactions of one sender. 16,384.
    pub per_sender: usize,
    /// How far beyond a sender's next nonce a transaction may be. 16,384.
    pub nonce_gap: u64,
    /// By how much more another transaction of the same nonce must pay. 10.
    pub replacement_percent: u128,
}

impl Default for PoolConfig {
    fn default() -> Self {
        Self {
            order: Order::default(),
            count: 1 << 18,
            bytes: 256 << 20,
            per_sender: 1 << 14,
            nonce_gap: 1 << 14,
            replacement_percent: 10,
        }
    }
}

#[cfg(test)]
mod tests;
