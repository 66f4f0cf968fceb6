#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]

mod account;
mod cache;
mod changes;
mod checkpoint;
mod codec;
mod error;
mod flat;
mod history;
mod layer;
mod merge;
mod prepare;
mod proof;
mod snapshot;
mod state;
mod store;
mod threads;
mod tries;

pub use account::{Account, AccountLeaf};
pub use changes::Before;
pub use error::StateError;
pub use flat::Flat;
pub use history::{At, Digest, History, LogKey};
pub use proof::{Proof, WordProof};
pub use snapshot::{Exported, import};
pub use state::{Block, Spent, State, StateConfig, Stats, Step, Verified};
pub use store::{EachRow, Mdbx, MemoryStore, Rows, Store, Table};

#[cfg(test)]
mod tests;
