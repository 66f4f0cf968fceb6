//! What executing a block took.

use alloy_primitives::{Address, U256};
use std::time::Duration;

/// Counters and times of one block.
#[derive(Clone, Debug, Default)]
pub struct Stats {
    /// Workers that the engine used.
    pub workers: usize,
    /// Executions of transactions, including repeated and abandoned ones.
    pub executions: u64,
    /// Executions beyond the first of each transaction.
    pub reexecutions: u64,
    /// Executions that stopped half-way because a value that they had read changed.
    pub aborts: u64,
    /// Transactions that waited for an earlier one before running (again).
    pub stalls: u64,
    /// Plain transfers that never entered the interpreter.
    pub plain_transfers: u64,
    /// Length of the longest chain of transactions of which each read what the
    /// one before wrote.
    pub longest_chain: usize,
    /// Which transaction read what an earlier one wrote, by transaction; only if
    /// [`EngineConfig::dependencies`](crate::EngineConfig) is set.
    pub dependencies: Vec<Dependency>,
    /// Time of the executions that counted, the last one of each transaction; zero
    /// unless [`EngineConfig::record_timelines`](crate::EngineConfig) is set.
    pub work: Duration,
    /// What of [`Stats::work`] no number of workers shortens: the chain of
    /// transactions, each of which read what one before it wrote, that takes longest.
    /// Zero unless [`EngineConfig::dependencies`](crate::EngineConfig) is set as well.
    pub chain_work: Duration,
    /// Locations whose change invalidated a transaction, most frequent first.
    pub conflicts: Vec<Conflict>,
    /// What each worker did.
    pub timelines: Vec<Timeline>,
    /// Gathering the state changes, which all workers do together.
    pub gathering: Duration,
    /// From the call to the return.
    pub elapsed: Duration,
}

/// A transaction read what an earlier one wrote. Payments into and out of a balance
/// are not among them as long as there is enough: they need no order. Neither are
/// fees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Dependency {
    /// Who read.
    pub tx: usize,
    /// Who wrote last before it.
    pub on: usize,
    /// What.
    pub location: Location,
}

/// What can be read and written on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Location {
    /// The balance of an account.
    Balance(Address),
    /// The nonce of an account.
    Nonce(Address),
    /// The code of an account.
    Code(Address),
    /// Existence of an account, and since when its storage counts as empty.
    Life(Address),
    /// A storage slot.
    Slot(Address, U256),
}

impl Location {
    /// Whose it is.
    #[must_use]
    pub fn address(&self) -> Address {
        match self {
            Self::Balance(address)
            | Self::Nonce(address)
            | Self::Code(address)
            | Self::Life(address)
            | Self::Slot(address, _) => *address,
        }
    }
}

impl Stats {
    /// The least time that any schedule of whole transactions needs on so many
    /// workers: [`Stats::work`] shared out evenly, or [`Stats::chain_work`] if that is
    /// more. Best recorded on one worker, where executions do not wait for each other.
    #[must_use]
    pub fn least_time(&self, workers: usize) -> Duration {
        let shared = self.work.div_f64(workers.max(1) as f64);
        shared.max(self.chain_work)
    }
}

/// How often a location caused a transaction to run again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The account.
    pub address: Address,
    /// The storage slot; `None` for balance, nonce or code.
    pub slot: Option<U256>,
    /// Number of invalidated executions.
    pub count: u64,
}

/// What one worker did during a block.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    /// Time spent with work at hand (executing, validating, committing).
    pub busy: Duration,
    /// Part of it that went into looking for something to do; only if
    /// [`EngineConfig::record_timelines`](crate::EngineConfig) is set, as all below.
    pub claiming: Duration,
    /// Part of it that went into committing.
    pub committing: Duration,
    /// Executions, oldest first.
    pub spans: Vec<Span>,
}

/// One execution on a worker. Times count from the start of the block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Transaction index.
    pub tx: usize,
    /// Which attempt, from 0.
    pub incarnation: u32,
    /// Start.
    pub start: Duration,
    /// End.
    pub end: Duration,
}
