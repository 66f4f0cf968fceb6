#![doc = include_str!("../README.md")]

mod access_list;
mod arena;
mod block;
mod changes;
mod commit;
mod deltas;
mod dependencies;
mod engine;
mod error;
mod gather;
mod hash;
mod hints;
mod ids;
mod journal;
mod longest_chain;
mod memory;
mod outcome;
mod payments;
mod pool;
mod protocol;
mod reads;
mod report;
mod resources;
mod results;
mod room;
mod run;
mod scheduler;
pub mod sequential;
mod stats;
mod sync;
mod verify;
mod view;
mod vm;
mod worker;
mod writes;

pub use block::{Block, Ommer, ProtocolChanges};
pub use changes::{AccountChange, StateChanges};
pub use engine::Engine;
pub use error::{AccessListLocation, AccessListMismatch, EngineError, InvalidReason};
pub use outcome::{BlockOutput, Skipped, TxOutcome};
pub use stats::{Conflict, Dependency, Location, Span, Stats, Timeline};

/// Settings of an engine.
#[derive(Clone, Copy, Debug)]
pub struct EngineConfig {
    /// Threads that execute a block, the caller's included; at least 1.
    pub workers: usize,
    /// Produce the block access list.
    pub access_list: bool,
    /// Record [`Timeline::spans`] and what else a [`Timeline`] can say.
    pub record_timelines: bool,
    /// Record what each transaction reads even where that is not needed, for
    /// [`Stats::longest_chain`] and [`Stats::dependencies`].
    pub dependencies: bool,
    /// Plain payments in a row from which on they are settled account by account,
    /// by all workers together, instead of one transaction after the other. Not
    /// while dependencies or timelines are recorded.
    pub payment_run: usize,
    /// Gas limit of transactions for which it pays to wake one helper thread: waking it
    /// takes as long as executing a few of them. 0: all are always woken.
    pub gas_per_helper: u64,
}

impl Default for EngineConfig {
    /// One worker for each core that the system reports; nothing recorded.
    fn default() -> Self {
        Self {
            workers: std::thread::available_parallelism().map_or(1, usize::from),
            access_list: false,
            record_timelines: false,
            dependencies: false,
            payment_run: 256,
            gas_per_helper: 100_000,
        }
    }
}
