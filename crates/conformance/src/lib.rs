#![doc = include_str!("../README.md")]

pub mod blockchain_test;
mod chain;
pub mod compare;
pub mod data;
mod executor;
mod network;
mod report;
mod runner;
pub mod skips;
pub mod state_test;
pub mod tamper;
pub mod verified;
mod world;

pub use chain::{BlockError, Chain};
pub use executor::{Compared, Executed, Executor, Sequential, without_skips};
pub use network::Network;
pub use parallax_chain::{Fork, SignedTransaction, recover};
pub use report::Report;
pub use runner::run;
pub use verified::Verified;
pub use world::{TestAccount, World};
