#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]

pub mod body;
mod difficulty;
mod environment;
mod error;
mod fork;
mod genesis;
pub mod header;
pub mod ommers;
pub mod receipts;
mod schedule;
mod transaction;

pub use environment::{blob_price, block_env, cfg};
pub use error::{GenesisError, RuleError};
pub use fork::Fork;
pub use genesis::Genesis;
pub use schedule::{Activation, Schedule};
pub use transaction::{
    SignedTransaction, recover, recover_sender, recover_sender_frontier, tx_env,
};
