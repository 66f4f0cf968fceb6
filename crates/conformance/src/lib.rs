#![doc = include_str!("../README.md")]

pub mod blockchain_test;
mod chain;
pub mod compare;
pub mod data;
mod executor;
mod fork;
mod receipts;
mod report;
mod runner;
pub mod skips;
pub mod state_test;
pub mod tamper;
mod transaction;
pub mod verified;
mod world;

pub use chain::{BlockError, Chain};
pub use executor::{Compared, Executed, Executor, Sequential, without_skips};
pub use fork::{Fork, Network};
pub use report::Report;
pub use runner::run;
pub use transaction::{SignedTransaction, recover};
pub use verified::Verified;
pub use world::{TestAccount, World};
