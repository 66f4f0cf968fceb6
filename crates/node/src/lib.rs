#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]

mod block;
mod chain;
mod clock;
mod error;
mod events;
mod execute;
mod measure;
mod node;
mod view;

pub use block::{SealedBlock, Transaction};
pub use error::{NodeError, TransactionError};
pub use events::Event;
pub use node::{Attributes, Built, Dumped, Edit, Node};
pub use view::{Moment, StateView};

use alloy_primitives::{Address, Bytes};
use parallax_pool::PoolConfig;
use parallax_state::StateConfig;

/// Settings of a node.
#[derive(Clone, Debug)]
pub struct NodeConfig {
    /// How the state is kept, and how many threads execute blocks.
    pub state: StateConfig,
    /// How much waits, and in which order it comes into blocks.
    pub pool: PoolConfig,
    /// Who gets the fees of blocks that this node makes.
    pub beneficiary: Address,
    /// What their headers say beside everything else; at most 32 bytes.
    pub extra_data: Bytes,
    /// The gas limit to which they tend; `None`: it stays as it is. 60 million.
    pub gas_limit: Option<u64>,
    /// They have it at once, which the rules do not allow: for development.
    pub exact_gas_limit: bool,
    /// Transactions that they have at most. 10,000.
    pub block_transactions: usize,
    /// Contracts may be senders of transactions, against
    /// [EIP-3607](https://eips.ethereum.org/EIPS/eip-3607): for development.
    pub contracts_may_send: bool,
}

impl Default for NodeConfig {
    fn default() -> Self {
        Self {
            state: StateConfig::default(),
            pool: PoolConfig::default(),
            beneficiary: Address::ZERO,
            extra_data: Bytes::new(),
            gas_limit: Some(60_000_000),
            exact_gas_limit: false,
            block_transactions: 10_000,
            contracts_may_send: false,
        }
    }
}
