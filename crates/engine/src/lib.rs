//! A deterministic parallel block executor for the EVM.
mod block;
mod changes;
mod error;
mod outcome;
pub mod sequential;
mod stats;

pub use block::{Block, Ommer, ProtocolChanges};
pub use changes::{AccountChange, StateChanges};
pub use error::{AccessListLocation, AccessListMismatch, EngineError, InvalidReason};
pub use outcome::{BlockOutput, Skipped, TxOutcome};
pub use stats::{Conflict, Span, Stats, Timeline};

/// Settings of an engine.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// Threads that execute a block, the caller's included; at least 1.
    pub workers: usize,
    /// Produce the block access list.
    pub access_list: bool,
    /// Record [`Timeline::spans`].
    pub record_timelines: bool,
}
